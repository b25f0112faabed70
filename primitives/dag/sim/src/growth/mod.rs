//! How cost grows with members and with devices.

mod devices;
mod members;

use serde_json::{json, Value};

pub use devices::measure_devices;

/// A figure with what it was measured at.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// `members` or `devices`.
    pub parameter: &'static str,
    /// How many of these.
    pub at: u32,
}

impl Figure {
    /// As a JSON object.
    pub fn as_json(&self) -> Value {
        let value = (self.value * 1_000.0).round() / 1_000.0;
        json!({
            "bench": "dag",
            "name": self.name,
            "value": value,
            "unit": self.unit,
            "params": { self.parameter: self.at },
        })
    }

    /// As a line for people.
    pub fn as_text(&self) -> String {
        format!("{:>9} {:<8} {:<32} {:>14.3} {}", self.at, self.parameter, self.name, self.value, self.unit)
    }
}

/// Measures growth with members, then with devices, and shows each figure as soon as it is there.
pub fn measure(mut show: impl FnMut(&Figure)) -> std::io::Result<()> {
    for members in [4, 7, 13, 21, 31] {
        members::measure_members(members).iter().for_each(&mut show);
    }
    for devices in [1_000, 10_000, 100_000, 1_000_000] {
        devices::measure_apart(devices)?.iter().for_each(&mut show);
    }
    Ok(())
}
