//! Clearing buys the need at least cost, and its awards sum to it exactly.

use crate::{
    audit::reclear,
    clearing::*,
    tests::{event, programme},
    Clearing, Ranks, Segment, Segments,
};
use loadstone_core::{BasisPoints, Direction, Price, Watts};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn cleared(price: u64, residual: i64, total: i64, awarded: i64, offered: i64) -> Clearing {
    Clearing {
        marginal_price: Price(price),
        residual: Watts(residual),
        marginal_total: Watts(total),
        awarded: Watts(awarded),
        offered: Watts(offered),
        ..Clearing::default()
    }
}

/// Puts offers into buckets in the given order, as reveals do.
fn bucketed(offers: &[(u64, i64)]) -> (BTreeMap<Price, Watts>, Vec<Segment>) {
    let mut buckets = BTreeMap::<Price, Watts>::new();
    let place = |(price, watts): &(u64, i64)| {
        let total = buckets.entry(Price(*price)).or_default();
        let before = *total;
        total.0 += watts;
        Segment { price: Price(*price), watts: Watts(*watts), before, credit: BasisPoints::ONE }
    };
    let segments = offers.iter().map(place).collect();
    (buckets, segments)
}

#[test]
fn the_margin_is_the_bucket_that_covers_the_need() {
    let buckets = [(Price(10), Watts(100)), (Price(15), Watts(0)), (Price(20), Watts(300)), (Price(30), Watts(50))];
    // GIVEN needs inside a bucket, at its edge, above all offers, and none
    // THEN the residual lies in the margin, and offers are counted in full each time
    assert_eq!(clear(buckets, Watts(250), Watts(0), Ranks::default()), cleared(20, 150, 300, 250, 450));
    assert_eq!(clear(buckets, Watts(100), Watts(0), Ranks::default()), cleared(10, 100, 100, 100, 450));
    assert_eq!(clear(buckets, Watts(1_000), Watts(0), Ranks::default()), cleared(30, 50, 50, 450, 450));
    assert_eq!(clear(buckets, Watts(0), Watts(0), Ranks::default()), cleared(10, 0, 100, 0, 450));
    assert_eq!(clear(buckets, Watts(-5), Watts(0), Ranks::default()), cleared(10, 0, 100, 0, 450));
    assert_eq!(clear([], Watts(100), Watts(0), Ranks::default()), cleared(0, 0, 0, 0, 0));
}

#[test]
fn a_marginal_bucket_is_shared_by_cumulative_floor() {
    // GIVEN three equal offers of 10 W at the margin and a residual of 10 W
    let (buckets, segments) = bucketed(&[(5, 10), (5, 10), (5, 10)]);
    let clearing = clear(buckets, Watts(10), Watts(0), Ranks::default());
    // THEN each gets a third, and the odd watt falls where the running floor steps
    let awards: Vec<i64> = segments.iter().map(|segment| award(&clearing, segment).0).collect();
    assert_eq!(awards, [3, 3, 4]);
}

#[test]
fn awards_survive_the_greatest_numbers() {
    // GIVEN offers at the type's end
    let (max, price) = (Watts(i64::MAX), Price(1));
    let clearing = clear([(price, max), (Price(2), max)], max, Watts(0), Ranks::default());
    let segment = Segment { price, watts: max, before: Watts(0), credit: BasisPoints::ONE };
    // THEN nothing overflows, and totals saturate
    assert_eq!(award(&clearing, &segment), max);
    assert_eq!((clearing.awarded, clearing.offered), (max, max));
    // AND segments that no honest chain holds get at most what they offer
    let odd = Segment { price, watts: Watts(7), before: max, credit: BasisPoints::ONE };
    assert!(award(&clearing, &odd) <= Watts(7));
    assert_eq!(award(&clearing, &Segment { watts: Watts(-7), ..odd }), Watts(0));
}

proptest! {
    #[test]
    fn awards_sum_to_what_is_bought_and_rise_as_price_falls(
        offers in proptest::collection::vec((0u64..12, 1i64..100_000), 1..60),
        need in 0i64..4_000_000,
    ) {
        // GIVEN any offers in any order
        let (buckets, segments) = bucketed(&offers);
        let clearing = clear(buckets, Watts(need), Watts(0), Ranks::default());
        let awards: Vec<i64> = segments.iter().map(|segment| award(&clearing, segment).0).collect();
        // THEN the awards sum to the lesser of need and offer
        let offered: i64 = offers.iter().map(|(_, watts)| watts).sum();
        prop_assert_eq!(awards.iter().sum::<i64>(), need.min(offered));
        prop_assert_eq!((clearing.awarded.0, clearing.offered.0), (need.min(offered), offered));
        for (segment, won) in segments.iter().zip(&awards) {
            // AND none is negative or beyond its offer
            prop_assert!((0..=segment.watts.0).contains(won));
            // AND a cheaper offer of the same size and place never gets less
            let cheaper = Segment { price: Price(segment.price.0.saturating_sub(1)), ..segment.clone() };
            prop_assert!(award(&clearing, &cheaper).0 >= *won);
        }
    }

    #[test]
    fn the_clearing_does_not_depend_on_the_order_of_bids(
        offers in proptest::collection::vec((0u64..12, 1i64..100_000), 1..60),
        need in 1i64..4_000_000,
        turn in 0usize..60,
    ) {
        // GIVEN the same offers revealed in two orders
        let mut turned = offers.clone();
        turned.rotate_left(turn % offers.len());
        let (buckets, segments) = bucketed(&offers);
        let (turned_buckets, turned_segments) = bucketed(&turned);
        // THEN both clear alike, from buckets and from segments
        let clearing = clear(buckets, Watts(need), Watts(0), Ranks::default());
        prop_assert_eq!(&clearing, &clear(turned_buckets, Watts(need), Watts(0), Ranks::default()));
        let lists: Vec<Segments> =
            segments.into_iter().map(|segment| Segments::truncate_from(vec![segment])).collect();
        let event = event(Direction::Down, &[need], 1_000);
        let again = reclear(&event, &programme(), &lists);
        prop_assert_eq!(&Clearing { ranks: Ranks::default(), ..again }, &clearing);
        // AND each price's offers win the same in all
        for price in 0..12u64 {
            let won = |segment: &Segment| if segment.price == Price(price) { award(&clearing, segment).0 } else { 0 };
            let first: i64 = lists.iter().map(|list| list.iter().map(won).sum::<i64>()).sum();
            prop_assert_eq!(first, turned_segments.iter().map(won).sum::<i64>());
        }
    }

    #[test]
    fn a_bid_split_in_two_wins_what_it_won_as_one(
        offers in proptest::collection::vec((0u64..6, 1i64..100_000), 1..30),
        place in 0usize..30,
        first in 1i64..100_000,
        second in 1i64..100_000,
        price in 0u64..6,
        need in 1i64..2_000_000,
    ) {
        // GIVEN an offer among others, and the same as two at one price, revealed one after the other
        let place = place % (offers.len() + 1);
        let (mut whole, mut split) = (offers.clone(), offers);
        whole.insert(place, (price, first + second));
        split.splice(place..place, [(price, first), (price, second)]);
        let won = |offers: &[(u64, i64)], own: std::ops::Range<usize>| {
            let (buckets, segments) = bucketed(offers);
            let clearing = clear(buckets, Watts(need), Watts(0), Ranks::default());
            (clearing.marginal_price, segments[own].iter().map(|segment| award(&clearing, segment).0).sum::<i64>())
        };
        // THEN it wins the same at the same margin
        prop_assert_eq!(won(&whole, place..place + 1), won(&split, place..place + 2));
    }
}
