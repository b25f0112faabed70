//! What a load node is told at its start.

use loadstone_core::{AreaId, DeviceId, ResourceId};
use loadstone_dag::MAX_READINGS;

/// Who the node is and how it paces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The device whose key signs.
    pub device: DeviceId,
    /// The load that it meters.
    pub resource: ResourceId,
    /// Whose orders it follows.
    pub area: AreaId,
    /// Distance between readings in milliseconds, 100 to 60,000.
    pub interval_ms: u32,
    /// Readings in a unit while no order runs, 1 to 60.
    pub readings_per_unit: u16,
    /// Greatest age of a unit's first reading when no order runs, in milliseconds.
    pub max_unit_age_ms: u32,
    /// How often the chain makes a block at least while an order is in force, in milliseconds; three without a
    /// head are an alarm.
    pub heartbeat_ms: u32,
    /// The same while none is.
    pub rest_ms: u32,
    /// How often the current order is read without a notice, in milliseconds.
    pub refresh_ms: u32,
    /// How long a unit may stay unconfirmed before it is sent again, in milliseconds.
    pub resend_after_ms: u32,
    /// How long an order is held without a verified head before the load is let go, in milliseconds; 0: to its end.
    pub dead_man_ms: u32,
    /// How many gateways there are, each of another owner; at least 1.
    pub gateways: usize,
}

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} = {value} is outside {range}. Remedy: correct it in the configuration file")]
pub struct ConfigError {
    /// Its name in the configuration file.
    pub setting: &'static str,
    /// What was given.
    pub value: u64,
    /// What is allowed.
    pub range: &'static str,
}

impl Config {
    /// Checks every range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let rules = [
            ("interval_ms", self.interval_ms as u64, 100..=60_000, "100 to 60,000"),
            ("readings_per_unit", self.readings_per_unit as u64, 1..=MAX_READINGS as u64, "1 to 60"),
            ("max_unit_age_ms", self.max_unit_age_ms as u64, 100..=3_600_000, "100 to 3,600,000"),
            ("heartbeat_ms", self.heartbeat_ms as u64, 100..=600_000, "100 to 600,000"),
            ("rest_ms", self.rest_ms as u64, 100..=600_000, "100 to 600,000"),
            ("refresh_ms", self.refresh_ms as u64, 1_000..=600_000, "1,000 to 600,000"),
            ("resend_after_ms", self.resend_after_ms as u64, 200..=600_000, "200 to 600,000"),
            ("dead_man_ms", self.dead_man_ms as u64, 0..=86_400_000, "0 to 86,400,000"),
            ("gateways", self.gateways as u64, 1..=64, "1 to 64 addresses"),
        ];
        match rules.into_iter().find(|(_, value, allowed, _)| !allowed.contains(value)) {
            Some((setting, value, _, range)) => Err(ConfigError { setting, value, range }),
            None => Ok(()),
        }
    }

    /// Gateways that a unit is sent to again: f + 1, so that one of them is honest.
    pub(crate) fn spread(&self) -> usize {
        (self.gateways - 1) / 3 + 1
    }

    /// How long an answer may take before another gateway is asked, in milliseconds.
    pub(crate) fn patience_ms(&self) -> u64 {
        3 * self.heartbeat_ms as u64
    }

    /// Whether contact was lost for so long that no order is held.
    pub(crate) fn lets_go(&self, silent_ms: u64) -> bool {
        self.dead_man_ms > 0 && silent_ms >= self.dead_man_ms as u64
    }

    /// How long without a verified head is an alarm, in milliseconds, while an order binds the node or none does.
    pub(crate) fn silence_ms(&self, has_order: bool) -> u64 {
        let heartbeat_ms = if has_order { self.heartbeat_ms } else { self.rest_ms.max(self.heartbeat_ms) };
        3 * heartbeat_ms as u64
    }
}
