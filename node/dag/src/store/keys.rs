//! Keys: numbers with the highest byte first, so that RocksDB's order is theirs.

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Sequence};
use loadstone_dag::Slot;

/// Bytes of a slot.
const SLOT: usize = 14;

/// Bytes of an epoch and a slot.
pub const UNIT: usize = 4 + SLOT;

/// Bytes of a hash that stand in indexes: whoever finds one compares the whole hash.
const BEGINNING: usize = 8;

/// A slot, in the order of slots.
pub fn slot_bytes(slot: &Slot) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    bytes[..4].copy_from_slice(&slot.device.0.to_be_bytes());
    bytes[4..6].copy_from_slice(&slot.incarnation.0.to_be_bytes());
    bytes[6..].copy_from_slice(&slot.sequence.0.to_be_bytes());
    bytes
}

/// Key of a slot in an epoch.
pub fn unit(epoch: u32, slot: &Slot) -> [u8; UNIT] {
    let mut key = [0; UNIT];
    key[..4].copy_from_slice(&epoch.to_be_bytes());
    key[4..].copy_from_slice(&slot_bytes(slot));
    key
}

/// Key of one of several units in a slot.
pub fn rival(epoch: u32, slot: &Slot, id: &Hash) -> [u8; UNIT + 32] {
    let mut key = [0; UNIT + 32];
    key[..UNIT].copy_from_slice(&unit(epoch, slot));
    key[UNIT..].copy_from_slice(id.as_bytes());
    key
}

/// Epoch and slot of a key, and what stands behind them.
pub fn split_unit(key: &[u8]) -> Option<(u32, Slot, &[u8])> {
    let (epoch, rest) = key.split_first_chunk::<4>()?;
    let (slot, rest) = rest.split_at_checked(SLOT)?;
    Some((u32::from_be_bytes(*epoch), slot_of(slot)?, rest))
}

/// The last slot that a device can have.
pub fn last_slot(device: DeviceId) -> Slot {
    Slot { device, incarnation: Incarnation(u16::MAX), sequence: Sequence(u64::MAX) }
}

/// Key of an anchor.
pub fn anchor(number: AnchorNumber) -> [u8; 4] {
    number.0.to_be_bytes()
}

/// The number that a key of four bytes says.
pub fn number(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.try_into().ok()?))
}

/// What keys of this hash begin with.
pub fn beginning(hash: &Hash) -> &[u8] {
    &hash.as_bytes()[..BEGINNING]
}

/// Key in an index by hash.
pub fn indexed(hash: &Hash, to: &[u8]) -> Vec<u8> {
    [beginning(hash), to].concat()
}

/// A slot behind the beginning of an id.
pub fn slot_of(bytes: &[u8]) -> Option<Slot> {
    let (device, rest) = bytes.split_first_chunk::<4>()?;
    let (incarnation, rest) = rest.split_first_chunk::<2>()?;
    Some(Slot {
        device: DeviceId(u32::from_be_bytes(*device)),
        incarnation: Incarnation(u16::from_be_bytes(*incarnation)),
        sequence: Sequence(u64::from_be_bytes(rest.try_into().ok()?)),
    })
}

/// Key of a chunk of heads.
pub fn heads(epoch: u32, first: DeviceId) -> [u8; 8] {
    let mut key = [0; 8];
    key[..4].copy_from_slice(&epoch.to_be_bytes());
    key[4..].copy_from_slice(&first.0.to_be_bytes());
    key
}
