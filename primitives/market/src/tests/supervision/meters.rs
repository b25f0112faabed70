//! Detectors over what meters show.

use super::*;
use crate::supervision::{
    feeder::{feeder, plus},
    readings::{identical, improbable},
};
use loadstone_core::{AreaId, DeviceId, Direction, Resource, ResourceId};

/// A load of 100 to 1,100 W.
fn resource() -> Resource {
    Resource {
        owner: AccountId::new([1; 32]),
        area: AreaId(1),
        device: DeviceId(1),
        capacity_down: Watts(1_000),
        capacity_up: Watts(1_000),
        load_min: Watts(100),
        load_max: Watts(1_100),
    }
}

fn found(direction: Direction, metered: bool, record: &EventRecord) -> Option<Evidence> {
    let rules = rules(|rules| rules.constant_intervals = 3);
    improbable(&resource(), direction, metered, record, &rules)
}

#[test]
fn a_load_beyond_its_range_is_improbable() {
    let (load_min, load_max) = (Watts(100), Watts(1_100));
    let out = |interval, load| Some(Evidence::LoadOutOfRange { interval, load: Watts(load), load_min, load_max });
    // GIVEN a baseline of 500 W and a slack of 50 THEN a delivery down to 50 W and up to 1,150 is within range
    assert_eq!(found(Direction::Down, false, &delivers(&[400, 400], &[450, 400])), None);
    assert_eq!(found(Direction::Up, false, &delivers(&[400, 400], &[650, 400])), None);
    // AND a watt beyond is not, in whichever interval
    assert_eq!(found(Direction::Down, false, &delivers(&[400, 400], &[400, 451])), out(1, 49));
    assert_eq!(found(Direction::Up, false, &delivers(&[400, 400], &[651, 400])), out(0, 1_151));
    // AND neither is a baseline
    let mut high = delivers(&[400, 400], &[400, 300]);
    high.baseline[1] = Watts(1_151);
    assert_eq!(found(Direction::Down, false, &high), out(1, 1_151));
}

#[test]
fn a_meter_that_was_away_is_not_out_of_range() {
    // GIVEN a programme without baselines, under which a gap reads as no load
    let mut gap = delivers(&[400, 400], &[0, 400]);
    gap.baseline.iter_mut().for_each(|watts| *watts = Watts(0));
    gap.readings_valid = gap.readings_due - 1;
    // THEN the gap is no load below the range
    assert_eq!(found(Direction::Up, true, &gap), None);
    // AND a full set of readings that shows one is
    gap.readings_valid = gap.readings_due;
    assert!(matches!(found(Direction::Up, true, &gap), Some(Evidence::LoadOutOfRange { load: Watts(0), .. })));
}

#[test]
fn too_few_readings_are_improbable() {
    // GIVEN a fifth of eight readings, rounded up, and one fewer
    let with = |valid| EventRecord { readings_valid: valid, ..delivers(&[400, 400], &[0, 100]) };
    assert_eq!(found(Direction::Down, false, &with(2)), None);
    assert_eq!(found(Direction::Down, false, &with(1)), Some(Evidence::ReadingsMissing { due: 8, valid: 1 }));
    // AND whoever was asked for nothing may be away
    let idle = EventRecord { readings_valid: 0, ..delivers(&[0, 0], &[0, 0]) };
    assert_eq!(found(Direction::Down, false, &idle), None);
}

#[test]
fn a_delivery_that_never_varies_is_improbable() {
    // GIVEN three intervals to the watt
    let constant = Some(Evidence::DeliveryConstant { intervals: 3, delivered: Watts(321) });
    assert_eq!(found(Direction::Down, false, &delivers(&[400; 3], &[321; 3])), constant);
    // THEN a watt of difference, two intervals, or no delivery at all are as loads are
    assert_eq!(found(Direction::Down, false, &delivers(&[400; 3], &[321, 321, 322])), None);
    assert_eq!(found(Direction::Down, false, &delivers(&[400; 2], &[321; 2])), None);
    assert_eq!(found(Direction::Down, false, &delivers(&[400; 3], &[0; 3])), None);
}

#[test]
fn records_that_vary_alike_are_one_meter_twice() {
    let rules = rules(|rules| rules.identical_intervals = 3);
    let of = |id, delivered: &[i64]| EventRecord {
        resource: ResourceId(id),
        ..delivers(&vec![400; delivered.len()], delivered)
    };
    let first = of(1, &[390, 401, 385]);
    // GIVEN the same numbers of another resource
    let evidence = Evidence::ReadingsIdentical { other: ResourceId(2), intervals: 3 };
    assert_eq!(identical(&first, &of(2, &[390, 401, 385]), &rules), Some(evidence));
    // THEN a watt apart they are two, and so are idle or steady ones, and short windows
    assert_eq!(identical(&first, &of(2, &[390, 401, 386]), &rules), None);
    assert_eq!(identical(&of(1, &[0; 3]), &of(2, &[0; 3]), &rules), None);
    assert_eq!(identical(&of(1, &[400; 3]), &of(2, &[400; 3]), &rules), None);
    assert_eq!(identical(&of(1, &[390, 401]), &of(2, &[390, 401]), &rules), None);
    assert_eq!(identical(&first, &first, &rules), None);
}

#[test]
fn a_feeder_agrees_with_its_nodes_but_for_losses() {
    let rules = rules(|rules| rules.feeder_loss = bp(1_000));
    // GIVEN nodes of 1,000 W in all THEN a tenth may be lost, on either side
    assert_eq!((feeder(900, 1_000, 2, &rules), feeder(1_000, 900, 2, &rules)), (None, None));
    // AND more may not
    let evidence =
        |feeder, nodes| Some(Evidence::FeederMismatch { feeder: Watts(feeder), nodes: Watts(nodes), count: 2 });
    assert_eq!(feeder(899, 1_000, 2, &rules), evidence(899, 1_000));
    assert_eq!(feeder(0, 1_000, 2, &rules), evidence(0, 1_000));
    assert_eq!(feeder(-1_000, 1_000, 2, &rules), evidence(-1_000, 1_000));
    // AND without nodes in the event, or any delivery, there is nothing to compare
    assert_eq!((feeder(900, 0, 0, &rules), feeder(0, 0, 2, &rules)), (None, None));
    // AND sums are over all intervals
    assert_eq!(plus(Watts(5), &delivers(&[1, 1], &[7, -2])), Watts(10));
}
