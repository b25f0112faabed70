//! Candidates for the next anchor: proposing in turn, checking, signing, submitting.
//!
//! A member may sign several candidates: all extend the last finalised anchor, and the chain takes
//! one of them.

use alloc::vec::Vec;

use loadstone_core::{Hash, MemberIndex, Millis, Signature};

use super::{
    candidates::{Appraisal, Candidate, Verdict},
    Member,
};
use crate::{
    frontier_hash,
    graph::{NodeId, UnitId},
    heads_root, leaves_root, AcknowledgementKind, Anchor, AnchorProposal, Crypto, Effect, MemberMessage, MemberSet,
    PersistItem, WitnessRef,
};

impl<C: Crypto> Member<C> {
    /// Proposes the next anchor when it is our turn, or when those before us let their time pass.
    pub(super) fn propose(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let closes = self.final_frontier().is_some();
        self.candidates.may_close(closes);
        if self.finality.broken || self.finality.is_behind() || !(closes || self.ledger.has_unanchored()) {
            return;
        }
        let ready_at = *self.candidates.ready_at.get_or_insert(now);
        let number = self.ledger.graph.last_anchor().next();
        let members = u32::from(self.config.committee.size());
        let turn = (u32::from(self.config.me.0) + members - number.0 % members) % members;
        let start = self.finality.applied_at.after(self.config.anchor_interval_ms).max(ready_at);
        let timeout = self.config.anchor_timeout_ms;
        let due = match self.candidates.proposed_at {
            None => start.after(u64::from(turn) * timeout),
            Some(at) => at.after(u64::from(members) * timeout),
        };
        if now >= due {
            self.candidates.proposed_at = Some(now);
            self.make_candidate(now, out);
        } else {
            self.show_again(now, out);
        }
    }

    /// The closing anchor as soon as it can be made, otherwise an ordinary one.
    fn make_candidate(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let finals = self.final_frontier();
        let closes = finals.is_some();
        let frontier = finals.unwrap_or_else(|| self.frontier());
        let Ok(Some(nodes)) = self.ledger.graph.resolve(&frontier) else { return };
        if !self.is_frontier(&frontier, &nodes, closes) {
            return;
        }
        let Appraisal { anchor, extension } = self.appraise(&frontier, &nodes, closes);
        let is_empty = extension.leaves.is_empty();
        self.candidates.keep_appraisal(Appraisal { anchor: anchor.clone(), extension });
        if is_empty && !closes {
            return;
        }
        let hash = anchor.hash();
        let me = self.config.me;
        if self.candidates.proposal(&hash).is_none()
            && !self.candidates.put(hash, AnchorProposal { anchor, frontier }, me, now)
        {
            return;
        }
        self.sign(hash, out);
        self.show(hash, now, out);
    }

    /// Every member's newest witness that is not stale.
    fn frontier(&self) -> Vec<WitnessRef> {
        let newest = self.config.committee.indices().filter_map(|member| self.ledger.newest_ref(member));
        let newest: Vec<WitnessRef> = newest.collect();
        let top = newest.iter().map(|witness| witness.level.0).max().unwrap_or_default();
        let fresh = |witness: &WitnessRef| top - witness.level.0 <= self.config.stale_levels;
        newest.into_iter().filter(fresh).collect()
    }

    /// In order of member, more than two thirds of the weight; not stale, or all of them final.
    fn is_frontier(&self, frontier: &[WitnessRef], nodes: &[NodeId], closes: bool) -> bool {
        let set = frontier.iter().fold(MemberSet::default(), |set, witness| set.with(MemberSet::of(witness.member)));
        let levels = frontier.iter().map(|witness| witness.level.0);
        let top = levels.clone().max().unwrap_or_default();
        let own = self.ledger.newest_ref(self.config.me).map(|own| own.level.0).unwrap_or_default();
        let stale = |level: u32| top.max(own).saturating_sub(level) > self.config.stale_levels;
        let is_timely = match closes {
            true => nodes.iter().all(|node| self.ledger.graph.node(*node).last),
            false => !levels.into_iter().any(stale),
        };
        let in_order = frontier.windows(2).all(|pair| pair[0].member < pair[1].member);
        in_order && is_timely && self.config.committee.is_quorum(set)
    }

    /// The anchor that follows the last one on this frontier, and what it adds; from memory if it was
    /// worked out before.
    pub(super) fn appraise(&mut self, frontier: &[WitnessRef], nodes: &[NodeId], closes: bool) -> Appraisal {
        let hash = frontier_hash(frontier);
        self.candidates.take_appraisal(&hash, closes).unwrap_or_else(|| {
            let extension = self.ledger.evaluate(nodes);
            Appraisal { anchor: self.compose(hash, &extension.leaves, closes), extension }
        })
    }

    fn compose(&self, frontier: Hash, leaves: &[UnitId], closes: bool) -> Anchor {
        let graph = &self.ledger.graph;
        let units = || leaves.iter().map(|unit| graph.units.entry(*unit));
        let acknowledged = |kind: AcknowledgementKind| units().filter(|unit| unit.acknowledges == Some(kind)).count();
        let tree: Vec<_> = leaves.iter().map(|unit| graph.units.leaf(*unit)).collect();
        Anchor {
            number: graph.last_anchor().next(),
            parent: graph.last_hash(),
            epoch: self.config.epoch,
            frontier,
            root: leaves_root(&tree),
            units: leaves.len() as u32,
            readings: units().map(|unit| u64::from(unit.readings)).sum(),
            received: acknowledged(AcknowledgementKind::Received) as u32,
            completed: acknowledged(AcknowledgementKind::Completed) as u32,
            heads: closes.then(|| heads_root(&self.ledger.heads_after(leaves))),
        }
    }

    /// Signs a candidate once it is on disk with all that its frontier names: if a quorum's signatures make
    /// it final and everybody crashes, each signer can still say what it was.
    fn sign(&mut self, hash: Hash, out: &mut Vec<Effect>) -> Option<Signature> {
        let candidate = self.candidates.by_hash.get_mut(&hash)?;
        let payload = candidate.proposal.anchor.payload(&self.config.genesis);
        let signature = self.crypto.sign(payload.as_bytes())?;
        candidate.tally.add(self.config.me, signature);
        candidate.verdict = Verdict::Signed;
        let proposal = candidate.proposal.clone();
        if self.finality.keep(proposal.clone(), self.ledger.graph.last_anchor().next()) {
            out.push(Effect::Persist(PersistItem::Candidate(proposal)));
        }
        Some(signature)
    }

    fn show(&mut self, hash: Hash, now: Millis, out: &mut Vec<Effect>) {
        let Some(candidate) = self.candidates.by_hash.get_mut(&hash) else { return };
        candidate.shown_at = now;
        if let Some(signature) = candidate.tally.get(self.config.me) {
            let proposal = candidate.proposal.clone();
            out.push(Effect::Broadcast(MemberMessage::Propose(proposal, self.config.me, signature)));
        }
    }

    fn show_again(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let (me, retry) = (self.config.me, self.config.retry_ms);
        let mine = self.candidates.by_hash.iter().filter(|(_, candidate)| candidate.proposer == me);
        let old = mine.filter(|(_, c)| c.certified_at.is_none() && now.since(c.shown_at) >= retry);
        for hash in old.map(|(hash, _)| *hash).collect::<Vec<_>>() {
            self.show(hash, now, out);
        }
    }

    /// Looks at a candidate of another member, and signs it if it is right.
    pub(super) fn consider(
        &mut self,
        proposal: AnchorProposal,
        from: MemberIndex,
        signature: Signature,
        now: Millis,
        out: &mut Vec<Effect>,
    ) {
        let hash = proposal.anchor.hash();
        let last = self.ledger.graph.last_anchor().0;
        let near = proposal.anchor.number.0.checked_sub(last).is_some_and(|ahead| (1..=2).contains(&ahead));
        let is_ours = proposal.anchor.epoch == self.config.epoch && !self.is_over();
        if !is_ours || !near || from == self.config.me || frontier_hash(&proposal.frontier) != proposal.anchor.frontier
        {
            return;
        }
        if !self.is_signed(&proposal.anchor, from, &signature) {
            return;
        }
        if let Some(known) = self.candidates.by_hash.get(&hash) {
            // The proposer shows it again because signatures are missing: ours was lost, perhaps.
            if let (Verdict::Signed, Some(own)) = (known.verdict, known.tally.get(self.config.me)) {
                out.push(Effect::Broadcast(MemberMessage::SignAnchor(hash, self.config.me, own)));
            }
        } else if !self.candidates.put(hash, proposal, from, now) {
            return;
        }
        self.count_signature(hash, from, signature);
        for member in self.config.committee.indices() {
            if let Some(early) = self.candidates.take_early(member, hash) {
                self.count_signature(hash, member, early);
            }
        }
        self.judge_candidates(now, out);
        self.submit(now, out);
    }

    fn is_signed(&self, anchor: &Anchor, by: MemberIndex, signature: &Signature) -> bool {
        let payload = anchor.payload(&self.config.genesis);
        let key = self.config.committee.key(by);
        key.is_some_and(|key| self.crypto.verify(key, payload.as_bytes(), signature))
    }

    /// Counts a signature under a known candidate once it verifies; keeps a few for later ones.
    pub(super) fn count_signature(&mut self, hash: Hash, from: MemberIndex, signature: Signature) {
        let Some(candidate) = self.candidates.by_hash.get(&hash) else {
            if self.config.committee.key(from).is_some() {
                self.candidates.put_early(from, hash, signature);
            }
            return;
        };
        if candidate.tally.has(from) || !self.is_signed(&candidate.proposal.anchor, from, &signature) {
            return;
        }
        if let Some(candidate) = self.candidates.by_hash.get_mut(&hash) {
            candidate.tally.add(from, signature);
        }
    }

    /// Decides on the candidates for the next anchor whose frontiers are held; asks for the others'.
    pub(super) fn judge_candidates(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let next = self.ledger.graph.last_anchor().next();
        let is_open = |c: &Candidate| c.verdict == Verdict::Open && c.proposal.anchor.number == next;
        let open: Vec<Hash> =
            self.candidates.by_hash.iter().filter(|(_, c)| is_open(c)).map(|(hash, _)| *hash).collect();
        for hash in open {
            let Some(candidate) = self.candidates.by_hash.get(&hash) else { continue };
            let proposal = candidate.proposal.clone();
            let missing = self.missing_of(&proposal);
            let proposer = candidate.proposer;
            if !missing.is_empty() {
                missing.into_iter().for_each(|id| self.inbox.want(id, proposer, None, now));
            } else if !self.is_right(&proposal) {
                self.candidates.by_hash.entry(hash).and_modify(|candidate| candidate.verdict = Verdict::Refused);
            } else if let Some(signature) = self.sign(hash, out) {
                out.push(Effect::Broadcast(MemberMessage::SignAnchor(hash, self.config.me, signature)));
            }
        }
    }

    /// Recomputes the anchor from its frontier. Once the epoch can be closed, no other anchor will do:
    /// there is nothing left to wait for.
    fn is_right(&mut self, proposal: &AnchorProposal) -> bool {
        let AnchorProposal { anchor, frontier } = proposal;
        let closes = anchor.closes_epoch();
        if anchor.parent != self.ledger.graph.last_hash() || (!closes && self.final_frontier().is_some()) {
            return false;
        }
        let Ok(Some(nodes)) = self.ledger.graph.resolve(frontier) else { return false };
        if !self.is_frontier(frontier, &nodes, closes) {
            return false;
        }
        let appraisal = self.appraise(frontier, &nodes, closes);
        let is_right = appraisal.anchor == *anchor && (closes || !appraisal.extension.leaves.is_empty());
        self.candidates.keep_appraisal(appraisal);
        is_right
    }

    /// Sends certified candidates to the chain: the proposer at once, others one after another while
    /// the chain has none.
    pub(super) fn submit(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let next = self.ledger.graph.last_anchor().next();
        let members = self.config.committee.size();
        for candidate in self.candidates.by_hash.values_mut() {
            if candidate.proposal.anchor.number != next {
                continue;
            }
            let Some(certificate) = candidate.tally.certificate(&self.config.committee) else { continue };
            let certified_at = *candidate.certified_at.get_or_insert(now);
            let turn = (self.config.me.0 + members - candidate.proposer.0) % members;
            let timeout = self.config.anchor_timeout_ms;
            let due = match candidate.submitted_at {
                Some(at) => at.after(timeout),
                None => certified_at.after(u64::from(turn) * timeout),
            };
            if now >= due {
                candidate.submitted_at = Some(now);
                out.push(Effect::SubmitAnchor(candidate.proposal.anchor.clone(), certificate));
            }
        }
    }
}
