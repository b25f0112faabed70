//! Taking in witnesses: only with their whole causal history, bodies included.

use alloc::{collections::BTreeSet, vec, vec::Vec};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis};

use super::Member;
use crate::{graph::NodeId, CheckedUnit, CheckedWitness, Crypto, Effect, Fault, MemberSet, PersistItem, WitnessFault};

/// What a witness needs before it can be taken in.
enum Need {
    /// Nothing: the vertices that it names, and the one before it in its author's chain.
    Nothing(Vec<NodeId>, Option<NodeId>),
    /// These witnesses; its own id when a unit's body is missing.
    Witnesses(Vec<Hash>),
    /// This anchor, finalised.
    Anchor(AnchorNumber),
}

impl<C: Crypto> Member<C> {
    /// Takes a witness in, or lets it wait and notes what it waits for.
    pub(super) fn receive(
        &mut self,
        from: MemberIndex,
        witness: CheckedWitness,
        units: Vec<CheckedUnit>,
        now: Millis,
        out: &mut Vec<Effect>,
    ) {
        let id = witness.id();
        if self.ledger.graph.node_ids.contains_key(&id) {
            return;
        }
        if witness.witness().content.epoch != self.config.epoch {
            out.push(Effect::Evidence(Fault::Refused(from, WitnessFault::Epoch)));
            return;
        }
        if self.inbox.put(witness, units, now) {
            self.try_waiting(vec![(from, id)], now, out);
        }
    }

    /// Tries waiting witnesses, and whatever waited for those that are taken in.
    pub(super) fn try_waiting(&mut self, mut open: Vec<(MemberIndex, Hash)>, now: Millis, out: &mut Vec<Effect>) {
        while let Some((from, id)) = open.pop() {
            let Some(waiting) = self.inbox.get(&id) else { continue };
            match self.need(&waiting.witness, &waiting.units) {
                Ok(Need::Nothing(edges, previous)) => {
                    if let Some(taken) = self.inbox.take(&id) {
                        self.take_in(taken.witness, taken.units, edges, previous, out);
                        open.extend(self.inbox.arrived(&id).into_iter().map(|waiter| (from, waiter)));
                    }
                }
                Ok(Need::Witnesses(missing)) => {
                    for hash in missing {
                        self.inbox.want(hash, from, Some(id), now);
                    }
                }
                Ok(Need::Anchor(number)) => self.inbox.await_anchor(number, id),
                Err(fault) => {
                    let author = waiting.witness.reference().member;
                    self.inbox.take(&id);
                    out.push(Effect::Evidence(Fault::Refused(author, fault)));
                }
            }
        }
    }

    fn need(&self, witness: &CheckedWitness, units: &[CheckedUnit]) -> Result<Need, WitnessFault> {
        let graph = &self.ledger.graph;
        let content = &witness.witness().content;
        let named: Vec<_> = content.named().copied().collect();
        let Some(edges) = graph.resolve(&named)? else {
            let missing = named.iter().map(|reference| reference.hash);
            return Ok(Need::Witnesses(missing.filter(|hash| !graph.node_ids.contains_key(hash)).collect()));
        };
        let previous = content.previous.as_ref().and_then(|_| edges.first().copied());
        if previous.is_some_and(|previous| graph.node(previous).base > content.base) {
            return Err(WitnessFault::Previous);
        }
        let brought: BTreeSet<Hash> = units.iter().map(CheckedUnit::id).collect();
        let held = |id: &Hash| brought.contains(id) || graph.unit_ids.contains_key(id);
        if !content.units.iter().all(held) {
            return Ok(Need::Witnesses(vec![witness.id()]));
        }
        if content.base > graph.last_anchor() {
            return Ok(Need::Anchor(content.base));
        }
        Ok(Need::Nothing(edges, previous))
    }

    /// Puts a witness that needs nothing more into the graph and follows up on it.
    pub(super) fn take_in(
        &mut self,
        witness: CheckedWitness,
        units: Vec<CheckedUnit>,
        edges: Vec<NodeId>,
        previous: Option<NodeId>,
        out: &mut Vec<Effect>,
    ) {
        if witness.reference().member == self.config.me && !self.mute {
            // Only `make_witness` and `restore` bring our own: this one comes from outside.
            self.mute = true;
            out.push(Effect::Persist(PersistItem::Mute));
            out.push(Effect::Evidence(Fault::StateLost));
        }
        self.hold(witness, units, edges, previous, out);
    }

    /// As [`Self::take_in`], for witnesses of whatever origin.
    pub(super) fn hold(
        &mut self,
        witness: CheckedWitness,
        units: Vec<CheckedUnit>,
        edges: Vec<NodeId>,
        previous: Option<NodeId>,
        out: &mut Vec<Effect>,
    ) {
        let named: BTreeSet<Hash> = witness.witness().content.units.iter().copied().collect();
        let graph = &self.ledger.graph;
        let new: Vec<CheckedUnit> = units
            .into_iter()
            .filter(|unit| named.contains(&unit.id()) && !graph.unit_ids.contains_key(&unit.id()))
            .collect();
        let bodies = new.iter().map(|unit| unit.unit().clone()).collect();
        out.push(Effect::Persist(PersistItem::Witness(witness.witness().clone(), bodies)));
        self.hold_units(new, out);
        self.report_fork(&witness, previous, out);
        let node = self.ledger.graph.insert_witness(witness, edges, previous);
        for unit in self.ledger.follow(node) {
            let leaf = self.ledger.graph.leaf(unit);
            out.push(Effect::Confirmed { slot: leaf.slot, unit: leaf.unit });
        }
    }

    fn hold_units(&mut self, units: Vec<CheckedUnit>, out: &mut Vec<Effect>) {
        for unit in units {
            let body = unit.unit().clone();
            let Some(rival) = self.ledger.graph.insert_unit(unit) else { continue };
            let graph = &self.ledger.graph;
            let first_fork = graph.slot_of(rival).units.len() == 2;
            if let (true, Some(other)) = (first_fork, graph.unit(rival).unit.clone()) {
                out.push(Effect::Evidence(Fault::DeviceFork(other, body)));
            }
        }
    }

    /// Two witnesses at one level, or after one witness, are a fork.
    fn report_fork(&mut self, witness: &CheckedWitness, previous: Option<NodeId>, out: &mut Vec<Effect>) {
        let reference = witness.reference();
        let at_level =
            self.ledger.at_level(reference.level).and_then(|members| members.get(&reference.member)).copied();
        let is_child = |node: &&NodeId| self.ledger.graph.node(**node).previous == previous;
        let others = self.ledger.witnesses_of(reference.member);
        let extends_tip = match previous {
            Some(previous) => self.ledger.is_tip(reference.member, previous),
            None => others.is_empty(),
        };
        let sibling = if extends_tip { None } else { others.iter().find(is_child).copied() };
        let Some(other) = at_level.or(sibling) else { return };
        let author = MemberSet::of(reference.member);
        if self.reported.contains(author) {
            return;
        }
        self.reported = self.reported.with(author);
        if let Some(other) = self.ledger.graph.node(other).witness.clone() {
            out.push(Effect::Evidence(Fault::MemberFork(other, witness.witness().clone())));
        }
    }
}
