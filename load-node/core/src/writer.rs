//! The node's own chain of units: readings gather, a unit closes, and its place is taken for good.

use crate::types::{Now, Reading, Signer, Tip};
use loadstone_core::{DeviceId, EventId, Hash, Incarnation, Millis, Sequence, Watts};
use loadstone_dag::{Body, Readings, Reference, Slot, Unit, UnitContent};
use std::collections::VecDeque;

/// Readings that wait in memory at most: a day's worth at one a second.
const MAX_PENDING: usize = 86_400;

/// Moments of readings in units that are remembered, so that none is taken twice.
const MAX_TAKEN: usize = 128;

/// Gathers readings and signs units.
#[derive(Debug)]
pub(crate) struct Writer {
    device: DeviceId,
    interval_ms: u32,
    tip: Tip,
    pending: VecDeque<Reading>,
    /// Moments of the last readings that are in units.
    taken: VecDeque<Millis>,
    /// Newest moment of a reading since the start.
    newest: Option<Millis>,
}

impl Writer {
    pub(crate) fn new(device: DeviceId, interval_ms: u32, tip: Tip, pending: Vec<Reading>) -> Self {
        let newest = pending.iter().map(|reading| reading.at).max();
        Self { device, interval_ms, tip, pending: pending.into(), taken: VecDeque::new(), newest }
    }

    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Starts the chain of a later life of the device.
    pub(crate) fn renew(&mut self, incarnation: Incarnation) {
        self.tip = Tip { incarnation, next: Sequence(0), previous: Hash::zero() };
    }

    /// Takes a reading; false when one of its moment was taken lately, or too many wait. One that is older than those that
    /// wait follows a clock that was put right: it begins another unit.
    pub(crate) fn push(&mut self, reading: Reading) -> bool {
        let is_newest = self.newest.is_none_or(|newest| newest < reading.at);
        let mut known = self.pending.iter().map(|waiting| waiting.at).chain(self.taken.iter().copied());
        let is_double = !is_newest && known.any(|at| at == reading.at);
        if is_double || self.pending.len() >= MAX_PENDING {
            return false;
        }
        self.newest = self.newest.max(Some(reading.at));
        self.pending.push_back(reading);
        true
    }

    /// How many readings the next unit takes, when it is to be closed now: those at the front that
    /// follow each other on the grid, at most `limit`. A run is due when it is full, when a gap ends
    /// it, or when its first reading is `max_age_ms` old.
    pub(crate) fn due(&self, now: Now, limit: usize, max_age_ms: u64) -> Option<usize> {
        let first = self.pending.front()?;
        let step = self.interval_ms as u64;
        let run = self.pending.iter().zip(self.pending.iter().skip(1));
        let run = 1 + run.take(limit.saturating_sub(1)).take_while(|(a, b)| b.at == a.at.after(step)).count();
        let ended = run >= limit || run < self.pending.len();
        (ended || now.unix.since(first.at) >= max_age_ms).then_some(run)
    }

    /// Body of a unit with the first `count` readings, which wait no longer; `None` unless there are 1 to
    /// 60 of them. Readings that are not `possible` are marked as doubtful: committee members refuse
    /// them otherwise, and with them everything after.
    pub(crate) fn take(
        &mut self,
        count: usize,
        event: Option<EventId>,
        possible: impl Fn(Watts) -> bool,
    ) -> Option<Body> {
        let start = self.pending.front()?.at;
        let marked = |reading: &Reading| (reading.watts, !reading.doubtful && possible(reading.watts));
        let readings: Vec<_> = self.pending.iter().take(count).map(marked).collect();
        let readings = Readings::new(start, self.interval_ms, event, &readings).ok()?;
        self.taken.extend(self.pending.drain(..readings.count()).map(|reading| reading.at));
        self.taken.drain(..self.taken.len().saturating_sub(MAX_TAKEN));
        Some(Body::Readings(readings))
    }

    /// Signs the next unit of the chain and returns it with its id.
    pub(crate) fn sign(
        &mut self,
        body: Body,
        references: Vec<Reference>,
        genesis: &Hash,
        signer: &dyn Signer,
    ) -> (Unit, Hash) {
        let slot = Slot { device: self.device, incarnation: self.tip.incarnation, sequence: self.tip.next };
        let content = UnitContent { slot, previous: self.tip.previous, references, body };
        let payload = content.payload(genesis);
        let (hash, signature) = (payload.hash(), signer.sign(&payload));
        self.tip = Tip { incarnation: slot.incarnation, next: slot.sequence.next(), previous: hash };
        (Unit { content, signature }, hash)
    }
}
