//! Baselines of other days agree with what pandas computes from a real meter (tests/baseline-oracle).

use crate::{
    baseline::{of_days, profile::Profile},
    AdjustBy, Adjustment, AdjustmentWindow, Calendar, DayRule, Which,
};
use loadstone_core::{BasisPoints, BoundedVec, Millis, Watts, HOUR_MS};
use std::collections::{BTreeMap, BTreeSet};

const LOADS: &str = include_str!("../../../../tests/baseline-oracle/loads.csv");
const EXPECTED: &str = include_str!("../../../../tests/baseline-oracle/expected.csv");
const HOUR: u32 = HOUR_MS as u32;
const BEFORE: AdjustmentWindow = AdjustmentWindow { length_ms: 3 * HOUR, ends_before_ms: HOUR };
/// 2021-01-01, 04-02, 04-05, 05-03 and 05-31.
const HOLIDAYS: [u32; 5] = [18_628, 18_719, 18_722, 18_750, 18_778];
/// 2021-03-10, 03-17 and 04-20.
const EVENTS: [u32; 3] = [18_696, 18_703, 18_737];

fn rule(method: &str) -> (DayRule, Option<Adjustment>) {
    let by = |by| Some(Adjustment { window: BEFORE, by });
    let ratio = |least, most| by(AdjustBy::Ratio { least: BasisPoints(least), most: BasisPoints(most) });
    let difference = by(AdjustBy::Difference { limit: BasisPoints(10_000) });
    let (days, keep, which, share, adjustment) = match method {
        "pjm_high_4_of_5" => (5, 4, Which::Highest, 2_500, difference),
        "caiso_10_of_10" => (10, 10, Which::Highest, 0, ratio(8_000, 12_000)),
        "caiso_residential_5_of_10" => (10, 5, Which::Highest, 0, ratio(6_000, 14_000)),
        "nyiso_high_5_of_10" => (10, 5, Which::Highest, 0, None),
        "ercot_middle_8_of_10" => (10, 8, Which::Middle, 0, None),
        other => panic!("pandas knows {other}, which is not here"),
    };
    let least_share = BasisPoints(share);
    let rule = DayRule { days, keep, which, days_min: days, skip: 0, look_back: 45, is_like_days: true, least_share };
    (rule, adjustment)
}

fn numbers<'a>(line: &'a str) -> impl Iterator<Item = i64> + 'a {
    line.split(',').map(|cell| cell.parse().expect("a number"))
}

#[test]
fn baselines_of_days_agree_with_pandas() {
    // GIVEN half a year of a meter, with gaps
    let rows = LOADS.lines().skip(2).map(|line| numbers(line).collect::<Vec<_>>());
    let loads: BTreeMap<i64, Watts> = rows.map(|row| (row[0], Watts(row[1]))).collect();
    let calendar = Calendar { holidays: BoundedVec::truncate_from(HOLIDAYS.to_vec()), ..Calendar::default() };
    let mut checked = 0;
    for line in EXPECTED.lines().skip(1) {
        let (method, rest) = line.split_once(',').expect("a method");
        let cells: Vec<i64> = numbers(rest).collect();
        let start_hour = cells[0] * 24 + 16;
        let start = Millis(start_hour as u64 * HOUR_MS);
        let known = (-46 * 24..4).map(|hour| loads.get(&(start_hour + hour)).copied()).collect();
        let profile = Profile::of(start, HOUR, -46 * 24, known);
        let (rule, adjustment) = rule(method);
        assert!(rule.is_sound() && adjustment.iter().all(Adjustment::is_sound));
        // WHEN a baseline is computed THEN it is that of pandas, to the watt
        let events = BTreeSet::from(EVENTS);
        let found = of_days(&profile, 4, (&rule, adjustment.as_ref(), &calendar), &events, start).expect("days enough");
        let watts: Vec<i64> = found.loads.iter().map(|load| load.0).collect();
        assert_eq!(watts, cells[1..], "{line}: {:?}", found.days);
        checked += 1;
    }
    assert_eq!(checked, 100);
}
