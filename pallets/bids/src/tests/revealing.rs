//! Opening sealed bids after the gate.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{BasisPoints, Price, ResourceId, Watts};
use loadstone_market::{BidSheet, Segment};

/// Two loads of NORTH, committed under `sheet` whatever it says, with the gate closed.
fn committed(sheet: &BidSheet) {
    let ids = [load(&NORTH, AREA, 3_000), load(&NORTH, AREA, 1_000)];
    assert_ok!(open(&[1_000]));
    let sealed = loadstone_market::seal(&Bids::genesis_hash(), EVENT, &NORTH, sheet, &SALT);
    assert_ok!(Bids::commit(signed(NORTH), EVENT, 0, sealed, resources(&ids)));
    at(GATE);
}

#[test]
fn offers_join_their_buckets_and_remember_what_was_before() {
    run(|| {
        // GIVEN two bidders whose offers share a price
        let (a, b) = (load(&NORTH, AREA, 3_000), load(&NORTH, AREA, 1_000));
        let c = load(&SOUTH, AREA, 500);
        let norths = sheet(vec![bid(a, &[(100_000, 1_000), (300_000, 2_000)]), bid(b, &[(300_000, 700)])]);
        let souths = sheet(vec![bid(c, &[(300_000, 500)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &norths));
        assert_ok!(commit(SOUTH, &souths));
        at(GATE);
        // WHEN both reveal, SOUTH first
        assert_ok!(reveal(SOUTH, &souths));
        assert_ok!(reveal(NORTH, &norths));
        let revealed = Event::BidRevealed { event: EVENT, bidder: NORTH, batch: 0, resources: 2, watts: Watts(3_700) };
        assert_eq!(last_event(), revealed);
        // THEN buckets hold the totals, and each segment what stood before it
        assert_eq!(Buckets::<Test>::get(EVENT, 0), Watts(1_000));
        assert_eq!(Buckets::<Test>::get(EVENT, 2), Watts(3_200));
        let segment = |price, watts, before| Segment {
            price: Price(price),
            watts: Watts(watts),
            before: Watts(before),
            credit: BasisPoints::ONE,
        };
        assert_eq!(Segments::<Test>::get(EVENT, c).into_inner(), [segment(300_000, 500, 0)]);
        let as_segments = [segment(100_000, 1_000, 0), segment(300_000, 2_000, 500)];
        assert_eq!(Segments::<Test>::get(EVENT, a).into_inner(), as_segments);
        assert_eq!(Segments::<Test>::get(EVENT, b).into_inner(), [segment(300_000, 700, 2_500)]);
        // AND the event lists resources in order of reveal
        let listed: Vec<_> = (0..3).filter_map(|at| EventResources::<Test>::get(EVENT, at)).collect();
        assert_eq!((listed, EventResourceCount::<Test>::get(EVENT)), (vec![c, a, b], 3));
    });
}

#[test]
fn only_what_was_sealed_is_revealed_once_and_after_the_gate() {
    run(|| {
        let sealed = sheet(vec![bid(ResourceId(0), &[(100_000, 1_000)])]);
        committed(&sealed);
        // GIVEN the gate not closed yet
        at(GATE - 1);
        assert_noop!(reveal(NORTH, &sealed), Error::<Test>::GateStillOpen);
        at(GATE);
        // GIVEN another sheet, another salt, or another bidder
        let cheaper = sheet(vec![bid(ResourceId(0), &[(100_000, 999)])]);
        assert_noop!(reveal(NORTH, &cheaper), Error::<Test>::SealMismatch);
        let salted = Bids::reveal(signed(NORTH), EVENT, 0, sealed.clone(), [0; 32]);
        assert_noop!(salted, Error::<Test>::SealMismatch);
        assert_noop!(reveal(SOUTH, &sealed), Error::<Test>::NotCommitted);
        // WHEN it is revealed THEN not again
        assert_ok!(reveal(NORTH, &sealed));
        assert_noop!(reveal(NORTH, &sealed), Error::<Test>::AlreadyRevealed);
    });
}

macro_rules! refused {
    ($($name:ident: $bids:expr => $error:ident;)*) => {$(
        #[test]
        fn $name() {
            run(|| {
                // GIVEN a sealed sheet with one fault
                let sheet = sheet($bids);
                committed(&sheet);
                // THEN the refusal names it
                assert_noop!(reveal(NORTH, &sheet), Error::<Test>::$error);
            });
        }
    )*};
}

const A: ResourceId = ResourceId(0);
const B: ResourceId = ResourceId(1);

refused! {
    an_empty_sheet_is_refused: vec![] => NoResources;
    a_resource_named_twice_is_refused: vec![bid(A, &[(100_000, 100)]), bid(A, &[(200_000, 100)])] => ResourcesNotRising;
    a_resource_not_committed_is_refused: vec![bid(ResourceId(5), &[(100_000, 100)])] => ResourceNotCommitted;
    a_resource_without_offers_is_refused: vec![bid(A, &[])] => NoOffers;
    falling_prices_are_refused: vec![bid(A, &[(200_000, 100), (100_000, 100)])] => PricesNotRising;
    a_price_named_twice_is_refused: vec![bid(A, &[(200_000, 100), (200_000, 100)])] => PricesNotRising;
    an_offer_of_nothing_is_refused: vec![bid(A, &[(100_000, 0)])] => NoWatts;
    a_negative_offer_is_refused: vec![bid(A, &[(100_000, -5)])] => NoWatts;
    a_bid_below_the_minimum_is_refused: vec![bid(A, &[(100_000, 99)])] => BidBelowMinimum;
    a_bid_above_capacity_is_refused: vec![bid(B, &[(100_000, 900), (200_000, 101)])] => BidAboveCapacity;
    a_sum_beyond_numbers_is_refused: vec![bid(B, &[(100_000, i64::MAX), (200_000, 1)])] => Overflow;
    a_price_below_the_floor_is_refused: vec![bid(A, &[(99_999, 100)])] => PriceOutOfRange;
    a_price_above_the_cap_is_refused: vec![bid(A, &[(1_100_000, 100)])] => PriceOutOfRange;
    a_price_off_the_ticks_is_refused: vec![bid(A, &[(150_000, 100)])] => PriceOffTick;
}
