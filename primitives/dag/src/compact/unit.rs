//! A packed unit: flags, place, hash of the unit before, references, body, signature.

use alloc::vec::Vec;

use codec::Encode;
use loadstone_core::{DeviceId, Direction, Hash, Incarnation, Millis, Sequence};

use super::{
    body::{are_marks, pull_acknowledgement, pull_readings, push_acknowledgement, push_readings, ReadingsFlags},
    context::Context,
    input::Input,
    reference::{pull_references, push_reference},
    series, CompactFault, Known, Named,
};
use crate::{
    readings::{push_varint, unzigzag, zigzag},
    AcknowledgementKind, Body, Slot, Unit, UnitContent, MAX_REFERENCES,
};

/// Fewest bytes of a packed unit: flags, start, count, one reading, signature.
pub(super) const MIN_UNIT: usize = 68;

/// Where the hash of the unit before is to be had from: the lowest two bits of the flags.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It is the unit before in the message, and the slot is the next one.
    Follows = 0,
    /// It is the known unit in the slot before; or there is none, at the beginning of a chain.
    Known = 1,
    /// It stands earlier in the message.
    Earlier = 2,
    /// It is in full.
    Full = 3,
}

const LINK: u8 = 0b11;
/// The incarnation is not 0.
const REBORN: u8 = 1 << 2;
const ACKNOWLEDGEMENT: u8 = 1 << 3;
const REFERENCES: u8 = 1 << 4;
/// Of readings: with an event.
const EVENT: u8 = 1 << 5;
/// Of readings: some are doubtful.
const MARKS: u8 = 1 << 6;
/// Of readings: another interval than before.
const INTERVAL: u8 = 1 << 7;
/// Of an acknowledgement: of kind completed.
const COMPLETED: u8 = 1 << 5;
/// Of an acknowledgement: of an order to consume more.
const UPWARD: u8 = 1 << 6;
/// A unit that breaks the form of units, in plain SCALE: every unit can be packed, also one that nobody takes.
const PLAIN: u8 = ACKNOWLEDGEMENT | INTERVAL;

pub(super) fn pack<K: Known>(unit: &Unit, context: &mut Context<K>, out: &mut Vec<u8>) {
    let content = &unit.content;
    let Ok(count) = readings_of(content) else {
        out.push(PLAIN);
        return unit.encode_to(out);
    };
    let link = link_of(content, context);
    out.push(flags_of(content, link, context));
    if link != Link::Follows {
        push_slot(&content.slot, context, out);
    }
    if link == Link::Full {
        out.extend_from_slice(content.previous.as_bytes());
    }
    if !content.references.is_empty() {
        out.push(content.references.len() as u8);
        content.references.iter().for_each(|reference| push_reference(reference, context, out));
    }
    let base = base_of(link, context);
    match (&content.body, count) {
        (Body::Acknowledgement(body), _) => push_acknowledgement(body, base, context, out),
        (Body::Readings(body), Some(count)) => push_readings(body, count, base, context, out),
        (Body::Readings(_), None) => {}
    }
    out.extend_from_slice(&unit.signature);
}

pub(super) fn unpack<K: Known>(input: &mut Input, context: &mut Context<K>) -> Result<Unit, CompactFault> {
    let flags = input.byte()?;
    if flags == PLAIN {
        let unit: Unit = input.plain()?;
        // What has a packed form has only that.
        return if readings_of(&unit.content).is_err() { Ok(unit) } else { Err(CompactFault::Malformed) };
    }
    let link = match flags & LINK {
        0 => Link::Follows,
        1 => Link::Known,
        2 => Link::Earlier,
        _ => Link::Full,
    };
    let (slot, previous) = pull_place(flags, link, input, context)?;
    let references = if flags & REFERENCES == 0 { Vec::new() } else { pull_references(input, context)? };
    let base = base_of(link, context);
    let body = if flags & ACKNOWLEDGEMENT == 0 {
        let says =
            ReadingsFlags { event: flags & EVENT != 0, marks: flags & MARKS != 0, interval: flags & INTERVAL != 0 };
        Body::Readings(pull_readings(&says, base, input, context)?)
    } else if flags & INTERVAL == 0 {
        let kind = if flags & COMPLETED == 0 { AcknowledgementKind::Received } else { AcknowledgementKind::Completed };
        let direction = if flags & UPWARD == 0 { Direction::Down } else { Direction::Up };
        Body::Acknowledgement(pull_acknowledgement(kind, direction, base, input, context)?)
    } else {
        return Err(CompactFault::Malformed);
    };
    Ok(Unit { content: UnitContent { slot, previous, references, body }, signature: input.signature()? })
}

/// The unit breaks the form of units.
struct Misshapen;

/// The number of readings, if it has readings.
fn readings_of(content: &UnitContent) -> Result<Option<usize>, Misshapen> {
    let rooted_in_nothing = !is_first(&content.slot) || content.previous.is_zero();
    if content.references.len() > MAX_REFERENCES || !rooted_in_nothing {
        return Err(Misshapen);
    }
    let Body::Readings(readings) = &content.body else { return Ok(None) };
    let count = series::count_of(&readings.deltas).ok_or(Misshapen)?;
    let marked = readings.doubtful.is_empty() || are_marks(&readings.doubtful, count);
    if readings.interval_ms == 0 || !marked {
        return Err(Misshapen);
    }
    Ok(Some(count))
}

/// The moment from which the unit's own moment is counted.
fn base_of<K>(link: Link, context: &Context<K>) -> Millis {
    if link == Link::Follows {
        context.end
    } else {
        context.start
    }
}

fn is_first(slot: &Slot) -> bool {
    slot.sequence.0 == 0 && slot.incarnation.0 == 0
}

/// The slot before in the same life of the device.
fn before(slot: &Slot) -> Option<Slot> {
    Some(Slot { sequence: Sequence(slot.sequence.0.checked_sub(1)?), ..*slot })
}

fn link_of<K: Known>(content: &UnitContent, context: &mut Context<K>) -> Link {
    let (slot, previous) = (content.slot, content.previous);
    if context.follower() == Some((slot, previous)) {
        return Link::Follows;
    }
    let Some(before) = before(&slot) else {
        return if is_first(&slot) { Link::Known } else { Link::Full };
    };
    if context.is_known(Named::Unit(before), &previous) {
        Link::Known
    } else if context.stands_here(&Named::Unit(before)) && context.earlier(&before) == Some(previous) {
        Link::Earlier
    } else {
        Link::Full
    }
}

fn flags_of<K>(content: &UnitContent, link: Link, context: &Context<K>) -> u8 {
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    let common = link as u8
        | flag(link != Link::Follows && content.slot.incarnation.0 != 0, REBORN)
        | flag(!content.references.is_empty(), REFERENCES);
    common
        | match &content.body {
            Body::Readings(readings) => {
                flag(readings.event.is_some(), EVENT)
                    | flag(!readings.doubtful.is_empty(), MARKS)
                    | flag(readings.interval_ms != context.interval_ms, INTERVAL)
            }
            Body::Acknowledgement(body) => {
                ACKNOWLEDGEMENT
                    | flag(body.kind == AcknowledgementKind::Completed, COMPLETED)
                    | flag(body.direction == Direction::Up, UPWARD)
            }
        }
}

/// Device and sequence as differences from the unit before.
fn push_slot<K: Known>(slot: &Slot, context: &Context<K>, out: &mut Vec<u8>) {
    let (device, sequence) = context.last().map_or((0, 0), |last| (last.device.0, last.sequence.0));
    push_varint(out, zigzag(i64::from(slot.device.0) - i64::from(device)));
    if slot.incarnation.0 != 0 {
        push_varint(out, slot.incarnation.0.into());
    }
    push_varint(out, zigzag(slot.sequence.0.wrapping_sub(sequence) as i64));
}

fn pull_slot<K: Known>(flags: u8, input: &mut Input, context: &Context<K>) -> Result<Slot, CompactFault> {
    let (device, sequence) = context.last().map_or((0, 0), |last| (last.device.0, last.sequence.0));
    let device = i64::from(device).checked_add(unzigzag(input.varint()?)).and_then(|sum| u32::try_from(sum).ok());
    let device = DeviceId(device.ok_or(CompactFault::Malformed)?);
    let incarnation = if flags & REBORN == 0 { 0 } else { input.number::<u16>()? };
    if flags & REBORN != 0 && incarnation == 0 {
        return Err(CompactFault::Malformed);
    }
    let sequence = sequence.wrapping_add(unzigzag(input.varint()?) as u64);
    Ok(Slot { device, incarnation: Incarnation(incarnation), sequence: Sequence(sequence) })
}

/// The unit's place and the hash of the unit before it.
fn pull_place<K: Known>(
    flags: u8,
    link: Link,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<(Slot, Hash), CompactFault> {
    if link == Link::Follows {
        return context.follower().filter(|_| flags & REBORN == 0).ok_or(CompactFault::Malformed);
    }
    let slot = pull_slot(flags, input, context)?;
    let previous = match (link, before(&slot)) {
        (Link::Known, None) if is_first(&slot) => Hash::zero(),
        (Link::Known, Some(before)) => context.resolve(Named::Unit(before))?,
        (Link::Earlier, Some(before)) => {
            let previous = context.earlier(&before).ok_or(CompactFault::Malformed)?;
            context.give(Named::Unit(before), previous);
            previous
        }
        (Link::Full, None) if !is_first(&slot) => input.hash()?,
        (Link::Full, Some(before)) => {
            let previous = input.hash()?;
            if context.earlier(&before) == Some(previous) {
                return Err(CompactFault::Malformed);
            }
            context.give(Named::Unit(before), previous);
            previous
        }
        _ => return Err(CompactFault::Malformed),
    };
    if context.follower() == Some((slot, previous)) {
        return Err(CompactFault::Malformed);
    }
    Ok((slot, previous))
}
