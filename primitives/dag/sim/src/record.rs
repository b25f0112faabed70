//! What honest members said in a run, held against what must be true, and the figures taken on the way.

use std::collections::{BTreeMap, BTreeSet};

use loadstone_core::{AnchorNumber, DeviceId, Hash};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, DeviceHead, Reference, Slot, Witness};

use crate::{keys::GENESIS, verdict::Verdict};

/// A witness sent so long before the devices stop is buried by others if it is ever to be.
const BURIAL_MS: u64 = 500;

/// A unit that an honest member's gateway accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Its place.
    pub slot: Slot,
    /// When.
    pub at: u64,
    /// Whose gateway.
    pub seat: u16,
    /// Whether its device keeps the rules, so that it must be anchored.
    pub honest: bool,
}

/// A witness that was sent.
struct Said {
    named: Vec<Hash>,
    units: Vec<Hash>,
    honest: bool,
    at: u64,
}

/// Figures of a run.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// From acceptance at an honest gateway to confirmation there, in virtual milliseconds.
    pub confirm_ms: Vec<u64>,
    /// Messages between members.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Witnesses asked for in full, because what they left out was not there.
    pub in_full: u64,
    /// Units anchored.
    pub units: u64,
    /// Witnesses sent by honest members.
    pub witnesses: u64,
    /// Highest level of an honest witness while devices measured, added up over epochs.
    pub levels: u64,
    /// Virtual time while devices measured.
    pub active_ms: u64,
    /// Longest time from a unit being accepted by an honest gateway to its being anchored.
    pub anchor_ms: u64,
    /// Longest time from a unit of an eclipsed device being made to its being anchored.
    pub eclipsed_ms: u64,
    /// Witnesses of Byzantine members, and those among them that no honest witness reaches.
    pub lies: (u64, u64),
    /// Anchored units of runs in which units name others, and those among them that others' units bind.
    pub bound: (u64, u64),
    /// Places with two units; and those among them where the first is anchored, or the second.
    pub forks: (u64, u64, u64),
    /// Units that gateways did not look at, because their device was beyond its quota.
    pub over_quota: u64,
    /// Anchors on the chain.
    pub anchors: u64,
    /// Epochs closed.
    pub epochs: u64,
    /// Pairs of conflicting statements that honest members reported.
    pub forks_seen: u64,
    /// Virtual time, added up.
    pub ended_ms: u64,
}

impl Figures {
    /// Adds another run's figures.
    pub fn add(&mut self, other: Self) {
        self.confirm_ms.extend(other.confirm_ms);
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.in_full += other.in_full;
        self.units += other.units;
        self.witnesses += other.witnesses;
        self.levels += other.levels;
        self.active_ms += other.active_ms;
        self.anchor_ms = self.anchor_ms.max(other.anchor_ms);
        self.eclipsed_ms = self.eclipsed_ms.max(other.eclipsed_ms);
        self.lies = (self.lies.0 + other.lies.0, self.lies.1 + other.lies.1);
        self.bound = (self.bound.0 + other.bound.0, self.bound.1 + other.bound.1);
        let (places, first, second) = other.forks;
        self.forks = (self.forks.0 + places, self.forks.1 + first, self.forks.2 + second);
        self.over_quota += other.over_quota;
        self.anchors += other.anchors;
        self.epochs += other.epochs;
        self.forks_seen += other.forks_seen;
        self.ended_ms += other.ended_ms;
    }
}

/// See the module's text.
#[derive(Default)]
pub struct Record {
    /// The first fault.
    pub fault: Option<Verdict>,
    /// Figures.
    pub figures: Figures,
    accepted: BTreeMap<Hash, Accepted>,
    waiting: BTreeMap<Hash, Accepted>,
    confirmed: BTreeMap<Slot, Hash>,
    confirmed_ids: BTreeSet<Hash>,
    /// Places confirmed in each epoch, and the anchors that closed epochs.
    promised: BTreeMap<u32, BTreeSet<Slot>>,
    closed: BTreeMap<u32, AnchorNumber>,
    anchored: BTreeMap<Slot, (Hash, AnchorNumber)>,
    leaves: BTreeMap<AnchorNumber, Vec<AnchorLeaf>>,
    said: BTreeMap<Hash, Said>,
    references: BTreeMap<Hash, Vec<Hash>>,
    forks: BTreeMap<Slot, (Hash, Hash)>,
    top: u64,
}

impl Record {
    /// Keeps the first fault.
    pub fn fail(&mut self, verdict: Verdict) {
        self.fault.get_or_insert(verdict);
    }

    fn diverge(&mut self, text: String) {
        self.fail(Verdict::Diverged(text));
    }

    /// An honest gateway took a unit in for the first time. An anchor may hold it by then: a Byzantine
    /// gateway had it first.
    pub fn accept(&mut self, unit: Hash, accepted: Accepted) {
        let is_anchored = self.anchored(&accepted.slot) == Some(unit);
        if let std::collections::btree_map::Entry::Vacant(entry) = self.accepted.entry(unit) {
            entry.insert(accepted);
            if accepted.honest && !is_anchored {
                self.waiting.insert(unit, accepted);
            }
        }
    }

    /// An honest member calls a unit confirmed, as a member of this epoch.
    pub fn confirm(&mut self, seat: u16, epoch: u32, slot: Slot, unit: Hash, now: u64) {
        self.promised.entry(epoch).or_default().insert(slot);
        self.keep_promises(epoch);
        let known = *self.confirmed.entry(slot).or_insert(unit);
        if known != unit {
            self.diverge(format!("seat {seat} confirms {unit:?} in {slot:?}, another seat {known:?}"));
        }
        if let Some((anchored, number)) = self.anchored.get(&slot).filter(|(anchored, _)| *anchored != unit) {
            self.diverge(format!(
                "seat {seat} confirms {unit:?} in {slot:?}, where anchor {number} holds {anchored:?}"
            ));
        }
        self.confirmed_ids.insert(unit);
        if let Some(accepted) = self.accepted.get(&unit).filter(|accepted| accepted.seat == seat) {
            self.figures.confirm_ms.push(now - accepted.at);
            // Counted once, however often the member starts again.
            self.accepted.entry(unit).and_modify(|accepted| accepted.seat = u16::MAX);
        }
    }

    /// What was confirmed in an epoch is in an anchor once that epoch is closed: no later one will do.
    fn keep_promises(&mut self, epoch: u32) {
        let Some(last) = self.closed.get(&epoch) else { return };
        let kept = |slot: &Slot| self.anchored.get(slot).is_some_and(|(_, number)| number <= last);
        let broken = self.promised.get(&epoch).into_iter().flatten().find(|slot| !kept(slot));
        if let Some(slot) = broken.copied() {
            self.fail(Verdict::Lost(format!("{slot:?} was confirmed in epoch {epoch}, which closed without it")));
        }
    }

    /// Whether an honest member called the unit confirmed.
    pub fn is_confirmed(&self, unit: &Hash) -> bool {
        self.confirmed_ids.contains(unit)
    }

    /// An honest member computed the leaves of a finalised anchor.
    pub fn anchor(&mut self, seat: u16, anchor: &Anchor, leaves: &[AnchorLeaf], chain: Option<&Anchor>, now: u64) {
        let number = anchor.number;
        if chain != Some(anchor) {
            self.diverge(format!("seat {seat} holds an anchor {number} that the chain does not have"));
        }
        if let Some(known) = self.leaves.get(&number) {
            if known != leaves {
                self.diverge(format!("seat {seat} has other leaves in anchor {number}"));
            }
            return;
        }
        if leaves_root(leaves) != anchor.root || leaves.len() != anchor.units as usize {
            self.diverge(format!("the leaves of anchor {number} don't make its root"));
        }
        for leaf in leaves {
            if let Some(accepted) = self.waiting.remove(&leaf.unit) {
                self.figures.anchor_ms = self.figures.anchor_ms.max(now - accepted.at);
            }
            if let Some((_, other)) = self.anchored.insert(leaf.slot, (leaf.unit, number)) {
                self.diverge(format!("{:?} is in anchors {other} and {number}", leaf.slot));
            }
            if let Some(confirmed) = self.confirmed.get(&leaf.slot).filter(|unit| **unit != leaf.unit) {
                self.diverge(format!("anchor {number} holds {:?}, confirmed is {confirmed:?}", leaf.unit));
            }
        }
        self.leaves.insert(number, leaves.to_vec());
    }

    /// An honest member handed an epoch's heads on.
    pub fn close(&mut self, seat: u16, anchor: &Anchor, heads: &[DeviceHead]) {
        self.closed.insert(anchor.epoch, anchor.number);
        self.keep_promises(anchor.epoch);
        let mut last: BTreeMap<DeviceId, DeviceHead> = BTreeMap::new();
        for (slot, (unit, _)) in self.anchored.iter().filter(|(_, (_, number))| *number <= anchor.number) {
            let Slot { device, incarnation, sequence } = *slot;
            last.insert(device, DeviceHead { device, incarnation, sequence, unit: *unit });
        }
        if !last.values().eq(heads.iter()) {
            self.diverge(format!(
                "seat {seat} closes at anchor {} with heads that are not the anchors'",
                anchor.number
            ));
        }
    }

    /// A member sends a witness, honest or not.
    pub fn witness(&mut self, witness: &Witness, honest: bool, now: u64, active: bool) {
        let content = &witness.content;
        let id = content.payload(&GENESIS).hash();
        let named = content.named().map(|reference| reference.hash).collect();
        let said = Said { named, units: content.units.clone(), honest, at: now };
        if self.said.insert(id, said).is_some() || !honest {
            return;
        }
        self.figures.witnesses += 1;
        if active {
            self.top = self.top.max(content.level.0.into());
        }
    }

    /// A device signed two units for one place.
    pub fn fork(&mut self, slot: Slot, first: Hash, second: Hash) {
        self.forks.insert(slot, (first, second));
    }

    /// A device's unit names others' units and witnesses.
    pub fn refer(&mut self, unit: Hash, references: &[Reference]) {
        let named = references.iter().map(|reference| match reference {
            Reference::Unit(_, hash) | Reference::Witness(_, _, hash) => *hash,
        });
        if !references.is_empty() {
            self.references.entry(unit).or_default().extend(named);
        }
    }

    /// The chain began another epoch.
    pub fn next_epoch(&mut self) {
        self.figures.epochs += 1;
        self.figures.levels += self.top;
        self.top = 0;
    }

    /// The unit that is anchored in this place.
    pub fn anchored(&self, slot: &Slot) -> Option<Hash> {
        self.anchored.get(slot).map(|(unit, _)| *unit)
    }

    /// Accepted units of honest devices that no anchor holds so far.
    pub fn waiting(&self) -> impl Iterator<Item = (&Hash, &Accepted)> {
        self.waiting.iter()
    }

    /// What honest members confirmed and no anchor holds.
    pub fn unanchored(&self) -> impl Iterator<Item = (&Slot, &Hash)> {
        self.confirmed.iter().filter(|(slot, _)| !self.anchored.contains_key(*slot))
    }

    /// Witnesses in the past of these.
    fn past(&self, roots: impl Iterator<Item = Hash>) -> BTreeSet<Hash> {
        let mut open: Vec<Hash> = roots.filter(|id| self.said.contains_key(id)).collect();
        let mut past = BTreeSet::new();
        while let Some(id) = open.pop() {
            if past.insert(id) {
                open.extend(self.said.get(&id).into_iter().flat_map(|said| &said.named));
            }
        }
        past
    }

    /// Witnesses of Byzantine members made while there was time to bury them, and those among them that
    /// lie in no honest witness's past.
    fn orphans(&self, active_ms: u64) -> (u64, u64) {
        let buried = self.past(self.said.iter().filter(|(_, said)| said.honest).map(|(id, _)| *id));
        let timely = || self.said.iter().filter(|(_, said)| !said.honest && said.at + BURIAL_MS < active_ms);
        let orphans = timely().filter(|(id, _)| !buried.contains(*id));
        (timely().count() as u64, orphans.count() as u64)
    }

    /// Anchored units in the past of what anchored units name: no committee could replace them without
    /// contradicting what devices signed.
    fn bound(&self) -> u64 {
        let anchored: BTreeSet<Hash> = self.anchored.values().map(|(unit, _)| *unit).collect();
        let named = || anchored.iter().filter_map(|unit| self.references.get(unit)).flatten().copied();
        let past = self.past(named());
        let units = past.iter().filter_map(|id| self.said.get(id)).flat_map(|said| said.units.iter().copied());
        let bound: BTreeSet<Hash> = units.chain(named()).filter(|id| anchored.contains(id)).collect();
        bound.len() as u64
    }

    /// Figures at the end of the run.
    pub fn finish(&mut self, now: u64, active_ms: u64) {
        self.figures.lies = self.orphans(active_ms);
        if !self.references.is_empty() {
            self.figures.bound = (self.anchored.len() as u64, self.bound());
        }
        let won = |slot: &Slot, unit: &Hash| self.anchored(slot) == Some(*unit);
        let first = self.forks.iter().filter(|(slot, (unit, _))| won(slot, unit)).count() as u64;
        let second = self.forks.iter().filter(|(slot, (_, unit))| won(slot, unit)).count() as u64;
        self.figures.forks = (self.forks.len() as u64, first, second);
        self.figures.levels += self.top;
        self.figures.units = self.anchored.len() as u64;
        self.figures.anchors = self.leaves.len() as u64;
        self.figures.active_ms = active_ms;
        self.figures.ended_ms = now;
    }
}
