//! Checks of anchored units: hash chain of anchors, Merkle roots, signatures, the devices' own chains.

use crate::{
    history::{Anchored, Trusted},
    parse::slot_name,
};
use codec::Encode;
use loadstone_core::{AnchorNumber, Device, DeviceId, Hash, Incarnation, PublicKey, Sequence};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Slot, Unit};
use loadstone_evidence::{
    readings,
    sign::{verify_batch, Signed},
};
use loadstone_market::baseline::Reading;
use serde::Serialize;
use std::{collections::BTreeMap, ops::RangeBounds};

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

/// Checks `anchors`, which are numbers 1 and up without a gap to the last that is trusted.
pub fn check(genesis: &Hash, anchors: Vec<Anchored>, trusted: &Trusted, devices: &BTreeMap<DeviceId, Device>) -> Units {
    let mut units = Units::default();
    check_hashes(&anchors, trusted, &mut units.mismatches);
    for anchored in anchors {
        check_root(genesis, &anchored, &mut units.mismatches);
        check_signatures(genesis, &anchored.units, devices, &mut units);
        for unit in anchored.units {
            units.readings += readings(&unit).len() as u64;
            units.anchored.insert(unit.content.slot, (anchored.anchor.number, unit));
        }
    }
    check_chains(genesis, &mut units);
    units
}

/// Each anchor is the one in state, or the parent of the one after it.
fn check_hashes(anchors: &[Anchored], trusted: &Trusted, mismatches: &mut Vec<Mismatch>) {
    let (_, mut expected) = trusted.last;
    for (position, anchored) in anchors.iter().enumerate().rev() {
        let number = AnchorNumber(u32::try_from(position).unwrap_or(u32::MAX)).next();
        let in_state = trusted.kept.get(&number);
        let wanted = in_state.map_or(expected, Anchor::hash);
        if anchored.anchor.hash() != wanted || wanted != expected {
            mismatches.push(Mismatch::new(anchor_item(number), "it is not the one on chain"));
        }
        expected = in_state.map_or(anchored.anchor.parent, |anchor| anchor.parent);
    }
    if !anchors.is_empty() && !expected.is_zero() {
        mismatches
            .push(Mismatch::new(anchor_item(AnchorNumber(1)), "it has a parent, so anchors before it are missing"));
    }
}

fn check_root(genesis: &Hash, anchored: &Anchored, mismatches: &mut Vec<Mismatch>) {
    let Anchored { anchor, units } = anchored;
    let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(genesis).hash() };
    let leaves: Vec<AnchorLeaf> = units.iter().map(leaf).collect();
    let item = anchor_item(anchor.number);
    if leaves.windows(2).any(|pair| pair[0].slot >= pair[1].slot) {
        mismatches.push(Mismatch::new(item.clone(), "its units are out of order"));
    }
    if u32::try_from(leaves.len()) != Ok(anchor.units) {
        let text = format!("{} units where it counts {}", leaves.len(), anchor.units);
        mismatches.push(Mismatch::new(item.clone(), text));
    }
    if leaves_root(&leaves) != anchor.root {
        mismatches.push(Mismatch::new(item, "its units do not give its Merkle root"));
    }
}

/// Whose signature a unit must bear.
pub enum Signer<'a> {
    /// This key's.
    Known(&'a PublicKey),
    /// The key's of an earlier life, which the chain no longer holds.
    Earlier,
    /// No device of this life is registered.
    Nobody,
}

/// The signer of the unit in this place.
pub fn signer<'a>(devices: &'a BTreeMap<DeviceId, Device>, slot: &Slot) -> Signer<'a> {
    match devices.get(&slot.device) {
        Some(device) if device.incarnation == slot.incarnation => Signer::Known(&device.key),
        Some(device) if device.incarnation > slot.incarnation => Signer::Earlier,
        _ => Signer::Nobody,
    }
}

fn check_signatures(genesis: &Hash, anchored: &[Unit], devices: &BTreeMap<DeviceId, Device>, units: &mut Units) {
    let mut checked = Vec::new();
    for unit in anchored {
        let slot = unit.content.slot;
        match signer(devices, &slot) {
            Signer::Known(key) => checked.push((slot, key, unit.content.payload(genesis), unit.signature)),
            Signer::Earlier => units.unchecked += 1,
            Signer::Nobody => units.mismatches.push(Mismatch::new(unit_item(&slot), "its device is not registered")),
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

/// Every unit names the one before it in its device's life; the first names none.
fn check_chains(genesis: &Hash, units: &mut Units) {
    let mut before: Option<(Slot, Hash)> = None;
    for (slot, (_, unit)) in &units.anchored {
        let same_life = |last: &Slot| (last.device, last.incarnation) == (slot.device, slot.incarnation);
        let follows = match before.filter(|(last, _)| same_life(last)) {
            Some((last, hash)) => last.sequence.next() == slot.sequence && unit.content.previous == hash,
            None => slot.sequence.0 == 0 && unit.content.previous.is_zero(),
        };
        if !follows {
            let text = "it does not follow the unit before it in its device's chain";
            units.mismatches.push(Mismatch::new(unit_item(slot), text));
        }
        before = Some((*slot, unit.content.payload(genesis).hash()));
    }
}

impl Units {
    /// Readings of `device` in these anchors, in the order of its chain.
    pub fn readings_of(&self, device: DeviceId, anchors: impl RangeBounds<AnchorNumber>) -> Vec<Reading> {
        let first = Slot { device, incarnation: Incarnation(0), sequence: Sequence(0) };
        let end = Slot { device, incarnation: Incarnation(u16::MAX), sequence: Sequence(u64::MAX) };
        let counted = self.anchored.range(first..=end).filter(|(_, (anchor, _))| anchors.contains(anchor));
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
