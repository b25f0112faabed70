//! The baseline of an event by its programme's method.

use crate::{
    baseline::{days::DAY_MARGIN, meter_before, of_days, profile::Profile, same_day, Reading},
    BaselineMethod, Event, MeanOfDays, PastEvents, SameDay,
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::ops::Range;
use loadstone_core::{BasisPoints, Watts};

/// What everybody who computes a baseline starts from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The event.
    pub event: &'a Event,
    /// The resource's events, as they stand on chain.
    pub past: &'a PastEvents,
    /// Its readings in units of anchors up to the event's baseline anchor, in chain order: as many as
    /// [`BaselineMethod::reach`] tells, or more.
    pub before: &'a [Reading],
}

impl Basis<'_> {
    /// What was locked when the event was opened: load in each interval, from which setpoints follow. `None` where
    /// too little is known.
    pub fn reference(&self, method: &BaselineMethod) -> Option<Vec<Watts>> {
        self.baseline(method, &[])
    }

    /// Load in each interval, from which deliveries follow; `during` are the readings up to the cut-off. It differs from
    /// the reference only where the method looks at hours after the event.
    pub fn baseline(&self, method: &BaselineMethod, during: &[Reading]) -> Option<Vec<Watts>> {
        match method {
            BaselineMethod::MeterBefore { readings } => {
                let earlier = self.before.iter().filter(|reading| reading.at < self.event.start);
                self.flat(meter_before(earlier.copied().map(Into::into), *readings)?)
            }
            BaselineMethod::Metered {} => self.flat(Watts(0)),
            BaselineMethod::MeanOfDays(method) => self.of_days(method),
            BaselineMethod::SameDay(rule) => self.same_day(rule, during),
        }
    }

    fn of_days(&self, method: &MeanOfDays) -> Option<Vec<Watts>> {
        let MeanOfDays { least_read, rule, adjustment, calendar } = method;
        // Adjusting looks at the hours before the window on every day that counts.
        let reach = i64::from(rule.look_back).saturating_add(DAY_MARGIN).saturating_mul(self.grid().per_day());
        let profile = self.profile(*least_read, -reach..0, self.before);
        let counted = self.past.iter().filter(|past| past.recorded < self.event.baseline_anchor);
        let days: BTreeSet<u32> = counted.map(|past| calendar.day(past.start)).collect();
        let rules = (rule, adjustment.as_ref(), calendar);
        Some(of_days(&profile, self.event.needs.len(), rules, &days, self.event.opened)?.loads)
    }

    fn same_day(&self, rule: &SameDay, during: &[Reading]) -> Option<Vec<Watts>> {
        let intervals = i64::try_from(self.event.needs.len()).ok()?;
        let grid = self.grid();
        let from = grid.before(rule.skip_before_ms.saturating_add(rule.before_ms));
        let before = same_day::before(rule, &self.profile(rule.least_read, from..0, self.before), self.event.opened);
        if before.is_nothing() {
            return None;
        }
        let range = same_day::after_range(rule, &grid, intervals);
        let after = same_day::after(rule, &self.profile(rule.least_read, range, during), intervals);
        self.flat(before.mean(after)?)
    }

    /// The event's intervals, without a load in any.
    fn grid(&self) -> Profile {
        Profile::of(self.event.start, self.event.interval_ms, 0, Vec::new())
    }

    fn profile(&self, least: BasisPoints, range: Range<i64>, readings: &[Reading]) -> Profile {
        Profile::new(self.event.start, self.event.interval_ms, range, least, readings.iter().copied())
    }

    fn flat(&self, level: Watts) -> Option<Vec<Watts>> {
        Some(alloc::vec![level; self.event.needs.len()])
    }
}
