//! Making witnesses: when something is left to confirm, at most one a level interval.

use alloc::vec::Vec;

use loadstone_core::{AnchorNumber, Level, MemberIndex, Millis};

use super::Member;
use crate::{
    graph::NodeId, AnchorProposal, CheckedUnit, CheckedWitness, Crypto, Effect, HistoryRequest, MemberMessage,
    MemberSet, PersistItem, Unit, Witness, WitnessContent, WitnessRef, MAX_WITNESS_UNITS,
};

/// Witnesses without effect before the pace slows down; confirming takes three.
const PATIENCE: u32 = 4;

/// Doublings of the time between repetitions.
const MAX_BACKOFF: u64 = 4;

impl<C: Crypto> Member<C> {
    /// Makes a witness if it is time, there is cause, and a level can be reached; the final one at once
    /// when the epoch is to be closed.
    pub(super) fn advance(&mut self, now: Millis, out: &mut Vec<Effect>) {
        if self.mute || self.has_ended() || self.is_unsure() {
            return;
        }
        if self.closing {
            let last = self.ledger.newest_ref(self.config.me).map(|own| own.level).unwrap_or_default();
            self.make_witness(Level(last.0.saturating_add(1)), now, out);
            return;
        }
        if self.witnessed_at.is_some_and(|at| now.since(at) < self.pace()) {
            return;
        }
        self.drop_known_units();
        let Some(level) = self.next_level() else { return };
        // Who made a witness of this level already can't make the next without ours.
        let is_awaited = self.ledger.top_level() >= level;
        if is_awaited || !self.queue.is_empty() || self.ledger.has_work() {
            self.make_witness(level, now, out);
        }
    }

    /// Whether we remember no witness of ours and too few members said that they hold none: the disk
    /// may have been lost.
    fn is_unsure(&self) -> bool {
        self.ledger.newest(self.config.me).is_none() && !self.config.committee.is_quorum(self.answered)
    }

    /// Time between two witnesses. Units that came in since our last witness deserve one at full pace,
    /// whatever the witnesses before achieved: else one unit that can't be certified would slow all others.
    fn pace(&self) -> u64 {
        let has_news = !self.queue.is_empty() || self.ledger.graph.units.len() != self.units_witnessed;
        let slow = if has_news { 0 } else { self.futile.saturating_sub(PATIENCE).min(16) };
        let heartbeat = self.config.heartbeat_ms.max(self.config.level_interval_ms);
        self.config.level_interval_ms.saturating_mul(1 << slow).min(heartbeat)
    }

    /// Units that another gateway introduced meanwhile need no second introduction.
    fn drop_known_units(&mut self) {
        while self.queue.front().is_some_and(|unit| self.is_covered(unit)) {
            let Some(unit) = self.queue.pop_front() else { return };
            self.queued.remove(&unit.unit().content.slot);
            self.brought.push(unit);
        }
    }

    /// Our witness reached what others' witnesses brought, or it never will: then the unit stands in a
    /// branch of a fork alone that another branch took the place of, and we introduce it after all.
    fn take_back_stranded(&mut self) {
        for unit in core::mem::take(&mut self.brought).into_iter().rev() {
            if !self.is_covered(&unit) {
                self.queued.insert(unit.unit().content.slot, unit.id());
                self.queue.push_front(unit);
            }
        }
    }

    /// Takes from the queue what a witness introduces.
    fn take_queued(&mut self) -> Vec<CheckedUnit> {
        let mut units = Vec::with_capacity(self.queue.len().min(MAX_WITNESS_UNITS));
        while units.len() < MAX_WITNESS_UNITS {
            self.drop_known_units();
            let Some(unit) = self.queue.pop_front() else { break };
            units.push(unit);
        }
        units
    }

    /// The level above the highest with a quorum, if that is above our last witness.
    fn next_level(&self) -> Option<Level> {
        let last = self.ledger.newest_ref(self.config.me).map(|own| own.level).unwrap_or_default();
        match self.ledger.highest_quorum(last.max(Level(1))) {
            Some(level) => level.0.checked_add(1).map(Level),
            None => (last.0 == 0).then_some(Level(1)),
        }
    }

    /// Makes a witness of this level. A final one has no parents: what it has not reached is in `latest`;
    /// and no units, since too few would come to vote on them: they wait for the next epoch.
    fn make_witness(&mut self, level: Level, now: Millis, out: &mut Vec<Effect>) {
        let last = self.closing;
        let previous = self.ledger.newest(self.config.me);
        let parents = if last { Vec::new() } else { self.parents(level) };
        let latest = self.latest(previous, &parents);
        let units = if last { Vec::new() } else { self.take_queued() };
        let content = WitnessContent {
            epoch: self.config.epoch,
            member: self.config.me,
            level,
            previous: previous.and_then(|node| self.ledger.graph.node(node).witness_ref),
            parents,
            latest,
            units: units.iter().map(CheckedUnit::id).collect(),
            base: self.base(previous, now),
            last,
        };
        let payload = content.payload(&self.config.genesis);
        let named: Vec<WitnessRef> = content.named().copied().collect();
        let signed = self.crypto.sign(payload.as_bytes()).zip(self.ledger.graph.resolve(&named).ok().flatten());
        let Some((signature, edges)) = signed else {
            units.into_iter().rev().for_each(|unit| self.queue.push_front(unit));
            return;
        };
        let witness = Witness { content, signature };
        let bodies = units.iter().map(|unit| unit.unit().clone()).collect();
        for unit in &units {
            self.queued.remove(&unit.unit().content.slot);
        }
        self.note_made(now);
        self.hold(CheckedWitness::own(&payload, witness.clone()), units, edges, previous, out);
        self.units_witnessed = self.ledger.graph.units.len();
        self.take_back_stranded();
        out.push(Effect::Broadcast(MemberMessage::Witness(witness, bodies)));
    }

    fn note_made(&mut self, now: Millis) {
        let achieved = self.ledger.progress();
        let has_news = self.ledger.graph.units.len() != self.units_witnessed;
        self.futile = if achieved == self.achieved && !has_news { self.futile.saturating_add(1) } else { 0 };
        self.achieved = achieved;
        self.witnessed_at = Some(now);
        self.repeats = 0;
        self.repeat_at = now.after(self.config.retry_ms);
    }

    fn parents(&self, level: Level) -> Vec<WitnessRef> {
        let below = level.0.checked_sub(1).and_then(|below| self.ledger.at_level(Level(below)));
        let others = below.into_iter().flatten().filter(|(member, _)| **member != self.config.me);
        others.filter_map(|(_, node)| self.ledger.graph.node(*node).witness_ref).collect()
    }

    /// Newest witnesses of others that neither our chain nor a parent reaches.
    fn latest(&self, previous: Option<NodeId>, parents: &[WitnessRef]) -> Vec<WitnessRef> {
        let parent_nodes = parents.iter().filter_map(|parent| self.ledger.graph.node_ids.get(&parent.hash).copied());
        let tips: Vec<NodeId> = previous.into_iter().chain(parent_nodes).collect();
        let newest = self.config.committee.indices().filter(|member| *member != self.config.me);
        newest
            .filter_map(|member| self.ledger.newest(member))
            .filter(|node| !tips.iter().any(|tip| tip == node || self.ledger.reaches(*tip, *node)))
            .filter_map(|node| self.ledger.graph.node(node).witness_ref)
            .collect()
    }

    fn base(&mut self, previous: Option<NodeId>, now: Millis) -> AnchorNumber {
        let settled = self.finality.settled(self.config.base_delay_ms, now);
        let before = previous.map(|node| self.ledger.graph.node(node).base);
        settled.max(before.unwrap_or(self.ledger.graph.start()))
    }

    /// Sends our last witness again and asks what we missed, while something is stuck; less and less often.
    pub(super) fn repeat(&mut self, now: Millis, out: &mut Vec<Effect>) {
        if now < self.repeat_at {
            return;
        }
        let stuck = self.closing || !self.queue.is_empty() || self.ledger.has_work();
        let unsure = self.is_unsure();
        if !stuck && !unsure && self.greetings == 0 {
            return;
        }
        self.greetings = self.greetings.saturating_sub(1);
        self.repeat_at = now.after(self.config.retry_ms << self.repeats.min(MAX_BACKOFF));
        self.repeats = if unsure { 0 } else { self.repeats.saturating_add(1) };
        if stuck {
            out.extend(self.own_again());
        }
        let silent = |member: &MemberIndex| !self.answered.contains(MemberSet::of(*member));
        let peers: Vec<MemberIndex> = match unsure {
            true => self.config.committee.indices().filter(silent).collect(),
            false => self.next_peer().into_iter().collect(),
        };
        for peer in peers {
            let (epoch, known) = (self.config.epoch, self.known());
            out.push(Effect::Request(peer, HistoryRequest::Witnesses { epoch, wanted: Vec::new(), known }));
        }
    }

    fn own_again(&self) -> Option<Effect> {
        let node = self.ledger.graph.node(self.ledger.newest(self.config.me)?);
        let units: Option<Vec<Unit>> =
            node.units.iter().map(|unit| self.ledger.graph.units.entry(*unit).body.as_deref().cloned()).collect();
        Some(Effect::Broadcast(MemberMessage::Witness(node.witness.clone()?, units?)))
    }

    /// Takes in again what was persisted before a restart.
    pub(super) fn restore(&mut self, item: PersistItem, now: Millis) {
        let mut unheard = Vec::new();
        let epoch = match &item {
            PersistItem::Witness(witness, _) => witness.content.epoch,
            PersistItem::Anchor(proposal) | PersistItem::Candidate(proposal) => proposal.anchor.epoch,
            PersistItem::Mute => self.config.epoch,
        };
        if epoch != self.config.epoch {
            return;
        }
        let placed = match item {
            PersistItem::Witness(witness, units) => self.restore_witness(witness, units, now, &mut unheard),
            PersistItem::Anchor(proposal) => self.restore_anchor(proposal, &mut unheard),
            PersistItem::Candidate(proposal) => {
                self.finality.keep(proposal, self.ledger.graph.last_anchor().next());
                Some(())
            }
            PersistItem::Mute => None,
        };
        // A gap in what was persisted may hide a vote of ours as well.
        self.mute |= placed.is_none();
    }

    fn restore_anchor(&mut self, proposal: AnchorProposal, unheard: &mut Vec<Effect>) -> Option<()> {
        let number = proposal.anchor.number;
        self.apply_anchor(proposal, Millis(0), unheard)?;
        // The other candidates for it are void.
        self.finality.forget(number);
        Some(())
    }

    fn restore_witness(
        &mut self,
        witness: Witness,
        units: Vec<Unit>,
        now: Millis,
        unheard: &mut Vec<Effect>,
    ) -> Option<()> {
        let named: Vec<WitnessRef> = witness.content.named().copied().collect();
        let edges = self.ledger.graph.resolve(&named).ok().flatten()?;
        let previous = witness.content.previous.as_ref().and_then(|_| edges.first().copied());
        let payload = witness.content.payload(&self.config.genesis);
        let units = units
            .into_iter()
            .map(|unit| CheckedUnit::from_parts(unit.content.payload(&self.config.genesis).hash(), unit))
            .collect();
        if witness.content.member == self.config.me {
            self.witnessed_at = Some(now);
        }
        self.hold(CheckedWitness::own(&payload, witness), units, edges, previous, unheard);
        Some(())
    }
}
