//! Bundles: good ones verify, and every bent one names the link that broke.

use super::*;
use crate::fixture::{chain, justify, Chain};
use loadstone_core::{Incarnation, Sequence};
use sp_keyring::Ed25519Keyring::{Alice, Bob, Charlie, Dave};
use sp_runtime::generic::DigestItem;
use std::collections::BTreeSet;

fn outcome(chain: &Chain) -> Result<Verdict, BrokenLink> {
    verify(&chain.encoded(), &chain.genesis_hash(), None)
}

fn bent(bend: impl FnOnce(&mut BundleV1)) -> Option<BrokenLink> {
    let mut chain = chain(false);
    bend(&mut chain.bundle);
    outcome(&chain).err()
}

#[test]
fn a_good_bundle_verifies_whether_its_anchor_is_kept_or_pruned() {
    for kept in [true, false] {
        // GIVEN a chain with one set change and an anchored unit
        let chain = chain(kept);
        // WHEN it is verified THEN the verdict says what was proved
        let verdict = outcome(&chain).expect("nothing is broken");
        assert_eq!(verdict.head.set, chain.second);
        assert_eq!(verdict.head.number, 2);
        assert_eq!(verdict.changes, 1);
        assert_eq!(verdict.unit, chain.bundle.unit);
        assert_eq!(verdict.anchor, chain.bundle.anchor);
        assert_eq!(verdict.checkpoint, None);
    }
}

#[test]
fn no_byte_can_change() {
    for kept in [true, false] {
        // GIVEN the bytes of a good bundle
        let chain = chain(kept);
        let (genesis, bytes) = (chain.genesis_hash(), chain.encoded());
        let mut broken = BTreeSet::new();
        // WHEN any byte changes THEN the bundle breaks, and says where
        for place in 0..bytes.len() {
            for mask in [0x01, 0x04, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[place] ^= mask;
                let link = verify(&changed, &genesis, None).expect_err("a changed byte goes unseen");
                broken.insert(link.to_string());
            }
        }
        // THEN nearly every kind of link was hit on the way
        assert!(broken.len() >= 9, "{broken:?}");
    }
}

#[test]
fn cut_and_lengthened_bundles_are_malformed() {
    let chain = chain(false);
    let bytes = chain.encoded();
    for length in 0..bytes.len() {
        assert_eq!(verify(&bytes[..length], &chain.genesis_hash(), None), Err(BrokenLink::Malformed));
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(verify(&longer, &chain.genesis_hash(), None), Err(BrokenLink::Malformed));
    assert_eq!(verify(&vec![1; MAX_BUNDLE_BYTES + 1], &chain.genesis_hash(), None), Err(BrokenLink::Malformed));
}

#[test]
fn each_link_breaks_under_its_own_name() {
    assert_eq!(bent(|bundle| bundle.genesis.number = 1), Some(BrokenLink::Genesis));
    assert_eq!(bent(|bundle| bundle.start = Start::Genesis(vec![])), Some(BrokenLink::Authorities));
    assert_eq!(bent(|bundle| bundle.changes[0].justification[0] ^= 1), Some(BrokenLink::SetChange(0)));
    assert_eq!(bent(|bundle| bundle.changes.clear()), Some(BrokenLink::Justification));
    assert_eq!(bent(|bundle| bundle.target.justification[0] ^= 1), Some(BrokenLink::Justification));
    assert_eq!(bent(|bundle| bundle.target.path[0].number += 1), Some(BrokenLink::HeaderPath));
    assert_eq!(bent(|bundle| bundle.state.push(vec![0xff; 40])), Some(BrokenLink::StateProof));
    assert_eq!(bent(|bundle| bundle.place = AnchorPlace::Kept), Some(BrokenLink::StateProof));
    assert_eq!(bent(|bundle| bundle.anchor.readings += 1), Some(BrokenLink::Mmr));
    assert_eq!(bent(|bundle| bundle.path.leaves += 1), Some(BrokenLink::MerklePath));
    assert_eq!(bent(|bundle| bundle.unit.content.slot.sequence = Sequence(1)), Some(BrokenLink::MerklePath));
    assert_eq!(bent(|bundle| bundle.unit.signature[0] ^= 1), Some(BrokenLink::Signature));
    // A set change that the header does not announce, and one that was forced.
    assert_eq!(bent(|bundle| bundle.changes[0].header.digest.logs.clear()), Some(BrokenLink::SetChange(0)));
    let forced = sp_consensus_grandpa::ConsensusLog::ForcedChange(
        0u32,
        sp_consensus_grandpa::ScheduledChange { next_authorities: vec![], delay: 0u32 },
    );
    let item = DigestItem::Consensus(sp_consensus_grandpa::GRANDPA_ENGINE_ID, forced.encode());
    assert_eq!(bent(|bundle| bundle.changes[0].header.digest.logs.push(item)), Some(BrokenLink::SetChange(0)));
}

#[test]
fn a_kept_anchor_must_be_the_one_in_state() {
    let mut chain = chain(true);
    chain.bundle.anchor.readings += 1;
    assert_eq!(outcome(&chain).err(), Some(BrokenLink::Anchor));
}

#[test]
fn a_unit_of_another_life_of_the_device_is_refused() {
    // GIVEN a registered device that is at another incarnation than the unit
    let chain = chain(true);
    let mut device = outcome(&chain).expect("good").device;
    device.incarnation = Incarnation(2);
    // THEN the unit is not the registered device's
    assert_eq!(chain.bundle.check_unit(&chain.genesis_hash(), &device), Err(BrokenLink::Unit));
}

#[test]
fn a_bundle_of_another_chain_is_refused() {
    let chain = chain(false);
    assert_eq!(verify(&chain.encoded(), &Hash::repeat_byte(1), None), Err(BrokenLink::Genesis));
}

#[test]
fn a_checkpoint_guards_against_a_history_forged_with_old_keys() {
    // GIVEN a checkpoint of the second set
    let mut chain = chain(false);
    let (genesis, head) = (chain.genesis_hash(), outcome(&chain).expect("good").head);
    // THEN the honest bundle passes it
    let verdict = verify(&chain.encoded(), &genesis, Some(&head)).expect("agrees");
    assert_eq!(verdict.checkpoint, Some(head.hash()));
    // WHEN the first set's stolen keys finalise the target without the change
    let last = chain.bundle.target.path[0].clone();
    chain.bundle.changes.clear();
    chain.bundle.target.justification = justify(9, 0, &last, &[(Alice, &last), (Bob, &last), (Dave, &last)], &[]);
    // THEN the bundle stands on genesis alone, and falls with the checkpoint
    assert!(outcome(&chain).is_ok());
    assert_eq!(verify(&chain.encoded(), &genesis, Some(&head)), Err(BrokenLink::Checkpoint));
}

#[test]
fn a_checkpoint_with_another_block_at_its_height_is_refused() {
    let chain = chain(false);
    let mut head = outcome(&chain).expect("good").head;
    head.hash = Hash::repeat_byte(8);
    let outcome = verify(&chain.encoded(), &chain.genesis_hash(), Some(&head));
    assert_eq!(outcome, Err(BrokenLink::Checkpoint));
}

#[test]
fn a_bundle_may_start_from_a_checkpoint_that_the_verifier_holds() {
    // GIVEN a bundle that starts after the set change
    let mut chain = chain(false);
    let (genesis, change) = (chain.genesis_hash(), chain.bundle.changes[0].header.clone());
    let start = Checkpoint { number: change.number, hash: change.hash(), set: chain.second.clone() };
    chain.bundle.changes.clear();
    chain.bundle.start = Start::Checkpoint(start.clone());
    // THEN only a verifier with this very checkpoint accepts it
    assert!(verify(&chain.encoded(), &genesis, Some(&start)).is_ok());
    assert_eq!(verify(&chain.encoded(), &genesis, None), Err(BrokenLink::Checkpoint));
    let other = Checkpoint { number: 0, ..start };
    assert_eq!(verify(&chain.encoded(), &genesis, Some(&other)), Err(BrokenLink::Checkpoint));
}

#[test]
fn a_delayed_change_is_final_only_at_its_delay() {
    // GIVEN a change that takes effect one block later, justified at its own block
    let mut chain = chain(false);
    let change = sp_consensus_grandpa::ScheduledChange { next_authorities: chain.second.authorities, delay: 1u32 };
    let log = sp_consensus_grandpa::ConsensusLog::ScheduledChange(change).encode();
    let header = &mut chain.bundle.changes[0].header;
    header.digest.logs = vec![DigestItem::Consensus(sp_consensus_grandpa::GRANDPA_ENGINE_ID, log)];
    let header = header.clone();
    let votes = [(Alice, &header), (Bob, &header), (Charlie, &header)];
    chain.bundle.changes[0].justification = justify(3, 0, &header, &votes, &[]);
    // THEN the set did not change yet
    let outcome = verify(&Bundle::V1(chain.bundle).encode(), &chain.genesis.hash(), None);
    assert_eq!(outcome, Err(BrokenLink::SetChange(0)));
    assert_eq!(chain.first.id, 0);
}
