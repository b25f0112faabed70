//! Finalised anchors and their units.

use codec::{Decode, DecodeAll, Encode};
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Anchor, AnchorLeaf, Slot, Unit};
use rocksdb::{Direction, IteratorMode};

use super::{
    columns::{ANCHORS, HASHES, LEAVES, NUMBERS},
    error::of_read,
    keys,
    names::{later, Name, Names},
    Store, StoreError,
};

/// An anchor that stands in a finalised block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredAnchor {
    /// As on chain.
    pub anchor: Anchor,
    /// First finalised block in which this node saw it.
    pub block: Hash,
}

impl Store {
    /// The finalised anchor of this number.
    pub fn anchor(&self, number: AnchorNumber) -> Result<Option<StoredAnchor>, StoreError> {
        self.get(ANCHORS, &keys::anchor(number))
    }

    /// The newest finalised anchor that is here.
    pub fn last_anchor(&self) -> Result<Option<StoredAnchor>, StoreError> {
        let Some(entry) = self.db.iterator_cf(self.column(ANCHORS)?, IteratorMode::End).next() else {
            return Ok(None);
        };
        let (_, bytes) = entry.map_err(|error| of_read(ANCHORS, error))?;
        StoredAnchor::decode_all(&mut &bytes[..]).map(Some).map_err(|_| StoreError::Damaged(ANCHORS))
    }

    /// The finalised anchor of this hash.
    pub fn anchor_by_hash(&self, hash: &Hash) -> Result<Option<StoredAnchor>, StoreError> {
        let beginning = keys::beginning(hash);
        let from = IteratorMode::From(beginning, Direction::Forward);
        for entry in self.db.iterator_cf(self.column(NUMBERS)?, from) {
            let (key, _) = entry.map_err(|error| of_read(NUMBERS, error))?;
            let Some(number) = key.strip_prefix(beginning) else { break };
            let number = keys::number(number).ok_or(StoreError::Damaged(NUMBERS))?;
            let found = self.anchor(AnchorNumber(number))?;
            if let Some(found) = found.filter(|found| found.anchor.hash() == *hash) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Hash of the finalised anchor of this number; known longer than the anchor.
    pub fn anchor_hash(&self, number: AnchorNumber) -> Result<Option<Hash>, StoreError> {
        self.get(HASHES, &keys::anchor(number))
    }

    /// Hashes of `count` anchors from `first` on, fewer when fewer are here.
    pub(super) fn hashes_from(&self, first: u32, count: u32) -> Result<Vec<Hash>, StoreError> {
        let key = keys::anchor(AnchorNumber(first));
        let entries = self.db.iterator_cf(self.column(HASHES)?, IteratorMode::From(&key, Direction::Forward));
        let mut hashes = Vec::new();
        for (number, entry) in (first..first.saturating_add(count)).zip(entries) {
            let (key, bytes) = entry.map_err(|error| of_read(HASHES, error))?;
            if keys::number(&key) != Some(number) {
                break;
            }
            hashes.push(Hash::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(HASHES))?);
        }
        Ok(hashes)
    }

    /// Hashes of the first `count` anchors, fewer when fewer are here.
    pub fn anchor_hashes(&self, count: u32) -> Result<Vec<Hash>, StoreError> {
        self.hashes_from(1, count)
    }

    /// Epoch and names of an anchor's units; `None` when anchor or units are not here.
    fn names(&self, number: AnchorNumber) -> Result<Option<(u32, Names)>, StoreError> {
        let Some(stored) = self.anchor(number)? else { return Ok(None) };
        let column = self.column(LEAVES)?;
        let bytes = self.db.get_pinned_cf(column, keys::anchor(number)).map_err(|error| of_read(LEAVES, error))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let names = Names::decode(&bytes, stored.anchor.units).ok_or(StoreError::Damaged(LEAVES))?;
        let count: u32 = names.iter().map(Name::count).sum();
        if count != stored.anchor.units {
            return Err(StoreError::Damaged(LEAVES));
        }
        Ok(Some((stored.anchor.epoch, names)))
    }

    /// Slots of an anchor's units in rising order; `None` when anchor or units are not here.
    pub fn slots(&self, number: AnchorNumber) -> Result<Option<Vec<Slot>>, StoreError> {
        let Some((_, names)) = self.names(number)? else { return Ok(None) };
        let mut slots = Vec::new();
        for name in names.iter() {
            match name {
                Name::Run(first, count) => slots.extend((0..*count).map(|place| later(first, place))),
                Name::Rival(slot, _) => slots.push(*slot),
                Name::Known(_) => return Err(StoreError::Damaged(LEAVES)),
            }
        }
        Ok(Some(slots))
    }

    /// Leaves of the finalised anchor of this number, in rising order of slot; reads the units.
    pub fn leaves(&self, number: AnchorNumber) -> Result<Option<Vec<AnchorLeaf>>, StoreError> {
        let mut leaves = Vec::new();
        let known = self.each_unit(number, 0, |unit| {
            leaves.push(AnchorLeaf { slot: unit.content.slot, unit: self.unit_id(&unit) });
            true
        })?;
        Ok(known.then_some(leaves))
    }

    /// The anchor's units in rising order of slot, from position `from` on: as many as have at most
    /// `max_bytes` when encoded, but one at least. Empty behind the last one, and where nothing is here.
    pub fn units_page(&self, number: AnchorNumber, from: u32, max_bytes: usize) -> Result<Vec<Unit>, StoreError> {
        let (mut units, mut left) = (Vec::new(), max_bytes);
        self.each_unit(number, from, |unit| {
            let size = unit.encoded_size();
            let fits = units.is_empty() || size <= left;
            if fits {
                left = left.saturating_sub(size);
                units.push(unit);
            }
            fits
        })?;
        Ok(units)
    }

    /// Calls `each` with the anchor's units from position `from` on, in rising order of slot, until it
    /// returns `false`. Whether anchor and units are here.
    pub fn each_unit(
        &self,
        number: AnchorNumber,
        from: u32,
        mut each: impl FnMut(Unit) -> bool,
    ) -> Result<bool, StoreError> {
        let Some((epoch, names)) = self.names(number)? else { return Ok(false) };
        let mut skip = from;
        for name in names.iter() {
            if skip >= name.count() {
                skip -= name.count();
                continue;
            }
            if !self.run_units(epoch, name, skip, &mut each)? {
                break;
            }
            skip = 0;
        }
        Ok(true)
    }
}
