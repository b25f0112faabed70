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
    /// Opens the drivers; readings go on after `last`.
    pub fn open(config: &Config, last: Option<Millis>) -> anyhow::Result<Self> {
        let (meter, actuator) = drivers::build(&config.meter, &config.actuator, &config.folder)?;
        Ok(Self { meter, actuator, interval_ms: config.interval_ms as u64, last, held: None })
    }

    /// How long until the next reading is due.
    pub fn until_next(&self, now_ms: u64) -> Duration {
        let grid = now_ms - now_ms % self.interval_ms;
        match self.last {
            Some(last) if last.0 >= grid => Duration::from_millis(last.0 + self.interval_ms - now_ms.min(last.0)),
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(grid + self.interval_ms - now_ms),
        }
        .min(Duration::from_millis(self.interval_ms))
    }

    /// The readings that are due, each at its moment on the grid. A late wake-up makes up for a few
    /// missed moments; longer gaps stay gaps.
    pub fn read(&mut self, now_ms: u64) -> Vec<(Millis, Sample)> {
        let grid = now_ms - now_ms % self.interval_ms;
        let first = match self.last {
            Some(last) if last.0 >= grid => return Vec::new(),
            Some(last) if grid - last.0 <= MAX_MISSED * self.interval_ms => last.0 + self.interval_ms,
            _ => grid,
        };
        self.last = Some(Millis(grid));
        let moments = (first..=grid).step_by(usize::try_from(self.interval_ms).unwrap_or(usize::MAX)).map(Millis);
        moments.filter_map(|at| Some((at, self.meter.read(at)?))).collect()
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
