//! Pruning: old epochs leave whole, and their files with them.

use loadstone_core::AnchorNumber;
use rocksdb::IteratorMode;

use super::{
    batch::Batch,
    columns::{ANCHORS, EPOCHS, HASHES, HEADS, LEAVES, META, NUMBERS, PLACES, RIVALS, UNITS},
    error::of_read,
    keys, Store, StoreError,
};

/// Key of how far the database is pruned.
const PRUNED: &[u8] = b"pruned";

/// Columns whose keys begin with an epoch.
const OF_EPOCHS: [&str; 5] = [UNITS, RIVALS, PLACES, HEADS, EPOCHS];

/// Those of them that hold much.
const LARGE: [&str; 3] = [UNITS, RIVALS, PLACES];

/// Columns whose keys are anchor numbers.
const OF_ANCHORS: [&str; 2] = [ANCHORS, LEAVES];

impl Store {
    /// The first anchor that pruning has left; 1 before any.
    pub fn pruned(&self) -> Result<AnchorNumber, StoreError> {
        Ok(self.get(META, PRUNED)?.unwrap_or(AnchorNumber(1)))
    }

    /// Drops all epochs that ended before anchor `below`, with their anchors and units. `archived` is the
    /// newest anchor in the archive where one is kept, 0 while that is empty: nothing that is not in it is
    /// dropped. Returns the first anchor that is left.
    pub fn prune(&self, below: AnchorNumber, archived: Option<AnchorNumber>) -> Result<AnchorNumber, StoreError> {
        let pruned = self.pruned()?;
        let limit = archived.map_or(below, |archived| below.min(archived.next()));
        let mut writing = self.writing.lock();
        // An epoch has ended before an anchor where a later one begins at or before it.
        let begins = self.epochs.read().iter().map(|(epoch, first)| (*epoch, *first)).collect::<Vec<_>>();
        let kept = begins.iter().rev().find(|(epoch, first)| *first <= limit && *epoch <= writing.epoch);
        let Some((epoch, first)) = kept.copied().filter(|(_, first)| *first > pruned) else { return Ok(pruned) };
        let needed = self.needed_from(first)?;
        let mut batch = Batch::new(self, &writing);
        for column in OF_EPOCHS {
            batch.deletions.delete_range_cf(self.column(column)?, 0u32.to_be_bytes(), epoch.to_be_bytes());
        }
        for column in OF_ANCHORS {
            batch.deletions.delete_range_cf(self.column(column)?, keys::anchor(0.into()), keys::anchor(first));
        }
        self.forget_numbers(&mut batch, first)?;
        batch.deletions.delete_range_cf(self.column(HASHES)?, keys::anchor(0.into()), keys::anchor(needed));
        batch.put(META, PRUNED, codec::Encode::encode(&first));
        self.finish(batch, true, &mut writing)?;
        self.epochs.write().retain(|held, _| *held >= epoch);
        drop(writing);
        for column in LARGE {
            let (from, to) = (0u32.to_be_bytes(), epoch.to_be_bytes());
            // Files that hold nothing else go at once, the rest by compaction. The end is included, but
            // no key of these columns is an epoch alone.
            self.db.delete_file_in_range_cf(self.column(column)?, from, to)?;
            self.db.compact_range_cf(self.column(column)?, Some(from), Some(to));
        }
        for column in [HEADS, EPOCHS, ANCHORS, LEAVES, HASHES, NUMBERS] {
            self.reclaim(column)?;
        }
        Ok(first)
    }

    /// Takes anchors that go out of the index by hash.
    fn forget_numbers(&self, batch: &mut Batch<'_>, first: AnchorNumber) -> Result<(), StoreError> {
        for entry in self.db.iterator_cf(self.column(HASHES)?, IteratorMode::Start) {
            let (key, hash) = entry.map_err(|error| of_read(HASHES, error))?;
            let number = keys::number(&key).ok_or(StoreError::Damaged(HASHES))?;
            if number >= first.0 {
                break;
            }
            let hash = <[u8; 32]>::try_from(&hash[..]).map_err(|_| StoreError::Damaged(HASHES))?;
            batch.deletions.delete_cf(self.column(NUMBERS)?, keys::indexed(&hash.into(), &key));
        }
        Ok(())
    }
}
