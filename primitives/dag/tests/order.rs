//! What follows from a graph follows from the graph alone, not from the order in which it was taken in.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{
    build::{content, references, unit, witness},
    crypto::{member_key, TestCrypto, GENESIS},
};
use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis};
use loadstone_dag::{
    Anchor, AnchorProposal, CheckedUnit, CheckedWitness, Committee, Effect, EpochStart, Member, MemberConfig,
    MemberMessage,
};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Members 0 to 3 write the graph; 4 and 5, who weigh next to nothing, read it.
fn unequal_committee() -> Committee {
    let weight = |member: u16| if member < 4 { 10 } else { 1 };
    Committee::new((0..6).map(|member| (member_key(member), weight(member))).collect()).expect("weights are small")
}

type Entry = (CheckedWitness, Vec<CheckedUnit>);

/// Writes a graph at random: gaps, forked devices, units introduced twice, old and new base anchors.
struct Writer {
    rng: ChaCha8Rng,
    committee: Committee,
    tips: [Option<CheckedWitness>; 4],
    by_level: BTreeMap<u32, BTreeMap<u16, CheckedWitness>>,
    pool: Vec<CheckedUnit>,
    finalised: u32,
}

impl Writer {
    fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            committee: unequal_committee(),
            tips: [const { None }; 4],
            by_level: BTreeMap::new(),
            pool: Vec::new(),
            finalised: 0,
        }
    }

    fn next_unit(&mut self) -> CheckedUnit {
        let device = self.rng.gen_range(0..6);
        let known: Vec<&CheckedUnit> =
            self.pool.iter().filter(|unit| unit.unit().content.slot.device.0 == device).collect();
        let made = match known.choose(&mut self.rng) {
            Some(again) if self.rng.gen_bool(0.1) => (*again).clone(),
            Some(before) => {
                // Mostly the newest is built on; now and then another, which forks the device.
                let before = if self.rng.gen_bool(0.8) { known[known.len() - 1] } else { before };
                let gap = self.rng.gen_bool(0.05);
                let previous = if gap { Hash::repeat_byte(1) } else { before.id() };
                unit(device, before.unit().content.slot.sequence.0 + 1, previous, self.rng.gen_range(0..3))
            }
            None => unit(device, 0, Hash::zero(), 5),
        };
        self.pool.push(made.clone());
        made
    }

    fn next_witness(&mut self) -> Option<Entry> {
        let author = self.rng.gen_range(0..4u16);
        let own = self.tips[usize::from(author)].clone();
        let last = own.as_ref().map(|own| own.reference().level.0).unwrap_or_default();
        let below = self.by_level.iter().rev().find(|(level, at)| **level >= last.max(1) && at.len() >= 3);
        let (level, parents) = match below {
            Some((level, at)) => (level + 1, at.values().filter(|w| w.reference().member.0 != author).collect()),
            None if last == 0 => (1, Vec::new()),
            None => return None,
        };
        let newest = self.tips.iter().flatten().filter(|tip| tip.reference().member.0 != author);
        let latest: Vec<_> = newest.filter(|tip| !parents.contains(tip) && self.rng.gen_bool(0.7)).collect();
        let mut content = content(author, level, own.as_ref(), &parents);
        content.latest = references(&latest);
        let base = own.as_ref().map(|own| own.witness().content.base.0).unwrap_or_default();
        content.base = AnchorNumber(self.rng.gen_range(base..=self.finalised));
        let units: BTreeMap<Hash, CheckedUnit> =
            (0..self.rng.gen_range(0..4)).map(|_| self.next_unit()).map(|unit| (unit.id(), unit)).collect();
        content.units = units.keys().copied().collect();
        let made = witness(content, &self.committee);
        self.tips[usize::from(author)] = Some(made.clone());
        self.by_level.entry(level).or_default().insert(author, made.clone());
        Some((made, units.into_values().collect()))
    }
}

struct Reader {
    member: Member<TestCrypto>,
    now: Millis,
    confirmed: BTreeSet<Hash>,
    anchored: Vec<Hash>,
}

impl Reader {
    fn new(index: u16) -> Self {
        let config = MemberConfig::new(GENESIS, MemberIndex(index), unequal_committee());
        let now = Millis(1_000);
        let member = Member::new(config, TestCrypto(MemberIndex(index)), EpochStart::default(), [], now);
        Self { member, now, confirmed: BTreeSet::new(), anchored: Vec::new() }
    }

    fn act(&mut self, input: impl FnOnce(&mut Member<TestCrypto>, Millis) -> Vec<Effect>) -> Vec<MemberMessage> {
        let mut sent = Vec::new();
        for effect in input(&mut self.member, self.now) {
            match effect {
                Effect::Confirmed { unit, .. } => assert!(self.confirmed.insert(unit), "confirmed twice"),
                Effect::Anchored { leaves, .. } => self.anchored.extend(leaves.iter().map(|leaf| leaf.unit)),
                Effect::Broadcast(message) => sent.push(message),
                _ => {}
            }
        }
        sent
    }

    fn read(&mut self, entries: &[Entry]) {
        for (witness, units) in entries {
            self.act(|m, now| m.on_witness(MemberIndex(0), witness.clone(), units.clone(), now));
        }
    }

    /// Lets time pass until it proposes an anchor.
    fn proposal(&mut self) -> Option<(AnchorProposal, loadstone_core::Signature)> {
        for _ in 0..2_000 {
            self.now = self.now.after(10);
            for message in self.act(|m, now| m.tick(now)) {
                if let MemberMessage::Propose(proposal, _, signature) = message {
                    return Some((proposal, signature));
                }
            }
        }
        None
    }

    fn finalise(&mut self, anchor: &Anchor) {
        self.act(|m, now| m.on_anchor_finalised(anchor, now));
        assert_eq!(self.member.status().anchor, anchor.number);
    }
}

#[test]
fn two_members_that_take_in_the_same_in_any_order_conclude_the_same() {
    let (mut anchors, mut units) = (0, 0);
    for seed in 0..150 {
        let mut writer = Writer::new(seed);
        let (mut one, mut other) = (Reader::new(4), Reader::new(5));
        let mut held_back: Vec<Entry> = Vec::new();
        for _ in 0..6 {
            // GIVEN the next part of a graph, which the second reader gets in another order
            let part: Vec<Entry> = (0..40).filter_map(|_| writer.next_witness()).collect();
            one.read(&part);
            held_back.extend(part);
            held_back.shuffle(&mut writer.rng);
            other.read(&held_back);
            held_back.clear();
            // THEN both hold all of it and have the same confirmed
            assert_eq!(one.member.status().witnesses, other.member.status().witnesses, "seed {seed}");
            assert_eq!(one.confirmed, other.confirmed, "seed {seed}");
            // AND one signs what the other proposes
            let Some((proposal, signature)) = one.proposal() else { continue };
            other.now = one.now;
            let answers = other.act(|m, now| m.on_proposal(proposal.clone(), MemberIndex(4), signature, now));
            let signed = |message: &MemberMessage| matches!(message, MemberMessage::SignAnchor(..));
            assert!(answers.iter().any(signed), "seed {seed}: anchor {}", proposal.anchor.number);
            // WHEN the anchor is final, now or for the second after it has read what builds on it
            one.finalise(&proposal.anchor);
            writer.finalised += 1;
            if writer.rng.gen_bool(0.5) {
                other.finalise(&proposal.anchor);
            } else {
                let more: Vec<Entry> = (0..20).filter_map(|_| writer.next_witness()).collect();
                one.read(&more);
                held_back.extend(more);
                held_back.shuffle(&mut writer.rng);
                other.read(&held_back);
                held_back.clear();
                other.finalise(&proposal.anchor);
            }
            assert_eq!(one.anchored, other.anchored, "seed {seed}");
            anchors += 1;
        }
        units += one.anchored.len();
    }
    println!("{anchors} anchors, {units} units");
    assert!(anchors > 400 && units > 5_000);
}
