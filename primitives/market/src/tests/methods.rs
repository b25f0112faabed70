//! Baselines of an event by each method, and what cannot move them.

use crate::{
    baseline::{Basis, Reading},
    tests::event,
    BaselineMethod, Calendar, DayRule, Event, MeanOfDays, PastEvent, PastEvents, SameDay, Which,
};
use loadstone_core::{AnchorNumber, BasisPoints, BoundedVec, Direction, Millis, Watts, HOUR_MS};
use proptest::prelude::*;

const HOUR: u32 = HOUR_MS as u32;
const DAY: i64 = 24;
const MINUTE_MS: u64 = 60_000;

/// Any reading makes an hour's load.
const ANY: BasisPoints = BasisPoints(1);

/// PJM same-day 3+2: three hours before, one skipped, and two after, one skipped.
const THREE_AND_TWO: SameDay =
    SameDay { least_read: ANY, before_ms: 3 * HOUR, skip_before_ms: HOUR, after_ms: 2 * HOUR, skip_after_ms: HOUR };

/// Wednesday 2025-07-16 of hours HE13 to HE17: from noon to five, UTC; opened at noon less `lead` hours.
fn afternoon(lead: u64) -> Event {
    let noon = Millis(1_752_667_200_000);
    let opened = Millis(noon.0 - lead * HOUR_MS);
    Event { start: noon, opened, ..event(Direction::Down, &[1_000; 5], HOUR) }
}

/// One reading in each hour in `hours`, counted from the event's start; in hour h the load is `load(h)`.
fn hourly(event: &Event, hours: core::ops::Range<i64>, load: impl Fn(i64) -> i64) -> Vec<Reading> {
    let at = |hour: i64| Millis(event.start.0.saturating_add_signed(hour * HOUR_MS as i64) + MINUTE_MS);
    hours.map(|hour| Reading { at: at(hour), load: Watts(load(hour)), valid: true }).collect()
}

fn days(rule: DayRule) -> BaselineMethod {
    BaselineMethod::MeanOfDays(MeanOfDays { least_read: ANY, rule, adjustment: None, calendar: Calendar::default() })
}

/// The newest three days alike, all kept.
fn three() -> DayRule {
    DayRule {
        days: 3,
        keep: 3,
        which: Which::Highest,
        days_min: 1,
        skip: 0,
        look_back: 45,
        is_like_days: false,
        least_share: BasisPoints(0),
    }
}

fn locked(event: &Event, past: &PastEvents, method: &BaselineMethod, before: &[Reading]) -> Option<Vec<Watts>> {
    Basis { event, past, before }.reference(method)
}

#[test]
fn same_day_three_and_two_uses_the_hours_that_pjm_names() {
    // GIVEN an event from HE13 to HE17 whose load is its hour's number, HE1 to HE24
    let event = afternoon(1);
    let (past, number) = (PastEvents::new(), |hour: i64| 1_000 * (hour + 13));
    let (before, during) = (hourly(&event, -12..0, number), hourly(&event, -12..12, number));
    let method = BaselineMethod::SameDay(THREE_AND_TWO);
    let basis = Basis { event: &event, past: &past, before: &before };
    // THEN the baseline is the mean of HE9 to HE11 and HE19 and HE20: (9 + 10 + 11 + 19 + 20) / 5
    assert_eq!(basis.baseline(&method, &during), Some(vec![Watts(13_800); 5]));
    // AND until the hours after are there, setpoints go by the part that was locked
    assert_eq!(basis.reference(&method), Some(vec![Watts(10_000); 5]));
    // GIVEN an event opened three hours ahead THEN HE11, which was not over, does not count, and HE10 is the last
    let event = Event { opened: Millis(event.start.0 - 2 * HOUR_MS), ..event };
    assert_eq!(locked(&event, &past, &method, &before), Some(vec![Watts(9_500); 5]));
    // GIVEN one that was opened before all of them THEN there is no baseline, whatever comes after
    let event = Event { opened: Millis(event.start.0 - 6 * HOUR_MS), ..event };
    assert_eq!(Basis { event: &event, past: &past, before: &before }.baseline(&method, &during), None);
}

#[test]
fn matched_days_are_those_whose_morning_was_alike() {
    // GIVEN a week of which three days had this morning's load, and other loads at noon
    let event = afternoon(1);
    let of_day = |day: i64, hour: i64| match (day, hour) {
        (0 | -2 | -4 | -5, ..12) => 500,
        (_, ..12) => 900,
        (-2 | -4 | -5, _) => 3_000 + 100 * day,
        _ => 9_000,
    };
    let load = |from_noon: i64| of_day((from_noon + 12).div_euclid(DAY), (from_noon + 12).rem_euclid(DAY));
    let before = hourly(&event, -8 * DAY..0, load);
    let alike = DayRule { days: 7, which: Which::Similar { margin_ms: HOUR }, ..three() };
    // THEN the baseline is their mean: (2,800 + 2,600 + 2,500) / 3, rounded down
    assert_eq!(locked(&event, &PastEvents::new(), &days(alike.clone()), &before), Some(vec![Watts(2_633); 5]));
    // GIVEN an event opened before the day began THEN nothing tells which days are alike, and there is no baseline
    let event = Event { opened: Millis(event.start.0 - 12 * HOUR_MS), ..event };
    assert_eq!(locked(&event, &PastEvents::new(), &days(alike), &before), None);
}

#[test]
fn days_of_events_recorded_before_the_baseline_anchor_are_left_out() {
    // GIVEN days of 1,000 W, 2,000 W and so on back, and events yesterday and the day before
    let event = afternoon(1);
    let before = hourly(&event, -9 * DAY..0, |hour| -1_000 * (hour + 12).div_euclid(DAY));
    let on = |back: u64, recorded| PastEvent {
        start: Millis(event.start.0 - back * 24 * HOUR_MS),
        recorded: AnchorNumber(recorded),
    };
    let at = |recorded: [u32; 2]| {
        let past = BoundedVec::truncate_from(vec![on(2, recorded[0]), on(1, recorded[1])]);
        locked(&event, &past, &days(three()), &before).map(|loads| loads[0].0)
    };
    // THEN the mean passes over them where they were recorded by the event's baseline anchor, 5, and only there
    assert_eq!(at([3, 4]), Some(4_000));
    assert_eq!(at([3, 5]), Some(2_666));
    assert_eq!(at([6, 7]), Some(2_000));
}

proptest! {
    #[test]
    fn readings_from_after_the_opening_move_no_locked_baseline(
        lies in proptest::collection::vec((-200i64..200, -10_000i64..1_000_000), 0..60),
        similar: bool,
        same_day: bool,
    ) {
        // GIVEN honest readings, and others that a device dated at or after the opening
        let event = afternoon(2);
        let honest = hourly(&event, -5 * DAY..-2, |hour| 1_000 + hour);
        let mut all = honest.clone();
        all.extend(lies.iter().map(|(hour, load)| Reading {
            at: Millis(event.opened.0.saturating_add(hour.unsigned_abs() * HOUR_MS)),
            load: Watts(*load),
            valid: true,
        }));
        let which = if similar { Which::Similar { margin_ms: HOUR } } else { Which::Highest };
        let method = match same_day {
            true => BaselineMethod::SameDay(THREE_AND_TWO),
            false => days(DayRule { which, ..three() }),
        };
        // THEN setpoints follow from the honest ones alone
        let past = PastEvents::new();
        let clean = locked(&event, &past, &method, &honest);
        prop_assert!(clean.is_some());
        prop_assert_eq!(locked(&event, &past, &method, &all), clean);
    }

    #[test]
    fn hours_after_the_event_move_a_same_day_baseline_by_no_more_than_their_share(raise in 0i64..1_000_000) {
        // GIVEN 1,000 W on the day, and a raised load in both hours after the event
        let event = afternoon(1);
        let before = hourly(&event, -12..0, |_| 1_000);
        let during = hourly(&event, -12..12, |hour| if hour > 4 { 1_000 + raise } else { 1_000 });
        let basis = Basis { event: &event, past: &PastEvents::new(), before: &before };
        let level = basis.baseline(&BaselineMethod::SameDay(THREE_AND_TWO), &during).expect("hours enough")[0].0;
        // THEN the baseline rises by two fifths of that
        prop_assert_eq!(level, 1_000 + raise * 2 / 5);
    }
}
