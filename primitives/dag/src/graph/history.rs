//! A history: the witnesses reached, who votes for what in them, and what is certified thereby.

use alloc::{vec, vec::Vec};

use super::{BitSet, Graph, NodeId, UnitId, Window};
use crate::{Committee, MemberSet};

/// Grows only. A unit's voters are dropped once it is certified: that can't be undone.
#[derive(Clone, Default)]
pub(crate) struct History {
    pub reached: BitSet,
    voters: Window<MemberSet>,
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

    /// Counts the votes that a vertex casts; adds to `certified` what they certify.
    pub fn count(&mut self, graph: &Graph, committee: &Committee, node: NodeId, certified: &mut Vec<UnitId>) {
        let Some(author) = graph.author(node).map(MemberSet::of) else { return };
        for unit in &graph.node(node).votes {
            if self.certified.contains(*unit) {
                continue;
            }
            let voters = self.voters.get(*unit).with(author);
            if committee.is_quorum(voters) {
                self.voters.clear(*unit);
                self.certified.insert(*unit);
                certified.push(*unit);
            } else {
                self.voters.set(*unit, voters);
            }
        }
    }

    /// The vertices that reaching `roots` would add, and the units that it would certify.
    pub fn preview(&self, graph: &Graph, committee: &Committee, roots: &[NodeId]) -> (Vec<NodeId>, Vec<UnitId>) {
        let nodes = self.beyond(graph, roots);
        let mut certified = Vec::new();
        let mut added: Window<MemberSet> = Window::beside(&self.voters);
        for node in &nodes {
            let Some(author) = graph.author(*node).map(MemberSet::of) else { continue };
            for unit in graph.node(*node).votes.iter().filter(|unit| !self.certified.contains(**unit)) {
                let before = self.voters.get(*unit).with(added.get(*unit));
                let voters = before.with(author);
                if voters != before && committee.is_quorum(voters) && !committee.is_quorum(before) {
                    certified.push(*unit);
                }
                added.set(*unit, voters);
            }
        }
        (nodes, certified)
    }

    /// The vertices in the past of `roots`, these included, that are not reached.
    fn beyond(&self, graph: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = BitSet::default();
        let mut found = Vec::new();
        let mut open = roots.to_vec();
        while let Some(node) = open.pop() {
            if !self.reached.contains(node) && seen.insert(node) {
                found.push(node);
                open.extend(&graph.node(node).edges);
            }
        }
        found
    }

    /// Makes the vertices of a [`History::preview`] part of the history.
    pub fn take(&mut self, graph: &Graph, committee: &Committee, nodes: &[NodeId]) {
        let mut certified = Vec::new();
        for node in nodes {
            self.reached.insert(*node);
            self.count(graph, committee, *node, &mut certified);
        }
    }

    pub fn is_certified(&self, unit: UnitId) -> bool {
        self.certified.contains(unit)
    }

    /// Voters so far of a unit that is not certified.
    pub fn voters(&self, unit: UnitId) -> MemberSet {
        self.voters.get(unit)
    }
}
