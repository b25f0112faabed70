//! The DAG's database: what restores the member, unit bodies, and finalised anchors with leaves.
//!
//! Everything a member needs after `kill -9` is here, and comes back in the order in which the member
//! handed it out. Writes go through the log of one RocksDB, so syncing the own witness also makes
//! everything durable that it refers to.

use std::path::Path;

use codec::{Decode, DecodeAll, Encode};
use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Sequence};
use loadstone_dag::{Anchor, AnchorLeaf, AnchorProposal, Archive, PersistItem, Slot, Unit, Witness};
use parking_lot::Mutex;
use rocksdb::{ColumnFamily, ColumnFamilyDescriptor, Direction, IteratorMode, Options, WriteBatch, WriteOptions, DB};

/// Layout of the database; another one is refused.
const VERSION: u32 = 1;

const META: &str = "meta";
const UNITS: &str = "units";
const WITNESSES: &str = "witnesses";
const JOURNAL: &str = "journal";
const SLOTS: &str = "slots";
const ANCHORS: &str = "anchors";
const LEAVES: &str = "leaves";
const COLUMNS: [&str; 7] = [META, UNITS, WITNESSES, JOURNAL, SLOTS, ANCHORS, LEAVES];

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// RocksDB's own error.
    #[error("the DAG database failed: {0}")]
    Database(#[from] rocksdb::Error),
    /// The database has another layout or belongs to another chain.
    #[error("the DAG database is of another version or chain: move it away to start afresh")]
    Mismatch,
    /// A value does not decode, or a column is missing.
    #[error("the DAG database is damaged in `{0}`")]
    Damaged(&'static str),
}

/// An anchor that stands in a finalised block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredAnchor {
    /// As on chain.
    pub anchor: Anchor,
    /// First finalised block in which this node saw it.
    pub block: Hash,
}

/// One item of the journal; bodies stand in their own columns, where they are found by id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Entry {
    /// Ids of a witness and of the units that were handed out with it.
    Witness(Hash, Vec<Hash>),
    /// A finalised anchor.
    Anchor(AnchorProposal),
    /// The member has stopped witnessing.
    Mute,
}

/// Where an anchored unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The unit's id.
    pub unit: Hash,
    /// The anchor that holds it.
    pub anchor: AnchorNumber,
    /// Position among the anchor's leaves.
    pub index: u32,
}

/// The open database.
pub struct Store {
    db: DB,
    genesis: Hash,
    /// Position of the next item in the journal.
    next: Mutex<u64>,
}

fn slot_key(slot: &Slot) -> [u8; 14] {
    let mut key = [0; 14];
    key[..4].copy_from_slice(&slot.device.0.to_be_bytes());
    key[4..6].copy_from_slice(&slot.incarnation.0.to_be_bytes());
    key[6..].copy_from_slice(&slot.sequence.0.to_be_bytes());
    key
}

fn slot_of(key: &[u8]) -> Option<Slot> {
    let (device, rest) = key.split_first_chunk::<4>()?;
    let (incarnation, rest) = rest.split_first_chunk::<2>()?;
    Some(Slot {
        device: DeviceId(u32::from_be_bytes(*device)),
        incarnation: Incarnation(u16::from_be_bytes(*incarnation)),
        sequence: Sequence(u64::from_be_bytes(rest.try_into().ok()?)),
    })
}

impl Store {
    /// Opens or makes the database in `path` for the chain of this genesis hash.
    pub fn open(path: &Path, genesis: &Hash) -> Result<Self, StoreError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_keep_log_file_num(2);
        options.set_max_log_file_size(4 << 20);
        options.set_max_total_wal_size(64 << 20);
        let columns = COLUMNS.iter().map(|name| ColumnFamilyDescriptor::new(*name, Options::default()));
        let db = DB::open_cf_descriptors(&options, path, columns)?;
        let store = Self { db, genesis: *genesis, next: Mutex::new(0) };
        store.check_meta()?;
        let last = store.db.iterator_cf(store.column(JOURNAL)?, IteratorMode::End).next().transpose()?;
        let last = last.and_then(|(key, _)| Some(u64::from_be_bytes(key[..].try_into().ok()?)));
        *store.next.lock() = last.map_or(0, |position| position + 1);
        Ok(store)
    }

    fn check_meta(&self) -> Result<(), StoreError> {
        let meta = self.column(META)?;
        let ours = (VERSION, self.genesis).encode();
        match self.db.get_cf(meta, b"version")? {
            Some(theirs) if theirs == ours => Ok(()),
            Some(_) => Err(StoreError::Mismatch),
            None => {
                // A database that holds items but no version was not written by this code.
                if self.db.iterator_cf(self.column(JOURNAL)?, IteratorMode::Start).next().is_some() {
                    return Err(StoreError::Mismatch);
                }
                let mut batch = WriteBatch::default();
                batch.put_cf(meta, b"version", ours);
                self.write(batch, true)
            }
        }
    }

    fn column(&self, name: &'static str) -> Result<&ColumnFamily, StoreError> {
        self.db.cf_handle(name).ok_or(StoreError::Damaged(name))
    }

    fn write(&self, batch: WriteBatch, sync: bool) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        Ok(self.db.write_opt(batch, &options)?)
    }

    fn get<T: DecodeAll>(&self, column: &'static str, key: &[u8]) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.db.get_cf(self.column(column)?, key)? else { return Ok(None) };
        T::decode_all(&mut &bytes[..]).map(Some).map_err(|_| StoreError::Damaged(column))
    }

    /// Appends an item to the journal. With `sync` it and all before it are durable on return.
    pub fn persist(&self, item: &PersistItem, sync: bool) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        let entry = match item {
            PersistItem::Witness(witness, units) => {
                let mut ids = Vec::with_capacity(units.len());
                for unit in units {
                    let id = unit.content.payload(&self.genesis).hash();
                    batch.put_cf(self.column(UNITS)?, id, unit.encode());
                    ids.push(id);
                }
                let id = witness.content.payload(&self.genesis).hash();
                batch.put_cf(self.column(WITNESSES)?, id, witness.encode());
                Entry::Witness(id, ids)
            }
            PersistItem::Anchor(proposal) => Entry::Anchor(proposal.clone()),
            PersistItem::Mute => Entry::Mute,
        };
        self.append(batch, &entry, sync)
    }

    /// Appends a finalised anchor to the journal, and keeps its leaves and where each unit stands. All
    /// of it in one write, durable on return: the member computes the leaves only once.
    pub fn put_anchor(&self, proposal: &AnchorProposal, leaves: &[AnchorLeaf], block: Hash) -> Result<(), StoreError> {
        let number = proposal.anchor.number;
        let mut batch = WriteBatch::default();
        for (index, leaf) in (0u32..).zip(leaves) {
            let place = Place { unit: leaf.unit, anchor: number, index };
            batch.put_cf(self.column(SLOTS)?, slot_key(&leaf.slot), place.encode());
        }
        let stored = StoredAnchor { anchor: proposal.anchor.clone(), block };
        batch.put_cf(self.column(LEAVES)?, number.0.to_be_bytes(), leaves.encode());
        batch.put_cf(self.column(ANCHORS)?, number.0.to_be_bytes(), stored.encode());
        self.append(batch, &Entry::Anchor(proposal.clone()), true)
    }

    fn append(&self, mut batch: WriteBatch, entry: &Entry, sync: bool) -> Result<(), StoreError> {
        let mut next = self.next.lock();
        batch.put_cf(self.column(JOURNAL)?, next.to_be_bytes(), entry.encode());
        self.write(batch, sync)?;
        *next += 1;
        Ok(())
    }

    /// Keeps a unit's body alone.
    #[cfg(test)]
    pub fn put_unit(&self, id: &Hash, unit: &Unit) -> Result<(), StoreError> {
        Ok(self.db.put_cf(self.column(UNITS)?, id, unit.encode())?)
    }

    /// The journal in its order. A damaged item ends it with an error.
    pub fn journal(&self) -> Result<impl Iterator<Item = Result<PersistItem, StoreError>> + '_, StoreError> {
        let entries = self.db.iterator_cf(self.column(JOURNAL)?, IteratorMode::Start);
        Ok(entries.map(|entry| {
            let (_, bytes) = entry?;
            match Entry::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(JOURNAL))? {
                Entry::Witness(id, ids) => {
                    let witness = self.get(WITNESSES, id.as_bytes())?.ok_or(StoreError::Damaged(WITNESSES))?;
                    let unit = |id: &Hash| self.unit(id)?.ok_or(StoreError::Damaged(UNITS));
                    Ok(PersistItem::Witness(witness, ids.iter().map(unit).collect::<Result<_, _>>()?))
                }
                Entry::Anchor(proposal) => Ok(PersistItem::Anchor(proposal)),
                Entry::Mute => Ok(PersistItem::Mute),
            }
        }))
    }

    /// The unit of this id.
    pub fn unit(&self, id: &Hash) -> Result<Option<Unit>, StoreError> {
        self.get(UNITS, id.as_bytes())
    }

    /// The finalised anchor of this number.
    pub fn anchor(&self, number: AnchorNumber) -> Result<Option<StoredAnchor>, StoreError> {
        self.get(ANCHORS, &number.0.to_be_bytes())
    }

    /// Leaves of the finalised anchor of this number, in rising order of slot.
    pub fn leaves(&self, number: AnchorNumber) -> Result<Option<Vec<AnchorLeaf>>, StoreError> {
        self.get(LEAVES, &number.0.to_be_bytes())
    }

    /// The newest finalised anchor that is here.
    pub fn last_anchor(&self) -> Result<Option<StoredAnchor>, StoreError> {
        let Some(entry) = self.db.iterator_cf(self.column(ANCHORS)?, IteratorMode::End).next() else {
            return Ok(None);
        };
        let (_, bytes) = entry?;
        StoredAnchor::decode_all(&mut &bytes[..]).map(Some).map_err(|_| StoreError::Damaged(ANCHORS))
    }

    /// Hashes of the first `count` anchors, fewer when fewer are here.
    pub fn anchor_hashes(&self, count: u32) -> Result<Vec<Hash>, StoreError> {
        let anchors = self.db.iterator_cf(self.column(ANCHORS)?, IteratorMode::Start);
        let mut hashes = Vec::new();
        for entry in anchors.take(count as usize) {
            let (_, bytes) = entry?;
            let stored = StoredAnchor::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(ANCHORS))?;
            hashes.push(stored.anchor.hash());
        }
        Ok(hashes)
    }

    /// Where the anchored unit of this slot stands.
    pub fn place(&self, slot: &Slot) -> Result<Option<Place>, StoreError> {
        self.get(SLOTS, &slot_key(slot))
    }

    /// Calls `each` with the device's anchored units, newest slot first, until it returns `false`.
    pub fn anchored_backwards(
        &self,
        device: DeviceId,
        mut each: impl FnMut(Slot, Place, Unit) -> bool,
    ) -> Result<(), StoreError> {
        let end = slot_key(&Slot { device, incarnation: Incarnation(u16::MAX), sequence: Sequence(u64::MAX) });
        for entry in self.db.iterator_cf(self.column(SLOTS)?, IteratorMode::From(&end, Direction::Reverse)) {
            let (key, value) = entry?;
            let slot = slot_of(&key).ok_or(StoreError::Damaged(SLOTS))?;
            if slot.device != device {
                break;
            }
            let place = Place::decode_all(&mut &value[..]).map_err(|_| StoreError::Damaged(SLOTS))?;
            let unit = self.unit(&place.unit)?.ok_or(StoreError::Damaged(UNITS))?;
            if !each(slot, place, unit) {
                break;
            }
        }
        Ok(())
    }
}

impl Archive for Store {
    fn witness(&self, id: &Hash) -> Option<Witness> {
        self.get(WITNESSES, id.as_bytes()).unwrap_or_else(|error| {
            log::error!(target: super::LOG, "a witness can't be read: {error}");
            None
        })
    }

    fn unit(&self, id: &Hash) -> Option<Unit> {
        Store::unit(self, id).unwrap_or_else(|error| {
            log::error!(target: super::LOG, "a unit can't be read: {error}");
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{Level, MemberIndex, Millis};
    use loadstone_dag::{Body, Readings, UnitContent, WitnessContent};

    fn unit(device: u32, sequence: u64) -> Unit {
        let slot = Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) };
        let readings =
            Readings { start: Millis(sequence), interval_ms: 1_000, event: None, doubtful: vec![], deltas: vec![2] };
        let content = UnitContent { slot, previous: Hash::zero(), references: vec![], body: Body::Readings(readings) };
        Unit { content, signature: [1; 64] }
    }

    fn witness(member: u16, level: u32, units: Vec<Hash>) -> Witness {
        let content = WitnessContent {
            epoch: 0,
            member: MemberIndex(member),
            level: Level(level),
            previous: None,
            parents: vec![],
            latest: vec![],
            units,
            base: AnchorNumber(0),
        };
        Witness { content, signature: [2; 64] }
    }

    #[test]
    fn what_was_written_is_there_after_reopening() {
        // GIVEN a journal of witnesses with units and an anchor, and the anchor's leaves
        let folder = tempfile::tempdir().expect("a temporary folder");
        let genesis = Hash::repeat_byte(1);
        let id = |sequence: u64| unit(7, sequence).content.payload(&genesis).hash();
        let anchor = Anchor { number: AnchorNumber(1), units: 3, ..Anchor::default() };
        let item =
            |level: u32| PersistItem::Witness(witness(0, level, vec![id(level.into())]), vec![unit(7, level.into())]);
        let proposal = AnchorProposal { anchor, frontier: vec![] };
        let journal = vec![item(3), item(1), item(2), PersistItem::Mute, PersistItem::Anchor(proposal.clone())];
        {
            let store = Store::open(folder.path(), &genesis).expect("a new database");
            for item in &journal[..4] {
                store.persist(item, *item == PersistItem::Mute).expect("write");
            }
            let leaf = |sequence| AnchorLeaf { slot: unit(7, sequence).content.slot, unit: id(sequence) };
            store.put_anchor(&proposal, &[leaf(1), leaf(2), leaf(3)], Hash::repeat_byte(9)).expect("write");
        }
        // WHEN it is opened again
        let store = Store::open(folder.path(), &genesis).expect("the same database");
        // THEN the journal comes back in its order
        let read = |store: &Store| store.journal().expect("read").collect::<Result<Vec<_>, _>>().expect("whole");
        assert_eq!(read(&store), journal);
        // THEN anchored units are found by slot and walked backwards
        assert_eq!(store.last_anchor().expect("read").map(|stored| stored.anchor.number), Some(AnchorNumber(1)));
        assert_eq!(store.anchor_hashes(5).expect("read").len(), 1);
        assert_eq!(store.leaves(AnchorNumber(1)).expect("read").map(|leaves| leaves.len()), Some(3));
        let place = store.place(&unit(7, 2).content.slot).expect("read").expect("anchored");
        assert_eq!((place.unit, place.anchor, place.index), (id(2), AnchorNumber(1), 1));
        let mut sequences = Vec::new();
        store
            .anchored_backwards(DeviceId(7), |slot, _, _| {
                sequences.push(slot.sequence.0);
                sequences.len() < 2
            })
            .expect("read");
        assert_eq!(sequences, vec![3, 2]);
        store.anchored_backwards(DeviceId(8), |_, _, _| panic!("device 8 has no units")).expect("read");
        // WHEN one more item arrives THEN it goes to the end
        store.persist(&item(9), true).expect("write");
        assert_eq!(read(&store).last(), Some(&item(9)));
    }

    #[test]
    fn another_version_or_chain_is_refused() {
        // GIVEN a database of one chain
        let folder = tempfile::tempdir().expect("a temporary folder");
        drop(Store::open(folder.path(), &Hash::repeat_byte(1)).expect("a new database"));
        // THEN another chain's node refuses it
        assert!(matches!(Store::open(folder.path(), &Hash::repeat_byte(2)), Err(StoreError::Mismatch)));
        // WHEN its version is another THEN it is refused
        let store = Store::open(folder.path(), &Hash::repeat_byte(1)).expect("the same database");
        let mut batch = WriteBatch::default();
        batch.put_cf(store.column(META).expect("exists"), b"version", (VERSION + 1, Hash::repeat_byte(1)).encode());
        store.write(batch, true).expect("write");
        drop(store);
        assert!(matches!(Store::open(folder.path(), &Hash::repeat_byte(1)), Err(StoreError::Mismatch)));
    }
}
