//! What a unit costs a member in time and memory, without signatures, network and disk.
//!
//! `cargo test --release -p loadstone-dag --test speed -- --ignored --nocapture`

mod common;

use std::collections::VecDeque;

use common::{
    build::slot,
    crypto::{committee, TestCrypto, GENESIS},
};
use loadstone_core::{Hash, MemberIndex, Millis, Watts};
use loadstone_dag::{
    Anchor, Body, CheckedUnit, CheckedWitness, Committee, Effect, EpochStart, Member, MemberConfig, MemberMessage,
    Readings, Unit, UnitContent,
};

const DEVICES: u32 = 2_000;

/// Members on a network without delay, under a chain that takes in every anchor at once.
struct Bench {
    members: Vec<Member<TestCrypto>>,
    committee: Committee,
    now: Millis,
    mail: VecDeque<(usize, MemberMessage)>,
    chain: Vec<Anchor>,
    anchored: u64,
    confirmed: u64,
    nanos: u64,
}

impl Bench {
    fn new(members: u16, keep_anchors: u32) -> Self {
        let committee = committee(members);
        let now = Millis(1_000_000);
        let member = |index: u16| {
            let config = MemberConfig::new(GENESIS, MemberIndex(index), committee.clone());
            let config = MemberConfig { keep_anchors, ..config };
            Member::new(config, TestCrypto(MemberIndex(index)), EpochStart::default(), [], now)
        };
        let mut bench = Self {
            members: (0..members).map(member).collect(),
            committee: committee.clone(),
            now,
            mail: VecDeque::new(),
            chain: Vec::new(),
            anchored: 0,
            confirmed: 0,
            nanos: 0,
        };
        // Nobody holds a witness of anybody: all may begin.
        for to in 0..usize::from(members) {
            for from in (0..members).filter(|from| usize::from(*from) != to) {
                bench.timed(to, |m, now| m.on_witnesses(MemberIndex(from), Vec::new(), now));
            }
        }
        bench
    }

    fn timed(&mut self, at: usize, act: impl FnOnce(&mut Member<TestCrypto>, Millis) -> Vec<Effect>) {
        let started = processor_nanos();
        let effects = act(&mut self.members[at], self.now);
        self.nanos += processor_nanos() - started;
        for effect in effects {
            match effect {
                Effect::Broadcast(message) => self.mail.push_back((at, message)),
                Effect::SubmitAnchor(anchor, _) if anchor.number.0 as usize == self.chain.len() + 1 => {
                    self.chain.push(anchor);
                }
                Effect::Anchored { leaves, .. } => self.anchored += leaves.len() as u64,
                Effect::Confirmed { .. } => self.confirmed += 1,
                _ => {}
            }
        }
    }

    fn deliver(&mut self) {
        while let Some((from, message)) = self.mail.pop_front() {
            for to in (0..self.members.len()).filter(|to| *to != from) {
                match message.clone() {
                    MemberMessage::Witness(witness, units) => {
                        let witness = CheckedWitness::assume_signed(witness, &GENESIS, &self.committee).expect("form");
                        let units: Vec<CheckedUnit> = units.into_iter().map(assumed).collect();
                        let author = witness.reference().member;
                        self.timed(to, |m, now| m.on_witness(author, witness, units, now));
                    }
                    MemberMessage::Propose(proposal, by, signature) => {
                        self.timed(to, |m, now| m.on_proposal(proposal, by, signature, now));
                    }
                    MemberMessage::SignAnchor(hash, by, signature) => {
                        self.timed(to, |m, now| m.on_anchor_signature(hash, by, signature, now));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Ten milliseconds.
    fn step(&mut self) {
        self.now = self.now.after(10);
        let newest = self.chain.last().cloned();
        for member in 0..self.members.len() {
            if let Some(anchor) = newest.clone() {
                self.timed(member, |m, now| m.on_anchor_finalised(&anchor, now));
            }
            self.timed(member, |m, now| m.tick(now));
        }
        self.deliver();
    }
}

fn assumed(unit: Unit) -> CheckedUnit {
    CheckedUnit::assume_signed(unit, &GENESIS).expect("well formed")
}

/// Processor time of this thread: other programs may share the machine. Known to a few milliseconds only,
/// too early as often as too late, so that many differences add up right.
fn processor_nanos() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|line| line.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()));
    pages.unwrap_or_default() * 4_096
}

/// A device's next unit of ten readings; its signature is never looked at.
fn next_unit(device: u32, sequence: u64, previous: Hash) -> CheckedUnit {
    let watts: Vec<_> = (0..10).map(|n| (Watts(1_000 + (sequence as i64 * 7 + n * 3) % 50), true)).collect();
    let readings = Readings::new(Millis(10_000 * sequence), 1_000, None, &watts).expect("ten readings");
    let body = Body::Readings(readings);
    let content = UnitContent { slot: slot(device, sequence), previous, references: Vec::new(), body };
    assumed(Unit { content, signature: [0; 64] })
}

fn run(members: u16, total: u64, a_witness: u64, keep_anchors: u32) {
    let mut half = 0;
    let mut bench = Bench::new(members, keep_anchors);
    let mut last = vec![(0u64, Hash::zero()); DEVICES as usize];
    let mut made = 0u64;
    let mut turn = 0u32;
    while made < total {
        for member in 0..members {
            let mut batch = Vec::new();
            while (batch.len() as u64) < a_witness && made < total {
                // A device stays with its gateway.
                let device = turn / u32::from(members) % (DEVICES / u32::from(members)) * u32::from(members);
                let device = (device + u32::from(member)) % DEVICES;
                turn += 1;
                let (sequence, previous) = &mut last[device as usize];
                let unit = next_unit(device, *sequence, *previous);
                (*sequence, *previous) = (*sequence + 1, unit.id());
                batch.push(unit);
                made += 1;
            }
            bench.timed(usize::from(member), |m, now| m.introduce(batch, now));
        }
        (0..5).for_each(|_| bench.step());
        if made >= total / 2 && half == 0 {
            half = resident();
        }
    }
    let mut quiet = 0;
    while bench.anchored < total * u64::from(members) && quiet < 2_000 {
        bench.step();
        quiet += 1;
    }
    let shares = total * u64::from(members);
    println!(
        "{members} members, {a_witness} units a witness: {} ns a unit and member, {} bytes more a unit; {} anchors, level {}",
        bench.nanos / shares,
        resident().saturating_sub(half) / (shares / 2),
        bench.chain.len(),
        bench.members[0].status().level,
    );
    assert_eq!(bench.anchored, total * u64::from(members));
    assert_eq!(bench.confirmed, total * u64::from(members));
}

#[test]
#[ignore = "a measurement"]
fn a_unit_costs_four_members() {
    run(4, 200_000, 1_024, 1);
}

#[test]
#[ignore = "a measurement"]
fn a_unit_costs_four_members_at_small_load() {
    run(4, 100_000, 50, 1);
}

#[test]
#[ignore = "a measurement"]
fn a_unit_costs_sixteen_members() {
    run(16, 100_000, 512, 1);
}
