//! A resource's mean load in each settlement interval before and around an event.

use crate::{
    baseline::{calendar::DAY_MS, Reading},
    math::watts_signed,
    record::TELEMETRY_INTERVAL_MS,
};
use alloc::vec::Vec;
use core::ops::Range;
use loadstone_core::{BasisPoints, Millis, Watts, BASIS_POINTS};

/// Mean loads by interval. Interval 0 is the event's first; earlier ones have negative numbers, and the same interval
/// `k` days before is `k` times [`Profile::per_day`] less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    start: Millis,
    interval_ms: u32,
    first: i64,
    loads: Vec<Option<Watts>>,
}

impl Profile {
    /// Of readings in chain order, for the intervals in `range`. Of several valid readings in a telemetry slot the
    /// first counts; an interval's load is their mean, rounded down, and unknown when fewer than `least` of its slots
    /// were read. The interval is at least a telemetry interval.
    pub fn new(
        start: Millis,
        interval_ms: u32,
        range: Range<i64>,
        least: BasisPoints,
        readings: impl IntoIterator<Item = Reading>,
    ) -> Self {
        let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
        let slots = (u64::from(interval_ms) / TELEMETRY_INTERVAL_MS).max(1);
        let mut sums = alloc::vec![(0i128, 0u64); count];
        let mut seen = alloc::vec![0u64; count.saturating_mul(slots as usize).div_ceil(64)];
        for reading in readings.into_iter().filter(|reading| reading.valid) {
            let Some((place, slot)) = place(start, interval_ms, &range, slots, reading.at) else { continue };
            let bit = place as u64 * slots + slot;
            let Some(word) = seen.get_mut((bit / 64) as usize) else { continue };
            if *word & (1 << (bit % 64)) == 0 {
                *word |= 1 << (bit % 64);
                if let Some((sum, read)) = sums.get_mut(place) {
                    // As many terms as slots, of 64 bits each.
                    *sum += i128::from(reading.load.0);
                    *read += 1;
                }
            }
        }
        let needed = (slots * u64::from(least.0)).div_ceil(BASIS_POINTS.into()).max(1);
        let mean = |(sum, read): (i128, u64)| (read >= needed).then(|| sum.checked_div_euclid(read.into())).flatten();
        let loads = sums.into_iter().map(|interval| mean(interval).map(watts_signed)).collect();
        Self { start, interval_ms, first: range.start, loads }
    }

    /// Of known loads, the first of which is interval `first`'s.
    pub fn of(start: Millis, interval_ms: u32, first: i64, loads: Vec<Option<Watts>>) -> Self {
        Self { start, interval_ms, first, loads }
    }

    /// Load in an interval; `None` where it is unknown.
    pub fn at(&self, interval: i64) -> Option<Watts> {
        let place = usize::try_from(interval.checked_sub(self.first)?).ok()?;
        self.loads.get(place).copied().flatten()
    }

    /// Intervals in a day, at least one. The interval divides a day.
    pub fn per_day(&self) -> i64 {
        i64::try_from(DAY_MS / u64::from(self.interval_ms.max(1))).unwrap_or(1).max(1)
    }

    /// Start of the event.
    pub fn start(&self) -> Millis {
        self.start
    }

    /// The interval that begins so many milliseconds before the event's start, rounded away from it.
    pub fn before(&self, ms: u32) -> i64 {
        -i64::from(ms.div_ceil(self.interval_ms.max(1)))
    }

    /// Whole intervals in so many milliseconds.
    pub fn whole(&self, ms: u32) -> i64 {
        i64::from(ms / self.interval_ms.max(1))
    }

    /// The first interval that was not over at `moment`, at most 0.
    pub fn open_at(&self, moment: Millis) -> i64 {
        let left = self.start.since(moment).div_ceil(u64::from(self.interval_ms.max(1)));
        -i64::try_from(left).unwrap_or(i64::MAX)
    }
}

/// Place of a moment's interval in the range, and its slot in the interval.
fn place(start: Millis, interval_ms: u32, range: &Range<i64>, slots: u64, at: Millis) -> Option<(usize, u64)> {
    let (at, start, interval) = (i128::from(at.0), i128::from(start.0), i128::from(interval_ms.max(1)));
    let from_start = at - start;
    let number = i64::try_from(from_start.div_euclid(interval)).ok()?;
    let place = usize::try_from(number.checked_sub(range.start)?).ok()?;
    let slot = u64::try_from(from_start.rem_euclid(interval)).ok()? / TELEMETRY_INTERVAL_MS;
    (number < range.end && slot < slots).then_some((place, slot))
}
