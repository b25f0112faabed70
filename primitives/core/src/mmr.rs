//! Merkle mountain range of anchor hashes: the chain keeps its peaks, anyone can prove an old anchor.
//!
//! Peaks stand for perfect subtrees of falling size, as the binary digits of the leaf count say.
//! The root binds the count, so a proof fixes the leaf's position.

use crate::{merkle::node_hash, Hash};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// The peaks of a range of up to 2^32 leaves, largest subtree first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct MmrPeaks {
    /// Leaves so far.
    pub leaves: u32,
    /// One hash for each set bit of `leaves`.
    pub peaks: BoundedVec<Hash, ConstU32<32>>,
}

/// Path from one leaf to the range's root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct MmrProof {
    /// Position of the leaf, from 0.
    pub index: u32,
    /// Leaves in the range.
    pub leaves: u32,
    /// Siblings up to the leaf's own peak.
    pub siblings: Vec<Hash>,
    /// The other peaks, largest subtree first.
    pub other_peaks: Vec<Hash>,
}

fn root_of(leaves: u32, peaks: &[Hash]) -> Hash {
    Hash(blake2_256(&(b"loadstone/mmr/1", leaves, peaks).encode()))
}

/// (peak index, height of that peak, position in its subtree) of the leaf at `index`.
fn locate(leaves: u32, index: u32) -> Option<(usize, u32, u32)> {
    let mut first = 0u32;
    let mut peak = 0usize;
    for height in (0..32).rev() {
        let size = 1u32 << height;
        if leaves & size != 0 {
            if index - first < size {
                return Some((peak, height, index - first));
            }
            first += size;
            peak += 1;
        }
    }
    None
}

impl MmrPeaks {
    /// Appends a leaf. Returns `false`, changing nothing, when the range is full.
    pub fn push(&mut self, leaf: Hash) -> bool {
        if self.leaves == u32::MAX {
            return false;
        }
        let mut peaks = core::mem::take(&mut self.peaks).into_inner();
        let mut node = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        peaks.push(node);
        self.leaves += 1;
        self.peaks = BoundedVec::truncate_from(peaks);
        true
    }

    /// Whether `leaf` stands at `index`. `siblings` lead up to its own peak, as those of a [`MmrProof`] do. The path is
    /// good for as long as that peak stands, which the large ones of old leaves do while the range grows.
    pub fn holds(&self, index: u32, leaf: Hash, siblings: &[Hash]) -> bool {
        let Some((peak, height, mut position)) = locate(self.leaves, index) else { return false };
        if siblings.len() != height as usize {
            return false;
        }
        let mut node = leaf;
        for sibling in siblings {
            node = if position % 2 == 1 { node_hash(sibling, &node) } else { node_hash(&node, sibling) };
            position /= 2;
        }
        self.peaks.get(peak) == Some(&node)
    }

    /// The hash that stands for the whole range.
    pub fn root(&self) -> Hash {
        root_of(self.leaves, &self.peaks)
    }
}

impl MmrProof {
    /// Proof for `leaves[index]` in the range of all `leaves`, or `None` when there is no such leaf.
    pub fn new(leaves: &[Hash], index: u32) -> Option<Self> {
        let count = u32::try_from(leaves.len()).ok()?;
        if index >= count {
            return None;
        }
        let (own_peak, ..) = locate(count, index)?;
        let (mut siblings, mut other_peaks) = (Vec::new(), Vec::new());
        let mut first = 0usize;
        let heights = (0..32).rev().filter(|height| count & (1u32 << height) != 0);
        for (peak, height) in heights.enumerate() {
            let end = first + (1usize << height);
            let mut level = leaves[first..end].to_vec();
            let mut position = (index as usize).wrapping_sub(first);
            while level.len() > 1 {
                if peak == own_peak {
                    siblings.push(level[position ^ 1]);
                    position /= 2;
                }
                level = level.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            if peak != own_peak {
                other_peaks.push(level[0]);
            }
            first = end;
        }
        Some(Self { index, leaves: count, siblings, other_peaks })
    }
}

/// Whether `proof` leads from `leaf` to `root`.
pub fn verify_mmr(root: &Hash, leaf: Hash, proof: &MmrProof) -> bool {
    if proof.index >= proof.leaves || proof.other_peaks.len() + 1 != proof.leaves.count_ones() as usize {
        return false;
    }
    let Some((own_peak, height, mut position)) = locate(proof.leaves, proof.index) else { return false };
    if proof.siblings.len() != height as usize {
        return false;
    }
    let mut node = leaf;
    for sibling in &proof.siblings {
        node = if position % 2 == 1 { node_hash(sibling, &node) } else { node_hash(&node, sibling) };
        position /= 2;
    }
    let mut peaks = proof.other_peaks.clone();
    peaks.insert(own_peak, node);
    root_of(proof.leaves, &peaks) == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_every_size_proves() {
        let leaves: Vec<Hash> = (0u64..40).map(Hash::from_low_u64_be).collect();
        let mut range = MmrPeaks::default();
        for count in 1..=leaves.len() {
            assert!(range.push(leaves[count - 1]));
            assert_eq!(range.peaks.len(), range.leaves.count_ones() as usize);
            for index in 0..count {
                let proof = MmrProof::new(&leaves[..count], index as u32).expect("leaf exists");
                assert!(verify_mmr(&range.root(), leaves[index], &proof));
                assert!(!verify_mmr(&range.root(), Hash::repeat_byte(9), &proof));
                let moved = MmrProof { index: (index as u32 + 1) % count as u32, ..proof };
                assert!(count == 1 || !verify_mmr(&range.root(), leaves[index], &moved));
                // The path to its own peak proves it as well, and to no other place.
                assert!(range.holds(index as u32, leaves[index], &moved.siblings));
                assert!(count == 1 || !range.holds((index as u32 + 1) % count as u32, leaves[index], &moved.siblings));
                assert!(!range.holds(count as u32, leaves[index], &moved.siblings));
            }
        }
    }
}
