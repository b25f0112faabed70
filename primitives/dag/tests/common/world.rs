//! A network in memory: seeded delay, loss, disorder and crashes, a chain, and a Byzantine member.

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use loadstone_core::{Hash, MemberIndex, Millis};
use loadstone_dag::{
    decode_history_request, decode_history_response, decode_member_message, Admission, Anchor, AnchorLeaf, Archive,
    Certificate, CheckedUnit, CheckedWitness, Committee, Effect, Fault, HistoryRequest, HistoryResponse, Member,
    MemberConfig, MemberMessage, PersistItem, Slot, Unit, UnitGate, Witness, WitnessRef,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    build::signed_witness,
    crypto::{committee, member_key, verify, TestCrypto, GENESIS},
    device::{Device, Devices},
};

/// What is done to the network.
#[derive(Clone)]
pub struct Plan {
    pub members: u16,
    pub seed: u64,
    pub devices: u32,
    /// Devices of these numbers fork.
    pub forking: BTreeSet<u32>,
    /// This member signs two chains of witnesses.
    pub equivocator: Option<u16>,
    /// Messages lost, in percent, while the devices measure.
    pub loss: u32,
    /// Crashes during that time.
    pub crashes: u32,
    /// How long the devices measure.
    pub measure_ms: u64,
    /// Members that never start.
    pub dead: BTreeSet<u16>,
}

/// A member's disk as its archive.
struct Disk<'a>(&'a [PersistItem]);

impl Archive for Disk<'_> {
    fn witness(&self, id: &Hash) -> Option<Witness> {
        self.0.iter().find_map(|item| match item {
            PersistItem::Witness(witness, _) if witness.content.payload(&GENESIS).hash() == *id => {
                Some(witness.clone())
            }
            _ => None,
        })
    }

    fn unit(&self, id: &Hash) -> Option<Unit> {
        let units = self.0.iter().filter_map(|item| match item {
            PersistItem::Witness(_, units) => Some(units),
            _ => None,
        });
        units.flatten().find(|unit| unit.content.payload(&GENESIS).hash() == *id).cloned()
    }
}

enum Event {
    Message(u16, u16, Vec<u8>),
    Request(u16, u16, Vec<u8>),
    Response(u16, u16, Vec<u8>),
    Finalised(u16, Anchor),
    Start(u16),
}

pub struct World {
    pub plan: Plan,
    rng: ChaCha8Rng,
    pub now: u64,
    committee: Committee,
    pub members: Vec<Option<Member<TestCrypto>>>,
    disks: Vec<Vec<PersistItem>>,
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
    pub chain: Vec<Anchor>,
    pub devices: Vec<Device>,
    rivals: Vec<Unit>,
    alternative: Option<WitnessRef>,
    pub confirmed: Vec<BTreeMap<Slot, Hash>>,
    pub anchored: Vec<BTreeMap<u32, Vec<AnchorLeaf>>>,
    pub anchored_slots: BTreeSet<Slot>,
    pub evidence: Vec<Fault>,
    pub witnesses: u64,
    /// From admission at a gateway to confirmation there, in milliseconds.
    pub latencies: Vec<u64>,
    admitted: BTreeMap<(u16, Hash), u64>,
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let members = usize::from(plan.members);
        let mut world = Self {
            rng: ChaCha8Rng::seed_from_u64(plan.seed),
            now: 1_000_000,
            committee: committee(plan.members),
            members: (0..members).map(|_| None).collect(),
            disks: vec![Vec::new(); members],
            events: BTreeMap::new(),
            count: 0,
            chain: Vec::new(),
            devices: (0..plan.devices).map(|n| Device::new(n, plan.forking.contains(&n))).collect(),
            rivals: Vec::new(),
            alternative: None,
            confirmed: vec![BTreeMap::new(); members],
            anchored: vec![BTreeMap::new(); members],
            anchored_slots: BTreeSet::new(),
            evidence: Vec::new(),
            witnesses: 0,
            latencies: Vec::new(),
            admitted: BTreeMap::new(),
            plan,
        };
        for member in (0..world.plan.members).filter(|member| !world.plan.dead.contains(member)).collect::<Vec<_>>() {
            world.start(member);
        }
        world
    }

    /// Members whose words count in the verdicts.
    pub fn honest(&self) -> Vec<u16> {
        let alive = (0..self.plan.members).filter(|member| !self.plan.dead.contains(member));
        alive.filter(|member| Some(*member) != self.plan.equivocator).collect()
    }

    /// Starts a member from its disk, whether it runs or not.
    pub fn start(&mut self, member: u16) {
        // Few anchors' bodies in memory, so that history is served from disk too.
        let keep_anchors = 3;
        let config = MemberConfig::new(GENESIS, MemberIndex(member), self.committee.clone());
        let config = MemberConfig { keep_anchors, ..config };
        let disk = self.disks[usize::from(member)].clone();
        let crypto = TestCrypto(MemberIndex(member));
        self.members[usize::from(member)] = Some(Member::new(config, crypto, disk, Millis(self.now)));
    }

    /// Loses what a member wrote.
    pub fn wipe(&mut self, member: u16) {
        self.disks[usize::from(member)].clear();
    }

    /// Lets time pass, with devices measuring or not, until `until` or until everything is anchored and quiet.
    pub fn run(&mut self, until: u64, measuring: bool) {
        let crash_chance = f64::from(self.plan.crashes) / (self.plan.measure_ms as f64 / 10.0);
        while self.now < until {
            self.now += 10;
            self.deliver();
            if self.now.is_multiple_of(200) {
                self.devices_act(measuring);
            }
            if measuring && self.rng.gen_bool(crash_chance.min(1.0)) {
                self.crash();
            }
            for member in 0..self.plan.members {
                self.with(member, |m, now| m.tick(now));
                if self.now.is_multiple_of(500) {
                    self.tell_finalised(member);
                }
            }
            if !measuring && self.now.is_multiple_of(500) && self.devices.iter().all(|d| d.forks || d.kept.is_empty()) {
                return;
            }
        }
    }

    fn tell_finalised(&mut self, member: u16) {
        if let Some(anchor) = self.chain.last().cloned() {
            let delay = self.rng.gen_range(0..300);
            self.at(delay, Event::Finalised(member, anchor));
        }
    }

    fn at(&mut self, delay: u64, event: Event) {
        self.count += 1;
        self.events.insert((self.now + delay, self.count), event);
    }

    fn send(&mut self, event: Event) {
        if self.rng.gen_range(0..100) >= self.plan.loss {
            let delay = if self.rng.gen_bool(0.02) { 300 } else { self.rng.gen_range(1..40) };
            self.at(delay, event);
        }
    }

    fn crash(&mut self) {
        let member = self.rng.gen_range(0..self.plan.members);
        let down = self.members.iter().filter(|m| m.is_none()).count();
        if down == 0 && Some(member) != self.plan.equivocator {
            self.members[usize::from(member)] = None;
            let pause = self.rng.gen_range(200..2_500);
            self.at(pause, Event::Start(member));
        }
    }

    fn deliver(&mut self) {
        while self.events.first_key_value().is_some_and(|((at, _), _)| *at <= self.now) {
            let Some((_, event)) = self.events.pop_first() else { return };
            match event {
                Event::Message(from, to, bytes) => self.message(from, to, &bytes),
                Event::Request(from, to, bytes) => self.request(from, to, &bytes),
                Event::Response(from, to, bytes) => self.response(from, to, &bytes),
                Event::Finalised(to, anchor) => self.with(to, |m, now| m.on_anchor_finalised(&anchor, now)),
                Event::Start(member) => self.start(member),
            }
        }
    }

    fn message(&mut self, from: u16, to: u16, bytes: &[u8]) {
        let from = MemberIndex(from);
        match decode_member_message(bytes).expect("honest encoding") {
            MemberMessage::Witness(witness, units) => {
                let (witness, units) = self.checked(witness, units);
                self.with(to, |m, now| m.on_witness(from, witness, units, now));
            }
            MemberMessage::Propose(proposal, by, signature) => {
                self.with(to, |m, now| m.on_proposal(proposal, by, signature, now))
            }
            MemberMessage::SignAnchor(hash, by, signature) => {
                self.with(to, |m, now| m.on_anchor_signature(hash, by, signature, now))
            }
            MemberMessage::SignRecords(..) => {}
        }
    }

    fn checked(&self, witness: Witness, units: Vec<Unit>) -> (CheckedWitness, Vec<CheckedUnit>) {
        let witness = CheckedWitness::check(witness, &GENESIS, &self.committee, verify).expect("well formed");
        let check = |unit: Unit| {
            let key = super::crypto::device_key(unit.content.slot.device.0);
            CheckedUnit::check(unit, &GENESIS, &key, verify).expect("well formed")
        };
        (witness, units.into_iter().map(check).collect())
    }

    fn request(&mut self, from: u16, to: u16, bytes: &[u8]) {
        let request: HistoryRequest = decode_history_request(bytes).expect("honest encoding");
        let Some(member) = &self.members[usize::from(to)] else { return };
        let response = member.serve(&request, &Disk(&self.disks[usize::from(to)])).encode();
        self.send(Event::Response(to, from, response));
    }

    fn response(&mut self, from: u16, to: u16, bytes: &[u8]) {
        let from = MemberIndex(from);
        match decode_history_response(bytes).expect("honest encoding") {
            HistoryResponse::Witnesses(witnesses) => {
                let checked = witnesses.into_iter().map(|(witness, units)| self.checked(witness, units)).collect();
                self.with(to, |m, now| m.on_witnesses(from, checked, now));
            }
            HistoryResponse::Anchors(anchors) => self.with(to, |m, now| m.on_anchors(from, anchors, now)),
        }
    }

    fn with(&mut self, member: u16, act: impl FnOnce(&mut Member<TestCrypto>, Millis) -> Vec<Effect>) {
        let now = Millis(self.now);
        let Some(state) = &mut self.members[usize::from(member)] else { return };
        for effect in act(state, now) {
            self.carry_out(member, effect);
        }
    }

    fn carry_out(&mut self, member: u16, effect: Effect) {
        let at = usize::from(member);
        match effect {
            Effect::Persist(PersistItem::Mute) if Some(member) == self.plan.equivocator => {
                // The equivocator meets its own second chain, and shamelessly goes on.
                self.at(1, Event::Start(member));
            }
            Effect::Persist(item) => self.disks[at].push(item),
            Effect::Broadcast(message) => self.broadcast(member, message),
            Effect::Request(to, request) => self.send(Event::Request(member, to.0, request.encode())),
            Effect::Confirmed { slot, unit } => {
                let before = self.confirmed[at].insert(slot, unit);
                assert!(before.is_none() || before == Some(unit), "seed {}: {slot:?} changed", self.plan.seed);
                let now = self.now;
                self.latencies.extend(self.admitted.remove(&(member, unit)).map(|from| now - from));
            }
            Effect::SubmitAnchor(anchor, certificate) => self.submit(anchor, certificate),
            Effect::Anchored { anchor, leaves } => {
                self.anchored_slots.extend(leaves.iter().map(|leaf| leaf.slot));
                self.anchored[at].insert(anchor.number.0, leaves);
            }
            Effect::Evidence(fault) => self.evidence.push(fault),
        }
    }

    fn broadcast(&mut self, from: u16, message: MemberMessage) {
        let second = self.second_witness(from, &message);
        self.witnesses += u64::from(matches!(message, MemberMessage::Witness(..)));
        for to in (0..self.plan.members).filter(|to| *to != from) {
            let message = second.as_ref().filter(|_| to % 2 == 0).unwrap_or(&message);
            self.send(Event::Message(from, to, message.encode()));
        }
    }

    /// The equivocator's second chain: it introduces the rivals of forked units instead.
    fn second_witness(&mut self, from: u16, message: &MemberMessage) -> Option<MemberMessage> {
        let (Some(liar), MemberMessage::Witness(witness, units)) = (self.plan.equivocator, message) else {
            return None;
        };
        if liar != from {
            return None;
        }
        let mut content = witness.content.clone();
        content.previous = self.alternative.filter(|last| last.level < content.level).or(content.previous);
        let mut bodies: Vec<Unit> = Vec::new();
        for unit in units {
            let rival = self.rivals.iter().find(|rival| rival.content.slot == unit.content.slot);
            bodies.push(rival.unwrap_or(unit).clone());
        }
        content.units = bodies.iter().map(|unit| unit.content.payload(&GENESIS).hash()).collect();
        content.latest.clear();
        // A quorum may be lost with the changed previous witness: then there is no second chain here.
        let witness = signed_witness(content);
        let checked = CheckedWitness::check(witness.clone(), &GENESIS, &self.committee, verify).ok()?;
        self.alternative = Some(checked.reference());
        Some(MemberMessage::Witness(witness, bodies))
    }

    fn submit(&mut self, anchor: Anchor, certificate: Certificate) {
        let message = anchor.payload(&GENESIS);
        let signed =
            |(member, signature): &(MemberIndex, _)| verify(&member_key(member.0), message.as_bytes(), signature);
        let set: BTreeSet<MemberIndex> = certificate.iter().map(|(member, _)| *member).collect();
        assert!(certificate.iter().all(signed) && set.len() == certificate.len());
        assert!(3 * set.len() > 2 * usize::from(self.plan.members));
        let parent = self.chain.last().map(Anchor::hash).unwrap_or_default();
        if anchor.number.0 as usize == self.chain.len() + 1 && anchor.parent == parent {
            self.chain.push(anchor.clone());
            for member in 0..self.plan.members {
                // A block may finalise several anchors: a member hears of the newest only.
                if self.rng.gen_ratio(1, 3) {
                    continue;
                }
                let delay = self.rng.gen_range(100..500);
                self.at(delay, Event::Finalised(member, anchor.clone()));
            }
        }
    }

    fn devices_act(&mut self, measuring: bool) {
        for number in 0..self.devices.len() {
            let watts = self.rng.gen_range(0..90_000);
            self.devices[number].forget_anchored(&self.anchored_slots);
            if measuring {
                if let Some(rival) = self.devices[number].measure(watts) {
                    self.rivals.push(rival.clone());
                    let gateway = self.rng.gen_range(0..self.plan.members);
                    self.hand_in(gateway, vec![rival]);
                }
            }
            let gateway = self.rng.gen_range(0..self.plan.members);
            let units = self.devices[number].kept.values().cloned().collect();
            self.hand_in(gateway, units);
        }
    }

    fn hand_in(&mut self, gateway: u16, units: Vec<Unit>) {
        let Some(member) = &self.members[usize::from(gateway)] else { return };
        let devices = Devices(self.plan.devices);
        let answers = UnitGate::new(GENESIS, &devices, member)
            .admit_all(units, |messages| messages.iter().map(|(key, message, s)| verify(key, message, s)).collect());
        let new: Vec<CheckedUnit> = answers
            .into_iter()
            .filter_map(|(_, answer)| match answer {
                Ok(Admission::New(unit)) => Some(unit),
                _ => None,
            })
            .collect();
        for unit in &new {
            self.admitted.insert((gateway, unit.id()), self.now);
        }
        self.with(gateway, |m, now| m.introduce(new, now));
    }
}
