//! A unit that an equivocator brings in a branch which nobody follows is introduced again.

mod common;

use common::{
    build::{content, slot, unit, witness},
    crypto::{committee, device_key, verify, TestCrypto, GENESIS},
};
use loadstone_core::{DeviceId, Hash, Incarnation, MemberIndex, Millis, Watts};
use loadstone_dag::{
    Admission, CheckedUnit, CheckedWitness, DeviceChains, DeviceDirectory, DeviceInfo, Effect, EpochStart, Member,
    MemberConfig, MemberMessage, UnitGate, WitnessContent,
};

const START: Millis = Millis(1_000);
const ME: u16 = 6;

/// Every device is registered.
struct Registry;

impl DeviceDirectory for Registry {
    fn device(&self, id: DeviceId) -> Option<DeviceInfo> {
        let (key, incarnation, revoked) = (device_key(id.0), Incarnation(0), false);
        Some(DeviceInfo { key, incarnation, revoked, load_min: Watts(0), load_max: Watts(10) })
    }
}

/// Member 6 of seven between the others' witnesses. Members 0 and 1 are in league.
struct Stage {
    member: Member<TestCrypto>,
    now: Millis,
    /// The newest witness of each other member, and ours.
    tips: Vec<CheckedWitness>,
    introduced: Vec<Hash>,
}

impl Stage {
    fn new() -> Self {
        let config = MemberConfig::new(GENESIS, MemberIndex(ME), committee(7));
        let member = Member::new(config, TestCrypto(MemberIndex(ME)), EpochStart::default(), [], START);
        let mut stage = Self { member, now: START, tips: Vec::new(), introduced: Vec::new() };
        for peer in 0..ME {
            stage.act(|m, now| m.on_witnesses(MemberIndex(peer), Vec::new(), now));
        }
        stage
    }

    fn act(&mut self, input: impl FnOnce(&mut Member<TestCrypto>, Millis) -> Vec<Effect>) {
        for effect in input(&mut self.member, self.now) {
            if let Effect::Broadcast(MemberMessage::Witness(own, units)) = effect {
                self.introduced.extend(&own.content.units);
                let own = witness(own.content, &committee(7));
                assert_eq!(units.len(), own.witness().content.units.len());
                self.tips.retain(|tip| tip.reference().member.0 != ME);
                self.tips.push(own);
            }
        }
    }

    fn tell(&mut self, content: WitnessContent, units: &[&CheckedUnit]) -> CheckedWitness {
        let mut content = content;
        content.units = units.iter().map(|unit| unit.id()).collect();
        let made = witness(content, &committee(7));
        let units = units.iter().map(|unit| (*unit).clone()).collect();
        self.act(|m, now| m.on_witness(made.reference().member, made.clone(), units, now));
        made
    }

    /// The other members from `first` on each make a witness on all the newest ones; ours follows.
    fn level(&mut self, first: u16, level: u32) {
        let below: Vec<_> = self.tips.iter().filter(|tip| tip.reference().level.0 + 1 == level).cloned().collect();
        self.pass(50);
        for member in first..ME {
            let previous = self.tips.iter().find(|tip| tip.reference().member.0 == member).cloned();
            let parents: Vec<_> = below.iter().filter(|tip| tip.reference().member.0 != member).collect();
            let made = self.tell(content(member, level, previous.as_ref(), &parents), &[]);
            self.tips.retain(|tip| tip.reference().member.0 != member);
            self.tips.insert(0, made);
        }
        self.tips.sort_by_key(|tip| tip.reference().member);
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.after(ms);
        self.act(Member::tick);
    }

    /// What the gateway takes for new when it gets the unit twice.
    fn knock(&self, unit: &CheckedUnit) -> Vec<CheckedUnit> {
        let twice = vec![unit.unit().clone(); 2];
        let gate = UnitGate::new(GENESIS, &Registry, &self.member);
        let answers = gate.admit_all(twice, |messages| messages.iter().map(|(k, m, s)| verify(k, m, s)).collect());
        let new = answers.into_iter().filter_map(|(_, answer)| match answer.expect("taken in") {
            Admission::New(unit) => Some(unit),
            Admission::Known(_) => None,
        });
        new.collect()
    }

    fn of(&self, members: std::ops::Range<u16>) -> Vec<&CheckedWitness> {
        self.tips.iter().filter(|tip| members.contains(&tip.reference().member.0)).collect()
    }
}

/// The stage just after an equivocator's branch with `reading` was taken in, and another took its place.
fn strand(queued: &CheckedUnit, reading: &CheckedUnit) -> Stage {
    let mut stage = Stage::new();
    stage.level(0, 1);
    let below_branch: Vec<CheckedWitness> = stage.of(1..7).into_iter().cloned().collect();
    let liar = stage.tips[0].clone();
    stage.level(1, 2);
    let below_other: Vec<CheckedWitness> = stage.of(1..7).into_iter().cloned().collect();
    stage.level(1, 3);
    // Member 0's witness of level 2 brings the unit; its other one skips that level, and its friend names it.
    stage.act(|m, now| m.introduce(vec![queued.clone()], now));
    let parents: Vec<_> = below_branch.iter().collect();
    stage.tell(content(0, 2, Some(&liar), &parents), &[reading]);
    let parents: Vec<_> = below_other.iter().collect();
    let other = witness(content(0, 3, Some(&liar), &parents), &committee(7));
    let friend = stage.of(1..2)[0].clone();
    let honest: Vec<CheckedWitness> = stage.of(2..7).into_iter().cloned().collect();
    let parents: Vec<_> = std::iter::once(&other).chain(&honest).collect();
    stage.tell(content(1, 4, Some(&friend), &parents), &[]);
    stage.act(|m, now| m.on_witnesses(MemberIndex(1), vec![(other, Vec::new())], now));
    assert_eq!(stage.member.status().pending, 0);
    assert!(stage.introduced.is_empty());
    stage
}

#[test]
fn a_unit_in_a_branch_that_nobody_follows_is_introduced_by_its_gateway() {
    // GIVEN a unit in the queue, which an equivocator brought in a branch that another took the place of
    let reading = unit(1, 0, Hash::zero(), 5);
    let mut stage = strand(&reading, &reading);
    // WHEN our next witness does not reach it
    stage.level(2, 4);
    assert_eq!(stage.introduced, vec![]);
    // THEN the one after that introduces it, and none later
    stage.level(2, 5);
    assert_eq!(stage.introduced, vec![reading.id()]);
    stage.level(2, 6);
    stage.level(2, 7);
    assert_eq!(stage.introduced, vec![reading.id()]);
    assert!(!stage.member.is_stranded(&slot(1, 0), &reading.id()));
}

#[test]
fn the_door_takes_a_stranded_unit_in_again() {
    // GIVEN the same before the gateway got the unit
    let reading = unit(1, 0, Hash::zero(), 5);
    let mut stage = strand(&unit(2, 0, Hash::zero(), 5), &reading);
    stage.level(2, 4);
    // WHEN its device brings it, twice in a frame THEN one is as good as new
    let new = stage.knock(&reading);
    assert_eq!(new, vec![reading.clone()]);
    // AND once it is handed in, it is known, and introduced
    stage.act(|m, now| m.introduce(new, now));
    assert_eq!(stage.knock(&reading), vec![]);
    stage.level(2, 5);
    assert!(stage.introduced.contains(&reading.id()));
}

#[test]
fn what_another_brings_is_not_introduced_again() {
    // GIVEN a unit in the queue that another member brings in a witness that ours reaches
    let reading = unit(1, 0, Hash::zero(), 5);
    let mut stage = Stage::new();
    stage.level(0, 1);
    stage.act(|m, now| m.introduce(vec![reading.clone()], now));
    let (own, others) = (stage.of(0..1)[0].clone(), stage.of(1..7).into_iter().cloned().collect::<Vec<_>>());
    let parents: Vec<_> = others.iter().collect();
    stage.tips[0] = stage.tell(content(0, 2, Some(&own), &parents), &[&reading]);
    // WHEN we witness on THEN we don't introduce it, and the door knows it
    for level in 2..5 {
        stage.level(1, level);
        assert!(!stage.member.is_stranded(&slot(1, 0), &reading.id()));
    }
    assert_eq!(stage.introduced, vec![]);
}
