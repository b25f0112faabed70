//! Bodies of units.

use std::sync::atomic::Ordering;

use loadstone_core::Hash;
use loadstone_dag::{unpack_unit, Slot, Unit, Witness};

use super::{
    columns::{RIVALS, UNITS},
    error::of_read,
    keys,
    names::{later, Name},
    Store, StoreError,
};

/// Bodies asked of RocksDB at once.
const AT_ONCE: u32 = 256;

/// Bodies stand with all their hashes: none is left out.
pub(super) fn no_hash(_: &Slot) -> Option<Hash> {
    None
}

fn unpack(column: &'static str, bytes: &[u8]) -> Result<Unit, StoreError> {
    unpack_unit(bytes, &no_hash).map_err(|_| StoreError::Damaged(column))
}

impl Store {
    /// The unit's id.
    pub(super) fn unit_id(&self, unit: &Unit) -> Hash {
        unit.content.payload(&self.genesis).hash()
    }

    /// The witness's id.
    pub(super) fn witness_id(&self, witness: &Witness) -> Hash {
        witness.content.payload(&self.genesis).hash()
    }

    /// The first unit of a slot in an epoch.
    pub(super) fn first_unit(&self, epoch: u32, slot: &Slot) -> Result<Option<Unit>, StoreError> {
        let key = keys::unit(epoch, slot);
        let found = self.db.get_pinned_cf(self.column(UNITS)?, key).map_err(|error| of_read(UNITS, error))?;
        found.map(|bytes| unpack(UNITS, &bytes)).transpose()
    }

    pub(super) fn first_id(&self, epoch: u32, slot: &Slot) -> Result<Option<Hash>, StoreError> {
        Ok(self.first_unit(epoch, slot)?.map(|unit| self.unit_id(&unit)))
    }

    /// One of several units of a slot in an epoch.
    pub(super) fn rival(&self, epoch: u32, slot: &Slot, id: &Hash) -> Result<Option<Unit>, StoreError> {
        let key = keys::rival(epoch, slot, id);
        let found = self.db.get_pinned_cf(self.column(RIVALS)?, key).map_err(|error| of_read(RIVALS, error))?;
        found.map(|bytes| unpack(RIVALS, &bytes)).transpose()
    }

    /// The unit of this id in this slot: of the epoch in force, or the anchored one.
    pub fn unit(&self, slot: &Slot, id: &Hash) -> Result<Option<Unit>, StoreError> {
        let epoch = self.in_force.load(Ordering::Acquire);
        if let Some(unit) = self.first_unit(epoch, slot)?.filter(|unit| self.unit_id(unit) == *id) {
            return Ok(Some(unit));
        }
        if let Some(unit) = self.rival(epoch, slot, id)? {
            return Ok(Some(unit));
        }
        let anchored = self.anchored(slot)?;
        Ok(anchored.filter(|(place, _)| place.unit == *id).map(|(_, unit)| unit))
    }

    /// The units of a run in an epoch, from the one at `skip` on. Calls `each` until it returns `false`;
    /// returns whether it never did.
    pub(super) fn run_units(
        &self,
        epoch: u32,
        name: &Name,
        skip: u32,
        mut each: impl FnMut(Unit) -> bool,
    ) -> Result<bool, StoreError> {
        let (first, count) = match name {
            Name::Run(first, count) => (first, *count),
            Name::Rival(slot, id) if skip == 0 => {
                return Ok(each(self.rival(epoch, slot, id)?.ok_or(StoreError::Damaged(RIVALS))?));
            }
            Name::Rival(..) | Name::Known(_) => return Ok(true),
        };
        let column = self.column(UNITS)?;
        for from in (skip..count).step_by(AT_ONCE as usize) {
            let wanted = from..count.min(from.saturating_add(AT_ONCE));
            let wanted: Vec<_> = wanted.map(|place| keys::unit(epoch, &later(first, place))).collect();
            for found in self.db.batched_multi_get_cf(column, &wanted, true) {
                let bytes = found.map_err(|error| of_read(UNITS, error))?.ok_or(StoreError::Damaged(UNITS))?;
                if !each(unpack(UNITS, &bytes)?) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
