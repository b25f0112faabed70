//! The time that readings carry: no clock is trusted alone.
//!
//! The system clock counts while a second source agrees with it: chain time, or else the node's own monotonic clock
//! since the last agreement. A jump of the system clock moves no reading, and a system clock that the chain
//! contradicts is left aside until they agree again.

use crate::types::Now;
use loadstone_core::Millis;

/// How far system clock and chain time may differ, in milliseconds: chain time is told in slots, and a head comes
/// late by what finality takes.
const TOLERANCE_MS: u64 = 5_000;

/// Greatest step of the system clock against the monotonic one that is an adjustment and not a jump, in milliseconds.
const JUMP_MS: u64 = 1_000;

/// Where the time of readings comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// The system clock: nothing contradicts it.
    System,
    /// The last trusted time, carried on by the monotonic clock: the system clock has jumped.
    Held,
    /// Chain time: the system clock is off by more than the tolerance.
    Chain,
    /// Nobody knows: the system clock stands before the last verified head, and no head has come since the start.
    Nobody,
}

/// See the module's text.
#[derive(Debug)]
pub(crate) struct WallClock {
    /// Trusted time less monotonic time.
    offset: Option<i128>,
    /// Chain time of the newest head before the start: it is later now.
    floor: Millis,
    source: TimeSource,
}

impl WallClock {
    pub(crate) fn new(floor: Millis) -> Self {
        Self { offset: None, floor, source: TimeSource::System }
    }

    pub(crate) fn source(&self) -> TimeSource {
        self.source
    }

    /// The time to trust, where the clocks say `now` and chain time is `chain`, unless it is not known at present.
    pub(crate) fn at(&mut self, now: Now, chain: Option<Millis>) -> Millis {
        let held = self.offset.map(|offset| carried(offset, now));
        let (time, source) = match (chain, held) {
            (Some(chain), _) if apart(chain, now.unix) <= self.tolerance_ms() => (now.unix, TimeSource::System),
            (Some(chain), _) => (chain, TimeSource::Chain),
            (None, Some(held)) if apart(held, now.unix) <= JUMP_MS => (now.unix, self.calm()),
            (None, Some(held)) => (held, self.jumped()),
            (None, None) if now.unix >= self.floor => (now.unix, TimeSource::System),
            (None, None) => (self.floor, TimeSource::Nobody),
        };
        self.source = source;
        self.offset = Some(i128::from(time.0) - i128::from(now.mono_ms));
        time
    }

    /// A clock that was found wrong must come closer, so that time does not step to and fro.
    fn tolerance_ms(&self) -> u64 {
        match self.source {
            TimeSource::Chain => TOLERANCE_MS / 2,
            _ => TOLERANCE_MS,
        }
    }

    /// What stands for a time that the system clock has left.
    fn jumped(&self) -> TimeSource {
        match self.source {
            TimeSource::System => TimeSource::Held,
            other => other,
        }
    }

    /// What stands for a time that goes on without a jump: what nobody knew before nobody knows now.
    fn calm(&self) -> TimeSource {
        match self.source {
            TimeSource::Nobody => TimeSource::Nobody,
            TimeSource::System | TimeSource::Held | TimeSource::Chain => TimeSource::System,
        }
    }
}

fn carried(offset: i128, now: Now) -> Millis {
    Millis(u64::try_from(offset.saturating_add(now.mono_ms.into())).unwrap_or(0))
}

fn apart(a: Millis, b: Millis) -> u64 {
    a.0.abs_diff(b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000_000;
    const DAY_MS: u64 = 86_400_000;

    fn at(mono_ms: u64, unix: u64) -> Now {
        Now { mono_ms, unix: Millis(unix) }
    }

    #[test]
    fn a_jump_moves_nothing_and_the_chain_puts_a_wrong_clock_right() {
        // GIVEN a node whose clock agrees with the chain
        let mut clock = WallClock::new(Millis(START - 1));
        assert_eq!(clock.at(at(0, START), None), Millis(START));
        assert_eq!(clock.at(at(1_000, START + 1_000), Some(Millis(START + 400))), Millis(START + 1_000));
        // WHEN the clock jumps by a day, either way, without contact THEN time goes on
        for wrong in [START + DAY_MS, START - DAY_MS] {
            assert_eq!(clock.at(at(2_000, wrong), None), Millis(START + 2_000));
            assert_eq!(clock.source(), TimeSource::Held);
        }
        // AND with contact the chain's time counts, and goes on when contact is lost
        assert_eq!(clock.at(at(3_000, START + DAY_MS), Some(Millis(START + 2_600))), Millis(START + 2_600));
        assert_eq!(clock.source(), TimeSource::Chain);
        assert_eq!(clock.at(at(4_000, START + DAY_MS + 1_000), None), Millis(START + 3_600));
        assert_eq!(clock.source(), TimeSource::Chain);
        // WHEN the clock is put right THEN it counts again
        assert_eq!(clock.at(at(5_000, START + 5_000), Some(Millis(START + 4_500))), Millis(START + 5_000));
        assert_eq!(clock.source(), TimeSource::System);
    }

    #[test]
    fn small_adjustments_are_followed() {
        // GIVEN a clock that is slewed by 100 ms a second without contact
        let mut clock = WallClock::new(Millis(0));
        for second in 0..60 {
            let unix = START + second * 1_100;
            assert_eq!(clock.at(at(second * 1_000, unix), None), Millis(unix));
        }
        assert_eq!(clock.source(), TimeSource::System);
    }

    #[test]
    fn a_clock_that_stands_before_the_saved_head_is_nobodys_until_the_chain_is_heard() {
        // GIVEN a device whose clock lost its battery, started without contact
        let mut clock = WallClock::new(Millis(START));
        // THEN time goes on from the saved head, and nobody vouches for it
        assert_eq!(clock.at(at(0, 0), None), Millis(START));
        assert_eq!(clock.at(at(1_000, 1_000), None), Millis(START + 1_000));
        assert_eq!(clock.source(), TimeSource::Nobody);
        // WHEN the chain is heard THEN its time counts
        assert_eq!(clock.at(at(2_000, 2_000), Some(Millis(START + DAY_MS))), Millis(START + DAY_MS));
        assert_eq!(clock.source(), TimeSource::Chain);
    }
}
