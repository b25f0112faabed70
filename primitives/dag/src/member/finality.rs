//! Following the chain: which anchors are finalised, and fetching what they name.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis};

use super::{candidates::Appraisal, Member};
use crate::{frontier_hash, graph::NodeId, Anchor, AnchorProposal, Crypto, Effect, Fault, HistoryRequest, PersistItem};

/// Doublings of the time between questions, one for each round in which nobody knew.
const MAX_BACKOFF: u16 = 2;

/// Finalised anchors that are not applied yet.
pub(super) struct Finality {
    /// From the chain, and their parents as far as they were learned.
    pending: BTreeMap<AnchorNumber, Anchor>,
    /// Frontiers by the anchor's hash: of final anchors, and of the candidates that we signed.
    known: BTreeMap<Hash, AnchorProposal>,
    /// When the last anchor was applied.
    pub applied_at: Millis,
    /// Applied anchors that may still be news to others, with the time of application.
    young: Vec<(AnchorNumber, Millis)>,
    settled: AnchorNumber,
    due: Millis,
    /// Whom to ask next, and questions in a row from which nothing was learned.
    next_peer: u16,
    fruitless: u16,
    /// The chain holds an anchor that we compute differently: nothing after it can be followed.
    pub broken: bool,
}

impl Finality {
    pub fn new(start: AnchorNumber, now: Millis) -> Self {
        Self {
            pending: BTreeMap::new(),
            known: BTreeMap::new(),
            applied_at: now,
            young: Vec::new(),
            settled: start,
            due: now,
            next_peer: 0,
            fruitless: 0,
            broken: false,
        }
    }

    /// Keeps a served anchor from `next` on if it is a pending one, or the parent of the lowest pending one.
    /// Returns whether it was news: no more than once an anchor, however often it is served.
    pub fn learn(&mut self, proposal: AnchorProposal, next: AnchorNumber) -> bool {
        let (hash, number) = (proposal.anchor.hash(), proposal.anchor.number);
        if number < next || frontier_hash(&proposal.frontier) != proposal.anchor.frontier {
            return false;
        }
        let is_parent = self
            .pending
            .first_key_value()
            .is_some_and(|(lowest, anchor)| anchor.parent == hash && number.next() == *lowest);
        if is_parent {
            self.pending.insert(number, proposal.anchor.clone());
        }
        let is_wanted = is_parent || self.pending.get(&number).is_some_and(|anchor| anchor.hash() == hash);
        is_wanted && self.known.insert(hash, proposal).is_none()
    }

    /// Keeps a candidate for anchor `next` or a later one that we sign, or signed before a restart. Returns
    /// whether it was not kept before.
    pub fn keep(&mut self, proposal: AnchorProposal, next: AnchorNumber) -> bool {
        proposal.anchor.number >= next && self.known.insert(proposal.anchor.hash(), proposal).is_none()
    }

    /// Anchor `number` was applied: neither it nor any before it is waited for.
    pub fn forget(&mut self, number: AnchorNumber) {
        self.pending = self.pending.split_off(&number.next());
        self.known.retain(|_, proposal| proposal.anchor.number > number);
        self.fruitless = 0;
    }

    /// `from` knew: the next question goes to it, and at once.
    pub fn hurry(&mut self, from: MemberIndex, now: Millis) {
        self.due = now;
        self.next_peer = from.0;
        self.fruitless = 0;
    }

    /// Whom to ask now. Once nobody knew, everybody is asked again, after twice the time.
    fn turn(&mut self, me: MemberIndex, members: u16, retry_ms: u64, now: Millis) -> MemberIndex {
        let at = self.next_peer % members;
        let peer = if at == me.0 { (at + 1) % members } else { at };
        self.next_peer = peer.wrapping_add(1);
        let rounds = self.fruitless / members.saturating_sub(1).max(1);
        self.due = now.after(retry_ms << rounds.min(MAX_BACKOFF));
        self.fruitless = self.fruitless.saturating_add(1);
        MemberIndex(peer)
    }

    /// Whether the chain is ahead of us.
    pub fn is_behind(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The newest anchor that was applied at least `delay_ms` ago.
    pub fn settled(&mut self, delay_ms: u64, now: Millis) -> AnchorNumber {
        let old = self.young.partition_point(|(_, at)| now.since(*at) >= delay_ms);
        if let Some((number, _)) = self.young.drain(..old).next_back() {
            self.settled = number;
        }
        self.settled
    }

    /// The anchor before the lowest pending one, if that is not `next`.
    fn unknown_parent(&self, next: AnchorNumber) -> Option<Hash> {
        self.pending.first_key_value().filter(|(lowest, _)| **lowest > next).map(|(_, anchor)| anchor.parent)
    }

    /// The anchor whose frontier or parent is to be asked for.
    fn question(&self, next: AnchorNumber) -> Option<Hash> {
        if let Some(parent) = self.unknown_parent(next) {
            return Some(parent);
        }
        let hash = self.pending.first_key_value()?.1.hash();
        (!self.known.contains_key(&hash)).then_some(hash)
    }
}

impl<C: Crypto> Member<C> {
    /// The chain finalised this anchor. Anchors before it that were missed are fetched from other members.
    /// Anchors of another epoch are none of ours: once the chain has a newer epoch than the member's, it
    /// is told of the closing anchor that the newer epoch starts from.
    pub fn on_anchor_finalised(&mut self, anchor: &Anchor, now: Millis) -> Vec<Effect> {
        let mut out = Vec::new();
        if anchor.epoch != self.config.epoch || self.is_over() {
            return out;
        }
        let last = self.ledger.graph.last_anchor();
        if anchor.number > last {
            self.finality.pending.insert(anchor.number, anchor.clone());
            self.finalise_known(now, &mut out);
            self.judge_candidates(now, &mut out);
            self.advance(now, &mut out);
            self.ask(now, &mut out);
        } else if self.ledger.graph.anchor(anchor.number).is_some_and(|own| own.hash != anchor.hash()) {
            self.break_off(anchor.number, &mut out);
        }
        out
    }

    fn break_off(&mut self, number: AnchorNumber, out: &mut Vec<Effect>) {
        if !self.finality.broken {
            self.finality.broken = true;
            out.push(Effect::Evidence(Fault::AnchorDiffers(number)));
        }
    }

    /// The chain tells of its newest anchor only, and one block may finalise several: those before it
    /// that are candidates here, or were before a restart, need not be asked for.
    fn adopt_parents(&mut self) {
        let next = self.ledger.graph.last_anchor().next();
        while let Some(parent) = self.finality.unknown_parent(next) {
            let Some(proposal) = self.proposal(&parent).cloned() else { return };
            let pending = self.finality.pending.len();
            self.finality.learn(proposal, next);
            if self.finality.pending.len() == pending {
                return;
            }
        }
    }

    /// Applies finalised anchors in order as far as they and their history are held.
    pub(super) fn finalise_known(&mut self, now: Millis, out: &mut Vec<Effect>) {
        self.adopt_parents();
        self.apply_pending(now, out);
        self.tell_closed(out);
    }

    fn apply_pending(&mut self, now: Millis, out: &mut Vec<Effect>) {
        while !self.finality.broken && !self.is_over() {
            let next = self.ledger.graph.last_anchor().next();
            let Some(anchor) = self.finality.pending.get(&next) else { return };
            let hash = anchor.hash();
            let Some(proposal) = self.proposal(&hash).cloned() else { return };
            let missing = self.missing_of(&proposal);
            if !missing.is_empty() {
                let from = MemberIndex(self.finality.next_peer % self.config.committee.size());
                missing.into_iter().for_each(|id| self.inbox.want(id, from, None, now));
                return;
            }
            if self.apply_anchor(proposal, now, out).is_none() {
                self.break_off(next, out);
                return;
            }
            self.finality.forget(next);
            let waiters = self.inbox.anchored(next).into_iter().map(|id| (self.config.me, id)).collect();
            self.try_waiting(waiters, now, out);
        }
    }

    pub(super) fn missing_of(&self, proposal: &AnchorProposal) -> Vec<Hash> {
        let held = &self.ledger.graph.node_ids;
        proposal.frontier.iter().map(|witness| witness.hash).filter(|hash| !held.contains_key(hash)).collect()
    }

    /// Applies the next anchor, whose frontier is held; `None` when it is not what we compute.
    pub(super) fn apply_anchor(&mut self, proposal: AnchorProposal, now: Millis, out: &mut Vec<Effect>) -> Option<()> {
        let frontier: Vec<NodeId> = self.ledger.graph.resolve(&proposal.frontier).ok().flatten()?;
        let closes = proposal.anchor.closes_epoch();
        let Appraisal { anchor, extension } = self.appraise(&proposal.frontier, &frontier, closes);
        if anchor != proposal.anchor {
            return None;
        }
        let number = proposal.anchor.number;
        let leaves: Vec<_> = extension.leaves.iter().map(|unit| self.ledger.graph.units.leaf(*unit)).collect();
        out.push(Effect::Persist(PersistItem::Anchor(proposal.clone())));
        let news = extension.leaves.iter().zip(&leaves).filter(|(unit, _)| !self.ledger.is_confirmed(**unit));
        out.extend(news.map(|(_, leaf)| Effect::Confirmed { slot: leaf.slot, unit: leaf.unit }));
        out.push(Effect::Anchored { anchor, leaves });
        self.ledger.anchor(proposal, frontier, extension);
        if let Some(old) = number.0.checked_sub(self.config.keep_anchors) {
            self.ledger.graph.forget_bodies(AnchorNumber(old));
        }
        self.candidates.reset(number);
        self.finality.applied_at = self.finality.applied_at.max(now);
        self.finality.young.push((number, now));
        Some(())
    }

    /// Asks for what is missing, each at its time.
    pub(super) fn ask(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let (me, members) = (self.config.me, self.config.committee.size());
        for (peer, wanted) in self.inbox.due(me, members, self.config.retry_ms, now) {
            let (epoch, known) = (self.config.epoch, self.known());
            out.push(Effect::Request(peer, HistoryRequest::Witnesses { epoch, wanted, known }));
        }
        let next = self.ledger.graph.last_anchor().next();
        if self.finality.broken || now < self.finality.due {
            return;
        }
        let question = self.finality.question(next).filter(|hash| self.proposal(hash).is_none());
        let Some(hash) = question else { return };
        let peer = self.finality.turn(me, members, self.config.retry_ms, now);
        if peer != me {
            out.push(Effect::Request(peer, HistoryRequest::Anchors(vec![hash])));
        }
    }
}

impl<C> Member<C> {
    /// What is known of an anchor that is not applied: of a final one, of one that we signed, of a candidate.
    pub(super) fn proposal(&self, hash: &Hash) -> Option<&AnchorProposal> {
        self.finality.known.get(hash).or_else(|| self.candidates.proposal(hash))
    }
}
