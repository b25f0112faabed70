//! Ids, quantities, money, the time grid and the records that chain, devices and auditors share.
//!
//! Every number that two programs must agree on is an integer with its unit in its type or name.
//! Nothing here reads a clock, allocates without a bound when decoding, or depends on FRAME.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "std")]
mod causes;
mod digest;
mod id;
mod merkle;
mod mmr;
mod payload;
mod quantity;
mod registry;
pub mod traits;

#[cfg(feature = "std")]
pub use causes::with_causes;
pub use digest::{ChangeNotice, CHANGE_ENGINE_ID};
pub use id::*;
pub use merkle::{merkle_proof, merkle_root, verify_merkle, MerkleProof, MerkleTree};
pub use mmr::{verify_mmr, MmrPeaks, MmrProof};
pub use payload::{Domain, SigningPayload};
pub use quantity::*;
pub use registry::*;

pub use sp_core::{bounded::BoundedVec, crypto::AccountId32 as AccountId, ConstU32, H256 as Hash};

/// Height of a block.
pub type BlockNumber = u32;

/// Raw sr25519 public key of a device or of a committee member.
pub type PublicKey = [u8; 32];

/// Raw sr25519 signature in Substrate's signing context.
pub type Signature = [u8; 64];

/// More than two thirds of `total`: the least weight that is a quorum.
pub const fn quorum(total: u32) -> u32 {
    total - (total - 1) / 3
}
