//! One member's chain up to one of its witnesses: what it reaches and how it is bound to vote.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use loadstone_core::AnchorNumber;

use super::{BitSet, Graph, History, NodeId, SlotId, UnitId};
use crate::{Committee, Slot};

/// State at a chain's tip. What it holds follows from the tip's past alone, so every member computes
/// the same.
#[derive(Clone, Default)]
pub(crate) struct ChainState {
    pub history: History,
    /// Units introduced in the past.
    seen: BitSet,
    /// Votes cast, until the slot is anchored at the chain's base.
    locks: BTreeMap<SlotId, UnitId>,
    base: AnchorNumber,
}

impl ChainState {
    /// Extends the chain by `node`, which must be in the graph, and finds its votes. Returns them and
    /// the units that its past newly certifies.
    ///
    /// A slot is voted on once, for the smallest id among its reached units whose predecessor is the
    /// unit anchored in the slot before, or else the chain's vote there. A slot that is anchored at
    /// the base is closed.
    pub fn cast(&mut self, graph: &Graph, committee: &Committee, node: NodeId) -> (Vec<UnitId>, Vec<UnitId>) {
        let mut certified = Vec::new();
        let mut work = BTreeSet::new();
        for reached in self.history.reach(graph, node) {
            for unit in &graph.node(reached).units {
                self.seen.insert(*unit);
                let slot = graph.unit(*unit).slot;
                work.insert((graph.slot(slot).slot, slot));
            }
            if reached != node {
                certified.extend(self.history.count(graph, committee, reached));
            }
        }
        self.advance_base(graph, graph.node(node).base, &mut work);
        (self.decide(graph, &mut work), certified)
    }

    /// Anchored slots are settled: their locks go, and what follows them may be voted on.
    fn advance_base(&mut self, graph: &Graph, base: AnchorNumber, work: &mut BTreeSet<(Slot, SlotId)>) {
        while self.base < base {
            self.base = self.base.next();
            for leaf in graph.anchor(self.base).map(|anchor| anchor.leaves.as_slice()).unwrap_or_default() {
                let slot = graph.unit(*leaf).slot;
                self.locks.remove(&slot);
                work.extend(graph.slot(slot).after.map(|after| (graph.slot(after).slot, after)));
            }
        }
    }

    /// Takes the slots in order, so that a device's units are decided one after another.
    fn decide(&mut self, graph: &Graph, work: &mut BTreeSet<(Slot, SlotId)>) -> Vec<UnitId> {
        let mut votes = Vec::new();
        while let Some((_, slot)) = work.pop_first() {
            if self.locks.contains_key(&slot) || graph.anchored_unit(slot, self.base).is_some() {
                continue;
            }
            let entry = graph.slot(slot);
            let eligible = entry.units.iter().copied().filter(|unit| self.is_eligible(graph, *unit));
            let Some(vote) = eligible.min_by_key(|unit| graph.unit(*unit).id) else { continue };
            self.locks.insert(slot, vote);
            votes.push(vote);
            work.extend(entry.after.map(|after| (graph.slot(after).slot, after)));
        }
        votes
    }

    fn is_eligible(&self, graph: &Graph, unit: UnitId) -> bool {
        if !self.seen.contains(unit) {
            return false;
        }
        let entry = graph.unit(unit);
        let slot = graph.slot(entry.slot);
        if slot.slot.sequence.0 == 0 {
            return true;
        }
        let Some(before) = slot.before else { return false };
        let head = graph.anchored_unit(before, self.base).or_else(|| self.locks.get(&before).copied());
        head.is_some_and(|head| graph.unit(head).id == entry.previous)
    }
}
