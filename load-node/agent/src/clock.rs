//! The machine's clocks, behind a trait, so that fault tests can set the system clock wrong.

use anyhow::{ensure, Context};
use loadstone_core::Millis;
use loadstone_load_core::Now;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Both clocks of the machine.
pub trait Clock {
    /// What they said at `instant`, a moment ago at most; `unix` is the system clock, trusted by nobody yet.
    fn at(&self, instant: Instant) -> Now;
    /// How long to sleep so that `time` passes.
    fn pause(&self, time: Duration) -> Duration;
}

/// Wall clock of the operating system in Unix milliseconds.
pub fn unix_ms() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    millis(unix)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The operating system's clocks.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Monotonic time counts from now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn at(&self, instant: Instant) -> Now {
        let mono_ms = millis(instant.saturating_duration_since(self.started));
        Now { mono_ms, unix: Millis(unix_ms().saturating_sub(millis(instant.elapsed()))) }
    }

    fn pause(&self, time: Duration) -> Duration {
        time
    }
}

/// What a fault test's file says; the file is read again whenever the clock is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    /// How far both clocks are behind at the start, in seconds.
    #[serde(default)]
    behind_s: u32,
    /// How fast both clocks run until they have caught up: 1 to 1,000.
    #[serde(default = "one")]
    speed: u32,
    /// How far the system clock alone is off, in seconds.
    #[serde(default)]
    jump_s: i64,
}

fn one() -> u32 {
    1
}

/// Clocks of a fault test: late and fast at first, and wrong as its file says.
pub struct TestClock {
    file: PathBuf,
    start: Faults,
    started: Instant,
}

impl TestClock {
    /// Reads the file for the first time.
    pub fn start(file: &Path) -> anyhow::Result<Self> {
        let start = read(file)?;
        ensure!((1..=1_000).contains(&start.speed), "speed must be 1 to 1,000");
        Ok(Self { file: file.to_owned(), start, started: Instant::now() })
    }

    /// Time that the test's clocks count until `instant`, and what they still lack then, in milliseconds.
    fn passed_ms(&self, instant: Instant) -> (u64, u64) {
        let real = millis(instant.saturating_duration_since(self.started));
        let behind = u64::from(self.start.behind_s) * 1_000;
        let gained = real.saturating_mul(u64::from(self.start.speed - 1)).min(behind);
        (real.saturating_add(gained), behind - gained)
    }
}

impl Clock for TestClock {
    fn at(&self, instant: Instant) -> Now {
        let (mono_ms, behind_ms) = self.passed_ms(instant);
        let unix = unix_ms().saturating_sub(millis(instant.elapsed())).saturating_sub(behind_ms);
        // A file that is being written is taken as it was.
        let jump_s = read(&self.file).unwrap_or(self.start).jump_s;
        Now { mono_ms, unix: Millis(unix.saturating_add_signed(jump_s.saturating_mul(1_000))) }
    }

    fn pause(&self, time: Duration) -> Duration {
        match self.passed_ms(Instant::now()).1 {
            0 => time,
            _ => time / self.start.speed,
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Faults> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} describes no test clock", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_catches_up_and_jumps_as_its_file_says() {
        // GIVEN a clock that is an hour behind and runs a thousand times as fast
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock.json");
        std::fs::write(&file, r#"{"behind_s": 3600, "speed": 1000}"#).unwrap();
        let clock = TestClock::start(&file).unwrap();
        let started = clock.started;
        // THEN it starts an hour behind
        let first = clock.at(started);
        let off =
            |now: Now, instant: Instant| unix_ms() as i64 - instant.elapsed().as_millis() as i64 - now.unix.0 as i64;
        assert!((3_599_990..=3_600_010).contains(&off(first, started)), "{}", off(first, started));
        assert_eq!((first.mono_ms, clock.pause(Duration::from_secs(1))), (0, Duration::from_millis(1)));
        // AND after three seconds has gained 2,997, after four all
        let later = clock.at(started + Duration::from_secs(3));
        assert_eq!(later.mono_ms, 3_000_000);
        assert_eq!(clock.at(started + Duration::from_secs(4)).mono_ms, 3_604_000);
        // WHEN the file says so THEN the system clock jumps and the monotonic one does not
        std::fs::write(&file, r#"{"jump_s": -86400}"#).unwrap();
        let jumped = clock.at(started);
        assert!((first.unix.0 - jumped.unix.0).abs_diff(86_400_000) <= 10);
        assert_eq!(jumped.mono_ms, 0);
        // AND what describes no clock is an error
        std::fs::write(&file, "{}}").unwrap();
        assert!(TestClock::start(&file).is_err());
    }
}
