//! Detectors over an event's bids.

use super::*;
use crate::supervision::{
    alike::alike,
    concentration::{concentration, hhi},
    marginal::{holder, marginal, Row},
    withholding::Habit,
};
use proptest::prelude::*;

#[test]
fn a_tally_adds_up_offers_awards_and_what_stands_at_the_margin() {
    // GIVEN offers below, at and above a margin where half is awarded
    let tally = tally(1, &cleared(5_000, 100), &[(4_000, 30), (5_000, 60), (6_000, 7)]);
    // THEN each is in its sum
    assert_eq!((tally.offered, tally.awarded, tally.marginal), (Watts(97), Watts(60), Watts(60)));
    assert_eq!(tally.offers.segments, 3);
}

#[test]
fn whoever_holds_the_margin_again_and_again_is_told() {
    let clearing = cleared(5_000, 100);
    let rules = rules(|rules| (rules.marginal_events, rules.marginal_share) = (2, bp(9_000)));
    // GIVEN an organisation with nine tenths of the bucket, and one with the rest
    let tallies = [tally(1, &clearing, &[(5_000, 10)]), tally(2, &clearing, &[(5_000, 90), (4_000, 500)])];
    let found = holder(&tallies, &clearing, &rules);
    assert_eq!(found.map(|tally| tally.organisation), Some(OrganisationId(2)));
    // WHEN it does so in two events THEN it is told in the second
    let (row, evidence) = marginal(None, found, &clearing, &rules);
    assert_eq!((row, evidence), (Some(Row { organisation: OrganisationId(2), events: 1 }), None));
    let (row, evidence) = marginal(row, found, &clearing, &rules);
    let (price, held, bucket) = (Price(5_000), Watts(90), Watts(100));
    assert_eq!(evidence, Some(Evidence::MarginalSetting { events: 2, price, held, bucket }));
    // AND neither in the third, nor after another held it
    let (row, evidence) = marginal(row, found, &clearing, &rules);
    assert_eq!((row.map(|row| row.events), evidence), (Some(3), None));
    let (row, _) = marginal(row, tallies.first(), &clearing, &rules);
    assert_eq!(row, Some(Row { organisation: OrganisationId(1), events: 1 }));
}

#[test]
fn a_margin_that_is_shared_is_held_by_nobody() {
    let clearing = cleared(5_000, 100);
    // GIVEN a bucket in which two bid, as under a price that many find natural
    let shared = [tally(1, &clearing, &[(5_000, 89)]), tally(2, &clearing, &[(5_000, 11)])];
    let rules = rules(|rules| rules.marginal_share = bp(9_000));
    assert_eq!(holder(&shared, &clearing, &rules), None);
    // AND an event in which nothing was offered has no holder, and ends a row
    assert_eq!(holder(&shared, &cleared(5_000, 0), &rules), None);
    let row = Some(Row { organisation: OrganisationId(1), events: 4 });
    assert_eq!(marginal(row, None, &clearing, &rules), (None, None));
}

#[test]
fn the_same_and_the_mirrored_offers_are_alike() {
    let clearing = cleared(5_000, 100);
    let rules = rules(|rules| rules.alike_segments = 3);
    let first = tally(1, &clearing, &[(1_000, 10), (2_000, 20), (3_000, 30)]);
    let of = |offers: &[(u64, i64)]| alike(&first, &tally(2, &clearing, offers), &rules);
    let evidence = |mirrored| {
        let (other, offered) = (OrganisationId(2), Watts(60));
        Some(Evidence::BidsAlike { other, segments: 3, offered, mirrored })
    };
    // GIVEN the same offers in another order, and the same prices with the watts swapped THEN they are alike
    assert_eq!(of(&[(3_000, 30), (1_000, 10), (2_000, 20)]), evidence(false));
    assert_eq!(of(&[(3_000, 10), (1_000, 30), (2_000, 20)]), evidence(true));
    // AND a watt or a tick apart, one more, or an organisation's own, they are not
    assert_eq!(of(&[(3_000, 31), (1_000, 10), (2_000, 20)]), None);
    assert_eq!(of(&[(3_001, 30), (1_000, 10), (2_000, 20)]), None);
    assert_eq!(of(&[(3_000, 30), (1_000, 10), (2_000, 20), (2_000, 20)]), None);
    assert_eq!(alike(&first, &first, &rules), None);
}

#[test]
fn one_or_two_equal_offers_are_chance() {
    // GIVEN two owners of the same battery who both ask for the same round price
    let clearing = cleared(5_000, 100);
    let both = [1, 2].map(|organisation| tally(organisation, &clearing, &[(5_000, 10_000), (6_000, 10_000)]));
    // THEN that is no evidence by rules that ask for four
    assert_eq!(alike(&both[0], &both[1], &SupervisionRules::plain()), None);
}

#[test]
fn the_index_follows_its_formula() {
    // GIVEN shares of a half, a quarter and a quarter: 5,000 and two times 2,500 squared
    let clearing = cleared(9_000, 100);
    let thirds = [(1, 400), (2, 200), (3, 200)].map(|(id, watts)| tally(id, &clearing, &[(5_000, watts)]));
    assert_eq!(hhi(&thirds, Watts(800)), bp(2_500 + 625 + 625));
    // AND a single one has all, and nothing has nothing
    assert_eq!(hhi(&thirds[..1], Watts(400)), bp(10_000));
    assert_eq!(hhi(&thirds, Watts(0)), bp(0));
}

#[test]
fn concentration_is_told_beyond_either_limit() {
    let clearing = cleared(9_000, 100);
    let pair = [(1, 600), (2, 400)].map(|(id, watts)| tally(id, &clearing, &[(5_000, watts)]));
    let found = |share: u32, index: u32| {
        let rules = rules(|rules| (rules.share_max, rules.hhi_max) = (bp(share), bp(index)));
        concentration(&pair, Watts(1_000), &rules).map(|(tally, _)| tally.organisation.0)
    };
    // GIVEN a share of 60 % and an index of 5,200
    assert_eq!((found(5_999, 0), found(6_000, 0)), (Some(1), None));
    assert_eq!((found(0, 5_199), found(0, 5_200)), (Some(1), None));
    assert_eq!(found(0, 0), None);
    // AND two equal hands are nothing by the rules to begin with
    let even = [1, 2].map(|id| tally(id, &clearing, &[(5_000, 500)]));
    assert_eq!(concentration(&even, Watts(1_000), &SupervisionRules::plain()), None);
}

#[test]
fn withholding_is_less_than_what_is_usual_and_free() {
    let rules = rules(|rules| (rules.withheld_below, rules.usual_events) = (bp(5_000), 2));
    let mut habit = Habit::new(OrganisationId(1), AccountId::new([1; 32]));
    // GIVEN too few events to know it THEN nothing is withheld
    for offered in [1_000, 0, 1_000] {
        habit = Habit { usual: Watts(1_000), events: habit.events, ..habit };
        let found = habit.withholding(Watts(offered), Watts(0), &rules);
        assert_eq!(found.is_some(), habit.events > 2 && offered == 0);
    }
    // GIVEN a usual offer of 1,000 W WHEN less than half of it comes THEN that is told
    let known = Habit { usual: Watts(1_000), events: 3, ..habit };
    let with = |offered: i64, elsewhere: i64| known.clone().withholding(Watts(offered), Watts(elsewhere), &rules);
    let (usual, elsewhere, offered) = (Watts(1_000), Watts(0), Watts(499));
    assert_eq!(with(499, 0), Some(Evidence::Withholding { usual, elsewhere, offered }));
    assert_eq!(with(500, 0), None);
    // AND what is reserved in another event at the same time is not free
    assert_eq!((with(200, 600), with(0, 1_000), with(0, 2_000)), (None, None, None));
}

proptest! {
    #[test]
    fn the_order_of_offers_does_not_matter(
        mut offers in proptest::collection::vec((0u64..50, 1i64..50), 4..20), swap in 0usize..4,
    ) {
        // GIVEN offers in two orders THEN they are the same multiset
        let clearing = cleared(5_000, 100);
        let first = tally(1, &clearing, &offers);
        offers.rotate_left(swap);
        let second = tally(2, &clearing, &offers);
        prop_assert_eq!(first.offers, second.offers);
        let evidence = alike(&first, &second, &SupervisionRules::plain());
        prop_assert!(matches!(evidence, Some(Evidence::BidsAlike { mirrored: false, .. })), "{:?}", evidence);
    }

    #[test]
    fn the_index_lies_between_the_greatest_share_squared_and_one(
        watts in proptest::collection::vec(1i64..1_000_000_000_000, 1..20),
    ) {
        // GIVEN any awards THEN the index is at most one, and at least what the greatest share makes alone
        let clearing = cleared(9_000, 100);
        let tallies: Vec<_> = (0u16..).zip(&watts).map(|(id, watts)| tally(id, &clearing, &[(1, *watts)])).collect();
        let total = Watts(watts.iter().sum());
        let index = hhi(&tallies, total);
        prop_assert!(index <= BasisPoints::ONE);
        let greatest = tallies.iter().max_by_key(|tally| tally.awarded).cloned();
        prop_assert!(index >= hhi(greatest.as_slice(), total));
    }
}
