//! A sound history passes; a changed unit is named.

use super::*;
use loadstone_core::{Millis, ResourceId, Watts};
use loadstone_dag::{Anchor, Body, Readings, UnitContent};
use loadstone_evidence::sign::SigningKey;

/// Anchors with the devices that signed their units.
#[derive(Clone)]
pub struct History {
    pub anchors: Vec<Anchored>,
    pub devices: BTreeMap<DeviceId, Device>,
}

pub const GENESIS: Hash = Hash::repeat_byte(1);

/// One reading.
pub fn reading(at: u64, watts: i64) -> Body {
    Body::Readings(Readings::new(Millis(at), 1_000, None, &[(Watts(watts), true)]).expect("one reading"))
}

/// One unit of one reading of each of `devices` in each of `count` anchors.
pub fn history(count: u32, devices: u32) -> History {
    let keys: Vec<SigningKey> = (0..devices).map(|device| SigningKey::from_seed(&[device as u8; 32])).collect();
    let mut previous = vec![Hash::zero(); devices as usize];
    let mut parent = Hash::zero();
    let mut anchors = Vec::new();
    for number in 0..count {
        let mut units = Vec::new();
        for (device, key) in keys.iter().enumerate() {
            let at = 1_000 * u64::from(number);
            let slot = Slot {
                device: DeviceId(device as u32),
                incarnation: Incarnation(0),
                sequence: Sequence(number.into()),
            };
            let content = UnitContent { slot, previous: previous[device], references: vec![], body: reading(at, 500) };
            let payload = content.payload(&GENESIS);
            previous[device] = payload.hash();
            units.push(Unit { signature: key.sign(&payload), content });
        }
        let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(&GENESIS).hash() };
        let root = leaves_root(&units.iter().map(leaf).collect::<Vec<_>>());
        let anchor = Anchor { number: AnchorNumber(number + 1), parent, root, units: devices, ..Anchor::default() };
        parent = anchor.hash();
        anchors.push(Anchored { anchor, units });
    }
    let registered = keys.iter().enumerate().map(|(device, key)| {
        let id = device as u32;
        let device =
            Device { resource: ResourceId(id), key: key.public(), incarnation: Incarnation(0), revoked: false };
        (DeviceId(id), device)
    });
    History { anchors, devices: registered.collect() }
}

impl History {
    /// What the chain says of the last anchor.
    pub fn trusted(&self) -> Trusted {
        let last = self.anchors.last().map(|last| (last.anchor.number, last.anchor.hash()));
        Trusted { last: last.expect("there are anchors"), ..Trusted::default() }
    }
}

fn checked(history: &History, trusted: &Trusted) -> Units {
    check(&GENESIS, history.anchors.clone(), trusted, &history.devices)
}

fn items(units: &Units) -> Vec<&str> {
    units.mismatches.iter().map(|mismatch| mismatch.item.as_str()).collect()
}

#[test]
fn a_sound_history_passes() {
    // GIVEN three anchors of two devices
    let history = history(3, 2);
    // WHEN they are checked against the chain's newest hash
    let units = checked(&history, &history.trusted());
    // THEN nothing differs, and readings come in chain order from the anchors asked for
    assert!(units.mismatches.is_empty(), "{:?}", units.mismatches);
    assert_eq!((units.anchored.len(), units.readings), (6, 6));
    let readings = units.readings_of(DeviceId(1), ..=AnchorNumber(2));
    assert_eq!(readings.iter().map(|reading| reading.at.0).collect::<Vec<u64>>(), [0, 1_000]);
}

#[test]
fn an_anchor_may_close_its_epoch_without_units() {
    // GIVEN a history that ends with a closing anchor of no units
    let mut history = history(2, 2);
    let parent = history.anchors[1].anchor.hash();
    let heads = Some(Hash::repeat_byte(6));
    let closing = Anchor { number: AnchorNumber(3), parent, heads, ..Anchor::default() };
    history.anchors.push(Anchored { anchor: closing, units: Vec::new() });
    let trusted = history.trusted();
    // THEN it passes, and a unit put into it is named
    assert!(checked(&history, &trusted).mismatches.is_empty());
    let stray = history.anchors[1].units.pop();
    history.anchors[2].units.extend(stray);
    assert!(items(&checked(&history, &trusted)).contains(&"anchor 3"));
}

#[test]
fn a_changed_unit_is_named() {
    // GIVEN a sound history
    let sound = history(2, 2);
    let trusted = sound.trusted();
    // WHEN any byte of a unit's signature changes THEN that unit is named
    for place in 0..64 {
        let mut changed = sound.clone();
        changed.anchors[0].units[1].signature[place] ^= 1;
        assert_eq!(items(&checked(&changed, &trusted)), ["unit 1/0/0"], "byte {place}");
    }
    // WHEN its reading changes THEN so are its anchor and the unit that stands on it
    let mut changed = sound.clone();
    changed.anchors[0].units[1].content.body = reading(0, 501);
    assert_eq!(items(&checked(&changed, &trusted)), ["anchor 1", "unit 1/0/0", "unit 1/0/1"]);
}

#[test]
fn a_new_life_starts_from_nothing() {
    // GIVEN a device whose second life begins after one unit of its first
    let mut history = history(2, 1);
    let key = SigningKey::from_seed(&[0; 32]);
    let renewed = |previous| {
        let slot = Slot { device: DeviceId(0), incarnation: Incarnation(1), sequence: Sequence(0) };
        let content = UnitContent { slot, previous, references: vec![], body: reading(1_000, 500) };
        Unit { signature: key.sign(&content.payload(&GENESIS)), content }
    };
    let before = history.anchors[0].units[0].content.payload(&GENESIS).hash();
    if let Some(device) = history.devices.get_mut(&DeviceId(0)) {
        device.incarnation = Incarnation(1);
    }
    for (previous, expected) in [(Hash::zero(), vec![]), (before, vec!["unit 0/1/0"])] {
        // WHEN its first unit names nothing, or a unit of the life before
        history.anchors[1].units = vec![renewed(previous)];
        let unit = history.anchors[1].units[0].content.payload(&GENESIS).hash();
        let slot = history.anchors[1].units[0].content.slot;
        history.anchors[1].anchor.root = leaves_root(&[AnchorLeaf { slot, unit }]);
        // THEN only the second is a mismatch
        assert_eq!(items(&checked(&history, &history.trusted())), expected);
    }
}

#[test]
fn changed_missing_and_foreign_anchors_are_named() {
    let sound = history(3, 1);
    let trusted = sound.trusted();
    // GIVEN an anchor with another count
    let mut changed = sound.clone();
    changed.anchors[1].anchor.readings += 1;
    assert_eq!(items(&checked(&changed, &trusted)), ["anchor 2"]);
    // GIVEN an anchor that differs from the chain's own copy
    let kept = sound.anchors.iter().map(|anchored| (anchored.anchor.number, anchored.anchor.clone())).collect();
    assert_eq!(items(&checked(&changed, &Trusted { kept, ..trusted.clone() })), ["anchor 2"]);
    // GIVEN a history without its first anchor
    let tail = History { anchors: sound.anchors[1..].to_vec(), devices: sound.devices };
    assert!(items(&checked(&tail, &trusted)).contains(&"unit 0/0/1"));
}

#[test]
fn units_of_strangers_and_of_earlier_lives_are_told_apart() {
    // GIVEN one device that nobody registered and one at its second life
    let mut history = history(1, 2);
    history.devices.remove(&DeviceId(0));
    if let Some(device) = history.devices.get_mut(&DeviceId(1)) {
        device.incarnation = Incarnation(1);
    }
    // THEN the first is a mismatch, the second only counted
    let units = checked(&history, &history.trusted());
    assert_eq!(items(&units), ["unit 0/0/0"]);
    assert_eq!(units.unchecked, 1);
}
