//! Contracts between a buyer and a resource's owner.

use crate::{mock::*, pallet::*, types::Contract};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{
    AccountId, AreaId, BasisPoints, Customer, Direction, EventId, Hash, Millis, Price, ProgrammeVersion, ResourceId,
    Watts,
};
use loadstone_market::{traits::Market, BaselineMethod, DeviationRule, Phase, Pricing, Programme, SplitRule};
use sp_runtime::DispatchResult;

/// A programme of contracts without penalties, priced by the meter.
fn bilateral() -> Programme {
    let deviation =
        DeviationRule { penalty_below: Default::default(), deep_below: Default::default(), ..DeviationRule::sichuan() };
    Programme { pricing: Pricing::Bilateral, baseline: BaselineMethod::Metered {}, deviation, ..programme() }
}

/// Offers to take 1 kW in the first ten seconds and half of it in the next, for 0.5 yuan a kWh.
fn offer(who: AccountId, resource: ResourceId) -> DispatchResult {
    let (needs, start) = (needs(&[1_000, 500]), Millis(START));
    Bids::offer_contract(signed(who), PROGRAMME, resource, Direction::Up, needs, start, Price(500_000))
}

#[test]
fn a_contract_is_made_by_two_and_needs_no_bids() {
    run(|| {
        // GIVEN a charger of NORTH's and a programme of contracts
        publish(bilateral());
        let charger = load(&NORTH, AREA, 2_000);
        // WHEN SOUTH offers to pay for a session
        assert_ok!(offer(SOUTH, charger));
        // THEN what it costs at most is held: 15 kW s at 0.5 yuan a kWh, rounded up
        assert_eq!(Budgets::get(EVENT), Some(2_084));
        assert_eq!(Contracts::<Test>::get(EVENT), Some(Contract { resource: charger, price: Price(500_000) }));
        assert_eq!(phase(), Some(Phase::Open));
        assert_ok!(Bids::do_try_state());
        // AND nobody bids in it or clears it
        let none = Hash::zero();
        assert_noop!(Bids::commit(signed(NORTH), EVENT, 0, none, resources(&[charger])), Error::<Test>::IsBilateral);
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::IsBilateral);
        // WHEN the charger's owner accepts
        assert_noop!(Bids::accept_contract(signed(SOUTH), EVENT), Error::<Test>::NotOwner);
        assert_ok!(Bids::accept_contract(signed(NORTH), EVENT));
        // THEN it runs without an order: awarded in full at its price, with the charger reserved
        assert_eq!(phase(), Some(Phase::Dispatched));
        let clearing = <Bids as Market>::clearing(EVENT).expect("cleared");
        assert_eq!((clearing.marginal_price, clearing.awarded), (Price(500_000), Watts(1_000)));
        assert_eq!(Bids::award_of(EVENT, charger), Some(Watts(1_000)));
        assert!(Reserved::<Test>::contains_key(charger, Direction::Up));
        assert_eq!(Bonds::get((EVENT, NORTH)).unwrap_or_default(), 0);
        // AND it is neither accepted nor called off again
        assert_noop!(Bids::accept_contract(signed(NORTH), EVENT), Error::<Test>::WrongPhase);
        assert_noop!(Bids::cancel(signed(SOUTH), EVENT), Error::<Test>::WrongPhase);
        // WHEN it was settled THEN the charger is free
        assert_ok!(<Bids as Market>::set_phase(EVENT, Phase::Settled));
        blocks();
        assert!(!Reserved::<Test>::contains_key(charger, Direction::Up));
    });
}

#[test]
fn an_offer_lasts_until_its_window_or_its_buyers_change_of_mind() {
    run(|| {
        publish(bilateral());
        let charger = load(&NORTH, AREA, 2_000);
        // GIVEN an offer that its buyer takes back THEN the money is, too
        assert_ok!(offer(SOUTH, charger));
        assert_noop!(Bids::cancel(signed(NORTH), EVENT), Error::<Test>::NotOpener);
        assert_ok!(Bids::cancel(signed(SOUTH), EVENT));
        assert_eq!(Budgets::get(EVENT), None);
        assert_noop!(Bids::accept_contract(signed(NORTH), EVENT), Error::<Test>::WrongPhase);
        // GIVEN one whose window has begun THEN it is too late
        assert_ok!(offer(SOUTH, charger));
        at(START);
        let second = EventId(1);
        assert_noop!(Bids::accept_contract(signed(NORTH), second), Error::<Test>::GateClosed);
        assert_noop!(offer(SOUTH, charger), Error::<Test>::StartTooSoon);
    });
}

#[test]
fn contracts_obey_their_programme_and_the_load() {
    run(|| {
        let (charger, small) = (load(&NORTH, AREA, 2_000), load(&NORTH, AREA, 999));
        // GIVEN a programme of bids THEN no contract is made under it
        assert_noop!(offer(SOUTH, charger), Error::<Test>::NotBilateral);
        // GIVEN one of contracts THEN no event is opened under it
        publish(bilateral());
        assert_noop!(open(&[1_000]), Error::<Test>::IsBilateral);
        // AND each fault of an offer is named
        assert_noop!(offer(NORTH, charger), Error::<Test>::OwnResource);
        assert_noop!(offer(STRANGER, charger), Error::<Test>::NotRegistered);
        assert_noop!(offer(SOUTH, ResourceId(77)), Error::<Test>::UnknownResource);
        assert_noop!(offer(SOUTH, small), Error::<Test>::BidAboveCapacity);
        let with = |direction, watts: &[i64], price| {
            let (needs, start) = (needs(watts), Millis(START));
            Bids::offer_contract(signed(SOUTH), PROGRAMME, charger, direction, needs, start, Price(price))
        };
        assert_noop!(with(Direction::Up, &[], 500_000), Error::<Test>::UnsoundNeeds);
        assert_noop!(with(Direction::Up, &[99], 500_000), Error::<Test>::BidBelowMinimum);
        assert_noop!(with(Direction::Up, &[1_000], 500_001), Error::<Test>::PriceOffTick);
        // A load that never feeds in has nothing to sell downward.
        assert_noop!(with(Direction::Down, &[1_000], 500_000), Error::<Test>::BidAboveCapacity);
        // AND areas are the programme's
        publish(Programme { areas: loadstone_market::Areas::truncate_from(vec![AreaId(1)]), ..bilateral() });
        assert_noop!(offer(SOUTH, charger), Error::<Test>::AreaNotCovered);
    });
}

#[test]
fn a_contract_counts_against_the_pot_and_its_price_is_never_cut() {
    run(|| {
        // GIVEN a pot that reaches for one contract and a half
        publish(Programme { pot: 3_000, ..bilateral() });
        let (charger, other) = (load(&NORTH, AREA, 2_000), load(&NORTH, AREA, 2_000));
        assert_ok!(offer(SOUTH, charger));
        // THEN a second one is refused, since its price would not be paid
        assert_noop!(offer(SOUTH, other), Error::<Test>::PotTooSmall);
        assert_eq!(Bids::pot_left(PROGRAMME, ProgrammeVersion(2)), Some(916));
        // WHEN the first is taken back THEN the second is made
        assert_ok!(Bids::cancel(signed(SOUTH), EVENT));
        assert_ok!(offer(SOUTH, other));
    });
}

#[test]
fn a_seller_shares_where_the_rules_say_so() {
    run(|| {
        // GIVEN a charger with a customer since before the offer, under rules that share and others that don't
        let charger = load(&NORTH, AREA, 2_000);
        Customers::insert(charger, Customer::default().change(Some(STRANGER), Millis(BEGIN - 1)));
        for (id, share) in [(0, 0), (1, 2_000)] {
            let split = SplitRule { floor: Price(0), share: BasisPoints(share) };
            publish(Programme { split, ..bilateral() });
            assert_ok!(offer(SOUTH, charger));
            // WHEN the contract is accepted
            assert_ok!(Bids::accept_contract(signed(NORTH), EventId(id)));
            assert_ok!(<Bids as Market>::set_phase(EventId(id), Phase::Settled));
            blocks();
        }
        // THEN the customer is written down where it gets something
        assert_eq!(customer_in(EVENT, charger), None);
        assert_eq!(customer_in(EventId(1), charger), Some(STRANGER));
    });
}

#[test]
fn a_punished_contract_holds_the_sellers_bond() {
    run(|| {
        // GIVEN a programme that punishes shortfall
        publish(Programme { pricing: Pricing::Bilateral, ..programme() });
        let charger = load(&NORTH, AREA, 2_000);
        assert_ok!(offer(SOUTH, charger));
        // WHEN the contract is accepted THEN 1 kW for 20 s at its price is held
        assert_ok!(Bids::accept_contract(signed(NORTH), EVENT));
        assert_eq!(Bonds::get((EVENT, NORTH)), Some(2_778));
        assert_eq!(<Bids as Market>::bond(EVENT, &NORTH), 2_778);
        // AND one without the money can't accept
        let poor = load(&POOR, AREA, 2_000);
        assert_ok!(offer(SOUTH, poor));
        let refused = Bids::accept_contract(signed(POOR), EventId(1));
        assert_noop!(refused, sp_runtime::DispatchError::Other("no money"));
    });
}
