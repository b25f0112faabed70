//! Storage proofs: what stands under a key in the state of a finalised header.
//!
//! A proof is the list of trie nodes that a full node returns from `state_getReadProof`. It must hold
//! exactly the nodes that the reads touch, in rising order, so that no byte of it is idle.

use alloc::{collections::BTreeSet, vec::Vec};
use loadstone_core::Hash;
use sp_runtime::traits::BlakeTwo256;
use sp_trie::{LayoutV1, MemoryDB, Recorder, StorageProof};

/// Trie nodes of a storage proof, in rising order.
pub type ProofNodes = Vec<Vec<u8>>;

/// Why a storage proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// The nodes are not in strictly rising order.
    Disordered,
    /// A node on a key's path is missing or does not decode.
    Incomplete,
    /// A node that no key needs.
    UnusedNode,
}

/// What stands under each key; `None` is a proved absence.
type Values = Vec<Option<Vec<u8>>>;

/// Reads `keys` and tells which nodes that took.
fn read<K: AsRef<[u8]>>(root: &Hash, nodes: &[Vec<u8>], keys: &[K]) -> Result<(Values, BTreeSet<Hash>), StateError> {
    let database: MemoryDB<BlakeTwo256> = StorageProof::new(nodes.iter().cloned()).into_memory_db();
    let mut recorder = Recorder::<LayoutV1<BlakeTwo256>>::new();
    let values = keys
        .iter()
        .map(|key| sp_trie::read_trie_value::<LayoutV1<_>, _>(&database, root, key.as_ref(), Some(&mut recorder), None))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| StateError::Incomplete)?;
    let touched = recorder.drain().into_iter().map(|record| record.hash).collect();
    Ok((values, touched))
}

fn node_hash(node: &[u8]) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(node))
}

/// Reads `keys` from the state of `root` through the proof `nodes`; `None` stands for a proved absence.
///
/// # Errors
/// [`StateError`] when the nodes are disordered, too few or too many.
pub fn read_proved<K: AsRef<[u8]>>(
    root: &Hash,
    nodes: &[Vec<u8>],
    keys: &[K],
) -> Result<Vec<Option<Vec<u8>>>, StateError> {
    if nodes.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(StateError::Disordered);
    }
    let (values, touched) = read(root, nodes, keys)?;
    if nodes.iter().any(|node| !touched.contains(&node_hash(node))) {
        return Err(StateError::UnusedNode);
    }
    Ok(values)
}

/// Puts the nodes of a node's answer into the order that [`read_proved`] demands and leaves out those
/// that reading `keys` does not touch.
///
/// # Errors
/// [`StateError::Incomplete`] when a node on a key's path is missing.
pub fn minimal_proof<K: AsRef<[u8]>>(
    root: &Hash,
    nodes: impl IntoIterator<Item = Vec<u8>>,
    keys: &[K],
) -> Result<ProofNodes, StateError> {
    let ordered: BTreeSet<Vec<u8>> = nodes.into_iter().collect();
    let ordered: Vec<Vec<u8>> = ordered.into_iter().collect();
    let (_, touched) = read(root, &ordered, keys)?;
    Ok(ordered.into_iter().filter(|node| touched.contains(&node_hash(node))).collect())
}

#[cfg(test)]
#[path = "tests/state.rs"]
mod tests;
