//! Pay follows the deviation rule, and no micro-yuan is made or lost.

use crate::{
    settle::*,
    tests::{event, full_clearing, programme, segments},
    Clearing, DeviationRule, EventRecord, Pricing, Programme, Score, Segment, Segments,
};
use loadstone_core::{BasisPoints, BoundedVec, Direction, Price, ResourceId, Watts, HOUR_MS, YUAN};
use proptest::prelude::*;

const HOUR: u32 = HOUR_MS as u32;

fn record(quota: &[i64], delivered: &[i64]) -> EventRecord {
    let watts = |values: &[i64]| BoundedVec::truncate_from(values.iter().copied().map(Watts).collect());
    EventRecord {
        resource: ResourceId(1),
        baseline: watts(&[]),
        quota: watts(quota),
        delivered: watts(delivered),
        readings_due: 0,
        readings_valid: 0,
        response_time_ms: 0,
        rate: BasisPoints(0),
        precision_error: BasisPoints(0),
    }
}

/// What a penalty is due for, in W·ms x basis points.
fn punished(pay: &IntervalPay) -> u128 {
    pay.shortfall * u128::from(pay.factor.0)
}

#[test]
fn sichuan_vectors() {
    let rule = programme().deviation;
    let watt_hours = |energy: u128| energy / HOUR_MS as u128;
    // GIVEN a bid of 100 and 130 delivered over an hour
    let over = interval_pay(Watts(100), Watts(130), HOUR, &rule);
    // THEN 120 count: 110 in full and half of 20, with no penalty
    assert_eq!((watt_hours(over.paid), punished(&over)), (120, 0));
    // GIVEN 80 delivered of 100 kW at 1 CNY/kWh
    let price = AwardPrice::flat(Price(YUAN as u64));
    let under = interval_pay(Watts(100_000), Watts(80_000), HOUR, &rule);
    // THEN pay is 80 P and the penalty (90 - 80) x 1.1 P = 11 P
    assert_eq!(claim(under.paid, &price, BasisPoints::ONE), 80 * YUAN);
    assert_eq!(penalty(punished(&under), &price), 11 * YUAN);
}

/// A typical province: no penalty from 90 % on, what is missing at the price down to 70 % and at 1.5 times it below;
/// nothing above 120 % counts.
fn typical() -> DeviationRule {
    DeviationRule {
        full_until: BasisPoints(12_000),
        over_share: BasisPoints(0),
        shortfall_from: BasisPoints(10_000),
        penalty_factor: BasisPoints(10_000),
        deep_below: BasisPoints(7_000),
        deep_factor: BasisPoints(15_000),
        ..DeviationRule::sichuan()
    }
}

#[test]
fn penalties_come_in_bands() {
    // GIVEN 100 kW asked for an hour at 1 CNY/kWh
    let price = AwardPrice::flat(Price(YUAN as u64));
    let due = |delivered| {
        let energies = interval_pay(Watts(100_000), Watts(delivered), HOUR, &typical());
        (claim(energies.paid, &price, BasisPoints::ONE) / YUAN, penalty(punished(&energies), &price) / YUAN)
    };
    // THEN 90 % is free of penalty, 80 % and 70 % owe what is missing, and below it costs half as much again
    assert_eq!(due(90_000), (90, 0));
    assert_eq!(due(80_000), (80, 20));
    assert_eq!(due(70_000), (70, 30));
    assert_eq!(due(60_000), (60, 60));
    // AND over-delivery is paid up to the cap
    assert_eq!((due(120_000), due(150_000)), ((120, 0), (120, 0)));
}

#[test]
fn an_interval_far_off_its_quota_is_not_paid() {
    // GIVEN North China's limit of 30 %
    let rule = DeviationRule { void_beyond: BasisPoints(3_000), ..DeviationRule::sichuan() };
    let paid = |delivered| interval_pay(Watts(100), Watts(delivered), HOUR, &rule).paid / HOUR_MS as u128;
    // THEN 70 % and 130 % are still paid, and nothing beyond
    assert_eq!((paid(70), paid(130)), (70, 120));
    assert_eq!((paid(69), paid(131)), (0, 0));
    // AND what was delivered still counts against the penalty
    let punished = |delivered| punished(&interval_pay(Watts(100), Watts(delivered), HOUR, &rule));
    assert!(punished(69) < punished(0) && punished(131) == 0);
}

#[test]
fn performance_scales_pay_and_no_penalty() {
    // GIVEN half of 100 kW delivered, in a programme that pays by the K index up to twice the price
    let (clearing, hour) = (full_clearing(1_000_001), event(Direction::Down, &[100_000], HOUR));
    let by_value = crate::Programme { performance_max: BasisPoints(20_000), ..programme() };
    let score = |k_index| Score { k_index: BasisPoints(k_index), ..Score::default() };
    let due = |rules: &crate::Programme, score: Option<&Score>| {
        let record = record(&[100_000], &[50_000]);
        let statement = statement(&hour, rules, &clearing, &segments(1_000_000, 100_000), &record, score);
        (statement.performance.0, statement.claim, statement.penalty)
    };
    let plain = due(&programme(), None);
    // THEN Hunan's K of 1.695 pays so many times as much, a greater one twice, and no score nothing
    assert_eq!(due(&by_value, Some(&score(16_950))), (16_950, plain.1 * 1_695 / 1_000, plain.2));
    assert_eq!(due(&by_value, Some(&score(30_000))), (20_000, plain.1 * 2, plain.2));
    assert_eq!(due(&by_value, None), (0, 0, plain.2));
}

#[test]
fn delivery_that_was_not_asked_for_is_not_paid() {
    let rule = programme().deviation;
    // GIVEN no quota, or delivery the wrong way
    let unasked = interval_pay(Watts(0), Watts(500), HOUR, &rule);
    assert_eq!((unasked.paid, unasked.shortfall), (0, 0));
    let wrong = interval_pay(Watts(100), Watts(-500), HOUR, &rule);
    // THEN nothing is paid, and the penalty is that of no delivery
    assert_eq!(wrong.paid, 0);
    assert_eq!(wrong, interval_pay(Watts(100), Watts(0), HOUR, &rule));
}

#[test]
fn intervals_do_not_make_up_for_each_other() {
    let rule = programme().deviation;
    // GIVEN one interval at 130 % and one at 70 %
    let energies = energies(&record(&[100, 100], &[130, 70]), HOUR, &rule, |_| true);
    // THEN the shortfall of the second stands
    assert_eq!(energies.punished, 20 * HOUR_MS as u128 * 11_000);
    assert_eq!(energies.paid, 190 * HOUR_MS as u128);
}

#[test]
fn uniform_pays_the_margin_and_pay_as_bid_each_its_own() {
    // GIVEN 100 kW at 0.5 CNY below a margin of 1 CNY, and 100 kW of it bought at the margin in half
    let kilowatts = Watts(100_000);
    let segment = |price| Segment { price: Price(price), watts: kilowatts, before: Watts(0), credit: BasisPoints::ONE };
    let segments = Segments::truncate_from(vec![segment(500_000), segment(1_000_000)]);
    let clearing = Clearing {
        marginal_price: Price(1_000_000),
        residual: Watts(50_000),
        marginal_total: kilowatts,
        awarded: Watts(150_000),
        offered: Watts(200_000),
        ..Clearing::default()
    };
    let hour = event(Direction::Down, &[150_000], HOUR);
    let record = record(&[150_000], &[150_000]);
    let paid = |pricing: Pricing| {
        let programme = crate::Programme { pricing, ..programme() };
        statement(&hour, &programme, &clearing, &segments, &record, None)
    };
    // THEN the uniform claim is 150 CNY, the other 50 + 50 CNY
    assert_eq!(paid(Pricing::Uniform).claim, 150 * YUAN);
    assert_eq!(paid(Pricing::PayAsBid).claim, 100 * YUAN);
    assert_eq!(paid(Pricing::Uniform).quota_energy, 150_000 * HOUR_MS as u128);
}

#[test]
fn nothing_awarded_claims_and_owes_nothing() {
    // GIVEN an offer above the margin
    let (clearing, hour) = (full_clearing(5), event(Direction::Down, &[100], HOUR));
    let statement = statement(&hour, &programme(), &clearing, &segments(9, 100), &record(&[0], &[100]), None);
    // THEN its statement is empty
    assert_eq!((statement.claim, statement.penalty, statement.paid_energy), (0, 0, 0));
}

#[test]
fn fractions_fall_to_the_escrow() {
    // GIVEN energy worth a fraction of a micro-yuan
    let price = AwardPrice::flat(Price(1));
    // THEN the claim rounds down, the penalty and the bond up
    assert_eq!(claim(WATT_MS_PER_KWH - 1, &price, BasisPoints::ONE), 0);
    assert_eq!(penalty(1, &price), 1);
    assert_eq!(bond(Price(1), Watts(1), 1), 1);
    assert_eq!(bond(Price(2_000_000), Watts(100_000), HOUR_MS), 200 * YUAN);
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    // GIVEN a record at the end of every type
    let record = record(&[i64::MAX; 96], &[i64::MAX; 96]);
    let price = AwardPrice::flat(Price(u64::MAX));
    let rule = DeviationRule { over_share: BasisPoints(u32::MAX), ..programme().deviation };
    let energies = energies(&record, u32::MAX, &rule, |_| true);
    // THEN money saturates instead of wrapping
    assert_eq!(energies.paid, energies.quota);
    assert_eq!(claim(energies.paid, &price, BasisPoints(u32::MAX)), u128::MAX);
    assert_eq!(penalty(u128::MAX, &price), u128::MAX);
}

#[test]
fn a_pot_that_suffices_pays_in_full() {
    // GIVEN claims of 100 and pots of 150, 100 and 0
    assert_eq!((share(150, 100, 0, 60), residue(150, 100)), (60, 50));
    assert_eq!((share(100, 100, 60, 40), residue(100, 100)), (40, 0));
    assert_eq!((share(0, 100, 0, 60), residue(0, 100)), (0, 0));
    assert_eq!(pay_factor(150, 100), BasisPoints::ONE);
    assert_eq!(pay_factor(1, 3), BasisPoints(3_333));
    assert_eq!(pay_factor(0, 0), BasisPoints::ONE);
}

prop_compose! {
    /// Any sound rule without a limit that voids intervals.
    fn sound()(
        full_until in 10_000u32..=20_000, over_share in 0u32..=10_000, above in 0u32..=80_000,
        shortfall_from in 0u32..=10_000, below in 0u32..=10_000, deep in 0u32..=10_000,
        factor in 0u32..=50_000, more in 0u32..=50_000,
    ) -> DeviationRule {
        let penalty_below = below.min(shortfall_from);
        DeviationRule {
            full_until: BasisPoints(full_until),
            over_share: BasisPoints(over_share),
            over_until: BasisPoints(full_until + above),
            void_beyond: BasisPoints(0),
            shortfall_from: BasisPoints(shortfall_from),
            penalty_below: BasisPoints(penalty_below),
            penalty_factor: BasisPoints(factor),
            deep_below: BasisPoints(deep.min(penalty_below)),
            deep_factor: BasisPoints(factor + more),
        }
    }
}

proptest! {
    #[test]
    fn every_composed_rule_is_sound(rule in sound()) {
        prop_assert!(rule.is_sound());
    }

    #[test]
    fn shares_and_residue_conserve_the_pot(
        claims in proptest::collection::vec(0u128..1_000_000_000_000_000_000, 1..60),
        pot in 0u128..30_000_000_000_000_000_000,
    ) {
        // GIVEN any claims on any pot
        let total: u128 = claims.iter().sum();
        let (mut before, mut paid) = (0, 0);
        for claim in &claims {
            let share = share(pot, total, before, *claim);
            // THEN no share exceeds its claim
            prop_assert!(share <= *claim);
            before += claim;
            paid += share;
        }
        // AND shares and residue make up the pot, to the last unit
        prop_assert_eq!(paid + residue(pot, total), pot.max(paid));
        prop_assert_eq!(paid, pot.min(total));
    }

    #[test]
    fn pay_rises_and_penalty_falls_with_delivery(
        rule in sound(),
        quota in 0i64..1_000_000,
        delivered in -1_000_000i64..3_000_000,
        more in 0i64..1_000_000,
        interval_ms in 1_000u32..3_600_000,
    ) {
        // GIVEN two deliveries of one quota under any sound rule that leaves no interval unpaid
        let less = interval_pay(Watts(quota), Watts(delivered), interval_ms, &rule);
        let more = interval_pay(Watts(quota), Watts(delivered + more), interval_ms, &rule);
        // THEN the greater one is never paid less nor punished more
        prop_assert!(more.paid >= less.paid && punished(&more) <= punished(&less));
        // AND what is paid is at most what was delivered
        prop_assert!(less.paid <= delivered.max(0) as u128 * interval_ms as u128);
    }

    #[test]
    fn claims_of_parts_never_exceed_the_claim_of_the_whole(first: u64, second: u64, price in 0u64..1_000_000_000) {
        // GIVEN energy split in two
        let price = AwardPrice::flat(Price(price));
        let (first, second) = (first as u128, second as u128);
        // THEN splitting gains nothing
        let claim = |energy| claim(energy, &price, BasisPoints::ONE);
        prop_assert!(claim(first) + claim(second) <= claim(first + second));
    }

    #[test]
    fn a_quota_split_in_two_is_paid_no_more(
        rule in sound(),
        quotas in (0i64..1_000_000, 0i64..1_000_000),
        delivered in (0i64..3_000_000, 0i64..3_000_000),
        interval_ms in 1_000u32..3_600_000,
    ) {
        // GIVEN two resources, and one with the quotas and deliveries of both, under any sound rule that voids nothing
        let pay = |quota, delivered, rule| interval_pay(Watts(quota), Watts(delivered), interval_ms, rule);
        let parts = [pay(quotas.0, delivered.0, &rule), pay(quotas.1, delivered.1, &rule)];
        let whole = pay(quotas.0 + quotas.1, delivered.0 + delivered.1, &rule);
        // THEN the two are paid no more
        prop_assert!(parts[0].paid + parts[1].paid <= whole.paid);
        // AND where shortfall is counted from where its penalty begins, they are punished no less
        let even = DeviationRule { penalty_below: rule.shortfall_from, deep_below: BasisPoints(0), ..rule };
        let parts = [pay(quotas.0, delivered.0, &even), pay(quotas.1, delivered.1, &even)];
        let whole = pay(quotas.0 + quotas.1, delivered.0 + delivered.1, &even);
        prop_assert!(punished(&parts[0]) + punished(&parts[1]) >= punished(&whole));
    }
}

proptest! {
    #[test]
    fn a_first_distribution_takes_nothing_from_the_last(
        claims in prop::collection::vec((0u128..1_000_000, 0u128..1_000_000, any::<bool>()), 1..40),
        pot in 0u128..20_000_000,
    ) {
        // GIVEN claims of which some are disputed, each with what it is set aside at beyond what it turns out to be
        let aside = |(claim, more, disputed): &(u128, u128, bool)| claim + if *disputed { *more } else { 0 };
        let (at_most, at_last) = (claims.iter().map(aside).sum(), claims.iter().map(|(claim, ..)| claim).sum());
        let mut before = 0;
        let mut sum = 0;
        for (claim, _, disputed) in &claims {
            // THEN no advance exceeds the share at last, and all shares together are the pot or all claims
            let paid = if *disputed { 0 } else { advance(pot, at_most, *claim) };
            let share = share(pot, at_last, before, *claim);
            prop_assert!(paid <= share && share <= *claim, "{paid} {share}");
            (before, sum) = (before + claim, sum + share);
        }
        prop_assert_eq!(sum, pot.min(at_last));
    }

    #[test]
    fn no_delivery_claims_more_than_the_cap(
        quotas in prop::collection::vec(0i64..10_000_000, 1..6),
        delivered in prop::collection::vec(-1_000_000i64..100_000_000, 6),
        (k_index, performance_max, void_beyond) in (0u32..40_000, 0u32..30_000, 0u32..5_000),
    ) {
        // GIVEN any record under any rule of performance and of intervals too far off
        let mut programme = Programme { performance_max: BasisPoints(performance_max), ..programme() };
        programme.deviation.void_beyond = BasisPoints(void_beyond);
        let event = event(Direction::Down, &quotas, HOUR);
        let (clearing, offer) = (full_clearing(900_000), segments(500_000, 10_000_000));
        let record = record(&quotas, &delivered[..quotas.len()]);
        let score = Score { k_index: BasisPoints(k_index), ..Score::default() };
        // THEN its claim is at most the cap
        let claim = statement(&event, &programme, &clearing, &offer, &record, Some(&score)).claim;
        prop_assert!(claim <= claim_cap(&event, &programme, &clearing, &offer, &record));
    }
}
