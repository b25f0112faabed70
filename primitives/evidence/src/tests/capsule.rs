//! Capsules: good ones give the order, and every bent, foreign or random one names the link that broke.

use super::*;
use crate::testing::{capsule, child, justify, scheduled, set, State};
use alloc::{collections::BTreeSet, string::ToString, vec};
use loadstone_core::{AnchorNumber, BoundedVec, Millis};
use loadstone_market::OrderRule;
use proptest::prelude::*;
use sp_keyring::Ed25519Keyring::{self as Voter, Alice, Bob, Charlie, Dave};
use sp_runtime::traits::Header as _;

const AREA: AreaId = AreaId(3);
const DOWN: Direction = Direction::Down;

fn order(sequence: u64) -> Order {
    Order {
        area: AREA,
        direction: DOWN,
        sequence,
        rule: OrderRule::Release,
        start: Millis(10),
        end: Millis(20),
        issued_at: Millis(5),
        reference_anchor: AnchorNumber(2),
        reason: BoundedVec::default(),
    }
}

fn verify(capsule: &OrderCapsule, set: &AuthoritySet) -> Result<VerifiedOrder, BrokenCapsule> {
    OrderCapsule::verify(&capsule.encode(), set, AREA, DOWN)
}

/// A capsule whose block is justified through two descendants, each with these digest items.
fn with_path(first: Vec<DigestItem>, middle: Vec<DigestItem>, last: Vec<DigestItem>) -> (AuthoritySet, OrderCapsule) {
    let set = set(7, &[Alice, Bob, Charlie, Dave]);
    let state = State::new(&[(keys::order(AREA, DOWN), order(4).encode())]);
    let start = Header::new(8, Hash::zero(), Hash::zero(), Hash::zero(), Default::default());
    let header = child(&start, state.root, first);
    let next = child(&header, Hash::zero(), middle);
    let tip = child(&next, Hash::zero(), last);
    let votes: Vec<(Voter, &Header)> = vec![(Alice, &tip), (Bob, &tip), (Charlie, &tip)];
    let justification = justify(1, 7, &tip, &votes, &[]);
    let finalised = Finalised { header, path: vec![next, tip], justification };
    let proof = state.prove(&[keys::order(AREA, DOWN)]);
    (set, OrderCapsule::new(7, finalised, proof, AREA, DOWN).expect("all nodes are here"))
}

#[test]
fn a_good_capsule_gives_order_height_and_slot() {
    // GIVEN a capsule of a set of four
    let (set, capsule) = capsule(4, 6, 77, 123_456, &order(9), 10);
    // WHEN it is verified THEN it says what stands in that block
    let verified = verify(&capsule, &set).expect("nothing is broken");
    assert_eq!((verified.number, verified.slot), (77, Some(123_456)));
    assert_eq!(verified.order, Some(order(9)));
}

#[test]
fn no_byte_can_change() {
    // GIVEN the bytes of a good capsule
    let (set, capsule) = capsule(4, 6, 77, 123_456, &order(9), 10);
    let bytes = capsule.encode();
    let mut broken = BTreeSet::new();
    // WHEN any byte changes THEN it breaks, and says where
    for place in 0..bytes.len() {
        for mask in [0x01, 0x04, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[place] ^= mask;
            let outcome = OrderCapsule::verify(&changed, &set, AREA, DOWN);
            broken.insert(outcome.expect_err("a changed byte goes unseen").to_string());
        }
    }
    // THEN nearly every kind of link was hit on the way
    assert!(broken.len() >= 4, "{broken:?}");
}

#[test]
fn cut_lengthened_and_oversized_capsules_are_malformed() {
    let (set, capsule) = capsule(4, 6, 77, 1, &order(9), 1);
    let bytes = capsule.encode();
    for length in 0..bytes.len() {
        let outcome = OrderCapsule::verify(&bytes[..length], &set, AREA, DOWN);
        assert_eq!(outcome, Err(BrokenCapsule::Malformed));
    }
    for longer in [[bytes, vec![0]].concat(), vec![1; MAX_CAPSULE_BYTES + 1]] {
        assert_eq!(OrderCapsule::verify(&longer, &set, AREA, DOWN), Err(BrokenCapsule::Malformed));
    }
}

#[test]
fn each_link_breaks_under_its_own_name() {
    let (set, good) = capsule(4, 6, 77, 1, &order(9), 10);
    let bent = |bend: &dyn Fn(&mut OrderCapsuleV1)| {
        let OrderCapsule::V1(mut bent) = good.clone();
        bend(&mut bent);
        verify(&OrderCapsule::V1(bent), &set).err()
    };
    assert_eq!(bent(&|capsule| capsule.set = 5), Some(BrokenCapsule::OtherSet(5)));
    assert_eq!(bent(&|capsule| capsule.finalised.header.number += 1), Some(BrokenCapsule::Justification));
    assert_eq!(bent(&|capsule| capsule.finalised.justification[0] ^= 1), Some(BrokenCapsule::Justification));
    let astray = |capsule: &mut OrderCapsuleV1| capsule.finalised.path.push(capsule.finalised.header.clone());
    assert_eq!(bent(&astray), Some(BrokenCapsule::HeaderPath));
    assert_eq!(bent(&|capsule| capsule.state.clear()), Some(BrokenCapsule::StateProof));
    assert_eq!(bent(&|capsule| capsule.state.push(vec![0xff; 40])), Some(BrokenCapsule::StateProof));
    // Keys of a set that is over sign as well as ever, under its own number.
    let forged = AuthoritySet { id: 6, authorities: crate::testing::set(6, &[Alice, Bob]).authorities };
    assert_eq!(verify(&good, &forged), Err(BrokenCapsule::Justification));
}

#[test]
fn a_capsule_of_another_area_or_direction_says_nothing_about_this_one() {
    // GIVEN a capsule of one area
    let (set, capsule) = capsule(4, 6, 77, 1, &order(9), 10);
    let bytes = capsule.encode();
    // THEN it proves no other area's order, and never this one's absence
    for (area, direction) in [(AreaId(4), DOWN), (AREA, Direction::Up), (AreaId(1_000), DOWN)] {
        let outcome = OrderCapsule::verify(&bytes, &set, area, direction);
        assert_eq!(outcome, Err(BrokenCapsule::OtherPlace));
        // AND not under another label either
        let OrderCapsule::V1(mut relabelled) = capsule.clone();
        (relabelled.area, relabelled.direction) = (area, direction);
        assert_eq!(relabelled.verify(&set, area, direction), Err(BrokenCapsule::StateProof));
    }
}

#[test]
fn bytes_in_state_that_are_no_order_or_a_foreign_one_are_refused() {
    for value in [vec![1, 2, 3], Order { area: AreaId(9), ..order(1) }.encode()] {
        let (set, state) = (set(0, &[Alice]), State::new(&[(keys::order(AREA, DOWN), value)]));
        let header = Header::new(5, Hash::zero(), state.root, Hash::zero(), Default::default());
        let justification = justify(1, 0, &header, &[(Alice, &header)], &[]);
        let finalised = Finalised { header, path: vec![], justification };
        let proof = state.prove(&[keys::order(AREA, DOWN)]);
        let capsule = OrderCapsule::new(0, finalised, proof, AREA, DOWN).expect("all nodes are here");
        assert_eq!(verify(&capsule, &set), Err(BrokenCapsule::Order));
    }
}

#[test]
fn the_justification_may_be_a_descendants_within_the_sets_turn() {
    // GIVEN a block that is final through two descendants
    let next = scheduled(&set(8, &[Alice]));
    let forced = {
        let change = sp_consensus_grandpa::ScheduledChange { next_authorities: vec![], delay: 0u32 };
        let log = sp_consensus_grandpa::ConsensusLog::ForcedChange(0u32, change);
        DigestItem::Consensus(sp_consensus_grandpa::GRANDPA_ENGINE_ID, log.encode())
    };
    let outcome = |first: &[DigestItem], middle: &[DigestItem], last: &[DigestItem]| {
        let (set, capsule) = with_path(first.to_vec(), middle.to_vec(), last.to_vec());
        verify(&capsule, &set).map(|verified| verified.number)
    };
    assert_eq!(outcome(&[], &[], &[]), Ok(9));
    // THEN the last of them may end the set's turn
    assert_eq!(outcome(&[], &[], core::slice::from_ref(&next)), Ok(9));
    // AND no block before it, and a forced change nowhere
    for [first, middle, last] in [[&[next.clone()][..], &[], &[]], [&[], &[next], &[]], [&[], &[], &[forced]]] {
        assert_eq!(outcome(first, middle, last), Err(BrokenCapsule::HeaderPath));
    }
}

/// Prints what docs/order-capsules.md quotes (`--nocapture`).
#[test]
fn a_capsule_takes_a_few_kilobytes_and_milliseconds() {
    for members in [4, 21, 64] {
        // GIVEN a committee, and orders in a hundred areas
        let (set, capsule) = capsule(members, 6, 77, 1, &order(9), 100);
        let bytes = capsule.encode();
        // WHEN its capsule is verified again and again
        let started = std::time::Instant::now();
        for _ in 0..20 {
            assert!(verify(&capsule, &set).is_ok());
        }
        let OrderCapsule::V1(OrderCapsuleV1 { finalised, state, .. }) = &capsule;
        println!(
            "{members} validators: {} bytes (justification {}, state proof {}), verified in {} us",
            bytes.len(),
            finalised.justification.len(),
            state.encoded_size(),
            started.elapsed().as_micros() / 20
        );
        // THEN even that of the greatest committee takes less than half of what is allowed
        assert!(bytes.len() < MAX_CAPSULE_BYTES / 2);
    }
}

proptest! {
    #[test]
    fn random_bytes_and_random_damage_never_verify(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        place in any::<prop::sample::Index>(),
    ) {
        let (set, good) = capsule(2, 6, 77, 1, &order(9), 2);
        prop_assert!(OrderCapsule::verify(&bytes, &set, AREA, DOWN).is_err());
        let mut damaged = good.encode();
        let start = place.index(damaged.len());
        for (at, byte) in damaged.iter_mut().skip(start).zip(&bytes) {
            *at = *byte;
        }
        prop_assert!(damaged == good.encode() || OrderCapsule::verify(&damaged, &set, AREA, DOWN).is_err());
    }
}
