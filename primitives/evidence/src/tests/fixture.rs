//! A small chain in memory: a genesis state, a set change, a finalised target and one anchored unit.

pub use crate::testing::*;
use crate::{keys, AnchorPlace, AuthoritySet, Bundle, BundleV1, Finalised, Header, Start};
use codec::Encode;
use loadstone_core::{
    merkle_proof, AnchorNumber, Device, DeviceId, Hash, Incarnation, Millis, MmrPeaks, MmrProof, ResourceId, Sequence,
};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Body, Readings, Slot, Unit, UnitContent};
use sp_core::{sr25519, Pair};
use sp_keyring::Ed25519Keyring::{Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
    generic::{Digest, DigestItem},
    traits::Header as _,
};

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
