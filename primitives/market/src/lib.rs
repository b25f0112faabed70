//! The market's rules: pure functions in integers, shared by runtime, load nodes and auditors.
//!
//! A result is always a function of what stands on chain or in anchored units, so anyone entitled
//! recomputes it to the last unit. Rounding is toward the escrow and stated where it happens.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod clearing;
mod math;
pub mod rank;
pub mod selection;
pub mod setpoint;
pub mod traits;
pub mod types;

pub use types::*;
