//! Columns and keys: big-endian numbers, so that the order of keys is the order of places.

use loadstone_core::{DeviceId, Direction, Incarnation, Millis, Sequence};
use loadstone_dag::Slot;

/// Format, binding, head, guards, identity, voters, own availability.
pub(crate) const META: &str = "meta";
/// Place -> (id, unit).
pub(crate) const UNITS: &str = "units";
/// Place -> state, once it is more than signed.
pub(crate) const STATES: &str = "states";
/// Places of units that are neither anchored nor void.
pub(crate) const OPEN: &str = "open";
/// Place -> anchor and Merkle path.
pub(crate) const PROOFS: &str = "proofs";
/// Moment -> reading without a unit.
pub(crate) const READINGS: &str = "readings";
/// The light client's database.
pub(crate) const LIGHT: &str = "light";

/// All columns.
pub(crate) const ALL: [&str; 7] = [META, UNITS, STATES, OPEN, PROOFS, READINGS, LIGHT];

pub(crate) const KEY_FORMAT: &[u8] = b"format";
/// The data key under its lock.
pub(crate) const KEY_WRAPPED: &[u8] = b"wrapped-key";
pub(crate) const KEY_BINDING: &[u8] = b"binding";
pub(crate) const KEY_HEAD: &[u8] = b"head";
pub(crate) const KEY_IDENTITY: &[u8] = b"identity";
pub(crate) const KEY_VOTERS: &[u8] = b"voters";
pub(crate) const KEY_ANCHORED: &[u8] = b"last-anchored";
pub(crate) const KEY_LIGHT: &[u8] = b"database";

/// Key of a direction's guard.
pub(crate) fn guard_key(direction: Direction) -> &'static [u8] {
    match direction {
        Direction::Down => b"guard-down",
        Direction::Up => b"guard-up",
    }
}

/// Key of the own availability in a direction.
pub(crate) fn standing_key(direction: Direction) -> &'static [u8] {
    match direction {
        Direction::Down => b"standing-down",
        Direction::Up => b"standing-up",
    }
}

/// Key of a place; the device is the ledger's own.
pub(crate) fn slot_key(slot: &Slot) -> [u8; 10] {
    let mut key = [0; 10];
    key[..2].copy_from_slice(&slot.incarnation.0.to_be_bytes());
    key[2..].copy_from_slice(&slot.sequence.0.to_be_bytes());
    key
}

/// Place of a key.
pub(crate) fn key_slot(device: DeviceId, key: &[u8]) -> Option<Slot> {
    let (incarnation, sequence) = key.split_first_chunk::<2>()?;
    let sequence = <[u8; 8]>::try_from(sequence).ok()?;
    Some(Slot {
        device,
        incarnation: Incarnation(u16::from_be_bytes(*incarnation)),
        sequence: Sequence(u64::from_be_bytes(sequence)),
    })
}

/// Key of a waiting reading.
pub(crate) fn reading_key(at: Millis) -> [u8; 8] {
    at.0.to_be_bytes()
}
