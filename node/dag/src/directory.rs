//! Devices as the chain knows them: a cache of finalised state, with the state of older blocks behind it.
//!
//! An entry is read again once it is [`FRESH_BLOCKS`] finalised blocks old, so a revocation is seen
//! within two seconds at 200 ms slots without a runtime call for every unit.

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{AnchorNumber, BlockNumber, Device, DeviceId, Hash, Incarnation, PublicKey, Resource};
use parking_lot::Mutex;

use crate::chain::{BlockRef, Chain, ChainError};

/// Age in finalised blocks at which an entry is read again.
pub const FRESH_BLOCKS: BlockNumber = 10;

/// Greatest number of entries; beyond it the cache starts afresh.
const MAX_ENTRIES: usize = 200_000;

/// Greatest number of anchors whose blocks are remembered.
const MAX_BLOCKS: usize = 1_024;

#[derive(Clone)]
struct Entry {
    read_at: BlockNumber,
    value: Option<(Device, Resource)>,
}

impl Entry {
    fn is_fresh(&self, head: BlockRef) -> bool {
        head.number.saturating_sub(self.read_at) < FRESH_BLOCKS
    }
}

/// Cache of registered devices.
pub struct Directory {
    chain: Arc<dyn Chain>,
    entries: Mutex<BTreeMap<DeviceId, Entry>>,
    /// First blocks of anchors.
    blocks: Mutex<BTreeMap<AnchorNumber, Hash>>,
}

impl Directory {
    /// Empty, over `chain`.
    pub fn new(chain: Arc<dyn Chain>) -> Self {
        Self { chain, entries: Mutex::default(), blocks: Mutex::default() }
    }

    /// The device at the finalised head `head`, at most [`FRESH_BLOCKS`] older.
    pub fn device(&self, head: BlockRef, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError> {
        if let Some(entry) = self.entries.lock().get(&id) {
            if entry.is_fresh(head) {
                return Ok(entry.value.clone());
            }
        }
        // Not under the lock: the runtime call takes its time. Two readers of one device do no harm.
        let value = self.chain.device(head.hash, id)?;
        let mut entries = self.entries.lock();
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(id, Entry { read_at: head.number, value: value.clone() });
        Ok(value)
    }

    /// Keys that sign for these lives at the finalised head, in their order; none for a device that is
    /// revoked, of another life, or unknown.
    pub fn keys(&self, head: BlockRef, lives: &[(DeviceId, Incarnation)]) -> Vec<Option<PublicKey>> {
        let key = |found: &Option<(Device, Resource)>, incarnation| {
            let device = found.as_ref().map(|(device, _)| device);
            device.filter(|device| !device.revoked && device.incarnation == incarnation).map(|device| device.key)
        };
        let cached: Vec<_> = {
            let entries = self.entries.lock();
            let fresh = |id| entries.get(id).filter(|entry| entry.is_fresh(head));
            lives.iter().map(|(id, life)| fresh(id).map(|entry| key(&entry.value, *life))).collect()
        };
        let read = |(id, life): &(DeviceId, Incarnation)| key(&self.device(head, *id).ok().flatten(), *life);
        lives.iter().zip(cached).map(|(life, cached)| cached.unwrap_or_else(|| read(life))).collect()
    }

    /// The device as it stood when anchor `base` was new on chain, in state up to `head`; `None` also
    /// when that state can't be told. Not cached: only units whose device has changed since come here.
    pub fn device_at(
        &self,
        head: BlockRef,
        base: AnchorNumber,
        id: DeviceId,
    ) -> Result<Option<(Device, Resource)>, ChainError> {
        match self.block_of(head, base)? {
            Some(block) => self.chain.device(block, id),
            None => Ok(None),
        }
    }

    /// The first block up to `head` whose state has anchor `base`, by halving: anchors only grow.
    fn block_of(&self, head: BlockRef, base: AnchorNumber) -> Result<Option<Hash>, ChainError> {
        if let Some(block) = self.blocks.lock().get(&base) {
            return Ok(Some(*block));
        }
        let has = |block: Hash| {
            let latest = self.chain.ledger(block)?.latest.map_or(AnchorNumber(0), |anchor| anchor.number);
            Ok::<_, ChainError>(latest >= base)
        };
        if !has(head.hash)? {
            return Ok(None);
        }
        let (mut low, mut high, mut found) = (0, head.number, head.hash);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(block) = self.chain.block_hash(middle) else { return Ok(None) };
            if has(block)? {
                (high, found) = (middle, block);
            } else {
                low = middle + 1;
            }
        }
        let mut blocks = self.blocks.lock();
        if blocks.len() >= MAX_BLOCKS {
            blocks.pop_first();
        }
        blocks.insert(base, found);
        Ok(Some(found))
    }
}
