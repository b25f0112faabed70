//! What an estimate means for slots of a given length.

use std::time::Duration;

use crate::Estimate;

/// How far a clock may be off on a chain, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Beyond this people are told: a tenth of a slot.
    pub warn_us: i64,
    /// Up to this a validator that was kept from authoring may author again: a fifth of a slot. Less than
    /// [`Self::guard_us`], so that one at the limit doesn't come and go.
    pub release_us: i64,
    /// Beyond this a validator does not author: a quarter of a slot.
    pub guard_us: i64,
}

impl Limits {
    /// For slots of this length.
    pub fn for_slots_of(slot: Duration) -> Self {
        let slot_us = i64::try_from(slot.as_micros()).unwrap_or(i64::MAX);
        Self { warn_us: slot_us / 10, release_us: slot_us / 5, guard_us: slot_us / 4 }
    }
}

/// How a validator's clock is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Too few others have answered.
    #[default]
    Unknown,
    /// It agrees with the others'.
    Good,
    /// It can't be told: the others disagree among themselves, or their answers take too long.
    Doubtful,
    /// It is off, and people should see to it.
    Off,
    /// It is so far off that this validator leaves its slots to others.
    FarOff,
}

impl Verdict {
    /// The verdict after this one. Only what is certain counts against a clock, and a validator that was kept from
    /// authoring waits until it is certain that its clock is right again: silence is no evidence.
    pub fn next(self, estimate: Option<&Estimate>, limits: &Limits) -> Self {
        let was_far_off = self == Self::FarOff;
        let Some(estimate) = estimate else {
            return if was_far_off { Self::FarOff } else { Self::Unknown };
        };
        let certain_us = estimate.certain_us();
        let far_off_us = if was_far_off { limits.release_us } else { limits.guard_us };
        if certain_us > far_off_us {
            Self::FarOff
        } else if certain_us > limits.warn_us {
            Self::Off
        } else if estimate.error_us > limits.guard_us {
            Self::Doubtful
        } else {
            Self::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(verdict: Verdict, deviation_ms: i64, error_ms: i64) -> Verdict {
        let estimate = Estimate { deviation_us: 1_000 * deviation_ms, error_us: 1_000 * error_ms, peers: 3 };
        verdict.next(Some(&estimate), &Limits::for_slots_of(Duration::from_millis(200)))
    }

    #[test]
    fn a_clock_is_far_off_from_a_quarter_of_a_slot_on_and_back_at_a_fifth() {
        // GIVEN slots of 200 ms WHEN a clock goes off, ahead or behind THEN it is off beyond 20 ms, far off beyond 50
        let good = Verdict::Good;
        assert_eq!([20, 21, 50, 51].map(|ms| after(good, ms, 0)), [good, Verdict::Off, Verdict::Off, Verdict::FarOff]);
        assert_eq!([-20, -50, -51].map(|ms| after(good, ms, 0)), [good, Verdict::Off, Verdict::FarOff]);
        // WHEN it comes back THEN it stays far off until it is within 40 ms
        assert_eq!([41, 40, 20].map(|ms| after(Verdict::FarOff, ms, 0)), [Verdict::FarOff, Verdict::Off, good]);
    }

    #[test]
    fn what_is_uncertain_keeps_nobody_from_authoring() {
        // GIVEN an estimate that may be wrong THEN what is certain of it counts
        assert_eq!(after(Verdict::Good, 60, 10), Verdict::Off);
        assert_eq!(after(Verdict::Good, 60, 40), Verdict::Good);
        // GIVEN one that tells nothing THEN that is said
        assert_eq!(after(Verdict::Good, 60, 60), Verdict::Doubtful);
    }

    #[test]
    fn silence_changes_nothing_for_one_that_was_far_off() {
        // GIVEN no answers THEN a good clock is unknown, and one that was far off stays so
        let limits = Limits::for_slots_of(Duration::from_millis(200));
        assert_eq!(Verdict::Good.next(None, &limits), Verdict::Unknown);
        assert_eq!(Verdict::FarOff.next(None, &limits), Verdict::FarOff);
    }
}
