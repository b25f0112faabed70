//! Order capsules: the current order of an area and direction with all that proves it, the same bytes for
//! every node of the area.
//!
//! The chain of links: authority set that the verifier holds -> justification -> header path -> state
//! proof -> order. A capsule needs no answer and no trusted channel, so it may come over any: whoever
//! verifies it knows the order as if it had read it at that finalised block. It says nothing of what came
//! later; that the verifier must judge by the height.

use crate::{
    finality::{change_in, AuthoritySet, Change, Finalised, Unfinal},
    keys,
    state::{minimal_proof, read_proved, ProofNodes, StateError},
    Header,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use core::fmt;
use loadstone_core::{AreaId, BlockNumber, Direction, Hash};
use loadstone_market::Order;
use sp_consensus_grandpa::SetId;
use sp_runtime::generic::DigestItem;

/// Greatest capsule in bytes that is looked at. One of 64 validators takes about 10 kB.
pub const MAX_CAPSULE_BYTES: usize = 32 * 1_024;

/// Engine id of Aura's pre-runtime digest, which holds the slot.
const AURA_ENGINE_ID: [u8; 4] = *b"aura";

/// A capsule in one of the versions that exist.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum OrderCapsule {
    /// The first version.
    #[codec(index = 1)]
    V1(OrderCapsuleV1),
}

/// First version of the capsule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderCapsuleV1 {
    /// Whom the order addresses.
    pub area: AreaId,
    /// Which way.
    pub direction: Direction,
    /// Id of the set that finalised the block: tells a verifier that holds another one so.
    pub set: SetId,
    /// The block in whose state the order stands.
    pub finalised: Finalised,
    /// Proof of the order's entry in that state.
    pub state: ProofNodes,
}

/// What a capsule proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedOrder {
    /// Height of the finalised block.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
    /// Its Aura slot, where its header carries one.
    pub slot: Option<u64>,
    /// The order that stands in its state; `None` is a proved absence.
    pub order: Option<Order>,
}

/// The first link of a capsule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenCapsule {
    /// The bytes are no capsule, not its canonical encoding, or too many.
    Malformed,
    /// It is of another area or direction.
    OtherPlace,
    /// It names another authority set than the verifier's: nothing is said about its truth.
    OtherSet(SetId),
    /// The headers do not follow each other, or one of them ends the set's turn before the last.
    HeaderPath,
    /// The block is not final.
    Justification,
    /// The state proof does not lead to the block's state root, or holds idle nodes.
    StateProof,
    /// What stands in state is no order of this area and direction.
    Order,
}

impl fmt::Display for BrokenCapsule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => write!(f, "encoding: the bytes are no canonical capsule"),
            Self::OtherPlace => write!(f, "place: the capsule is of another area or direction"),
            Self::OtherSet(id) => write!(f, "authority set: the capsule is of set {id}"),
            Self::HeaderPath => write!(f, "header path: the headers do not follow each other in one set's turn"),
            Self::Justification => write!(f, "justification: the block is not final"),
            Self::StateProof => write!(f, "state proof: it does not lead to the block's state root"),
            Self::Order => write!(f, "order: what stands in state is none of this area and direction"),
        }
    }
}

impl core::error::Error for BrokenCapsule {}

impl OrderCapsule {
    /// Packs a finalised block and a full node's proof of the order's entry in its state; what the entry
    /// does not need is left out of the proof. Whether the block is final is not checked.
    ///
    /// # Errors
    /// [`StateError`] when the proof lacks a node.
    pub fn new(
        set: SetId,
        finalised: Finalised,
        proof: impl IntoIterator<Item = Vec<u8>>,
        area: AreaId,
        direction: Direction,
    ) -> Result<Self, StateError> {
        let state = minimal_proof(&finalised.header.state_root, proof, &[keys::order(area, direction)])?;
        Ok(Self::V1(OrderCapsuleV1 { area, direction, set, finalised, state }))
    }

    /// Decodes bytes from anywhere. Nothing in the result is proven before [`OrderCapsuleV1::verify`].
    ///
    /// # Errors
    /// [`BrokenCapsule::Malformed`] when they are no capsule, not its canonical encoding, or too many.
    pub fn open(bytes: &[u8]) -> Result<OrderCapsuleV1, BrokenCapsule> {
        if bytes.len() > MAX_CAPSULE_BYTES {
            return Err(BrokenCapsule::Malformed);
        }
        let capsule = Self::decode_all(&mut &bytes[..]).map_err(|_| BrokenCapsule::Malformed)?;
        let is_canonical = capsule.encode() == bytes;
        let Self::V1(capsule) = capsule;
        is_canonical.then_some(capsule).ok_or(BrokenCapsule::Malformed)
    }

    /// Verifies encoded bytes, as [`OrderCapsuleV1::verify`].
    ///
    /// # Errors
    /// The first [`BrokenCapsule`]; nothing in the bytes can make it panic.
    pub fn verify(
        bytes: &[u8],
        set: &AuthoritySet,
        area: AreaId,
        direction: Direction,
    ) -> Result<VerifiedOrder, BrokenCapsule> {
        Self::open(bytes)?.verify(set, area, direction)
    }
}

impl OrderCapsuleV1 {
    /// Verifies the capsule as one of `area` and `direction` against the authority set that votes on its
    /// block.
    ///
    /// # Errors
    /// The first [`BrokenCapsule`].
    pub fn verify(
        &self,
        set: &AuthoritySet,
        area: AreaId,
        direction: Direction,
    ) -> Result<VerifiedOrder, BrokenCapsule> {
        if (self.area, self.direction) != (area, direction) {
            return Err(BrokenCapsule::OtherPlace);
        }
        if self.set != set.id {
            return Err(BrokenCapsule::OtherSet(self.set));
        }
        self.check_turn()?;
        self.finalised.check(set).map_err(|fault| match fault {
            Unfinal::Path => BrokenCapsule::HeaderPath,
            Unfinal::Justification => BrokenCapsule::Justification,
        })?;
        let header = &self.finalised.header;
        let key = keys::order(area, direction);
        let values = read_proved(&header.state_root, &self.state, &[key]).map_err(|_| BrokenCapsule::StateProof)?;
        let order = values.into_iter().flatten().next().map(|bytes| Order::decode_all(&mut &bytes[..]));
        let order = order.transpose().map_err(|_| BrokenCapsule::Order)?;
        if order.as_ref().is_some_and(|order| order.area != area || order.direction != direction) {
            return Err(BrokenCapsule::Order);
        }
        Ok(VerifiedOrder { number: header.number, hash: header.hash(), slot: slot_of(header), order })
    }

    /// A set votes up to the block that ends its turn, and on nothing after it. Which block a delayed or
    /// forced change means is not judged here: such headers may only come last, a forced one nowhere.
    fn check_turn(&self) -> Result<(), BrokenCapsule> {
        let finalised = &self.finalised;
        let mut changes = core::iter::once(&finalised.header).chain(&finalised.path).map(change_in).rev();
        let ends_well = changes.next() != Some(Change::Forced);
        let goes_on = changes.all(|change| change == Change::None);
        (ends_well && goes_on).then_some(()).ok_or(BrokenCapsule::HeaderPath)
    }
}

/// The Aura slot that a header carries.
pub fn slot_of(header: &Header) -> Option<u64> {
    header.digest.logs.iter().find_map(|item| match item {
        DigestItem::PreRuntime(AURA_ENGINE_ID, bytes) => u64::decode_all(&mut &bytes[..]).ok(),
        _ => None,
    })
}

#[cfg(test)]
#[path = "tests/capsule.rs"]
mod tests;
