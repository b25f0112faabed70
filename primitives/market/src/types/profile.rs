//! How a resource behaves over its events.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::BasisPoints;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Hours of a day.
pub const HOURS: usize = 24;

/// Classes of response time: those of [`crate::profile::RESPONSE_CLASSES_MS`], slower than all of them, and never.
pub const RESPONSE_BINS: usize = 9;

/// How a resource behaves over its events. Means are exponential, with the programmes' weight of the newest event.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Profile {
    /// Events that it counts; saturates.
    pub events: u32,
    /// Mean share of its quota that it delivers, at most 10,000: more than the quota counts as the quota.
    pub reliability: BasisPoints,
    /// Mean deviation from the quota in basis points of it, -20,000 to 20,000; positive where it delivers more.
    pub bias: i32,
    /// Mean share of due readings that were there and valid, at most 10,000.
    pub readings: BasisPoints,
    /// Mean percentage of the quota delivered in intervals that begin in each hour of the day, UTC; at most 100, `None` where
    /// nothing was asked yet.
    pub hours: [Option<u8>; HOURS],
    /// How many events fell into each class of response time; saturates.
    pub responses: [u16; RESPONSE_BINS],
}

/// What the readings behind a record are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Too few readings, or no baseline.
    Invalid,
    /// Enough to go by, too few to rely on.
    Doubtful,
    /// All, or nearly.
    Valid,
}
