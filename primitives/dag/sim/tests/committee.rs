//! Single properties of a committee that runs for a while, with plans written for them.

use loadstone_core::Incarnation;
use loadstone_dag::{Slot, Status};
use loadstone_dag_sim::{
    device::slot,
    kind::Kind,
    plan::{Closing, Crash, Damage, Links, Order, Plan, Skew},
    world::World,
};

/// Devices measure, and nothing goes wrong.
fn calm(seed: u64, members: u16) -> Plan {
    let order = Order { seed, kind: Some(Kind::Honest), members: Some(members), devices: Some(6), canary: false };
    let plan = Plan::deal(&order);
    Plan {
        measure_ms: 3_000,
        heal_ms: 3_000,
        deadline_ms: 30_000,
        unit_every_ms: 200,
        links: Links { delay_ms: (1, 40), loss: 0, slow: 0, slow_ms: 0, twice: 0 },
        cuts: Vec::new(),
        crashes: Vec::new(),
        closings: Vec::new(),
        skews: vec![Skew::default(); plan.skews.len()],
        weights: vec![1; plan.weights.len()],
        ..plan
    }
}

fn crash(at: u64, seat: u16, pause: u64, damage: Damage) -> Vec<Crash> {
    vec![Crash { at, seat, pause, damage }]
}

fn status(world: &World, seat: u16) -> Status {
    world.faces()[usize::from(seat)].member().map(|member| member.status()).expect("it is a member")
}

#[test]
fn a_calm_network_confirms_in_well_under_a_second() {
    for (seed, members) in [(1, 4), (2, 7)] {
        // GIVEN a network without faults in which devices measure
        let outcome = World::new(calm(seed, members), false).run();
        assert!(outcome.verdict.is_ok(), "{}", outcome.verdict);
        // THEN half of the units are confirmed at their gateway within 200 ms, and all within a second
        let mut latencies = outcome.figures.confirm_ms;
        latencies.sort_unstable();
        let (median, greatest) = (latencies[latencies.len() / 2], latencies[latencies.len() - 1]);
        assert!(median <= 200 && greatest <= 1_000, "{members} members: median {median}, greatest {greatest}");
    }
}

#[test]
fn silence_when_everything_is_anchored() {
    // GIVEN a network whose units are all anchored
    let mut world = World::new(calm(3, 4), false);
    world.run_until(8_000);
    assert_eq!(world.record().waiting().count(), 0);
    // WHEN time passes
    let (before, sent) = (status(&world, 0), world.record().figures.messages);
    world.run_until(18_000);
    // THEN nobody makes or sends anything
    assert_eq!((status(&world, 0), world.record().figures.messages), (before, sent));
}

#[test]
fn a_dead_member_stops_nobody() {
    for seed in 0..8 {
        // GIVEN one member of four that never starts, which is in turn for every fourth anchor
        let plan = Plan { crashes: crash(0, seed as u16 % 4, 1_000_000, Damage::None), ..calm(30 + seed, 4) };
        // THEN the others anchor everything
        let mut world = World::new(plan, false);
        world.run_until(25_000);
        assert_eq!(world.record().waiting().count(), 0, "seed {seed}");
        assert!(world.record().fault.is_none(), "{:?}", world.record().fault);
    }
}

#[test]
fn a_member_that_starts_late_catches_up() {
    // GIVEN a network of four that ran for a while with three
    let plan = Plan { crashes: crash(0, 3, 8_000, Damage::None), measure_ms: 11_000, heal_ms: 11_000, ..calm(90, 4) };
    let mut world = World::new(plan, false);
    world.run_until(8_000);
    let level = status(&world, 0).level;
    // WHEN the fourth starts with nothing
    world.run_until(10_500);
    // THEN it holds what the others hold, from their disks where they keep it no longer, and takes part
    let (old, new) = (status(&world, 0), status(&world, 3));
    assert!(new.newest.map(|own| own.level) > Some(level), "{new:?} against {level:?}");
    assert!(old.anchor.0.abs_diff(new.anchor.0) <= 1, "{old:?} {new:?}");
    assert!(old.witnesses.abs_diff(new.witnesses) < 20 && !new.mute);
}

#[test]
fn a_member_that_lost_its_disk_is_mute_until_the_next_epoch() {
    for (seed, damage) in [(1, Damage::Wiped), (2, Damage::Restored), (3, Damage::Wiped), (4, Damage::Restored)] {
        // GIVEN a member that made witnesses, and then started without what it wrote
        let plan = Plan {
            crashes: crash(1_500, 2, 100, damage),
            closings: vec![Closing { at: 3_000, leaves: false, joins: false }],
            measure_ms: 7_000,
            heal_ms: 7_000,
            ..calm(200 + seed, 4)
        };
        let mut world = World::new(plan, false);
        world.run_until(2_800);
        // THEN it makes no second chain in this epoch
        assert!(status(&world, 2).mute, "seed {seed}");
        // AND takes part in the next one, under the same key
        world.run_until(6_900);
        let now = status(&world, 2);
        assert!(now.epoch == 1 && !now.mute && now.newest.is_some(), "seed {seed}: {now:?}");
        world.run_until(15_000);
        assert!(world.record().fault.is_none(), "{:?}", world.record().fault);
        assert_eq!(world.record().waiting().count(), 0, "seed {seed}");
    }
}

#[test]
fn members_come_and_go() {
    for seed in 0..4 {
        // GIVEN three epochs in which a seat joins and one leaves
        let closing = |at| Closing { at, leaves: true, joins: true };
        let plan = Plan {
            closings: vec![closing(1_000), closing(3_000)],
            measure_ms: 5_000,
            heal_ms: 5_000,
            ..calm(300 + seed, 4)
        };
        // THEN everything is anchored, and all who sit know the newest anchor
        let outcome = World::new(plan, false).run();
        assert!(outcome.verdict.is_ok(), "seed {seed}: {}", outcome.verdict);
        assert_eq!(outcome.figures.epochs, 2);
    }
}

#[test]
fn a_device_that_forked_goes_on_in_its_next_life() {
    // GIVEN devices that fork and whose owner registers them anew
    let plan = Plan { kind: Kind::Fork, references: false, ..calm(5, 4) };
    let mut world = World::new(plan, false);
    // WHEN all is anchored that must be
    world.run_until(10_000);
    assert_eq!(world.record().waiting().count(), 0);
    // THEN the new life's first unit, which stands on nothing, is among that
    let first = Slot { incarnation: Incarnation(1), ..slot(1, 0) };
    assert!(world.record().anchored(&first).is_some());
}

#[test]
fn all_crash_at_once_and_everything_goes_on() {
    for (at, damage) in (100..3_000).step_by(50).flat_map(|at| [(at, Damage::None), (at, Damage::Tail)]) {
        // GIVEN four that crash together, before or after the chain took an anchor that nobody applied yet
        let crashes = (0..4).flat_map(|seat| crash(at, seat, 400, damage)).collect();
        let closings = vec![Closing { at: 1_500, leaves: false, joins: false }];
        let closings = if at % 100 == 0 { closings } else { Vec::new() };
        // WHEN they start again THEN everything is anchored, and all know the newest anchor
        let outcome = World::new(Plan { crashes, closings, ..calm(400 + at, 4) }, false).run();
        assert!(outcome.verdict.is_ok(), "at {at}, {damage:?}: {}", outcome.verdict);
    }
}
