//! What one write consists of, until it is handed to RocksDB whole.

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{pack_unit, Anchor, AnchorLeaf, AnchorProposal, PersistItem, Slot, Unit, Witness};
use rocksdb::WriteBatch;

use super::{
    anchors::StoredAnchor,
    columns::{ANCHORS, EPOCHS, HASHES, IDS, JOURNAL, LEAVES, NUMBERS, PLACES, RIVALS, UNITS},
    epochs::Epoch,
    journal::Entry,
    keys,
    names::{later, Name, Names},
    places::Run,
    units::no_hash,
    Store, StoreError, Writing,
};

/// Column, key and value.
type Put = (&'static str, Vec<u8>, Vec<u8>);

/// A write under construction. What it changes in memory is taken over once it is on disk.
pub(super) struct Batch<'a> {
    pub store: &'a Store,
    /// What is to go; it goes before anything is put.
    pub deletions: WriteBatch,
    puts: Vec<Put>,
    /// The epoch in force.
    epoch: u32,
    /// Position of the next item of the journal.
    position: u64,
    /// First units of slots that are in this write.
    units: BTreeMap<(u32, Slot), Hash>,
    /// Units in slots of the epoch in force that others held before them.
    rivals: BTreeSet<(Slot, Hash)>,
    /// Epochs that were not here before, or began later than was known.
    epochs: BTreeMap<u32, AnchorNumber>,
    /// Hashes of anchors in this write.
    pub hashes: BTreeMap<u32, Hash>,
}

impl<'a> Batch<'a> {
    pub fn new(store: &'a Store, writing: &Writing) -> Self {
        Self {
            store,
            deletions: WriteBatch::default(),
            puts: Vec::new(),
            epoch: writing.epoch,
            position: writing.position,
            units: BTreeMap::new(),
            rivals: BTreeSet::new(),
            epochs: BTreeMap::new(),
            hashes: BTreeMap::new(),
        }
    }

    /// After the write.
    pub fn settle(self, writing: &mut Writing) -> BTreeMap<u32, AnchorNumber> {
        writing.position = self.position;
        writing.rivals.extend(self.rivals);
        self.epochs
    }

    pub fn put(&mut self, column: &'static str, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.puts.push((column, key.into(), value.into()));
    }

    /// What RocksDB is to write. In order of their keys, since then each finds its place near the one before.
    pub fn take(&mut self) -> Result<WriteBatch, StoreError> {
        // Of one key written twice the later value must stay the later one.
        self.puts.sort_by(|(column, key, _), (others_column, others_key, _)| {
            (column, key).cmp(&(others_column, others_key))
        });
        let mut batch = std::mem::take(&mut self.deletions);
        for (column, key, value) in self.puts.drain(..) {
            batch.put_cf(self.store.column(column)?, key, value);
        }
        Ok(batch)
    }

    fn append(&mut self, entry: &Entry) {
        self.put(JOURNAL, self.position.to_be_bytes(), entry.encode());
        self.position += 1;
    }

    /// An item of the journal.
    pub fn item(&mut self, item: &PersistItem) -> Result<(), StoreError> {
        match item {
            PersistItem::Witness(witness, units) => return self.witness(witness, units),
            PersistItem::Anchor(proposal) => self.append(&Entry::Anchor(proposal.clone())),
            PersistItem::Mute => self.append(&Entry::Mute),
            PersistItem::Candidate(proposal) => self.append(&Entry::Candidate(proposal.clone())),
        }
        Ok(())
    }

    /// Of the ids in the witness those are left out whose units come with it: the bodies tell them.
    fn witness(&mut self, witness: &Witness, units: &[Unit]) -> Result<(), StoreError> {
        let mut names = Names::default();
        for (id, body) in self.named(witness, units) {
            match body {
                Some(unit) => {
                    let slot = unit.content.slot;
                    match self.unit(self.epoch, id, unit)? {
                        Standing::First => names.push(slot),
                        Standing::Rival => names.push_rival(slot, *id),
                    }
                }
                None => names.push_known(*id),
            }
        }
        let id = self.store.witness_id(witness);
        self.put(IDS, keys::indexed(&id, &self.position.to_be_bytes()), Vec::new());
        let mut bare = witness.clone();
        bare.content.units.clear();
        self.append(&Entry::Witness(bare, names.encode()));
        Ok(())
    }

    /// The ids in the witness, with the bodies of those units that come with it.
    fn named<'b>(&self, witness: &'b Witness, units: &'b [Unit]) -> Vec<(&'b Hash, Option<&'b Unit>)> {
        let ids = &witness.content.units;
        // The usual case: bodies come in the order of their names, so nothing needs hashing.
        if ids.len() == units.len() {
            return ids.iter().zip(units.iter().map(Some)).collect();
        }
        let bodies: BTreeMap<Hash, &Unit> = units.iter().map(|unit| (self.store.unit_id(unit), unit)).collect();
        ids.iter().map(|id| (id, bodies.get(id).copied())).collect()
    }

    /// A unit's body. The first of a slot stands under the slot alone, others under their ids too.
    fn unit(&mut self, epoch: u32, id: &Hash, unit: &Unit) -> Result<Standing, StoreError> {
        let slot = unit.content.slot;
        let held = match self.units.get(&(epoch, slot)) {
            Some(held) => Some(*held),
            None => self.store.first_id(epoch, &slot)?,
        };
        match held {
            Some(held) if held == *id => Ok(Standing::First),
            Some(_) => {
                if epoch == self.epoch {
                    self.rivals.insert((slot, *id));
                }
                self.put(RIVALS, keys::rival(epoch, &slot, id), pack_unit(unit, &no_hash));
                Ok(Standing::Rival)
            }
            None => {
                self.units.insert((epoch, slot), *id);
                self.put(UNITS, keys::unit(epoch, &slot), pack_unit(unit, &no_hash));
                Ok(Standing::First)
            }
        }
    }

    /// A finalised anchor that the member computed, with its leaves, whose units came with witnesses.
    pub fn anchor(
        &mut self,
        proposal: &AnchorProposal,
        leaves: &[AnchorLeaf],
        block: Hash,
        writing: &Writing,
    ) -> Result<(), StoreError> {
        let mut names = Names::default();
        for leaf in leaves {
            let rival = (leaf.slot, leaf.unit);
            if writing.rivals.contains(&rival) || self.rivals.contains(&rival) {
                names.push_rival(leaf.slot, leaf.unit);
            } else {
                names.push(leaf.slot);
            }
        }
        self.anchored(&proposal.anchor, Some(&names), block)?;
        self.append(&Entry::Anchor(proposal.clone()));
        Ok(())
    }

    /// An anchor that was caught up with. Without its units only the anchor is kept.
    pub fn history(
        &mut self,
        anchor: &Anchor,
        units: &[Unit],
        leaves: &[AnchorLeaf],
        block: Hash,
    ) -> Result<(), StoreError> {
        if units.len() != leaves.len() || units.len() != anchor.units as usize {
            return self.anchored(anchor, None, block);
        }
        let mut names = Names::default();
        for (unit, leaf) in units.iter().zip(leaves) {
            match self.unit(anchor.epoch, &leaf.unit, unit)? {
                Standing::First => names.push(leaf.slot),
                Standing::Rival => names.push_rival(leaf.slot, leaf.unit),
            }
        }
        self.anchored(anchor, Some(&names), block)
    }

    /// The anchor with its indexes, and where each of its units stands.
    fn anchored(&mut self, anchor: &Anchor, names: Option<&Names>, block: Hash) -> Result<(), StoreError> {
        let (number, hash) = (anchor.number, anchor.hash());
        let mut index = 0;
        for name in names.into_iter().flat_map(Names::iter) {
            let (last, rival) = match name {
                Name::Run(first, count) => (later(first, count - 1), None),
                Name::Rival(slot, id) => (*slot, Some(*id)),
                Name::Known(_) => continue,
            };
            let run = Run { anchor: number, index, count: name.count(), rival };
            self.put(PLACES, keys::unit(anchor.epoch, &last), run.encode());
            index += name.count();
        }
        if let Some(names) = names {
            self.put(LEAVES, keys::anchor(number), names.encode());
        }
        self.put(ANCHORS, keys::anchor(number), StoredAnchor { anchor: anchor.clone(), block }.encode());
        self.put(HASHES, keys::anchor(number), hash.0);
        self.put(NUMBERS, keys::indexed(&hash, &keys::anchor(number)), Vec::new());
        self.hashes.insert(number.0, hash);
        self.block(number)?;
        self.note_epoch(anchor.epoch, number)
    }

    /// Takes note of the first anchor of an epoch.
    fn note_epoch(&mut self, epoch: u32, number: AnchorNumber) -> Result<(), StoreError> {
        let known = self.epochs.get(&epoch).copied().or_else(|| self.store.first_anchor(epoch));
        if known.is_some_and(|first| first <= number) {
            return Ok(());
        }
        let start = self.store.epoch_record(epoch)?.and_then(|record| record.start);
        self.begins(epoch, &Epoch { first: number, start });
        Ok(())
    }

    /// Writes an epoch's record.
    pub fn begins(&mut self, epoch: u32, record: &Epoch) {
        self.epochs.insert(epoch, record.first);
        self.put(EPOCHS, epoch.to_be_bytes(), record.encode());
    }
}

/// Under what a unit's body stands.
enum Standing {
    /// Under its slot.
    First,
    /// Under slot and id.
    Rival,
}
