//! What a member wrote, how much of it survives a crash, and the counter file beside it.

use std::{cell::RefCell, collections::BTreeMap};

use loadstone_core::{Hash, Level};
use loadstone_dag::{Archive, DeviceHead, EpochStart, PersistItem, Slot, Unit, Witness};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{keys::GENESIS, plan::Damage};

/// The journal of one epoch.
#[derive(Clone, Default)]
struct Journal {
    epoch: u32,
    start: EpochStart,
    items: Vec<PersistItem>,
}

/// A disk, with the counter file that no backup holds.
#[derive(Default)]
pub struct Disk {
    journal: Journal,
    synced: usize,
    /// Heads after closing anchors, by the anchor's hash: for those that catch up.
    heads: BTreeMap<Hash, Vec<DeviceHead>>,
    counter: Option<(u32, Level)>,
    copy: Option<Journal>,
    index: RefCell<Index>,
}

#[derive(Default)]
struct Index {
    items: usize,
    witnesses: BTreeMap<Hash, usize>,
    units: BTreeMap<Hash, (usize, usize)>,
}

impl Disk {
    /// Appends an item; with `sync`, everything so far survives a crash.
    pub fn write(&mut self, item: PersistItem, sync: bool) {
        self.journal.items.push(item);
        if sync {
            self.synced = self.journal.items.len();
        }
    }

    /// Notes that a witness of this level is about to be sent.
    pub fn count(&mut self, epoch: u32, level: Level) {
        self.counter = self.counter.max(Some((epoch, level)));
    }

    /// Begins an epoch: what was written in the one before is needed no longer.
    pub fn begin(&mut self, epoch: u32, start: EpochStart) {
        if let Some(anchor) = &start.anchor {
            self.heads.insert(anchor.hash(), start.heads.clone());
        }
        self.journal = Journal { epoch, start, items: Vec::new() };
        self.synced = 0;
        self.index.take();
    }

    /// Takes a copy to restore from.
    pub fn back_up(&mut self) {
        self.copy = Some(self.journal.clone());
    }

    /// What a crash leaves.
    pub fn crash(&mut self, damage: Damage, rng: &mut ChaCha8Rng) {
        match damage {
            Damage::None => {}
            Damage::Tail => {
                let left = rng.gen_range(self.synced..=self.journal.items.len());
                self.journal.items.truncate(left);
            }
            Damage::Restored => self.journal = self.copy.clone().unwrap_or_default(),
            Damage::Wiped => *self = Self::default(),
        }
        self.synced = self.journal.items.len();
        self.index.take();
    }

    /// The epoch that the journal is of.
    pub fn epoch(&self) -> u32 {
        self.journal.epoch
    }

    /// What that epoch started from.
    pub fn start(&self) -> &EpochStart {
        &self.journal.start
    }

    /// The journal.
    pub fn items(&self) -> &[PersistItem] {
        &self.journal.items
    }

    /// Whether the member may witness: the counter file knows of no witness that the journal lacks.
    pub fn is_whole(&self, member: loadstone_core::MemberIndex) -> bool {
        let own = |item: &PersistItem| match item {
            PersistItem::Witness(witness, _) if witness.content.member == member => Some(witness.content.level),
            _ => None,
        };
        let written = self.journal.items.iter().filter_map(own).max();
        match self.counter {
            Some((epoch, level)) if epoch == self.journal.epoch => written >= Some(level),
            Some((epoch, _)) => epoch < self.journal.epoch,
            None => written.is_none(),
        }
    }

    /// Heads after a closing anchor.
    pub fn heads(&self, anchor: &Hash) -> Option<&[DeviceHead]> {
        self.heads.get(anchor).map(Vec::as_slice)
    }

    fn indexed(&self) -> std::cell::Ref<'_, Index> {
        let mut index = self.index.borrow_mut();
        for (position, item) in self.journal.items.iter().enumerate().skip(index.items) {
            if let PersistItem::Witness(witness, units) = item {
                index.witnesses.insert(witness.content.payload(&GENESIS).hash(), position);
                for (at, unit) in units.iter().enumerate() {
                    index.units.insert(unit.content.payload(&GENESIS).hash(), (position, at));
                }
            }
        }
        index.items = self.journal.items.len();
        drop(index);
        self.index.borrow()
    }
}

impl Archive for Disk {
    fn witness(&self, id: &Hash) -> Option<Witness> {
        let position = *self.indexed().witnesses.get(id)?;
        match &self.journal.items[position] {
            PersistItem::Witness(witness, _) => Some(witness.clone()),
            _ => None,
        }
    }

    fn unit(&self, _: &Slot, id: &Hash) -> Option<Unit> {
        let (position, at) = *self.indexed().units.get(id)?;
        match &self.journal.items[position] {
            PersistItem::Witness(_, units) => units.get(at).cloned(),
            _ => None,
        }
    }
}
