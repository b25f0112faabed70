//! One member's chain up to one of its witnesses: what it reaches and how it is bound to vote.

use alloc::vec::Vec;

use loadstone_core::AnchorNumber;

use super::{BitSet, Footing, Graph, History, Marks, NodeId, SlotId, UnitId, Window, NONE};
use crate::Committee;

/// State at a chain's tip. What it holds follows from the tip's past and the epoch's start alone, so
/// every member computes the same.
#[derive(Clone)]
pub(crate) struct ChainState {
    pub history: History,
    /// Units introduced in the past.
    seen: BitSet,
    /// Votes cast, until the slot is anchored at the chain's base.
    locks: Window<Lock>,
    base: AnchorNumber,
}

/// A unit's number plus one; zero for no vote.
type Lock = u32;

impl ChainState {
    /// An empty chain on the anchor that the epoch starts from.
    pub fn new(graph: &Graph, committee: &Committee) -> Self {
        Self {
            history: History::new(committee),
            seen: BitSet::default(),
            locks: Window::default(),
            base: graph.start(),
        }
    }

    /// Whether a witness in the past introduces the unit.
    pub fn has_seen(&self, unit: UnitId) -> bool {
        self.seen.contains(unit)
    }

    /// Extends the chain by `node`, which must be in the graph, and finds its votes. Returns them and
    /// the units that its past newly certifies.
    ///
    /// A slot is voted on once, for the smallest id among its reached units that stand on the unit
    /// anchored in the slot before, or else on the chain's vote there. A slot that is anchored at the
    /// base is closed; so is a life of a device when the base holds a unit of a later one. Whether a
    /// slot's unit has footing depends on the slot before alone: the order in which slots are looked at
    /// changes nothing.
    pub fn cast(&mut self, graph: &Graph, committee: &Committee, node: NodeId) -> (Marks, Vec<Marks>) {
        let mut certified = Vec::new();
        let mut work = Vec::new();
        for reached in self.history.reach(graph, node) {
            let new = graph.node(reached).units.iter().filter(|unit| self.seen.insert(**unit));
            work.extend(new.map(|unit| graph.units.entry(*unit).slot));
            if reached != node {
                certified.push(self.history.count(graph, committee, reached));
            }
        }
        self.advance_base(graph, graph.node(node).base, &mut work);
        (Marks::of(self.decide(graph, &work)), certified)
    }

    /// Anchored slots are settled: their locks go, and what follows them may be voted on.
    fn advance_base(&mut self, graph: &Graph, base: AnchorNumber, work: &mut Vec<SlotId>) {
        while self.base < base {
            self.base = self.base.next();
            for leaf in graph.anchor(self.base).map(|anchor| anchor.leaves.as_slice()).unwrap_or_default() {
                let slot = graph.units.entry(*leaf).slot;
                self.locks.clear(slot);
                work.extend(Some(graph.units.places.slot(slot).after).filter(|after| *after != NONE));
            }
        }
    }

    fn decide(&mut self, graph: &Graph, work: &[SlotId]) -> Vec<UnitId> {
        let mut votes = Vec::with_capacity(work.len());
        for slot in work {
            let mut slot = *slot;
            // A vote gives footing to the next slot's units.
            while let Some(unit) = self.choose(graph, slot) {
                self.locks.set(slot, unit + 1);
                votes.push(unit);
                slot = graph.units.places.slot(slot).after;
                if slot == NONE {
                    break;
                }
            }
        }
        votes
    }

    /// The unit to vote for in this slot, if it is open and there is one.
    fn choose(&self, graph: &Graph, slot: SlotId) -> Option<UnitId> {
        if self.locks.get(slot) != 0 || graph.units.places.is_closed(slot, self.base) {
            return None;
        }
        let eligible =
            graph.units.in_slot(slot).filter(|unit| self.seen.contains(*unit) && self.has_footing(graph, *unit));
        eligible.min_by_key(|unit| graph.units.entry(*unit).id)
    }

    fn has_footing(&self, graph: &Graph, unit: UnitId) -> bool {
        let before = match graph.units.footing(unit) {
            Footing::First => return true,
            Footing::Unknown => return false,
            Footing::Unit(before) => before,
        };
        let slot = graph.units.entry(before).slot;
        match graph.units.places.anchored(slot).filter(|(_, number)| *number <= self.base) {
            Some((anchored, _)) => anchored == before,
            None => self.locks.get(slot) == before + 1,
        }
    }
}
