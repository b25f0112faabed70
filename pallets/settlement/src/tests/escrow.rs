//! Holding budgets and bonds for the market.

use super::{free, held};
use crate::{mock::*, Bonds, Error, Escrows, Event, HoldReason, Progress, Settling, Stage};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{EventId, YUAN};
use loadstone_market::{traits::Escrow, EscrowState};

const EVENT: EventId = EventId(7);

#[test]
fn a_budget_is_held_once_and_given_back() {
    run(|| {
        let before = free(&OPENER);
        // GIVEN an opener with money
        // WHEN a budget is held
        assert_ok!(Settlement::hold_budget(EVENT, &OPENER, 100 * YUAN));
        // THEN it stays the opener's, but held, and a second one is refused
        assert_eq!((free(&OPENER), held(HoldReason::Budget, &OPENER)), (before - 100 * YUAN, 100 * YUAN));
        assert_noop!(Settlement::hold_budget(EVENT, &OPENER, 1), Error::<Test>::AlreadyHeld);
        // WHEN it is given back
        assert_ok!(Settlement::release_budget(EVENT));
        // THEN nothing is held and nothing remembered
        assert_eq!((free(&OPENER), held(HoldReason::Budget, &OPENER)), (before, 0));
        assert_eq!(Escrows::<Test>::get(EVENT), None);
        System::assert_last_event(Event::BudgetReleased { event: EVENT, opener: OPENER, amount: 100 * YUAN }.into());
        assert_noop!(Settlement::release_budget(EVENT), Error::<Test>::NoBudget);
    });
}

#[test]
fn nobody_holds_what_it_does_not_have() {
    run(|| {
        // GIVEN an account without money WHEN a budget is asked of it THEN it is refused
        assert!(Settlement::hold_budget(EVENT, &PAUPER, YUAN).is_err());
        assert_eq!(Escrows::<Test>::get(EVENT), None);
    });
}

#[test]
fn bonds_are_counted_released_and_forfeited() {
    run(|| {
        let (honest, silent) = (bidder(0), bidder(1));
        // GIVEN an event
        assert_noop!(Settlement::hold_bond(EVENT, &honest, YUAN), Error::<Test>::NoBudget);
        assert_ok!(Settlement::hold_budget(EVENT, &OPENER, 100 * YUAN));
        // WHEN two bidders post bonds
        assert_ok!(Settlement::hold_bond(EVENT, &honest, 5 * YUAN));
        assert_ok!(Settlement::hold_bond(EVENT, &silent, 3 * YUAN));
        // THEN they are held and counted
        let state = |budget, bonds, bidders| EscrowState { opener: OPENER, budget, bonds, bidders };
        assert_eq!(Escrows::<Test>::get(EVENT), Some(state(100 * YUAN, 8 * YUAN, 2)));
        // AND more of one adds to it
        assert_ok!(Settlement::hold_bond(EVENT, &honest, 2 * YUAN));
        assert_eq!(Escrows::<Test>::get(EVENT), Some(state(100 * YUAN, 10 * YUAN, 2)));
        // WHEN that is taken back, and more than is held
        assert_ok!(Settlement::release_bond(EVENT, &honest, 2 * YUAN));
        assert_noop!(Settlement::release_bond(EVENT, &honest, 5 * YUAN + 1), Error::<Test>::NoBond);
        // WHEN one is released and the other forfeited
        let opener_before = free(&OPENER);
        assert_ok!(Settlement::release_bond(EVENT, &honest, 5 * YUAN));
        assert_ok!(Settlement::forfeit_bond(EVENT, &silent, 3 * YUAN));
        // THEN the first is back with its bidder and the second is the opener's
        assert_eq!(free(&honest), 1_000 * YUAN);
        assert_eq!((free(&silent), held(HoldReason::Bond, &silent)), (997 * YUAN, 0));
        assert_eq!(free(&OPENER), opener_before + 3 * YUAN);
        assert_eq!(Escrows::<Test>::get(EVENT), Some(state(100 * YUAN, 0, 0)));
        assert_noop!(Settlement::release_bond(EVENT, &honest, 1), Error::<Test>::NoBond);
    });
}

#[test]
fn an_escrow_lives_until_its_last_bond_is_released() {
    run(|| {
        // GIVEN an event with a bond whose budget was given back: it was cancelled
        assert_ok!(Settlement::hold_budget(EVENT, &OPENER, 100 * YUAN));
        assert_ok!(Settlement::hold_bond(EVENT, &bidder(0), 5 * YUAN));
        assert_ok!(Settlement::release_budget(EVENT));
        assert!(Escrows::<Test>::contains_key(EVENT));
        // WHEN the bond is released
        assert_ok!(Settlement::release_bond(EVENT, &bidder(0), 5 * YUAN));
        // THEN nothing is remembered
        assert!(!Escrows::<Test>::contains_key(EVENT));
        assert_eq!(Bonds::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_market_leaves_bonds_alone_during_settlement() {
    run(|| {
        // GIVEN an event that is being settled
        assert_ok!(Settlement::hold_budget(EVENT, &OPENER, 100 * YUAN));
        assert_ok!(Settlement::hold_bond(EVENT, &bidder(0), 5 * YUAN));
        Settling::<Test>::put(Progress { event: EVENT, stage: Stage::Bonds { after: None } });
        // THEN its bonds cannot be taken
        assert_noop!(Settlement::forfeit_bond(EVENT, &bidder(0), 5 * YUAN), Error::<Test>::SettlementUnderWay);
    });
}
