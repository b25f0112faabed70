//! What somebody wins who raises its load so that its baseline rises: never more than the bounds of docs/market.md.

use crate::{
    baseline::{of_days, profile::Profile, Basis, Reading},
    settle::{claim, interval_pay, AwardPrice},
    tests::{event, reading},
    AdjustBy, Adjustment, AdjustmentWindow, BaselineMethod, Calendar, DayRule, DeviationRule, Event, PastEvents,
    SameDay, Which,
};
use loadstone_core::{BasisPoints, Direction, Millis, Price, Watts, HOUR_MS};
use proptest::prelude::*;
use std::collections::BTreeSet;

const HOUR: u32 = HOUR_MS as u32;
const DAY: i64 = 24;

/// Days of which loads are made up.
const DAYS: i64 = 12;

/// Hours of an event in these tests.
const HOURS: usize = 3;

/// An event at 15:00 UTC, opened half an hour before.
fn afternoon() -> Event {
    let start = Millis(1_752_678_000_000);
    Event { start, opened: Millis(start.0 - HOUR_MS / 2), ..event(Direction::Down, &[100_000; HOURS], HOUR) }
}

fn profile(loads: &[i64]) -> Profile {
    let known = loads.iter().map(|load| Some(Watts(*load))).collect();
    Profile::of(afternoon().start, HOUR, -DAYS * DAY, known)
}

fn rule(which: Which, keep: u8) -> DayRule {
    DayRule {
        days: 8,
        keep,
        which,
        days_min: 1,
        skip: 0,
        look_back: 45,
        is_like_days: false,
        least_share: BasisPoints(0),
    }
}

fn baseline(loads: &[i64], rule: &DayRule, adjustment: Option<&Adjustment>) -> Vec<i64> {
    let rules = (rule, adjustment, &Calendar::default());
    let found = of_days(&profile(loads), HOURS, rules, &BTreeSet::new(), afternoon().opened).expect("days enough");
    found.loads.iter().map(|load| load.0).collect()
}

/// `loads` with `more` watts in each hour of the event's window, `back` days before it.
fn raised(loads: &[i64], back: i64, more: i64) -> Vec<i64> {
    let first = ((DAYS - back) * DAY) as usize;
    let is_in = |place: usize| (first..first + HOURS).contains(&place);
    loads.iter().enumerate().map(|(place, load)| if is_in(place) { load + more } else { *load }).collect()
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        Just(Which::Highest),
        Just(Which::Middle),
        Just(Which::Lowest),
        Just(Which::Similar { margin_ms: HOUR })
    ]
}

fn meter_before(readings: u16, loads: &[i64]) -> i64 {
    let read = loads.iter().enumerate().map(|(back, load)| reading(-1_000 * (back as i64 + 1), *load));
    let read: Vec<Reading> = read.rev().collect();
    let (event, past) = (event(Direction::Down, &[100], HOUR), PastEvents::new());
    let found =
        Basis { event: &event, past: &past, before: &read }.reference(&BaselineMethod::MeterBefore { readings });
    found.expect("read")[0].0
}

proptest! {
    #[test]
    fn a_baseline_raised_by_a_watt_earns_at_most_that_watt_over_the_window(
        quota in 1i64..1_000_000, delivered in -100_000i64..2_000_000, more in 0i64..500_000,
        price in 0u64..1_000_000_000, over_share in 0u32..=10_000,
    ) {
        // GIVEN a load that delivers the same against a baseline that is higher by `more`
        let rule = DeviationRule { over_share: BasisPoints(over_share), ..DeviationRule::sichuan() };
        let pay = |delivered| interval_pay(Watts(quota), Watts(delivered), HOUR, &rule).paid;
        let claim = |energy| claim(energy, &AwardPrice::flat(Price(price)), BasisPoints::ONE);
        let won = claim(pay(delivered + more)) - claim(pay(delivered));
        // THEN it wins at most `more` times the window at its price, and the rounding of one micro-yuan
        prop_assert!(won <= claim(more as u128 * u128::from(HOUR)) + 1);
    }

    #[test]
    fn meter_before_rises_by_the_mean_of_what_was_raised(
        loads in proptest::collection::vec(0i64..1_000_000, 1..40), n in 1u16..40,
        raised in 0usize..40, more in 0i64..1_000_000,
    ) {
        // GIVEN the last `raised` readings before the opening higher by `more`, newest first
        let higher: Vec<i64> =
            loads.iter().enumerate().map(|(back, load)| load + if back < raised { more } else { 0 }).collect();
        let won = meter_before(n, &higher) - meter_before(n, &loads);
        // THEN the baseline rises by their share of the mean: all of it only where all were raised, which costs the energy
        let counted = loads.len().min(n.into()) as i64;
        let share = (raised as i64).min(counted) * more;
        prop_assert!(won >= 0 && won <= (share + counted - 1) / counted);
    }

    #[test]
    fn one_inflated_day_moves_a_mean_of_days_by_its_share_at_most(
        loads in proptest::collection::vec(0i64..1_000_000, (DAYS * DAY) as usize..=(DAYS * DAY) as usize),
        which in which(), keep in 1u8..=8, back in 1i64..=DAYS, more in 0i64..3_000_000,
    ) {
        // GIVEN a day whose load in the window's hours is higher by `more`
        let rule = rule(which, keep);
        let window = |loads: &[i64]| baseline(loads, &rule, None).iter().sum::<i64>();
        let won = window(&raised(&loads, back, more)) - window(&loads);
        // THEN the window's baseline rises by more / keep an hour, and the rounding of a watt an hour
        let hours = HOURS as i64;
        prop_assert!(won <= hours * more / i64::from(keep) + hours, "{won}");
        // AND is never above the highest days' mean, however many are raised
        let highest = DayRule { which: Which::Highest, ..rule.clone() };
        prop_assert!(window(&loads) <= baseline(&loads, &highest, None).iter().sum::<i64>() + hours);
    }

    #[test]
    fn a_raised_morning_moves_an_adjusted_baseline_by_as_much_at_most_within_its_limits(
        loads in proptest::collection::vec(1i64..1_000_000, (DAYS * DAY) as usize..=(DAYS * DAY) as usize),
        more in 0i64..3_000_000, late in 0i64..3_000_000,
    ) {
        // GIVEN the three hours that end an hour before the event higher by `more`, and all after its opening by `late`
        let window = AdjustmentWindow { length_ms: 3 * HOUR, ends_before_ms: HOUR };
        let by = |by| Adjustment { window, by };
        let today = (DAYS * DAY) as usize;
        let mut higher = loads.clone();
        higher[today - 4..today - 1].iter_mut().for_each(|load| *load += more);
        higher[today - 1] += late;
        let rule = rule(Which::Highest, 4);
        let flat = baseline(&loads, &rule, None);
        let won = |adjustment: &Adjustment| -> Vec<i64> {
            let (before, after) = (baseline(&loads, &rule, Some(adjustment)), baseline(&higher, &rule, Some(adjustment)));
            before.iter().zip(after).map(|(before, after)| after - before).collect()
        };
        // THEN an additive adjustment rises by `more` at most, and what came after the opening moves nothing
        let additive = by(AdjustBy::Difference { limit: BasisPoints(50_000) });
        prop_assert!(won(&additive).into_iter().all(|won| (0..=more).contains(&won)));
        // AND a ratio stays between its limits
        let ratio = by(AdjustBy::Ratio { least: BasisPoints(8_000), most: BasisPoints(12_000) });
        let adjusted = baseline(&higher, &rule, Some(&ratio));
        prop_assert!(adjusted.iter().zip(&flat).all(|(load, flat)| (flat * 8 / 10 - 1..=flat * 12 / 10).contains(load)));
    }

    #[test]
    fn a_same_day_baseline_rises_by_the_share_of_the_hours_that_were_raised(
        loads in proptest::collection::vec(0i64..1_000_000, 12..=12), more in 0i64..3_000_000, hours in 0usize..=2,
    ) {
        // GIVEN PJM 3+2, and `hours` of those after the event higher by `more`
        let three_and_two = SameDay {
            least_read: BasisPoints(1),
            before_ms: 3 * HOUR,
            skip_before_ms: HOUR,
            after_ms: 2 * HOUR,
            skip_after_ms: HOUR,
        };
        let event = afternoon();
        let hourly = |loads: &[i64]| -> Vec<Reading> {
            let at = |hour: i64| Millis(event.start.0.saturating_add_signed(hour * HOUR_MS as i64));
            (-4i64..).zip(loads).map(|(hour, load)| Reading { at: at(hour), load: Watts(*load), valid: true }).collect()
        };
        let level = |loads: &[i64]| {
            let (before, during, past) = (hourly(&loads[..4]), hourly(loads), PastEvents::new());
            let basis = Basis { event: &event, past: &past, before: &before };
            basis.baseline(&BaselineMethod::SameDay(three_and_two), &during).expect("known")[0].0
        };
        let mut higher = loads.clone();
        higher[4 + HOURS + 1..].iter_mut().take(hours).for_each(|load| *load += more);
        let won = level(&higher) - level(&loads);
        // THEN the baseline rises by their share of the five hours
        prop_assert!(won >= 0 && won <= hours as i64 * more / 5 + 1);
    }
}
