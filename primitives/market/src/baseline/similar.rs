//! How alike two days are, for baselines of matched days.

use crate::{baseline::profile::Profile, Calendar};
use core::ops::Range;
use loadstone_core::Millis;

/// Intervals of the event's day that were over when the event was opened and end `margin_ms` before it, or earlier.
pub fn morning(profile: &Profile, calendar: &Calendar, margin_ms: u32, opened: Millis) -> Range<i64> {
    let since_midnight = u32::try_from(calendar.time_of_day(profile.start())).unwrap_or_default();
    // Rounded away from the event: where midnight falls into an interval, that one counts.
    profile.before(since_midnight)..profile.before(margin_ms).min(profile.open_at(opened))
}

/// Mean of the squared differences, in watts squared and rounded down, between the event's day and the one `back` days
/// before, over the intervals in `morning` that both know; `None` without any.
pub fn distance(profile: &Profile, back: u8, morning: Range<i64>) -> Option<u128> {
    let shift = i64::from(back).checked_mul(profile.per_day())?;
    let squares = morning.filter_map(|interval| {
        let (own, other) = (profile.at(interval)?, profile.at(interval.checked_sub(shift)?)?);
        // Saturates for loads that no meter shows.
        Some(u128::from(own.0.abs_diff(other.0)).saturating_pow(2))
    });
    let (sum, count) = squares.fold((0u128, 0u128), |(sum, count), square| (sum.saturating_add(square), count + 1));
    sum.checked_div(count)
}
