//! Whole committees under delay, loss, disorder, crashes and lies: what must hold for every seed.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::world::{Plan, World};
use loadstone_core::Hash;
use loadstone_dag::{Fault, Slot};

fn plan(seed: u64, members: u16) -> Plan {
    Plan {
        members,
        seed,
        devices: 6,
        forking: BTreeSet::new(),
        equivocator: None,
        loss: 0,
        crashes: 0,
        measure_ms: 3_000,
        dead: BTreeSet::new(),
    }
}

/// Runs until every honest device's units are anchored, then checks what every run must show.
fn run(plan: Plan) -> World {
    let seed = plan.seed;
    let mut world = World::new(plan);
    world.run(world.now + world.plan.measure_ms, true);
    world.plan.loss = 0;
    world.run(world.now + 30_000, false);
    let left: usize = world.devices.iter().filter(|d| !d.forks).map(|d| d.kept.len()).sum();
    assert_eq!(left, 0, "seed {seed}: units not anchored; {:?}", statuses(&world));
    check_agreement(&world);
    check_caught_up(&mut world);
    world
}

/// Whoever runs knows the chain's newest anchor soon after the last unit.
fn check_caught_up(world: &mut World) {
    for _ in 0..20 {
        world.run(world.now + 500, false);
    }
    let newest = world.chain.last().map(|anchor| anchor.number).unwrap_or_default();
    for member in world.honest() {
        let status = world.members[usize::from(member)].as_ref().map(|member| member.status());
        assert!(
            status.is_none_or(|status| status.anchor == newest),
            "seed {}: member {member} stays behind anchor {newest}: {status:?}",
            world.plan.seed
        );
    }
}

fn statuses(world: &World) -> Vec<Option<loadstone_dag::Status>> {
    world.members.iter().map(|member| member.as_ref().map(|member| member.status())).collect()
}

/// No two honest members confirm different units in one slot; their anchors have the same leaves,
/// and no anchor holds a slot of another.
fn check_agreement(world: &World) {
    let seed = world.plan.seed;
    let mut confirmed: BTreeMap<Slot, Hash> = BTreeMap::new();
    let mut anchors = BTreeMap::new();
    for member in world.honest() {
        for (slot, unit) in &world.confirmed[usize::from(member)] {
            let other = confirmed.insert(*slot, *unit);
            assert!(other.is_none() || other == Some(*unit), "seed {seed}: two units confirmed in {slot:?}");
        }
        for (number, leaves) in &world.anchored[usize::from(member)] {
            assert_eq!(anchors.entry(*number).or_insert(leaves), &leaves, "seed {seed}: anchor {number} differs");
        }
    }
    let mut held = BTreeSet::new();
    for leaf in anchors.values().flat_map(|leaves| leaves.iter()) {
        assert!(held.insert(leaf.slot), "seed {seed}: {:?} anchored twice", leaf.slot);
        assert_eq!(confirmed.get(&leaf.slot), Some(&leaf.unit), "seed {seed}: anchored, not confirmed");
    }
    let broken = |fault: &&Fault| matches!(fault, Fault::AnchorDiffers(_) | Fault::Refused(..));
    assert_eq!(world.evidence.iter().find(broken), None, "seed {seed}");
}

#[test]
fn a_calm_network_confirms_in_well_under_a_second() {
    for (seed, members) in [(1, 4), (2, 7)] {
        // GIVEN a network without faults in which devices measure
        let mut world = run(plan(seed, members));
        // THEN half of the units are confirmed at their gateway within 200 ms, and all within a second
        world.latencies.sort();
        let median = world.latencies[world.latencies.len() / 2];
        let greatest = world.latencies.last().copied().unwrap_or_default();
        println!("{members} members: confirmed after {median} ms, at most {greatest} ms");
        assert!(median <= 200 && greatest <= 1_000, "median {median}, greatest {greatest}");
    }
}

#[test]
fn silence_when_everything_is_anchored() {
    // GIVEN a network whose units are all anchored
    let mut world = run(plan(3, 4));
    quiet(&mut world);
    // WHEN time passes
    let before = world.witnesses;
    quiet(&mut world);
    // THEN nobody makes or sends a witness
    assert_eq!(world.witnesses, before);
}

/// Five seconds without devices.
fn quiet(world: &mut World) {
    for device in &mut world.devices {
        device.kept.clear();
    }
    let until = world.now + 5_000;
    while world.now < until {
        world.run(world.now + 500, false);
    }
}

#[test]
fn loss_disorder_and_crashes_lose_nothing() {
    for seed in 0..60 {
        // GIVEN four or seven members, lossy links, and members killed and restarted from their disks
        let members = if seed % 2 == 0 { 4 } else { 7 };
        // THEN all units are anchored, and everybody holds the same (checked in `run`)
        let world = run(Plan { loss: 8, crashes: 3, ..plan(100 + seed, members) });
        let lost = world.evidence.iter().any(|fault| matches!(fault, Fault::StateLost | Fault::MemberFork(..)));
        assert!(!lost, "seed {}: a restart made a fork", world.plan.seed);
    }
}

#[test]
fn a_dead_member_stops_nobody() {
    for seed in 0..20 {
        // GIVEN one member of four that never starts, which is in turn for every fourth anchor
        let dead = BTreeSet::from([(seed % 4) as u16]);
        // THEN the others anchor everything
        run(Plan { dead, loss: 3, ..plan(300 + seed, 4) });
    }
}

#[test]
fn forking_devices_harm_only_themselves() {
    for seed in 0..60 {
        let members = if seed % 2 == 0 { 4 } else { 7 };
        // GIVEN two devices that sign two units for one place and hand them to different gateways
        let forking = BTreeSet::from([1, 4]);
        // THEN the other devices' units are all anchored, and never two units of one place
        run(Plan { forking, loss: 5, crashes: 1, ..plan(500 + seed, members) });
    }
}

#[test]
fn an_equivocating_member_with_forking_devices_breaks_nothing() {
    let mut seen = 0;
    for seed in 0..60 {
        let members = if seed % 2 == 0 { 4 } else { 7 };
        // GIVEN a member that tells half of the others of one unit and the rest of its rival
        let forking = BTreeSet::from([0, 1, 2]);
        let equivocator = Some((seed % u64::from(members)) as u16);
        // THEN agreement and progress hold (checked in `run`), and the liar is reported
        let world = run(Plan { forking, equivocator, loss: 3, ..plan(700 + seed, members) });
        seen += u32::from(world.evidence.iter().any(|fault| matches!(fault, Fault::MemberFork(..))));
    }
    assert!(seen > 50, "equivocation was seen in {seen} runs only");
}

#[test]
fn a_member_that_starts_late_catches_up() {
    // GIVEN a network of four that ran for a while with three
    let mut world = World::new(Plan { dead: BTreeSet::from([3]), measure_ms: 20_000, ..plan(900, 4) });
    world.run(world.now + 20_000, true);
    let level = world.members[0].as_ref().map(|member| member.status().level);
    // WHEN the fourth starts with nothing
    world.start(3);
    world.run(world.now + 3_000, true);
    // THEN it holds what the others hold, from their disks where they keep it no longer, and takes part
    let statuses = statuses(&world);
    let (old, new) = (statuses[0].expect("runs"), statuses[3].expect("runs"));
    assert!(new.newest.map(|own| own.level) > level, "{new:?} against {level:?}");
    assert!(old.anchor.0.abs_diff(new.anchor.0) <= 1, "{old:?} {new:?}");
    assert!(old.witnesses.abs_diff(new.witnesses) < 20 && !new.mute);
}

#[test]
fn a_member_that_lost_its_disk_falls_mute_for_good() {
    for seed in 0..10 {
        // GIVEN a member that made witnesses
        let mut world = World::new(Plan { loss: 2, ..plan(920 + seed, 4) });
        world.run(world.now + 2_000, true);
        // WHEN it starts again without its disk, and once more with what it wrote since
        world.wipe(2);
        world.start(2);
        world.run(world.now + 1_000, true);
        world.start(2);
        world.run(world.now + 1_000, true);
        // THEN it makes no second chain: it stays mute, and the others anchor everything
        let status = statuses(&world)[2].expect("runs");
        assert!(status.mute, "seed {}", world.plan.seed);
        world.plan.loss = 0;
        world.run(world.now + 30_000, false);
        assert!(world.devices.iter().all(|device| device.kept.is_empty()), "seed {}", world.plan.seed);
        check_agreement(&world);
        assert!(!world.evidence.iter().any(|fault| matches!(fault, Fault::MemberFork(..))));
    }
}

/// The canary: the verdicts above would notice if safety broke.
#[test]
fn two_equivocators_of_four_break_agreement_and_one_does_not() {
    // GIVEN two halves of a committee that do not hear of each other, and liars who live in both
    let halves = |dead_here: u16, dead_there: u16| {
        let half = |dead: u16| {
            let mut world = World::new(Plan { dead: BTreeSet::from([dead]), devices: 1, ..plan(940, 4) });
            // Each half sees another one of two units of a forking device.
            world.devices[0].measure(i64::from(dead));
            world.run(world.now + 5_000, false);
            world.confirmed[usize::from(world.honest()[0])].clone()
        };
        (half(dead_here), half(dead_there))
    };
    // WHEN members 2 and 3 serve both halves, {0, 2, 3} and {1, 2, 3}
    let (here, there) = halves(1, 0);
    // THEN both confirm, each its own unit of the one place
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    assert_eq!(here.len(), 1);
    assert_ne!(here, there);
    // WHEN only member 3 lies, one half has two of four
    let mut world = World::new(Plan { dead: BTreeSet::from([0, 1]), devices: 1, ..plan(941, 4) });
    world.devices[0].measure(1);
    world.run(world.now + 5_000, false);
    // THEN that half confirms nothing
    assert!(world.confirmed.iter().all(BTreeMap::is_empty));
}
