//! What a packed unit says: readings or an acknowledgement, its moment relative to the unit before.

use alloc::vec::Vec;

use loadstone_core::{AreaId, Direction, EventId, Millis, Watts};

use super::{
    context::Context,
    input::{push_flagged, Input},
    series, CompactFault,
};
use crate::{
    readings::{push_varint, unzigzag, zigzag},
    Acknowledgement, AcknowledgementKind, Readings,
};

/// Usual intervals, which take one byte; others are written above them.
const INTERVALS_MS: [u32; 8] = [1_000, 60_000, 900_000, 1_800_000, 300_000, 10_000, 5_000, 100];

/// Which parts the readings have.
pub(super) struct ReadingsFlags {
    /// An event.
    pub event: bool,
    /// Quality marks.
    pub marks: bool,
    /// An interval of their own.
    pub interval: bool,
}

pub(super) fn push_readings<K>(
    readings: &Readings,
    count: usize,
    base: Millis,
    context: &mut Context<K>,
    out: &mut Vec<u8>,
) {
    if let Some(event) = readings.event {
        push_varint(out, zigzag(i64::from(event.0) - i64::from(context.event)));
        context.event = event.0;
    }
    if readings.interval_ms != context.interval_ms {
        push_interval(readings.interval_ms, out);
    }
    push_start(readings.start, base, readings.interval_ms, out);
    out.push(count as u8 - 1);
    out.extend_from_slice(&readings.doubtful);
    series::pack(&readings.deltas, out);
    note_time(readings, count, context);
}

pub(super) fn pull_readings<K>(
    flags: &ReadingsFlags,
    base: Millis,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<Readings, CompactFault> {
    let event = if flags.event {
        let event = i64::from(context.event).checked_add(unzigzag(input.varint()?));
        let event = event.and_then(|sum| u32::try_from(sum).ok()).ok_or(CompactFault::Malformed)?;
        context.event = event;
        Some(EventId(event))
    } else {
        None
    };
    let interval_ms = if flags.interval { pull_interval(input, context.interval_ms)? } else { context.interval_ms };
    let start = pull_start(base, interval_ms, input)?;
    let count = usize::from(input.byte()?) + 1;
    let doubtful = if flags.marks { pull_marks(count, input)? } else { Vec::new() };
    let deltas = series::unpack(input, count)?;
    let readings = Readings { start, interval_ms, event, doubtful, deltas };
    note_time(&readings, count, context);
    Ok(readings)
}

fn note_time<K>(readings: &Readings, count: usize, context: &mut Context<K>) {
    context.start = readings.start;
    context.end = Millis(readings.start.0.wrapping_add(u64::from(readings.interval_ms) * count as u64));
    context.interval_ms = readings.interval_ms;
}

fn pull_marks(count: usize, input: &mut Input) -> Result<Vec<u8>, CompactFault> {
    let marks = input.take(count.div_ceil(8))?;
    if are_marks(marks, count) {
        Ok(marks.to_vec())
    } else {
        Err(CompactFault::Malformed)
    }
}

/// Whether these are as many bits as there are readings, not all zero.
pub(super) fn are_marks(marks: &[u8], count: usize) -> bool {
    let beyond = |last: &u8| match count % 8 {
        0 => 0,
        used => last >> used,
    };
    let surplus = marks.last().map_or(0, beyond);
    marks.len() == count.div_ceil(8) && surplus == 0 && marks.iter().any(|byte| *byte != 0)
}

fn push_interval(interval_ms: u32, out: &mut Vec<u8>) {
    let usual = INTERVALS_MS.iter().position(|usual| *usual == interval_ms);
    push_varint(out, usual.map_or(u64::from(interval_ms) + INTERVALS_MS.len() as u64, |place| place as u64));
}

/// An interval that differs from the one before, is positive, and is written as shortly as can be.
fn pull_interval(input: &mut Input, before_ms: u32) -> Result<u32, CompactFault> {
    let code: u64 = input.varint()?;
    let interval_ms = match INTERVALS_MS.get(usize::try_from(code).unwrap_or(usize::MAX)) {
        Some(usual) => *usual,
        None => {
            let plain = u32::try_from(code - INTERVALS_MS.len() as u64).map_err(|_| CompactFault::Malformed)?;
            if INTERVALS_MS.contains(&plain) {
                return Err(CompactFault::Malformed);
            }
            plain
        }
    };
    if interval_ms == 0 || interval_ms == before_ms {
        return Err(CompactFault::Malformed);
    }
    Ok(interval_ms)
}

/// The distance from `base` in whole intervals, and the milliseconds beyond if there are any.
fn push_start(start: Millis, base: Millis, interval_ms: u32, out: &mut Vec<u8>) {
    let distance = start.0.wrapping_sub(base.0) as i64;
    let (whole, beyond) = (distance.div_euclid(interval_ms.into()), distance.rem_euclid(interval_ms.into()));
    push_flagged(out, zigzag(whole), beyond != 0);
    if beyond != 0 {
        push_varint(out, beyond as u64);
    }
}

fn pull_start(base: Millis, interval_ms: u32, input: &mut Input) -> Result<Millis, CompactFault> {
    let interval = i64::from(interval_ms);
    let (whole, has_more) = input.flagged()?;
    let beyond = if has_more { input.number::<u32>()? } else { 0 };
    if (has_more && beyond == 0) || beyond >= interval_ms {
        return Err(CompactFault::Malformed);
    }
    // Beyond 64 bits the whole part would be another than the one written.
    let distance = i128::from(unzigzag(whole)) * i128::from(interval) + i128::from(beyond);
    let distance = i64::try_from(distance).map_err(|_| CompactFault::Malformed)?;
    Ok(Millis(base.0.wrapping_add(distance as u64)))
}

pub(super) fn push_acknowledgement<K>(
    body: &Acknowledgement,
    base: Millis,
    context: &mut Context<K>,
    out: &mut Vec<u8>,
) {
    push_varint(out, body.area.0.into());
    push_varint(out, body.sequence);
    push_varint(out, zigzag(body.at.0.wrapping_sub(base.0) as i64));
    push_varint(out, zigzag(body.setpoint.0));
    (context.start, context.end) = (body.at, body.at);
}

pub(super) fn pull_acknowledgement<K>(
    kind: AcknowledgementKind,
    direction: Direction,
    base: Millis,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<Acknowledgement, CompactFault> {
    let area = AreaId(input.number()?);
    let sequence = input.varint()?;
    let at = Millis(base.0.wrapping_add(unzigzag(input.varint()?) as u64));
    let setpoint = Watts(unzigzag(input.varint()?));
    (context.start, context.end) = (at, at);
    Ok(Acknowledgement { area, direction, sequence, kind, at, setpoint })
}
