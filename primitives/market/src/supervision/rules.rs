//! What supervision goes by.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Greatest ratio of a baseline to the usual one.
const MAX_RATIO: u32 = 100_000;

/// Greatest number of cases from one event, so that the last step of its walk fits into a block.
pub const MAX_EVENT_CASES: u16 = 32;

/// Longest time to appeal or to report, in milliseconds: ten years.
const MAX_WAIT_MS: u64 = 315_360_000_000;

/// Thresholds of supervision; in a `0 switches it off` rule zero means that nothing is ever found.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct SupervisionRules {
    /// Time after a case was flagged, or its account frozen, in which the subject may appeal, in milliseconds.
    pub appeal_ms: u64,
    /// Time after an event's window in which evidence about it may be reported, in milliseconds.
    pub report_ms: u64,
    /// Most cases that the walk over one event opens, at most 32; what is found beyond is counted.
    pub cases_max: u16,
    /// Weight of the newest event in what is usual, 1 to 10,000.
    pub usual_weight: BasisPoints,
    /// Events before a mean says what is usual.
    pub usual_events: u16,
    /// Events in a row that asked for `capacity_share` of a capacity and did not get it. 0 switches it off.
    pub capacity_events: u16,
    /// Share of the registered capacity that counts as proof of it, at most 10,000.
    pub capacity_share: BasisPoints,
    /// Share of what is usual and free below which an offer is withheld, at most 10,000. 0 switches it off.
    pub withheld_below: BasisPoints,
    /// Events of an area and programme in a row in which one organisation holds the marginal bucket. 0 switches it off.
    pub marginal_events: u16,
    /// Share of the marginal bucket that holds it, more than 5,000, at most 10,000.
    pub marginal_share: BasisPoints,
    /// Least number of offers that are the same with two organisations. 0 switches it off.
    pub alike_segments: u16,
    /// Greatest share of the awarded watts in one hand, at most 10,000. 0 switches it off.
    pub share_max: BasisPoints,
    /// Greatest Herfindahl-Hirschman index of the awarded watts, at most 10,000. 0 switches it off.
    pub hhi_max: BasisPoints,
    /// Greatest ratio of a baseline to the usual one, at least 10,000. 0 switches it off.
    pub baseline_ratio: BasisPoints,
    /// Greatest difference between a feeder and its nodes as a share of the greater, at most 10,000. 0 switches it off.
    pub feeder_loss: BasisPoints,
    /// How far a load may lie beyond its registered range, as a share of the range's span. 0 switches it off.
    pub range_slack: BasisPoints,
    /// Least number of intervals with one delivery to the watt. 0 switches it off.
    pub constant_intervals: u16,
    /// Share of the due readings below which too few are there, at most 10,000. 0 switches it off.
    pub readings_below: BasisPoints,
    /// Least number of intervals in which two resources of one owner are the same to the watt. 0 switches it off.
    pub identical_intervals: u16,
}

impl SupervisionRules {
    /// Rules to begin with: seven days to appeal, and thresholds that ordinary trade stays clear of.
    pub const fn plain() -> Self {
        Self {
            appeal_ms: 604_800_000,
            report_ms: 2_592_000_000,
            cases_max: 32,
            usual_weight: BasisPoints(2_000),
            usual_events: 5,
            capacity_events: 5,
            capacity_share: BasisPoints(5_000),
            withheld_below: BasisPoints(3_000),
            marginal_events: 5,
            marginal_share: BasisPoints(9_000),
            alike_segments: 4,
            share_max: BasisPoints(7_000),
            hhi_max: BasisPoints(6_000),
            baseline_ratio: BasisPoints(15_000),
            feeder_loss: BasisPoints(1_500),
            range_slack: BasisPoints(500),
            constant_intervals: 8,
            readings_below: BasisPoints(2_000),
            identical_intervals: 4,
        }
    }

    /// Whether every threshold lies within its range.
    pub fn is_sound(&self) -> bool {
        let shares = [
            self.usual_weight,
            self.capacity_share,
            self.withheld_below,
            self.marginal_share,
            self.share_max,
            self.hhi_max,
            self.feeder_loss,
            self.range_slack,
            self.readings_below,
        ];
        let ratio = self.baseline_ratio.0;
        shares.iter().all(|share| share.0 <= BASIS_POINTS)
            && self.usual_weight.0 >= 1
            && self.capacity_share.0 >= 1
            && self.marginal_share.0 > BASIS_POINTS / 2
            && (ratio == 0 || (BASIS_POINTS..=MAX_RATIO).contains(&ratio))
            && self.cases_max <= MAX_EVENT_CASES
            && [self.appeal_ms, self.report_ms].iter().all(|wait| *wait <= MAX_WAIT_MS)
    }
}

impl Default for SupervisionRules {
    fn default() -> Self {
        Self::plain()
    }
}
