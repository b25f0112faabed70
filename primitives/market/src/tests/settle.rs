//! Pay follows the deviation rule, and no micro-yuan is made or lost.

use crate::{
    settle::*,
    tests::{event, full_clearing, programme, segments},
    Clearing, EventRecord, Pricing, Segment, Segments,
};
use loadstone_core::{BasisPoints, BoundedVec, Direction, Price, ResourceId, Watts, HOUR_MS, YUAN};
use proptest::prelude::*;

const HOUR: u32 = HOUR_MS as u32;

fn record(quota: &[i64], delivered: &[i64]) -> EventRecord {
    let watts = |values: &[i64]| BoundedVec::truncate_from(values.iter().copied().map(Watts).collect());
    EventRecord {
        resource: ResourceId(1),
        baseline: Watts(0),
        quota: watts(quota),
        delivered: watts(delivered),
        readings_due: 0,
        readings_valid: 0,
        response_time_ms: 0,
        rate: BasisPoints(0),
        precision_error: BasisPoints(0),
    }
}

#[test]
fn sichuan_vectors() {
    let rule = programme().deviation;
    let watt_hours = |energy: u128| energy / HOUR_MS as u128;
    // GIVEN a bid of 100 and 130 delivered over an hour
    let over = interval_energies(Watts(100), Watts(130), HOUR, &rule);
    // THEN 120 count: 110 in full and half of 20, with no penalty
    assert_eq!((watt_hours(over.paid), over.shortfall), (120, 0));
    // GIVEN 80 delivered of 100 kW at 1 CNY/kWh
    let price = AwardPrice::flat(Price(YUAN as u64));
    let under = interval_energies(Watts(100_000), Watts(80_000), HOUR, &rule);
    // THEN pay is 80 P and the penalty (90 - 80) x 1.1 P = 11 P
    assert_eq!(claim(under.paid, &price), 80 * YUAN);
    assert_eq!(penalty(under.shortfall, &price, rule.penalty_factor), 11 * YUAN);
}

#[test]
fn delivery_that_was_not_asked_for_is_not_paid() {
    let rule = programme().deviation;
    // GIVEN no quota, or delivery the wrong way
    assert_eq!(interval_energies(Watts(0), Watts(500), HOUR, &rule), Energies::default());
    let wrong = interval_energies(Watts(100), Watts(-500), HOUR, &rule);
    // THEN nothing is paid, and the penalty is that of no delivery
    assert_eq!(wrong.paid, 0);
    assert_eq!(wrong, interval_energies(Watts(100), Watts(0), HOUR, &rule));
}

#[test]
fn intervals_do_not_make_up_for_each_other() {
    let rule = programme().deviation;
    // GIVEN one interval at 130 % and one at 70 %
    let energies = energies(&record(&[100, 100], &[130, 70]), HOUR, &rule);
    // THEN the shortfall of the second stands
    assert_eq!(energies.shortfall, 20 * HOUR_MS as u128);
    assert_eq!(energies.paid, 190 * HOUR_MS as u128);
}

#[test]
fn uniform_pays_the_margin_and_pay_as_bid_each_its_own() {
    // GIVEN 100 kW at 0.5 CNY below a margin of 1 CNY, and 100 kW of it bought at the margin in half
    let kilowatts = Watts(100_000);
    let segment = |price| Segment { price: Price(price), watts: kilowatts, before: Watts(0) };
    let segments = Segments::truncate_from(vec![segment(500_000), segment(1_000_000)]);
    let clearing = Clearing {
        marginal_price: Price(1_000_000),
        residual: Watts(50_000),
        marginal_total: kilowatts,
        awarded: Watts(150_000),
        offered: Watts(200_000),
    };
    let hour = event(Direction::Down, &[150_000], HOUR);
    let record = record(&[150_000], &[150_000]);
    let paid = |pricing: Pricing| {
        let programme = crate::Programme { pricing, ..programme() };
        statement(&hour, &programme, &clearing, &segments, &record)
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
    let statement = statement(&hour, &programme(), &clearing, &segments(9, 100), &record(&[0], &[100]));
    // THEN its statement is empty
    assert_eq!((statement.claim, statement.penalty, statement.paid_energy), (0, 0, 0));
}

#[test]
fn fractions_fall_to_the_escrow() {
    // GIVEN energy worth a fraction of a micro-yuan
    let price = AwardPrice::flat(Price(1));
    // THEN the claim rounds down, the penalty and the bond up
    assert_eq!(claim(WATT_MS_PER_KWH - 1, &price), 0);
    assert_eq!(penalty(1, &price, BasisPoints::ONE), 1);
    assert_eq!(bond(Price(1), Watts(1), 1), 1);
    assert_eq!(bond(Price(2_000_000), Watts(100_000), HOUR_MS), 200 * YUAN);
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    // GIVEN a record at the end of every type
    let record = record(&[i64::MAX; 96], &[i64::MAX; 96]);
    let price = AwardPrice::flat(Price(u64::MAX));
    let rule = crate::DeviationRule { over_share: BasisPoints(u32::MAX), ..programme().deviation };
    let energies = energies(&record, u32::MAX, &rule);
    // THEN money saturates instead of wrapping
    assert_eq!(energies.paid, energies.quota);
    assert_eq!(claim(energies.paid, &price), u128::MAX);
    assert_eq!(penalty(u128::MAX, &price, BasisPoints(u32::MAX)), u128::MAX);
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

proptest! {
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
        quota in 0i64..1_000_000,
        delivered in -1_000_000i64..3_000_000,
        more in 0i64..1_000_000,
        interval_ms in 1_000u32..3_600_000,
    ) {
        let rule = programme().deviation;
        // GIVEN two deliveries of one quota
        let less = interval_energies(Watts(quota), Watts(delivered), interval_ms, &rule);
        let more = interval_energies(Watts(quota), Watts(delivered + more), interval_ms, &rule);
        // THEN the greater one is never paid less nor punished more
        prop_assert!(more.paid >= less.paid && more.shortfall <= less.shortfall);
        // AND what is paid is at most what was delivered
        prop_assert!(less.paid <= delivered.max(0) as u128 * interval_ms as u128);
    }

    #[test]
    fn claims_of_parts_never_exceed_the_claim_of_the_whole(first: u64, second: u64, price in 0u64..1_000_000_000) {
        // GIVEN energy split in two
        let price = AwardPrice::flat(Price(price));
        let (first, second) = (first as u128, second as u128);
        // THEN splitting gains nothing
        prop_assert!(claim(first, &price) + claim(second, &price) <= claim(first + second, &price));
    }
}
