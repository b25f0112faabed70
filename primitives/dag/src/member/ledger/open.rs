//! Units that are neither confirmed nor settled, and whether witnessing can still help one of them.

use alloc::collections::BTreeSet;

use super::Ledger;
use crate::{
    graph::{numbers, place, Footing, UnitId, Window},
    MemberSet,
};

/// Unanchored predecessors looked at before a chain is given up as too long to judge.
const MAX_WALK: usize = 256;

/// Units with votes that are neither confirmed nor settled by an anchor.
#[derive(Default)]
pub(super) struct OpenUnits {
    /// By block.
    hopeful: Window<u64>,
    /// Units that were found to have lost against a rival. Only a new vote may change that.
    lost: BTreeSet<UnitId>,
    count: usize,
}

impl OpenUnits {
    pub fn len(&self) -> usize {
        self.count
    }

    /// Takes in units of a block, or gives them another chance.
    pub fn insert(&mut self, block: u32, mask: u64) {
        let before = self.hopeful.get(block);
        let new = mask & !before;
        if new == 0 {
            return;
        }
        let found = self.take_lost(block, new);
        self.hopeful.set(block, before | new);
        self.count += new.count_ones() as usize - found;
    }

    pub fn remove(&mut self, block: u32, mask: u64) {
        let before = self.hopeful.get(block);
        let found = self.take_lost(block, mask);
        self.count = self.count.saturating_sub((before & mask).count_ones() as usize + found);
        if before & mask != 0 {
            self.put(block, before & !mask);
        }
    }

    fn put(&mut self, block: u32, mask: u64) {
        match mask {
            0 => drop(self.hopeful.clear(block)),
            _ => self.hopeful.set(block, mask),
        }
    }

    fn take_lost(&mut self, block: u32, mask: u64) -> usize {
        match self.lost.is_empty() {
            true => 0,
            false => numbers(block, mask).filter(|unit| self.lost.remove(unit)).count(),
        }
    }

    fn first(&self) -> Option<UnitId> {
        let block = self.hopeful.first()?;
        numbers(block, self.hopeful.get(block)).next()
    }

    fn give_up(&mut self, unit: UnitId) {
        let (block, bit) = place(unit);
        self.put(block, self.hopeful.get(block) & !bit);
        self.lost.insert(unit);
    }
}

impl Ledger {
    /// Whether another witness of ours may help to confirm something.
    pub fn has_work(&mut self) -> bool {
        while let Some(unit) = self.open.first() {
            if self.may_be_certified(unit) {
                return true;
            }
            self.open.give_up(unit);
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
