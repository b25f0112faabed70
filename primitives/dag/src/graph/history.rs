//! A history: the witnesses reached, who votes for what in them, and what is certified thereby.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use super::{BitSet, Graph, NodeId, UnitId};
use crate::{Committee, MemberSet};

/// Grows only. A unit's voters are dropped once it is certified: that can't be undone.
#[derive(Clone, Default)]
pub(crate) struct History {
    pub reached: BitSet,
    voters: BTreeMap<UnitId, MemberSet>,
    certified: BitSet,
}

impl History {
    /// Reaches `node` and everything in its past; returns what was not reached before.
    pub fn reach(&mut self, graph: &Graph, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.reached.insert(node) {
                found.push(node);
                open.extend(graph.node(node).edges.iter().filter(|edge| !self.reached.contains(**edge)));
            }
        }
        found
    }

    /// Counts the votes that a vertex casts; returns what they certify.
    pub fn count(&mut self, graph: &Graph, committee: &Committee, node: NodeId) -> Vec<UnitId> {
        let node = graph.node(node);
        let Some(author) = node.witness_ref.map(|reference| MemberSet::of(reference.member)) else {
            return Vec::new();
        };
        node.votes.iter().copied().filter(|unit| self.vote(committee, *unit, author)).collect()
    }

    /// Returns whether this vote certifies the unit.
    fn vote(&mut self, committee: &Committee, unit: UnitId, author: MemberSet) -> bool {
        if self.certified.contains(unit) {
            return false;
        }
        let voters = self.voters.entry(unit).or_default();
        *voters = voters.with(author);
        if !committee.is_quorum(*voters) {
            return false;
        }
        self.voters.remove(&unit);
        self.certified.insert(unit)
    }

    /// Reaches `roots` and counts all new votes; returns the new vertices and the newly certified units.
    pub fn extend(&mut self, graph: &Graph, committee: &Committee, roots: &[NodeId]) -> (Vec<NodeId>, Vec<UnitId>) {
        let nodes: Vec<NodeId> = roots.iter().flat_map(|root| self.reach(graph, *root)).collect();
        let certified = nodes.iter().flat_map(|node| self.count(graph, committee, *node)).collect();
        (nodes, certified)
    }

    pub fn is_certified(&self, unit: UnitId) -> bool {
        self.certified.contains(unit)
    }

    /// Voters so far of a unit that is not certified.
    pub fn voters(&self, unit: UnitId) -> MemberSet {
        self.voters.get(&unit).copied().unwrap_or_default()
    }
}
