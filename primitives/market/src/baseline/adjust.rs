//! Adjusting a baseline of other days to the day of the event.

use crate::{
    baseline::{
        days::{mean_at, CountedDay},
        profile::Profile,
    },
    math::watts_signed,
    AdjustBy, Adjustment, AdjustmentWindow,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{BasisPoints, Millis, Watts, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What an adjustment was made of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct AdjustmentSteps {
    /// Intervals that both the event's day and the others know.
    pub intervals: u32,
    /// Sum of the loads of the event's day in them, in watts x intervals.
    pub actual: i128,
    /// Sum of the unadjusted baseline in them.
    pub baseline: i128,
    /// What follows.
    pub by: AdjustedBy,
    /// Whether a limit hit.
    pub is_clamped: bool,
}

/// How a baseline was moved.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AdjustedBy {
    /// By so many watts.
    Watts(Watts),
    /// By this factor.
    Factor(BasisPoints),
}

/// Adjusts `loads`. `opened` is when the event was opened: intervals that were not over then do not count. Without a
/// comparable interval nothing is adjusted.
pub fn adjust(
    rule: &Adjustment,
    profile: &Profile,
    days: &[CountedDay],
    opened: Millis,
    loads: &mut [Watts],
) -> Option<AdjustmentSteps> {
    let (intervals, actual, baseline) = compare(profile, days, &rule.window, opened)?;
    let (by, is_clamped) = match rule.by {
        AdjustBy::Difference { limit } => difference(intervals, actual, baseline, limit),
        AdjustBy::Ratio { least, most } => ratio(actual, baseline, least, most)?,
    };
    for load in loads {
        *load = moved(*load, by);
    }
    Some(AdjustmentSteps { intervals, actual, baseline, by, is_clamped })
}

/// Number of comparable intervals, and sums of the day's own load and of the baseline in them.
fn compare(
    profile: &Profile,
    days: &[CountedDay],
    window: &AdjustmentWindow,
    opened: Millis,
) -> Option<(u32, i128, i128)> {
    let from = profile.before(window.ends_before_ms.saturating_add(window.length_ms));
    let until = profile.before(window.ends_before_ms).min(profile.open_at(opened));
    let both: Vec<(Watts, Watts)> =
        (from..until).filter_map(|interval| Some((profile.at(interval)?, mean_at(profile, days, interval)?))).collect();
    let sums = both
        .iter()
        .fold((0i128, 0i128), |(actual, baseline), (a, b)| (actual + i128::from(a.0), baseline + i128::from(b.0)));
    (!both.is_empty()).then_some((u32::try_from(both.len()).unwrap_or(u32::MAX), sums.0, sums.1))
}

/// mean(a) - mean(b), rounded down, at most `limit` of |mean(b)| either way, which rounds down too.
fn difference(intervals: u32, actual: i128, baseline: i128, limit: BasisPoints) -> (AdjustedBy, bool) {
    let count = i128::from(intervals.max(1));
    let wanted = (actual - baseline).div_euclid(count);
    let most = baseline.abs().saturating_mul(i128::from(limit.0)) / (count * i128::from(BASIS_POINTS));
    let by = wanted.clamp(-most, most);
    (AdjustedBy::Watts(watts_signed(by)), by != wanted)
}

/// sum(a) / sum(b), rounded down, within its limits; `None` where the baseline's sum is not positive.
fn ratio(actual: i128, baseline: i128, least: BasisPoints, most: BasisPoints) -> Option<(AdjustedBy, bool)> {
    if baseline <= 0 {
        return None;
    }
    let wanted = actual.max(0).saturating_mul(i128::from(BASIS_POINTS)) / baseline;
    let by = wanted.clamp(least.0.into(), i128::from(most.0).max(least.0.into()));
    Some((AdjustedBy::Factor(BasisPoints(u32::try_from(by).unwrap_or(u32::MAX))), by != wanted))
}

/// A load moved, rounded down.
fn moved(load: Watts, by: AdjustedBy) -> Watts {
    match by {
        AdjustedBy::Watts(watts) => Watts(load.0.saturating_add(watts.0)),
        AdjustedBy::Factor(factor) => {
            watts_signed((i128::from(load.0) * i128::from(factor.0)).div_euclid(i128::from(BASIS_POINTS)))
        }
    }
}
