//! The validator set and what the session pallet is told of it.

use crate::{mock::*, pallet::*, ValidatorList};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AccountId, BoundedVec, OrganisationId, Role};
use pallet_session::SessionManager;
use sp_runtime::{DispatchError, DispatchResult};

fn appoint(validators: &[AccountId]) -> DispatchResult {
    Registry::set_validators(RuntimeOrigin::root(), ValidatorList::truncate_from(validators.to_vec()))
}

fn register_as(account: u8, organisation: u16) -> AccountId {
    let who = AccountId::new([account; 32]);
    let aggregator = participant(Role::Aggregator, organisation);
    assert_ok!(Registry::register_participant(RuntimeOrigin::root(), who.clone(), aggregator));
    who
}

#[test]
fn the_session_pallet_is_told_at_genesis_and_after_a_change() {
    run(|| {
        // GIVEN the validators of genesis
        assert_eq!(Registry::new_session(0), Some(vec![GRID, CITY, NORTH, SOUTH]));
        // THEN later sessions keep them
        assert_eq!(Registry::new_session(1), None);
        // WHEN governance appoints a fifth
        let fifth = register_as(20, 20);
        assert_ok!(appoint(&[GRID, CITY, NORTH, SOUTH, fifth.clone()]));
        assert_eq!(last_event(), Event::ValidatorsAppointed { validators: 5 });
        // THEN the next planned session has it, once
        assert_eq!(Registry::new_session(2), Some(vec![GRID, CITY, NORTH, SOUTH, fifth]));
        assert_eq!(Registry::new_session(3), None);
    });
}

#[test]
fn no_organisation_holds_a_third() {
    run(|| {
        // GIVEN validators of which two belong to one organisation
        let second = register_as(21, 1);
        let other = register_as(22, 22);
        // THEN two of six is a third and refused, two of seven is less and taken
        let six = [GRID, second.clone(), CITY, NORTH, SOUTH, other.clone()];
        assert_noop!(appoint(&six), Error::<Test>::OrganisationHoldsThird);
        let seventh = register_as(23, 23);
        assert_ok!(appoint(&[GRID, second, CITY, NORTH, SOUTH, other, seventh]));
    });
}

#[test]
fn an_unsound_set_is_refused() {
    run(|| {
        // GIVEN sets too small, doubled, unregistered or without keys
        // THEN each refusal names its condition
        assert_noop!(appoint(&[GRID, CITY, NORTH]), Error::<Test>::TooFewValidators);
        assert_noop!(appoint(&[GRID, CITY, NORTH, SOUTH, SOUTH]), Error::<Test>::ValidatorTwice);
        assert_noop!(appoint(&[GRID, CITY, NORTH, STRANGER]), Error::<Test>::NotRegistered);
        assert_noop!(appoint(&[GRID, CITY, NORTH, KEYLESS]), Error::<Test>::NoSessionKeys);
        // AND only governance appoints
        let list = ValidatorList::truncate_from(vec![GRID, CITY, NORTH, SOUTH]);
        let by_grid = Registry::set_validators(RuntimeOrigin::signed(GRID), list);
        assert_noop!(by_grid, DispatchError::BadOrigin);
    });
}

#[test]
fn a_validator_says_where_it_is_found() {
    run(|| {
        let peer = || BoundedVec::truncate_from(vec![0, 36, 8]);
        let gateway = || BoundedVec::truncate_from(b"ws://10.0.0.1:9955".to_vec());
        let announce = |origin, who| Registry::set_validator_info(origin, who, peer(), gateway());
        // WHEN a validator announces itself THEN auditors read it
        assert_ok!(announce(RuntimeOrigin::signed(NORTH), NORTH));
        assert_eq!(last_event(), Event::ValidatorAnnounced { validator: NORTH });
        let (who, info) = Registry::validators().remove(2);
        assert_eq!((who, info.peer, info.gateway), (NORTH, peer(), gateway()));
        assert_eq!(info.organisation, OrganisationId(3));
        // AND governance may do it for another, a rival may not, a frozen one may not
        assert_ok!(announce(RuntimeOrigin::root(), SOUTH));
        assert_noop!(announce(RuntimeOrigin::signed(NORTH), SOUTH), Error::<Test>::NotValidator);
        assert_noop!(announce(RuntimeOrigin::signed(KEYLESS), KEYLESS), Error::<Test>::NotValidator);
        assert_ok!(Registry::set_frozen(RuntimeOrigin::signed(REGULATOR), NORTH, true));
        assert_noop!(announce(RuntimeOrigin::signed(NORTH), NORTH), Error::<Test>::ParticipantIsFrozen);
    });
}

#[test]
fn a_former_validator_stays_known_until_removed() {
    run(|| {
        // GIVEN a set from which one validator was dropped for another
        let other = register_as(20, 20);
        assert_ok!(appoint(&[GRID, CITY, NORTH, other]));
        // THEN its announcement stays, for the committee may still count on it
        assert!(Validators::<Test>::contains_key(SOUTH));
        // WHEN it leaves the registry THEN the announcement goes too
        assert_ok!(Registry::remove_participant(RuntimeOrigin::root(), SOUTH));
        assert!(!Validators::<Test>::contains_key(SOUTH));
    });
}

#[test]
fn a_dismissed_validator_leaves_if_a_sound_set_remains() {
    run(|| {
        // GIVEN four validators WHEN one is dismissed THEN it stays, since three are no sound set
        assert!(!Registry::dismiss(&SOUTH));
        assert_eq!(ValidatorSet::<Test>::get().len(), 4);
        assert_eq!(Registry::new_session(2), None);
        // WHEN there is a fifth THEN it leaves with the next session, and nobody else can be dismissed
        let fifth = register_as(20, 20);
        assert_ok!(appoint(&[GRID, CITY, NORTH, SOUTH, fifth.clone()]));
        assert!(Registry::dismiss(&SOUTH) && !Registry::dismiss(&SOUTH) && !Registry::dismiss(&NORTH));
        assert_eq!(last_event(), Event::ValidatorsAppointed { validators: 4 });
        assert_eq!(Registry::new_session(2), Some(vec![GRID, CITY, NORTH, fifth]));
    });
}
