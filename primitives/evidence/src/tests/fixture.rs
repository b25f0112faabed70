//! A small chain in memory: a genesis state, a set change, a finalised target and one anchored unit.

use crate::{
    finality::{AuthoritySet, Header, Justification},
    keys,
    state::{minimal_proof, ProofNodes},
    AnchorPlace, Bundle, BundleV1, Finalised, Start,
};
use codec::Encode;
use finality_grandpa::{Message, Precommit, SignedPrecommit};
use loadstone_core::{
    merkle_proof, AnchorNumber, Device, DeviceId, Hash, Incarnation, Millis, MmrPeaks, MmrProof, ResourceId, Sequence,
};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Body, Readings, Slot, Unit, UnitContent};
use sp_consensus_grandpa::{localized_payload, ConsensusLog, ScheduledChange, GRANDPA_ENGINE_ID};
use sp_core::{sr25519, Pair};
use sp_keyring::Ed25519Keyring::{self as Voter, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
    generic::{Digest, DigestItem},
    traits::{BlakeTwo256, Header as _},
};
use sp_trie::{LayoutV1, MemoryDB, TrieDBMutBuilder, TrieMut};

/// A state trie with all its nodes.
pub struct State {
    pub root: Hash,
    nodes: Vec<Vec<u8>>,
}

impl State {
    /// Holds `entries` and some that nobody asks for.
    pub fn new(entries: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let mut database = MemoryDB::<BlakeTwo256>::default();
        let mut root = Hash::zero();
        {
            let mut trie = TrieDBMutBuilder::<LayoutV1<BlakeTwo256>>::new(&mut database, &mut root).build();
            for filler in 0..40u32 {
                trie.insert(&keys::device(DeviceId(1_000 + filler)), &[filler as u8; 40]).expect("fits");
            }
            for (key, value) in entries {
                trie.insert(key, value).expect("fits");
            }
        }
        let nodes = database.drain().into_values().filter(|(_, count)| *count > 0).map(|(node, _)| node).collect();
        Self { root, nodes }
    }

    pub fn prove(&self, keys: &[Vec<u8>]) -> ProofNodes {
        minimal_proof(&self.root, self.nodes.clone(), keys).expect("all nodes are here")
    }
}

/// Equal weights.
pub fn set(id: u64, voters: &[Voter]) -> AuthoritySet {
    AuthoritySet { id, authorities: voters.iter().map(|voter| (voter.public().into(), 1)).collect() }
}

pub fn child(parent: &Header, state_root: Hash, logs: Vec<DigestItem>) -> Header {
    Header::new(parent.number + 1, Hash::zero(), state_root, parent.hash(), Digest { logs })
}

/// A justification of `target` in which each voter votes for a block.
pub fn justify(round: u64, set: u64, target: &Header, votes: &[(Voter, &Header)], between: &[&Header]) -> Vec<u8> {
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

pub fn scheduled(set: &AuthoritySet) -> DigestItem {
    let change = ScheduledChange { next_authorities: set.authorities.clone(), delay: 0u32 };
    DigestItem::Consensus(GRANDPA_ENGINE_ID, ConsensusLog::ScheduledChange(change).encode())
}

fn unit(genesis: &Hash, device: &sr25519::Pair) -> Unit {
    let slot = Slot { device: DeviceId(7), incarnation: Incarnation(1), sequence: Sequence(42) };
    let readings = Readings {
        start: Millis(1_700_000_000_000),
        interval_ms: 1_000,
        event: None,
        doubtful: Vec::new(),
        deltas: vec![0xa0, 0x9c, 0x01, 2, 1],
    };
    let content =
        UnitContent { slot, previous: Hash::repeat_byte(3), references: Vec::new(), body: Body::Readings(readings) };
    let signature = device.sign(content.payload(genesis).as_bytes()).0;
    Unit { content, signature }
}

/// Everything that a test may want to bend.
pub struct Chain {
    pub genesis: Header,
    pub first: AuthoritySet,
    pub second: AuthoritySet,
    pub bundle: BundleV1,
}

impl Chain {
    pub fn genesis_hash(&self) -> Hash {
        self.genesis.hash()
    }

    pub fn encoded(&self) -> Vec<u8> {
        Bundle::V1(self.bundle.clone()).encode()
    }
}

/// An anchor in fourth place of five, with the unit among two others.
fn anchored(genesis: &Hash, unit: &Unit) -> (Anchor, loadstone_core::MerkleProof, Vec<Hash>) {
    let leaf = AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(genesis).hash() };
    let other = |device| AnchorLeaf { slot: Slot { device: DeviceId(device), ..leaf.slot }, unit: Hash::zero() };
    let leaves = [other(6), leaf, other(8)];
    let anchor = Anchor { number: AnchorNumber(4), root: leaves_root(&leaves), units: 3, ..Anchor::default() };
    let path = merkle_proof(leaves.iter().map(Encode::encode), 1).expect("there are three");
    let mut hashes: Vec<Hash> = (1..=5).map(Hash::from_low_u64_be).collect();
    hashes[3] = anchor.hash();
    (anchor, path, hashes)
}

/// A chain whose anchor is still kept in state, or was pruned.
pub fn chain(kept: bool) -> Chain {
    let (first, second) = (set(0, &[Alice, Bob, Charlie, Dave]), set(1, &[Bob, Charlie, Dave, Eve]));
    let start = State::new(&[(keys::grandpa_authorities(), first.authorities.encode())]);
    let genesis = Header::new(0, Hash::zero(), start.root, Hash::zero(), Digest::default());
    let device = sr25519::Pair::from_seed(&[5; 32]);
    let unit = unit(&genesis.hash(), &device);
    let (anchor, path, hashes) = anchored(&genesis.hash(), &unit);

    let registered =
        Device { resource: ResourceId(7), key: device.public().0, incarnation: Incarnation(1), revoked: false };
    let mut peaks = MmrPeaks::default();
    for hash in &hashes {
        assert!(peaks.push(*hash));
    }
    let state = State::new(&[
        (keys::device(DeviceId(7)), registered.encode()),
        (keys::anchor(anchor.number), anchor.encode()),
        (keys::peaks(), peaks.encode()),
    ]);
    let change = child(&genesis, Hash::zero(), vec![scheduled(&second)]);
    let target = child(&change, state.root, vec![DigestItem::Other(vec![1, 2])]);
    let (next, last) = (child(&target, Hash::zero(), vec![]), child(&target, Hash::zero(), vec![]));
    let above = child(&last, Hash::zero(), vec![]);
    assert_eq!(next, last);

    let place_key = if kept { keys::anchor(anchor.number) } else { keys::peaks() };
    let place =
        if kept { AnchorPlace::Kept } else { AnchorPlace::Range(MmrProof::new(&hashes, 3).expect("there are five")) };
    let bundle = BundleV1 {
        start: Start::Genesis(start.prove(&[keys::grandpa_authorities()])),
        changes: vec![Finalised {
            justification: justify(3, 0, &change, &[(Alice, &change), (Bob, &change), (Charlie, &change)], &[]),
            header: change,
            path: vec![],
        }],
        target: Finalised {
            justification: justify(9, 1, &last, &[(Bob, &last), (Charlie, &above), (Eve, &last)], &[&above]),
            header: target,
            path: vec![last],
        },
        state: state.prove(&[place_key, keys::device(DeviceId(7))]),
        genesis: genesis.clone(),
        place,
        anchor,
        path,
        unit,
    };
    Chain { genesis, first, second, bundle }
}
