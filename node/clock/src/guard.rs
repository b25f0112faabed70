//! What the rest of the node sees of the clock: whether to author, and the figures.

use std::sync::Arc;

use parking_lot::RwLock;
use serde::Serialize;

use crate::{Estimate, Verdict};

/// Answer of `clock_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockStatus {
    /// Milliseconds that are to be added to this node's clock: positive where it is behind the other validators'.
    /// None while too few have answered, and on a node that is no validator.
    pub deviation_ms: Option<i64>,
    /// By how many milliseconds that may be wrong at most.
    pub error_ms: Option<i64>,
    /// Other validators that answered within the last minute.
    pub peers: usize,
    /// Whether this validator leaves its slots to others because its clock is far off.
    pub guarded: bool,
}

impl ClockStatus {
    pub(crate) fn new(estimate: Option<&Estimate>, peers: usize, verdict: Verdict) -> Self {
        Self {
            deviation_ms: estimate.map(|estimate| rounded_ms(estimate.deviation_us)),
            // Rounding the deviation adds up to half a millisecond.
            error_ms: estimate.map(|estimate| rounded_ms(estimate.error_us.saturating_add(999))),
            peers,
            guarded: verdict == Verdict::FarOff,
        }
    }
}

fn rounded_ms(us: i64) -> i64 {
    us.saturating_add(500).div_euclid(1_000)
}

/// Tells whether this validator may author; cheap to clone. One that was told nothing yet may.
#[derive(Clone, Debug, Default)]
pub struct ClockGuard {
    status: Arc<RwLock<ClockStatus>>,
}

impl ClockGuard {
    /// Whether this validator's clock is good enough to make blocks.
    pub fn may_author(&self) -> bool {
        !self.status.read().guarded
    }

    /// The figures.
    pub fn status(&self) -> ClockStatus {
        *self.status.read()
    }

    pub(crate) fn set(&self, status: ClockStatus) {
        *self.status.write() = status;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_authors_until_its_clock_is_known_to_be_far_off() {
        // GIVEN a guard that was told nothing, shared with an author
        let guard = ClockGuard::default();
        let author = guard.clone();
        assert!(author.may_author());
        // WHEN the clock is far off THEN the author leaves its slots, until it is not
        let estimate = Estimate { deviation_us: -151_600, error_us: 1_001, peers: 3 };
        for (verdict, may_author) in [(Verdict::FarOff, false), (Verdict::Off, true), (Verdict::Unknown, true)] {
            guard.set(ClockStatus::new(Some(&estimate), 3, verdict));
            assert_eq!(author.may_author(), may_author);
        }
    }

    #[test]
    fn figures_are_in_milliseconds_by_their_published_names() {
        // GIVEN estimates in microseconds THEN they are rounded, the error so that it still holds
        let estimate = Estimate { deviation_us: -151_600, error_us: 1_001, peers: 3 };
        let status = ClockStatus::new(Some(&estimate), 3, Verdict::FarOff);
        let json = r#"{"deviation_ms":-152,"error_ms":2,"peers":3,"guarded":true}"#;
        assert_eq!(serde_json::to_string(&status).unwrap(), json);
        // GIVEN none THEN they are null
        let json = r#"{"deviation_ms":null,"error_ms":null,"peers":1,"guarded":false}"#;
        assert_eq!(serde_json::to_string(&ClockStatus::new(None, 1, Verdict::Unknown)).unwrap(), json);
    }
}
