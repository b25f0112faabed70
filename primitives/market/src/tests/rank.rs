//! Ranks follow price, reliability and response time, and limits bind by class.

use super::*;
use crate::MAX_PRICE;
use proptest::prelude::*;

fn rank(price: u64, reliability: u32, response_ms: u32) -> u16 {
    availability_rank(Price(price), BasisPoints(reliability), response_ms)
}

#[test]
fn known_offers_get_their_ranks() {
    // GIVEN offers from free and instant to the dearest and slowest
    // THEN the price decides first, and response time within a price class
    assert_eq!(rank(0, 10_000, 0), 0);
    assert_eq!(rank(0, 10_000, 1_001), 1);
    assert_eq!(rank(2_500, 10_000, 0), 4);
    assert_eq!(rank(1_000_000, 10_000, 500), rank(1_010_000, 10_000, 500));
    assert!(rank(1_000_000, 10_000, 60_001) < rank(1_040_000, 10_000, 0));
    assert!(rank(MAX_PRICE, 10_000, u32::MAX) < RANKS - 4);
    assert!(rank(MAX_PRICE, 0, u32::MAX) < RANKS);
}

#[test]
fn an_unreliable_cheap_offer_falls_behind_a_reliable_dear_one() {
    // GIVEN 0.8 CNY/kWh of which half comes, and 1.2 CNY/kWh of which all comes
    // THEN an expected watt of the first costs 1.6, so the second goes first
    assert_eq!(expected_price(Price(800_000), BasisPoints(5_000)), Price(1_600_000));
    assert!(rank(800_000, 5_000, 500) > rank(1_200_000, 10_000, 500));
    assert_eq!(rank(800_000, 5_000, 500), rank(1_600_000, 10_000, 500));
    // AND one of which nothing comes is last, and adds nothing to its bucket
    let none = AvailabilityEntry::new(AvailabilityEpoch(1), Watts(500), Price(1), 500, BasisPoints(0));
    assert_eq!((none.rank / 4, none.supply()), (RANKS / 4 - 1, Supply::default()));
}

#[test]
fn limits_leave_out_what_may_be_slower_or_is_dearer() {
    let limits = |response_max_ms, price_max: Option<u64>| Limits { response_max_ms, price_max: price_max.map(Price) };
    let (fast, slow) = (rank(1_000_000, 10_000, 1_000), rank(1_000_000, 10_000, 60_001));
    // GIVEN no limits THEN everything counts
    assert_eq!((Limits::default().check(fast), Limits::default().check(slow)), (Ok(()), Ok(())));
    // GIVEN a limit between two response classes THEN only what is surely as fast counts
    assert_eq!(limits(Some(9_999), None).check(fast), Ok(()));
    assert_eq!(limits(Some(9_999), None).check(fast + 1), Err(LeftOut::TooSlow));
    assert_eq!(limits(Some(999), None).check(fast), Err(LeftOut::TooSlow));
    assert_eq!(limits(Some(60_000), None).check(slow), Err(LeftOut::TooSlow));
    assert_eq!(limits(Some(MAX_RESPONSE_MS), None).check(slow), Ok(()));
    // GIVEN a limit on price THEN its own class counts and the next does not
    assert_eq!(limits(None, Some(1_000_000)).check(fast), Ok(()));
    assert_eq!(limits(None, Some(1_000_000)).check(rank(1_040_000, 10_000, 1)), Err(LeftOut::TooDear));
    // AND what is both is too slow
    assert_eq!(limits(Some(1_000), Some(1)).check(slow), Err(LeftOut::TooSlow));
}

proptest! {
    #[test]
    fn rank_is_bounded_and_never_falls(
        price in 0..=MAX_PRICE, more: u32, reliability in 0u32..=10_000, worse: u32, response: u32, slower: u32,
    ) {
        let own = rank(price, reliability, response);
        prop_assert!(own < RANKS);
        prop_assert!(own <= rank(price.saturating_add(more.into()), reliability, response));
        prop_assert!(own <= rank(price, reliability.saturating_sub(worse), response));
        prop_assert!(own <= rank(price, reliability, response.saturating_add(slower)));
    }

    #[test]
    fn prices_a_thirty_second_apart_are_of_different_classes(price in 80_000u64..2_400_000_000) {
        // GIVEN a price from 8 fen to 2,400 CNY/kWh, and one that is dearer by a thirty-second and a step
        let dearer = price + price / 32 + FINEST_PRICE;
        // THEN no class holds both
        prop_assert!(price_class(Price(price)) < price_class(Price(dearer)));
    }

    #[test]
    fn what_is_expected_is_part_of_what_is_offered(watts in i64::MIN..i64::MAX / 2, reliability in 0u32..20_000) {
        let from = AvailabilityEpoch(1);
        let supply = AvailabilityEntry::new(from, Watts(watts), Price(1), 1, BasisPoints(reliability)).supply();
        prop_assert!(supply.expected <= supply.offered && supply.offered.0 <= watts.max(0));
        prop_assert_eq!(supply.expected.0 > 0, supply.offered.0 > 0);
        prop_assert_eq!(supply.plus(supply).less(supply), supply);
    }
}
