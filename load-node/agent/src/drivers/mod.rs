//! What stands between the node and the load: a meter to read, an actuator to set.
//!
//! A new kind of meter or actuator is a new file here and a new variant in the configuration; nothing
//! else in the node knows which one it drives.

mod replay;
mod shed;

pub use replay::ReplayConfig;
pub use shed::RampConfig;

use loadstone_core::{Direction, Millis, Watts};
use serde::Deserialize;
use std::path::Path;

/// A meter's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Power drawn.
    pub watts: Watts,
    /// Whether the meter vouches for it.
    pub good: bool,
}

/// Something that measures the load.
pub trait Meter {
    /// The load at `at`, which is now or at most a few reading intervals ago, never earlier than in
    /// the call before. `None` when the meter can't tell.
    fn read(&mut self, at: Millis) -> Option<Sample>;
}

/// A level that the load is to keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Down: at most `watts`; up: at least `watts`.
    pub direction: Direction,
    /// Absolute load.
    pub watts: Watts,
}

/// Something that moves the load.
pub trait Actuator {
    /// Holds this level from `now` on. Called again and again with the same level, which must change
    /// nothing.
    fn hold(&mut self, now: Millis, setting: Setting);
    /// Lets the load return to normal. Called again and again.
    fn release(&mut self, now: Millis);
}

/// `[meter]` in the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "driver", rename_all = "snake_case")]
pub enum MeterConfig {
    /// Replays a measured profile.
    Replay(ReplayConfig),
}

/// `[actuator]` in the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "driver", rename_all = "snake_case")]
pub enum ActuatorConfig {
    /// Sheds or adds load with a delay and a ramp.
    Ramp(RampConfig),
}

/// The drivers of one load.
pub type Drivers = (Box<dyn Meter>, Box<dyn Actuator>);

/// Makes the drivers; paths in their configuration are relative to `folder`.
pub fn build(meter: &MeterConfig, actuator: &ActuatorConfig, folder: &Path) -> anyhow::Result<Drivers> {
    let ActuatorConfig::Ramp(ramp) = actuator;
    let MeterConfig::Replay(replay) = meter;
    let plant = shed::Plant::shared(ramp);
    let meter = replay::Replay::open(replay, folder, plant.clone())?;
    Ok((Box::new(meter), Box::new(shed::Shed::new(plant))))
}
