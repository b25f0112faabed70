//! Capacity that was never proven: asked for again and again, and never delivered.

use super::{share_of_up, Evidence, SupervisionRules, Track};
use crate::{
    math::{magnitude, watts},
    EventRecord,
};
use loadstone_core::{Direction, Watts};

/// Takes one event of a resource of `capacity` into its track.
///
/// Only events count in which some interval asked for `capacity_share` of the capacity: what is asked for little can't
/// prove much. One interval that delivers so much is proof, and the row ends. After a find the row begins anew.
pub fn capacity(
    track: &mut Track,
    (capacity, direction): (Watts, Direction),
    record: &EventRecord,
    rules: &SupervisionRules,
) -> Option<Evidence> {
    let proof = watts(share_of_up(magnitude(capacity), rules.capacity_share));
    let greatest = |values: &[Watts]| values.iter().copied().max().unwrap_or_default();
    if rules.capacity_events == 0 || proof.0 == 0 || greatest(&record.quota) < proof {
        return None;
    }
    track.best = track.best.max(greatest(&record.delivered));
    track.unproven = track.unproven.saturating_add(1);
    let (best, events) = (track.best, track.unproven);
    if best < proof && events < rules.capacity_events {
        return None;
    }
    (track.best, track.unproven) = (Watts(0), 0);
    (best < proof).then_some(Evidence::CapacityUnproven { direction, capacity, best, events })
}
