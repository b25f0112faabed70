//! The end of an epoch: final witnesses, the closing anchor, and what the next epoch takes over.
//!
//! The closing anchor's frontier consists of final witnesses of more than two thirds of the weight. It
//! holds every unit that anybody may have seen confirmed. For confirmed means that members of more than
//! two thirds of the weight each have a witness whose past certifies the unit. Two such sets have
//! members of more than a third of the weight in common, so one of them at least is honest. All its
//! witnesses are in one chain that ends with its final witness, which therefore has the certifying one
//! in its past; and what is certified in one vertex's past is certified in the anchor's history.
//! Units that are merely certified somewhere may be left out: nobody was told that they are confirmed.

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::Millis;

use super::Member;
use crate::{CheckedUnit, Crypto, Effect, MemberSet, Slot, WitnessRef};

impl<C: Crypto> Member<C> {
    /// The chain is closing this epoch: makes our final witness, as soon as one can be made. May be
    /// said again, and must be after a restart.
    pub fn close(&mut self, now: Millis) -> Vec<Effect> {
        let mut out = Vec::new();
        self.closing = true;
        if !self.is_over() {
            self.advance(now, &mut out);
        }
        out
    }

    /// Tells the driver that the epoch is over, once a start of the program.
    pub(super) fn tell_closed(&mut self, out: &mut Vec<Effect>) {
        let closing_anchor = self.ledger.graph.closing_anchor().filter(|_| !self.told_closed);
        let Some(anchor) = closing_anchor.map(|entry| entry.proposal.anchor.clone()) else { return };
        self.told_closed = true;
        out.push(Effect::Closed { anchor, heads: self.ledger.heads_after(&[]) });
    }
}

impl<C> Member<C> {
    /// Whether the closing anchor is finalised here: nothing follows in this epoch.
    pub fn is_over(&self) -> bool {
        self.ledger.graph.closing_anchor().is_some()
    }

    /// Whether this member has made its last witness of the epoch.
    pub(super) fn has_ended(&self) -> bool {
        self.is_over() || self.ledger.final_of(self.config.me).is_some()
    }

    /// The closing anchor's frontier, once final witnesses of more than two thirds of the weight are
    /// held. Honest members among them saw the chain close the epoch, even if we have not yet.
    pub(super) fn final_frontier(&self) -> Option<Vec<WitnessRef>> {
        let finals = self.ledger.finals();
        let set = finals.iter().fold(MemberSet::default(), |set, witness| set.with(MemberSet::of(witness.member)));
        self.config.committee.is_quorum(set).then_some(finals)
    }

    /// Units that this member queued or introduced and that no anchor holds, in order of slot: to be
    /// introduced in the next epoch. What lost its slot to another unit is left out.
    pub fn into_leftover(self) -> Vec<CheckedUnit> {
        let units = &self.ledger.graph.units;
        let mut leftover: BTreeMap<Slot, CheckedUnit> = BTreeMap::new();
        let own = self.ledger.witnesses_of(self.config.me).iter();
        for unit in own.flat_map(|node| &self.ledger.graph.node(*node).units) {
            let entry = units.entry(*unit);
            let Some(body) = entry.body.as_deref().filter(|_| !units.places.is_settled(entry.slot)) else { continue };
            leftover.insert(body.content.slot, CheckedUnit::from_parts(entry.id, body.clone()));
        }
        for unit in self.brought.into_iter().chain(self.queue) {
            let slot = unit.unit().content.slot;
            if !units.places.number(&slot).is_some_and(|number| units.places.is_settled(number)) {
                leftover.entry(slot).or_insert(unit);
            }
        }
        leftover.into_values().collect()
    }
}
