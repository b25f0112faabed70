//! How execution is scored.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Weights and standards of the execution score (China K index, see the field notes in docs).
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ScoreRule {
    /// Weight of a resource's own accuracy; the rest goes to its rank against the event's median.
    pub own_weight: BasisPoints,
    /// Response time that scores zero (T0), in milliseconds.
    pub response_standard_ms: u32,
    /// Standard ramp rate (V_std) in basis points of the quota per second.
    pub rate_standard: BasisPoints,
    /// Precision error that scores zero (E0), in basis points of the quota.
    pub precision_standard: BasisPoints,
    /// Weight of the newest event in credit; the rest stays with the past.
    pub credit_weight: BasisPoints,
    /// Accuracy below which an event is a default, at most 10,000; zero where none is.
    pub default_below: BasisPoints,
    /// Defaults in a row after which a resource may not bid; zero for no such rule (a thesis on reputation [S]: three).
    pub bar_after: u8,
    /// For how many days from the end of the last of these events.
    pub bar_days: u16,
    /// Share of valid readings from which a record's data is valid, at most 10,000.
    pub valid_from: BasisPoints,
    /// Share from which it is doubtful, at most `valid_from`; below it is invalid.
    pub doubtful_from: BasisPoints,
    /// What doubtful data counts for where it would raise a standing, at most 10,000; invalid data counts for nothing there.
    pub doubtful_weight: BasisPoints,
}

impl ScoreRule {
    /// Standards to begin with: a full response within ten seconds, held to a quarter of the quota.
    pub const fn plain() -> Self {
        Self {
            own_weight: BasisPoints(7_000),
            response_standard_ms: 10_000,
            rate_standard: BasisPoints(1_000),
            precision_standard: BasisPoints(2_500),
            credit_weight: BasisPoints(3_000),
            default_below: BasisPoints(2_000),
            bar_after: 3,
            bar_days: 30,
            valid_from: BasisPoints(9_500),
            doubtful_from: BasisPoints(5_000),
            doubtful_weight: BasisPoints(5_000),
        }
    }

    /// Whether weights are at most one and standards are not zero.
    pub fn is_sound(&self) -> bool {
        self.own_weight.0 <= BASIS_POINTS
            && self.credit_weight.0 <= BASIS_POINTS
            && self.default_below.0 <= BASIS_POINTS
            && self.valid_from.0 <= BASIS_POINTS
            && self.doubtful_from <= self.valid_from
            && self.doubtful_weight.0 <= BASIS_POINTS
            && self.response_standard_ms > 0
            && self.rate_standard.0 > 0
            && self.precision_standard.0 > 0
    }
}
