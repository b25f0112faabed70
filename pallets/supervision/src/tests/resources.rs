//! What an event says of its resources.

use crate::{mock::*, Tracks};
use frame_support::assert_ok;
use loadstone_core::{BasisPoints, Direction, ResourceId, Watts};
use loadstone_market::supervision::{feeder::Nodes, Evidence, Subject, SupervisionRules, Suspicion, Track};

const BIDS: [(u32, u64, i64); 2] = [(1, 5_000, 900), (101, 5_000, 900)];

fn subjects() -> Vec<Subject> {
    cases().into_iter().map(|case| case.subject).collect()
}

#[test]
fn a_capacity_that_is_asked_for_and_never_comes_is_told() {
    run(|| {
        // GIVEN a rule of three events and half of the capacity, and a resource that delivers a tenth
        rule(SupervisionRules { capacity_events: 3, capacity_share: BasisPoints(5_000), ..off() });
        let little = || {
            let event = open(&BIDS);
            bend(event, 1, |record| record.delivered.iter_mut().for_each(|watts| *watts = Watts(100)));
            event
        };
        walk(little());
        walk(little());
        assert_eq!(cases(), []);
        // WHEN it does so a third time THEN its owner answers for it
        let event = little();
        walk(event);
        let [case] = &cases()[..] else { panic!("one case") };
        let (direction, capacity, best) = (Direction::Down, Watts(1_000), Watts(100));
        assert_eq!(case.evidence, Evidence::CapacityUnproven { direction, capacity, best, events: 3 });
        assert_eq!(
            (&case.subject, &case.account, case.event),
            (&Subject::Resource(ResourceId(1)), &NORTH, Some(event))
        );
        // AND the next row begins anew
        assert_eq!(Tracks::<Test>::get(ResourceId(1), direction).unproven, 0);
    });
}

#[test]
fn a_baseline_far_above_the_usual_one_is_told() {
    run(|| {
        // GIVEN two events of a usual load
        rule(SupervisionRules { baseline_ratio: BasisPoints(15_000), usual_events: 2, ..off() });
        walk(open(&BIDS));
        walk(open(&BIDS));
        // WHEN the load before the third is half as much again, and a watt more
        let event = open(&BIDS);
        bend(event, 1, |record| record.baseline.iter_mut().for_each(|watts| *watts = Watts(7_502)));
        bend(event, 101, |record| record.baseline.iter_mut().for_each(|watts| *watts = Watts(7_500)));
        walk(event);
        // THEN the one above the limit has a case
        let [case] = &cases()[..] else { panic!("one case") };
        let (direction, baseline, usual) = (Direction::Down, Watts(7_502), Watts(5_001));
        assert_eq!(case.evidence, Evidence::BaselineInflated { direction, baseline, usual, events: 2 });
        // AND what is usual has moved by a fifth
        let track = Tracks::<Test>::get(ResourceId(1), direction);
        assert_eq!(track, Track { baseline: Watts(5_501), events: 3, ..Track::default() });
    });
}

#[test]
fn improbable_records_are_told_once_a_resource() {
    run(|| {
        rule(SupervisionRules {
            range_slack: BasisPoints(500),
            readings_below: BasisPoints(2_000),
            constant_intervals: 4,
            ..off()
        });
        // GIVEN a load beyond its range, one of few readings, and one that never varies
        let event = open(&[(1, 5_000, 900), (2, 5_000, 900), (3, 5_000, 900), (4, 5_000, 900)]);
        bend(event, 1, |record| record.baseline[2] = Watts(10_501));
        bend(event, 2, |record| record.readings_valid = 47);
        bend(event, 3, |record| record.delivered.iter_mut().for_each(|watts| *watts = Watts(900)));
        walk(event);
        // THEN each has a case, and the fourth none
        let found: Vec<_> = cases().into_iter().map(|case| case.evidence).collect();
        let (load_min, load_max) = (Watts(0), Watts(10_000));
        assert_eq!(
            found,
            [
                Evidence::LoadOutOfRange { interval: 2, load: Watts(10_501), load_min, load_max },
                Evidence::ReadingsMissing { due: 240, valid: 47 },
                Evidence::DeliveryConstant { intervals: 4, delivered: Watts(900) },
            ]
        );
        assert_eq!(subjects(), [1, 2, 3].map(|id| Subject::Resource(ResourceId(id))));
    });
}

#[test]
fn the_feeder_of_an_area_is_compared_with_all_others() {
    run(|| {
        // GIVEN a feeder whose meter shows what its two nodes deliver, less than a tenth lost
        rule(SupervisionRules { feeder_loss: BasisPoints(1_000), ..off() });
        let grid = RuntimeOrigin::signed(GRID);
        assert_ok!(Supervision::declare_feeder(grid, ResourceId(150), Nodes::Area));
        let with = |feeder: i64| {
            let event = open(&[(1, 5_000, 900), (150, 5_000, 1), (101, 5_000, 900)]);
            bend(event, 150, |record| record.delivered.iter_mut().for_each(|watts| *watts = Watts(feeder)));
            event
        };
        walk(with(1_540));
        assert_eq!(cases(), []);
        // WHEN it shows less
        walk(with(1_400));
        // THEN it has a case with both sums over four intervals
        let [case] = &cases()[..] else { panic!("one case") };
        assert_eq!((&case.subject, &case.account), (&Subject::Resource(ResourceId(150)), &SOUTH));
        assert_eq!(
            case.evidence,
            Evidence::FeederMismatch { feeder: Watts(5_600), nodes: Watts(2 * (4 * 810 + 6)), count: 2 }
        );
    });
}

#[test]
fn what_a_resource_does_under_a_contract_is_not_usual() {
    run(|| {
        // GIVEN a contract whose record is improbable
        rule(SupervisionRules { share_max: BasisPoints(1), readings_below: BasisPoints(2_000), ..off() });
        let event = open(&BIDS[..1]);
        bend(event, 1, |record| record.readings_valid = 0);
        as_contract(event);
        walk(event);
        // THEN its readings are told, and nothing else is found or learnt
        let found: Vec<_> = cases().into_iter().map(|case| case.evidence.suspicion()).collect();
        assert_eq!(found, [Suspicion::ImprobableReadings]);
        assert_eq!(Tracks::<Test>::iter().count(), 0);
    });
}
