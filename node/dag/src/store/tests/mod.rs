//! Tests of the database, and what they share.

mod crash;
mod damage;
mod epochs;
mod figures;
mod keeper;
mod pruning;
mod rivals;
mod round_trip;

use std::collections::BTreeMap;

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Level, MemberIndex, Millis, Sequence, Watts};
use loadstone_dag::{
    heads_root, leaves_root, Anchor, AnchorLeaf, AnchorProposal, Archive, Body, DeviceHead, EpochStart, PersistItem,
    Readings, Slot, Unit, UnitContent, Witness, WitnessContent, MAX_WITNESS_UNITS,
};
use tempfile::TempDir;

use super::{Store, Write};

pub const GENESIS: Hash = Hash::repeat_byte(7);
pub const BLOCK: Hash = Hash::repeat_byte(9);

pub fn id_of(unit: &Unit) -> Hash {
    unit.content.payload(&GENESIS).hash()
}

pub fn slot(device: u32, sequence: u64) -> Slot {
    Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) }
}

/// Readings from this second on.
pub fn series(second: u64, watts: impl Iterator<Item = i64>) -> Readings {
    let readings: Vec<_> = watts.map(|watts| (Watts(watts), true)).collect();
    Readings::new(Millis(1_760_000_000_000 + 1_000 * second), 1_000, None, &readings).expect("sound")
}

pub fn witness_id(witness: &Witness) -> Hash {
    witness.content.payload(&GENESIS).hash()
}

/// Devices, a member and the chain of anchors, as they grow.
#[derive(Default)]
pub struct Ledger {
    pub epoch: u32,
    level: u32,
    pub anchors: Vec<(Anchor, Vec<AnchorLeaf>)>,
    heads: BTreeMap<u32, (u64, Hash)>,
}

impl Ledger {
    /// The device's next unit.
    pub fn unit(&mut self, device: u32, readings: Readings) -> Unit {
        let (sequence, previous) = self.heads.get(&device).copied().unwrap_or((0, Hash::zero()));
        let content =
            UnitContent { slot: slot(device, sequence), previous, references: vec![], body: Body::Readings(readings) };
        let mut unit = Unit { content, signature: [0; 64] };
        let id = id_of(&unit);
        // Nothing compresses a signature.
        unit.signature[..32].copy_from_slice(id.as_bytes());
        unit.signature[32..].copy_from_slice(unit.content.payload(&id).hash().as_bytes());
        self.heads.insert(device, (sequence + 1, id));
        unit
    }

    /// The next units of devices 1 to `devices`, with one reading each.
    pub fn units(&mut self, devices: u32) -> Vec<Unit> {
        (1..=devices).map(|device| self.unit(device, series(5, std::iter::once(40)))).collect()
    }

    /// Member 0's next witness, of these units.
    pub fn witness(&mut self, units: &[Unit]) -> PersistItem {
        self.level += 1;
        let content = WitnessContent {
            epoch: self.epoch,
            member: MemberIndex(0),
            level: Level(self.level),
            previous: None,
            parents: vec![],
            latest: vec![],
            units: units.iter().map(id_of).collect(),
            base: AnchorNumber(0),
            last: false,
        };
        PersistItem::Witness(Witness { content, signature: [2; 64] }, units.to_vec())
    }

    /// The next anchor, over these units.
    pub fn anchor(&mut self, units: &[Unit]) -> (AnchorProposal, Vec<AnchorLeaf>) {
        let mut leaves: Vec<_> =
            units.iter().map(|unit| AnchorLeaf { slot: unit.content.slot, unit: id_of(unit) }).collect();
        leaves.sort();
        let before = self.anchors.last().map(|(anchor, _)| anchor);
        let anchor = Anchor {
            number: before.map_or(AnchorNumber(1), |anchor| anchor.number.next()),
            parent: before.map_or(Hash::zero(), Anchor::hash),
            epoch: self.epoch,
            root: leaves_root(&leaves),
            units: leaves.len() as u32,
            ..Anchor::default()
        };
        self.anchors.push((anchor.clone(), leaves.clone()));
        (AnchorProposal { anchor, frontier: vec![] }, leaves)
    }

    /// Writes witnesses of these units and an anchor over them.
    pub fn write(&mut self, store: &Store, units: &[Unit]) {
        let witnesses: Vec<_> = units.chunks(MAX_WITNESS_UNITS).map(|some| self.witness(some)).collect();
        let (proposal, leaves) = self.anchor(units);
        let mut writes: Vec<_> = witnesses.iter().map(Write::Item).collect();
        writes.push(Write::Anchor { proposal: &proposal, leaves: &leaves, block: BLOCK });
        store.write(&writes, true).expect("it is written");
    }

    /// Closes the epoch with an anchor, and says what the next one begins from.
    pub fn close(&mut self, store: &Store) -> EpochStart {
        let head = |(device, (next, unit)): (&u32, &(u64, Hash))| DeviceHead {
            device: DeviceId(*device),
            incarnation: Incarnation(0),
            sequence: Sequence(next - 1),
            unit: *unit,
        };
        let heads: Vec<_> = self.heads.iter().map(head).collect();
        let (mut proposal, _) = self.anchor(&[]);
        proposal.anchor.heads = Some(heads_root(&heads));
        if let Some((anchor, _)) = self.anchors.last_mut() {
            *anchor = proposal.anchor.clone();
        }
        let anchor = Write::Anchor { proposal: &proposal, leaves: &[], block: BLOCK };
        store.write(&[anchor], false).expect("it is written");
        self.epoch += 1;
        self.level = 0;
        EpochStart { anchor: Some(proposal.anchor), heads }
    }
}

pub fn open(folder: &TempDir) -> Store {
    Store::open(&folder.path().join("dag"), &GENESIS).expect("the database opens")
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn journal(store: &Store) -> Vec<PersistItem> {
    store.journal().expect("it can be read").collect::<Result<_, _>>().expect("it is whole")
}
