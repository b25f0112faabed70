//! Profiles say when, how much, how fast and how well measured.

use crate::{
    profile::*,
    tests::{event, programme, score::record},
    Event, EventRecord, Profile,
};
use codec::{DecodeAll, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, Direction, Millis, HOUR_MS};
use proptest::prelude::*;

/// Four half-hours that begin at 22:30 UTC.
fn evening() -> Event {
    Event {
        start: Millis(1_000 * 24 * HOUR_MS + 45 * HOUR_MS / 2),
        ..event(Direction::Down, &[100; 4], HOUR_MS as u32 / 2)
    }
}

fn after(records: &[EventRecord]) -> Profile {
    let step = |past: Option<Profile>, one: &EventRecord| profile(past.as_ref(), &evening(), one, &programme().score);
    records.iter().fold(None, step).expect("something was asked")
}

#[test]
fn a_first_event_is_the_profile() {
    // GIVEN an event in which nothing came at first, then half, all and more
    let told = after(&[record(&[100; 4], &[0, 50, 100, 150])]);
    // THEN three quarters came in all, and of each hour its own share
    assert_eq!((told.events, told.reliability, told.bias), (1, BasisPoints(7_500), -2_500));
    assert_eq!(told.readings, BasisPoints::ONE);
    assert_eq!((told.hours[22], told.hours[23], told.hours[0], told.hours[1]), (Some(0), Some(75), Some(100), None));
    // AND a response of six seconds is in the class up to ten
    assert_eq!(told.responses, [0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn means_move_by_the_weight_of_the_newest() {
    // GIVEN full delivery, and then twice as much
    let told = after(&[record(&[100], &[100]), record(&[100], &[200])]);
    // THEN reliability knows no more than the quota, and bias tells the rest: a fifth of 100 %
    assert_eq!((told.reliability, told.bias, told.hours[22]), (BasisPoints::ONE, 2_000, Some(100)));
    // WHEN the load moves the wrong way instead THEN both fall by a fifth of what is missing
    let told = after(&[record(&[100], &[100]), record(&[100], &[-100])]);
    assert_eq!((told.reliability, told.bias, told.hours[22]), (BasisPoints(8_000), -4_000, Some(80)));
}

#[test]
fn a_meter_that_is_dark_helps_nobody() {
    let failing = EventRecord { rate: BasisPoints(0), ..record(&[100], &[0]) };
    let dark = EventRecord { readings_valid: 0, ..failing.clone() };
    // GIVEN a resource that fails in the light and one that fails in the dark
    let (seen, unseen) = (after(&[record(&[100], &[100]), failing]), after(&[record(&[100], &[100]), dark]));
    // THEN both are as unreliable, both never responded, and the dark one is known for it
    assert_eq!((seen.reliability, seen.responses), (unseen.reliability, unseen.responses));
    assert_eq!((seen.readings, unseen.readings), (BasisPoints::ONE, BasisPoints(8_000)));
    assert_eq!(seen.responses, [0, 0, 1, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn an_event_that_asks_nothing_leaves_it() {
    let rule = programme().score;
    assert_eq!(profile(None, &evening(), &record(&[0], &[70]), &rule), None);
    let past = after(&[record(&[100], &[80])]);
    assert_eq!(profile(Some(&past), &evening(), &record(&[0], &[70]), &rule), Some(past));
}

proptest! {
    #[test]
    fn profiles_stay_in_range_whatever_comes(
        events in proptest::collection::vec((0i64..=i64::MAX, any::<i64>(), 0u32..=9, any::<u32>()), 1..20),
    ) {
        // GIVEN any history THEN shares are at most one, bias is within its limits, and the encoding within its own
        let told = events.into_iter().fold(None, |past: Option<Profile>, (quota, did, valid, time)| {
            let one = EventRecord { readings_valid: valid, response_time_ms: time, ..record(&[quota], &[did]) };
            profile(past.as_ref(), &evening(), &one, &programme().score)
        });
        if let Some(told) = told {
            prop_assert!(told.reliability <= BasisPoints::ONE && told.readings <= BasisPoints::ONE);
            prop_assert!((-20_000..=20_000).contains(&told.bias));
            prop_assert!(told.hours.iter().flatten().all(|percent| *percent <= 100));
            prop_assert!(told.encoded_size() <= Profile::max_encoded_len());
            prop_assert_eq!(Profile::decode_all(&mut told.encode().as_slice()), Ok(told));
        }
    }
}
