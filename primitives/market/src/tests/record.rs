//! Records follow from readings alone, and gaps, repetitions and lies never pay.

use crate::{
    baseline::Reading,
    record::Recorder,
    tests::{before, during, event, full_clearing, programme, reading, segments},
    EventRecord, PastEvents,
};
use loadstone_core::{BasisPoints, Direction, ResourceId, Watts};
use proptest::prelude::*;

/// The record of a 100 W award over two intervals of four seconds, the second at half the need.
fn record(direction: Direction, before: Vec<Reading>, during: Vec<Reading>) -> EventRecord {
    record_of(direction, &[1_000, 500], 4_000, before, during)
}

fn record_of(
    direction: Direction,
    needs: &[i64],
    interval_ms: u32,
    before: Vec<Reading>,
    during: Vec<Reading>,
) -> EventRecord {
    let (event, programme, clearing) = (event(direction, needs, interval_ms), programme(), full_clearing(2));
    let past = PastEvents::new();
    Recorder::new(&event, &programme, &clearing).record(ResourceId(9), &segments(1, 100), &past, &before, &during)
}

fn watts(values: &[Watts]) -> Vec<i64> {
    values.iter().map(|watts| watts.0).collect()
}

#[test]
fn a_resource_that_ramps_down_is_recorded_to_the_watt() {
    // GIVEN a load of 500 W that sheds 40 W, then 95 W, then 100 W, and half of it later
    let loads = [460, 405, 400, 400, 450, 450, 450, 450];
    let record = record(Direction::Down, before(500), during(&loads));
    // THEN quota, delivery, response, rate and precision follow
    assert_eq!((record.resource, watts(&record.baseline)), (ResourceId(9), vec![500, 500]));
    assert_eq!(watts(&record.quota), [100, 50]);
    assert_eq!(watts(&record.delivered), [83, 50]);
    assert_eq!((record.readings_due, record.readings_valid), (8, 8));
    assert_eq!(record.response_time_ms, 1_000);
    // 95 % of the quota in one second
    assert_eq!(record.rate, BasisPoints(9_500));
    // 5 W over quotas of 3 x 100 W and 4 x 50 W
    assert_eq!(record.precision_error, BasisPoints(100));
}

#[test]
fn valley_filling_counts_the_other_way() {
    // GIVEN the same load asked to consume more, which consumes less in the end
    let record = record(Direction::Up, before(500), during(&[600, 600, 600, 600, 490, 490, 490, 490]));
    // THEN the wrong way is negative
    assert_eq!(watts(&record.delivered), [100, -10]);
    assert_eq!((record.response_time_ms, record.rate), (0, BasisPoints(10_000)));
}

#[test]
fn missing_and_doubtful_readings_deliver_nothing() {
    // GIVEN full delivery of which two readings are doubtful or lost
    let mut readings = during(&[400, 400, 400, 400, 450, 450, 450, 450]);
    readings[2].valid = false;
    readings.remove(5);
    let record = record(Direction::Down, before(500), readings);
    // THEN both slots count as due, with nothing delivered and a deviation of their quota
    assert_eq!((record.readings_due, record.readings_valid), (8, 6));
    assert_eq!(watts(&record.delivered), [75, 37]);
    assert_eq!(record.precision_error, BasisPoints(2_500));
}

#[test]
fn the_first_reading_of_a_slot_counts() {
    // GIVEN honest readings followed by better ones for the same seconds, and ones outside the window
    let mut readings = during(&[480; 8]);
    readings.extend(during(&[400; 8]));
    readings.extend([reading(-1, 0), reading(8_000, 0), reading(i64::MAX, 0)]);
    // THEN nothing but the first eight counts
    let expected = record(Direction::Down, before(500), during(&[480; 8]));
    assert_eq!(record(Direction::Down, before(500), readings), expected);
}

#[test]
fn a_resource_that_never_responds_has_no_rate() {
    // GIVEN a load that sheds a tenth of its quota
    let record = record(Direction::Down, before(500), during(&[490; 8]));
    // THEN the response takes the whole window and precision is measured over all of it
    assert_eq!((record.response_time_ms, record.rate), (8_000, BasisPoints(0)));
    // 4 x 90 W and 4 x 40 W off, of 600 W
    assert_eq!(record.precision_error, BasisPoints(8_667));
}

#[test]
fn nothing_is_delivered_without_a_baseline() {
    for direction in [Direction::Down, Direction::Up] {
        // GIVEN readings in the window and none before it
        let record = record(direction, vec![], during(&[400; 8]));
        // THEN delivery is zero, not the load itself
        assert_eq!((watts(&record.baseline), record.readings_valid), (vec![], 8));
        assert_eq!(watts(&record.delivered), [0, 0]);
    }
}

#[test]
fn response_counts_from_the_first_interval_that_asks() {
    // GIVEN a window that asks nothing in its first interval, and a load that sheds at once then
    let record =
        record_of(Direction::Down, &[0, 10], 4_000, before(500), during(&[500, 500, 500, 500, 400, 400, 400, 400]));
    assert_eq!(watts(&record.quota), [0, 100]);
    // THEN its response time is zero and its precision perfect
    assert_eq!((record.response_time_ms, record.precision_error), (0, BasisPoints(0)));
}

#[test]
fn nothing_asked_leaves_all_zero() {
    // GIVEN an event without a need
    let record = record_of(Direction::Down, &[0, 0], 4_000, before(500), during(&[400; 8]));
    // THEN quota, response, rate and precision are zero
    assert_eq!(watts(&record.quota), [0, 0]);
    assert_eq!((record.response_time_ms, record.rate, record.precision_error), (0, BasisPoints(0), BasisPoints(0)));
}

#[test]
fn intervals_of_odd_length_share_the_grid() {
    // GIVEN two intervals of 1.5 s: slots at 0 s and 1 s in the first, at 2 s in the second
    let record = record_of(Direction::Down, &[10, 10], 1_500, before(500), during(&[400, 420, 440]));
    // THEN each slot counts where it begins
    assert_eq!(record.readings_due, 3);
    assert_eq!(watts(&record.delivered), [90, 60]);
}

proptest! {
    #[test]
    fn any_readings_give_one_bounded_record(
        needs in proptest::collection::vec(any::<i64>(), 0..6),
        interval_ms: u32,
        readings in proptest::collection::vec((-10_000i64..100_000, any::<i64>(), any::<bool>()), 0..60),
        baseline in any::<i64>(),
    ) {
        // GIVEN any event and any readings
        let readings: Vec<Reading> =
            readings.into_iter().map(|(ms, load, valid)| Reading { valid, ..reading(ms, load) }).collect();
        let make = || record_of(Direction::Down, &needs, interval_ms, before(baseline), readings.clone());
        // THEN the record is the same each time, has one entry an interval, and counts no reading twice
        let record = make();
        prop_assert_eq!(&record, &make());
        prop_assert_eq!((record.quota.len(), record.delivered.len()), (needs.len(), needs.len()));
        prop_assert!(record.readings_valid <= record.readings_due);
        prop_assert!(record.readings_valid as usize <= readings.len());
    }

    #[test]
    fn losing_a_reading_of_honest_delivery_never_helps(
        loads in proptest::collection::vec(0i64..=500, 8),
        lost in 0usize..8,
    ) {
        // GIVEN a load that never exceeds its baseline
        let whole = record(Direction::Down, before(500), during(&loads));
        let mut readings = during(&loads);
        readings.remove(lost);
        let gap = record(Direction::Down, before(500), readings);
        // THEN hiding a reading lowers delivery in every interval or leaves it
        prop_assert!(gap.delivered.iter().zip(whole.delivered.iter()).all(|(gap, whole)| gap <= whole));
        prop_assert!(gap.response_time_ms >= whole.response_time_ms);
    }
}
