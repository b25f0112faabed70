//! A meter that replays a measured profile from a CSV file.
//!
//! Where the profile stands depends on the wall clock alone, so a restarted node goes on where it
//! would have been. Between two rows the load is interpolated in a straight line; at the end the
//! profile starts again. Noise is drawn from a generator seeded by configuration and moment.

use super::{shed::Plant, Meter, Sample};
use anyhow::{ensure, Context};
use loadstone_core::{Millis, Watts};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::{cell::RefCell, path::Path, path::PathBuf, rc::Rc};

/// Greatest size of a profile in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1_024 * 1_024;

/// `[meter] driver = "replay"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// CSV with a header; the first column counts seconds. Lines that start with `#` are comments.
    pub file: PathBuf,
    /// Header of the column to replay.
    pub column: String,
    /// Watts that a value of one stands for: 1 for watts, 1000 for kilowatts.
    #[serde(default = "one")]
    pub scale_w: f64,
    /// Seconds of the profile that pass in one second.
    #[serde(default = "one")]
    pub speed: f64,
    /// Greatest noise in basis points of the load.
    #[serde(default)]
    pub noise_bp: u32,
    /// Seed of the noise.
    #[serde(default)]
    pub seed: u64,
    /// Second of the profile at `origin_ms`.
    #[serde(default)]
    pub start_offset_s: f64,
    /// Unix milliseconds at which the profile stands at `start_offset_s`.
    #[serde(default)]
    pub origin_ms: u64,
}

fn one() -> f64 {
    1.0
}

/// See the module's text.
pub struct Replay {
    profile: Profile,
    config: ReplayConfig,
    plant: Rc<RefCell<Plant>>,
}

impl Replay {
    /// Reads the profile; a relative path is relative to `folder`.
    pub fn open(config: &ReplayConfig, folder: &Path, plant: Rc<RefCell<Plant>>) -> anyhow::Result<Self> {
        let path = folder.join(&config.file);
        let size =
            std::fs::metadata(&path).with_context(|| format!("cannot read the profile {}", path.display()))?.len();
        ensure!(size <= MAX_FILE_BYTES, "the profile {} is larger than 64 MiB", path.display());
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let profile = Profile::parse(&text, &config.column).with_context(|| format!("profile {}", path.display()))?;
        ensure!(config.speed > 0.0 && config.speed.is_finite(), "meter.speed must be a positive number");
        ensure!(config.scale_w.is_finite(), "meter.scale_w must be a number");
        Ok(Self { profile, config: config.clone(), plant })
    }

    /// The load that would be there without the actuator.
    fn natural(&self, at: Millis) -> Watts {
        let passed_s = (at.0 as f64 - self.config.origin_ms as f64) / 1_000.0;
        let value = self.profile.at(self.config.start_offset_s + passed_s * self.config.speed);
        let mut generator = ChaCha8Rng::seed_from_u64(self.config.seed.rotate_left(32) ^ at.0);
        let noise = generator.gen_range(-1.0..=1.0) * self.config.noise_bp as f64 / 10_000.0;
        // The cast saturates, so no value of the file can make it undefined.
        Watts((value * self.config.scale_w * (1.0 + noise)).round() as i64)
    }
}

impl Meter for Replay {
    fn read(&mut self, at: Millis) -> Option<Sample> {
        let natural = self.natural(at);
        Some(Sample { watts: self.plant.borrow_mut().load(at, natural), good: true })
    }
}

/// Points of (second, value) with rising seconds, from second 0.
struct Profile {
    points: Vec<(f64, f64)>,
}

impl Profile {
    fn parse(text: &str, column: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let header = lines.next().context("the file is empty")?;
        let place = header.split(',').position(|name| name.trim() == column);
        let place = place.filter(|place| *place > 0);
        let place = place.with_context(|| format!("there is no load column {column:?}; the header is {header:?}"))?;
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (row, line) in lines.enumerate() {
            let cell = |place: usize| line.split(',').nth(place).and_then(|cell| cell.trim().parse::<f64>().ok());
            let pair = cell(0).zip(cell(place)).filter(|(second, value)| second.is_finite() && value.is_finite());
            let (second, value) = pair.with_context(|| format!("data row {} is not numbers: {line:?}", row + 1))?;
            let rising = points.last().is_none_or(|(last, _)| *last < second);
            ensure!(rising, "data row {}: seconds must rise", row + 1);
            points.push((second, value));
        }
        ensure!(points.len() >= 2, "a profile needs at least two rows");
        let first = points[0].0;
        points.iter_mut().for_each(|(second, _)| *second -= first);
        Ok(Self { points })
    }

    /// Value at a second, in a straight line between rows, round and round.
    fn at(&self, second: f64) -> f64 {
        let length = self.points.last().map_or(1.0, |(last, _)| *last);
        let second = second.rem_euclid(length);
        let next = self.points.partition_point(|(point, _)| *point <= second).clamp(1, self.points.len() - 1);
        let ((s0, v0), (s1, v1)) = (self.points[next - 1], self.points[next]);
        v0 + (v1 - v0) * (second - s0) / (s1 - s0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::RampConfig;

    const CSV: &str = "# source: made for this test\noffset_s,load_01_w,load_02_w\n0,100,1\n1800,400,2\n3600,100,3\n";

    fn replay(noise_bp: u32, speed: f64) -> Replay {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), CSV).unwrap();
        let config = ReplayConfig {
            file: file.path().to_owned(),
            column: "load_01_w".into(),
            scale_w: 10.0,
            speed,
            noise_bp,
            seed: 7,
            start_offset_s: 900.0,
            origin_ms: 1_000_000,
        };
        let ramp = RampConfig { ramp_w_per_s: 0, response_delay_ms: 0, floor_w: 0, tracking_bp: 0 };
        Replay::open(&config, Path::new("/"), Plant::shared(&ramp)).unwrap()
    }

    #[test]
    fn the_profile_is_interpolated_scaled_and_played_at_its_speed() {
        // GIVEN a profile at 60 times its speed, from second 900 on
        let mut meter = replay(0, 60.0);
        let mut watts = |ms: u64| meter.read(Millis(1_000_000 + ms)).unwrap().watts.0;
        // THEN it goes up to the peak, down again, and starts anew
        assert_eq!(watts(0), 2_500);
        assert_eq!(watts(15_000), 4_000);
        assert_eq!(watts(30_000), 2_500);
        assert_eq!(watts(45_000), 1_000);
        assert_eq!(watts(60_000), 2_500);
    }

    #[test]
    fn noise_is_bounded_and_the_same_after_a_restart() {
        // GIVEN two meters of one configuration with one per cent of noise
        let (mut first, mut second) = (replay(100, 1.0), replay(100, 1.0));
        for ms in (0..20_000).step_by(1_000) {
            // THEN both read the same, within one per cent of the profile
            let at = Millis(1_000_000 + ms);
            let watts = first.read(at).unwrap().watts.0;
            assert_eq!(second.read(at).unwrap().watts.0, watts);
            let exact = 2_500.0 + ms as f64 / 1_000.0 * 10.0 / 6.0;
            assert!((watts as f64 - exact).abs() <= exact * 0.01 + 1.0);
        }
    }

    #[test]
    fn unusable_files_are_refused_with_a_reason() {
        for (text, column, reason) in [
            ("", "load", "empty"),
            ("t,load\n0,1\n", "power", "no load column"),
            ("t,load\n0,1\n", "load", "at least two rows"),
            ("t,load\n0,1\n5,x\n", "load", "not numbers"),
            ("t,load\n5,1\n5,2\n", "load", "must rise"),
            ("t,load\n0,1\n1,NaN\n", "load", "not numbers"),
        ] {
            let error = Profile::parse(text, column).err().unwrap().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
