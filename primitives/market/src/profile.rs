//! Profiles: when a resource delivers, how much of what is asked, how fast, and how well it is measured.

use crate::{
    math::magnitude,
    validity::{learn, readings, trust, validity},
    Event, EventRecord, Profile, ScoreRule, HOURS, RESPONSE_BINS,
};
use loadstone_core::{BasisPoints, Watts, BASIS_POINTS, HOUR_MS};

/// Slowest response of each class but the last two, in milliseconds.
pub const RESPONSE_CLASSES_MS: [u32; RESPONSE_BINS - 2] = [1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 900_000];

/// Greatest deviation that enters the bias: twice the quota, in basis points.
const MAX_BIAS: i128 = 20_000;

/// Profile after an event in which something was asked; as it was where nothing was.
pub fn profile(before: Option<&Profile>, event: &Event, record: &EventRecord, rule: &ScoreRule) -> Option<Profile> {
    let Some(delivered) = delivered(record.quota.iter().zip(&record.delivered)) else { return before.cloned() };
    let trust = trust(validity(record, rule), rule);
    let mut responses = before.map_or([0; RESPONSE_BINS], |past| past.responses);
    if let Some(count) = responses.get_mut(response_class(record)) {
        *count = count.saturating_add(1);
    }
    Some(Profile {
        events: before.map_or(0, |past| past.events).saturating_add(1),
        reliability: learn(before.map(|past| past.reliability), delivered, trust, rule),
        bias: bias(before, record, trust, rule),
        readings: learn(before.map(|past| past.readings), readings(record), BasisPoints::ONE, rule),
        hours: hours(before, event, record, trust, rule),
        responses,
    })
}

/// Share of the quota delivered, at most one, rounded down; `None` where nothing was asked.
fn delivered<'a>(intervals: impl Iterator<Item = (&'a Watts, &'a Watts)>) -> Option<BasisPoints> {
    let (quota, executed) = intervals.fold((0u128, 0i128), |(quota, executed), (asked, did)| {
        // At most 96 terms of 64 bits: neither sum can overflow.
        (quota + magnitude(*asked), executed + i128::from(did.0))
    });
    let executed = executed.max(0).unsigned_abs();
    (quota > 0).then(|| BasisPoints::ratio(executed.min(quota), quota))
}

/// Exponential mean of (executed - quota) / quota, each limited and all rounded down; by `trust` in both directions, since
/// neither is in the resource's favour.
fn bias(before: Option<&Profile>, record: &EventRecord, trust: BasisPoints, rule: &ScoreRule) -> i32 {
    let quota: i128 = record.quota.iter().map(|quota| i128::from(quota.0.max(0))).sum();
    let executed: i128 = record.delivered.iter().map(|delivered| i128::from(delivered.0)).sum();
    let (one, trust) = (i128::from(BASIS_POINTS), i128::from(trust.0.min(BASIS_POINTS)));
    let newest = ((executed - quota) * one).checked_div_euclid(quota).unwrap_or(0).clamp(-MAX_BIAS, MAX_BIAS);
    let mean = match before {
        None => (trust * newest).div_euclid(one),
        Some(past) => {
            let weight = (trust * i128::from(rule.credit_weight.0.min(BASIS_POINTS))).div_euclid(one);
            (weight * newest + (one - weight) * i128::from(past.bias)).div_euclid(one)
        }
    };
    // A mean of values within the limit.
    mean as i32
}

fn hours(
    before: Option<&Profile>,
    event: &Event,
    record: &EventRecord,
    trust: BasisPoints,
    rule: &ScoreRule,
) -> [Option<u8>; HOURS] {
    let mut hours = before.map_or([None; HOURS], |past| past.hours);
    let hour_of = |interval: usize| event.start.after(interval as u64 * u64::from(event.interval_ms)).0 / HOUR_MS;
    for (hour, mean) in hours.iter_mut().enumerate() {
        let intervals = record.quota.iter().zip(&record.delivered).enumerate();
        let within = intervals.filter(|(interval, _)| hour_of(*interval) % HOURS as u64 == hour as u64);
        let Some(newest) = delivered(within.map(|(_, pair)| pair)) else { continue };
        let past = mean.map(|percent| BasisPoints(u32::from(percent) * (BASIS_POINTS / 100)));
        // Nearest percent, so that a mean is not worn away by rounding; at most 100.
        let percent = (learn(past, newest, trust, rule).0 + BASIS_POINTS / 200) / (BASIS_POINTS / 100);
        *mean = Some(percent.min(100) as u8);
    }
    hours
}

fn response_class(record: &EventRecord) -> usize {
    if record.rate.0 == 0 {
        return RESPONSE_BINS - 1;
    }
    RESPONSE_CLASSES_MS.iter().filter(|limit| record.response_time_ms > **limit).count()
}
