//! One look at another's clock: what it showed, by how much that may be wrong, and how it ages.

/// Microseconds of age that add one microsecond of error. Two quartz clocks drift apart by less than one in ten
/// thousand.
const DRIFT: i64 = 10_000;

/// Greatest time of day that is believed, in Unix microseconds: the end of the year 9999. With it no sum below can
/// overflow.
pub(crate) const MAX_TIME_US: i64 = 253_402_300_799_000_000;

/// A moment by both clocks of this node, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the monotonic clock, counted from any point.
    pub monotonic_us: i64,
    /// By the time of day, since 1970.
    pub wall_us: i64,
}

/// What another's clock showed, held against this node's monotonic clock: so it stays true when this node's time
/// of day is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The other's time of day when this node's monotonic clock showed zero.
    zero_us: i64,
    /// By how much that may be wrong at most.
    error_us: i64,
    /// When the answer came, by the monotonic clock.
    pub(crate) taken_us: i64,
}

impl Sample {
    /// The other's clock showed `remote_us` at some moment after the question left and before the answer came, at
    /// `sent_us` and `came_us` by the monotonic clock. `None` for what can't be.
    pub fn new(sent_us: i64, came_us: i64, remote_us: i64) -> Option<Self> {
        let believable = 0..=MAX_TIME_US;
        let is_sane = [sent_us, came_us, remote_us].iter().all(|time| believable.contains(time)) && sent_us <= came_us;
        let middle_us = sent_us + (came_us.saturating_sub(sent_us)) / 2;
        is_sane.then(|| Self { zero_us: remote_us - middle_us, error_us: came_us - middle_us, taken_us: came_us })
    }

    /// Least and greatest microseconds by which the other's clock can be ahead of this node's at `now`.
    pub(crate) fn ahead_us(&self, now: Moment) -> (i64, i64) {
        let ahead_us = self.zero_us.saturating_add(now.monotonic_us).saturating_sub(now.wall_us);
        let age_us = now.monotonic_us.saturating_sub(self.taken_us).max(0);
        let error_us = self.error_us.saturating_add(age_us / DRIFT);
        (ahead_us.saturating_sub(error_us), ahead_us.saturating_add(error_us))
    }

    /// Whether this one says more than another of the same peer.
    pub(crate) fn is_sharper(&self, other: &Self) -> bool {
        self.error_us < other.error_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A day in 2025.
    const DAY_US: i64 = 1_750_000_000_000_000;

    proptest! {
        #[test]
        fn the_true_difference_is_within_the_bounds_whatever_the_two_ways_take(
            there in 0i64..2_000_000,
            back in 0i64..2_000_000,
            ahead in -10_000_000i64..10_000_000,
            age in 0i64..60_000_000,
        ) {
            // GIVEN a question that takes `there`, an answer that takes `back`, and a clock ahead by `ahead`
            let (sent, came) = (5_000_000, 5_000_000 + there + back);
            let sample = Sample::new(sent, came, DAY_US + sent + there + ahead).unwrap();
            // WHEN it is read, then or up to a minute later
            let now = Moment { monotonic_us: came + age, wall_us: DAY_US + came + age };
            let (least, greatest) = sample.ahead_us(now);
            // THEN the truth is within the bounds, and they are no farther apart than the round trip and the drift
            prop_assert!((least..=greatest).contains(&ahead));
            prop_assert!(greatest - least <= there + back + 2 * (age / DRIFT) + 1);
        }
    }

    #[test]
    fn setting_the_own_clock_shows_at_once() {
        // GIVEN a peer whose clock agreed when it was asked
        let sample = Sample::new(1_000, 3_000, DAY_US + 2_000).unwrap();
        assert_eq!(sample.ahead_us(Moment { monotonic_us: 3_000, wall_us: DAY_US + 3_000 }), (-1_000, 1_000));
        // WHEN this node's time of day is set back by a second THEN the same answer says so
        assert_eq!(sample.ahead_us(Moment { monotonic_us: 3_000, wall_us: DAY_US - 997_000 }), (999_000, 1_001_000));
    }

    #[test]
    fn times_that_cannot_be_are_no_sample() {
        // GIVEN answers before their questions, before 1970 and after the year 9999 THEN nothing is made of them
        assert_eq!(Sample::new(2, 1, DAY_US), None);
        assert_eq!(Sample::new(1, 2, -1), None);
        assert_eq!(Sample::new(1, 2, i64::MAX), None);
        assert_eq!(Sample::new(1, i64::MAX, DAY_US), None);
    }
}
