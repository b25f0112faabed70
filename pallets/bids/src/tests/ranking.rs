//! Bids ranked by credit, and reserve bought behind the need.

use crate::{mock::*, pallet::*};
use alloc::boxed::Box;
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{BasisPoints, Price, Watts};
use loadstone_market::{clearing::reserves, settle::segment_price, traits::Reserve, Credit, Phase, Programme};

/// Publishes rules in which half of the credit doubles the rank, and a quarter more than the need is bought.
fn publish() -> Programme {
    let rules = Programme { credit_rank_floor: BasisPoints(5_000), reserve: BasisPoints(2_500), ..programme() };
    assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(rules.clone())));
    rules
}

#[test]
fn credit_at_the_commitment_ranks_a_bid() {
    run(|| {
        // GIVEN two resources that ask the same, of credits 1 and 0.5, and a need for one of them with a quarter's reserve
        let rules = publish();
        let (a, b) = (load(&NORTH, AREA, 1_000), load(&SOUTH, AREA, 1_000));
        for (resource, credit) in [(a, 5_000), (b, 10_000)] {
            Standing::insert(resource, Credit { credit: BasisPoints(credit), events: 1, ..Credit::default() });
        }
        let norths = sheet(vec![bid(a, &[(200_000, 1_000)])]);
        let souths = sheet(vec![bid(b, &[(200_000, 1_000)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &norths));
        assert_ok!(commit(SOUTH, &souths));
        // WHEN the credit of the first changes after its commitment THEN its rank does not
        Standing::insert(a, Credit { credit: BasisPoints::ONE, events: 2, ..Credit::default() });
        at(GATE);
        assert_ok!(reveal(NORTH, &norths));
        assert_ok!(reveal(SOUTH, &souths));
        blocks();
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // THEN the trusted one is awarded all, and the reserve comes from the other at twice its price
        let clearing = Clearings::<Test>::get(EVENT).expect("cleared");
        let of = |resource| Segments::<Test>::get(EVENT, resource);
        assert_eq!([a, b].map(|resource| Bids::award_of(EVENT, resource)), [Some(Watts(0)), Some(Watts(1_000))]);
        assert_eq!([a, b].map(|resource| reserves(&clearing, &of(resource))), [Watts(250), Watts(0)]);
        assert_eq!((clearing.marginal_price, clearing.reserve.price), (Price(200_000), Price(400_000)));
        // AND a called watt of the other is worth what it asked
        assert_eq!(segment_price(&rules, &of(a)[0], clearing.reserve.price), Price(200_000));
    });
}

#[test]
fn a_reserve_is_called_once_in_a_dispatched_event() {
    run(|| {
        // GIVEN a cleared event with a reserve, and one without
        publish();
        let resource = load(&NORTH, AREA, 2_000);
        let offers = sheet(vec![bid(resource, &[(200_000, 2_000)])]);
        assert_ok!(open(&[500, 1_000]));
        assert_ok!(commit(NORTH, &offers));
        at(GATE);
        assert_ok!(reveal(NORTH, &offers));
        blocks();
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        let call = |from| <Bids as Reserve>::call_reserve(EVENT, from);
        // WHEN it is not dispatched THEN there is nothing to call
        assert_noop!(call(1), Error::<Test>::WrongPhase);
        assert_ok!(Bids::enter(EVENT, Phase::Dispatched));
        assert_noop!(call(2), Error::<Test>::WindowOver);
        // WHEN it is called THEN from that interval on, and not again
        assert_ok!(call(1));
        assert_eq!(Events::<Test>::get(EVENT).and_then(|event| event.reserve_from), Some(1));
        assert_eq!(last_event(), Event::ReserveCalled { event: EVENT, from: 1, watts: Watts(250) });
        assert_noop!(call(0), Error::<Test>::ReserveCalled);
    });
}

#[test]
fn no_reserve_is_called_that_was_not_bought() {
    run(|| {
        // GIVEN an event whose offers just meet the need
        publish();
        let resource = load(&NORTH, AREA, 1_000);
        let offers = sheet(vec![bid(resource, &[(200_000, 1_000)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &offers));
        at(GATE);
        assert_ok!(reveal(NORTH, &offers));
        blocks();
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        assert_ok!(Bids::enter(EVENT, Phase::Dispatched));
        // THEN there is none to call
        assert_noop!(<Bids as Reserve>::call_reserve(EVENT, 0), Error::<Test>::NoReserve);
    });
}
