//! Heads: the last anchored unit of each device, which is all that an epoch hands to the next.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{merkle_root, verify_merkle, DeviceId, Hash, Incarnation, MerkleProof, MerkleTree, Sequence};
use scale_info::TypeInfo;

use crate::Anchor;

/// Heads in a chunk, of which a peer that catches up asks for one after another.
pub const HEADS_CHUNK: usize = 1_024;

/// The last anchored unit of a device's latest life that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DeviceHead {
    /// The device.
    pub device: DeviceId,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// Position of the unit in that life's chain.
    pub sequence: Sequence,
    /// The unit's id.
    pub unit: Hash,
}

/// What an epoch starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct EpochStart {
    /// The closing anchor of the epoch before; `None` in epoch 0.
    pub anchor: Option<Anchor>,
    /// The heads that the closing anchor commits to: one a device, in rising order of device.
    pub heads: Vec<DeviceHead>,
}

impl EpochStart {
    /// Whether these are the heads that the closing anchor commits to, in their order.
    pub fn is_sound(&self) -> bool {
        let in_order = self.heads.windows(2).all(|pair| pair[0].device < pair[1].device);
        let committed = match &self.anchor {
            Some(anchor) => anchor.heads == Some(heads_root(&self.heads)),
            None => self.heads.is_empty(),
        };
        in_order && committed
    }
}

fn chunks(heads: &[DeviceHead]) -> impl Iterator<Item = Vec<u8>> + '_ {
    heads.chunks(HEADS_CHUNK).map(Encode::encode)
}

/// Commitment to heads in their order; the zero hash for none.
pub fn heads_root(heads: &[DeviceHead]) -> Hash {
    merkle_root(chunks(heads))
}

/// A chunk of heads, from 0, with the proof that leads to [`heads_root`]; `None` when there is no such chunk.
pub fn heads_chunk(heads: &[DeviceHead], chunk: u32) -> Option<(Vec<DeviceHead>, MerkleProof)> {
    let proof = MerkleTree::new(chunks(heads)).proof(chunk)?;
    let part = heads.chunks(HEADS_CHUNK).nth(chunk as usize)?;
    Some((part.to_vec(), proof))
}

/// Whether the chunk stands under `root` at the place that the proof says. Whoever has gathered all
/// chunks that a proof speaks of checks them together with [`EpochStart::is_sound`]: a single proof
/// does not vouch for the number of chunks.
pub fn verify_heads_chunk(root: &Hash, chunk: &[DeviceHead], proof: &MerkleProof) -> bool {
    let in_order = chunk.windows(2).all(|pair| pair[0].device < pair[1].device);
    !chunk.is_empty() && chunk.len() <= HEADS_CHUNK && in_order && verify_merkle(root, &chunk.encode(), proof)
}
