//! States of all members' chains at their tips.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use loadstone_core::MemberIndex;

use crate::{
    graph::{ChainState, Graph, Marks, NodeId, UnitId},
    Committee, MemberSet,
};

/// Chain tips kept for one member. An honest member has one; a fork's branch beyond these is computed anew.
const MAX_TIPS: usize = 4;

/// States within the chain of a member that forked from which branches are computed anew.
const MAX_MARKS: usize = 2;

pub(super) struct Chains {
    members: Vec<Chain>,
    forked: MemberSet,
}

#[derive(Clone, Default)]
struct Chain {
    tips: BTreeMap<NodeId, ChainState>,
    /// The newest witnesses that raised the base anchor; kept of members that forked.
    marks: BTreeMap<NodeId, ChainState>,
}

impl Chains {
    pub fn new(members: usize) -> Self {
        Self { members: vec![Chain::default(); members], forked: MemberSet::default() }
    }

    pub fn note_fork(&mut self, member: MemberIndex) {
        self.forked = self.forked.with(MemberSet::of(member));
    }

    pub fn is_tip(&self, member: MemberIndex, node: NodeId) -> bool {
        self.members.get(usize::from(member.0)).is_some_and(|chain| chain.tips.contains_key(&node))
    }

    pub fn reaches(&self, member: MemberIndex, tip: NodeId, node: NodeId) -> bool {
        let chain = self.members.get(usize::from(member.0));
        chain.and_then(|chain| chain.tips.get(&tip)).is_some_and(|state| state.history.reached.contains(node))
    }

    pub fn has_seen(&self, member: MemberIndex, tip: NodeId, unit: UnitId) -> bool {
        let chain = self.members.get(usize::from(member.0));
        chain.and_then(|chain| chain.tips.get(&tip)).is_some_and(|state| state.has_seen(unit))
    }

    /// Extends the author's chain by `node` and writes down its votes; returns what the chain now certifies.
    pub fn extend(
        &mut self,
        graph: &mut Graph,
        committee: &Committee,
        node: NodeId,
        author: MemberIndex,
    ) -> Vec<Marks> {
        let previous = graph.node(node).previous;
        let Some(chain) = self.members.get_mut(usize::from(author.0)) else { return Vec::new() };
        let mut state = chain.state_at(graph, committee, previous);
        let certified = extend(&mut state, graph, committee, node);
        let is_forked = self.forked.contains(MemberSet::of(author));
        let raised = previous.is_some_and(|previous| graph.node(previous).base < graph.node(node).base);
        if is_forked && raised {
            chain.marks.insert(node, state.clone());
            shorten(&mut chain.marks, MAX_MARKS);
        }
        chain.tips.insert(node, state);
        shorten(&mut chain.tips, MAX_TIPS);
        certified
    }
}

fn shorten(states: &mut BTreeMap<NodeId, ChainState>, most: usize) {
    while states.len() > most {
        states.pop_first();
    }
}

fn extend(state: &mut ChainState, graph: &mut Graph, committee: &Committee, node: NodeId) -> Vec<Marks> {
    let (votes, mut certified) = state.cast(graph, committee, node);
    graph.nodes[node as usize].votes = votes;
    certified.push(state.history.count(graph, committee, node));
    certified
}

impl Chain {
    /// State at `previous`: kept, or computed anew from the nearest witness whose state is kept.
    fn state_at(&mut self, graph: &mut Graph, committee: &Committee, previous: Option<NodeId>) -> ChainState {
        let Some(tip) = previous else { return ChainState::new(graph, committee) };
        if let Some(state) = self.tips.remove(&tip) {
            return state;
        }
        let mut path = Vec::new();
        let mut at = Some(tip);
        while let Some(node) = at.filter(|node| !self.marks.contains_key(node)) {
            path.push(node);
            at = graph.node(node).previous;
        }
        let kept = at.and_then(|mark| self.marks.get(&mark)).cloned();
        let mut state = kept.unwrap_or_else(|| ChainState::new(graph, committee));
        for node in path.into_iter().rev() {
            extend(&mut state, graph, committee, node);
        }
        state
    }
}
