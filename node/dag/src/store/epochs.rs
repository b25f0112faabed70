//! Epochs: what each began from. The journal is the epoch's in force, and goes with it.

use std::sync::atomic::Ordering;

use codec::{Decode, DecodeAll, Encode};
use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Anchor, DeviceHead, EpochStart, HEADS_CHUNK};
use rocksdb::{Direction, IteratorMode};

use super::{
    batch::Batch,
    columns::{EPOCHS, HEADS, IDS, JOURNAL, META},
    error::of_read,
    keys, Store, StoreError,
};

/// Key of the epoch in force.
pub(super) const IN_FORCE: &[u8] = b"epoch";

/// Epochs whose heads are kept, for members that catch up.
const KEPT_HEADS: u32 = 2;

/// What is known of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Epoch {
    /// Its first anchor, or the first that is here.
    pub first: AnchorNumber,
    /// The closing anchor before it, if this node was there when it began; `Some(None)` for epoch 0.
    pub start: Option<Option<Anchor>>,
}

impl Store {
    pub(super) fn epoch_record(&self, epoch: u32) -> Result<Option<Epoch>, StoreError> {
        self.get(EPOCHS, &epoch.to_be_bytes())
    }

    /// First anchor of an epoch, if any of it is here.
    pub(super) fn first_anchor(&self, epoch: u32) -> Option<AnchorNumber> {
        self.epochs.read().get(&epoch).copied()
    }

    /// The epoch in force and what it began from; `None` before the first one began here.
    pub fn epoch(&self) -> Result<Option<(u32, EpochStart)>, StoreError> {
        let Some(epoch) = self.get::<u32>(META, IN_FORCE)? else { return Ok(None) };
        let record = self.epoch_record(epoch)?.ok_or(StoreError::Damaged(EPOCHS))?;
        let anchor = record.start.ok_or(StoreError::Damaged(EPOCHS))?;
        let start = EpochStart { anchor, heads: self.heads(epoch)? };
        // The closing anchor commits to the heads, so what is missing shows.
        start.is_sound().then_some(Some((epoch, start))).ok_or(StoreError::Damaged(HEADS))
    }

    fn heads(&self, epoch: u32) -> Result<Vec<DeviceHead>, StoreError> {
        let mut heads = Vec::new();
        let from = keys::heads(epoch, 0.into());
        for entry in self.db.iterator_cf(self.column(HEADS)?, IteratorMode::From(&from, Direction::Forward)) {
            let (key, bytes) = entry.map_err(|error| of_read(HEADS, error))?;
            if !key.starts_with(&epoch.to_be_bytes()) {
                break;
            }
            let chunk = Vec::<DeviceHead>::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(HEADS))?;
            heads.extend(chunk);
        }
        Ok(heads)
    }

    /// The heads that this closing anchor commits to; kept for the epoch in force and the one before.
    pub fn heads_of(&self, closing: &Hash) -> Result<Option<Vec<DeviceHead>>, StoreError> {
        let epoch = self.in_force.load(Ordering::Acquire);
        for epoch in (epoch.saturating_sub(KEPT_HEADS - 1)..=epoch).rev() {
            let start = self.epoch_record(epoch)?.and_then(|record| record.start).flatten();
            if start.is_some_and(|anchor| anchor.hash() == *closing) {
                return self.heads(epoch).map(Some);
            }
        }
        Ok(None)
    }

    /// Begins an epoch: what it begins from is kept, and the journal of the one before is gone. All in one
    /// write, durable on return. Beginning the epoch in force again changes nothing.
    pub fn begin_epoch(&self, epoch: u32, start: &EpochStart) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        if let Some(held) = self.get::<u32>(META, IN_FORCE)?.filter(|held| epoch <= *held) {
            return if held == epoch { Ok(()) } else { Err(StoreError::Epoch { held, given: epoch }) };
        }
        let mut batch = Batch::new(self, &writing);
        let end = writing.position;
        self.forget_journal(&mut batch, end)?;
        let oldest = epoch.saturating_sub(KEPT_HEADS - 1);
        batch.deletions.delete_range_cf(self.column(HEADS)?, keys::heads(0, 0.into()), keys::heads(oldest, 0.into()));
        for chunk in start.heads.chunks(HEADS_CHUNK) {
            let first = chunk.first().map_or(0.into(), |head| head.device);
            batch.put(HEADS, keys::heads(epoch, first), chunk.encode());
        }
        let first = start.anchor.as_ref().map_or(AnchorNumber(0), |anchor| anchor.number).next();
        batch.begins(epoch, &Epoch { first, start: Some(start.anchor.clone()) });
        batch.put(META, IN_FORCE, epoch.encode());
        if let Err(error) = self.finish(batch, true, &mut writing) {
            self.stopped.store(true, Ordering::Release);
            return Err(error);
        }
        writing.epoch = epoch;
        writing.rivals.clear();
        self.in_force.store(epoch, Ordering::Release);
        drop(writing);
        for column in [JOURNAL, IDS, HEADS] {
            self.reclaim(column)?;
        }
        Ok(())
    }

    fn forget_journal(&self, batch: &mut Batch<'_>, end: u64) -> Result<(), StoreError> {
        batch.deletions.delete_range_cf(self.column(JOURNAL)?, 0u64.to_be_bytes(), end.to_be_bytes());
        // No key of this column is as long and as great.
        batch.deletions.delete_range_cf(self.column(IDS)?, &[][..], &[u8::MAX; 33][..]);
        Ok(())
    }

    /// Gives back the space of what was deleted in a column.
    pub(super) fn reclaim(&self, column: &'static str) -> Result<(), StoreError> {
        self.db.compact_range_cf(self.column(column)?, None::<&[u8]>, None::<&[u8]>);
        Ok(())
    }
}
