//! Taking in witnesses: only with their whole causal history, bodies included.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis};

use super::Member;
use crate::{
    graph::{NodeId, UnitId},
    CheckedUnit, CheckedWitness, Crypto, Effect, Fault, MemberSet, PersistItem, Unit, WitnessFault, WitnessRef,
};

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
    /// Takes a witness in, or lets it wait and notes what it waits for. `is_named`: another member's
    /// witness is known to name it.
    pub(super) fn receive(
        &mut self,
        from: MemberIndex,
        witness: CheckedWitness,
        units: Vec<CheckedUnit>,
        is_named: bool,
        now: Millis,
        out: &mut Vec<Effect>,
    ) {
        let id = witness.id();
        // What belongs to another epoch comes from members that are ahead or behind: no breach of rules.
        if witness.witness().content.epoch != self.config.epoch || self.ledger.graph.node_ids.contains_key(&id) {
            return;
        }
        if !is_named && self.is_idle_fork(&witness, out) {
            return;
        }
        match self.need(&witness, &units) {
            Ok(Need::Nothing(edges, previous)) => {
                self.inbox.take(&id);
                self.take_in(witness, units, edges, previous, out);
                let waiters = self.inbox.arrived(&id).into_iter().map(|waiter| (from, waiter)).collect();
                self.try_waiting(waiters, now, out);
            }
            Err(fault) => self.refuse(witness.reference(), fault, out),
            Ok(_) if self.inbox.put(witness, units, now) => self.try_waiting(vec![(from, id)], now, out),
            Ok(_) => {}
        }
    }

    fn refuse(&mut self, witness: WitnessRef, fault: WitnessFault, out: &mut Vec<Effect>) {
        self.inbox.take(&witness.hash);
        out.push(Effect::Evidence(Fault::Refused(witness.member, fault)));
    }

    /// Tries waiting witnesses, and whatever waited for those that are taken in.
    pub(super) fn try_waiting(&mut self, mut open: Vec<(MemberIndex, Hash)>, now: Millis, out: &mut Vec<Effect>) {
        while let Some((from, id)) = open.pop() {
            let Some(waiting) = self.inbox.get(&id) else { continue };
            let reference = waiting.witness.reference();
            match self.need(&waiting.witness, &waiting.units) {
                Ok(Need::Nothing(edges, previous)) => {
                    let Some(taken) = self.inbox.take(&id) else { continue };
                    if self.is_idle_fork(&taken.witness, out) {
                        continue;
                    }
                    self.take_in(taken.witness, taken.units, edges, previous, out);
                    open.extend(self.inbox.arrived(&id).into_iter().map(|waiter| (from, waiter)));
                }
                Ok(Need::Witnesses(missing)) => {
                    for hash in missing {
                        self.inbox.want(hash, from, Some(id), now);
                    }
                }
                Ok(Need::Anchor(number)) => self.inbox.await_anchor(number, id),
                Err(fault) => self.refuse(reference, fault, out),
            }
        }
    }

    fn need(&self, witness: &CheckedWitness, units: &[CheckedUnit]) -> Result<Need, WitnessFault> {
        let graph = &self.ledger.graph;
        let content = &witness.witness().content;
        if content.base < graph.start() {
            return Err(WitnessFault::Previous);
        }
        let named: Vec<_> = content.named().copied().collect();
        let Some(edges) = graph.resolve(&named)? else {
            let missing = named.iter().map(|reference| reference.hash);
            return Ok(Need::Witnesses(missing.filter(|hash| !graph.node_ids.contains_key(hash)).collect()));
        };
        let previous = content.previous.as_ref().and_then(|_| edges.first().copied());
        if previous.is_some_and(|previous| graph.node(previous).base > content.base) {
            return Err(WitnessFault::Previous);
        }
        if previous.is_some_and(|previous| graph.node(previous).last) {
            return Err(WitnessFault::AfterLast);
        }
        if !self.has_bodies(&content.units, units) {
            return Ok(Need::Witnesses(vec![witness.id()]));
        }
        if content.base > graph.last_anchor() {
            return Ok(Need::Anchor(content.base));
        }
        Ok(Need::Nothing(edges, previous))
    }

    /// Whether each unit is brought along or held.
    fn has_bodies(&self, named: &[Hash], units: &[CheckedUnit]) -> bool {
        if are_these(named, units) {
            return true;
        }
        let brought: BTreeSet<Hash> = units.iter().map(CheckedUnit::id).collect();
        named.iter().all(|id| brought.contains(id) || self.ledger.graph.units.number(id).is_some())
    }

    /// Whether the witness is a fork that nobody else's witness names. Such a one is reported and left
    /// out: an equivocator could fill our memory with them. If another member takes this branch for the
    /// author's, its witness names it, and then it is asked for.
    fn is_idle_fork(&mut self, witness: &CheckedWitness, out: &mut Vec<Effect>) -> bool {
        let reference = witness.reference();
        if reference.member == self.config.me || self.inbox.is_named(&reference) {
            return false;
        }
        let is_fork = match &witness.witness().content.previous {
            Some(previous) => match self.ledger.graph.node_ids.get(&previous.hash).copied() {
                Some(previous) => self.report_fork(witness, Some(previous), out),
                None => false,
            },
            None => self.report_fork(witness, None, out),
        };
        is_fork
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
        let mut forks = Vec::new();
        let (numbers, bodies) = self.hold_units(&witness.witness().content.units, units, &mut forks);
        out.push(Effect::Persist(PersistItem::Witness(witness.witness().clone(), bodies)));
        out.append(&mut forks);
        self.report_fork(&witness, previous, out);
        let node = self.ledger.graph.insert_witness(witness, edges, previous, numbers);
        let confirmed = self.ledger.follow(node);
        out.reserve(confirmed.len());
        let leaves = confirmed.into_iter().map(|unit| self.ledger.graph.units.leaf(unit));
        out.extend(leaves.map(|leaf| Effect::Confirmed { slot: leaf.slot, unit: leaf.unit }));
    }

    /// Takes in the units named; returns their numbers, and the bodies of those that are new.
    fn hold_units(
        &mut self,
        named: &[Hash],
        units: Vec<CheckedUnit>,
        forks: &mut Vec<Effect>,
    ) -> (Vec<UnitId>, Vec<Unit>) {
        let mut bodies = Vec::with_capacity(units.len());
        if are_these(named, &units) {
            let numbers = units.into_iter().map(|unit| self.hold_unit(unit, &mut bodies, forks)).collect();
            return (numbers, bodies);
        }
        let mut brought: BTreeMap<Hash, CheckedUnit> = units.into_iter().map(|unit| (unit.id(), unit)).collect();
        let mut number = |id: &Hash| match brought.remove(id) {
            Some(unit) => Some(self.hold_unit(unit, &mut bodies, forks)),
            None => self.ledger.graph.units.number(id),
        };
        let numbers = named.iter().filter_map(&mut number).collect();
        (numbers, bodies)
    }

    fn hold_unit(&mut self, unit: CheckedUnit, bodies: &mut Vec<Unit>, forks: &mut Vec<Effect>) -> UnitId {
        let units = &mut self.ledger.graph.units;
        let (number, is_new) = units.insert(unit);
        if !is_new {
            return number;
        }
        self.ledger.note_unit(number);
        let units = &self.ledger.graph.units;
        let body = |number: UnitId| units.entry(number).body.as_deref().cloned();
        bodies.extend(body(number));
        let mut here = units.in_slot(units.entry(number).slot);
        if let (Some(first), Some(second), None) = (here.next(), here.next(), here.next()) {
            if let (Some(one), Some(other)) = (body(first), body(second)) {
                forks.push(Effect::Evidence(Fault::DeviceFork(one, other)));
            }
        }
        number
    }

    /// Two witnesses at one level, or after one witness, are a fork. Returns whether this witness makes
    /// one; it is reported once a member.
    fn report_fork(&mut self, witness: &CheckedWitness, previous: Option<NodeId>, out: &mut Vec<Effect>) -> bool {
        let reference = witness.reference();
        let at_level =
            self.ledger.at_level(reference.level).and_then(|members| members.get(&reference.member)).copied();
        let others = self.ledger.witnesses_of(reference.member);
        let extends_tip = match previous {
            Some(previous) => self.ledger.is_tip(reference.member, previous),
            None => others.is_empty(),
        };
        if at_level.is_none() && extends_tip {
            return false;
        }
        let author = MemberSet::of(reference.member);
        if self.reported.contains(author) {
            return true;
        }
        let is_child = |node: &&NodeId| self.ledger.graph.node(**node).previous == previous;
        let other = at_level.or_else(|| others.iter().find(is_child).copied());
        if let Some(other) = other.and_then(|other| self.ledger.graph.node(other).witness.clone()) {
            self.reported = self.reported.with(author);
            self.ledger.note_fork(reference.member);
            out.push(Effect::Evidence(Fault::MemberFork(other, witness.witness().clone())));
        }
        true
    }
}

/// Whether the units are those named, in the same order: the usual case.
fn are_these(named: &[Hash], units: &[CheckedUnit]) -> bool {
    named.len() == units.len() && named.iter().zip(units).all(|(id, unit)| *id == unit.id())
}
