//! How deviation from the quota is paid and punished.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Greatest share of a quota that delivery may count up to, ten times it.
const MAX_SHARE: u32 = 100_000;

/// Greatest penalty factor, ten times the price.
const MAX_FACTOR: u32 = 100_000;

/// Pay and penalty by deviation, in each settlement interval. All shares are of the interval's quota, all factors
/// multiples of the award's price.
///
/// Delivery counts in full up to `full_until`, by `over_share` from there to `over_until`, and not at all above.
/// What counts is paid, unless delivery deviates from the quota by more than `void_beyond`. Where less than
/// `penalty_below` counts, the shortfall below `shortfall_from` is punished with `penalty_factor`; where less than
/// `deep_below` counts, with `deep_factor` instead.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct DeviationRule {
    /// Up to here delivery counts in full, 10,000 to 20,000 (11,000 = 110 %).
    pub full_until: BasisPoints,
    /// Share of the delivery above that limit which still counts, at most 10,000 (5,000 = half).
    pub over_share: BasisPoints,
    /// Up to here delivery counts at all, from `full_until` to 100,000.
    pub over_until: BasisPoints,
    /// A greater deviation, in either direction, leaves the interval unpaid, up to 10,000; zero for no such limit.
    pub void_beyond: BasisPoints,
    /// From here the shortfall of a punished interval is counted, at most 10,000.
    pub shortfall_from: BasisPoints,
    /// Below this a penalty is due, at most `shortfall_from` (9,000 = 90 %).
    pub penalty_below: BasisPoints,
    /// Its factor, at most 100,000 (11,000 = 1.1).
    pub penalty_factor: BasisPoints,
    /// Below this the deep penalty takes its place, at most `penalty_below`; zero where there is one penalty only.
    pub deep_below: BasisPoints,
    /// Its factor, from `penalty_factor` to 100,000.
    pub deep_factor: BasisPoints,
}

impl DeviationRule {
    /// Sichuan [S]: half of what lies above 110 % counts, and what is missing to 90 % costs 1.1 times the price.
    pub const fn sichuan() -> Self {
        Self {
            full_until: BasisPoints(11_000),
            over_share: BasisPoints(5_000),
            over_until: BasisPoints(MAX_SHARE),
            void_beyond: BasisPoints(0),
            shortfall_from: BasisPoints(9_000),
            penalty_below: BasisPoints(9_000),
            penalty_factor: BasisPoints(11_000),
            deep_below: BasisPoints(0),
            deep_factor: BasisPoints(11_000),
        }
    }

    /// Whether every number is in its range, so that more delivery is never paid less nor punished more, short
    /// of `void_beyond`.
    pub fn is_sound(&self) -> bool {
        (BASIS_POINTS..=2 * BASIS_POINTS).contains(&self.full_until.0)
            && self.over_share.0 <= BASIS_POINTS
            && (self.full_until.0..=MAX_SHARE).contains(&self.over_until.0)
            && self.void_beyond.0 <= BASIS_POINTS
            && self.shortfall_from.0 <= BASIS_POINTS
            && self.penalty_below <= self.shortfall_from
            && self.deep_below <= self.penalty_below
            && (self.penalty_factor.0..=MAX_FACTOR).contains(&self.deep_factor.0)
    }
}
