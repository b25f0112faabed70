//! Binary Merkle tree over encoded leaves, domain-separated, with unpaired nodes carried up.
//!
//! Leaf hash = blake2_256(0x00 ++ leaf); node hash = blake2_256(0x01 ++ left ++ right). An unpaired
//! node moves up unhashed. Together with the leaf count, which the verifier must know from a
//! trusted place, this shape admits exactly one path per leaf, so no proof can be replayed for another.

use crate::Hash;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_crypto_hashing::blake2_256;

/// Path from one leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct MerkleProof {
    /// Position of the leaf, from 0.
    pub index: u32,
    /// Leaves in the tree.
    pub leaves: u32,
    /// Siblings from the leaf upwards; levels without a sibling have no entry. At most 32 are read.
    pub siblings: Vec<Hash>,
}

fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(1 + leaf.len());
    bytes.push(0);
    bytes.extend_from_slice(leaf);
    Hash(blake2_256(&bytes))
}

pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1u8; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Hash(blake2_256(&bytes))
}

fn parents(level: &[Hash]) -> Vec<Hash> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node_hash(left, right),
            single => single[0],
        })
        .collect()
}

/// Root over `leaves` in order; the zero hash for none.
pub fn merkle_root<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Hash {
    let mut level: Vec<Hash> = leaves.into_iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    while level.len() > 1 {
        level = parents(&level);
    }
    level.first().copied().unwrap_or_default()
}

/// Proof for the leaf at `index`, or `None` when there is no such leaf.
pub fn merkle_proof<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>, index: u32) -> Option<MerkleProof> {
    let mut level: Vec<Hash> = leaves.into_iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    let leaves = u32::try_from(level.len()).ok()?;
    if index >= leaves {
        return None;
    }
    let mut position = index as usize;
    let mut siblings = Vec::new();
    while level.len() > 1 {
        if let Some(sibling) = level.get(position ^ 1) {
            siblings.push(*sibling);
        }
        level = parents(&level);
        position /= 2;
    }
    Some(MerkleProof { index, leaves, siblings })
}

/// A tree kept whole, for whoever proves many of its leaves: each proof costs the tree's height.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    /// Leaf hashes first, the root last; one empty level for no leaves.
    levels: Vec<Vec<Hash>>,
}

impl MerkleTree {
    /// Over `leaves` in order.
    pub fn new<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Self {
        let mut level: Vec<Hash> = leaves.into_iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = parents(&level);
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Self { levels }
    }

    /// As [`merkle_root`].
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// As [`merkle_proof`].
    pub fn proof(&self, index: u32) -> Option<MerkleProof> {
        let leaves = u32::try_from(self.levels.first()?.len()).ok()?;
        if index >= leaves {
            return None;
        }
        let sibling = |(height, level): (usize, &Vec<Hash>)| level.get((index as usize >> height) ^ 1).copied();
        let siblings = self.levels.iter().enumerate().filter_map(sibling).collect();
        Some(MerkleProof { index, leaves, siblings })
    }
}

/// Whether `proof` leads from `leaf` to `root`.
pub fn verify_merkle(root: &Hash, leaf: &[u8], proof: &MerkleProof) -> bool {
    if proof.index >= proof.leaves {
        return false;
    }
    let (mut position, mut width) = (proof.index, proof.leaves);
    let mut node = leaf_hash(leaf);
    let mut siblings = proof.siblings.iter();
    while width > 1 {
        let has_sibling = position % 2 == 1 || position + 1 < width;
        if has_sibling {
            let Some(sibling) = siblings.next() else { return false };
            node = if position % 2 == 1 { node_hash(sibling, &node) } else { node_hash(&node, sibling) };
        }
        position /= 2;
        width = width.div_ceil(2);
    }
    siblings.next().is_none() && node == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_every_size_proves_and_no_other_does() {
        for size in 1u32..=33 {
            let leaves: Vec<[u8; 4]> = (0..size).map(u32::to_le_bytes).collect();
            let root = merkle_root(&leaves);
            for index in 0..size {
                let proof = merkle_proof(&leaves, index).expect("leaf exists");
                assert!(verify_merkle(&root, &leaves[index as usize], &proof));
                let wrong = (index + 1) % size;
                assert!(size == 1 || !verify_merkle(&root, &leaves[wrong as usize], &proof));
                let moved = MerkleProof { index: wrong, ..proof.clone() };
                assert!(size == 1 || !verify_merkle(&root, &leaves[index as usize], &moved));
            }
            assert!(merkle_proof(&leaves, size).is_none());
            let tree = MerkleTree::new(&leaves);
            assert_eq!(tree.root(), root);
            assert!((0..=size).all(|index| tree.proof(index) == merkle_proof(&leaves, index)));
        }
    }

    #[test]
    fn surplus_and_missing_siblings_are_refused() {
        let leaves: Vec<[u8; 4]> = (0u32..5).map(u32::to_le_bytes).collect();
        let root = merkle_root(&leaves);
        let mut proof = merkle_proof(&leaves, 2).expect("leaf exists");
        proof.siblings.push(Hash::zero());
        assert!(!verify_merkle(&root, &leaves[2], &proof));
        proof.siblings.truncate(1);
        assert!(!verify_merkle(&root, &leaves[2], &proof));
    }
}
