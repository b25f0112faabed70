//! Storage keys, finality and state proofs, evidence bundles that verify offline, and order capsules.
//!
//! Whoever holds the hash of the genesis block checks with this crate alone that a reading was
//! measured, anchored and finalised: no node, no clock, no trust in whoever handed the bundle over.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod bundle;
pub mod capsule;
pub mod finality;
mod genesis;
pub mod keys;
mod readings;
#[cfg(feature = "std")]
pub mod sign;
pub mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verify;

pub use bundle::*;
pub use capsule::{BrokenCapsule, OrderCapsule, VerifiedOrder, MAX_CAPSULE_BYTES};
pub use finality::{AuthoritySet, Finalised, Header, Justification};
pub use genesis::genesis_checkpoint;
pub use readings::readings;
pub use verify::{verify, BrokenLink};

#[cfg(test)]
#[path = "tests/fixture.rs"]
mod fixture;
