//! Proofs that an anchor is among the chain's anchors. Roots of blocks of anchors are kept for good, so a
//! proof reads some thousand hashes however many anchors there are, and old hashes can go.

use codec::DecodeAll;
use loadstone_core::{AnchorNumber, Hash, MmrPeaks, MmrProof};
use rocksdb::{Direction, IteratorMode};

use super::{batch::Batch, columns::BLOCKS, error::of_read, keys, Store, StoreError};

/// Height of a block's tree.
const HEIGHT: u32 = 12;

/// Anchors in a block.
pub(super) const BLOCK: u32 = 1 << HEIGHT;

/// Root of the perfect tree over `count` leaves, which is a power of two; `None` for another number.
fn perfect(leaves: Vec<Hash>, count: u32) -> Option<Hash> {
    let mut range = MmrPeaks::default();
    let all = leaves.into_iter().all(|leaf| range.push(leaf));
    let whole = all && range.leaves == count && count.is_power_of_two();
    range.peaks.first().copied().filter(|_| whole)
}

impl Batch<'_> {
    /// Keeps the root of the block that this anchor completes, if all anchors in it are here.
    pub(super) fn block(&mut self, number: AnchorNumber) -> Result<(), StoreError> {
        if !number.0.is_multiple_of(BLOCK) {
            return Ok(());
        }
        let first = number.0 - BLOCK + 1;
        let held = self.hashes.range(first..).next().map_or(first, |(number, _)| *number) - first;
        let mut hashes = self.store.hashes_from(first, held)?;
        hashes.extend(self.hashes.range(first + held..=number.0).map(|(_, hash)| *hash));
        if let Some(root) = perfect(hashes, BLOCK) {
            self.put(BLOCKS, (number.0 / BLOCK - 1).to_be_bytes(), root.0);
        }
        Ok(())
    }
}

impl Store {
    /// Proof that anchor `number` is among the first `leaves` anchors; `None` when it is not, or when
    /// hashes that the proof needs are not here.
    pub fn range_proof(&self, number: AnchorNumber, leaves: u32) -> Result<Option<MmrProof>, StoreError> {
        let Some(index) = number.0.checked_sub(1).filter(|index| *index < leaves) else { return Ok(None) };
        let (mut siblings, mut other_peaks, mut first) = (Vec::new(), Vec::new(), 0u32);
        for height in (0..u32::BITS).rev().filter(|height| leaves & (1 << height) != 0) {
            let own = index >= first && (index - first) >> height == 0;
            let wanted: Vec<(u32, u32)> = if own {
                (0..height).map(|below| ((index >> below ^ 1) << below, below)).collect()
            } else {
                vec![(first, height)]
            };
            for (at, height) in wanted {
                let Some(root) = self.subtree(at, height)? else { return Ok(None) };
                if own {
                    siblings.push(root)
                } else {
                    other_peaks.push(root)
                }
            }
            first = first.wrapping_add(1 << height);
        }
        Ok(Some(MmrProof { index, leaves, siblings, other_peaks }))
    }

    /// Root over 2^`height` anchors after the first `before`.
    fn subtree(&self, before: u32, height: u32) -> Result<Option<Hash>, StoreError> {
        if height < HEIGHT {
            let count = 1 << height;
            return Ok(perfect(self.hashes_from(before + 1, count)?, count));
        }
        let (position, count) = (before >> HEIGHT, 1 << (height - HEIGHT));
        let from = position.to_be_bytes();
        let entries = self.db.iterator_cf(self.column(BLOCKS)?, IteratorMode::From(&from, Direction::Forward));
        let mut roots = Vec::new();
        for (position, entry) in (position..position + count).zip(entries) {
            let (key, bytes) = entry.map_err(|error| of_read(BLOCKS, error))?;
            if keys::number(&key) != Some(position) {
                break;
            }
            roots.push(Hash::decode_all(&mut &bytes[..]).map_err(|_| StoreError::Damaged(BLOCKS))?);
        }
        Ok(perfect(roots, count))
    }

    /// The first anchor whose hash is still needed when all before `below` are pruned.
    pub(super) fn needed_from(&self, below: AnchorNumber) -> Result<AnchorNumber, StoreError> {
        let mut blocks = below.0.saturating_sub(1) / BLOCK;
        // Without its root a block's hashes stay.
        while blocks > 0 && self.get::<Hash>(BLOCKS, &(blocks - 1).to_be_bytes())?.is_none() {
            blocks -= 1;
        }
        Ok(AnchorNumber(blocks * BLOCK + 1))
    }
}
