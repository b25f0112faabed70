//! The node's own chain: closing, gaps, restarts, new lives.

use crate::bench::*;
use loadstone_core::{Hash, Incarnation, Millis, Sequence, Watts};
use loadstone_dag::{Body, Slot, Unit};
use loadstone_load_core::{Config, UnitState};
use std::collections::BTreeMap;

fn readings(unit: &Unit) -> Vec<(u64, i64, bool)> {
    match &unit.content.body {
        Body::Readings(readings) => {
            readings.watts().unwrap().into_iter().map(|(at, watts, good)| (at.0 - START, watts.0, good)).collect()
        }
        Body::Acknowledgement(_) => Vec::new(),
    }
}

#[test]
fn units_close_when_full_old_or_cut_by_a_gap() {
    // GIVEN five readings a unit
    let mut bench = Bench::new();
    bench.seconds(12, 700);
    // THEN two units are full and two readings wait
    assert_eq!((bench.disk.units.len(), bench.disk.saved.pending.len()), (2, 2));
    // WHEN the meter misses a second THEN the gap closes the unit
    bench.ms += 1_000;
    bench.seconds(1, 700);
    let counts: Vec<_> = bench.disk.units.values().map(|(unit, ..)| readings(unit).len()).collect();
    assert_eq!(counts, [5, 5, 2]);
    // WHEN the remaining reading grows old THEN it goes too
    bench.tick(60_000);
    assert_eq!(bench.disk.units.len(), 4);
}

#[test]
fn each_unit_names_the_one_before_and_was_on_disk_before_it_was_sent() {
    // GIVEN a node that has sent three units (the bench asserts the order of disk and wire)
    let mut bench = Bench::new();
    bench.seconds(15, 700);
    let units: BTreeMap<u64, Unit> =
        bench.submitted().into_iter().map(|(_, unit)| (unit.content.slot.sequence.0, unit)).collect();
    // THEN they form a chain from zero
    let mut previous = Hash::zero();
    for (place, (sequence, unit)) in units.iter().enumerate() {
        assert_eq!((*sequence, unit.content.previous), (place as u64, previous));
        previous = unit.content.payload(&Hash::repeat_byte(9)).hash();
    }
    assert_eq!(units.len(), 3);
}

#[test]
fn a_killed_node_goes_on_where_it_was_without_loss_or_fork() {
    // GIVEN a node killed with one unit out and two readings waiting
    let mut bench = Bench::new();
    bench.seconds(7, 700);
    let mut bench = bench.restart();
    bench.head(&[]);
    bench.connect();
    // WHEN it reads on, a few seconds later
    bench.ms += 5_000;
    bench.seconds(6, 800);
    // THEN the old readings are in unit 1, cut at the gap, and the chain is whole (the disk refuses forks)
    let units: Vec<_> = bench.disk.units.values().map(|(unit, ..)| readings(unit)).collect();
    assert_eq!(units[1], [(6_000, 700, true), (7_000, 700, true)]);
    assert_eq!(units[2].len(), 5);
    // AND the unit from before was sent again
    let sent: Vec<u64> = bench.submitted().iter().map(|(_, unit)| unit.content.slot.sequence.0).collect();
    assert!(sent.starts_with(&[0]));
}

#[test]
fn readings_out_of_physical_range_are_marked_not_hidden() {
    // GIVEN a resource of at most 20,000 W
    let mut bench = Bench::new();
    bench.seconds(4, 700);
    // WHEN its meter shows 30,000 W THEN the reading stands as it is, marked as doubtful
    bench.seconds(1, 30_000);
    let (unit, ..) = bench.disk.units.values().next().unwrap();
    assert_eq!(readings(unit)[4], (5_000, 30_000, false));
    assert!(readings(unit)[3].2);
}

#[test]
fn a_reading_is_never_taken_twice() {
    // GIVEN a reading WHEN the wall clock jumps back and the same moment comes again THEN it is refused
    let mut bench = Bench::new();
    bench.seconds(1, 700);
    bench.node.reading(bench.now(), Millis(START + 1_000), Watts(1), true);
    bench.settle();
    assert_eq!(bench.disk.saved.pending.len(), 1);
    assert!(bench.refusals().iter().any(|text| text.contains("taken already")));
}

#[test]
fn a_new_life_carries_over_what_was_not_anchored() {
    // GIVEN a unit that is anchored and one that is not
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    bench.anchor_all();
    bench.seconds(5, 800);
    // WHEN the owner renews the device and the node reads its registration
    if let Some(device) = bench.chain.device.as_mut() {
        device.incarnation = Incarnation(1);
    }
    bench.seconds(61, 900);
    // THEN the open unit's readings stand again in the new life, which starts from nothing
    let first = Slot { device: DEVICE, incarnation: Incarnation(1), sequence: Sequence(0) };
    let (unit, ..) = &bench.disk.units[&first];
    assert!(unit.content.previous.is_zero());
    assert_eq!(readings(unit)[0].1, 800);
    let old = Slot { device: DEVICE, incarnation: Incarnation(0), sequence: Sequence(1) };
    assert_eq!(bench.disk.units[&old].2, UnitState::Void);
}

#[test]
fn settings_outside_their_range_are_named() {
    // GIVEN settings out of range THEN the error names setting, value and range
    for (config, name) in [
        (Config { readings_per_unit: 61, ..config() }, "readings_per_unit"),
        (Config { gateways: 0, ..config() }, "gateways"),
        (Config { interval_ms: 99, ..config() }, "interval_ms"),
    ] {
        assert!(config.check().unwrap_err().to_string().starts_with(name));
    }
    assert_eq!(config().check(), Ok(()));
}
