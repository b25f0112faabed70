//! The DAG ledger: units by devices, witnesses by committee members, certified by connectivity.
//!
//! Attack model: fewer than one third of the committee's weight is Byzantine; any number of devices
//! is. A reading has one honest author, so it needs Byzantine consistent broadcast, not total order:
//! no leader, no view change. Sans-IO: messages and ticks in, messages and effects out.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod anchor;
pub mod unit;
pub mod wire;
pub mod witness;

pub use anchor::*;
pub use unit::*;
pub use wire::*;
pub use witness::*;
