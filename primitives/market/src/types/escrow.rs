//! Money held for events, and events that wait for their turn.

use crate::referee::Ruling;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AccountId, Balance, EventId, Millis};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// What is held for one event.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct EscrowState {
    /// Pays for the event and receives penalties and what is left.
    pub opener: AccountId,
    /// Still held from the opener, in micro-yuan.
    pub budget: Balance,
    /// Still held from bidders in all, in micro-yuan.
    pub bonds: Balance,
    /// Bidders whose bond is still held.
    pub bidders: u32,
}

/// One bidder's bond in one event.
#[derive(
    Clone,
    Copy,
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
pub struct Bond {
    /// Held from the bidder, in micro-yuan.
    pub held: Balance,
    /// Part of it that its resources' penalties have used up, in micro-yuan; at most `held`.
    pub penalty: Balance,
}

/// Sums over an event's statements, in micro-yuan.
#[derive(
    Clone,
    Copy,
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
pub struct Totals {
    /// Claims before the pay factor.
    pub claims: Balance,
    /// Penalties taken from bonds.
    pub penalties: Balance,
    /// Paid from the budget.
    pub paid: Balance,
}

/// An objection to one resource's record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Dispute {
    /// The resource's owner, or the event's opener.
    pub by: AccountId,
    /// Chain time of the objection.
    pub at: Millis,
    /// Still held from whoever objected, in micro-yuan.
    pub bond: Balance,
    /// How it was judged; `None` while it is heard.
    pub ruling: Option<Ruling>,
    /// For people; no rule reads it.
    pub reason: DisputeReason,
}

/// Why somebody disputes, as UTF-8.
pub type DisputeReason = BoundedVec<u8, ConstU32<128>>;

/// An event that waits for chain time to reach a moment.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Waiting {
    /// The moment.
    pub due: Millis,
    /// The event.
    pub event: EventId,
}
