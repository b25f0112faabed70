//! Meter readings as zigzag varints: one byte a reading while the load changes little.
//!
//! The first number is the first reading in watts, each later one the difference from the reading
//! before, modulo 2^64, so that every sequence of `i64` has exactly one encoding. A varint carries
//! seven bits a byte, least significant first.

use alloc::vec::Vec;

use loadstone_core::{EventId, Millis, Watts};

use crate::{Readings, MAX_READINGS};

/// Longest varint of 64 bits in bytes.
const MAX_VARINT: usize = 10;

/// Why readings can't be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingsFault {
    /// None, or more than [`MAX_READINGS`].
    Count,
    /// The interval is zero or the last moment does not fit in 64 bits.
    Time,
    /// A varint is cut off, too long, or not the shortest form.
    Varint,
    /// The quality marks are not exactly one bit a reading, or are present without need.
    Marks,
}

impl Readings {
    /// Readings from `start`, `interval_ms` apart: power, and whether it is good.
    pub fn new(
        start: Millis,
        interval_ms: u32,
        event: Option<EventId>,
        readings: &[(Watts, bool)],
    ) -> Result<Self, ReadingsFault> {
        if readings.is_empty() || readings.len() > MAX_READINGS {
            return Err(ReadingsFault::Count);
        }
        check_time(start, interval_ms, readings.len())?;
        let mut deltas = Vec::with_capacity(readings.len() + 2);
        let mut doubtful = Vec::new();
        let mut before = 0i64;
        for (position, (watts, valid)) in readings.iter().enumerate() {
            push_varint(&mut deltas, zigzag(watts.0.wrapping_sub(before)));
            before = watts.0;
            if !valid {
                doubtful.resize(readings.len().div_ceil(8), 0u8);
                doubtful[position / 8] |= 1 << (position % 8);
            }
        }
        Ok(Self { start, interval_ms, event, doubtful, deltas })
    }

    /// The readings as (moment, power, whether good), in order of time.
    pub fn watts(&self) -> Result<Vec<(Millis, Watts, bool)>, ReadingsFault> {
        let mut input = self.deltas.as_slice();
        let mut decoded = Vec::with_capacity(self.deltas.len().min(MAX_READINGS));
        let (mut value, mut moment) = (0i64, self.start);
        while !input.is_empty() {
            if decoded.len() == MAX_READINGS {
                return Err(ReadingsFault::Count);
            }
            value = value.wrapping_add(unzigzag(pull_varint(&mut input)?));
            let valid = !self.is_doubtful(decoded.len());
            decoded.push((moment, Watts(value), valid));
            moment = moment.after(u64::from(self.interval_ms));
        }
        if decoded.is_empty() {
            return Err(ReadingsFault::Count);
        }
        check_time(self.start, self.interval_ms, decoded.len())?;
        self.check_marks(decoded.len())?;
        Ok(decoded)
    }

    /// Number of readings: varints that end in `deltas`. Cheap, and exact where [`Readings::watts`] succeeds.
    pub fn count(&self) -> usize {
        self.deltas.iter().filter(|byte| **byte < 0x80).count()
    }

    fn is_doubtful(&self, position: usize) -> bool {
        self.doubtful.get(position / 8).is_some_and(|byte| byte >> (position % 8) & 1 == 1)
    }

    fn check_marks(&self, count: usize) -> Result<(), ReadingsFault> {
        if self.doubtful.is_empty() {
            return Ok(());
        }
        let marked = (0..count).filter(|position| self.is_doubtful(*position)).count();
        let bits: u32 = self.doubtful.iter().map(|byte| byte.count_ones()).sum();
        if self.doubtful.len() != count.div_ceil(8) || marked == 0 || bits as usize != marked {
            return Err(ReadingsFault::Marks);
        }
        Ok(())
    }
}

fn check_time(start: Millis, interval_ms: u32, count: usize) -> Result<(), ReadingsFault> {
    let span = u64::from(interval_ms).checked_mul(count as u64).ok_or(ReadingsFault::Time)?;
    if span == 0 || start.0.checked_add(span).is_none() {
        return Err(ReadingsFault::Time);
    }
    Ok(())
}

/// Small numbers of either sign become small unsigned ones: 0, -1, 1, -2 to 0, 1, 2, 3.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Most take one byte or two.
#[inline]
pub(crate) fn pull_varint(input: &mut &[u8]) -> Result<u64, ReadingsFault> {
    match **input {
        [only, ref rest @ ..] if only < 0x80 => {
            *input = rest;
            Ok(only.into())
        }
        [low, high, ref rest @ ..] if (1..0x80).contains(&high) => {
            *input = rest;
            Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => pull_long_varint(input),
    }
}

fn pull_long_varint(input: &mut &[u8]) -> Result<u64, ReadingsFault> {
    let mut value = 0u64;
    for (position, byte) in input.iter().enumerate().take(MAX_VARINT) {
        let bits = u64::from(byte & 0x7f);
        // The tenth byte holds the last bit of 64; a later zero byte would be a second form of the same number.
        if (position == MAX_VARINT - 1 && *byte > 1) || (position > 0 && *byte == 0) {
            return Err(ReadingsFault::Varint);
        }
        value |= bits << (7 * position);
        if *byte < 0x80 {
            *input = &input[position + 1..];
            return Ok(value);
        }
    }
    Err(ReadingsFault::Varint)
}
