//! The DAG's database: what restores the member, and finalised anchors with their units.
//!
//! Everything that a member needs after `kill -9` is here, and comes back in the order in which the member
//! handed it out. One write is one batch of one RocksDB: it is there whole or not at all, and syncing it
//! makes everything before it durable, too. Bodies of units stand once, under their epoch and slot; journal
//! and anchors name them by slot, and ids are computed from the bodies. So a reading takes few bytes.

mod anchors;
mod batch;
mod columns;
mod epochs;
mod error;
mod journal;
mod keeper;
mod keys;
mod names;
mod places;
mod prune;
mod ranges;
mod units;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use codec::{DecodeAll, Encode};
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Anchor, AnchorLeaf, AnchorProposal, PersistItem, Slot, Unit};
use parking_lot::{Mutex, RwLock};
use rocksdb::{ColumnFamily, IteratorMode, WriteOptions, DB};

use self::{
    batch::Batch,
    columns::{descriptors, options, COLUMNS, EPOCHS, JOURNAL, META, RIVALS},
    epochs::{Epoch, IN_FORCE},
    error::{of_open, of_read},
};
pub use self::{
    error::StoreError,
    keeper::{KeepError, Keeper, Retention},
    places::Place,
};

/// Layout of the database; another one is refused.
const VERSION: u32 = 2;

/// Key of version and chain.
const ORIGIN: &[u8] = b"version";

/// What a batch is made of, in the order in which it is to be restored.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    /// An item of the journal.
    Item(&'a PersistItem),
    /// A finalised anchor of the epoch in force with its leaves: an item of the journal, too.
    Anchor {
        /// The anchor and its frontier.
        proposal: &'a AnchorProposal,
        /// All its leaves in rising order.
        leaves: &'a [AnchorLeaf],
        /// First finalised block in which this node saw it.
        block: Hash,
    },
}

/// What the one who writes knows.
struct Writing {
    /// The epoch in force.
    epoch: u32,
    /// Position of the next item in the journal.
    position: u64,
    /// Units of the epoch in force in slots that others held before them.
    rivals: BTreeSet<(Slot, Hash)>,
}

/// The open database.
pub struct Store {
    db: DB,
    genesis: Hash,
    writing: Mutex<Writing>,
    /// The epoch in force, for readers.
    in_force: AtomicU32,
    /// Epochs of which something is here, and the first anchor of each.
    epochs: RwLock<BTreeMap<u32, AnchorNumber>>,
    /// Whether a write failed.
    stopped: AtomicBool,
    #[cfg(any(test, feature = "testing"))]
    failing: AtomicBool,
}

impl Store {
    /// Opens or makes the database in `path` for the chain of this genesis hash.
    pub fn open(path: &Path, genesis: &Hash) -> Result<Self, StoreError> {
        let options = options();
        // Columns that this version does not know are another layout's.
        let found = DB::list_cf(&options, path).unwrap_or_default();
        if found.iter().any(|name| name != "default" && !COLUMNS.contains(&name.as_str())) {
            return Err(StoreError::Mismatch);
        }
        let db = DB::open_cf_descriptors(&options, path, descriptors()).map_err(of_open)?;
        let store = Self {
            db,
            genesis: *genesis,
            writing: Mutex::new(Writing { epoch: 0, position: 0, rivals: BTreeSet::new() }),
            in_force: AtomicU32::new(0),
            epochs: RwLock::default(),
            stopped: AtomicBool::new(false),
            #[cfg(any(test, feature = "testing"))]
            failing: AtomicBool::new(false),
        };
        store.check_origin()?;
        store.load()?;
        Ok(store)
    }

    fn check_origin(&self) -> Result<(), StoreError> {
        let ours = (VERSION, self.genesis).encode();
        let found = self.db.get_cf(self.column(META)?, ORIGIN).map_err(|error| of_read(META, error))?;
        match found {
            Some(theirs) if theirs == ours => Ok(()),
            Some(_) => Err(StoreError::Mismatch),
            // What holds items but no version was not written by this code.
            None if self.last_anchor()?.is_some() || self.journal()?.next().is_some() => Err(StoreError::Mismatch),
            None => self.change(true, |batch, _| {
                batch.put(META, ORIGIN, ours);
                Ok(())
            }),
        }
    }

    /// Reads what is kept in memory.
    fn load(&self) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        writing.epoch = self.get(META, IN_FORCE)?.unwrap_or(0);
        self.in_force.store(writing.epoch, Ordering::Release);
        let last = self.db.iterator_cf(self.column(JOURNAL)?, IteratorMode::End).next().transpose();
        if let Some((key, _)) = last.map_err(|error| of_read(JOURNAL, error))? {
            let position = <[u8; 8]>::try_from(&key[..]).map_err(|_| StoreError::Damaged(JOURNAL))?;
            writing.position = u64::from_be_bytes(position) + 1;
        }
        for entry in self.db.iterator_cf(self.column(RIVALS)?, IteratorMode::Start) {
            let (key, _) = entry.map_err(|error| of_read(RIVALS, error))?;
            let (epoch, slot, id) = keys::split_unit(&key).ok_or(StoreError::Damaged(RIVALS))?;
            let id = <[u8; 32]>::try_from(id).map_err(|_| StoreError::Damaged(RIVALS))?;
            if epoch == writing.epoch {
                writing.rivals.insert((slot, Hash(id)));
            }
        }
        for entry in self.db.iterator_cf(self.column(EPOCHS)?, IteratorMode::Start) {
            let (key, bytes) = entry.map_err(|error| of_read(EPOCHS, error))?;
            let epoch = keys::number(&key).ok_or(StoreError::Damaged(EPOCHS))?;
            let record = Epoch::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(EPOCHS))?;
            self.epochs.write().insert(epoch, record.first);
        }
        Ok(())
    }

    fn column(&self, name: &'static str) -> Result<&ColumnFamily, StoreError> {
        self.db.cf_handle(name).ok_or(StoreError::Damaged(name))
    }

    fn get<T: DecodeAll>(&self, column: &'static str, key: &[u8]) -> Result<Option<T>, StoreError> {
        let found = self.db.get_pinned_cf(self.column(column)?, key).map_err(|error| of_read(column, error))?;
        let Some(bytes) = found else { return Ok(None) };
        T::decode_all(&mut &bytes[..]).map(Some).map_err(|_| StoreError::Damaged(column))
    }

    /// Writes all or nothing. With `sync` it and everything before it is durable on return. After an
    /// error nothing is written any more: what was to follow must not be there without it.
    pub fn write(&self, writes: &[Write<'_>], sync: bool) -> Result<(), StoreError> {
        self.change(sync, |batch, writing| {
            writes.iter().try_for_each(|write| match write {
                Write::Item(item) => batch.item(item),
                Write::Anchor { proposal, leaves, block } => batch.anchor(proposal, leaves, *block, writing),
            })
        })
    }

    /// Keeps an anchor that was caught up with, which is no part of the journal; its units are those of
    /// `leaves`, in the same order, or none are here. Durable on return.
    pub fn put_history(
        &self,
        anchor: &Anchor,
        units: &[Unit],
        leaves: &[AnchorLeaf],
        block: Hash,
    ) -> Result<(), StoreError> {
        self.change(true, |batch, _| batch.history(anchor, units, leaves, block))
    }

    /// Makes one write of what `fill` puts into it.
    fn change(
        &self,
        sync: bool,
        fill: impl FnOnce(&mut Batch<'_>, &Writing) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        let mut batch = Batch::new(self, &writing);
        let done = fill(&mut batch, &writing).and_then(|()| self.finish(batch, sync, &mut writing));
        if done.is_err() {
            self.stopped.store(true, Ordering::Release);
        }
        done
    }

    fn finish(&self, mut batch: Batch<'_>, sync: bool, writing: &mut Writing) -> Result<(), StoreError> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(StoreError::Stopped);
        }
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.refuse()?;
        self.db.write_opt(batch.take()?, &options)?;
        let epochs = batch.settle(writing);
        self.epochs.write().extend(epochs);
        Ok(())
    }

    #[cfg(any(test, feature = "testing"))]
    fn refuse(&self) -> Result<(), StoreError> {
        if self.failing.load(Ordering::Acquire) {
            return Err(StoreError::Full("as the test wants it".into()));
        }
        Ok(())
    }

    #[cfg(not(any(test, feature = "testing")))]
    fn refuse(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes every write fail as on a full disk.
    #[cfg(any(test, feature = "testing"))]
    pub fn fail_writes(&self, fail: bool) {
        self.failing.store(fail, Ordering::Release);
    }

    /// Brings everything into its final files, for a figure of what it takes.
    pub fn compact(&self) -> Result<(), StoreError> {
        for column in COLUMNS {
            self.db.flush_cf(self.column(column)?)?;
            self.reclaim(column)?;
        }
        Ok(())
    }

    /// Bytes of the files that hold data, and of what is in memory and in the log only.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let mut bytes = 0;
        for column in COLUMNS {
            for property in ["rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables"] {
                let column = self.column(column)?;
                bytes += self.db.property_int_value_cf(column, property)?.unwrap_or(0);
            }
        }
        Ok(bytes)
    }
}
