//! A record replayed from what was shown.

use crate::{
    baseline::Reading,
    record::Recorder,
    referee::*,
    tests::{before, during, event, full_clearing, programme, reading, segments},
    BaselineMethod, EventRecord, PastEvents, Programme, Reach, RecordInput,
};
use loadstone_core::{DeviceId, Direction, ResourceId, Sequence, Watts};

/// One reading a unit: four of 5 kW before the event was opened, four of 4 kW in its window.
fn readings() -> Vec<(Sequence, Reading)> {
    let all = before(5_000).into_iter().chain(during(&[4_000; 4]));
    (10..).map(Sequence).zip(all).collect()
}

fn showing() -> Showing {
    Showing { readings: readings(), before: Some(Sequence(13)), reaches_opening: true, is_whole: false, is_exact: true }
}

fn input() -> RecordInput {
    let (resource, device) = (ResourceId(1), DeviceId(1));
    RecordInput { resource, device, segments: segments(1, 1_000), past: PastEvents::new() }
}

fn found(programme: &Programme, showing: &Showing, change: impl Fn(&mut EventRecord)) -> Finding {
    let (event, clearing) = (event(Direction::Down, &[1_000], 4_000), full_clearing(2));
    let recorder = Recorder::new(&event, programme, &clearing);
    let input = input();
    let (before, during) = (before(5_000), during(&[4_000; 4]));
    let mut certified = recorder.record(input.resource, &input.segments, &input.past, &before, &during);
    change(&mut certified);
    judge(&recorder, (&event, programme), &input, showing, &certified)
}

#[test]
fn the_referee_finds_what_members_found() {
    // GIVEN a record as members make it THEN the same units confirm it
    assert_eq!(found(&programme(), &showing(), |_| ()), Finding::Confirmed);
    // AND so does a longer showing
    let mut longer = showing();
    longer.readings.insert(0, (Sequence(9), reading(-9_000, 1)));
    assert_eq!(found(&programme(), &longer, |_| ()), Finding::Confirmed);
    // WHEN another record was signed THEN it is wrong, and that is proven as far as the ends are
    let lie = |record: &mut EventRecord| record.delivered[0] = Watts(999);
    let Finding::Wrong { record, is_proven } = found(&programme(), &showing(), lie) else { panic!("it is wrong") };
    assert_eq!((record.delivered.to_vec(), is_proven), (vec![Watts(1_000)], true));
    let open = Showing { is_exact: false, ..showing() };
    assert!(matches!(found(&programme(), &open, lie), Finding::Wrong { is_proven: false, .. }));
}

#[test]
fn a_showing_that_does_not_reach_back_says_nothing() {
    let lie = |record: &mut EventRecord| record.readings_valid = 0;
    // GIVEN one reading less than the baseline needs, or none that is known to be in time
    let mut short = showing();
    short.readings.remove(0);
    let unplaced = Showing { reaches_opening: false, before: None, ..showing() };
    assert_eq!(found(&programme(), &short, lie), Finding::Incomplete);
    assert_eq!(found(&programme(), &unplaced, lie), Finding::Incomplete);
    // THEN nothing is found, unless the device never wrote more
    let whole = Showing { is_whole: true, ..short };
    assert!(matches!(found(&programme(), &whole, lie), Finding::Wrong { is_proven: true, .. }));
    // AND where no baseline is needed, units since the opening are enough
    let metered = Programme { baseline: BaselineMethod::Metered {}, ..programme() };
    let since = Showing { readings: readings().split_off(3), ..showing() };
    assert!(matches!(found(&metered, &since, lie), Finding::Wrong { .. }));
}

#[test]
fn readings_outside_the_window_matter_only_to_baselines_that_look_at_them() {
    // GIVEN readings before, in and after the window THEN those in it count, and all where the baseline asks for them
    let event = event(Direction::Down, &[1_000], 4_000);
    let counts = |reach, ms| counts_since_opening(&event, reach, &[reading(ms, 1)]);
    assert_eq!([-1, 0, 3_999, 4_000].map(|ms| counts(Reach::Last(4), ms)), [false, true, true, false]);
    assert_eq!([-1, 0, 3_999, 4_000].map(|ms| counts(Reach::Whole, ms)), [true; 4]);
}
