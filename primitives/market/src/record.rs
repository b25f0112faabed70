//! Event records: what anchored readings say of one resource, recomputed alike by members, auditors
//! and the referee.
//!
//! The reading grid: the window is cut into slots of [`TELEMETRY_INTERVAL_MS`] from its start, and one
//! reading is due in each. A slot belongs to the settlement interval that its beginning falls into.
//! Of several valid readings in a slot the first in the device's chain counts. A slot without one
//! delivers nothing. Every function here is total: any input gives a record, and the same one.

use crate::{
    baseline::{Basis, Reading},
    math::{magnitude, mul_div_ceil, mul_div_floor, watts_signed},
    setpoint::Ask,
    BaselineMethod, Clearing, Event, EventRecord, PastEvents, Programme, RecordInputs, Segments, MAX_INTERVALS,
};
use alloc::{collections::BTreeMap, vec::Vec};
use loadstone_core::{BasisPoints, BoundedVec, ConstU32, Direction, ResourceId, Watts, BASIS_POINTS};

/// Distance between due readings in milliseconds.
pub const TELEMETRY_INTERVAL_MS: u64 = 1_000;

/// Share of the quota at which a resource has responded.
const RESPONDED: BasisPoints = BasisPoints(9_000);

/// Makes the records of one event.
#[derive(Clone, Copy, Debug)]
pub struct Recorder<'a> {
    event: &'a Event,
    method: &'a BaselineMethod,
    clearing: &'a Clearing,
}

/// A due slot that was read: when after the window's start, its interval, and the power delivered.
struct Delivery {
    after_start_ms: u64,
    interval: usize,
    delivered: i128,
}

/// How fast and how well a resource held its quota.
#[derive(Default)]
struct Response {
    time_ms: u64,
    rate: BasisPoints,
    precision_error: BasisPoints,
}

impl<'a> Recorder<'a> {
    /// Records under `event`'s own version of `programme`, with awards by `clearing`.
    pub fn new(event: &'a Event, programme: &'a Programme, clearing: &'a Clearing) -> Self {
        Self { event, method: &programme.baseline, clearing }
    }

    /// The record of one resource, with its events so far.
    ///
    /// Both slices hold readings in rising order of (incarnation, sequence, index): `before` those in units of anchors up
    /// to the event's baseline anchor, of which a suffix serves as well where the method says so
    /// ([`BaselineMethod::reach`]); `during` all those in units of later anchors up to the cut-off. Readings outside
    /// the window deliver nothing.
    pub fn record(
        &self,
        resource: ResourceId,
        segments: &Segments,
        past: &PastEvents,
        before: &[Reading],
        during: &[Reading],
    ) -> EventRecord {
        let baseline = Basis { event: self.event, past, before }.baseline(self.method, during).unwrap_or_default();
        let quotas = self.quotas(&Ask::new(self.clearing, segments));
        let deliveries = self.deliveries(&baseline, during);
        let response = self.response(&quotas, &deliveries);
        EventRecord {
            resource,
            baseline: BoundedVec::truncate_from(baseline),
            delivered: self.delivered(&deliveries),
            readings_due: u32::try_from(self.slots_before(quotas.len())).unwrap_or(u32::MAX),
            readings_valid: u32::try_from(deliveries.len()).unwrap_or(u32::MAX),
            response_time_ms: u32::try_from(response.time_ms).unwrap_or(u32::MAX),
            rate: response.rate,
            precision_error: response.precision_error,
            quota: quotas,
        }
    }

    /// Quota in each interval.
    fn quotas(&self, ask: &Ask) -> BoundedVec<Watts, ConstU32<MAX_INTERVALS>> {
        BoundedVec::truncate_from(ask.quotas(self.event).collect())
    }

    /// Slots that begin before the end of the first `intervals` intervals.
    fn slots_before(&self, intervals: usize) -> u64 {
        (intervals as u64 * self.event.interval_ms as u64).div_ceil(TELEMETRY_INTERVAL_MS)
    }

    /// Slots of one interval.
    fn slots_of(&self, interval: usize) -> u64 {
        self.slots_before(interval + 1) - self.slots_before(interval)
    }

    /// The slots that were read, in order of time. Without a baseline nothing counts as delivered.
    fn deliveries(&self, baseline: &[Watts], during: &[Reading]) -> Vec<Delivery> {
        let event = self.event;
        let mut slots = BTreeMap::new();
        let valid = during.iter().copied().filter(|reading| reading.valid);
        for reading in valid.filter(|reading| event.start <= reading.at && reading.at < event.end()) {
            let slot = reading.at.since(event.start) / TELEMETRY_INTERVAL_MS;
            slots.entry(slot).or_insert(reading);
        }
        let delivery = |(slot, reading): (u64, Reading)| {
            let interval = event.interval_at(event.start.after(slot * TELEMETRY_INTERVAL_MS))?;
            let reduction = baseline.get(interval).map_or(0, |baseline| baseline.0 as i128 - reading.load.0 as i128);
            let delivered = if event.direction == Direction::Down { reduction } else { -reduction };
            Some(Delivery { after_start_ms: reading.at.since(event.start), interval, delivered })
        };
        slots.into_iter().filter_map(delivery).collect()
    }

    /// Mean power delivered in each interval over all its due slots, rounded toward zero.
    fn delivered(&self, deliveries: &[Delivery]) -> BoundedVec<Watts, ConstU32<MAX_INTERVALS>> {
        let mut sums = alloc::vec![0i128; self.event.needs.len()];
        for delivery in deliveries {
            if let Some(sum) = sums.get_mut(delivery.interval) {
                *sum = sum.saturating_add(delivery.delivered);
            }
        }
        let mean = |(interval, sum): (usize, i128)| {
            watts_signed(sum.checked_div(self.slots_of(interval) as i128).unwrap_or_default())
        };
        BoundedVec::truncate_from(sums.into_iter().enumerate().map(mean).collect())
    }

    /// Response time, rate and precision; all zero when nothing was asked.
    fn response(&self, quotas: &[Watts], deliveries: &[Delivery]) -> Response {
        let asked = |interval: usize| quotas.get(interval).copied().map_or(0, magnitude);
        let Some(first) = (0..quotas.len()).find(|interval| asked(*interval) > 0) else {
            return Response::default();
        };
        let start_ms = first as u64 * self.event.interval_ms as u64;
        let responded = deliveries.iter().position(|delivery| {
            let quota = asked(delivery.interval);
            quota > 0 && positive(delivery.delivered) >= mul_div_ceil(&[quota, RESPONDED.0 as u128], &[ONE])
        });
        let window_ms = self.event.end().since(self.event.start);
        match responded.and_then(|at| deliveries.get(at..)) {
            Some(after @ [delivery, ..]) => {
                let time_ms = delivery.after_start_ms.saturating_sub(start_ms);
                let from_slot = delivery.after_start_ms / TELEMETRY_INTERVAL_MS;
                Response {
                    time_ms,
                    rate: rate(delivery.delivered, asked(delivery.interval), time_ms),
                    precision_error: self.precision_error(quotas, after, from_slot),
                }
            }
            _ => Response {
                time_ms: window_ms,
                rate: BasisPoints(0),
                precision_error: self.precision_error(quotas, deliveries, 0),
            },
        }
    }

    /// Mean absolute deviation over the due slots from `from_slot` on in intervals with a quota, in
    /// basis points of the mean quota, rounded up; a slot that was not read deviates by its quota.
    fn precision_error(&self, quotas: &[Watts], deliveries: &[Delivery], from_slot: u64) -> BasisPoints {
        let (mut deviation, mut asked) = (0u128, 0u128);
        let mut read = alloc::vec![0u64; quotas.len()];
        for delivery in deliveries {
            let quota = quotas.get(delivery.interval).copied().map_or(0, magnitude);
            if quota > 0 {
                deviation = deviation.saturating_add(delivery.delivered.abs_diff(quota as i128));
                read[delivery.interval] += 1;
            }
        }
        for (interval, quota) in quotas.iter().enumerate() {
            let due = self.slots_before(interval + 1).saturating_sub(self.slots_before(interval).max(from_slot));
            let missing = due.saturating_sub(read[interval]);
            asked = asked.saturating_add(magnitude(*quota).saturating_mul(due as u128));
            deviation = deviation.saturating_add(magnitude(*quota).saturating_mul(missing as u128));
        }
        BasisPoints(u32::try_from(mul_div_ceil(&[deviation, ONE], &[asked])).unwrap_or(u32::MAX))
    }
}

impl RecordInputs {
    /// The recorder for the chunk's resources.
    pub fn recorder(&self) -> Recorder<'_> {
        Recorder::new(&self.event, &self.programme, &self.clearing)
    }
}

const ONE: u128 = BASIS_POINTS as u128;

fn positive(delivered: i128) -> u128 {
    delivered.max(0).unsigned_abs()
}

/// Delivery over response time in basis points of the quota per second, at least 1. Delivery counts up
/// to the quota, and a response within one telemetry interval counts as one, since no reading
/// resolves less.
fn rate(delivered: i128, quota: u128, time_ms: u64) -> BasisPoints {
    let time_ms = time_ms.max(TELEMETRY_INTERVAL_MS) as u128;
    let rate = mul_div_floor(&[positive(delivered).min(quota), ONE, 1_000], &[quota, time_ms]);
    BasisPoints(u32::try_from(rate).unwrap_or(u32::MAX).max(1))
}
