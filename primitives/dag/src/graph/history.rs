//! A history: the witnesses reached, who votes for what in them, and what is certified thereby.

use alloc::{vec, vec::Vec};

use super::{Ballots, BitSet, Graph, Marks, NodeId, UnitId};
use crate::{Committee, MemberSet};

/// Grows only.
#[derive(Clone)]
pub(crate) struct History {
    pub reached: BitSet,
    votes: Ballots,
}

impl History {
    pub fn new(committee: &Committee) -> Self {
        Self { reached: BitSet::default(), votes: Ballots::new(committee) }
    }

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
    pub fn count(&mut self, graph: &Graph, committee: &Committee, node: NodeId) -> Marks {
        let author = graph.author(node);
        author.map(|author| self.votes.add(committee, author, &graph.node(node).votes)).unwrap_or_default()
    }

    /// The vertices that reaching `roots` would add, and the units that it would certify.
    pub fn preview(&self, graph: &Graph, committee: &Committee, roots: &[NodeId]) -> (Vec<NodeId>, Marks) {
        let nodes = self.beyond(graph, roots);
        let votes = nodes.iter().filter_map(|node| Some((graph.author(*node)?, &graph.node(*node).votes)));
        let certified = self.votes.preview(committee, votes);
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
        for node in nodes {
            self.reached.insert(*node);
            self.count(graph, committee, *node);
        }
    }

    pub fn is_certified(&self, unit: UnitId) -> bool {
        self.votes.is_settled(unit)
    }

    /// Voters so far of a unit that is not certified.
    pub fn voters(&self, unit: UnitId) -> MemberSet {
        self.votes.members(unit)
    }
}
