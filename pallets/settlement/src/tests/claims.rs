//! Payments that their receivers could not take.

use super::{free, spec};
use crate::{mock::*, Claimables, Error, Event, Pallet};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use loadstone_core::YUAN;
use loadstone_market::Phase;

#[test]
fn a_payment_below_the_existential_deposit_waits_to_be_claimed() {
    run(|| {
        // GIVEN an owner without an account, due less than an account must hold
        let specs = [spec(PAUPER, 2, 500_000, 100), spec(bidder(0), 1_000, 500_000, 100)];
        let event = scored(&specs, YUAN, YUAN);
        // WHEN the event is settled
        settle_all();
        // THEN the other is paid, the event is settled, and the payment is kept
        assert_eq!(phase(event), Phase::Settled);
        let amount = Claimables::<Test>::get(PAUPER);
        assert!(amount > 0 && amount < EXISTENTIAL_DEPOSIT, "{amount}");
        assert_eq!(free(&Pallet::<Test>::account()), EXISTENTIAL_DEPOSIT + amount);
        System::assert_has_event(Event::PaymentParked { who: PAUPER, amount }.into());
        // WHEN the owner claims before it has an account THEN it can't take it and nothing is lost
        assert!(Settlement::claim(RuntimeOrigin::signed(PAUPER)).is_err());
    });
}

#[test]
fn a_parked_payment_is_fetched_once() {
    run(|| {
        // GIVEN a parked payment and an owner that has an account by now
        settle_pauper();
        let amount = Claimables::<Test>::get(PAUPER);
        Balances::set_balance(&PAUPER, EXISTENTIAL_DEPOSIT);
        // WHEN it claims
        assert_ok!(Settlement::claim(RuntimeOrigin::signed(PAUPER)));
        // THEN it has the money, and no more of it
        assert_eq!(free(&PAUPER), EXISTENTIAL_DEPOSIT + amount);
        System::assert_last_event(Event::Claimed { who: PAUPER, amount }.into());
        assert_noop!(Settlement::claim(RuntimeOrigin::signed(PAUPER)), Error::<Test>::NothingToClaim);
    });
}

fn settle_pauper() {
    let specs = [spec(PAUPER, 2, 500_000, 100), spec(bidder(0), 1_000, 500_000, 100)];
    scored(&specs, YUAN, YUAN);
    settle_all();
}

#[test]
fn what_nobody_can_take_stays_with_the_opener() {
    run(|| {
        // GIVEN a pallet account that lost its endowment, which no call can do
        let before = free(&OPENER);
        Balances::set_balance(&Pallet::<Test>::account(), 0);
        // WHEN a payment can be neither made nor parked
        settle_pauper();
        // THEN it is refunded with the rest, and said so
        assert_eq!(Claimables::<Test>::get(PAUPER), 0);
        let paid = free(&bidder(0)) - 1_000 * YUAN;
        assert_eq!(free(&OPENER), before - paid);
        assert!(System::events()
            .iter()
            .any(|record| matches!(record.event, RuntimeEvent::Settlement(Event::PaymentRefused { who: PAUPER, .. }))));
    });
}
