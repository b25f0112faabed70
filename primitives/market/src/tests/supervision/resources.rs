//! Detectors over one resource's events.

use super::*;
use crate::supervision::{baseline::baseline, capacity::capacity};
use loadstone_core::Direction;

const DOWN: (Watts, Direction) = (Watts(1_000), Direction::Down);

/// What is found over events of (greatest quota, greatest delivery), by a rule of three events and half of the capacity.
fn over(events: &[(i64, i64)]) -> Vec<Option<Evidence>> {
    let rules = rules(|rules| (rules.capacity_events, rules.capacity_share) = (3, bp(5_000)));
    let mut track = Track::default();
    let one =
        |(quota, delivered): &(i64, i64)| capacity(&mut track, DOWN, &delivers(&[0, *quota], &[0, *delivered]), &rules);
    events.iter().map(one).collect()
}

#[test]
fn a_capacity_is_unproven_when_it_was_asked_for_and_never_came() {
    let (direction, capacity) = (Direction::Down, Watts(1_000));
    let evidence = |best| Some(Evidence::CapacityUnproven { direction, capacity, best: Watts(best), events: 3 });
    // GIVEN three events that asked for half and more, and got less THEN the best of them stands against it
    assert_eq!(over(&[(500, 100), (900, 499), (600, 0)]), [None, None, evidence(499)]);
    // AND the row begins anew
    assert_eq!(over(&[(500, 9), (500, 9), (500, 9), (500, 8), (500, 8), (500, 8)])[5], evidence(8));
}

#[test]
fn what_was_never_asked_for_or_came_once_is_not_unproven() {
    // GIVEN a resource that is asked for a little each time, as at the margin THEN nothing says that it can't do more
    assert_eq!(over(&[(499, 499); 9]), vec![None; 9]);
    // AND one that proves it once in every three is left alone
    assert_eq!(over(&[(500, 0), (500, 0), (500, 500), (500, 0), (500, 0)]), vec![None; 5]);
    // AND a rule of zero finds nothing
    let off = rules(|rules| rules.capacity_events = 0);
    let mut track = Track { unproven: 99, ..Track::default() };
    assert_eq!(capacity(&mut track, DOWN, &delivers(&[900], &[0]), &off), None);
}

/// A record whose baseline is this in each interval.
fn based(loads: &[i64]) -> EventRecord {
    let mut record = delivers(&vec![1; loads.len()], &vec![1; loads.len()]);
    record.baseline.iter_mut().zip(loads).for_each(|(watts, load)| *watts = Watts(*load));
    record
}

#[test]
fn a_baseline_is_compared_with_what_it_usually_is() {
    let rules = rules(|rules| (rules.usual_events, rules.baseline_ratio) = (2, bp(15_000)));
    let after = |direction, usual: i64, load: i64| {
        let mut track = Track { baseline: Watts(usual), events: 2, ..Track::default() };
        baseline(&mut track, direction, &based(&[load]), &rules).is_some()
    };
    // GIVEN a usual load of 1,000 W THEN downward more than half as much again is told, and less is not
    assert!(after(Direction::Down, 1_000, 1_501) && !after(Direction::Down, 1_000, 1_500));
    assert!(!after(Direction::Down, 1_000, 10));
    // AND upward, where a low baseline pays, the reverse
    assert!(after(Direction::Up, 1_501, 1_000) && !after(Direction::Up, 1_500, 1_000));
    assert!(after(Direction::Up, 1_000, 0) && !after(Direction::Up, 1_000, 9_000));
    // AND loads of nothing, or fed in, say nothing
    assert!(!after(Direction::Down, 0, 9_000) && !after(Direction::Up, -5, -9_000));
}

#[test]
fn a_load_that_grows_slowly_is_not_inflated() {
    // GIVEN a factory that draws a tenth more in each event
    let rules = rules(|rules| rules.usual_events = 2);
    let (mut track, mut load) = (Track::default(), 10_000);
    for _ in 0..20 {
        // THEN what is usual follows, and nothing is found
        assert_eq!(baseline(&mut track, Direction::Down, &based(&[load, load]), &rules), None);
        load += load / 10;
    }
    // AND a first event can't be compared, nor one without a baseline
    let mut fresh = Track::default();
    assert_eq!(baseline(&mut fresh, Direction::Down, &based(&[9, 12]), &rules), None);
    assert_eq!((fresh.baseline, fresh.events), (Watts(10), 1));
    assert_eq!(baseline(&mut fresh, Direction::Down, &based(&[]), &rules), None);
    assert_eq!(fresh.events, 1);
}
