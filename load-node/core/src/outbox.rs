//! Units that are not yet proven anchored: kept, and sent again until they are.
//!
//! A gateway's word changes only how soon a unit is sent again, never whether it is kept.

use loadstone_core::Hash;
use loadstone_dag::{Slot, Unit};
use std::collections::BTreeMap;

/// Units held in memory; more wait in the node's ledger.
pub(crate) const WINDOW: usize = 1_024;

/// Units in one frame: at most [`loadstone_dag::MAX_UNIT_BYTES`] each, so well within the frame's limit.
pub(crate) const BATCH: usize = 32;

/// Units sent again at one moment.
const RESEND: usize = 128;

/// Confirmed units wait this many times longer: they are certain to be anchored soon.
const CONFIRMED_PATIENCE: u64 = 2;

/// Least time between two answers to a gap, in milliseconds.
const GAP_PAUSE_MS: u64 = 250;

/// Greatest factor by which the waiting time grows from one attempt to the next.
const MAX_BACKOFF: u32 = 4;

#[derive(Debug)]
struct Entry {
    unit: Unit,
    hash: Hash,
    first_sent: Option<u64>,
    sent: Option<u64>,
    tries: u32,
    confirmed: bool,
}

/// What is due for sending.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Due {
    /// Units to submit again.
    pub(crate) units: Vec<Unit>,
    /// Confirmed units whose proof is to be asked for.
    pub(crate) proofs: Vec<Slot>,
    /// Which attempt it is, for rotating gateways.
    pub(crate) attempt: u32,
}

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Outbox {
    entries: BTreeMap<Slot, Entry>,
    /// Up to here everything un-anchored is in memory.
    loaded: Option<Slot>,
    /// Whether the ledger holds un-anchored units beyond `loaded`.
    more: bool,
    asked: bool,
    resend_after_ms: u64,
}

impl Outbox {
    /// Empty; the ledger is asked for what a run before left.
    pub(crate) fn new(resend_after_ms: u64) -> Self {
        Self { entries: BTreeMap::new(), loaded: None, more: true, asked: false, resend_after_ms }
    }

    /// What to load from the ledger, when there is room and something to load.
    pub(crate) fn load(&mut self) -> Option<(Option<Slot>, usize)> {
        if !self.more || self.asked || self.entries.len() >= WINDOW / 2 {
            return None;
        }
        self.asked = true;
        Some((self.loaded, WINDOW - self.entries.len()))
    }

    /// Takes units from the ledger; fewer than asked for mean that there are no more.
    pub(crate) fn loaded(&mut self, units: Vec<(Unit, Hash)>, asked_for: usize) {
        self.asked = false;
        self.more = units.len() >= asked_for;
        for (unit, hash) in units {
            self.insert(unit, hash);
        }
    }

    /// Takes a new unit, unless older ones still wait in the ledger; then it waits behind them there.
    pub(crate) fn push(&mut self, unit: Unit, hash: Hash) -> bool {
        if self.more || self.entries.len() >= WINDOW {
            self.more = true;
            return false;
        }
        self.insert(unit, hash);
        true
    }

    fn insert(&mut self, unit: Unit, hash: Hash) {
        let slot = unit.content.slot;
        self.loaded = self.loaded.max(Some(slot));
        let entry = Entry { unit, hash, first_sent: None, sent: None, tries: 0, confirmed: false };
        self.entries.entry(slot).or_insert(entry);
    }

    /// Removes the units of earlier incarnations, whose places are void, and returns them.
    pub(crate) fn drain_before(&mut self, slot: Slot) -> Vec<Unit> {
        let kept = self.entries.split_off(&slot);
        std::mem::replace(&mut self.entries, kept).into_values().map(|entry| entry.unit).collect()
    }

    /// Units that were never sent, in rising order; they count as sent from now on.
    pub(crate) fn unsent(&mut self, now_ms: u64) -> Vec<Unit> {
        let mut units = Vec::new();
        for entry in self.entries.values_mut().filter(|entry| entry.sent.is_none()) {
            entry.mark(now_ms);
            units.push(entry.unit.clone());
        }
        units
    }

    /// All units, for a gateway that has just been connected.
    pub(crate) fn all(&mut self, now_ms: u64) -> Vec<Unit> {
        self.from(None, now_ms)
    }

    /// Units from `first` on, which the gateway says it misses; nothing when they have just been sent,
    /// since each unit behind a gap is refused with the same words.
    pub(crate) fn gap(&mut self, first: Slot, now_ms: u64) -> Vec<Unit> {
        let just_sent = |entry: &Entry| entry.sent.is_some_and(|sent| now_ms.saturating_sub(sent) < GAP_PAUSE_MS);
        match self.entries.range(first..).next() {
            Some((_, entry)) if !just_sent(entry) => self.from(Some(first), now_ms),
            _ => Vec::new(),
        }
    }

    fn from(&mut self, first: Option<Slot>, now_ms: u64) -> Vec<Unit> {
        let wanted = |slot: &Slot| first.is_none_or(|first| *slot >= first);
        let entries = self.entries.iter_mut().filter(|(slot, _)| wanted(slot)).take(RESEND);
        entries
            .map(|(_, entry)| {
                entry.mark(now_ms);
                entry.unit.clone()
            })
            .collect()
    }

    /// What has waited too long. Proofs are asked for first; every third attempt sends the unit too,
    /// since "confirmed" is only a gateway's word.
    pub(crate) fn due(&mut self, now_ms: u64) -> Due {
        let mut due = Due::default();
        let mut room = RESEND;
        for (slot, entry) in &mut self.entries {
            let Some(sent) = entry.sent else { continue };
            let patience = if entry.confirmed { CONFIRMED_PATIENCE } else { 1 };
            let backoff = entry.tries.clamp(1, MAX_BACKOFF) as u64;
            if now_ms.saturating_sub(sent) < self.resend_after_ms.saturating_mul(patience * backoff) {
                continue;
            }
            if room == 0 {
                break;
            }
            room -= 1;
            due.attempt = due.attempt.max(entry.tries);
            if entry.confirmed {
                due.proofs.push(*slot);
            }
            if !entry.confirmed || entry.tries % 3 == 0 {
                due.units.push(entry.unit.clone());
            }
            entry.mark(now_ms);
        }
        due
    }

    /// A gateway says that the unit is certified. Tells, once, how long after its first sending; `None`
    /// when the unit is unknown or was confirmed before.
    pub(crate) fn confirm(&mut self, slot: &Slot, hash: &Hash, now_ms: u64) -> Option<Option<u64>> {
        let entry = self.entries.get_mut(slot).filter(|entry| entry.hash == *hash && !entry.confirmed)?;
        entry.confirmed = true;
        Some(entry.first_sent.map(|sent| now_ms.saturating_sub(sent)))
    }

    /// Whether the unit waits here under this id.
    pub(crate) fn holds(&self, slot: &Slot, hash: &Hash) -> bool {
        self.entries.get(slot).is_some_and(|entry| entry.hash == *hash)
    }

    /// The unit is anchored: it waits no longer.
    pub(crate) fn remove(&mut self, slot: &Slot) -> bool {
        self.entries.remove(slot).is_some()
    }

    /// Whether everything is anchored.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.more
    }
}

impl Entry {
    fn mark(&mut self, now_ms: u64) {
        self.first_sent.get_or_insert(now_ms);
        self.sent = Some(now_ms);
        self.tries = self.tries.saturating_add(1);
    }
}
