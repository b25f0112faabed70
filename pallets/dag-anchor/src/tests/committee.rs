//! Who sits in the committee.

use crate::{mock::*, Committee, Pallet};
use loadstone_core::{traits::AnchorLog, Member, OrganisationId};
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
fn a_later_session_keeps_the_committee() {
    run(|| {
        // GIVEN a seated committee
        let before = Committee::<Test>::get();
        // WHEN a session begins with more validators
        start_session(&validators(7));
        // THEN the committee is as it was
        assert_eq!(Committee::<Test>::get(), before);
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
