//! Standing availability: what a resource offers at any time, and how much of it is expected to come.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AvailabilityEpoch, BasisPoints, Price, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// What a resource offers at any time, from one availability epoch on.
///
/// It keeps the reliability that it was made with, so that no score moves what stands in force; `rank` follows from
/// price, reliability and response time by [`rank`](crate::rank::availability_rank).
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct AvailabilityEntry {
    /// First epoch in which it counts.
    pub from: AvailabilityEpoch,
    /// Watts on offer; zero withdraws it.
    pub watts: Watts,
    /// Price asked.
    pub price: Price,
    /// Time to full response in milliseconds.
    pub response_ms: u32,
    /// Share of a quota that the resource is expected to deliver, at most 10,000.
    pub reliability: BasisPoints,
    /// Rank bucket by price of an expected watt and response time: lower is called first.
    pub rank: u16,
}

/// Entries of one resource and direction by rising epoch: the one in force and the changes to come.
pub type Availability = BoundedVec<AvailabilityEntry, ConstU32<4>>;

/// Watts on offer and how many of them are expected to be delivered.
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
pub struct Supply {
    /// Watts on offer.
    pub offered: Watts,
    /// Watts expected of them.
    pub expected: Watts,
}
