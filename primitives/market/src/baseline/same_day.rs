//! Baselines of hours of the event's own day, before it and after it (PJM same-day 3+2 [S]).

use crate::{baseline::profile::Profile, math::watts_signed, SameDay};
use core::ops::Range;
use loadstone_core::{Millis, Watts};

/// Sum and number of the intervals known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    sum: i128,
    count: i128,
}

impl Known {
    fn of(profile: &Profile, range: Range<i64>) -> Self {
        range
            .filter_map(|interval| profile.at(interval))
            .fold(Self::default(), |known, load| Self { sum: known.sum + i128::from(load.0), count: known.count + 1 })
    }

    /// Mean of all that is known, rounded down; `None` where nothing is.
    pub fn mean(self, more: Self) -> Option<Watts> {
        (self.sum + more.sum).checked_div_euclid(self.count + more.count).map(watts_signed)
    }

    /// Whether no interval is known.
    pub fn is_nothing(&self) -> bool {
        self.count == 0
    }
}

/// Intervals before an event, as far as they were over when it was opened, in a profile of what was anchored by then.
pub fn before(rule: &SameDay, profile: &Profile, opened: Millis) -> Known {
    let from = profile.before(rule.skip_before_ms.saturating_add(rule.before_ms));
    Known::of(profile, from..profile.before(rule.skip_before_ms).min(profile.open_at(opened)))
}

/// Intervals after an event of `intervals` intervals.
pub fn after(rule: &SameDay, profile: &Profile, intervals: i64) -> Known {
    Known::of(profile, after_range(rule, profile, intervals))
}

/// Which intervals that are: whole ones within the time after the event.
pub fn after_range(rule: &SameDay, profile: &Profile, intervals: i64) -> Range<i64> {
    // `before` rounds away from the event, which here is later for the first and has to be earlier for the last.
    let first = intervals.saturating_sub(profile.before(rule.skip_after_ms));
    let whole = profile.whole(rule.skip_after_ms.saturating_add(rule.after_ms));
    first..intervals.saturating_add(whole)
}
