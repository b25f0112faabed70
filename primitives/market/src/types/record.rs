//! What was measured of a resource in an event, its score, and its pay.

use crate::types::MAX_INTERVALS;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};

use loadstone_core::{AnchorNumber, Balance, BasisPoints, DeviceId, EventId, Hash, Millis, ResourceId, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// Greatest number of records in one chunk.
pub const RECORD_CHUNK: u32 = 32;

/// What anchored units say of one resource in one event.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct EventRecord {
    /// Whose.
    pub resource: ResourceId,
    /// Load without regulation in each interval, by the programme's baseline method; empty where there is none, and then
    /// nothing was delivered.
    pub baseline: BoundedVec<Watts, ConstU32<MAX_INTERVALS>>,
    /// Setpoint reduction or increase asked in each interval.
    pub quota: BoundedVec<Watts, ConstU32<MAX_INTERVALS>>,
    /// Mean power delivered in the order's direction in each interval, in watts, rounded toward zero;
    /// missing readings deliver nothing. Negative when the load moved the wrong way.
    pub delivered: BoundedVec<Watts, ConstU32<MAX_INTERVALS>>,
    /// Readings that should be there.
    pub readings_due: u32,
    /// Valid readings that are there.
    pub readings_valid: u32,
    /// Time from the start of the first interval with a quota until delivery first reached 90 % of the
    /// quota, in milliseconds; the window's length when it never did, zero without a quota.
    pub response_time_ms: u32,
    /// Ramp rate until then, in basis points of the quota per second; zero when it never did.
    pub rate: BasisPoints,
    /// Mean absolute deviation from the quota after the response, in basis points of the quota; over
    /// the whole window when there was no response.
    pub precision_error: BasisPoints,
}

/// A chunk of an event's records, in rising order of resource index.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct RecordChunk {
    /// Whose event.
    pub event: EventId,
    /// Which chunk, from 0: resources `RECORD_CHUNK * chunk ..` of the event's list.
    pub chunk: u32,
    /// Hash of the cut-off anchor.
    pub cutoff: Hash,
    /// The records.
    pub records: BoundedVec<EventRecord, ConstU32<RECORD_CHUNK>>,
}

/// Score of one resource in one event.
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
pub struct Score {
    /// max(0, 1 - |executed - quota| / quota) over the window's energy.
    pub accuracy: BasisPoints,
    /// Accuracy against the event's median: one half is equal, capped at 0 and 1; the accuracy
    /// itself when the resource is alone.
    pub peer: BasisPoints,
    /// own_weight * accuracy + (1 - own_weight) * peer.
    pub score: BasisPoints,
    /// K1 of the K index: rate against standard, at most 3.
    pub rate: BasisPoints,
    /// K2: response time against standard.
    pub response: BasisPoints,
    /// K3: precision error against standard.
    pub precision: BasisPoints,
    /// 0.4 K1 + 0.3 K2 + 0.3 K3.
    pub k_index: BasisPoints,
}

/// Standing of a resource over its events.
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
pub struct Credit {
    /// Exponentially weighted score.
    pub credit: BasisPoints,
    /// Events scored.
    pub events: u32,
    /// Events that were defaults.
    pub defaults: u32,
    /// Defaults in a row, since it was last barred.
    pub in_a_row: u8,
    /// It may not bid in events that start before this moment; zero when it never was barred.
    pub barred_until: Millis,
}

/// What a resource's owner is due for one event, and its customer with it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Statement {
    /// Quota energy in watt-milliseconds.
    pub quota_energy: u128,
    /// Delivered energy that counts for pay, in watt-milliseconds.
    pub paid_energy: u128,
    /// Factor by which performance scaled the claim.
    pub performance: BasisPoints,
    /// Claim before the pay factor, in micro-yuan.
    pub claim: Balance,
    /// Penalty, taken from the owner's bond, in micro-yuan.
    pub penalty: Balance,
    /// Paid after the pay factor, in micro-yuan.
    pub paid: Balance,
    /// Part of it that is the customer's, in micro-yuan; the rest is the owner's.
    pub customer: Balance,
}

/// All that the chain contributes to a chunk of records; the rest comes from anchored units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RecordInputs {
    /// The event.
    pub event: crate::Event,
    /// Its programme in the event's version.
    pub programme: crate::Programme,
    /// Its clearing.
    pub clearing: crate::Clearing,
    /// First anchor accepted after the window's end plus grace: nothing later counts.
    pub cutoff: AnchorNumber,
    /// [hash](Hash) of that anchor.
    pub cutoff_hash: Hash,
    /// The chunk's resources in the event's order.
    pub resources: Vec<RecordInput>,
}

/// What the chain contributes to one resource's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RecordInput {
    /// Whose.
    pub resource: ResourceId,
    /// Which device reads its meter.
    pub device: DeviceId,
    /// What was revealed for it.
    pub segments: crate::Segments,
    /// Events that it took part in.
    pub past: PastEvents,
}

/// Most events of a resource that are remembered at a time. One more within the days that baselines look back on is
/// not left out of them.
pub const MAX_PAST_EVENTS: u32 = 64;

/// The newest events that a resource took part in, oldest first.
pub type PastEvents = BoundedVec<PastEvent, ConstU32<MAX_PAST_EVENTS>>;

/// An event that a resource took part in, as days of baselines must know it.
#[derive(
    Clone,
    Copy,
    Debug,
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
pub struct PastEvent {
    /// Start of its window.
    pub start: Millis,
    /// Newest anchor when its record came. It counts for events with a later baseline anchor, so that everybody who
    /// computes a baseline, whenever he does, leaves out the same days.
    pub recorded: AnchorNumber,
}
