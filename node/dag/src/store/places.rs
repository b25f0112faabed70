//! Where units are anchored: found by slot, and walked along a device's chain.
//!
//! Along a device's chain anchors and epochs rise. So an epoch that anchors an earlier slot of the device
//! than the one sought ends the search: older epochs have only earlier ones still.

use codec::{Decode, DecodeAll, Encode};
use loadstone_core::{AnchorNumber, DeviceId, Hash};
use loadstone_dag::{Slot, Unit};
use rocksdb::{Direction, IteratorMode};

use super::{
    columns::PLACES,
    error::of_read,
    keys,
    names::{later, Name},
    Store, StoreError,
};

/// Where an anchored unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The unit's id.
    pub unit: Hash,
    /// The anchor that holds it.
    pub anchor: AnchorNumber,
    /// Position among the anchor's leaves.
    pub index: u32,
}

/// Consecutive units of one device in one anchor.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Run {
    #[codec(compact)]
    pub anchor: AnchorNumber,
    /// Position of the first unit.
    #[codec(compact)]
    pub index: u32,
    #[codec(compact)]
    pub count: u32,
    /// The unit's id, if it was not the first in its slot; such a run has one unit.
    pub rival: Option<Hash>,
}

/// A run with its epoch and its last slot.
struct Found {
    epoch: u32,
    last: Slot,
    run: Run,
}

impl Found {
    fn read(key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        let damaged = StoreError::Damaged(PLACES);
        let (epoch, last, rest) = keys::split_unit(key).ok_or(damaged)?;
        let run = Run::decode_all(&mut &value[..]).map_err(|_| StoreError::Damaged(PLACES))?;
        let whole = rest.is_empty() && run.count > 0 && u64::from(run.count - 1) <= last.sequence.0;
        whole.then_some(Self { epoch, last, run }).ok_or(StoreError::Damaged(PLACES))
    }

    fn first(&self) -> Slot {
        Slot { sequence: (self.last.sequence.0 - u64::from(self.run.count - 1)).into(), ..self.last }
    }

    fn is_of(&self, epoch: u32, device: DeviceId) -> bool {
        self.epoch == epoch && self.last.device == device
    }

    /// Position in the run of a slot that lies in it.
    fn position(&self, slot: &Slot) -> Option<u32> {
        let first = self.first();
        let within = (slot.device, slot.incarnation) == (first.device, first.incarnation) && slot <= &self.last;
        let position = slot.sequence.0.checked_sub(first.sequence.0).filter(|_| within)?;
        u32::try_from(position).ok()
    }

    fn name(&self, position: u32) -> Name {
        match self.run.rival {
            Some(id) => Name::Rival(self.last, id),
            None => Name::Run(later(&self.first(), position), 1),
        }
    }
}

impl Store {
    /// Epochs that are here, newest first.
    fn newest_first(&self) -> Vec<u32> {
        self.epochs.read().keys().rev().copied().collect()
    }

    fn next_run(&self, key: &[u8], direction: Direction) -> Result<Option<Found>, StoreError> {
        let mut runs = self.db.iterator_cf(self.column(PLACES)?, IteratorMode::From(key, direction));
        let Some(entry) = runs.next() else { return Ok(None) };
        let (key, value) = entry.map_err(|error| of_read(PLACES, error))?;
        Found::read(&key, &value).map(Some)
    }

    fn find(&self, slot: &Slot) -> Result<Option<(Found, u32)>, StoreError> {
        for epoch in self.newest_first() {
            let key = keys::unit(epoch, slot);
            if let Some(found) = self.next_run(&key, Direction::Forward)?.filter(|run| run.is_of(epoch, slot.device)) {
                if let Some(position) = found.position(slot) {
                    return Ok(Some((found, position)));
                }
            }
            if self.next_run(&key, Direction::Reverse)?.is_some_and(|run| run.is_of(epoch, slot.device)) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Where the anchored unit of this slot stands.
    pub fn place(&self, slot: &Slot) -> Result<Option<Place>, StoreError> {
        Ok(self.anchored(slot)?.map(|(place, _)| place))
    }

    /// The anchored unit of this slot, and where it stands.
    pub fn anchored(&self, slot: &Slot) -> Result<Option<(Place, Unit)>, StoreError> {
        let Some((found, position)) = self.find(slot)? else { return Ok(None) };
        let mut body = None;
        self.run_units(found.epoch, &found.name(position), 0, |unit| {
            body = Some(unit);
            false
        })?;
        Ok(body.map(|unit| (self.placed(&found.run, position, &unit), unit)))
    }

    fn placed(&self, run: &Run, position: u32, unit: &Unit) -> Place {
        Place { unit: self.unit_id(unit), anchor: run.anchor, index: run.index + position }
    }

    /// Calls `each` with the device's anchored units, newest slot first, until it returns `false`.
    pub fn anchored_backwards(
        &self,
        device: DeviceId,
        mut each: impl FnMut(Slot, Place, Unit) -> bool,
    ) -> Result<(), StoreError> {
        for epoch in self.newest_first() {
            let end = keys::unit(epoch, &keys::last_slot(device));
            for entry in self.db.iterator_cf(self.column(PLACES)?, IteratorMode::From(&end, Direction::Reverse)) {
                let (key, value) = entry.map_err(|error| of_read(PLACES, error))?;
                let found = Found::read(&key, &value)?;
                if !found.is_of(epoch, device) {
                    break;
                }
                if !self.run_backwards(&found, &mut each)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn run_backwards(
        &self,
        found: &Found,
        each: &mut impl FnMut(Slot, Place, Unit) -> bool,
    ) -> Result<bool, StoreError> {
        let mut units = Vec::with_capacity(found.run.count.min(1_024) as usize);
        let name = match found.run.rival {
            Some(id) => Name::Rival(found.last, id),
            None => Name::Run(found.first(), found.run.count),
        };
        self.run_units(found.epoch, &name, 0, |unit| {
            units.push(unit);
            true
        })?;
        let placed = (0..found.run.count).zip(units).rev();
        for (position, unit) in placed {
            let place = self.placed(&found.run, position, &unit);
            if !each(unit.content.slot, place, unit) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
