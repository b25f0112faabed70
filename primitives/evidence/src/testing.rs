//! A chain in memory, with states, authority sets and justifications that hold: for tests.

use crate::{
    finality::{AuthoritySet, Finalised, Header, Justification},
    keys,
    state::{minimal_proof, ProofNodes},
    OrderCapsule,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use finality_grandpa::{Message, Precommit, SignedPrecommit};
use loadstone_core::{AreaId, BlockNumber, DeviceId, Direction, Hash};
use loadstone_market::Order;
use sp_consensus_grandpa::{localized_payload, ConsensusLog, ScheduledChange, GRANDPA_ENGINE_ID};
use sp_core::{ed25519, Pair};
use sp_keyring::Ed25519Keyring as Voter;
use sp_runtime::{
    generic::{Digest, DigestItem},
    traits::{BlakeTwo256, Header as _},
};
use sp_trie::{LayoutV1, MemoryDB, TrieDBMutBuilder, TrieMut};

/// A state trie with all its nodes.
pub struct State {
    /// Its root.
    pub root: Hash,
    nodes: Vec<Vec<u8>>,
}

impl State {
    /// Holds `entries` and some that nobody asks for.
    pub fn new(entries: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let filler = |place: u32| (keys::device(DeviceId(1_000 + place)), vec![place as u8; 40]);
        Self::bare(&[(0..40).map(filler).collect(), entries.to_vec()].concat())
    }

    /// Holds `entries` alone.
    pub fn bare(entries: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let mut database = MemoryDB::<BlakeTwo256>::default();
        let mut root = Hash::zero();
        {
            let mut trie = TrieDBMutBuilder::<LayoutV1<BlakeTwo256>>::new(&mut database, &mut root).build();
            for (key, value) in entries {
                trie.insert(key, value).expect("the trie is in memory");
            }
        }
        let nodes = database.drain().into_values().filter(|(_, count)| *count > 0).map(|(node, _)| node).collect();
        Self { root, nodes }
    }

    /// Proof of what stands under `keys`.
    pub fn prove(&self, keys: &[Vec<u8>]) -> ProofNodes {
        minimal_proof(&self.root, self.nodes.clone(), keys).expect("all nodes are here")
    }
}

/// Equal weights.
pub fn set(id: u64, voters: &[Voter]) -> AuthoritySet {
    AuthoritySet { id, authorities: voters.iter().map(|voter| (voter.public().into(), 1)).collect() }
}

/// A block on top of `parent`.
pub fn child(parent: &Header, state_root: Hash, logs: Vec<DigestItem>) -> Header {
    Header::new(parent.number + 1, Hash::zero(), state_root, parent.hash(), Digest { logs })
}

/// A justification of `target` in which each voter votes for a block; `between` are the headers from the
/// target to those blocks.
pub fn justify(round: u64, set: u64, target: &Header, votes: &[(Voter, &Header)], between: &[&Header]) -> Vec<u8> {
    let votes: Vec<_> = votes.iter().map(|(voter, block)| (voter.pair(), *block)).collect();
    justify_with(round, set, target, &votes, between)
}

fn justify_with(
    round: u64,
    set: u64,
    target: &Header,
    votes: &[(ed25519::Pair, &Header)],
    between: &[&Header],
) -> Vec<u8> {
    let precommits = votes.iter().map(|(voter, block)| {
        let precommit = Precommit { target_hash: block.hash(), target_number: block.number };
        let payload = localized_payload(round, set, &Message::Precommit(precommit.clone()));
        SignedPrecommit { precommit, signature: voter.sign(&payload).into(), id: voter.public().into() }
    });
    let commit = finality_grandpa::Commit {
        target_hash: target.hash(),
        target_number: target.number,
        precommits: precommits.collect(),
    };
    let votes_ancestries = between.iter().map(|header| (*header).clone()).collect();
    Justification { round, commit, votes_ancestries }.encode()
}

/// Announces `set` as the next one.
pub fn scheduled(set: &AuthoritySet) -> DigestItem {
    let change = ScheduledChange { next_authorities: set.authorities.clone(), delay: 0u32 };
    DigestItem::Consensus(GRANDPA_ENGINE_ID, ConsensusLog::ScheduledChange(change).encode())
}

/// A block in whose state `order` stands among `areas` other orders, justified by all members of a set of
/// this many, as a capsule. Also gives the set.
pub fn capsule(
    members: u32,
    set: u64,
    number: BlockNumber,
    slot: u64,
    order: &Order,
    areas: u16,
) -> (AuthoritySet, OrderCapsule) {
    let keys: Vec<_> = (0..members).map(pair).collect();
    let authorities = AuthoritySet { id: set, authorities: keys.iter().map(|key| (key.public().into(), 1)).collect() };
    let key = keys::order(order.area, order.direction);
    let mut entries = vec![(key.clone(), order.encode())];
    for area in (0..areas).map(|place| AreaId(1_000 + place)) {
        entries.push((keys::order(area, Direction::Down), order.encode()));
    }
    let state = State::new(&entries);
    let aura = DigestItem::PreRuntime(*b"aura", slot.encode());
    let parent = Hash::repeat_byte(5);
    let header = Header::new(number, Hash::zero(), state.root, parent, Digest { logs: vec![aura] });
    let votes: Vec<_> = keys.iter().map(|key| (*key, &header)).collect();
    let justification = justify_with(1, set, &header, &votes, &[]);
    let finalised = Finalised { header, path: Vec::new(), justification };
    let capsule = OrderCapsule::new(set, finalised, state.nodes.clone(), order.area, order.direction);
    (authorities, capsule.expect("all nodes are here"))
}

/// The key of a member of [`capsule`]'s sets.
fn pair(member: u32) -> ed25519::Pair {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&member.to_le_bytes());
    ed25519::Pair::from_seed(&seed)
}
