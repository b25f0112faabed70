//! The check of one segment: its anchors one after another, and the units of each.

use std::{iter::Peekable, vec::IntoIter};

use loadstone_core::{AnchorNumber, Hash};
use loadstone_dag::{Anchor, Slot};

use crate::{
    findings::{Fault, Finding},
    leaves::{LeafFault, Leaves},
    manifest::Entry,
    rows::{ArchivedUnit, BadRow},
    verify::Check,
};

/// How far the check of a segment has come.
pub(crate) struct SegmentCheck<'e> {
    entry: &'e Entry,
    /// Anchors whose units were not all seen.
    open: Peekable<IntoIter<Anchor>>,
    /// Units of the first of them.
    leaves: Leaves,
    /// First position at which another index stood.
    jump: Option<u32>,
    /// Whether something was found in the first of them, so that its count and root say nothing more.
    spoiled: bool,
}

impl<'e> SegmentCheck<'e> {
    pub fn new(entry: &'e Entry) -> Self {
        let open = Vec::new().into_iter().peekable();
        Self { entry, open, leaves: Leaves::default(), jump: None, spoiled: false }
    }

    /// The anchor whose units are read.
    pub fn at(&mut self) -> Option<AnchorNumber> {
        self.open.peek().map(|anchor| anchor.number)
    }

    /// Takes the anchors in the footer, which must be those that the manifest names.
    pub fn anchors(&mut self, check: &mut Check<'_>, anchors: Vec<Anchor>) {
        for anchor in &anchors {
            check.link(&self.entry.object, anchor);
        }
        let ends = anchors.first().zip(anchors.last());
        let named = ends.is_some_and(|(first, last)| {
            (first.number, first.parent) == (self.entry.first, self.entry.parent)
                && (last.number, last.hash()) == (self.entry.last, self.entry.last_hash)
        });
        if !named {
            check.find(Some(&self.entry.object), None, Fault::Unlinked);
            check.go_on_after(self.entry);
        }
        self.open = anchors.into_iter().peekable();
    }

    fn find(&mut self, check: &mut Check<'_>, anchor: AnchorNumber, unit: Option<Slot>, fault: Fault) {
        let object = Some(self.entry.object.clone());
        check.report.add(Finding { object, anchor: Some(anchor), unit, fault });
        self.spoiled = true;
    }

    /// Takes the next row, which holds no unit.
    pub fn bad_row(&mut self, check: &mut Check<'_>, row: &BadRow) {
        self.close_before(check, row.anchor);
        self.find(check, row.anchor, row.slot, Fault::Unreadable(row.why.into()));
        match row.slot {
            Some(slot) => drop(check.heads.remove(&(slot.device, slot.incarnation))),
            None => check.heads.clear(),
        }
        check.from_start = false;
    }

    /// Takes the next row.
    pub fn unit(&mut self, check: &mut Check<'_>, unit: &ArchivedUnit) {
        self.close_before(check, unit.anchor);
        let slot = unit.unit.content.slot;
        if self.at() != Some(unit.anchor) {
            return self.find(check, unit.anchor, Some(slot), Fault::UnitOrder);
        }
        let position = count(&self.leaves);
        if unit.index != position {
            self.jump.get_or_insert(position);
        }
        let is_unchanged = unit.unit.content.payload(&check.genesis).hash() == unit.id;
        if !is_unchanged {
            self.find(check, unit.anchor, Some(slot), Fault::UnitChanged);
        }
        if let Some(fault) = follow(check, unit) {
            self.find(check, unit.anchor, Some(slot), fault);
        }
        if self.spoiled {
            // What the device's next unit stands on is not known for sure.
            check.heads.remove(&(slot.device, slot.incarnation));
            check.from_start = false;
        }
        match self.leaves.push(slot, unit.id, &unit.unit) {
            Err(LeafFault::Order) => self.find(check, unit.anchor, Some(slot), Fault::UnitOrder),
            // The device's chain told so already.
            Err(LeafFault::Twice) => self.spoiled = true,
            _ => {}
        }
        if is_unchanged && !check.observer.unit(unit) {
            self.find(check, unit.anchor, Some(slot), Fault::Signature);
        }
    }

    fn close_before(&mut self, check: &mut Check<'_>, anchor: AnchorNumber) {
        while self.at().is_some_and(|at| at < anchor) {
            self.close(check);
        }
    }

    /// Ends the anchor whose units are read.
    fn close(&mut self, check: &mut Check<'_>) {
        let Some(anchor) = self.open.next() else { return };
        let (seen, readings) = (count(&self.leaves), self.leaves.readings());
        let fault = match (self.leaves.close(&anchor), self.jump.take()) {
            (Err(LeafFault::Count), jump) if seen < anchor.units => Some(Fault::UnitMissing(jump.unwrap_or(seen))),
            (Err(_), _) => Some(Fault::NotUnderRoot),
            (Ok(()), Some(_)) => Some(Fault::UnitOrder),
            (Ok(()), None) => None,
        };
        match fault {
            Some(fault) if !self.spoiled => self.find(check, anchor.number, None, fault),
            Some(_) => {}
            None => {
                check.report.anchors += 1;
                check.report.units += u64::from(seen);
                check.report.readings += readings;
            }
        }
        self.spoiled = false;
        check.progress.anchor = anchor.number;
        check.progress.anchors += 1;
        check.progress.units += u64::from(seen);
    }

    /// Ends the segment.
    pub fn end(&mut self, check: &mut Check<'_>) {
        while self.at().is_some() {
            self.close(check);
        }
    }
}

/// Saturates far above any anchor, whose count of units is 32 bits wide.
fn count(leaves: &Leaves) -> u32 {
    u32::try_from(leaves.len()).unwrap_or(u32::MAX)
}

/// Puts the unit at the end of its device's chain; what is wrong with that.
fn follow(check: &mut Check<'_>, unit: &ArchivedUnit) -> Option<Fault> {
    let slot = unit.unit.content.slot;
    let place = (slot.device, slot.incarnation);
    let fault = match check.heads.get(&place) {
        Some((last, _)) if slot.sequence <= *last => return Some(Fault::UnitTwice),
        Some((last, id)) => stands_on(unit, last.next(), *id),
        None if check.from_start => (slot.sequence.0 > 0).then_some(Fault::Gap),
        None => None,
    };
    check.heads.insert(place, (slot.sequence, unit.id));
    fault
}

fn stands_on(unit: &ArchivedUnit, sequence: loadstone_core::Sequence, id: Hash) -> Option<Fault> {
    let content = &unit.unit.content;
    (content.slot.sequence != sequence || content.previous != id).then_some(Fault::Gap)
}
