//! Witnesses: what a committee member has seen and vouches for.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{AnchorNumber, Domain, Hash, Level, MemberIndex, Signature, SigningPayload};
use scale_info::TypeInfo;

/// Greatest committee.
pub const MAX_MEMBERS: usize = 64;

/// Greatest number of units that one witness introduces.
pub const MAX_WITNESS_UNITS: usize = 1_024;

/// A witness named by author, level and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct WitnessRef {
    /// Its author.
    pub member: MemberIndex,
    /// Its level.
    pub level: Level,
    /// Its id.
    pub hash: Hash,
}

/// The signed part of a witness.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct WitnessContent {
    /// Committee epoch.
    pub epoch: u32,
    /// Its author.
    pub member: MemberIndex,
    /// Its level, from 1. Rises strictly along a member's chain; laggards may jump.
    pub level: Level,
    /// The author's witness before it, if any.
    pub previous: Option<WitnessRef>,
    /// Witnesses of more than two thirds of the weight at the level below, at most one a member;
    /// empty at level 1. The author's own previous witness counts when it is of that level, and is
    /// not repeated here. In rising order of member, as are `latest`.
    pub parents: Vec<WitnessRef>,
    /// The newest witness of each other member that the author has not reached before and that is no
    /// parent, at any level: what a member says counts as soon as it is heard.
    pub latest: Vec<WitnessRef>,
    /// Ids of the units that the author's gateway introduces.
    pub units: Vec<Hash>,
    /// Newest finalised anchor that the author holds with its whole history, which thereby lies in
    /// this witness's past. Never falls along a member's chain.
    pub base: AnchorNumber,
    /// Whether it is the author's final witness of the epoch: none may follow it. A final witness stands
    /// one level above the author's last and needs no quorum of parents.
    pub last: bool,
}

/// A signed witness.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Witness {
    /// What is signed.
    pub content: WitnessContent,
    /// The member's signature over [`WitnessContent::payload`].
    pub signature: Signature,
}

impl WitnessContent {
    /// What the member signs; its hash is the witness's id.
    pub fn payload(&self, genesis: &Hash) -> SigningPayload {
        SigningPayload::new(Domain::Witness, genesis, self)
    }

    /// Every witness it names: previous, parents, latest.
    pub fn named(&self) -> impl Iterator<Item = &WitnessRef> {
        self.previous.iter().chain(&self.parents).chain(&self.latest)
    }
}
