//! The accepted graph with everything that follows from it: votes, certification, confirmation.

mod anchored;
mod chains;
mod open;

use alloc::{collections::BTreeMap, vec, vec::Vec};

use loadstone_core::{Level, MemberIndex};

use self::{chains::Chains, open::OpenUnits};
use crate::{
    graph::{Ballots, BitSet, Graph, History, Marks, NodeId, UnitId},
    Committee, EpochStart, MemberSet, WitnessRef,
};

pub(super) use self::anchored::Extension;

/// Levels below the highest for which witnesses are found by level.
const LEVEL_WINDOW: usize = 1_024;

pub(super) struct Ledger {
    pub graph: Graph,
    pub committee: Committee,
    chains: Chains,
    /// Each member's witnesses in order of acceptance.
    by_member: Vec<Vec<NodeId>>,
    /// Each member's witness of the highest level, the first accepted of its level.
    newest: Vec<Option<NodeId>>,
    /// Each member's final witness, the first accepted.
    finals: Vec<Option<NodeId>>,
    by_level: BTreeMap<Level, BTreeMap<MemberIndex, NodeId>>,
    /// Votes of all accepted witnesses.
    all: History,
    /// Whose chains certify which units: those of more than two thirds of the weight confirm a unit.
    certifiers: Ballots,
    /// Units whose slot an anchor holds.
    settled: BitSet,
    open: OpenUnits,
    /// Number of units certified by all accepted witnesses whose slot no anchor holds.
    unanchored: usize,
    /// The anchored history: the past of all anchors.
    anchored: History,
    progress: u64,
}

impl Ledger {
    pub fn new(committee: Committee, start: &EpochStart) -> Self {
        let members = usize::from(committee.size());
        Self {
            graph: Graph::new(start),
            chains: Chains::new(members),
            by_member: vec![Vec::new(); members],
            newest: vec![None; members],
            finals: vec![None; members],
            by_level: BTreeMap::new(),
            all: History::new(&committee),
            certifiers: Ballots::new(&committee),
            settled: BitSet::default(),
            open: OpenUnits::default(),
            unanchored: 0,
            anchored: History::new(&committee),
            progress: 0,
            committee,
        }
    }

    /// Takes note of a unit just put in the graph.
    pub fn note_unit(&mut self, unit: UnitId) {
        if self.graph.units.places.is_settled(self.graph.units.entry(unit).slot) {
            self.settled.insert(unit);
        }
    }

    /// Follows up on a witness just put in the graph: its votes, what they certify. Returns what is now confirmed.
    pub fn follow(&mut self, node: NodeId) -> Vec<UnitId> {
        let Some(reference) = self.graph.node(node).witness_ref else { return Vec::new() };
        let certified = self.chains.extend(&mut self.graph, &self.committee, node, reference.member);
        self.note_place(node, reference);
        self.note_votes(node);
        certified.iter().flat_map(|units| self.note_certified(units, reference.member)).collect()
    }

    fn note_place(&mut self, node: NodeId, reference: WitnessRef) {
        let at = usize::from(reference.member.0);
        self.by_member[at].push(node);
        let higher = |old: NodeId| self.graph.node(old).witness_ref.is_some_and(|r| r.level >= reference.level);
        if !self.newest[at].is_some_and(higher) {
            self.newest[at] = Some(node);
        }
        if self.graph.node(node).last {
            self.finals[at].get_or_insert(node);
        }
        self.by_level.entry(reference.level).or_default().entry(reference.member).or_insert(node);
        while self.by_level.len() > LEVEL_WINDOW {
            self.by_level.pop_first();
        }
    }

    fn note_votes(&mut self, node: NodeId) {
        let certified = self.all.count(&self.graph, &self.committee, node);
        let votes = &self.graph.node(node).votes;
        self.progress += votes.len() as u64;
        for (block, mask) in votes.blocks() {
            self.open.insert(block, mask & !self.certifiers.settled(block) & !self.settled.block(block));
        }
        let unsettled = certified.blocks().map(|(block, mask)| (mask & !self.settled.block(block)).count_ones());
        self.unanchored += unsettled.sum::<u32>() as usize;
    }

    /// The member's chain certifies these units; returns those that are confirmed thereby.
    fn note_certified(&mut self, units: &Marks, author: MemberIndex) -> Vec<UnitId> {
        self.progress += units.len() as u64;
        let confirmed = self.certifiers.add(&self.committee, author, units);
        confirmed.blocks().for_each(|(block, mask)| self.open.remove(block, mask));
        confirmed.numbers().collect()
    }

    pub fn is_confirmed(&self, unit: UnitId) -> bool {
        self.certifiers.is_settled(unit)
    }

    pub fn newest(&self, member: MemberIndex) -> Option<NodeId> {
        self.newest.get(usize::from(member.0)).copied().flatten()
    }

    pub fn newest_ref(&self, member: MemberIndex) -> Option<WitnessRef> {
        self.graph.node(self.newest(member)?).witness_ref
    }

    /// The member's final witness of the epoch, if it is held.
    pub fn final_of(&self, member: MemberIndex) -> Option<NodeId> {
        self.finals.get(usize::from(member.0)).copied().flatten()
    }

    /// All final witnesses held, one a member, in rising order of member.
    pub fn finals(&self) -> Vec<WitnessRef> {
        self.finals.iter().filter_map(|node| self.graph.node((*node)?).witness_ref).collect()
    }

    pub fn witnesses_of(&self, member: MemberIndex) -> &[NodeId] {
        self.by_member.get(usize::from(member.0)).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn at_level(&self, level: Level) -> Option<&BTreeMap<MemberIndex, NodeId>> {
        self.by_level.get(&level)
    }

    pub fn top_level(&self) -> Level {
        self.by_level.last_key_value().map(|(level, _)| *level).unwrap_or_default()
    }

    /// The highest level from `least` on at which witnesses of more than two thirds of the weight are held.
    pub fn highest_quorum(&self, least: Level) -> Option<Level> {
        let held = |members: &BTreeMap<MemberIndex, NodeId>| {
            members.keys().fold(MemberSet::default(), |set, member| set.with(MemberSet::of(*member)))
        };
        let mut levels = self.by_level.range(least..).rev();
        levels.find(|(_, members)| self.committee.is_quorum(held(members))).map(|(level, _)| *level)
    }

    /// Whether the chain that ends in `tip` has `node` in its past; `false` when that is not at hand.
    pub fn reaches(&self, tip: NodeId, node: NodeId) -> bool {
        let author = self.graph.author(tip);
        author.is_some_and(|author| self.chains.reaches(author, tip, node))
    }

    /// Whether the member's newest witness has a witness in its past that introduces the unit.
    pub fn has_seen(&self, member: MemberIndex, unit: UnitId) -> bool {
        self.newest(member).is_some_and(|tip| self.chains.has_seen(member, tip, unit))
    }

    /// Whether nothing extends the chain beyond this witness, as far as is held.
    pub fn is_tip(&self, member: MemberIndex, node: NodeId) -> bool {
        self.chains.is_tip(member, node)
    }

    /// Keeps more of this member's chain at hand from now on: it forked, and may do so again.
    pub fn note_fork(&mut self, member: MemberIndex) {
        self.chains.note_fork(member);
    }

    /// Grows with every vote, certificate and anchored unit.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    pub fn open_units(&self) -> usize {
        self.open.len()
    }
}
