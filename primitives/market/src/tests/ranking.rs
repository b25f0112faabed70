//! Bids ranked by price and credit: who is trusted comes first, and nobody is paid less than asked.

use crate::{
    clearing::*,
    settle::segment_price,
    tests::{event, programme},
    Pricing, Programme, Ranks, Segment, Segments,
};
use loadstone_core::{BasisPoints, Direction, Price, Watts};
use proptest::prelude::*;

const RANKS: Ranks = Ranks { from: Price(100), step: Price(10) };

fn ranked() -> Programme {
    Programme { credit_rank_floor: BasisPoints(5_000), ..programme() }
}

fn segment(price: u64, credit: u32) -> Segment {
    Segment { price: Price(price), watts: Watts(1_000), before: Watts(0), credit: BasisPoints(credit) }
}

#[test]
fn a_rank_is_the_price_over_the_credit() {
    // GIVEN steps of 10 above 100
    let of = |price, credit| rank(Price(price), BasisPoints(credit), &RANKS).0;
    // THEN full credit leaves the price, half of it doubles it, and what lies between steps rises to the next
    assert_eq!([of(100, 10_000), of(200, 5_000), of(200, 9_999), of(130, 9_000)], [100, 400, 210, 150]);
    // AND no number overflows
    assert_eq!(of(u64::MAX, 1), u64::MAX);
    assert_eq!(rank(Price(7), BasisPoints(0), &Ranks::default()), Price(70_000));
}

#[test]
fn a_programme_bounds_credit_and_ranks() {
    // GIVEN a floor of one half THEN it holds for the worst, newcomers count as reliable as elsewhere, and 1 is the most
    let of = |standing: Option<u32>| ranked().ranking_credit(standing.map(BasisPoints)).0;
    assert_eq!([of(Some(0)), of(Some(7_000)), of(None), of(Some(10_000))], [5_000, 7_000, 8_000, 10_000]);
    assert_eq!(programme().ranking_credit(Some(BasisPoints(1))), BasisPoints::ONE);
    // AND ranks reach twice the cap, for which there must be buckets
    assert_eq!(ranked().rank_max(), Price(8_000_000));
    assert!(ranked().is_sound());
    assert!(!Programme { price_tick: Price(4_000), ..ranked() }.is_sound());
    assert!(Programme { price_tick: Price(4_000), ..programme() }.is_sound());
    assert!(!Programme { credit_rank_floor: BasisPoints(999), ..programme() }.is_sound());
}

#[test]
fn the_trusted_bid_wins_at_the_same_price() {
    // GIVEN two bids at 1 CNY, of credits 1 and 0.8, and a need for one of them
    let bids = [segment(1_000_000, 10_000), segment(1_000_000, 8_000)].map(|one| Segments::truncate_from(vec![one]));
    let clearing = crate::audit::reclear(&event(Direction::Down, &[1_000], 1_000), &ranked(), &bids);
    assert_eq!(bids.each_ref().map(|one| awards(&clearing, one).0), [1_000, 0]);
    // AND a dearer one of full credit passes one of little
    let bids = [segment(1_200_000, 10_000), segment(1_000_000, 8_000)].map(|one| Segments::truncate_from(vec![one]));
    let clearing = crate::audit::reclear(&event(Direction::Down, &[1_000], 1_000), &ranked(), &bids);
    assert_eq!(bids.each_ref().map(|one| awards(&clearing, one).0), [1_000, 0]);
}

#[test]
fn the_margin_is_worth_less_to_little_credit() {
    // GIVEN a marginal rank of 2 CNY
    let paid = |price, credit| segment_price(&ranked(), &segment(price, credit), Price(2_000_000)).0;
    // THEN it is worth 2 CNY at full credit, 1.6 at 0.8, and never less than asked
    assert_eq!(
        [paid(1_000_000, 10_000), paid(1_000_000, 8_000), paid(1_700_000, 8_000)],
        [2_000_000, 1_600_000, 1_700_000]
    );
    // AND never more than the cap, nor more than asked where each is paid its own
    let capped = Programme { price_cap: Price(1_500_000), ..ranked() };
    assert_eq!(segment_price(&capped, &segment(1_000_000, 10_000), Price(2_000_000)), Price(1_500_000));
    let own = Programme { pricing: Pricing::PayAsBid, ..ranked() };
    assert_eq!(segment_price(&own, &segment(1_000_000, 10_000), Price(2_000_000)), Price(1_000_000));
}

proptest! {
    #[test]
    fn better_credit_never_ranks_worse_and_no_winner_is_paid_less_than_asked(
        step in 0u64..=400, credits in (5_000u32..=10_000, 5_000u32..=10_000), margin in 0u64..=800,
    ) {
        // GIVEN an admissible price at two credits
        let (rules, price) = (ranked(), step * 10_000);
        let (low, high) = (credits.0.min(credits.1), credits.0.max(credits.1));
        let [worse, better] = [low, high].map(|credit| rank(Price(price), BasisPoints(credit), &rules.ranks()));
        prop_assert!(better <= worse && worse <= rules.rank_max() && Price(price) <= better);
        // AND a margin at which it wins THEN it is paid what it asked, or more, and at most the cap
        let margin = Price(margin * 10_000);
        let paid = segment_price(&rules, &segment(price, low), margin);
        prop_assert!(Price(price) <= paid && paid <= rules.price_cap);
    }
}
