//! Chain time between heads: the newest head's time carried on by the node's own monotonic clock.

use crate::types::Now;
use loadstone_core::Millis;
use std::collections::VecDeque;

/// Heads that the estimate looks back on; bounds how long a drift between the clocks lasts.
const WINDOW: usize = 64;

/// Estimates chain time. A head arrives late by the time that finality takes, so of the last heads
/// the one that arrived with the least delay counts.
#[derive(Debug, Default)]
pub(crate) struct ChainClock {
    /// Chain time less monotonic time, per head.
    offsets: VecDeque<i128>,
    latest: Millis,
    last_head_ms: Option<u64>,
}

impl ChainClock {
    /// Takes the chain time of a head that has just been verified.
    pub(crate) fn observe(&mut self, time: Millis, now: Now) {
        self.push(time, now);
        self.last_head_ms = Some(now.mono_ms);
    }

    fn push(&mut self, time: Millis, now: Now) {
        if self.offsets.len() == WINDOW {
            self.offsets.pop_front();
        }
        self.offsets.push_back(i128::from(time.0) - i128::from(now.mono_ms));
    }

    /// Takes a moment that is proven to lie in the past of the newest head: a block says its exact time, of which a head
    /// tells the slot alone.
    pub(crate) fn at_least(&mut self, time: Millis, now: Now) {
        if self.now(now).is_some_and(|estimate| estimate < time) {
            self.push(time, now);
        }
    }

    /// Chain time by estimate; never goes back. `None` before the first head.
    pub(crate) fn now(&mut self, now: Now) -> Option<Millis> {
        let offset = self.offsets.iter().max()?;
        let estimate = Millis(u64::try_from(offset.saturating_add(now.mono_ms.into())).unwrap_or(0));
        self.latest = self.latest.max(estimate);
        Some(self.latest)
    }

    /// Milliseconds since the last head; `None` before the first.
    pub(crate) fn silence(&self, now: Now) -> Option<u64> {
        self.last_head_ms.map(|last| now.mono_ms.saturating_sub(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, unix: Millis(0) }
    }

    #[test]
    fn the_least_delayed_head_counts_and_time_never_goes_back() {
        // GIVEN heads that arrive 100 ms, 500 ms and 50 ms late
        let mut clock = ChainClock::default();
        assert_eq!(clock.now(at(0)), None);
        clock.observe(Millis(1_000_000), at(100));
        assert_eq!(clock.now(at(200)), Some(Millis(1_000_100)));
        clock.observe(Millis(1_000_200), at(700));
        // THEN a late head moves nothing back, and an early one moves time forward
        assert_eq!(clock.now(at(700)), Some(Millis(1_000_600)));
        clock.observe(Millis(1_001_000), at(1_050));
        assert_eq!(clock.now(at(1_050)), Some(Millis(1_001_000)));
        // AND a later moment that is proven moves it forward, an earlier one does not
        clock.at_least(Millis(1_000_900), at(1_050));
        assert_eq!(clock.now(at(1_050)), Some(Millis(1_001_000)));
        // AND without heads time goes on by the own clock
        assert_eq!(clock.now(at(9_050)), Some(Millis(1_009_000)));
        assert_eq!(clock.silence(at(9_050)), Some(8_000));
        clock.at_least(Millis(1_009_120), at(9_050));
        assert_eq!(clock.now(at(9_150)), Some(Millis(1_009_220)));
        assert_eq!(clock.silence(at(9_050)), Some(8_000));
    }
}
