//! The device chains as this member knows them, for its gateway's door.

use alloc::vec::Vec;

use loadstone_core::{DeviceId, Hash, Incarnation, Sequence};

use super::Member;
use crate::{graph::UnitId, CheckedUnit, DeviceChains, Slot};

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

    fn is_stranded(&self, slot: &Slot, unit: &Hash) -> bool {
        let held = self.ledger.graph.units.find(slot, unit);
        held.is_some_and(|held| self.is_out_of_reach(held)) && !self.queued.contains_key(slot)
    }

    fn is_past(&self, slot: &Slot) -> bool {
        self.ledger.graph.units.places.is_past(slot)
    }
}

impl<C> Member<C> {
    /// Whether the unit was introduced, by anyone, and we vote on it or will with our next witness.
    pub(super) fn is_covered(&self, unit: &CheckedUnit) -> bool {
        let found = self.ledger.graph.units.find(&unit.unit().content.slot, &unit.id());
        found.is_some_and(|unit| !self.is_out_of_reach(unit))
    }

    /// Whether the unit was held when we made our last witness, which does not reach it.
    pub(super) fn is_out_of_reach(&self, unit: UnitId) -> bool {
        let units = &self.ledger.graph.units;
        (unit as usize) < self.units_witnessed
            && !units.places.is_settled(units.entry(unit).slot)
            && !self.ledger.has_seen(self.config.me, unit)
    }
}
