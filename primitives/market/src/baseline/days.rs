//! Mean of X of Y days: which days count, which of them are kept, and what they give.

use crate::{
    baseline::{profile::Profile, similar},
    math::watts_signed,
    Calendar, DayRule, Which,
};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{Millis, Watts, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Days before the oldest one that counts of which loads may still be asked: an adjustment's window lies up to two
/// days before the event.
pub const DAY_MARGIN: i64 = 2;

/// A day that counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct CountedDay {
    /// How many days before the event's.
    pub back: u8,
    /// Sum of its intervals' loads in the window, in watts x intervals.
    pub sum: i128,
    /// Whether it is kept.
    pub is_kept: bool,
}

/// Days that may count: of the event day's kind, without an event of the resource, and without a gap in the window of
/// `intervals` intervals. Newest first.
pub fn eligible(
    profile: &Profile,
    intervals: usize,
    rule: &DayRule,
    calendar: &Calendar,
    events: &BTreeSet<u32>,
) -> Vec<CountedDay> {
    let today = calendar.day(profile.start());
    let days = (rule.skip.saturating_add(1)..=rule.look_back).filter(|back| {
        let Some(day) = today.checked_sub(u32::from(*back)) else { return false };
        let is_alike = !rule.is_like_days || calendar.is_working(day) == calendar.is_working(today);
        is_alike && !events.contains(&day)
    });
    days.filter_map(|back| Some(CountedDay { back, sum: window_sum(profile, back, intervals)?, is_kept: false }))
        .collect()
}

/// Sum over the window `back` days before; `None` with a gap.
fn window_sum(profile: &Profile, back: u8, intervals: usize) -> Option<i128> {
    let from = -i64::from(back).checked_mul(profile.per_day())?;
    let until = from.checked_add(i64::try_from(intervals).ok()?)?;
    (from..until).try_fold(0i128, |sum, interval| Some(sum + i128::from(profile.at(interval)?.0)))
}

/// The newest `days` of those eligible, with those marked that are kept; empty when there are fewer than `days_min`.
/// `opened` is when the event was opened.
pub fn choose(
    eligible: Vec<CountedDay>,
    profile: &Profile,
    (rule, calendar): (&DayRule, &Calendar),
    opened: Millis,
) -> Vec<CountedDay> {
    let mut counted = counted(eligible, rule);
    let mut ranks: Vec<usize> = (0..counted.len()).collect();
    if let Which::Similar { margin_ms } = rule.which {
        let morning = similar::morning(profile, calendar, margin_ms, opened);
        let likeness = |place: &usize| similar::distance(profile, counted.get(*place)?.back, morning.clone());
        ranks.retain(|place| likeness(place).is_some());
        // Most alike first; places are in order of age, and the sort keeps it.
        ranks.sort_by_key(likeness);
    } else {
        // Highest first; of equals the newer one.
        ranks.sort_by_key(|place| counted.get(*place).map(|day| core::cmp::Reverse(day.sum)));
    }
    if ranks.len() < usize::from(rule.days_min) {
        return Vec::new();
    }
    let keep = usize::from(rule.keep).min(ranks.len());
    let left_out = ranks.len() - keep;
    let above = match rule.which {
        Which::Highest | Which::Similar { .. } => 0,
        Which::Middle => left_out / 2,
        Which::Lowest => left_out,
    };
    for place in ranks.into_iter().skip(above).take(keep) {
        if let Some(day) = counted.get_mut(place) {
            day.is_kept = true;
        }
    }
    counted
}

/// The newest days, without those of too little load: each is dropped for good, until none is or no other is left.
fn counted(mut eligible: Vec<CountedDay>, rule: &DayRule) -> Vec<CountedDay> {
    loop {
        let newest = eligible.get(..eligible.len().min(usize::from(rule.days))).unwrap_or_default();
        let total: i128 = newest.iter().map(|day| day.sum).sum();
        let count = newest.len() as i128;
        // sum < share x total / count, without a division.
        let is_low = |day: &CountedDay| {
            let (one, share) = (i128::from(BASIS_POINTS), i128::from(rule.least_share.0));
            day.sum.saturating_mul(one).saturating_mul(count) < share.saturating_mul(total)
        };
        let low: Vec<u8> =
            newest.iter().filter(|day| rule.least_share.0 > 0 && is_low(day)).map(|day| day.back).collect();
        if low.is_empty() {
            return newest.to_vec();
        }
        eligible.retain(|day| !low.contains(&day.back));
    }
}

/// Mean over the kept days in the interval that lies `interval` after the event's start, rounded down; `None` where none
/// of them knows it.
pub fn mean_at(profile: &Profile, days: &[CountedDay], interval: i64) -> Option<Watts> {
    let kept = days.iter().filter(|day| day.is_kept);
    let known =
        kept.filter_map(|day| profile.at(interval.checked_sub(i64::from(day.back).checked_mul(profile.per_day())?)?));
    let (sum, count) = known.fold((0i128, 0i128), |(sum, count), load| (sum + i128::from(load.0), count + 1));
    sum.checked_div_euclid(count).map(watts_signed)
}
