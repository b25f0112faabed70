//! One member alone with very many devices: what each costs in memory and time.

use std::{
    io,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use loadstone_core::{Hash, MemberIndex, Millis};
use loadstone_dag::{
    Anchor, CheckedUnit, Committee, DeviceHead, Effect, EpochStart, Member, MemberConfig, MAX_WITNESS_UNITS,
};

use super::Figure;
use crate::{
    device::{make_unit, slot, Reading},
    keys::{Scheme, SeatCrypto, Signer, GENESIS},
};

/// Readings in a unit.
const READINGS: usize = 10;

/// Virtual time between two batches.
const STEP_MS: u64 = 50;

/// Resident memory of this process in bytes; zero where the system does not tell.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096
}

struct Bench {
    member: Member<SeatCrypto>,
    now: Millis,
    spent: Duration,
    heads: Vec<Hash>,
    anchor: Option<Anchor>,
    signer: Signer,
}

fn member(epoch: u32, start: EpochStart) -> Option<Member<SeatCrypto>> {
    let signer = Signer::new(Scheme::Tag, "member", 0);
    let committee = Committee::new(vec![(signer.public(), 1)]).ok()?;
    // Bodies go to disk: what stays is what the state machine needs.
    let config = MemberConfig { epoch, keep_anchors: 1, ..MemberConfig::new(GENESIS, MemberIndex(0), committee) };
    Some(Member::new(config, SeatCrypto { signer, scheme: Scheme::Tag }, start, [], Millis(0)))
}

impl Bench {
    fn new(devices: u32) -> Option<Self> {
        Some(Self {
            member: member(0, EpochStart::default())?,
            now: Millis(1_000),
            spent: Duration::ZERO,
            heads: vec![Hash::zero(); devices as usize],
            anchor: None,
            signer: Signer::new(Scheme::Tag, "device", 0),
        })
    }

    fn timed(&mut self, act: impl FnOnce(&mut Member<SeatCrypto>, Millis) -> Vec<Effect>) {
        let begun = Instant::now();
        let effects = act(&mut self.member, self.now);
        self.spent += begun.elapsed();
        let mut submitted = effects.into_iter().filter_map(|effect| match effect {
            Effect::SubmitAnchor(anchor, _) => Some(anchor),
            _ => None,
        });
        // The chain takes every anchor at once.
        if let Some(anchor) = submitted.next_back() {
            let begun = Instant::now();
            self.member.on_anchor_finalised(&anchor, self.now);
            self.spent += begun.elapsed();
            self.anchor = Some(anchor);
        }
    }

    fn step(&mut self) {
        self.now = self.now.after(STEP_MS);
        self.timed(|member, now| member.tick(now));
    }

    /// One unit of every device, until all are anchored.
    fn round(&mut self, sequence: u64) {
        for first in (0..self.heads.len()).step_by(MAX_WITNESS_UNITS) {
            let last = (first + MAX_WITNESS_UNITS).min(self.heads.len());
            let units: Vec<CheckedUnit> = (first..last).filter_map(|device| self.make(device, sequence)).collect();
            self.timed(|member, now| member.introduce(units, now));
            self.step();
        }
        for _ in 0..10_000 {
            let status = self.member.status();
            if status.queued + status.open == 0
                && self.anchor.as_ref().map(|anchor| anchor.number) == Some(status.anchor)
            {
                return;
            }
            self.step();
        }
    }

    fn make(&mut self, device: usize, sequence: u64) -> Option<CheckedUnit> {
        let previous = self.heads[device];
        let reading = Reading { watts: 5_000, count: READINGS, references: Vec::new() };
        let (unit, id) = make_unit(&self.signer, slot(device as u32, sequence), previous, &reading);
        self.heads[device] = id;
        CheckedUnit::assume_signed(unit, &GENESIS).ok()
    }
}

/// Figures of a member with so many devices, measured in this process: nothing else should have run in it.
pub fn measure_devices(devices: u32) -> Vec<Figure> {
    let figure = |name, value, unit| Figure { name, value, unit, parameter: "devices", at: devices };
    let each = f64::from(devices);
    let mut figures = Vec::new();
    // A new epoch knows heads only.
    let head = |device: u32| {
        let place = slot(device, 0);
        DeviceHead { device: place.device, incarnation: place.incarnation, sequence: place.sequence, unit: GENESIS }
    };
    let empty = resident();
    let fresh = member(1, EpochStart { anchor: None, heads: (0..devices).map(head).collect() });
    figures.push(figure("growth_memory_per_head_bytes", resident().saturating_sub(empty) as f64 / each, "B"));
    let Some(mut bench) = fresh.and_then(|_| Bench::new(devices)) else { return figures };
    let before = resident();
    bench.round(0);
    figures.push(figure("growth_memory_per_device_bytes", resident().saturating_sub(before) as f64 / each, "B"));
    bench.spent = Duration::ZERO;
    bench.round(1);
    figures.push(figure("growth_device_cpu_per_unit_us", bench.spent.as_secs_f64() * 1e6 / each, "us"));
    figures.push(figure("growth_anchored_units", bench.member.status().units as f64, ""));
    figures
}

/// The same in a process of its own, so that no memory of an earlier measurement is counted or used again.
pub fn measure_apart(devices: u32) -> io::Result<Vec<Figure>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--growth-devices", &devices.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let names = [
        ("growth_memory_per_head_bytes", "B"),
        ("growth_memory_per_device_bytes", "B"),
        ("growth_device_cpu_per_unit_us", "us"),
        ("growth_anchored_units", ""),
    ];
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let parsed = lines.filter_map(|(name, value)| {
        let (name, unit) = names.into_iter().find(|(known, _)| *known == name)?;
        Some(Figure { name, value: value.parse().ok()?, unit, parameter: "devices", at: devices })
    });
    Ok(parsed.collect())
}
