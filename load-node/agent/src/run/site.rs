//! The load on the spot: meter and actuator, and what was asked of them last.

use crate::{
    config::Config,
    drivers::{self, Actuator, Meter, Sample, Setting},
};
use loadstone_core::{Millis, Watts};
use loadstone_load_core::Level;
use std::time::Duration;

/// Reading moments that a late wake-up makes up for, at most.
const MAX_MISSED: u64 = 10;

/// See the module's text.
pub struct Site {
    meter: Box<dyn Meter>,
    actuator: Box<dyn Actuator>,
    interval_ms: u64,
    last: Option<Millis>,
    held: Option<Level>,
}

impl Site {
    /// Opens the drivers.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let (meter, actuator) = drivers::build(&config.meter, &config.actuator, &config.folder)?;
        Ok(Self { meter, actuator, interval_ms: config.interval_ms as u64, last: None, held: None })
    }

    /// How long until the next reading is due.
    pub fn until_next(&self, now_ms: u64) -> Duration {
        let grid = now_ms - now_ms % self.interval_ms;
        match self.last.filter(|last| !self.is_put_right(*last, grid)) {
            Some(last) if last.0 >= grid => Duration::from_millis(last.after(self.interval_ms).since(Millis(now_ms))),
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(grid + self.interval_ms - now_ms),
        }
        .min(Duration::from_millis(self.interval_ms))
    }

    /// The readings that are due, each at its moment on the grid. A late wake-up makes up for a few
    /// missed moments; longer gaps stay gaps.
    pub fn read(&mut self, now_ms: u64) -> Vec<(Millis, Sample)> {
        let grid = now_ms - now_ms % self.interval_ms;
        let first = match self.last.filter(|last| !self.is_put_right(*last, grid)) {
            Some(last) if last.0 >= grid => return Vec::new(),
            Some(last) if grid - last.0 <= MAX_MISSED * self.interval_ms => last.0 + self.interval_ms,
            _ => grid,
        };
        self.last = Some(Millis(grid));
        let moments = (first..=grid).step_by(usize::try_from(self.interval_ms).unwrap_or(usize::MAX)).map(Millis);
        moments.filter_map(|at| Some((at, self.meter.read(at)?))).collect()
    }

    /// Whether the last reading was dated by a clock that has been put right since.
    fn is_put_right(&self, last: Millis, grid: u64) -> bool {
        last.since(Millis(grid)) > self.interval_ms
    }

    /// Holds a level; true when it is another than before.
    pub fn hold(&mut self, now: Millis, level: Level) -> bool {
        self.actuator.hold(now, Setting { direction: level.direction, watts: level.watts });
        self.held.replace(level) != Some(level)
    }

    /// Lets the load return to normal; returns the level that was held until now.
    pub fn release(&mut self, now: Millis) -> Option<Level> {
        self.actuator.release(now);
        self.held.take()
    }

    /// The level held, if any.
    pub fn setpoint(&self) -> Option<Watts> {
        self.held.map(|level| level.watts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads its own moment, so that tests see which moments were read.
    struct Clock;

    impl Meter for Clock {
        fn read(&mut self, at: Millis) -> Option<Sample> {
            Some(Sample { watts: Watts(at.0 as i64), good: true })
        }
    }

    impl Actuator for Clock {
        fn hold(&mut self, _: Millis, _: Setting) {}

        fn release(&mut self, _: Millis) {}
    }

    fn moments(site: &mut Site, now_ms: u64) -> Vec<u64> {
        site.read(now_ms).into_iter().map(|(at, _)| at.0).collect()
    }

    #[test]
    fn readings_stand_on_the_grid_and_a_late_wake_up_makes_up_for_a_few() {
        // GIVEN a meter read every second
        let (meter, actuator) = (Box::new(Clock), Box::new(Clock));
        let mut site = Site { meter, actuator, interval_ms: 1_000, last: None, held: None };
        assert_eq!(site.until_next(10_250), Duration::from_millis(750));
        // THEN each second is read once
        assert_eq!(moments(&mut site, 11_003), [11_000]);
        assert_eq!(moments(&mut site, 11_900), [] as [u64; 0]);
        assert_eq!(site.until_next(11_900), Duration::from_millis(100));
        // AND a wake-up three seconds late reads what was missed, one of an hour does not
        assert_eq!(site.until_next(14_100), Duration::ZERO);
        assert_eq!(moments(&mut site, 14_100), [12_000, 13_000, 14_000]);
        assert_eq!(moments(&mut site, 3_600_500), [3_600_000]);
        // AND a clock that steps back by less than a reading reads nothing twice, one that was put right goes on
        assert_eq!(moments(&mut site, 3_599_100), [] as [u64; 0]);
        assert_eq!(site.until_next(3_599_100), Duration::from_millis(1_000));
        assert_eq!(moments(&mut site, 20_000), [20_000]);
        assert_eq!(moments(&mut site, 21_000), [21_000]);
    }
}
