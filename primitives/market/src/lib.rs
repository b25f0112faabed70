//! The market's rules: pure functions in integers, shared by runtime, load nodes and auditors.
//!
//! A result is always a function of what stands on chain or in anchored units, so anyone entitled
//! recomputes it to the last unit. Rounding is toward the escrow and stated where it happens.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod audit;
pub mod baseline;
pub mod clearing;
pub mod credit;
pub mod explain;
mod math;
pub mod profile;
pub mod rank;
pub mod record;
pub mod referee;
pub mod score;
pub mod selection;
pub mod setpoint;
pub mod settle;
pub mod split;
pub mod supervision;
pub mod traits;
pub mod types;
pub mod validity;

#[cfg(test)]
mod tests;

pub use types::*;
