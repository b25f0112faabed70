//! Baselines of other days: which count, what they give, and how far the event's day moves them.

use crate::{
    baseline::{adjust::AdjustedBy, of_days, profile::Profile, DayBaseline, Reading},
    AdjustBy, Adjustment, AdjustmentWindow, Calendar, DayRule, Which,
};
use loadstone_core::{BasisPoints, Millis, Watts, HOUR_MS};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Wednesday 2025-07-16, 13:00 in China.
const START: Millis = Millis(1_752_642_000_000);
const HOUR: u32 = HOUR_MS as u32;
const DAY: i64 = 24;

fn china() -> Calendar {
    Calendar { utc_offset_minutes: 480, ..Calendar::default() }
}

/// High 4 of 5 as PJM has it, without the additive adjustment.
fn high_4_of_5() -> DayRule {
    DayRule {
        days: 5,
        keep: 4,
        which: Which::Highest,
        days_min: 5,
        skip: 0,
        look_back: 45,
        is_like_days: true,
        least_share: BasisPoints(2_500),
    }
}

/// Three hours that end one hour before the event.
const BEFORE: AdjustmentWindow = AdjustmentWindow { length_ms: 3 * HOUR, ends_before_ms: HOUR };

/// Hourly loads of the fifty days before the event and of its own day, each day as `load` says.
fn days(load: impl Fn(i64) -> i64) -> Profile {
    let loads = (-50 * DAY..DAY).map(|interval| Some(Watts(load((interval + 13).div_euclid(DAY)))));
    Profile::of(START, HOUR, -50 * DAY, loads.collect())
}

fn baseline(profile: &Profile, rule: &DayRule, adjustment: Option<&Adjustment>) -> Option<DayBaseline> {
    of_days(profile, 4, (rule, adjustment, &china()), &BTreeSet::new(), START)
}

fn counted(found: &DayBaseline) -> Vec<(u8, bool)> {
    found.days.iter().map(|day| (day.back, day.is_kept)).collect()
}

#[test]
fn the_highest_of_the_newest_working_days_are_kept() {
    // GIVEN days whose load falls by 10 W a day back THEN five working days count, of which the lowest, the oldest, goes
    let profile = days(|day| 1_000 + 10 * day);
    let found = baseline(&profile, &high_4_of_5(), None).expect("days enough");
    assert_eq!(counted(&found), [(1, true), (2, true), (5, true), (6, true), (7, false)]);
    // AND the mean of 990, 980, 950 and 940 W is 965 W
    assert_eq!(found.loads, [Watts(965); 4]);
    // GIVEN the other choices of two THEN they are those in the middle, and the lowest
    let two = |which| DayRule { keep: 2, which, ..high_4_of_5() };
    let of = |which| baseline(&profile, &two(which), None).map(|found| found.loads[0]);
    assert_eq!((of(Which::Middle), of(Which::Lowest)), (Some(Watts(965)), Some(Watts(935))));
}

#[test]
fn days_that_are_not_alike_do_not_count() {
    let found = |calendar: &Calendar, events: &BTreeSet<u32>, rule: &DayRule| {
        let profile = days(|_| 1_000);
        of_days(&profile, 4, (rule, None, calendar), events, START).map(|found| counted(&found))
    };
    let backs =
        |found: Option<Vec<(u8, bool)>>| found.map(|days| days.iter().map(|(back, _)| *back).collect::<Vec<_>>());
    let today = china().day(START);
    // GIVEN yesterday a holiday, last Sunday a working day, and an event a week ago
    let calendar = Calendar {
        holidays: vec![today - 1].try_into().expect("few"),
        workdays: vec![today - 3].try_into().expect("few"),
        ..china()
    };
    let events = BTreeSet::from([calendar.day(Millis(START.0 - 7 * 24 * HOUR_MS))]);
    // THEN they are left out, taken in, and left out
    assert_eq!(backs(found(&calendar, &events, &high_4_of_5())), Some(vec![2, 3, 5, 6, 8]));
    // GIVEN a rule that takes any day but the one before THEN weekends count
    let any = DayRule { skip: 1, is_like_days: false, ..high_4_of_5() };
    assert_eq!(backs(found(&china(), &BTreeSet::new(), &any)), Some(vec![2, 3, 4, 5, 6]));
    // GIVEN too short a look back THEN there is no baseline
    assert_eq!(found(&china(), &BTreeSet::new(), &DayRule { look_back: 6, ..high_4_of_5() }), None);
}

#[test]
fn days_of_little_load_give_way_to_older_ones() {
    // GIVEN a standstill two days ago
    let profile = days(|day| if day == -2 { 10 } else { 1_000 });
    let found = baseline(&profile, &high_4_of_5(), None).expect("days enough");
    // THEN it is dropped, and the day before takes its place
    assert_eq!(counted(&found).iter().map(|(back, _)| *back).collect::<Vec<_>>(), [1, 5, 6, 7, 8]);
    // GIVEN loads that feed in, and nothing at all THEN it still ends
    assert!(baseline(&days(|_| -500), &high_4_of_5(), None).is_none());
    assert!(baseline(&days(|_| 0), &high_4_of_5(), None).is_some());
}

#[test]
fn the_days_own_morning_moves_the_baseline_within_limits() {
    // GIVEN 1,000 W on other days and 1,300 W today
    let profile = days(|day| if day == 0 { 1_300 } else { 1_000 });
    let additive = |limit| Adjustment { window: BEFORE, by: AdjustBy::Difference { limit: BasisPoints(limit) } };
    let ratio = |most| Adjustment {
        window: BEFORE,
        by: AdjustBy::Ratio { least: BasisPoints(8_000), most: BasisPoints(most) },
    };
    let moved = |adjustment: &Adjustment| {
        let found = baseline(&profile, &high_4_of_5(), Some(adjustment)).expect("days enough");
        let steps = found.adjustment.expect("adjusted");
        (found.loads[0].0, steps.by, steps.is_clamped)
    };
    // THEN it is raised by the difference, or by the ratio, as far as the limit goes
    assert_eq!(moved(&additive(10_000)), (1_300, AdjustedBy::Watts(Watts(300)), false));
    assert_eq!(moved(&additive(2_000)), (1_200, AdjustedBy::Watts(Watts(200)), true));
    assert_eq!(moved(&ratio(14_000)), (1_300, AdjustedBy::Factor(BasisPoints(13_000)), false));
    assert_eq!(moved(&ratio(12_000)), (1_200, AdjustedBy::Factor(BasisPoints(12_000)), true));
}

#[test]
fn nothing_counts_that_was_not_over_when_the_event_was_opened() {
    // GIVEN an event opened at 10:30, and a load that rises tenfold from then on
    let opened = Millis(START.0 - 5 * HOUR_MS / 2);
    let profile = |later: i64| {
        let load = |interval: i64| if interval >= -3 { later } else { 1_000 };
        Profile::of(START, HOUR, -50 * DAY, (-50 * DAY..DAY).map(|interval| Some(Watts(load(interval)))).collect())
    };
    let rules = (
        &high_4_of_5(),
        Some(&Adjustment { window: BEFORE, by: AdjustBy::Difference { limit: BasisPoints(10_000) } }),
        &china(),
    );
    let found = |later| of_days(&profile(later), 4, rules, &BTreeSet::new(), opened);
    // THEN the baseline is what it would have been, from the hour that was over
    assert_eq!(found(10_000), found(1_000));
    assert_eq!(found(10_000).and_then(|found| found.adjustment).map(|steps| steps.intervals), Some(1));
}

#[test]
fn intervals_are_means_of_the_seconds_that_were_read() {
    // GIVEN an interval of four seconds of which three were read, one twice and one doubtfully
    let start = Millis(100_000);
    let reading = |at: u64, load: i64, valid: bool| Reading { at: Millis(at), load: Watts(load), valid };
    let readings = [
        reading(96_000, 10, true),
        reading(96_900, 900, true),
        reading(97_000, 20, true),
        reading(98_000, 900, false),
        reading(99_999, 31, true),
        reading(100_000, 7, true),
    ];
    let load = |least| Profile::new(start, 4_000, -1..1, BasisPoints(least), readings).at(-1);
    // THEN the first valid reading of each second counts, and the mean is rounded down
    assert_eq!(load(7_500), Some(Watts(20)));
    // AND a gap is a gap where more is asked for
    assert_eq!(load(7_501), None);
    // AND outside the range nothing is known
    let profile = Profile::new(start, 4_000, -1..1, BasisPoints(1), readings);
    assert_eq!([profile.at(0), profile.at(1), profile.at(-2)], [Some(Watts(7)), None, None]);
}

#[test]
fn a_gap_in_the_window_keeps_a_day_out() {
    // GIVEN an hour of yesterday's window missing
    let mut loads: Vec<_> = (-50 * DAY..DAY).map(|_| Some(Watts(1_000))).collect();
    loads[(50 * DAY - DAY + 2) as usize] = None;
    let profile = Profile::of(START, HOUR, -50 * DAY, loads);
    let found = baseline(&profile, &high_4_of_5(), None).expect("days enough");
    assert_eq!(counted(&found).first().map(|(back, _)| *back), Some(2));
}

proptest! {
    #[test]
    fn constant_load_is_its_own_baseline_and_shifts_shift_it(
        load in -1_000_000i64..1_000_000, shift in 0i64..1_000_000, keep in 1u8..=5, which in 0u8..3,
    ) {
        // GIVEN the same load every hour, and more of it
        let which = [Which::Highest, Which::Middle, Which::Lowest][usize::from(which)];
        let rule = DayRule { keep, which, least_share: BasisPoints(0), ..high_4_of_5() };
        let adjusted = Adjustment { window: BEFORE, by: AdjustBy::Difference { limit: BasisPoints(50_000) } };
        for adjustment in [None, Some(&adjusted)] {
            let of = |load| baseline(&days(|_| load), &rule, adjustment).map(|found| found.loads);
            // THEN that is the baseline
            prop_assert_eq!(of(load), Some(vec![Watts(load); 4]));
            prop_assert_eq!(of(load + shift), Some(vec![Watts(load + shift); 4]));
        }
    }

    #[test]
    fn higher_days_give_no_lower_baseline_and_clamps_bind(
        loads in proptest::collection::vec(0i64..1_000_000, 51), most in 10_000u32..20_000,
    ) {
        // GIVEN any loads of days
        let profile = days(|day| loads[(day + 50).clamp(0, 50) as usize]);
        let rule = |which| DayRule { keep: 3, which, least_share: BasisPoints(0), ..high_4_of_5() };
        let of = |which| baseline(&profile, &rule(which), None).map(|found| found.loads[0]);
        // THEN the highest days' mean is not below the middle ones', nor that below the lowest ones'
        prop_assert!(of(Which::Highest) >= of(Which::Middle) && of(Which::Middle) >= of(Which::Lowest));
        // AND no morning, however high, raises the baseline beyond the ratio's limit
        let ratio = Adjustment { window: BEFORE, by: AdjustBy::Ratio { least: BasisPoints(10_000), most: BasisPoints(most) } };
        let plain = of(Which::Highest).expect("days enough").0;
        let raised = baseline(&profile, &rule(Which::Highest), Some(&ratio)).expect("days enough").loads[0].0;
        prop_assert!(plain <= raised && raised <= plain * i64::from(most) / 10_000);
    }
}
