//! A sound history passes; one changed byte is named by its unit.

use super::*;
use crate::history::StoredUnit;
use loadstone_core::{Millis, ResourceId, Watts};
use loadstone_dag::{Anchor, Readings, UnitContent};
use loadstone_evidence::sign::SigningKey;

/// Anchors with the devices that signed their units.
pub struct History {
    pub anchors: Vec<StoredAnchor>,
    pub devices: BTreeMap<DeviceId, Device>,
}

pub const GENESIS: Hash = Hash::repeat_byte(1);

/// One unit of one reading of each of `devices` in each of `count` anchors.
pub fn history(count: u32, devices: u32) -> History {
    let keys: Vec<SigningKey> = (0..devices).map(|device| SigningKey::from_seed(&[device as u8; 32])).collect();
    let mut previous = vec![Hash::zero(); devices as usize];
    let mut parent = Hash::zero();
    let mut anchors = Vec::new();
    for number in 0..count {
        let mut units = Vec::new();
        for (device, key) in keys.iter().enumerate() {
            let at = Millis(1_000 * u64::from(number));
            let slot = Slot {
                device: DeviceId(device as u32),
                incarnation: Incarnation(0),
                sequence: Sequence(number.into()),
            };
            let body = Readings::new(at, 1_000, None, &[(Watts(500), true)]).expect("one reading");
            let content =
                UnitContent { slot, previous: previous[device], references: vec![], body: Body::Readings(body) };
            let payload = content.payload(&GENESIS);
            previous[device] = payload.hash();
            units.push(Unit { signature: key.sign(&payload), content });
        }
        let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(&GENESIS).hash() };
        let root = leaves_root(&units.iter().map(leaf).collect::<Vec<_>>());
        let anchor = Anchor { number: AnchorNumber(number + 1), parent, root, units: devices, ..Anchor::default() };
        parent = anchor.hash();
        let units = units.iter().map(|unit| StoredUnit { slot: unit.content.slot, bytes: unit.encode() });
        anchors.push(StoredAnchor { anchor, units: units.collect() });
    }
    let registered = keys.iter().enumerate().map(|(device, key)| {
        let id = device as u32;
        let device =
            Device { resource: ResourceId(id), key: key.public(), incarnation: Incarnation(0), revoked: false };
        (DeviceId(id), device)
    });
    History { anchors, devices: registered.collect() }
}

fn checked(history: &History, last: Hash) -> Units {
    check(&GENESIS, &history.anchors, &[], last, &history.devices)
}

fn items(units: &Units) -> Vec<&str> {
    units.mismatches.iter().map(|mismatch| mismatch.item.as_str()).collect()
}

#[test]
fn a_sound_history_passes() {
    // GIVEN three anchors of two devices
    let history = history(3, 2);
    let last = history.anchors[2].anchor.hash();
    // WHEN they are checked against the chain's newest hash
    let units = checked(&history, last);
    // THEN nothing differs, and readings come in chain order up to the anchor asked for
    assert!(units.mismatches.is_empty(), "{:?}", units.mismatches);
    assert_eq!((units.anchored.len(), units.readings), (6, 6));
    let times: Vec<u64> = units.readings_of(DeviceId(1), AnchorNumber(2)).iter().map(|reading| reading.at.0).collect();
    assert_eq!(times, [0, 1_000]);
}

#[test]
fn an_anchor_may_close_its_epoch_without_units() {
    // GIVEN a history that ends with a closing anchor of no units
    let mut history = history(2, 2);
    let parent = history.anchors[1].anchor.hash();
    let heads = Some(Hash::repeat_byte(6));
    let closing = Anchor { number: AnchorNumber(3), parent, heads, ..Anchor::default() };
    history.anchors.push(StoredAnchor { anchor: closing.clone(), units: Vec::new() });
    // THEN it passes, and a unit put into it is named
    assert!(checked(&history, closing.hash()).mismatches.is_empty());
    let stray = history.anchors[1].units.pop();
    history.anchors[2].units.extend(stray);
    assert!(items(&checked(&history, closing.hash())).contains(&"anchor 3"));
}

#[test]
fn every_changed_byte_of_a_unit_names_the_unit() {
    // GIVEN a sound history
    let sound = history(2, 2);
    let last = sound.anchors[1].anchor.hash();
    // WHEN any byte of one stored unit changes
    for place in 0..sound.anchors[0].units[1].bytes.len() {
        let mut changed = History { anchors: sound.anchors.clone(), devices: sound.devices.clone() };
        changed.anchors[0].units[1].bytes[place] ^= 1;
        // THEN that unit is named
        assert!(items(&checked(&changed, last)).contains(&"unit 1/0/0"), "byte {place}");
    }
}

#[test]
fn changed_missing_and_foreign_anchors_are_named() {
    let sound = history(3, 1);
    let last = sound.anchors[2].anchor.hash();
    // GIVEN an anchor with another count
    let mut changed = History { anchors: sound.anchors.clone(), devices: sound.devices.clone() };
    changed.anchors[1].anchor.readings += 1;
    assert_eq!(items(&checked(&changed, last)), ["anchor 2"]);
    // GIVEN an anchor that differs from the chain's own copy
    let kept: Vec<_> = sound.anchors.iter().map(|stored| Some(stored.anchor.clone())).collect();
    let units = check(&GENESIS, &changed.anchors, &kept, last, &changed.devices);
    assert_eq!(items(&units), ["anchor 2"]);
    // GIVEN a history without its first anchor
    let tail = History { anchors: sound.anchors[1..].to_vec(), devices: sound.devices.clone() };
    assert!(items(&checked(&tail, last)).contains(&"unit 0/0/1"));
}

#[test]
fn units_of_strangers_and_of_earlier_lives_are_told_apart() {
    // GIVEN one device that nobody registered and one at its second life
    let mut history = history(1, 2);
    let last = history.anchors[0].anchor.hash();
    history.devices.remove(&DeviceId(0));
    if let Some(device) = history.devices.get_mut(&DeviceId(1)) {
        device.incarnation = Incarnation(1);
    }
    // THEN the first is a mismatch, the second only counted
    let units = checked(&history, last);
    assert_eq!(items(&units), ["unit 0/0/0"]);
    assert_eq!(units.unchecked, 1);
}
