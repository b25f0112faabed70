//! The DAG's committee follows the validators that the council appoints.

use super::*;
use crate::{DagAnchor, Registry, Runtime, RuntimeEvent, RuntimeOrigin, Session, SessionKeys};
use frame_support::{assert_ok, traits::Hooks};

fn keys(seed: u8) -> SessionKeys {
    SessionKeys {
        aura: sr25519::Public::from_raw([seed; 32]).into(),
        grandpa: sp_core::ed25519::Public::from_raw([seed; 32]).into(),
        dag: sr25519::Public::from_raw([seed; 32]).into(),
    }
}

/// Two sessions: one plans what changed, the next puts it in force.
fn pass_two_sessions() {
    Session::rotate_session();
    Session::rotate_session();
}

#[test]
fn an_appointed_validator_sits_from_the_next_epoch_on() {
    demo().execute_with(|| {
        // GIVEN a committee of four, and a fifth validator with keys
        let newcomer = account("//Auditor");
        pallet_session::NextKeys::<Runtime>::insert(&newcomer, keys(9));
        let mut set = pallet_registry::ValidatorSet::<Runtime>::get();
        set.try_push(newcomer.clone()).expect("room for a fifth");
        // WHEN the council appoints it and its session begins
        assert_ok!(Registry::set_validators(RuntimeOrigin::root(), set));
        for block in 2..4 {
            System::set_block_number(block);
            Session::on_initialize(block);
        }
        // THEN the epoch is closing under the four, and the five sit in the next
        let ledger = DagAnchor::ledger();
        assert_eq!((ledger.epoch, ledger.closing, ledger.committee.len()), (0, true, 4));
        assert_ok!(DagAnchor::force_epoch(RuntimeOrigin::root()));
        let ledger = DagAnchor::ledger();
        let newest = ledger.committee.last().map(|member| (member.account.clone(), member.key));
        assert_eq!((ledger.epoch, ledger.closing, newest), (1, false, Some((newcomer, [9; 32]))));
    });
}

#[test]
fn a_session_that_changes_nothing_closes_nothing() {
    demo().execute_with(|| {
        // GIVEN the demo WHEN sessions pass THEN its epoch goes on
        pass_two_sessions();
        assert!(!DagAnchor::ledger().closing);
    });
}

#[test]
fn a_rotated_key_sits_from_the_next_epoch_on() {
    demo().execute_with(|| {
        // GIVEN a validator that rotated its keys WHEN they come into force
        let validator = account("//CityGrid//validator");
        pallet_session::NextKeys::<Runtime>::insert(&validator, keys(9));
        pass_two_sessions();
        // THEN the epoch is closing for the sake of its new key
        let next = pallet_dag_anchor::NextCommittee::<Runtime>::get().expect("the epoch is closing");
        assert!(next.iter().any(|member| member.account == validator && member.key == [9; 32]));
    });
}

#[test]
fn a_session_in_which_an_organisation_holds_a_third_seats_nobody() {
    demo().execute_with(|| {
        // GIVEN four validators, one of which dropped its session keys
        pallet_session::NextKeys::<Runtime>::remove(account("//CityGrid//validator"));
        // WHEN the session of the three others begins
        pass_two_sessions();
        // THEN the committee stays as it is, and that is announced
        assert_eq!(Session::validators().len(), 3);
        let ledger = DagAnchor::ledger();
        assert_eq!((ledger.closing, ledger.committee.len()), (false, 4));
        let refused = pallet_dag_anchor::Event::CommitteeRefused { members: 3 };
        System::assert_has_event(RuntimeEvent::DagAnchor(refused));
    });
}
