//! Justifications: what is accepted and why others are refused.

use super::*;
use crate::fixture::{child, justify, scheduled, set};
use sp_keyring::Ed25519Keyring::{Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{generic::Digest, traits::Header as _};

fn genesis() -> Header {
    Header::new(0, Hash::zero(), Hash::zero(), Hash::zero(), Digest::default())
}

/// Block 1, its child, its grandchild, and the set that votes.
fn blocks() -> (Header, Header, Header, AuthoritySet) {
    let target = child(&genesis(), Hash::zero(), vec![]);
    let above = child(&target, Hash::zero(), vec![]);
    let top = child(&above, Hash::zero(), vec![]);
    (target, above, top, set(4, &[Alice, Bob, Charlie, Dave]))
}

fn check(set: &AuthoritySet, target: &Header, justification: &[u8]) -> Result<(), FinalityError> {
    set.verify(target.number, target.hash(), justification)
}

#[test]
fn votes_for_the_target_and_above_it_finalise_it() {
    // GIVEN three of four voters, two of them above the target
    let (target, above, top, set) = blocks();
    let votes = [(Alice, &target), (Bob, &above), (Charlie, &top)];
    // WHEN the headers between are given THEN the target is final
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[&top, &above])), Ok(()));
    // WHEN one of them is missing THEN its votes relate to nothing
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[&top])), Err(FinalityError::Unrelated));
}

#[test]
fn two_thirds_are_not_enough() {
    let (target, .., set) = blocks();
    let votes = [(Alice, &target), (Bob, &target)];
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[])), Err(FinalityError::NoQuorum));
}

#[test]
fn an_equivocator_counts_once() {
    // GIVEN two voters, one of whom votes twice
    let (target, above, _, set) = blocks();
    let votes = [(Alice, &target), (Bob, &target), (Bob, &above)];
    // THEN there is no quorum, but with a third voter there is
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[&above])), Err(FinalityError::NoQuorum));
    let votes = [(Alice, &target), (Bob, &target), (Bob, &above), (Dave, &target)];
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[&above])), Ok(()));
    // WHEN one votes three times THEN it is refused
    let votes = [(Alice, &target), (Bob, &target), (Bob, &above), (Bob, &target), (Dave, &target)];
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[&above])), Err(FinalityError::Stranger));
}

#[test]
fn strangers_other_sets_and_other_rounds_are_refused() {
    let (target, .., set) = blocks();
    let votes = [(Alice, &target), (Bob, &target), (Eve, &target)];
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[])), Err(FinalityError::Stranger));
    // GIVEN good votes of the set before THEN they don't count in this one
    let votes = [(Alice, &target), (Bob, &target), (Charlie, &target)];
    assert_eq!(check(&set, &target, &justify(1, 3, &target, &votes, &[])), Err(FinalityError::BadSignature));
}

#[test]
fn votes_below_beside_or_with_a_false_number_are_refused() {
    // GIVEN a vote for the target's parent
    let (target, above, _, set) = blocks();
    let votes = [(Alice, &target), (Bob, &target), (Charlie, &genesis())];
    assert_eq!(check(&set, &target, &justify(1, 4, &target, &votes, &[])), Err(FinalityError::Unrelated));
    // GIVEN a vote whose stated height is not the block's
    let mut lifted = above.clone();
    lifted.number = u32::MAX;
    let bytes = justify(1, 4, &target, &[(Alice, &target), (Bob, &target), (Charlie, &lifted)], &[&above]);
    assert_eq!(check(&set, &target, &bytes), Err(FinalityError::Unrelated));
    // GIVEN a justification of another block
    let votes = [(Alice, &above), (Bob, &above), (Charlie, &above)];
    assert_eq!(check(&set, &target, &justify(1, 4, &above, &votes, &[])), Err(FinalityError::WrongTarget));
}

#[test]
fn idle_headers_and_bytes_are_refused() {
    let (target, above, _, set) = blocks();
    let votes = [(Alice, &target), (Bob, &target), (Charlie, &target)];
    for idle in [&above, &target] {
        let bytes = justify(1, 4, &target, &votes, &[idle]);
        assert_eq!(check(&set, &target, &bytes), Err(FinalityError::UnusedHeader));
    }
    let mut longer = justify(1, 4, &target, &votes, &[]);
    longer.push(0);
    assert_eq!(check(&set, &target, &longer), Err(FinalityError::Malformed));
    let empty = AuthoritySet { id: 4, authorities: vec![] };
    assert_eq!(check(&empty, &target, &justify(1, 4, &target, &votes, &[])), Err(FinalityError::EmptySet));
}

#[test]
fn changes_are_read_from_the_digest() {
    // GIVEN headers with two scheduled changes, and with a forced one behind a scheduled one
    let (one, two) = (set(1, &[Alice]), set(1, &[Bob]));
    let twice = child(&genesis(), Hash::zero(), vec![scheduled(&one), scheduled(&two)]);
    let log = ConsensusLog::ForcedChange(0u32, ScheduledChange { next_authorities: vec![], delay: 0u32 });
    let item = DigestItem::Consensus(GRANDPA_ENGINE_ID, log.encode());
    let forced = child(&genesis(), Hash::zero(), vec![scheduled(&one), item]);
    // THEN the first scheduled one counts, and a forced one above all
    assert!(matches!(change_in(&twice), Change::Scheduled(change) if change.next_authorities == one.authorities));
    assert_eq!(change_in(&forced), Change::Forced);
    assert_eq!(change_in(&genesis()), Change::None);
}
