//! How an emergency order chose among standing availability, and what it left out.

use super::Supply;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::Price;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What an emergency order may call. Both limits bind by rank bucket, so each node applies them to its own rank.
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
pub struct Limits {
    /// Slowest response in milliseconds. Response classes that may hold slower ones are left out: with 5,000 only
    /// responses of up to 1,000 count.
    pub response_max_ms: Option<u32>,
    /// Greatest price of an expected watt. Its whole price class still counts, a thirty-second above it at most.
    pub price_max: Option<Price>,
}

/// Why a rank does not count in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It responds more slowly than the order allows.
    TooSlow,
    /// An expected watt of it costs more than the order allows.
    TooDear,
}

/// Where an emergency order's cut-off fell, and where all that stood available went.
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
pub struct Selection {
    /// Ranks below are called in full, this one in part, those above not at all.
    pub cutoff_rank: u16,
    /// Numerator of the share called at the cut-off rank: expected watts that were missing there.
    pub numerator: u64,
    /// Denominator of that share: expected watts at the rank; at least 1.
    pub denominator: u64,
    /// What is called; its expected watts are the target, or less in a shortage.
    pub called: Supply,
    /// What was admitted and not needed, the rest of the cut-off rank with it.
    pub spared: Supply,
    /// What the limit on response time left out.
    pub too_slow: Supply,
    /// What the limit on price left out, of what is fast enough.
    pub too_dear: Supply,
}
