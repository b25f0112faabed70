//! How pay is split between an aggregator and the customer behind a resource.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, Price, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What the customer gets of what a resource is paid; the rest stays with its owner, the aggregator, as do penalties. The
/// pay of a resource without a customer is not split (Sichuan: floor + share, or a fixed price, which is a floor with a
/// share of zero). [`crate::split`] computes it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct SplitRule {
    /// The customer's first micro-yuan for each kWh that is paid, at most what is paid.
    pub floor: Price,
    /// Its share of what is paid beyond the floor, at most 10,000.
    pub share: BasisPoints,
}

impl SplitRule {
    /// Everything stays with the owner.
    pub const fn none() -> Self {
        Self { floor: Price(0), share: BasisPoints(0) }
    }

    /// Whether a customer gets anything.
    pub fn shares(&self) -> bool {
        *self != Self::none()
    }

    /// Whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        self.floor.0 <= super::MAX_PRICE && self.share.0 <= BASIS_POINTS
    }
}
