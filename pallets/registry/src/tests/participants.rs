//! Registration, freezing and removal.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{
    traits::{Denial, Directory},
    OrganisationId, Role,
};
use sp_runtime::DispatchError;

#[test]
fn governance_registers_a_participant_once() {
    run(|| {
        // GIVEN an account without money or record
        assert_eq!(System::providers(&STRANGER), 0);
        // WHEN governance registers it
        let auditor = participant(Role::Auditor, 8);
        assert_ok!(Registry::register_participant(RuntimeOrigin::root(), STRANGER, auditor.clone()));
        // THEN it is known, can sign, and the event says so
        assert_eq!(Registry::participant_of(STRANGER), Some(auditor.clone()));
        assert_eq!(System::providers(&STRANGER), 1);
        let organisation = OrganisationId(8);
        assert_eq!(last_event(), Event::ParticipantRegistered { who: STRANGER, role: Role::Auditor, organisation });
        // AND neither a second registration nor one by anybody else passes
        let again = Registry::register_participant(RuntimeOrigin::root(), STRANGER, auditor.clone());
        assert_noop!(again, Error::<Test>::AlreadyRegistered);
        let by_grid = Registry::register_participant(RuntimeOrigin::signed(GRID), STRANGER, auditor);
        assert_noop!(by_grid, DispatchError::BadOrigin);
    });
}

#[test]
fn the_regulator_freezes_and_unfreezes() {
    run(|| {
        // GIVEN an aggregator
        assert_ok!(Registry::acting(&NORTH, Role::Aggregator));
        // WHEN the regulator freezes it
        assert_ok!(Registry::set_frozen(RuntimeOrigin::signed(REGULATOR), NORTH, true));
        assert_eq!(last_event(), Event::ParticipantFrozen { who: NORTH, by: REGULATOR });
        // THEN it may not act
        assert_eq!(Registry::acting(&NORTH, Role::Aggregator), Err(Denial::Frozen));
        assert_noop!(register(NORTH, [1; 32]), Error::<Test>::ParticipantIsFrozen);
        // WHEN the freeze is lifted THEN it may again
        assert_ok!(Registry::set_frozen(RuntimeOrigin::signed(REGULATOR), NORTH, false));
        assert_eq!(last_event(), Event::ParticipantUnfrozen { who: NORTH, by: REGULATOR });
        assert_ok!(register(NORTH, [1; 32]));
    });
}

#[test]
fn only_the_regulator_freezes_and_never_itself() {
    run(|| {
        // GIVEN callers without the role, and the regulator aiming at itself or a stranger
        // THEN each refusal names its condition
        let freeze = |by, who| Registry::set_frozen(RuntimeOrigin::signed(by), who, true);
        assert_noop!(freeze(GRID, NORTH), Error::<Test>::RoleNotHeld);
        assert_noop!(freeze(STRANGER, NORTH), Error::<Test>::NotRegistered);
        assert_noop!(freeze(REGULATOR, REGULATOR), Error::<Test>::SelfFreeze);
        assert_noop!(freeze(REGULATOR, STRANGER), Error::<Test>::NotRegistered);
    });
}

#[test]
fn only_a_participant_without_ties_is_removed() {
    run(|| {
        let remove = |who| Registry::remove_participant(RuntimeOrigin::root(), who);
        // GIVEN a resource owner, a validator, and a regulator with neither
        assert_ok!(register(KEYLESS, [1; 32]));
        // THEN the first two stay
        assert_noop!(remove(KEYLESS), Error::<Test>::OwnsResources);
        assert_noop!(remove(GRID), Error::<Test>::IsValidator);
        assert_noop!(remove(STRANGER), Error::<Test>::NotRegistered);
        // AND the regulator goes, its account with it
        assert_ok!(remove(REGULATOR));
        assert_eq!(last_event(), Event::ParticipantRemoved { who: REGULATOR });
        assert_eq!(Registry::participant_of(REGULATOR), None);
        assert_eq!(System::providers(&REGULATOR), 0);
    });
}

#[test]
fn an_account_that_others_count_on_is_not_removed() {
    run(|| {
        // GIVEN a participant with session keys, which count on its account
        assert_ok!(System::inc_consumers(&KEYLESS));
        // THEN removal is refused
        let removal = Registry::remove_participant(RuntimeOrigin::root(), KEYLESS);
        assert_noop!(removal, DispatchError::ConsumerRemaining);
    });
}
