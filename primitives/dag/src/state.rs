//! What the chain says of the ledger.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

use crate::Anchor;

/// The ledger in the chain's state, as members read it at a finalised block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct LedgerState {
    /// Epoch in force.
    pub epoch: u32,
    /// Its committee, in order of index.
    pub committee: Vec<loadstone_core::Member>,
    /// Whether the epoch is to be closed: members make their final witnesses.
    pub closing: bool,
    /// Closing anchor of the epoch before; `None` in epoch 0.
    pub start: Option<Anchor>,
    /// Newest anchor; equal to `start` while the epoch has none.
    pub latest: Option<Anchor>,
}
