//! The numbers of a series of readings: the first as it is signed, the steps after it as Rice codes.
//!
//! A step z (zigzag) with parameter k is z >> k in ones, a zero, and the k low bits of z. A step too
//! large for that is sixteen ones, its width in bits less one in six bits, and its bits below the
//! highest. Bits fill each byte from the lowest. The parameter follows from the steps, so one series
//! has one form.

use alloc::vec::Vec;

use super::{input::Input, CompactFault};
use crate::{
    readings::{pull_varint, push_varint},
    MAX_READINGS,
};

/// Ones that announce a step in full.
const ESCAPE: u32 = 16;

/// Bits of a width.
const WIDTH_BITS: u32 = 6;

/// Bits of the parameter.
const PARAMETER_BITS: u32 = 5;

/// Most that the high part of a step counts when the parameter is chosen: about what it takes in full.
const GREATEST_PRICE: u32 = 32;

/// Number of readings, if these are 1 to 60 varints in shortest form and nothing else.
pub(super) fn count_of(mut deltas: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !deltas.is_empty() {
        pull_varint(&mut deltas).ok()?;
        count += 1;
    }
    (1..=MAX_READINGS).contains(&count).then_some(count)
}

/// Packs varints that [`count_of`] counted.
pub(super) fn pack(mut deltas: &[u8], out: &mut Vec<u8>) {
    let first = deltas.iter().position(|byte| *byte < 0x80).map_or(0, |last| last + 1);
    out.extend_from_slice(&deltas[..first]);
    deltas = &deltas[first..];
    let mut steps = [0u64; MAX_READINGS];
    let mut count = 0;
    for step in &mut steps {
        let Ok(pulled) = pull_varint(&mut deltas) else { break };
        *step = pulled;
        count += 1;
    }
    if count > 0 {
        pack_steps(&steps[..count], out);
    }
}

fn pack_steps(steps: &[u64], out: &mut Vec<u8>) {
    let k = parameter(steps);
    let mut bits = BitWriter { out, held: 0, filled: 0 };
    bits.push(k.into(), PARAMETER_BITS);
    for step in steps {
        let high = step >> k;
        if high < u64::from(ESCAPE) {
            bits.push(low_bits(high as u32), high as u32 + 1);
            bits.push(step & low_bits(k), k);
        } else {
            bits.push(low_bits(ESCAPE), ESCAPE);
            let below = width(*step) - 1;
            bits.push(below.into(), WIDTH_BITS);
            bits.push(step & low_bits(below), below);
        }
    }
    bits.finish();
}

/// The varints of `count` readings.
pub(super) fn unpack(input: &mut Input, count: usize) -> Result<Vec<u8>, CompactFault> {
    let first = input.varint()?;
    let mut steps = [0u64; MAX_READINGS];
    let steps = steps.get_mut(1..count).ok_or(CompactFault::Malformed)?;
    if !steps.is_empty() {
        unpack_steps(steps, input)?;
    }
    let numbers = || core::iter::once(&first).chain(steps.iter());
    let mut deltas = Vec::with_capacity(numbers().map(|number| width(*number).div_ceil(7) as usize).sum());
    numbers().for_each(|number| push_varint(&mut deltas, *number));
    Ok(deltas)
}

fn unpack_steps(steps: &mut [u64], input: &mut Input) -> Result<(), CompactFault> {
    let mut bits = BitReader { input, held: 0, filled: 0 };
    let k = bits.pull(PARAMETER_BITS)? as u32;
    for step in steps.iter_mut() {
        let ones = bits.ones()?;
        *step = if ones < ESCAPE {
            u64::from(ones) << k | bits.pull(k)?
        } else {
            let below = bits.pull(WIDTH_BITS)? as u32;
            1 << below | bits.pull(below)?
        };
        if ones == ESCAPE && *step >> k < u64::from(ESCAPE) {
            return Err(CompactFault::Malformed);
        }
    }
    // Bytes are read only as they are needed, so less than one is left: it is filled up with zeros.
    if bits.held != 0 || parameter(steps) != k {
        return Err(CompactFault::Malformed);
    }
    Ok(())
}

/// The smallest k below 32 for which the sum of k + min(z >> k, 32) is least. A step beyond 32 bits
/// counts as the greatest of 32 bits.
fn parameter(steps: &[u64]) -> u32 {
    let mut clipped = [0u32; MAX_READINGS];
    for (clipped, step) in clipped.iter_mut().zip(steps) {
        *clipped = u32::try_from(*step).unwrap_or(u32::MAX);
    }
    let clipped = &clipped[..steps.len().min(MAX_READINGS)];
    let price = |k: &u32| {
        let high: u32 = clipped.iter().map(|step| (step >> k).min(GREATEST_PRICE)).sum();
        high + k * clipped.len() as u32
    };
    // A parameter that leaves nothing high is never better than the one before it.
    let widest = clipped.iter().fold(0, |all, step| all | step);
    (0..width(widest.into())).min_by_key(price).unwrap_or(0)
}

/// Bits of a number; 1 for zero.
fn width(number: u64) -> u32 {
    (u64::BITS - number.leading_zeros()).max(1)
}

/// `count` ones; `count` is below 64.
fn low_bits(count: u32) -> u64 {
    (1 << count) - 1
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    /// Below 8 between calls.
    filled: u32,
}

impl BitWriter<'_> {
    fn push(&mut self, bits: u64, count: u32) {
        if count > 32 {
            self.push(bits & low_bits(32), 32);
            return self.push(bits >> 32, count - 32);
        }
        self.held |= bits << self.filled;
        self.filled += count;
        while self.filled >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.filled -= 8;
        }
    }

    fn finish(self) {
        if self.filled > 0 {
            self.out.push(self.held as u8);
        }
    }
}

struct BitReader<'a, 'b> {
    input: &'a mut Input<'b>,
    held: u64,
    /// Below 40.
    filled: u32,
}

impl BitReader<'_, '_> {
    fn fill(&mut self) -> Result<(), CompactFault> {
        self.held |= u64::from(self.input.byte()?) << self.filled;
        self.filled += 8;
        Ok(())
    }

    fn pull(&mut self, count: u32) -> Result<u64, CompactFault> {
        if count > 32 {
            return Ok(self.pull(32)? | self.pull(count - 32)? << 32);
        }
        while self.filled < count {
            self.fill()?;
        }
        let bits = self.held & low_bits(count);
        self.held >>= count;
        self.filled -= count;
        Ok(bits)
    }

    /// Ones up to a zero, which is taken too, or up to [`ESCAPE`].
    fn ones(&mut self) -> Result<u32, CompactFault> {
        loop {
            let ones = self.held.trailing_ones();
            if ones >= ESCAPE {
                self.pull(ESCAPE)?;
                return Ok(ESCAPE);
            }
            if ones < self.filled {
                self.pull(ones + 1)?;
                return Ok(ones);
            }
            self.fill()?;
        }
    }
}
