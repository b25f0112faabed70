//! Units as numbered entries: found by id or place, each with what it stands on.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use loadstone_core::{AnchorNumber, Hash};

use super::{Head, Ids, Places, SlotId, UnitId, NONE};
use crate::{AcknowledgementKind, AnchorLeaf, Body, CheckedUnit, DeviceHead, Slot, Unit};

/// What a unit stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// It may be the first of its life in this epoch.
    First,
    /// This unit.
    Unit(UnitId),
    /// Something that is not held, or nothing that a unit may stand on.
    Unknown,
}

/// [`UnitEntry::before`] of a unit that may be the first of its life in this epoch.
const FIRST: UnitId = NONE - 1;

/// A unit.
pub(crate) struct UnitEntry {
    pub id: Hash,
    pub slot: SlotId,
    /// What it stands on: a unit, [`FIRST`], or [`NONE`].
    before: UnitId,
    /// Another unit in the slot.
    pub rival: UnitId,
    pub readings: u8,
    pub acknowledges: Option<AcknowledgementKind>,
    /// The unit itself, while in memory.
    pub body: Option<Box<Unit>>,
}

/// All units known in this epoch, and their places.
#[derive(Default)]
pub(crate) struct Units {
    entries: Vec<UnitEntry>,
    by_id: Ids,
    /// Predecessors of units that stand on something unknown.
    unfounded: BTreeMap<UnitId, Hash>,
    pub places: Places,
}

impl Units {
    pub fn new(heads: &[DeviceHead]) -> Self {
        Self { places: Places::new(heads), ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entry(&self, unit: UnitId) -> &UnitEntry {
        &self.entries[unit as usize]
    }

    /// By id alone.
    pub fn number(&self, id: &Hash) -> Option<UnitId> {
        self.by_id.alike(id).find(|unit| self.entry(*unit).id == *id)
    }

    /// By place and id: cheaper than by id.
    pub fn find(&self, slot: &Slot, id: &Hash) -> Option<UnitId> {
        self.in_slot(self.places.number(slot)?).find(|unit| self.entry(*unit).id == *id)
    }

    /// All units in the slot.
    pub fn in_slot(&self, slot: SlotId) -> impl Iterator<Item = UnitId> + '_ {
        let known = |unit: UnitId| (unit != NONE).then_some(unit);
        core::iter::successors(known(self.places.slot(slot).unit), move |unit| known(self.entry(*unit).rival))
    }

    /// Takes in a unit, unless it is held. Returns its number and whether it is new.
    pub fn insert(&mut self, unit: CheckedUnit) -> (UnitId, bool) {
        let id = unit.id();
        let unit = unit.into_unit();
        let slot = self.places.insert(&unit.content.slot);
        if let Some(held) = self.in_slot(slot).find(|held| self.entry(*held).id == id) {
            return (held, false);
        }
        let number = self.entries.len() as UnitId;
        let before = self.footing_of(slot, number, &unit.content.previous);
        let (readings, acknowledges) = match &unit.content.body {
            Body::Readings(readings) => (readings.count().min(u8::MAX.into()) as u8, None),
            Body::Acknowledgement(acknowledgement) => (0, Some(acknowledgement.kind)),
        };
        let body = Some(Box::new(unit));
        self.by_id.insert(&id, number);
        self.entries.push(UnitEntry { id, slot, before, rival: NONE, readings, acknowledges, body });
        self.link(slot, number);
        self.found_followers(slot, number);
        (number, true)
    }

    fn footing_of(&mut self, slot: SlotId, unit: UnitId, previous: &Hash) -> UnitId {
        let found = match self.places.follows_start(slot, previous) {
            Some(follows) => follows.then_some(FIRST),
            None => {
                let before = self.places.before(slot);
                before.and_then(|before| self.in_slot(before).find(|held| self.entry(*held).id == *previous))
            }
        };
        found.unwrap_or_else(|| {
            self.unfounded.insert(unit, *previous);
            NONE
        })
    }

    /// Puts the unit behind those that came into the slot before it.
    fn link(&mut self, slot: SlotId, unit: UnitId) {
        match self.in_slot(slot).last() {
            Some(last) => self.entries[last as usize].rival = unit,
            None => self.places.slot_mut(slot).unit = unit,
        }
    }

    /// Units in the next slot may have waited for this one to stand on.
    fn found_followers(&mut self, slot: SlotId, unit: UnitId) {
        let after = self.places.slot(slot).after;
        if after == NONE || self.unfounded.is_empty() {
            return;
        }
        let id = self.entry(unit).id;
        let waiting: Vec<UnitId> = self
            .in_slot(after)
            .filter(|next| self.unfounded.get(next).is_some_and(|previous| *previous == id))
            .collect();
        for next in waiting {
            self.unfounded.remove(&next);
            self.entries[next as usize].before = unit;
        }
    }

    pub fn footing(&self, unit: UnitId) -> Footing {
        match self.entry(unit).before {
            NONE => Footing::Unknown,
            FIRST => Footing::First,
            before => Footing::Unit(before),
        }
    }

    /// The unit as a leaf of an anchor.
    pub fn leaf(&self, unit: UnitId) -> AnchorLeaf {
        let entry = self.entry(unit);
        AnchorLeaf { slot: self.places.place(entry.slot), unit: entry.id }
    }

    /// Takes note that anchor `number` holds the unit.
    pub fn settle(&mut self, unit: UnitId, number: AnchorNumber) {
        self.places.settle(self.entry(unit).slot, unit, number);
    }

    /// The anchor that holds the unit.
    pub fn anchor_of(&self, unit: UnitId) -> Option<AnchorNumber> {
        let anchored = self.places.anchored(self.entry(unit).slot);
        anchored.filter(|(settled, _)| *settled == unit).map(|(_, number)| number)
    }

    pub fn forget_body(&mut self, unit: UnitId) {
        self.entries[unit as usize].body = None;
    }

    /// Where a life stands.
    pub fn resolve(&self, head: Head) -> DeviceHead {
        match head {
            Head::Start(head) => head,
            Head::Slot(slot) => {
                let Slot { device, incarnation, sequence } = self.places.place(slot);
                let unit = self.places.anchored(slot).map(|(unit, _)| self.entry(unit).id).unwrap_or_default();
                DeviceHead { device, incarnation, sequence, unit }
            }
        }
    }
}
