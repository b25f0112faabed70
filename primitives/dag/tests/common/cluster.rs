//! A committee on a network without faults, under a chain that finalises an anchor as soon as it is certified.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loadstone_core::{Hash, MemberIndex, Millis};
use loadstone_dag::{
    Anchor, AnchorLeaf, CheckedUnit, CheckedWitness, Committee, Effect, EpochStart, Fault, HistoryResponse, Member,
    MemberConfig, MemberMessage, PersistItem, Unit, Witness,
};

use super::crypto::{committee, device_key, verify, TestCrypto, GENESIS};

pub struct Cluster {
    pub epoch: u32,
    pub start: EpochStart,
    pub committee: Committee,
    pub members: Vec<Option<Member<TestCrypto>>>,
    pub journals: Vec<Vec<PersistItem>>,
    pub now: Millis,
    mail: VecDeque<(usize, MemberMessage)>,
    /// All that was broadcast.
    pub sent: Vec<MemberMessage>,
    /// Members that the chain has told of its closing the epoch.
    pub closing: BTreeSet<usize>,
    /// Anchors of this epoch.
    pub chain: Vec<Anchor>,
    pub confirmed: BTreeSet<Hash>,
    /// Leaves by anchor number, the same for every member.
    pub anchored: BTreeMap<u32, Vec<AnchorLeaf>>,
    pub closed: BTreeMap<usize, EpochStart>,
    pub evidence: Vec<Fault>,
}

impl Cluster {
    pub fn new(members: u16) -> Self {
        Self::of_epoch(members, 0, EpochStart::default(), Millis(1_000_000))
    }

    pub fn of_epoch(members: u16, epoch: u32, start: EpochStart, now: Millis) -> Self {
        let size = usize::from(members);
        let mut cluster = Self {
            epoch,
            start,
            committee: committee(members),
            members: (0..size).map(|_| None).collect(),
            journals: vec![Vec::new(); size],
            now,
            mail: VecDeque::new(),
            sent: Vec::new(),
            closing: BTreeSet::new(),
            chain: Vec::new(),
            confirmed: BTreeSet::new(),
            anchored: BTreeMap::new(),
            closed: BTreeMap::new(),
            evidence: Vec::new(),
        };
        (0..size).for_each(|member| cluster.restart(member));
        cluster
    }

    pub fn config(&self, member: usize) -> MemberConfig {
        let config = MemberConfig::new(GENESIS, MemberIndex(member as u16), self.committee.clone());
        MemberConfig { epoch: self.epoch, ..config }
    }

    /// Starts a member from its journal.
    pub fn restart(&mut self, member: usize) {
        let crypto = TestCrypto(MemberIndex(member as u16));
        let journal = self.journals[member].clone();
        self.members[member] = Some(Member::new(self.config(member), crypto, self.start.clone(), journal, self.now));
    }

    pub fn member(&self, member: usize) -> &Member<TestCrypto> {
        self.members[member].as_ref().expect("runs")
    }

    pub fn act(&mut self, at: usize, input: impl FnOnce(&mut Member<TestCrypto>, Millis) -> Vec<Effect>) {
        let Some(member) = &mut self.members[at] else { return };
        for effect in input(member, self.now) {
            self.carry_out(at, effect);
        }
    }

    fn carry_out(&mut self, at: usize, effect: Effect) {
        match effect {
            Effect::Persist(item) => self.journals[at].push(item),
            Effect::Broadcast(message) => {
                self.assert_kept(at, &message);
                self.sent.push(message.clone());
                self.mail.push_back((at, message));
            }
            Effect::Request(to, request) => {
                let Some(asked) = &self.members[usize::from(to.0)] else { return };
                match asked.serve(&request, &()) {
                    HistoryResponse::Witnesses(witnesses) => {
                        let checked = witnesses.into_iter().map(|(w, units)| self.checked(w, units)).collect();
                        self.act(at, |m, now| m.on_witnesses(to, checked, now));
                    }
                    HistoryResponse::Anchors(anchors) => self.act(at, |m, now| m.on_anchors(to, anchors, now)),
                    _ => {}
                }
            }
            Effect::Confirmed { unit, .. } => {
                self.confirmed.insert(unit);
            }
            Effect::SubmitAnchor(anchor, _) => self.submit(anchor),
            Effect::Anchored { anchor, leaves } => {
                let known = self.anchored.entry(anchor.number.0).or_insert_with(|| leaves.clone());
                assert_eq!(*known, leaves, "anchor {} differs", anchor.number);
            }
            Effect::Closed { anchor, heads } => {
                let start = EpochStart { anchor: Some(anchor), heads };
                assert!(start.is_sound());
                self.closed.insert(at, start);
            }
            Effect::Evidence(fault) => self.evidence.push(fault),
        }
    }

    /// What a member signs for the chain was written before.
    fn assert_kept(&self, at: usize, message: &MemberMessage) {
        let signed = match message {
            MemberMessage::Propose(proposal, ..) => proposal.anchor.hash(),
            MemberMessage::SignAnchor(hash, ..) => *hash,
            _ => return,
        };
        let is_it = |item: &PersistItem| matches!(item, PersistItem::Candidate(kept) if kept.anchor.hash() == signed);
        assert!(self.journals[at].iter().any(is_it), "member {at} signs what it may forget");
    }

    fn submit(&mut self, anchor: Anchor) {
        let last = self.chain.last().or(self.start.anchor.as_ref());
        let next = last.map(|last| (last.hash(), last.number.0 + 1)).unwrap_or((Hash::zero(), 1));
        let is_closed = self.chain.last().is_some_and(Anchor::closes_epoch);
        if (anchor.parent, anchor.number.0) == next && !is_closed {
            self.chain.push(anchor);
        }
    }

    pub fn checked(&self, witness: Witness, units: Vec<Unit>) -> (CheckedWitness, Vec<CheckedUnit>) {
        let check = |unit: Unit| {
            let key = device_key(unit.content.slot.device.0);
            CheckedUnit::check(unit, &GENESIS, &key, verify).expect("well formed")
        };
        let witness = CheckedWitness::check(witness, &GENESIS, &self.committee, verify).expect("well formed");
        (witness, units.into_iter().map(check).collect())
    }

    fn deliver(&mut self) {
        while let Some((from, message)) = self.mail.pop_front() {
            for to in (0..self.members.len()).filter(|to| *to != from) {
                match message.clone() {
                    MemberMessage::Witness(witness, units) => {
                        let (witness, units) = self.checked(witness, units);
                        let author = witness.reference().member;
                        self.act(to, |m, now| m.on_witness(author, witness, units, now));
                    }
                    MemberMessage::Propose(proposal, by, signature) => {
                        self.act(to, |m, now| m.on_proposal(proposal, by, signature, now));
                    }
                    MemberMessage::SignAnchor(hash, by, signature) => {
                        self.act(to, |m, now| m.on_anchor_signature(hash, by, signature, now));
                    }
                    MemberMessage::SignRecords(..) => {}
                }
            }
        }
    }

    /// Lets time pass in steps of ten milliseconds.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now = self.now.after(10);
            let newest = self.chain.last().cloned();
            for member in 0..self.members.len() {
                if self.closing.contains(&member) {
                    self.act(member, |m, now| m.close(now));
                }
                if let Some(anchor) = newest.clone() {
                    self.act(member, |m, now| m.on_anchor_finalised(&anchor, now));
                }
                self.act(member, |m, now| m.tick(now));
            }
            self.deliver();
        }
    }

    /// All members hear that the chain closes the epoch.
    pub fn close(&mut self) {
        self.closing = (0..self.members.len()).collect();
    }

    pub fn anchored_units(&self) -> Vec<Hash> {
        self.anchored.values().flatten().map(|leaf| leaf.unit).collect()
    }

    /// The next epoch, with a committee of the same size; each member brings what the epoch left over.
    pub fn next_epoch(self) -> Self {
        let start = self.closed.values().next().cloned().expect("some member closed the epoch");
        assert!(self.closed.values().all(|other| *other == start), "members start from different heads");
        let size = self.members.len() as u16;
        let mut next = Self::of_epoch(size, self.epoch + 1, start, self.now);
        for (at, member) in self.members.into_iter().enumerate() {
            let leftover = member.map(Member::into_leftover).unwrap_or_default();
            next.act(at, |m, now| m.introduce(leftover, now));
        }
        next
    }
}
