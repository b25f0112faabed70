//! The device chains as this member knows them, for its gateway's door.

use alloc::vec::Vec;

use loadstone_core::{DeviceId, Hash, Incarnation, Sequence};

use super::Member;
use crate::{DeviceChains, Slot};

impl<C> DeviceChains for Member<C> {
    fn units_at(&self, slot: &Slot) -> Vec<Hash> {
        let units = &self.ledger.graph.units;
        let start = units.places.start_at(slot);
        let held = units.places.number(slot).into_iter().flat_map(|slot| units.in_slot(slot));
        let held = held.map(|unit| units.entry(unit).id).filter(|id| Some(*id) != start);
        let mut here: Vec<Hash> = start.into_iter().chain(held).collect();
        here.extend(self.queued.get(slot).filter(|queued| !here.contains(queued)));
        here
    }

    fn next_sequence(&self, device: DeviceId, incarnation: Incarnation) -> Sequence {
        let units = &self.ledger.graph.units;
        let mut slot = Slot { device, incarnation, sequence: Sequence(0) };
        slot.sequence = units.places.next_sequence(&slot);
        while units.places.number(&slot).is_some() || self.queued.contains_key(&slot) {
            slot.sequence = slot.sequence.next();
        }
        slot.sequence
    }

    fn is_past(&self, slot: &Slot) -> bool {
        self.ledger.graph.units.places.is_past(slot)
    }
}
