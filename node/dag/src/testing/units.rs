//! Devices and their signed units.

use loadstone_core::{
    AccountId, AreaId, Device, DeviceId, Hash, Incarnation, Millis, Resource, ResourceId, Sequence, Watts,
};
use loadstone_dag::{Body, Readings, Slot, Unit, UnitContent};
use loadstone_evidence::sign::SigningKey;

/// Hash of the test chain's genesis block.
pub const GENESIS: Hash = Hash::repeat_byte(7);

/// The key of a device.
pub fn key(device: u32) -> SigningKey {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&device.to_le_bytes());
    SigningKey::from_seed(&seed)
}

/// A signed unit with one reading.
pub fn unit(device: u32, sequence: u64, previous: Hash, watts: i64) -> Unit {
    unit_of(&key(device), device, sequence, previous, Millis(1_000 * (sequence + 1)), &[(Watts(watts), true)])
}

/// A unit with these readings, a second apart from `start` on, signed with `key`.
pub fn unit_of(
    key: &SigningKey,
    device: u32,
    sequence: u64,
    previous: Hash,
    start: Millis,
    readings: &[(Watts, bool)],
) -> Unit {
    let slot = Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) };
    let readings = Readings::new(start, 1_000, None, readings).expect("readings that a test makes are sound");
    let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(readings) };
    let signature = key.sign(&content.payload(&GENESIS));
    Unit { content, signature }
}

/// Consecutive units of a device from sequence 0 on, of which those in `sequences` are returned.
pub fn chain_of(device: u32, sequences: std::ops::Range<u64>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for sequence in 0..sequences.end {
        let previous = units.last().map(unit_id).unwrap_or_default();
        units.push(unit(device, sequence, previous, 100));
    }
    units.split_off(usize::try_from(sequences.start).unwrap_or(usize::MAX).min(units.len()))
}

/// The unit's id.
pub fn unit_id(unit: &Unit) -> Hash {
    unit.content.payload(&GENESIS).hash()
}

/// A device that can read 0 to 1,000 W.
pub fn registered(id: u32, revoked: bool) -> (Device, Resource) {
    let device = Device { resource: ResourceId(id), key: key(id).public(), incarnation: Incarnation(0), revoked };
    let resource = Resource {
        owner: AccountId::new([1; 32]),
        area: AreaId(1),
        device: DeviceId(id),
        capacity_down: Watts(100),
        capacity_up: Watts(0),
        load_min: Watts(0),
        load_max: Watts(1_000),
    };
    (device, resource)
}
