//! Baselines that were moved before the event was announced.

use super::{mean, share_of, Evidence, SupervisionRules, Track};
use crate::{math::magnitude, EventRecord};
use loadstone_core::{Direction, Watts};

/// Mean of a record's baseline over its intervals, rounded toward minus infinity; `None` without one.
pub fn mean_baseline(record: &EventRecord) -> Option<Watts> {
    let sum: i128 = record.baseline.iter().map(|watts| i128::from(watts.0)).sum();
    let count = i128::try_from(record.baseline.len()).ok()?;
    // A mean of values of the type.
    sum.checked_div_euclid(count).map(|mean| Watts(mean as i64))
}

/// Takes one event's baseline into the resource's track. Downward a baseline above `baseline_ratio` times the usual one is
/// evidence, upward a usual one above so much of the baseline. A usual load of zero or less says nothing.
pub fn baseline(
    track: &mut Track,
    direction: Direction,
    record: &EventRecord,
    rules: &SupervisionRules,
) -> Option<Evidence> {
    let baseline = mean_baseline(record)?;
    let Track { baseline: usual, events, .. } = *track;
    let (low, high) = match direction {
        Direction::Down => (usual, baseline),
        Direction::Up => (baseline, usual),
    };
    let is_far =
        rules.baseline_ratio.0 > 0 && usual.0 > 0 && magnitude(high) > share_of(magnitude(low), rules.baseline_ratio);
    let is_known = events > 0 && events >= rules.usual_events;
    track.baseline = mean((events > 0).then_some(usual), baseline, rules.usual_weight);
    track.events = events.saturating_add(1);
    (is_far && is_known).then_some(Evidence::BaselineInflated { direction, baseline, usual, events })
}
