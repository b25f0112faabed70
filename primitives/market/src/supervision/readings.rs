//! Readings that no such load gives.

use super::{share_of, Evidence, SupervisionRules};
use crate::{
    math::{magnitude, watts, watts_signed},
    validity, EventRecord,
};
use loadstone_core::{Direction, Resource, Watts};

/// The first thing that is improbable in one record: a load out of range, too few readings, a delivery that never varies.
///
/// `metered` says that the programme has no baseline: then what is missing reads as no load, which may lie below a load's
/// range, so the range is looked at only where nothing is missing. Resources of which nothing was asked are left alone.
pub fn improbable(
    resource: &Resource,
    direction: Direction,
    metered: bool,
    record: &EventRecord,
    rules: &SupervisionRules,
) -> Option<Evidence> {
    if record.quota.iter().all(|quota| quota.0 <= 0) {
        return None;
    }
    out_of_range(resource, direction, metered, record, rules)
        .or_else(|| too_few(record, rules))
        .or_else(|| constant(record, rules))
}

fn out_of_range(
    resource: &Resource,
    direction: Direction,
    metered: bool,
    record: &EventRecord,
    rules: &SupervisionRules,
) -> Option<Evidence> {
    if rules.range_slack.0 == 0 || (metered && record.readings_valid < record.readings_due) {
        return None;
    }
    let (load_min, load_max) = (resource.load_min, resource.load_max);
    let span = magnitude(Watts(load_max.0.saturating_sub(load_min.0)));
    let slack = watts(share_of(span, rules.range_slack)).0;
    let range = load_min.0.saturating_sub(slack)..=load_max.0.saturating_add(slack);
    let loads = (0u32..).zip(record.baseline.iter().zip(&record.delivered));
    loads
        .flat_map(|(interval, (baseline, delivered))| {
            let moved = match direction {
                Direction::Down => i128::from(baseline.0) - i128::from(delivered.0),
                Direction::Up => i128::from(baseline.0) + i128::from(delivered.0),
            };
            let unmoved = (!metered).then_some(*baseline);
            [unmoved, Some(watts_signed(moved))].into_iter().flatten().map(move |load| (interval, load))
        })
        .find(|(_, load)| !range.contains(&load.0))
        .map(|(interval, load)| Evidence::LoadOutOfRange { interval, load, load_min, load_max })
}

fn too_few(record: &EventRecord, rules: &SupervisionRules) -> Option<Evidence> {
    let (due, valid) = (record.readings_due, record.readings_valid);
    (validity::readings(record) < rules.readings_below).then_some(Evidence::ReadingsMissing { due, valid })
}

/// A mean over hundreds of readings that is the same to the watt in every interval is a number, not a meter. Nothing
/// delivered at all is no such case.
fn constant(record: &EventRecord, rules: &SupervisionRules) -> Option<Evidence> {
    let first = *record.delivered.first()?;
    let intervals = record.delivered.len() as u32;
    let is_long = rules.constant_intervals > 0 && intervals >= rules.constant_intervals.into();
    (is_long && first.0 != 0 && record.delivered.iter().all(|delivered| *delivered == first))
        .then_some(Evidence::DeliveryConstant { intervals, delivered: first })
}

/// Evidence against the first resource, where a second one of the same owner has the same baseline and delivery in every
/// interval. Deliveries that don't vary say nothing: two idle loads are alike.
pub fn identical(first: &EventRecord, second: &EventRecord, rules: &SupervisionRules) -> Option<Evidence> {
    let intervals = first.delivered.len() as u32;
    let is_long = rules.identical_intervals > 0 && intervals >= rules.identical_intervals.into();
    let varies = first.delivered.windows(2).any(|pair| pair.first() != pair.last());
    let is_same = (&first.baseline, &first.delivered) == (&second.baseline, &second.delivered);
    (is_long && varies && is_same && first.resource != second.resource)
        .then_some(Evidence::ReadingsIdentical { other: second.resource, intervals })
}
