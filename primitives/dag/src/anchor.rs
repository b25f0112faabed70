//! Anchors: the certified units between two frontiers, under one Merkle root.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{
    merkle_root, AnchorNumber, BoundedVec, ConstU32, Domain, EventId, Hash, MemberIndex, Millis, Signature,
    SigningPayload,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{Slot, WitnessRef, MAX_MEMBERS};

/// A leaf of an anchor's tree: leaves stand in rising order of slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AnchorLeaf {
    /// The unit's place.
    pub slot: Slot,
    /// The unit's id.
    pub unit: Hash,
}

/// What the chain keeps of an anchor.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Anchor {
    /// From 1, without a gap.
    pub number: AnchorNumber,
    /// [`Anchor::hash`] of the anchor before; zero for the first.
    pub parent: Hash,
    /// Committee epoch.
    pub epoch: u32,
    /// [`frontier_hash`] of the frontier.
    pub frontier: Hash,
    /// Merkle root over the encoded [`AnchorLeaf`]s.
    pub root: Hash,
    /// Units in it.
    pub units: u32,
    /// Meter readings in these units.
    pub readings: u64,
    /// Acknowledgements of kind received among these units.
    pub received: u32,
    /// Acknowledgements of kind completed among these units.
    pub completed: u32,
    /// [`crate::heads_root`] over all devices' heads after it, if it closes its epoch.
    pub heads: Option<Hash>,
}

/// An anchor as members exchange it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AnchorProposal {
    /// What is to be signed.
    pub anchor: Anchor,
    /// Witnesses of more than two thirds of the weight, in rising order of member, one a member.
    pub frontier: Vec<WitnessRef>,
}

/// Signatures of members of more than two thirds of the weight, in rising order of member.
pub type Certificate = Vec<(MemberIndex, Signature)>;

/// A [`Certificate`] as the chain takes it in: the same bytes, bounded by the greatest committee.
pub type BoundedCertificate = BoundedVec<(MemberIndex, Signature), ConstU32<{ MAX_MEMBERS as u32 }>>;

impl Anchor {
    /// Id of the anchor: hash over number, parent and all counts.
    pub fn hash(&self) -> Hash {
        Hash(sp_crypto_hashing::blake2_256(&self.encode()))
    }

    /// Whether it is the last of its epoch.
    pub fn closes_epoch(&self) -> bool {
        self.heads.is_some()
    }

    /// What members sign.
    pub fn payload(&self, genesis: &Hash) -> SigningPayload {
        SigningPayload::new(Domain::Anchor, genesis, self)
    }
}

/// Hash that binds an anchor to its frontier.
pub fn frontier_hash(frontier: &[WitnessRef]) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(&frontier.encode()))
}

/// Merkle root over leaves, which must be in rising order.
pub fn leaves_root(leaves: &[AnchorLeaf]) -> Hash {
    merkle_root(leaves.iter().map(Encode::encode))
}

/// A chunk of event records that members vouch for by signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RecordsClaim {
    /// Whose event.
    pub event: EventId,
    /// Which chunk.
    pub chunk: u32,
    /// Hash of the encoded chunk.
    pub chunk_hash: Hash,
}

impl RecordsClaim {
    /// What members sign.
    pub fn payload(&self, genesis: &Hash) -> SigningPayload {
        SigningPayload::new(Domain::Records, genesis, self)
    }
}

/// Moment at which something was seen, for reports; no rule reads it.
pub type SeenAt = Millis;
