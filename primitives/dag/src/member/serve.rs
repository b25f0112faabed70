//! Serving history: what is asked for and everything else that the asker lacks, oldest first.

use alloc::{collections::BTreeSet, vec::Vec};

use codec::Encode;
use loadstone_core::{Hash, Level, MemberIndex, MerkleProof};

use super::Member;
use crate::{
    graph::{NodeId, UnitId},
    AnchorProposal, Archive, HistoryRequest, HistoryResponse, Unit, Witness, MAX_MEMBERS, MAX_MEMBER_FRAME, MAX_WANTED,
};

/// Bytes of an answer, leaving room for its own frame.
const MAX_BYTES: usize = MAX_MEMBER_FRAME - 64 * 1_024;

/// Witnesses of one member in an answer; fewer than may wait for something at the asker.
const MAX_OF_MEMBER: usize = 512;

/// Anchors before the one asked for that are served with it.
const ANCHOR_BATCH: usize = 64;

impl<C> Member<C> {
    /// Answers another member's request. What is not known is left out: heads and anchors' units, which the
    /// driver answers from its database, and everything of another epoch.
    pub fn serve(&self, request: &HistoryRequest, archive: &impl Archive) -> HistoryResponse {
        match request {
            HistoryRequest::Witnesses { epoch, .. } if *epoch != self.config.epoch => {
                HistoryResponse::Witnesses(Vec::new())
            }
            HistoryRequest::Witnesses { wanted, known, .. } => {
                HistoryResponse::Witnesses(self.serve_witnesses(wanted, known, archive))
            }
            HistoryRequest::Anchors(wanted) => HistoryResponse::Anchors(self.serve_anchors(wanted)),
            HistoryRequest::Heads { .. } => {
                let proof = MerkleProof { index: 0, leaves: 0, siblings: Vec::new() };
                HistoryResponse::Heads { chunk: Vec::new(), proof }
            }
            HistoryRequest::Units { .. } => HistoryResponse::Units(Vec::new()),
        }
    }

    /// The level of the newest witness held of each member.
    pub(super) fn known(&self) -> Vec<(MemberIndex, Level)> {
        let newest = self.config.committee.indices().filter_map(|member| self.ledger.newest_ref(member));
        newest.map(|witness| (witness.member, witness.level)).collect()
    }

    fn serve_witnesses(
        &self,
        wanted: &[Hash],
        known: &[(MemberIndex, Level)],
        archive: &impl Archive,
    ) -> Vec<(Witness, Vec<Unit>)> {
        let mut left = MAX_BYTES;
        let mut served = Vec::new();
        for node in self.lacking(wanted, known) {
            let Some(entry) = self.with_bodies(node, archive) else { break };
            let Some(rest) = left.checked_sub(entry.encoded_size()) else { break };
            left = rest;
            served.push(entry);
            if served.len() >= crate::MAX_SERVED {
                break;
            }
        }
        served
    }

    /// Witnesses above the known levels and those wanted, in order of acceptance. What follows a cut
    /// in one member's chain is left out of the others' too, since it may rest on what was cut.
    fn lacking(&self, wanted: &[Hash], known: &[(MemberIndex, Level)]) -> Vec<NodeId> {
        let graph = &self.ledger.graph;
        let asked = wanted.iter().take(MAX_WANTED).filter_map(|hash| graph.node_ids.get(hash).copied());
        let mut nodes: BTreeSet<NodeId> = asked.collect();
        let mut cut = NodeId::MAX;
        for member in self.config.committee.indices() {
            let level = known.iter().take(MAX_MEMBERS).find(|(m, _)| *m == member).map(|(_, level)| *level);
            let chain = self.ledger.witnesses_of(member);
            let is_known = |node: &NodeId| graph.node(*node).witness_ref.is_some_and(|w| Some(w.level) <= level);
            let lacking = &chain[chain.partition_point(is_known)..];
            if let Some(first_left_out) = lacking.get(MAX_OF_MEMBER) {
                cut = cut.min(*first_left_out);
            }
            nodes.extend(lacking.iter().take(MAX_OF_MEMBER));
        }
        nodes.into_iter().take_while(|node| *node < cut).collect()
    }

    fn with_bodies(&self, node: NodeId, archive: &impl Archive) -> Option<(Witness, Vec<Unit>)> {
        let node = self.ledger.graph.node(node);
        let named = node.witness_ref?;
        let witness = node.witness.clone().or_else(|| archive.witness(&named.hash))?;
        let units = &self.ledger.graph.units;
        let body = |unit: &UnitId| {
            let leaf = || units.leaf(*unit);
            units.entry(*unit).body.as_deref().cloned().or_else(|| archive.unit(&leaf().slot, &leaf().unit))
        };
        let units: Option<Vec<Unit>> = node.units.iter().map(body).collect();
        Some((witness, units?))
    }

    /// The anchor asked for with some before it, newest first, so that each is the parent of the one before;
    /// or a candidate alone, which may be final although we have not heard so: its hash binds it. Those that
    /// we signed outlive a restart for this: when all signers crash at once, nobody else could say.
    fn serve_anchors(&self, wanted: &[Hash]) -> Vec<AnchorProposal> {
        let anchors = &self.ledger.graph.anchors;
        let position = wanted.iter().find_map(|hash| anchors.iter().rposition(|anchor| anchor.hash == *hash));
        let Some(position) = position else {
            return wanted.iter().find_map(|hash| self.proposal(hash)).cloned().into_iter().collect();
        };
        anchors[..=position].iter().rev().take(ANCHOR_BATCH).map(|anchor| anchor.proposal.clone()).collect()
    }
}
