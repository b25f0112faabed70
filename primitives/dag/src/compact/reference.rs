//! References of packed units: repeated by number, by name where the hash is known, or in full.

use alloc::vec::Vec;

use loadstone_core::{DeviceId, Incarnation, Level, MemberIndex, Sequence};

use super::{context::Context, input::Input, CompactFault, Known, Named};
use crate::{readings::push_varint, Reference, Slot, MAX_REFERENCES};

/// Codes of references; smaller ones repeat an earlier reference.
const KNOWN_UNIT: u8 = 16;
const FULL_UNIT: u8 = 17;
const KNOWN_WITNESS: u8 = 18;
const FULL_WITNESS: u8 = 19;

pub(super) fn push_reference<K: Known>(reference: &Reference, context: &mut Context<K>, out: &mut Vec<u8>) {
    if let Some(position) = context.repeated(reference) {
        return out.push(position as u8);
    }
    let (name, hash) = match reference {
        Reference::Unit(slot, hash) => (Named::Unit(*slot), hash),
        Reference::Witness(member, level, hash) => (Named::Witness(*member, *level), hash),
    };
    let full = !context.is_known(name, hash);
    match name {
        Named::Unit(slot) => {
            out.push(if full { FULL_UNIT } else { KNOWN_UNIT });
            push_varint(out, slot.device.0.into());
            push_varint(out, slot.incarnation.0.into());
            push_varint(out, slot.sequence.0);
        }
        Named::Witness(member, level) => {
            out.push(if full { FULL_WITNESS } else { KNOWN_WITNESS });
            push_varint(out, member.0.into());
            push_varint(out, level.0.into());
        }
    }
    if full {
        out.extend_from_slice(hash.as_bytes());
    }
    context.make_repeatable(*reference);
}

pub(super) fn pull_references<K: Known>(
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<Vec<Reference>, CompactFault> {
    let count = usize::from(input.byte()?);
    if count == 0 || count > MAX_REFERENCES {
        return Err(CompactFault::Malformed);
    }
    (0..count).map(|_| pull_reference(input, context)).collect()
}

fn pull_reference<K: Known>(input: &mut Input, context: &mut Context<K>) -> Result<Reference, CompactFault> {
    let code = input.byte()?;
    if code < KNOWN_UNIT {
        return context.repeatable(code.into()).ok_or(CompactFault::Malformed);
    }
    let name = match code {
        KNOWN_UNIT | FULL_UNIT => Named::Unit(Slot {
            device: DeviceId(input.number()?),
            incarnation: Incarnation(input.number()?),
            sequence: Sequence(input.varint()?),
        }),
        KNOWN_WITNESS | FULL_WITNESS => Named::Witness(MemberIndex(input.number()?), Level(input.number()?)),
        _ => return Err(CompactFault::Malformed),
    };
    let hash = if code == KNOWN_UNIT || code == KNOWN_WITNESS {
        context.resolve(name)?
    } else {
        let hash = input.hash()?;
        context.give(name, hash);
        hash
    };
    let reference = match name {
        Named::Unit(slot) => Reference::Unit(slot, hash),
        Named::Witness(member, level) => Reference::Witness(member, level, hash),
    };
    if context.repeated(&reference).is_some() {
        return Err(CompactFault::Malformed);
    }
    context.make_repeatable(reference);
    Ok(reference)
}
