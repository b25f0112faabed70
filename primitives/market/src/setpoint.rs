//! From award or availability to the level that a node holds.

use crate::{
    clearing::{awards, reserves},
    math::{magnitude, mul_div_ceil, watts},
    selection::call,
    Availability, AvailabilityEntry, Clearing, Event, OrderRule, Segments,
};
use loadstone_core::{AvailabilityEpoch, Direction, Watts};

/// Watts asked of an award in an interval: ceil(award x need / peak). Between zero and the award;
/// zero when any of the three is not positive.
pub fn quota(award: Watts, need: Watts, peak: Watts) -> Watts {
    let award = magnitude(award);
    watts(mul_div_ceil(&[award, magnitude(need)], &[magnitude(peak)]).min(award))
}

/// What a cleared event may ask of one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Watts awarded.
    pub award: Watts,
    /// Watts of reserve, asked once it is called.
    pub reserve: Watts,
}

impl Ask {
    /// Of a resource with these segments.
    pub fn new(clearing: &Clearing, segments: &Segments) -> Self {
        Self { award: awards(clearing, segments), reserve: reserves(clearing, segments) }
    }

    /// The most that is asked in `interval` where the need is at its peak.
    pub fn power(&self, event: &Event, interval: usize) -> Watts {
        let reserve = if event.is_reserve_called(interval) { self.reserve } else { Watts(0) };
        Watts(self.award.0.saturating_add(reserve.0))
    }

    /// Watts asked in `interval`: the [quota] of the award, together with the reserve where that is called.
    pub fn quota(&self, event: &Event, interval: usize) -> Watts {
        quota(self.power(event, interval), event.need(interval), event.peak_need())
    }

    /// Watts asked in each interval, in order; the peak is looked for once.
    pub fn quotas<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = Watts> + 'a {
        let peak = event.peak_need();
        event.needs.iter().enumerate().map(move |(interval, need)| quota(self.power(event, interval), *need, peak))
    }
}

/// The entry that counts in `epoch`: the last one that begins no later. `None` before the first.
pub fn entry_at(availability: &Availability, epoch: AvailabilityEpoch) -> Option<&AvailabilityEntry> {
    availability.iter().filter(|entry| entry.from <= epoch).max_by_key(|entry| entry.from)
}

/// Watts that an emergency order asks of a resource, see [`call`]; zero for any other rule.
pub fn emergency_quota(availability: &Availability, rule: &OrderRule) -> Watts {
    call(availability, rule).map_or(Watts(0), |call| call.quota)
}

/// The load that a node holds: `reference` less `quota` but not below `load_min`, or `reference` plus
/// `quota` but not above `load_max`. Saturating: a sum beyond the type is beyond any load's range.
pub fn setpoint(reference: Watts, quota: Watts, direction: Direction, load_min: Watts, load_max: Watts) -> Watts {
    match direction {
        Direction::Down => Watts(reference.0.saturating_sub(quota.0)).max(load_min),
        Direction::Up => Watts(reference.0.saturating_add(quota.0)).min(load_max),
    }
}
