//! What one part of a message has said for the next, and whom hashes that are left out belong to.

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{Hash, Millis};

use super::{CompactFault, Known, Named};
use crate::{Reference, Slot};

/// Interval that goes without saying at the beginning of a message.
const USUAL_INTERVAL_MS: u32 = 1_000;

/// References that later units may repeat by number.
const MAX_REPEATABLE: usize = 16;

/// Hashes by name, where a name stands for one hash only.
pub(super) struct Directory<N>(BTreeMap<N, Option<Hash>>);

impl<N> Default for Directory<N> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<N: Ord> Directory<N> {
    pub fn insert(&mut self, name: N, hash: Hash) {
        let entry = self.0.entry(name).or_insert(Some(hash));
        if *entry != Some(hash) {
            *entry = None;
        }
    }

    pub fn get(&self, name: &N) -> Option<Hash> {
        self.0.get(name).copied().flatten()
    }
}

/// The state of packing or unpacking one message.
pub(super) struct Context<'k, K> {
    known: &'k K,
    /// Whether a known hash must be left out; otherwise that is the sender's choice.
    strict: bool,
    /// The unit before.
    last: Option<(Slot, Hash)>,
    /// First moment of the unit before, and the moment at which the next would begin.
    pub start: Millis,
    pub end: Millis,
    pub interval_ms: u32,
    pub event: u32,
    units: Vec<(Slot, Hash)>,
    /// Slots of all units of the message, sorted: filled before packing, and after unpacking.
    slots: Vec<Slot>,
    /// The first `indexed` units by slot. Built when it is needed, which is seldom.
    index: Directory<Slot>,
    indexed: usize,
    repeatable: Vec<Reference>,
    next_repeatable: usize,
    /// Names whose hashes were taken from `known`, and hashes that were given by these names.
    resolved: Vec<Named>,
    given: Vec<(Named, Hash)>,
}

impl<'k, K: Known> Context<'k, K> {
    pub fn new(known: &'k K, strict: bool) -> Self {
        Self {
            known,
            strict,
            last: None,
            start: Millis(0),
            end: Millis(0),
            interval_ms: USUAL_INTERVAL_MS,
            event: 0,
            units: Vec::new(),
            slots: Vec::new(),
            index: Directory::default(),
            indexed: 0,
            repeatable: Vec::new(),
            next_repeatable: 0,
            resolved: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Makes room for that many units.
    pub fn expect(&mut self, units: usize) {
        self.units.reserve_exact(units);
        self.resolved.reserve_exact(units);
    }

    /// Takes note of the slots of all units of the message.
    pub fn announce(&mut self, slots: impl Iterator<Item = Slot>) {
        self.slots = slots.collect();
        if !self.slots.is_sorted() {
            self.slots.sort_unstable();
        }
    }

    /// Whether the message has a unit of this name. Its hash is then not for the receiver to know.
    pub fn stands_here(&self, name: &Named) -> bool {
        matches!(name, Named::Unit(slot) if self.slots.binary_search(slot).is_ok())
    }

    pub fn last(&self) -> Option<Slot> {
        self.last.map(|(slot, _)| slot)
    }

    /// The slot after the unit before, and that unit's id.
    pub fn follower(&self) -> Option<(Slot, Hash)> {
        let (slot, id) = self.last?;
        let sequence = slot.sequence.0.checked_add(1)?;
        Some((Slot { sequence: sequence.into(), ..slot }, id))
    }

    /// The one unit in this slot earlier in the message.
    pub fn earlier(&mut self, slot: &Slot) -> Option<Hash> {
        for (slot, id) in &self.units[self.indexed..] {
            self.index.insert(*slot, *id);
        }
        self.indexed = self.units.len();
        self.index.get(slot)
    }

    /// Takes note of a unit with its id.
    pub fn add(&mut self, slot: Slot, id: Hash) {
        self.last = Some((slot, id));
        self.units.push((slot, id));
    }

    /// Whether the hash may be left out.
    pub fn is_known(&self, name: Named, hash: &Hash) -> bool {
        !self.stands_here(&name) && self.look_up(name) == Some(*hash)
    }

    fn look_up(&self, name: Named) -> Option<Hash> {
        match name {
            Named::Unit(slot) => self.known.unit(&slot),
            Named::Witness(member, level) => self.known.witness(member, level),
        }
    }

    /// The hash that was left out.
    pub fn resolve(&mut self, name: Named) -> Result<Hash, CompactFault> {
        let hash = self.look_up(name).ok_or(CompactFault::Unknown(name))?;
        self.resolved.push(name);
        Ok(hash)
    }

    /// Takes note of a hash that was not left out.
    pub fn give(&mut self, name: Named, hash: Hash) {
        self.given.push((name, hash));
    }

    /// Whether a hash was resolved: what was rebuilt may differ from what was sent.
    pub fn has_resolved(&self) -> bool {
        !self.resolved.is_empty()
    }

    /// Whether exactly that was left out which the sender might leave out: nothing that stands in the
    /// message itself, and a hash always or never.
    pub fn finish(mut self) -> Result<(), CompactFault> {
        let units = core::mem::take(&mut self.units);
        self.announce(units.iter().map(|(slot, _)| *slot));
        if self.resolved.iter().any(|name| self.stands_here(name)) {
            return Err(CompactFault::Malformed);
        }
        if self.given.is_empty() {
            return Ok(());
        }
        let mut left_out = core::mem::take(&mut self.resolved);
        left_out.sort_unstable();
        let may_be_left_out = |name: &Named| self.strict || left_out.binary_search(name).is_ok();
        if self.given.iter().any(|(name, hash)| may_be_left_out(name) && self.is_known(*name, hash)) {
            return Err(CompactFault::Malformed);
        }
        Ok(())
    }

    pub fn repeated(&self, reference: &Reference) -> Option<usize> {
        self.repeatable.iter().position(|earlier| earlier == reference)
    }

    pub fn repeatable(&self, position: usize) -> Option<Reference> {
        self.repeatable.get(position).copied()
    }

    /// Lets later units repeat the reference; the oldest makes room for it.
    pub fn make_repeatable(&mut self, reference: Reference) {
        match self.repeatable.get_mut(self.next_repeatable) {
            Some(oldest) => *oldest = reference,
            None => self.repeatable.push(reference),
        }
        self.next_repeatable = (self.next_repeatable + 1) % MAX_REPEATABLE;
    }
}
