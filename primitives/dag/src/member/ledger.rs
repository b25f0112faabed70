//! The accepted graph with everything that follows from it: votes, certification, confirmation.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};

use loadstone_core::{Level, MemberIndex};

use crate::{
    graph::{BitSet, ChainState, Graph, History, NodeId, UnitId},
    AnchorProposal, Committee, MemberSet, WitnessRef,
};

/// Chain tips kept for one member. An honest member has one; a fork's branch beyond these is computed anew.
const MAX_TIPS: usize = 4;

/// Levels below the highest for which witnesses are found by level.
const LEVEL_WINDOW: u32 = 1_024;

/// Unanchored predecessors looked at before a chain is given up as too long to judge.
const MAX_WALK: usize = 256;

/// What an anchor adds.
pub(super) struct Extension {
    history: History,
    nodes: Vec<NodeId>,
    /// In rising order of slot.
    pub leaves: Vec<UnitId>,
}

pub(super) struct Ledger {
    pub graph: Graph,
    pub committee: Committee,
    /// State at the tips of each member's chain.
    tips: Vec<BTreeMap<NodeId, ChainState>>,
    /// Each member's witnesses in order of acceptance.
    by_member: Vec<Vec<NodeId>>,
    /// Each member's witness of the highest level, the first accepted of its level.
    newest: Vec<Option<NodeId>>,
    by_level: BTreeMap<Level, BTreeMap<MemberIndex, NodeId>>,
    /// Votes of all accepted witnesses.
    all: History,
    /// Members whose chains certify a unit that is not confirmed yet.
    certifiers: BTreeMap<UnitId, MemberSet>,
    confirmed: BitSet,
    /// Units with votes that are neither confirmed nor settled by an anchor.
    open: BTreeSet<UnitId>,
    /// Units certified by all accepted witnesses whose slot no anchor holds.
    unanchored: BTreeSet<UnitId>,
    /// The anchored history: the past of all anchors.
    anchored: History,
    progress: u64,
}

impl Ledger {
    pub fn new(committee: Committee) -> Self {
        let members = usize::from(committee.size());
        Self {
            graph: Graph::default(),
            committee,
            tips: vec![BTreeMap::new(); members],
            by_member: vec![Vec::new(); members],
            newest: vec![None; members],
            by_level: BTreeMap::new(),
            all: History::default(),
            certifiers: BTreeMap::new(),
            confirmed: BitSet::default(),
            open: BTreeSet::new(),
            unanchored: BTreeSet::new(),
            anchored: History::default(),
            progress: 0,
        }
    }

    /// Follows up on a witness just put in the graph: its votes, what they certify, what is now confirmed.
    pub fn follow(&mut self, node: NodeId) -> Vec<UnitId> {
        let Some(reference) = self.graph.node(node).witness_ref else { return Vec::new() };
        let mut state = self.state_at(self.graph.node(node).previous, reference.member);
        let mut certified = self.extend(&mut state, node);
        self.note_place(node, reference);
        self.note_votes(node);
        self.keep_tip(reference.member, node, state);
        let author = MemberSet::of(reference.member);
        certified.retain(|unit| self.note_certifier(*unit, author));
        certified
    }

    /// State of the member's chain at `previous`: kept, or computed anew from the chain's beginning.
    fn state_at(&mut self, previous: Option<NodeId>, member: MemberIndex) -> ChainState {
        let Some(tip) = previous else { return ChainState::default() };
        if let Some(state) = self.tips[usize::from(member.0)].remove(&tip) {
            return state;
        }
        let mut chain = vec![tip];
        while let Some(before) = chain.last().and_then(|node| self.graph.node(*node).previous) {
            chain.push(before);
        }
        let mut state = ChainState::default();
        for node in chain.into_iter().rev() {
            self.extend(&mut state, node);
        }
        state
    }

    fn extend(&mut self, state: &mut ChainState, node: NodeId) -> Vec<UnitId> {
        let (votes, mut certified) = state.cast(&self.graph, &self.committee, node);
        self.graph.nodes[node as usize].votes = votes;
        certified.extend(state.history.count(&self.graph, &self.committee, node));
        certified
    }

    fn keep_tip(&mut self, member: MemberIndex, node: NodeId, state: ChainState) {
        let tips = &mut self.tips[usize::from(member.0)];
        tips.insert(node, state);
        while tips.len() > MAX_TIPS {
            tips.pop_first();
        }
    }

    fn note_place(&mut self, node: NodeId, reference: WitnessRef) {
        let at = usize::from(reference.member.0);
        self.by_member[at].push(node);
        let higher = |old: NodeId| self.graph.node(old).witness_ref.is_some_and(|r| r.level >= reference.level);
        if !self.newest[at].is_some_and(higher) {
            self.newest[at] = Some(node);
        }
        self.by_level.entry(reference.level).or_default().entry(reference.member).or_insert(node);
        while self.by_level.len() > LEVEL_WINDOW as usize {
            self.by_level.pop_first();
        }
    }

    fn note_votes(&mut self, node: NodeId) {
        let certified = self.all.count(&self.graph, &self.committee, node);
        let votes = &self.graph.node(node).votes;
        self.progress += votes.len() as u64;
        for unit in votes {
            if !self.confirmed.contains(*unit) && self.graph.slot_of(*unit).anchored.is_none() {
                self.open.insert(*unit);
            }
        }
        let graph = &self.graph;
        self.unanchored.extend(certified.iter().filter(|unit| graph.slot_of(**unit).anchored.is_none()));
    }

    /// Returns whether the unit is confirmed thereby.
    fn note_certifier(&mut self, unit: UnitId, author: MemberSet) -> bool {
        self.progress += 1;
        if self.confirmed.contains(unit) {
            return false;
        }
        let certifiers = self.certifiers.entry(unit).or_default();
        *certifiers = certifiers.with(author);
        if !self.committee.is_quorum(*certifiers) {
            return false;
        }
        self.certifiers.remove(&unit);
        self.open.remove(&unit);
        self.confirmed.insert(unit)
    }

    /// Whether another witness of ours may help to confirm something.
    pub fn has_work(&self) -> bool {
        self.open.iter().any(|unit| self.may_be_certified(*unit))
    }

    /// Whether the unit has, or may still get, the votes of more than two thirds. A unit that lost
    /// against a rival can't; nor can what stands on it.
    fn may_be_certified(&self, unit: UnitId) -> bool {
        let mut unit = unit;
        for _ in 0..MAX_WALK {
            if self.all.is_certified(unit) {
                return true;
            }
            let slot = self.graph.slot_of(unit);
            if let Some((settled, _)) = slot.anchored {
                return settled == unit;
            }
            if slot.units.iter().any(|rival| self.all.is_certified(*rival)) {
                return false;
            }
            let voted =
                slot.units.iter().map(|unit| self.all.voters(*unit)).fold(MemberSet::default(), MemberSet::with);
            if !self.committee.is_quorum(self.all.voters(unit).with(voted.rest())) {
                return false;
            }
            if slot.slot.sequence.0 == 0 {
                return true;
            }
            let Some(before) = self.graph.unit_ids.get(&self.graph.unit(unit).previous) else { return false };
            unit = *before;
        }
        true
    }

    /// What an anchor on this frontier would add to the anchored history. An anchor's history is its
    /// frontier's past joined with that of the anchor before, so it never shrinks.
    pub fn evaluate(&self, frontier: &[NodeId]) -> Extension {
        let mut history = self.anchored.clone();
        let (nodes, certified) = history.extend(&self.graph, &self.committee, frontier);
        let mut leaves: Vec<UnitId> =
            certified.into_iter().filter(|unit| self.graph.slot_of(*unit).anchored.is_none()).collect();
        leaves.sort_by_key(|unit| self.graph.leaf(*unit));
        // Two certified units in one slot take a third of the committee; even then an anchor holds one.
        leaves.dedup_by_key(|unit| self.graph.unit(*unit).slot);
        Extension { history, nodes, leaves }
    }

    /// Makes a finalised anchor part of the graph.
    pub fn anchor(&mut self, proposal: AnchorProposal, frontier: Vec<NodeId>, extension: Extension) {
        let Extension { history, nodes, leaves } = extension;
        self.anchored = history;
        let node = self.graph.insert_anchor(proposal, frontier, leaves.clone(), nodes);
        self.anchored.reached.insert(node);
        self.settle(&leaves);
    }

    /// Takes note that an anchor settled these units' slots.
    fn settle(&mut self, leaves: &[UnitId]) {
        for leaf in leaves {
            self.confirmed.insert(*leaf);
            for unit in &self.graph.slot_of(*leaf).units {
                self.open.remove(unit);
                self.unanchored.remove(unit);
                self.certifiers.remove(unit);
            }
        }
        self.progress += leaves.len() as u64;
    }

    pub fn is_confirmed(&self, unit: UnitId) -> bool {
        self.confirmed.contains(unit)
    }

    /// Whether some unit could go into the next anchor.
    pub fn has_unanchored(&self) -> bool {
        !self.unanchored.is_empty()
    }

    pub fn newest(&self, member: MemberIndex) -> Option<NodeId> {
        self.newest.get(usize::from(member.0)).copied().flatten()
    }

    pub fn newest_ref(&self, member: MemberIndex) -> Option<WitnessRef> {
        self.graph.node(self.newest(member)?).witness_ref
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
        let tips = self.graph.author(tip).and_then(|author| self.tips.get(usize::from(author.0)));
        tips.and_then(|tips| tips.get(&tip)).is_some_and(|state| state.history.reached.contains(node))
    }

    /// Whether the chain's tip was extended before, so that another extension is a fork.
    pub fn is_tip(&self, member: MemberIndex, node: NodeId) -> bool {
        self.tips.get(usize::from(member.0)).is_some_and(|tips| tips.contains_key(&node))
    }

    /// Grows with every vote, certificate and anchored unit.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    pub fn open_units(&self) -> usize {
        self.open.len()
    }
}
