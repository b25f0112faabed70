//! Witnesses that wait for what they name, and the questions that fetch it.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis};

use crate::{CheckedUnit, CheckedWitness, WitnessRef, MAX_WANTED, MAX_WITNESS_UNITS};

/// Witnesses of one author that may wait; more than a full answer brings of one.
const MAX_WAITING: usize = 1_024;

/// Units that may wait with one author's witnesses.
const MAX_WAITING_UNITS: usize = 32 * MAX_WITNESS_UNITS;

/// What has not come by then never will, or is asked for again by what still needs it.
const PATIENCE_MS: u64 = 60_000;

/// A message that overtook another is the usual case: asking at once would be for nothing.
const GRACE_MS: u64 = 20;

/// Doublings of the time between questions, one for each round in which nobody had it.
const MAX_BACKOFF: u16 = 3;

/// Time between two searches for what is too old.
const SWEEP_MS: u64 = 1_000;

pub(super) struct Waiting {
    pub witness: CheckedWitness,
    pub units: Vec<CheckedUnit>,
    since: Millis,
}

struct Missing {
    /// Whom to ask first.
    from: MemberIndex,
    since: Millis,
    due: Millis,
    attempts: u16,
    /// Witnesses that wait for it.
    waiters: BTreeSet<Hash>,
    /// Whether an anchor's frontier names it.
    is_frontier: bool,
}

/// What waits of one author.
#[derive(Clone, Copy, Default)]
struct Load {
    witnesses: usize,
    units: usize,
}

#[derive(Default)]
pub(super) struct Inbox {
    waiting: BTreeMap<Hash, Waiting>,
    by_author: BTreeMap<MemberIndex, Load>,
    missing: BTreeMap<Hash, Missing>,
    for_anchor: BTreeSet<(AnchorNumber, Hash)>,
    swept_at: Millis,
}

impl Inbox {
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a witness in, or the bodies that a waiting one lacks. `false`: its author has too much waiting.
    /// What needs nothing more does not come here, so an author can't be kept from being heard by what waits.
    pub fn put(&mut self, witness: CheckedWitness, units: Vec<CheckedUnit>, now: Millis) -> bool {
        let id = witness.id();
        let before = self.waiting.get(&id).map(|waiting| waiting.units.len());
        if before.is_some_and(|before| before >= units.len()) {
            return true;
        }
        let load = self.by_author.entry(witness.reference().member).or_default();
        let witnesses = load.witnesses + usize::from(before.is_none());
        let total = load.units - before.unwrap_or_default() + units.len();
        if witnesses > MAX_WAITING || total > MAX_WAITING_UNITS || units.len() > MAX_WITNESS_UNITS {
            return false;
        }
        *load = Load { witnesses, units: total };
        let since = self.waiting.get(&id).map(|waiting| waiting.since).unwrap_or(now);
        self.waiting.insert(id, Waiting { witness, units, since });
        true
    }

    pub fn get(&self, id: &Hash) -> Option<&Waiting> {
        self.waiting.get(id)
    }

    pub fn take(&mut self, id: &Hash) -> Option<Waiting> {
        let waiting = self.waiting.remove(id)?;
        if let Some(load) = self.by_author.get_mut(&waiting.witness.reference().member) {
            load.witnesses = load.witnesses.saturating_sub(1);
            load.units = load.units.saturating_sub(waiting.units.len());
        }
        Some(waiting)
    }

    /// Asks for a witness, first of all `from`. Without a waiter, an anchor's frontier names it.
    pub fn want(&mut self, missing: Hash, from: MemberIndex, waiter: Option<Hash>, now: Millis) {
        let entry = self.missing.entry(missing).or_insert_with(|| Missing {
            from,
            since: now,
            due: now.after(GRACE_MS),
            attempts: 0,
            waiters: BTreeSet::new(),
            is_frontier: false,
        });
        entry.is_frontier |= waiter.is_none();
        entry.waiters.extend(waiter);
    }

    /// Whether an anchor's frontier or a waiting witness of another author has this one in its past.
    pub fn is_named(&self, witness: &WitnessRef) -> bool {
        let mut open = Vec::from([witness.hash]);
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(missing) = self.missing.get(&id).filter(|_| seen.insert(id)) else { continue };
            let other = |waiter: &Waiting| waiter.witness.reference().member != witness.member;
            if missing.is_frontier || missing.waiters.iter().filter_map(|id| self.waiting.get(id)).any(other) {
                return true;
            }
            open.extend(&missing.waiters);
        }
        false
    }

    /// Lets a witness wait for an anchor to be finalised.
    pub fn await_anchor(&mut self, number: AnchorNumber, waiter: Hash) {
        self.for_anchor.insert((number, waiter));
    }

    /// The witness came: returns what waited for it.
    pub fn arrived(&mut self, id: &Hash) -> Vec<Hash> {
        self.missing.remove(id).map(|missing| missing.waiters.into_iter().collect()).unwrap_or_default()
    }

    /// The anchor came: returns what waited for it.
    pub fn anchored(&mut self, number: AnchorNumber) -> Vec<Hash> {
        let later = self.for_anchor.split_off(&(number.next(), Hash::zero()));
        core::mem::replace(&mut self.for_anchor, later).into_iter().map(|(_, waiter)| waiter).collect()
    }

    /// Makes everything missing due at once.
    pub fn hurry(&mut self, now: Millis) {
        for missing in self.missing.values_mut() {
            missing.due = missing.due.min(now);
        }
    }

    /// What to ask whom now. The member first named is asked first, then the others in turn; once all were,
    /// all again after twice the time. What came and waits itself is not asked for.
    pub fn due(
        &mut self,
        me: MemberIndex,
        members: u16,
        retry_ms: u64,
        now: Millis,
    ) -> BTreeMap<MemberIndex, Vec<Hash>> {
        self.forget_old(now);
        let mut questions: BTreeMap<MemberIndex, Vec<Hash>> = BTreeMap::new();
        let waiting = &self.waiting;
        let is_due = |id: &Hash, missing: &Missing| {
            // It waits for itself when its bodies are missing.
            missing.due <= now && (!waiting.contains_key(id) || missing.waiters.contains(id))
        };
        for (id, missing) in self.missing.iter_mut().filter(|(id, missing)| is_due(id, missing)) {
            let rounds = missing.attempts / members.saturating_sub(1).max(1);
            let mut peer = missing.from.0.wrapping_add(missing.attempts) % members;
            if peer == me.0 {
                missing.attempts = missing.attempts.wrapping_add(1);
                peer = (peer + 1) % members;
            }
            let wanted = questions.entry(MemberIndex(peer)).or_default();
            if peer == me.0 || wanted.len() >= MAX_WANTED {
                continue;
            }
            wanted.push(*id);
            missing.attempts = missing.attempts.wrapping_add(1);
            missing.due = now.after(retry_ms << rounds.min(MAX_BACKOFF));
        }
        questions.retain(|_, wanted| !wanted.is_empty());
        questions
    }

    fn forget_old(&mut self, now: Millis) {
        if now.since(self.swept_at) < SWEEP_MS {
            return;
        }
        self.swept_at = now;
        let is_old = |since: Millis| now.since(since) > PATIENCE_MS;
        let old: Vec<Hash> = self.waiting.iter().filter(|(_, w)| is_old(w.since)).map(|(id, _)| *id).collect();
        for id in old {
            self.take(&id);
        }
        self.missing.retain(|_, missing| !is_old(missing.since));
        self.for_anchor.retain(|(_, waiter)| self.waiting.contains_key(waiter));
    }
}
