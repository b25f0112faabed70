//! What a unit says of the load, as records count it.

use alloc::vec::Vec;
use loadstone_dag::{Body, Unit};
use loadstone_market::baseline::Reading;

/// Readings of a unit in order; none for an acknowledgement or a body that does not decode.
pub fn readings(unit: &Unit) -> Vec<Reading> {
    let Body::Readings(readings) = &unit.content.body else { return Vec::new() };
    let decoded = readings.watts().unwrap_or_default();
    decoded.into_iter().map(|(at, load, valid)| Reading { at, load, valid }).collect()
}
