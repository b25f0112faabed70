//! The device chains as this member knows them, for its gateway's door.

use alloc::vec::Vec;

use loadstone_core::{DeviceId, Hash, Incarnation, Sequence};

use super::Member;
use crate::{DeviceChains, Slot};

impl<C> DeviceChains for Member<C> {
    fn units_at(&self, slot: &Slot) -> Vec<Hash> {
        let graph = &self.ledger.graph;
        let held = graph.slot_ids.get(slot).map(|id| graph.slot(*id).units.as_slice()).unwrap_or_default();
        let mut units: Vec<Hash> = held.iter().map(|unit| graph.unit(*unit).id).collect();
        units.extend(self.queued.get(slot));
        units
    }

    fn next_sequence(&self, device: DeviceId, incarnation: Incarnation) -> Sequence {
        let anchored = self.ledger.graph.head(device, incarnation);
        let mut sequence = anchored.map(|(last, _)| last.next()).unwrap_or_default();
        loop {
            let slot = Slot { device, incarnation, sequence };
            if !self.ledger.graph.slot_ids.contains_key(&slot) && !self.queued.contains_key(&slot) {
                return sequence;
            }
            sequence = sequence.next();
        }
    }
}
