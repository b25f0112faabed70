//! Devices: they sign units, keep them until anchored, and send them again. Some fork, some flood.

use std::collections::BTreeMap;

use loadstone_core::{DeviceId, Hash, Incarnation, Millis, Sequence, Watts};
use loadstone_dag::{Body, Readings, Reference, Slot, Unit, UnitContent};

use crate::keys::{Scheme, Signer, GENESIS};

/// How a device behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Keeps the rules.
    Honest,
    /// Signs two units for one place now and then.
    Forking,
    /// Honest, but the gateways it knows first are all Byzantine.
    Eclipsed,
    /// Sends far more than its quota.
    Flooding,
    /// Nobody registered it.
    Stranger,
}

impl Manner {
    /// Whether its units must be anchored.
    pub fn is_honest(self) -> bool {
        matches!(self, Self::Honest | Self::Eclipsed)
    }
}

/// A unit that the device keeps.
pub struct Kept {
    /// As signed.
    pub unit: Unit,
    /// Its id.
    pub id: Hash,
    /// When it was made, in the world's time.
    pub made_at: u64,
}

/// A device.
pub struct Device {
    /// Its number.
    pub number: u32,
    /// How it behaves.
    pub manner: Manner,
    /// Made and not known to be anchored.
    pub kept: BTreeMap<Slot, Kept>,
    /// Times that it has sent everything again: the gateways asked move on with it.
    pub attempts: u32,
    /// The life that the registry knows, which its owner may be ahead with.
    pub registered: Incarnation,
    signer: Signer,
    life: Incarnation,
    next: u64,
    last: Hash,
}

/// A unit's content besides its place: what is measured, and what it buries.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// First value.
    pub watts: i64,
    /// How many, each a watt above the one before.
    pub count: usize,
    /// Other owners' units and members' witnesses.
    pub references: Vec<Reference>,
}

/// A place in the first life of a device.
pub fn slot(device: u32, sequence: u64) -> Slot {
    Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) }
}

/// A signed unit and its id.
pub fn make_unit(signer: &Signer, slot: Slot, previous: Hash, reading: &Reading) -> (Unit, Hash) {
    let values: Vec<_> = (0..reading.count.max(1) as i64).map(|n| (Watts(reading.watts + n), true)).collect();
    let start = Millis(1_000 + 60_000 * slot.sequence.0);
    // Between one and sixty readings a second apart always have a form; zero is one reading of 0 W.
    let zero = Readings { start, interval_ms: 1_000, event: None, doubtful: Vec::new(), deltas: vec![0] };
    let body = Body::Readings(Readings::new(start, 1_000, None, &values).unwrap_or(zero));
    let content = UnitContent { slot, previous, references: reading.references.clone(), body };
    let payload = content.payload(&GENESIS);
    (Unit { signature: signer.sign(payload.as_bytes()), content }, payload.hash())
}

impl Device {
    /// A device that has signed nothing yet.
    pub fn new(number: u32, manner: Manner, scheme: Scheme) -> Self {
        Self {
            number,
            manner,
            kept: BTreeMap::new(),
            attempts: 0,
            registered: Incarnation(0),
            signer: Signer::new(scheme, "device", number),
            life: Incarnation(0),
            next: 0,
            last: Hash::zero(),
        }
    }

    /// What others know it by.
    pub fn key(&self) -> loadstone_core::PublicKey {
        self.signer.public()
    }

    /// Its newest unit, if it has signed one.
    pub fn newest(&self) -> Option<Reference> {
        let sequence = self.next.checked_sub(1)?;
        Some(Reference::Unit(self.place(sequence), self.last))
    }

    fn place(&self, sequence: u64) -> Slot {
        Slot { device: DeviceId(self.number), incarnation: self.life, sequence: Sequence(sequence) }
    }

    /// Begins the life that the registry knows.
    pub fn begin_life(&mut self) {
        self.life = self.registered;
        (self.next, self.last) = (0, Hash::zero());
        self.kept.clear();
    }

    /// Whether its owner registered another life that it has not begun.
    pub fn is_reset(&self) -> bool {
        self.registered != self.life
    }

    /// Signs the next unit, and a rival to it if the device forks and this is one of its places to fork at.
    pub fn measure(&mut self, reading: &Reading, now: u64) -> (Unit, Option<Unit>) {
        let place = self.place(self.next);
        let (unit, id) = make_unit(&self.signer, place, self.last, reading);
        let forks = self.manner == Manner::Forking && self.life.0 == 0 && self.next % 3 == 1;
        let other = Reading { watts: reading.watts + 1, ..reading.clone() };
        let rival = forks.then(|| make_unit(&self.signer, place, self.last, &other));
        self.next += 1;
        // A forking device goes on from either.
        self.last = match &rival {
            Some((_, rival)) if reading.watts % 2 == 0 => *rival,
            _ => id,
        };
        self.kept.insert(place, Kept { unit: unit.clone(), id, made_at: now });
        (unit, rival.map(|(unit, _)| unit))
    }

    /// Forgets what is anchored.
    pub fn forget(&mut self, is_anchored: impl Fn(&Slot) -> bool) {
        self.kept.retain(|slot, _| !is_anchored(slot));
    }

    /// The oldest units kept, as many as fit in a frame.
    pub fn oldest(&self, wanted: impl Fn(&Hash) -> bool) -> Vec<Unit> {
        let units = self.kept.values().filter(|kept| wanted(&kept.id)).map(|kept| kept.unit.clone());
        units.take(loadstone_dag::MAX_FRAME_UNITS / 4).collect()
    }
}
