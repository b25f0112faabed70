//! Checks of anchored units: hash chain of anchors, Merkle roots, signatures, the devices' own chains.

use crate::{history::StoredAnchor, parse::slot_name};
use codec::{DecodeAll, Encode};
use loadstone_core::{AnchorNumber, Device, DeviceId, Hash, Incarnation, Sequence};
use loadstone_dag::{leaves_root, AnchorLeaf, Body, Slot, Unit};
use loadstone_evidence::sign::{verify_batch, Signed};
use loadstone_market::baseline::Reading;
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What: a unit, an anchor, a resource's record and so on.
    pub item: String,
    /// How it differs.
    pub text: String,
}

impl Mismatch {
    /// `item` differs as `text` says.
    pub fn new(item: impl Into<String>, text: impl Into<String>) -> Self {
        Self { item: item.into(), text: text.into() }
    }
}

/// Units that were checked, by place, and what was found wrong.
#[derive(Default)]
pub struct Units {
    /// The units with the anchors that hold them, in rising order of place.
    pub anchored: BTreeMap<Slot, (AnchorNumber, Unit)>,
    /// Readings in them.
    pub readings: u64,
    /// Signatures by keys of earlier lives, which the chain no longer holds: their place alone is proved.
    pub unchecked: u64,
    /// What is wrong.
    pub mismatches: Vec<Mismatch>,
}

fn unit_item(slot: &Slot) -> String {
    format!("unit {}", slot_name(slot))
}

fn anchor_item(number: AnchorNumber) -> String {
    format!("anchor {number}")
}

/// Checks `anchors`, which are numbers 1 and up without a gap. `last` is the chain's hash of the last of
/// them, and `kept` holds the anchors that stand in state.
pub fn check(
    genesis: &Hash,
    anchors: &[StoredAnchor],
    kept: &[Option<loadstone_dag::Anchor>],
    last: Hash,
    devices: &BTreeMap<DeviceId, Device>,
) -> Units {
    let mut units = Units::default();
    check_hashes(anchors, kept, last, &mut units.mismatches);
    for stored in anchors {
        let decoded = decode_units(stored, &mut units.mismatches);
        check_root(genesis, stored, &decoded, &mut units.mismatches);
        check_signatures(genesis, &decoded, devices, &mut units);
        for unit in decoded {
            units.readings += readings(&unit).len() as u64;
            units.anchored.insert(unit.content.slot, (stored.anchor.number, unit));
        }
    }
    check_chains(genesis, &mut units);
    units
}

/// Each anchor is the one in state, or the parent of the one after it.
fn check_hashes(
    anchors: &[StoredAnchor],
    kept: &[Option<loadstone_dag::Anchor>],
    last: Hash,
    mismatches: &mut Vec<Mismatch>,
) {
    let mut expected = last;
    for (position, stored) in anchors.iter().enumerate().rev() {
        let in_state = kept.get(position).and_then(Option::as_ref);
        let wanted = in_state.map_or(expected, loadstone_dag::Anchor::hash);
        let number = AnchorNumber(u32::try_from(position).unwrap_or(u32::MAX)).next();
        if stored.anchor.hash() != wanted || wanted != expected {
            mismatches.push(Mismatch::new(anchor_item(number), "it is not the one on chain"));
        }
        expected = in_state.map_or(stored.anchor.parent, |anchor| anchor.parent);
    }
    if !anchors.is_empty() && !expected.is_zero() {
        mismatches
            .push(Mismatch::new(anchor_item(AnchorNumber(1)), "it has a parent, so anchors before it are missing"));
    }
}

fn decode_units(stored: &StoredAnchor, mismatches: &mut Vec<Mismatch>) -> Vec<Unit> {
    let decoded = stored.units.iter().filter_map(|unit| {
        let found = Unit::decode_all(&mut &unit.bytes[..]).ok().filter(|found| found.content.slot == unit.slot);
        if found.is_none() {
            mismatches.push(Mismatch::new(unit_item(&unit.slot), "its bytes are no unit of this place"));
        }
        found
    });
    decoded.collect()
}

fn check_root(genesis: &Hash, stored: &StoredAnchor, units: &[Unit], mismatches: &mut Vec<Mismatch>) {
    let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(genesis).hash() };
    let leaves: Vec<AnchorLeaf> = units.iter().map(leaf).collect();
    let item = anchor_item(stored.anchor.number);
    if leaves.windows(2).any(|pair| pair[0].slot >= pair[1].slot) {
        mismatches.push(Mismatch::new(item.clone(), "its units are out of order"));
    }
    if u32::try_from(leaves.len()) != Ok(stored.anchor.units) {
        let text = format!("{} units where it counts {}", leaves.len(), stored.anchor.units);
        mismatches.push(Mismatch::new(item.clone(), text));
    }
    if leaves_root(&leaves) != stored.anchor.root {
        mismatches.push(Mismatch::new(item, "its units do not give its Merkle root"));
    }
}

fn check_signatures(genesis: &Hash, decoded: &[Unit], devices: &BTreeMap<DeviceId, Device>, units: &mut Units) {
    let mut checked = Vec::new();
    for unit in decoded {
        let slot = unit.content.slot;
        match devices.get(&slot.device) {
            Some(device) if device.incarnation == slot.incarnation => {
                checked.push((slot, device.key, unit.content.payload(genesis), unit.signature));
            }
            Some(device) if device.incarnation > slot.incarnation => units.unchecked += 1,
            _ => units.mismatches.push(Mismatch::new(unit_item(&slot), "its device is not registered")),
        }
    }
    let signed =
        checked.iter().map(|(_, key, payload, signature)| Signed { key, message: payload.as_bytes(), signature });
    if let Err(culprits) = verify_batch(&signed.collect::<Vec<_>>()) {
        let named = culprits.iter().filter_map(|place| checked.get(*place));
        let text = "its device's key did not sign it";
        units.mismatches.extend(named.map(|(slot, ..)| Mismatch::new(unit_item(slot), text)));
    }
}

/// Every unit names the one before it in its device's chain.
fn check_chains(genesis: &Hash, units: &mut Units) {
    let mut before: Option<(Slot, Hash)> = None;
    for (slot, (_, unit)) in &units.anchored {
        let previous = before.filter(|(last, _)| last.device == slot.device);
        let follows = match previous {
            Some((last, hash)) => {
                let next = last.incarnation == slot.incarnation && last.sequence.next() == slot.sequence;
                let renewed = last.incarnation < slot.incarnation && slot.sequence.0 == 0;
                (next || renewed) && unit.content.previous == hash
            }
            None => slot.sequence.0 == 0,
        };
        if !follows {
            let text = "it does not follow the unit before it in its device's chain";
            units.mismatches.push(Mismatch::new(unit_item(slot), text));
        }
        before = Some((*slot, unit.content.payload(genesis).hash()));
    }
}

/// Readings of a unit; none for an acknowledgement or a body that does not decode, as for members.
pub fn readings(unit: &Unit) -> Vec<Reading> {
    let Body::Readings(readings) = &unit.content.body else { return Vec::new() };
    let decoded = readings.watts().unwrap_or_default();
    decoded.into_iter().map(|(at, load, valid)| Reading { at, load, valid }).collect()
}

impl Units {
    /// Readings of `device` in anchors up to `last`, in the order of its chain.
    pub fn readings_of(&self, device: DeviceId, last: AnchorNumber) -> Vec<Reading> {
        let first = Slot { device, incarnation: Incarnation(0), sequence: Sequence(0) };
        let end = Slot { device, incarnation: Incarnation(u16::MAX), sequence: Sequence(u64::MAX) };
        let counted = self.anchored.range(first..=end).filter(|(_, (anchor, _))| *anchor <= last);
        counted.flat_map(|(_, (_, unit))| readings(unit)).collect()
    }

    /// Bytes of all units.
    pub fn bytes(&self) -> usize {
        self.anchored.values().map(|(_, unit)| unit.encoded_size()).sum()
    }
}

#[cfg(test)]
#[path = "tests/check.rs"]
pub mod tests;
