//! Who sits in the committee.

use crate::{mock::*, Committee, Pallet};
use frame_support::assert_ok;
use loadstone_core::{traits::AnchorLog, Member, MemberIndex, OrganisationId, Signature};
use sp_core::Pair;

#[test]
fn the_genesis_session_seats_its_validators() {
    run(|| {
        // GIVEN a genesis session of four validators
        // THEN they are the members in order, with their organisations and one vote each
        let committee = Committee::<Test>::get();
        assert_eq!(committee.len(), 4);
        assert_eq!(
            committee[2],
            Member {
                account: member_account(2),
                organisation: OrganisationId(3),
                key: member_pair(2).public().0,
                weight: 1,
            }
        );
    });
}

#[test]
fn a_chain_without_genesis_session_seats_its_first_one() {
    run(|| {
        // GIVEN no committee
        Committee::<Test>::kill();
        // WHEN a session begins
        start_session(&validators(5));
        // THEN its validators are seated
        assert_eq!(Committee::<Test>::decode_len(), Some(5));
    });
}

#[test]
fn organisations_unknown_at_the_session_are_named_by_genesis() {
    run(|| {
        // GIVEN members whose organisations were not known when the session was built
        Committee::<Test>::mutate(|committee| {
            committee.iter_mut().for_each(|member| member.organisation = OrganisationId(0));
            committee[3].account = STRANGER;
        });
        // WHEN the pallet's genesis is built
        Pallet::<Test>::name_organisations();
        // THEN they are known, except that of the account that has none
        let organisations: Vec<_> = Committee::<Test>::get().iter().map(|member| member.organisation.0).collect();
        assert_eq!(organisations, [1, 2, 3, 0]);
    });
}

#[test]
fn other_pallets_ask_for_certificates_of_any_message() {
    run(|| {
        // GIVEN a message signed by three members
        let certificate = certify(b"records", &[0, 2, 3]);
        // THEN it is certified, another message is not, and nothing is without a committee
        assert!(Pallet::<Test>::is_certified(b"records", &certificate));
        assert!(!Pallet::<Test>::is_certified(b"others", &certificate));
        assert!(!Pallet::<Test>::is_certified(b"records", &certificate[..2]));
        Committee::<Test>::kill();
        assert!(!Pallet::<Test>::is_certified(b"records", &[]));
    });
}

/// Ends epoch 0 in order: members 1 to 4 follow members 0 to 3.
fn hand_over() {
    start_session(&[validator(1), validator(2), validator(3), validator(4)]);
    let closing = closing_anchor();
    assert_ok!(submit(closing.clone(), certificate(&closing, &[0, 1, 2])));
}

/// Certificate by the named members, each under the index that it has in a committee beginning with `first`.
fn by_committee_from(first: u16, members: &[u16]) -> Vec<(MemberIndex, Signature)> {
    let signed = certify(b"records", members).into_iter();
    signed.map(|(index, signature)| (MemberIndex(index.0 - first), signature)).collect()
}

#[test]
fn the_committee_before_certifies_records_for_a_while() {
    run(|| {
        // GIVEN an epoch that just ended, and the same members at other places in the next
        hand_over();
        let (before, present) = (by_committee_from(0, &[1, 2, 3]), by_committee_from(1, &[1, 2, 3]));
        // THEN certificates of either committee hold, and mixtures of the two don't
        assert!(Pallet::<Test>::is_certified(b"records", &before));
        assert!(Pallet::<Test>::is_certified(b"records", &present));
        assert!(!Pallet::<Test>::is_certified(b"others", &before));
        assert!(!Pallet::<Test>::is_certified(b"records", &[before[0], before[1], present[2]]));
        assert!(!Pallet::<Test>::is_certified(b"records", &[present[0], present[1], before[2]]));
        // WHEN the time to hand over is up
        System::set_block_number(1 + HANDOVER);
        assert!(Pallet::<Test>::is_certified(b"records", &before));
        System::set_block_number(2 + HANDOVER);
        // THEN only the committee in force certifies
        assert!(!Pallet::<Test>::is_certified(b"records", &before));
        assert!(Pallet::<Test>::is_certified(b"records", &present));
    });
}

#[test]
fn the_committee_before_does_not_certify_anchors() {
    run(|| {
        // GIVEN an epoch that just ended
        hand_over();
        // WHEN the committee before signs the next anchor
        let anchor = next_anchor();
        let refused = submit(anchor.clone(), certificate(&anchor, &[0, 1, 2]));
        // THEN it is refused, and the same anchor under the committee in force is accepted
        assert!(refused.is_err());
        let signatures = certificate(&anchor, &[1, 2, 3]).into_iter().map(|(index, s)| (MemberIndex(index.0 - 1), s));
        let signatures = signatures.collect::<Vec<_>>().try_into().expect("few members");
        assert_ok!(submit(anchor, signatures));
    });
}

#[test]
fn a_small_committee_before_is_heard_beside_a_larger_one() {
    run(|| {
        // GIVEN four members, the first of a committee of seven that follows
        start_session(&validators(7));
        let closing = closing_anchor();
        assert_ok!(submit(closing.clone(), certificate(&closing, &[0, 1, 2])));
        // THEN three signatures, a quorum of four and none of seven, hold for records
        assert!(Pallet::<Test>::is_certified(b"records", &certify(b"records", &[0, 1, 2])));
        assert!(Pallet::<Test>::is_certified(b"records", &certify(b"records", &[0, 1, 2, 3, 6])));
        assert!(!Pallet::<Test>::is_certified(b"records", &certify(b"records", &[0, 1])));
        assert!(!Pallet::<Test>::is_certified(b"records", &certify(b"records", &[0, 1, 2, 6])));
    });
}
