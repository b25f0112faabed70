//! Counting units.

use loadstone_dag::{Body, Unit};
use loadstone_load_core::{Summary, UnitState};

/// Adds one unit to the counts; a void one counts under its new place.
pub(crate) fn count(summary: &mut Summary, unit: &Unit, state: UnitState) {
    let readings = match (&unit.content.body, state) {
        (_, UnitState::Void) => return,
        (Body::Readings(readings), _) => readings.count() as u64,
        (Body::Acknowledgement(_), _) => {
            summary.acknowledgements += 1;
            0
        }
    };
    let anchored = matches!(state, UnitState::Anchored(_));
    let confirmed = anchored || state == UnitState::Confirmed;
    summary.units += 1;
    summary.units_anchored += anchored as u64;
    summary.read += readings;
    summary.sent += readings;
    summary.confirmed += if confirmed { readings } else { 0 };
    summary.anchored += if anchored { readings } else { 0 };
    summary.unanchored += if anchored { 0 } else { readings };
}
