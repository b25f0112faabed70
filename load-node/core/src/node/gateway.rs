//! Gateways: sending, sending again, choosing the best, and what they answer.

use super::LoadNode;
use crate::{
    anchors::{path_holds, Claim, Verdict},
    health::Fault,
    outbox::{Due, BATCH},
    types::*,
};
use loadstone_core::Sequence;
use loadstone_dag::{DeviceMessage, GatewayMessage, Refusal, Slot, Unit};

/// Attempts after which another gateway becomes the first.
const STUBBORN: u32 = 3;

/// Gateways that must hold another chain of this device before the node gives up its own.
const DISOWNERS: usize = 2;

/// Slots in one request for proofs.
const PROVE_BATCH: usize = 128;

impl LoadNode {
    /// A gateway is connected and serves this chain.
    pub fn connected(&mut self, now: Now, gateway: usize) {
        let Some(connected) = self.connected.get_mut(gateway) else { return };
        *connected = true;
        if gateway == self.primary {
            let units = self.outbox.all(now.mono_ms);
            self.submit(gateway, units);
        }
    }

    /// A gateway can't be reached or has turned us away; the next one takes the units.
    pub fn lost(&mut self, now: Now, gateway: usize) {
        let Some(connected) = self.connected.get_mut(gateway) else { return };
        *connected = false;
        self.blame(now, gateway, Fault::Lost);
    }

    /// Which gateway takes the units first.
    pub fn primary(&self) -> usize {
        self.primary
    }

    /// A gateway said something.
    pub fn message(&mut self, now: Now, gateway: usize, message: GatewayMessage) {
        match message {
            GatewayMessage::Hello { .. } | GatewayMessage::Accepted(..) => {}
            GatewayMessage::Refused(slot, refusal) => self.on_refusal(now, gateway, slot, refusal),
            GatewayMessage::Confirmed(slot, unit) => {
                if let Some(after_ms) = self.outbox.confirm(&slot, &unit, now.mono_ms) {
                    self.out.push(Output::Persist(vec![Change::Confirmed(slot)], false));
                    self.note(Note::Confirmed { slot, after_ms });
                }
            }
            GatewayMessage::Anchored { slot, unit, anchor, proof } => {
                let claim = Claim { gateway, slot, unit, anchor, proof };
                if self.outbox.holds(&slot, &unit) {
                    self.on_claim(now, claim);
                }
            }
            GatewayMessage::Frontier(witness) => self.frontier = Some(witness),
            GatewayMessage::Capsule(bytes) => self.on_capsule(now, gateway, &bytes),
        }
    }

    /// Sends what was never sent, where there is a connection; otherwise it goes out with the next one.
    pub(super) fn send_unsent(&mut self, now: Now) {
        if self.connected.get(self.primary).copied().unwrap_or(false) {
            let units = self.outbox.unsent(now.mono_ms);
            self.submit(self.primary, units);
        }
    }

    /// Sends again what has waited too long: to f + 1 gateways in rotation.
    pub(super) fn send_due(&mut self, now: Now) {
        let Due { units, proofs, attempt } = self.outbox.due(now.mono_ms);
        let count = self.config.gateways;
        if attempt >= STUBBORN && now.mono_ms.saturating_sub(self.rotated_ms) >= self.config.patience_ms() {
            self.rotated_ms = now.mono_ms;
            self.blame(now, self.primary, Fault::Stubborn);
        }
        for step in 0..self.config.spread() {
            // From the second attempt on, the rotation moves past the gateway that did not help.
            let gateway = (self.primary + attempt.saturating_sub(1) as usize + step) % count;
            self.submit(gateway, units.clone());
            for slots in proofs.chunks(PROVE_BATCH) {
                self.out.push(Output::Send(gateway, DeviceMessage::Prove(slots.to_vec())));
            }
        }
    }

    pub(super) fn load_units(&mut self) {
        if let Some((after, limit)) = self.outbox.load() {
            self.out.push(Output::LoadUnits(after, limit));
        }
    }

    /// No verified head for three heartbeats: another gateway may know more. An order that runs is
    /// held to its end by the own clock, and nothing after it.
    pub(super) fn watch_silence(&mut self, now: Now) {
        let (Some(silence), Some(time)) = (self.clock.silence(now), self.time(now)) else { return };
        let has_order = self.down.is_live(time) || self.up.is_live(time);
        if silence >= self.alarm_ms.saturating_add(self.config.silence_ms(has_order)) {
            self.alarm_ms = silence;
            self.note(Note::Silence(silence));
            self.blame(now, self.primary, Fault::Silent);
        }
    }

    pub(super) fn on_verdict(&mut self, now: Now, verdict: Verdict) {
        for claim in verdict.forged {
            let number = claim.anchor.number;
            let text = format!("gateway {} showed an anchor {number} that is not the chain's", claim.gateway);
            self.note(Note::Refused(text));
            self.blame(now, claim.gateway, Fault::Forged);
        }
        let mut newest = None;
        for claim in verdict.proven {
            if !self.outbox.holds(&claim.slot, &claim.unit) {
                continue;
            }
            self.outbox.remove(&claim.slot);
            let (slot, anchor) = (claim.slot, claim.anchor.number);
            let anchored = Anchored { anchor: claim.anchor, proof: claim.proof };
            self.out.push(Output::Persist(vec![Change::Anchored(slot, anchored)], false));
            self.note(Note::Anchored { slot, anchor });
            newest = newest.max(Some(anchor));
        }
        if let Some(anchor) = newest {
            self.recompute(anchor);
        }
    }

    fn on_claim(&mut self, now: Now, claim: Claim) {
        if !path_holds(&claim) {
            let text = format!("gateway {} sent a Merkle path that does not lead to its anchor", claim.gateway);
            return self.note(Note::Refused(text));
        }
        match self.anchors.claim(claim) {
            Some(verdict) => self.on_verdict(now, verdict),
            None => self.ask_anchors(false),
        }
    }

    fn on_refusal(&mut self, now: Now, gateway: usize, slot: Slot, refusal: Refusal) {
        self.note(Note::UnitRefused { slot, gateway, refusal });
        if let Refusal::Gap(Sequence(first)) = refusal {
            let units = self.outbox.gap(Slot { sequence: Sequence(first), ..slot }, now.mono_ms);
            self.submit(gateway, units);
        }
        if refusal == Refusal::Fork && slot.incarnation == self.writer.tip().incarnation {
            self.disown(gateway, slot);
        }
    }

    /// One gateway may lie; when a second one holds another unit in our place, our ledger is not the one
    /// that this device wrote last.
    fn disown(&mut self, gateway: usize, slot: Slot) {
        let enough = self.config.gateways.min(DISOWNERS);
        if self.disowned.insert(gateway) && self.disowned.len() == enough {
            self.note(Note::Disowned { slot });
        }
    }

    fn submit(&mut self, gateway: usize, units: Vec<Unit>) {
        for batch in units.chunks(BATCH) {
            self.out.push(Output::Send(gateway, DeviceMessage::Submit(batch.to_vec())));
        }
    }

    /// A gateway did something; if it was the first, the best of the others takes its place.
    pub(super) fn blame(&mut self, now: Now, gateway: usize, fault: Fault) {
        self.health.blame(now, gateway, fault);
        if gateway == self.primary {
            self.primary = self.health.best_but(now, gateway);
            self.out.push(Output::UseGateway(self.primary));
        }
    }
}
