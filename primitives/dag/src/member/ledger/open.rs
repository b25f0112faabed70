//! Units that are neither confirmed nor settled, and whether witnessing can still help one of them.

use alloc::collections::BTreeSet;

use super::Ledger;
use crate::{
    graph::{Footing, UnitId, Window},
    MemberSet,
};

/// Unanchored predecessors looked at before a chain is given up as too long to judge.
const MAX_WALK: usize = 256;

/// Units with votes that are neither confirmed nor settled by an anchor.
#[derive(Default)]
pub(super) struct OpenUnits {
    hopeful: Window<bool>,
    /// Units that were found to have lost against a rival. Only a new vote may change that.
    lost: BTreeSet<UnitId>,
    count: usize,
}

impl OpenUnits {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn insert(&mut self, unit: UnitId) {
        let was_lost = !self.lost.is_empty() && self.lost.remove(&unit);
        if !self.hopeful.get(unit) {
            self.hopeful.set(unit, true);
            self.count += usize::from(!was_lost);
        }
    }

    pub fn remove(&mut self, unit: UnitId) {
        let was_lost = !self.lost.is_empty() && self.lost.remove(&unit);
        if self.hopeful.clear(unit) || was_lost {
            self.count = self.count.saturating_sub(1);
        }
    }
}

impl Ledger {
    /// Whether another witness of ours may help to confirm something.
    pub fn has_work(&mut self) -> bool {
        while let Some(unit) = self.open.hopeful.first() {
            if self.may_be_certified(unit) {
                return true;
            }
            self.open.hopeful.clear(unit);
            self.open.lost.insert(unit);
        }
        false
    }

    /// Whether the unit has, or may still get, the votes of more than two thirds. A unit that lost
    /// against a rival can't; nor can what stands on it, nor a unit of a life that is over.
    fn may_be_certified(&self, unit: UnitId) -> bool {
        let units = &self.graph.units;
        let mut unit = unit;
        for _ in 0..MAX_WALK {
            if self.all.is_certified(unit) {
                return true;
            }
            let slot = units.entry(unit).slot;
            if units.places.is_closed(slot, self.graph.last_anchor()) {
                return units.anchor_of(unit).is_some();
            }
            if units.in_slot(slot).any(|rival| self.all.is_certified(rival)) {
                return false;
            }
            let voted =
                units.in_slot(slot).map(|unit| self.all.voters(unit)).fold(MemberSet::default(), MemberSet::with);
            if !self.committee.is_quorum(self.all.voters(unit).with(voted.rest())) {
                return false;
            }
            match units.footing(unit) {
                Footing::First => return true,
                Footing::Unknown => return false,
                Footing::Unit(before) => unit = before,
            }
        }
        true
    }
}
