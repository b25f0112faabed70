//! Pay that an owner shares with the customer behind the meter.

use super::{free, spec};
use crate::{mock::*, Claimables, Disputes, Event, Pallet, Statements, Totals};
use frame_support::{assert_ok, traits::fungible::Mutate};
use loadstone_core::{AccountId, Balance, BasisPoints, EventId, Price, ResourceId, YUAN};
use loadstone_market::{
    traits::{Escrow, Market},
    DisputeReason, Phase, Pricing, SplitRule,
};

const FIRST: ResourceId = ResourceId(0);

fn shared(owner: AccountId, customer: AccountId, percent: i64) -> Spec {
    Spec { customer: Some(customer), ..spec(owner, 1_000, 500_000, percent) }
}

/// An event that is settled with 0.1 CNY a kWh for customers, and a fifth of the rest.
fn settled(specs: &[Spec], budget: Balance) -> EventId {
    let event = measured(specs, budget, YUAN, Pricing::Uniform);
    share_by(event, SplitRule { floor: Price(100_000), share: BasisPoints(2_000) });
    assert_ok!(Events::set_phase(event, Phase::Scored));
    settle_all();
    event
}

fn statement(event: EventId, id: ResourceId) -> (Balance, Balance) {
    let statement = Statements::<Test>::get(event, id).expect("drawn up");
    (statement.paid, statement.customer)
}

#[test]
fn a_customer_gets_its_floor_and_its_share() {
    run(|| {
        let (owner, other, customer) = (bidder(0), bidder(1), bidder(2));
        // GIVEN a resource with a customer and one without, 0.8 kWh each delivered at 0.5 CNY
        let event =
            settled(&[shared(owner.clone(), customer.clone(), 100), spec(other.clone(), 1_000, 500_000, 100)], YUAN);
        // THEN of 0.4 CNY the customer has 0.08 CNY and a fifth of 0.32 CNY
        assert_eq!(statement(event, FIRST), (400_000, 144_000));
        assert_eq!(free(&customer), 1_000 * YUAN + 144_000);
        assert_eq!(free(&owner), 1_000 * YUAN + 256_000);
        System::assert_has_event(Event::CustomerPaid { event, resource: FIRST, customer, amount: 144_000 }.into());
        System::assert_has_event(Event::Paid { event, resource: FIRST, owner, amount: 256_000 }.into());
        // AND the other's pay is not split
        assert_eq!(statement(event, ResourceId(1)), (400_000, 0));
        assert_eq!(free(&other), 1_000 * YUAN + 400_000);
        // AND the books count both parts
        assert_eq!((Totals::<Test>::get(event).paid, <Settlement as Escrow>::paid(event)), (800_000, 800_000));
        // AND the explanation tells them
        let parts = Settlement::why(event, FIRST).and_then(|told| told.pay?.parts).expect("it is settled");
        assert_eq!((parts.floor, parts.customer, parts.owner), (80_000, 144_000, 256_000));
        assert_eq!(Settlement::why(event, ResourceId(1)).and_then(|told| told.pay?.parts), None);
    });
}

#[test]
fn a_short_pot_is_shared_before_it_is_split_and_penalties_are_the_owners() {
    run(|| {
        let (owner, customer) = (bidder(0), bidder(2));
        // GIVEN half of 0.8 kWh delivered, which is worth 0.2 CNY, and a pot of 0.03 CNY
        let event = settled(&[shared(owner.clone(), customer.clone(), 50)], 30_000);
        // THEN the customer's 0.04 CNY for 0.4 kWh take all of it
        assert_eq!(statement(event, FIRST), (30_000, 30_000));
        assert_eq!(free(&customer), 1_000 * YUAN + 30_000);
        // AND the penalty for 0.32 kWh is its owner's alone
        assert_eq!(free(&owner), 1_000 * YUAN - 176_000);
    });
}

#[test]
fn a_customer_that_can_take_nothing_holds_nobody_up() {
    run(|| {
        // GIVEN a customer without an account, and a part below what an account must hold
        let (owner, pauper) = (bidder(0), PAUPER);
        let small = Spec { customer: Some(pauper.clone()), ..spec(owner.clone(), 4, 500_000, 100) };
        let event = settled(&[small, spec(bidder(1), 1_000, 500_000, 100)], YUAN);
        // THEN its part waits, and the owner has its own
        let (paid, part) = statement(event, FIRST);
        assert!(part > 0 && part < EXISTENTIAL_DEPOSIT && part < paid, "{part} of {paid}");
        assert_eq!((Claimables::<Test>::get(&pauper), free(&owner)), (part, 1_000 * YUAN + paid - part));
        System::assert_has_event(Event::PaymentParked { who: pauper.clone(), amount: part }.into());
        // WHEN it has an account THEN it fetches it
        Balances::set_balance(&pauper, EXISTENTIAL_DEPOSIT);
        assert_ok!(Settlement::claim(RuntimeOrigin::signed(pauper.clone())));
        assert_eq!(free(&pauper), EXISTENTIAL_DEPOSIT + part);
    });
}

#[test]
fn what_is_paid_later_is_split_with_what_was_paid_before() {
    run(|| {
        // GIVEN a claim of 0.2 CNY of which 0.03 CNY were paid, all of it the customer's floor
        let (owner, customer) = (bidder(0), bidder(2));
        let event = settled(&[shared(owner.clone(), customer.clone(), 50)], 30_000);
        let owner_before = free(&owner);
        let mut statement = Statements::<Test>::get(event, FIRST).expect("drawn up");
        // WHEN the rest is paid from another budget
        assert_ok!(Settlement::hold_budget(EventId(9), &OPENER, 170_000));
        let mut escrow = crate::Escrows::<Test>::get(EventId(9)).expect("held");
        let rule = Pallet::<Test>::split_rule(event);
        let paid = Pallet::<Test>::pay_out(event, FIRST, 170_000, &rule, &mut escrow, &mut statement);
        // THEN both have what they would have had at once: 0.04 CNY and a fifth of 0.16 CNY
        assert_eq!((paid, escrow.budget), (170_000, 0));
        assert_eq!((statement.paid, statement.customer), (200_000, 72_000));
        assert_eq!(free(&customer), 1_000 * YUAN + 72_000);
        assert_eq!(free(&owner), owner_before + 128_000);
        Pallet::<Test>::keep_escrow(EventId(9), escrow);
    });
}

/// An event of a claim of 0.0015 CNY, shared with a customer without an account, and of a disputed one of 0.4 CNY, after
/// its first distribution: at that neither the customer nor the pallet's account could take anything.
fn half_paid(owner: AccountId) -> EventId {
    Balances::set_balance(&Pallet::<Test>::account(), 0);
    let small = Spec { customer: Some(PAUPER), ..spec(owner, 4, 500_000, 100) };
    let event = measured(&[small, spec(bidder(1), 1_000, 500_000, 100)], 900_000, YUAN, Pricing::Uniform);
    share_by(event, SplitRule { floor: Price(100_000), share: BasisPoints(2_000) });
    assert_ok!(Events::set_phase(event, Phase::Scored));
    let by = RuntimeOrigin::signed(bidder(1));
    assert_ok!(Settlement::dispute(by, event, ResourceId(1), 1, DisputeReason::default()));
    end_windows();
    blocks(4);
    event
}

#[test]
fn a_part_that_went_nowhere_at_first_is_due_again_at_last() {
    run(|| {
        // GIVEN a first distribution that gave the owner its part, while its customer's could not even wait
        let owner = bidder(0);
        let opener_before = free(&OPENER);
        let event = half_paid(owner.clone());
        let (paid, part) = statement(event, FIRST);
        assert!(0 < paid && paid < 960 && part == 0, "{paid} paid, {part} of it to the customer");
        assert_eq!((free(&owner), Claimables::<Test>::get(PAUPER)), (999 * YUAN + paid, 0));
        // WHEN the second one finds the pallet's account in order
        Balances::set_balance(&Pallet::<Test>::account(), EXISTENTIAL_DEPOSIT);
        settle_all();
        // THEN both have what they would have had at once: a floor of 0.0003 CNY and a fifth of the rest, and the rest
        assert_eq!(statement(event, FIRST), (1_500, 540));
        assert_eq!((free(&owner), Claimables::<Test>::get(PAUPER)), (1_000 * YUAN + 960, 540));
        let (disputed, _) = statement(event, ResourceId(1));
        assert_eq!(Totals::<Test>::get(event).paid, 1_500 + disputed);
        assert_eq!(free(&OPENER), opener_before - 1_500 - disputed + BOND);
    });
}

#[test]
fn a_part_that_goes_nowhere_twice_stays_with_the_opener() {
    run(|| {
        // GIVEN the same first distribution
        let owner = bidder(0);
        let event = half_paid(owner.clone());
        // WHEN the second one fails for the customer as well
        settle_all();
        // THEN the owner has its own part and not the other, which is not counted as paid
        assert_eq!(statement(event, FIRST), (960, 0));
        assert_eq!((free(&owner), Claimables::<Test>::get(PAUPER)), (1_000 * YUAN + 960, 0));
        let refused = |amount| Event::PaymentRefused { who: PAUPER, amount };
        System::assert_has_event(refused(540).into());
        assert!(Disputes::<Test>::get(event, ResourceId(1)).is_some_and(|dispute| dispute.ruling.is_some()));
    });
}
