//! Tests on archives in memory and on disk, and what they share.

mod crash;
mod damage;
mod figures;
mod round_trip;

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Millis, Sequence, SigningPayload, Watts};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Body, Readings, Slot, Unit, UnitContent};
use object_store::{memory::InMemory, ObjectStore};

use crate::{Archive, Limits, Trust};

pub const GENESIS: Hash = Hash::repeat_byte(7);

/// A chain of anchors with their units, as it grows.
#[derive(Default)]
pub struct Ledger {
    pub anchors: Vec<(Anchor, Vec<Unit>)>,
    heads: BTreeMap<(DeviceId, Incarnation), (Sequence, Hash)>,
}

pub fn id_of(unit: &Unit) -> Hash {
    payload(unit).hash()
}

fn payload(unit: &Unit) -> SigningPayload {
    unit.content.payload(&GENESIS)
}

/// Bytes that look like a signature: nothing compresses them, and they follow from the content.
pub fn signature(id: &Hash) -> [u8; 64] {
    let half = |tag: u8| SigningPayload::new(loadstone_core::Domain::Unit, id, &tag).hash();
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(half(0).as_bytes());
    bytes[32..].copy_from_slice(half(1).as_bytes());
    bytes
}

impl Ledger {
    /// The device's next unit with these readings.
    pub fn unit(&mut self, device: u32, incarnation: u16, readings: Readings) -> Unit {
        let (device, incarnation) = (DeviceId(device), Incarnation(incarnation));
        let head = self.heads.get(&(device, incarnation));
        let (sequence, previous) = head.map_or((Sequence(0), Hash::zero()), |(sequence, id)| (sequence.next(), *id));
        let slot = Slot { device, incarnation, sequence };
        let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(readings) };
        let mut unit = Unit { content, signature: [0; 64] };
        let id = id_of(&unit);
        unit.signature = signature(&id);
        self.heads.insert((device, incarnation), (sequence, id));
        unit
    }

    /// The next anchor, over these units.
    pub fn anchor(&mut self, mut units: Vec<Unit>) {
        units.sort_by_key(|unit| unit.content.slot);
        let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: id_of(unit) };
        let leaves: Vec<AnchorLeaf> = units.iter().map(leaf).collect();
        let before = self.anchors.last().map(|(anchor, _)| anchor);
        let anchor = Anchor {
            number: before.map_or(AnchorNumber(1), |anchor| anchor.number.next()),
            parent: before.map_or(Hash::zero(), Anchor::hash),
            root: leaves_root(&leaves),
            units: units.len() as u32,
            readings: units.len() as u64,
            ..Anchor::default()
        };
        self.anchors.push((anchor, units));
    }

    /// Anchors with one unit of one reading from each device; every third one is empty.
    pub fn grow(&mut self, anchors: u32, devices: u32) {
        for round in 0..anchors {
            let devices = if round % 3 == 2 { 0 } else { devices };
            let units = (1..=devices).map(|device| self.unit(device, 0, one(u64::from(round))));
            let units: Vec<Unit> = units.collect();
            self.anchor(units);
        }
    }

    /// What the chain says of the newest anchor.
    pub fn trust(&self) -> Trust {
        let last = self.anchors.last().map(|(anchor, _)| (anchor.number, anchor.hash()));
        Trust { last: last.map(|(number, _)| number), hashes: last.into_iter().collect(), ..Trust::default() }
    }

    pub fn units(&self) -> u64 {
        self.anchors.iter().map(|(_, units)| units.len() as u64).sum()
    }
}

/// One reading.
pub fn one(second: u64) -> Readings {
    Readings::new(Millis(1_000 * second), 1_000, None, &[(Watts(second as i64), true)]).expect("sound")
}

pub fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

pub async fn open(store: &Arc<dyn ObjectStore>) -> Archive {
    Archive::open(store.clone(), GENESIS).await.expect("it opens")
}

/// Writes all anchors that the archive does not hold, in segments of at most `anchors` anchors.
pub async fn write(store: &Arc<dyn ObjectStore>, ledger: &Ledger, anchors: usize) -> Archive {
    let limits = Limits { anchors, ..Limits::default() };
    let mut archive = open(store).await.with_limits(limits);
    let held = archive.last().map_or(0, |last| last.0 as usize);
    let mut segment = archive.segment().expect("a temporary file");
    for (anchor, units) in &ledger.anchors[held..] {
        segment.anchor(anchor, units).expect("it follows");
        if segment.is_full() {
            archive.commit(segment).await.expect("it is stored");
            segment = archive.segment().expect("a temporary file");
        }
    }
    if !segment.is_empty() {
        archive.commit(segment).await.expect("it is stored");
    }
    archive
}
