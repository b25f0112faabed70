//! Places in devices' chains, as numbered entries, and which unit an anchor put there.

use alloc::{collections::BTreeMap, vec::Vec};
use core::ops::Bound;

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Sequence};

use super::{SlotId, UnitId, NONE};
use crate::{DeviceHead, Slot};

/// Number of a life of a device.
type LifeId = u32;

/// Base anchor of what did not happen.
const NEVER: AnchorNumber = AnchorNumber(u32::MAX);

/// Base anchor of what happened before the epoch.
const BEFORE: AnchorNumber = AnchorNumber(0);

/// A life of a device: the chain of one incarnation.
struct LifeEntry {
    device: DeviceId,
    incarnation: Incarnation,
    /// First sequence that no former epoch anchored, and the unit that stands before it.
    first: u64,
    start: Hash,
    /// Slots from `first` on as far as there is no gap, and those beyond a gap.
    run: Vec<SlotId>,
    beyond: BTreeMap<u64, SlotId>,
    /// Slot of the last unit that this epoch anchored.
    head: SlotId,
    /// The anchor that holds the first unit.
    began: AnchorNumber,
    /// The anchor that holds the first unit of a later life of the device: on this base the life is over.
    over: AnchorNumber,
}

/// A place in a device's chain.
pub(crate) struct SlotEntry {
    life: LifeId,
    sequence: u64,
    /// First unit accepted here; the others follow by [`super::UnitEntry::rival`].
    pub unit: UnitId,
    /// The next place, if it is known.
    pub after: SlotId,
    /// The unit that this epoch anchored here, and the anchor.
    anchored: UnitId,
    settled: AnchorNumber,
}

/// Last anchored unit of a life.
pub(crate) enum Head {
    /// Anchored before the epoch.
    Start(DeviceHead),
    /// The unit anchored here in this epoch.
    Slot(SlotId),
}

/// All lives and slots known in this epoch.
#[derive(Default)]
pub(crate) struct Places {
    lives: Vec<LifeEntry>,
    numbers: BTreeMap<(DeviceId, Incarnation), LifeId>,
    slots: Vec<SlotEntry>,
}

impl Places {
    /// The lives that an epoch starts with.
    pub fn new(heads: &[DeviceHead]) -> Self {
        let mut places = Self::default();
        for head in heads {
            let life = places.life_or_new(head.device, head.incarnation);
            let entry = &mut places.lives[life as usize];
            (entry.first, entry.start) = (head.sequence.0.saturating_add(1), head.unit);
            places.begin(life, BEFORE);
        }
        places
    }

    fn life(&self, slot: &Slot) -> Option<&LifeEntry> {
        let life = self.numbers.get(&(slot.device, slot.incarnation))?;
        Some(&self.lives[*life as usize])
    }

    pub fn slot(&self, slot: SlotId) -> &SlotEntry {
        &self.slots[slot as usize]
    }

    pub fn slot_mut(&mut self, slot: SlotId) -> &mut SlotEntry {
        &mut self.slots[slot as usize]
    }

    fn life_of(&self, slot: SlotId) -> &LifeEntry {
        &self.lives[self.slot(slot).life as usize]
    }

    /// The place itself.
    pub fn place(&self, slot: SlotId) -> Slot {
        let life = self.life_of(slot);
        Slot { device: life.device, incarnation: life.incarnation, sequence: Sequence(self.slot(slot).sequence) }
    }

    pub fn number(&self, slot: &Slot) -> Option<SlotId> {
        self.life(slot)?.slot(slot.sequence.0)
    }

    /// The slot's number, given anew if need be.
    pub fn insert(&mut self, slot: &Slot) -> SlotId {
        let life = self.life_or_new(slot.device, slot.incarnation);
        let sequence = slot.sequence.0;
        let entry = &mut self.lives[life as usize];
        if let Some(known) = entry.slot(sequence) {
            return known;
        }
        let id = self.slots.len() as SlotId;
        let before = sequence.checked_sub(1).and_then(|before| entry.slot(before));
        let after = sequence.checked_add(1).and_then(|after| entry.slot(after)).unwrap_or(NONE);
        let settled = if sequence < entry.first { BEFORE } else { NEVER };
        entry.insert(sequence, id);
        if let Some(before) = before {
            self.slots[before as usize].after = id;
        }
        self.slots.push(SlotEntry { life, sequence, unit: NONE, after, anchored: NONE, settled });
        id
    }

    fn life_or_new(&mut self, device: DeviceId, incarnation: Incarnation) -> LifeId {
        if let Some(life) = self.numbers.get(&(device, incarnation)) {
            return *life;
        }
        let id = self.lives.len() as LifeId;
        let over = self.later_lives(device, incarnation).map(|life| life.began).min().unwrap_or(NEVER);
        self.numbers.insert((device, incarnation), id);
        self.lives.push(LifeEntry {
            device,
            incarnation,
            first: 0,
            start: Hash::zero(),
            run: Vec::new(),
            beyond: BTreeMap::new(),
            head: NONE,
            began: NEVER,
            over,
        });
        id
    }

    fn later_lives(&self, device: DeviceId, incarnation: Incarnation) -> impl Iterator<Item = &LifeEntry> {
        let range = (Bound::Excluded((device, incarnation)), Bound::Included((device, Incarnation(u16::MAX))));
        self.numbers.range(range).map(|(_, life)| &self.lives[*life as usize])
    }

    /// Anchor `number` holds the first unit of the life: the device's earlier lives are over.
    fn begin(&mut self, life: LifeId, number: AnchorNumber) {
        let entry = &mut self.lives[life as usize];
        entry.began = number;
        let earlier = (entry.device, Incarnation(0))..(entry.device, entry.incarnation);
        for life in self.numbers.range(earlier).map(|(_, life)| *life) {
            let over = &mut self.lives[life as usize].over;
            *over = number.min(*over);
        }
    }

    /// Takes note that anchor `number` holds the unit.
    pub fn settle(&mut self, slot: SlotId, unit: UnitId, number: AnchorNumber) {
        let entry = &mut self.slots[slot as usize];
        (entry.anchored, entry.settled) = (unit, number);
        let life = entry.life;
        self.lives[life as usize].head = slot;
        if self.lives[life as usize].began == NEVER {
            self.begin(life, number);
        }
    }

    /// Whether nobody votes here on this base: an anchor holds the slot, or a later life has begun.
    pub fn is_closed(&self, slot: SlotId, base: AnchorNumber) -> bool {
        self.slot(slot).settled <= base || self.life_of(slot).over <= base
    }

    /// The unit that an anchor of this epoch put here, and the anchor.
    pub fn anchored(&self, slot: SlotId) -> Option<(UnitId, AnchorNumber)> {
        let entry = self.slot(slot);
        (entry.anchored != NONE).then_some((entry.anchored, entry.settled))
    }

    /// Whether an anchor holds the slot.
    pub fn is_settled(&self, slot: SlotId) -> bool {
        self.slot(slot).settled != NEVER
    }

    /// Whether what stands here can't be anchored any more: the slot was settled before the epoch, or the
    /// life was over by then.
    pub fn is_past(&self, slot: &Slot) -> bool {
        let is_before = self.life(slot).is_some_and(|life| slot.sequence.0 < life.first);
        is_before || self.later_lives(slot.device, slot.incarnation).any(|life| life.began == BEFORE)
    }

    /// Whether the unit that stands on `previous` may be the life's first in this epoch; `None` when the
    /// slot is not the first one.
    pub fn follows_start(&self, slot: SlotId, previous: &Hash) -> Option<bool> {
        let life = self.life_of(slot);
        // A life without anchored units begins with any unit of sequence 0: the gateway checked what it follows.
        (self.slot(slot).sequence == life.first).then(|| life.first == 0 || life.start == *previous)
    }

    /// The place before, if it is known.
    pub fn before(&self, slot: SlotId) -> Option<SlotId> {
        self.life_of(slot).slot(self.slot(slot).sequence.checked_sub(1)?)
    }

    /// The first sequence from the last anchored unit on at which there is no slot.
    pub fn next_sequence(&self, slot: &Slot) -> Sequence {
        self.life(slot).map(|life| Sequence(life.next())).unwrap_or_default()
    }

    /// Id of the last unit of the life that was anchored before the epoch, if the slot is that unit's.
    pub fn start_at(&self, slot: &Slot) -> Option<Hash> {
        let life = self.life(slot)?;
        (life.first.checked_sub(1) == Some(slot.sequence.0)).then_some(life.start)
    }

    /// The last anchored unit of each device's each life that has any, in rising order.
    pub fn heads(&self) -> impl Iterator<Item = ((DeviceId, Incarnation), Head)> + '_ {
        let lives = self.numbers.iter().map(|(key, life)| (*key, self.lives[*life as usize].head()));
        lives.filter_map(|(key, head)| Some((key, head?)))
    }
}

impl LifeEntry {
    fn next(&self) -> u64 {
        self.first.saturating_add(self.run.len() as u64)
    }

    fn slot(&self, sequence: u64) -> Option<SlotId> {
        let in_run = sequence.checked_sub(self.first).and_then(|at| self.run.get(usize::try_from(at).ok()?));
        in_run.or_else(|| self.beyond.get(&sequence)).copied()
    }

    fn insert(&mut self, sequence: u64, slot: SlotId) {
        if sequence != self.next() {
            self.beyond.insert(sequence, slot);
            return;
        }
        self.run.push(slot);
        while let Some(next) = self.beyond.remove(&self.next()) {
            self.run.push(next);
        }
    }

    fn head(&self) -> Option<Head> {
        if self.head != NONE {
            return Some(Head::Slot(self.head));
        }
        let sequence = Sequence(self.first.checked_sub(1)?);
        let Self { device, incarnation, start, .. } = *self;
        Some(Head::Start(DeviceHead { device, incarnation, sequence, unit: start }))
    }
}
