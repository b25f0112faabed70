//! Own units: readings close into them, and what an earlier life left goes into the present one.

use super::LoadNode;
use crate::types::*;
use loadstone_core::Watts;
use loadstone_dag::{Body, Slot, MAX_READINGS};

impl LoadNode {
    /// Closes the units that are due: at once while an order runs, else when full or old enough.
    pub(super) fn close_due(&mut self, now: Now) {
        let live = self.time(now).is_some_and(|time| self.down.is_live(time) || self.up.is_live(time));
        self.close(now, if live { 0 } else { self.config.max_unit_age_ms as u64 });
    }

    pub(super) fn close(&mut self, now: Now, max_age_ms: u64) {
        if !self.may_sign() {
            return;
        }
        let limit = (self.config.readings_per_unit as usize).min(MAX_READINGS);
        let time = self.time(now);
        let event = time.and_then(|time| self.down.event(time).or_else(|| self.up.event(time)));
        let range = self.identity.map(|identity| identity.load_min..=identity.load_max);
        let possible = |watts: Watts| range.as_ref().is_none_or(|range| range.contains(&watts));
        while let Some(count) = self.writer.due(now, limit, max_age_ms) {
            let Some(body) = self.writer.take(count, event, possible) else { break };
            self.write(body, count, Vec::new());
        }
        self.send_unsent(now);
    }

    pub(super) fn may_sign(&self) -> bool {
        self.admitted && self.identity.is_some_and(|identity| identity.incarnation == self.writer.tip().incarnation)
    }

    /// Signs a unit. It is on disk, in one step with `changes`, before anything later in the outputs
    /// is sent.
    pub(super) fn write(&mut self, body: Body, readings: usize, mut changes: Vec<Change>) {
        let references = self.frontier.take().map(|w| loadstone_dag::Reference::Witness(w.member, w.level, w.hash));
        let references = references.into_iter().collect();
        let (unit, hash) = self.writer.sign(body, references, &self.genesis, self.signer.as_ref());
        let slot = unit.content.slot;
        changes.push(Change::Unit(unit.clone(), hash));
        self.out.push(Output::Persist(changes, true));
        self.note(Note::Unit { slot, readings });
        self.outbox.push(unit, hash);
    }

    /// Puts the content of units from an earlier life of the device into the present one.
    pub(super) fn reissue(&mut self, now: Now) {
        let tip = self.writer.tip();
        let first = Slot { device: self.config.device, incarnation: tip.incarnation, sequence: Default::default() };
        if !self.may_sign() {
            return;
        }
        for unit in self.outbox.drain_before(first) {
            let readings = match &unit.content.body {
                Body::Readings(readings) => readings.count(),
                Body::Acknowledgement(_) => 0,
            };
            let void = Change::Void(unit.content.slot);
            self.write(unit.content.body, readings, vec![void]);
        }
        self.send_unsent(now);
    }
}
