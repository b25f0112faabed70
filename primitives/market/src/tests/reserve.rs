//! Reserve is bought behind the need, exactly, and asked once it is called.

use crate::{
    clearing::*,
    setpoint::Ask,
    settle::statement,
    tests::{event, programme},
    Event, Programme, Ranks, ReserveMargin, Segment, Segments,
};
use loadstone_core::{BasisPoints, Direction, Price, Watts, HOUR_MS, YUAN};
use proptest::prelude::*;
use std::collections::BTreeMap;

use super::score::record;

/// Offers in their buckets, in the order of reveal.
fn placed(offers: &[(u64, i64)]) -> (BTreeMap<Price, Watts>, Vec<Segment>) {
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
fn reserve_follows_the_need_in_the_same_order() {
    // GIVEN 100 W at 1, 100 W at 2 and 100 W at 3, a need of 150 W and a reserve of 100 W
    let (buckets, segments) = placed(&[(1, 100), (2, 60), (2, 40), (3, 100)]);
    let clearing = clear(buckets, Watts(150), Watts(100), Ranks::default());
    // THEN the margin's bucket gives half to the need and the rest to the reserve, and the next one half
    let margin = ReserveMargin { price: Price(3), residual: Watts(50), total: Watts(100), awarded: Watts(100) };
    assert_eq!((clearing.marginal_price, clearing.residual, clearing.reserve), (Price(2), Watts(50), margin));
    let both: Vec<_> =
        segments.iter().map(|segment| (award(&clearing, segment).0, reserved(&clearing, segment).0)).collect();
    assert_eq!(both, [(100, 0), (30, 30), (20, 20), (0, 50)]);
}

#[test]
fn too_little_on_offer_leaves_less_reserve_or_none() {
    let (buckets, _) = placed(&[(1, 100), (2, 100)]);
    // GIVEN more wanted than is offered THEN what is left is the reserve
    assert_eq!(clear(buckets.clone(), Watts(150), Watts(100), Ranks::default()).reserve.awarded, Watts(50));
    // AND where the need itself is not met there is none
    assert_eq!(clear(buckets, Watts(300), Watts(100), Ranks::default()).reserve, ReserveMargin::default());
}

#[test]
fn a_called_reserve_is_asked_and_paid_at_its_own_margin() {
    // GIVEN a resource with 60 kW awarded at 1 CNY and 40 kW of reserve up to 2 CNY, and two hours of full need
    let kilowatts = |power: i64| Watts(power * 1_000);
    let offer = |price, power| Segment {
        price: Price(price),
        watts: kilowatts(power),
        before: Watts(0),
        credit: BasisPoints::ONE,
    };
    let segments = Segments::truncate_from(vec![offer(1_000_000, 60), offer(2_000_000, 40)]);
    let buckets = [(Price(1_000_000), kilowatts(60)), (Price(2_000_000), kilowatts(40))];
    let clearing = clear(buckets, kilowatts(60), kilowatts(40), Ranks::default());
    let plain = event(Direction::Down, &[60_000, 60_000], HOUR_MS as u32);
    // WHEN the reserve is called for the second hour THEN 100 kW are asked in it
    let called = Event { reserve_from: Some(1), ..plain.clone() };
    let ask = Ask::new(&clearing, &segments);
    assert_eq!([0, 1].map(|interval| ask.quota(&called, interval)), [kilowatts(60), kilowatts(100)]);
    assert_eq!(ask.quota(&plain, 1), kilowatts(60));
    // AND full delivery earns 60 CNY in the first, and 60 + 80 CNY in the second
    let due = |event: &Event, watts: &[i64]| {
        statement(event, &programme(), &clearing, &segments, &record(watts, watts), None).claim
    };
    assert_eq!(due(&called, &[60_000, 100_000]), 200 * YUAN);
    assert_eq!(due(&plain, &[60_000, 60_000]), 120 * YUAN);
}

#[test]
fn a_programme_says_how_much() {
    let half_more = Programme { reserve: BasisPoints(5_000), ..programme() };
    assert_eq!([0, 1, 150].map(|peak| half_more.reserve_of(Watts(peak))), [0, 1, 75].map(Watts));
    assert_eq!(programme().reserve_of(Watts(150)), Watts(0));
    assert!(half_more.is_sound() && !Programme { reserve: BasisPoints(20_001), ..programme() }.is_sound());
}

proptest! {
    #[test]
    fn awards_and_reserves_sum_to_what_is_bought(
        offers in proptest::collection::vec((0u64..8, 1i64..100_000), 1..60),
        need in 0i64..3_000_000,
        reserve in 0i64..3_000_000,
    ) {
        // GIVEN any offers THEN awards are those without a reserve, and the reserve is what the offers leave
        let (buckets, segments) = placed(&offers);
        let clearing = clear(buckets.clone(), Watts(need), Watts(reserve), Ranks::default());
        let without = clear(buckets, Watts(need), Watts(0), Ranks::default());
        let (mut awarded, mut kept) = (0, 0);
        for segment in &segments {
            let both = (award(&clearing, segment).0, reserved(&clearing, segment).0);
            prop_assert_eq!(both.0, award(&without, segment).0);
            prop_assert!(both.1 >= 0 && both.0 + both.1 <= segment.watts.0);
            (awarded, kept) = (awarded + both.0, kept + both.1);
        }
        let offered: i64 = offers.iter().map(|(_, watts)| watts).sum();
        prop_assert_eq!(awarded, need.min(offered));
        prop_assert_eq!(kept, clearing.reserve.awarded.0);
        prop_assert_eq!(kept, reserve.min((offered - need).max(0)));
    }

    #[test]
    fn an_offer_split_in_two_keeps_its_reserve(
        offers in proptest::collection::vec((0u64..5, 1i64..10_000), 0..20),
        place in 0usize..20, price in 0u64..5, first in 1i64..10_000, second in 1i64..10_000,
        need in 1i64..100_000, reserve in 1i64..100_000,
    ) {
        // GIVEN an offer among others, and the same as two, revealed one after the other
        let place = place.min(offers.len());
        let (mut whole, mut split) = (offers.clone(), offers);
        whole.insert(place, (price, first + second));
        split.splice(place..place, [(price, first), (price, second)]);
        let kept = |offers: &[(u64, i64)], own: std::ops::Range<usize>| {
            let (buckets, segments) = placed(offers);
            let clearing = clear(buckets, Watts(need), Watts(reserve), Ranks::default());
            segments[own].iter().map(|segment| reserved(&clearing, segment).0).sum::<i64>()
        };
        // THEN as much of it is reserve
        prop_assert_eq!(kept(&whole, place..place + 1), kept(&split, place..place + 2));
    }

    #[test]
    fn quotas_of_a_called_reserve_stay_within_what_was_bought(
        award in 0i64..1_000_000, reserve in 0i64..1_000_000,
        needs in proptest::collection::vec(0i64..1_000_000, 1..10), from in proptest::option::of(0u8..12),
    ) {
        let event = Event { reserve_from: from, ..event(Direction::Up, &needs, 1_000) };
        let ask = Ask { award: Watts(award), reserve: Watts(reserve) };
        for interval in 0..needs.len() {
            let most = if event.is_reserve_called(interval) { award + reserve } else { award };
            prop_assert!((0..=most).contains(&ask.quota(&event, interval).0));
        }
    }
}
