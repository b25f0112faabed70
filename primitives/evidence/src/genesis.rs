//! The chain's beginning as a trusted point, from its whole genesis state.

use crate::{
    bundle::Checkpoint,
    finality::{AuthoritySet, Header},
    keys,
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::DecodeAll;
use loadstone_core::Hash;
use sp_consensus_grandpa::AuthorityList;
use sp_runtime::{
    generic::Digest,
    traits::{BlakeTwo256, Header as _},
};
use sp_trie::{LayoutV1, TrieConfiguration};

/// Block 0 of the chain that begins with these entries, as a raw chain spec lists them, and the set that votes on what
/// follows. `None` when the state names no such set. A state with child tries has another root than these entries.
pub fn genesis_checkpoint(state: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Checkpoint> {
    let authorities = state.get(&keys::grandpa_authorities())?;
    let authorities = AuthorityList::decode_all(&mut &authorities[..]).ok()?;
    let root = |entries: &BTreeMap<Vec<u8>, Vec<u8>>| LayoutV1::<BlakeTwo256>::trie_root(entries);
    let header = Header::new(0, root(&BTreeMap::new()), root(state), Hash::zero(), Digest::default());
    Some(Checkpoint { number: 0, hash: header.hash(), set: AuthoritySet { id: 0, authorities } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{set, State};
    use codec::Encode;
    use sp_keyring::Ed25519Keyring::{Alice, Bob};

    #[test]
    fn block_0_follows_from_the_genesis_state() {
        // GIVEN a genesis state that names two voters, with a value that its trie keeps apart
        let voters = set(0, &[Alice, Bob]);
        let entries =
            vec![(keys::grandpa_authorities(), voters.authorities.encode()), (b":code".to_vec(), vec![7; 99])];
        // WHEN block 0 is made from it THEN it has that state's root, and no extrinsics
        let genesis = genesis_checkpoint(&entries.iter().cloned().collect()).expect("it names voters");
        let nothing: Hash = "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314".parse().expect("hex");
        let header = Header::new(0, nothing, State::bare(&entries).root, Hash::zero(), Digest::default());
        assert_eq!((genesis.number, genesis.hash, genesis.set), (0, header.hash(), voters));
        // GIVEN a state without voters THEN nothing is to be trusted
        assert_eq!(genesis_checkpoint(&BTreeMap::new()), None);
    }
}
