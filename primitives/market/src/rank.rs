//! Rank buckets of standing availability: those whose expected watts are cheaper first, then the faster.

use crate::{
    math::{magnitude, mul_div_ceil, mul_div_floor, watts},
    AvailabilityEntry, LeftOut, Limits, Supply,
};
use loadstone_core::{AvailabilityEpoch, BasisPoints, Price, Watts, BASIS_POINTS};

/// Number of ranks: a selection is a walk of so many buckets, whatever the number of resources.
pub const RANKS: u16 = 2_048;

/// Slowest response that may be declared: an hour, in milliseconds.
pub const MAX_RESPONSE_MS: u32 = 3_600_000;

/// Reliability of a resource without a scored event: less than what a resource that delivers has proven, more than
/// what one that fails is believed.
pub const UNSCORED_RELIABILITY: BasisPoints = BasisPoints(8_000);

/// Slowest response of each response class, in milliseconds.
const RESPONSE_LIMITS_MS: [u32; 4] = [1_000, 10_000, 60_000, MAX_RESPONSE_MS];

/// Response classes within one price class.
const RESPONSE_CLASSES: u16 = RESPONSE_LIMITS_MS.len() as u16;

/// Price classes.
const PRICE_CLASSES: u16 = RANKS / RESPONSE_CLASSES;

/// Width of the finest price class: a quarter of a fen per kWh, in micro-yuan.
const FINEST_PRICE: u64 = 2_500;

/// Two to this power classes lie in each doubling of the price.
const OCTAVE_BITS: u32 = 5;

/// Price of a watt that is expected: price / reliability, rounded up; saturates, as it does without reliability.
pub fn expected_price(price: Price, reliability: BasisPoints) -> Price {
    let (whole, reliability) = (u128::from(BASIS_POINTS), u128::from(reliability.0.min(BASIS_POINTS)));
    if reliability == 0 {
        return Price(u64::MAX);
    }
    Price(u64::try_from(mul_div_ceil(&[price.0.into(), whole], &[reliability])).unwrap_or(u64::MAX))
}

/// Price class, 0 to 511, never falling in price: a quarter of a fen wide up to 8 fen, then 32 classes to each
/// doubling, so that prices up to 2,621 CNY/kWh keep apart by a thirty-second or less; all above share the last.
fn price_class(price: Price) -> u16 {
    let steps = price.0 / FINEST_PRICE;
    if steps < 1 << OCTAVE_BITS {
        return steps as u16;
    }
    let octave = steps.ilog2();
    let part = (steps >> (octave - OCTAVE_BITS)) & ((1 << OCTAVE_BITS) - 1);
    let class = (u64::from(octave - OCTAVE_BITS + 1) << OCTAVE_BITS) + part;
    class.min(u64::from(PRICE_CLASSES) - 1) as u16
}

/// Rank of an offer, below [`RANKS`]: lower is called first. Rises with the class of the [`expected_price`], and within
/// one with response time (at most 1 s, 10 s, 60 s, or more).
pub fn availability_rank(price: Price, reliability: BasisPoints, response_ms: u32) -> u16 {
    let class = price_class(expected_price(price, reliability));
    let slower = RESPONSE_LIMITS_MS.iter().filter(|limit| response_ms > **limit).count() as u16;
    class * RESPONSE_CLASSES + slower.min(RESPONSE_CLASSES - 1)
}

impl AvailabilityEntry {
    /// An entry at its rank; a reliability above one counts as one.
    pub fn new(
        from: AvailabilityEpoch,
        watts: Watts,
        price: Price,
        response_ms: u32,
        reliability: BasisPoints,
    ) -> Self {
        let reliability = reliability.min(BasisPoints::ONE);
        Self { from, watts, price, response_ms, reliability, rank: availability_rank(price, reliability, response_ms) }
    }

    /// What it adds to its bucket. An entry of which no whole watt is expected adds nothing and is never called.
    pub fn supply(&self) -> Supply {
        let offered = magnitude(self.watts);
        let expected = mul_div_floor(&[offered, self.reliability.0.into()], &[BASIS_POINTS.into()]).min(offered);
        match expected {
            0 => Supply::default(),
            _ => Supply { offered: watts(offered), expected: watts(expected) },
        }
    }
}

impl Supply {
    /// The sum. Saturates, which registered capacities of less than 10^18 W in all never reach.
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Watts, b: Watts| Watts(a.0.saturating_add(b.0));
        Self { offered: sum(self.offered, other.offered), expected: sum(self.expected, other.expected) }
    }

    /// The rest, never below zero.
    pub fn less(self, other: Self) -> Self {
        let rest = |a: Watts, b: Watts| Watts(a.0.saturating_sub(b.0).max(0));
        Self { offered: rest(self.offered, other.offered), expected: rest(self.expected, other.expected) }
    }
}

impl Limits {
    /// Passes where the limits admit what stands at `rank`.
    ///
    /// # Errors
    /// Why it is left out; response time comes first.
    pub fn check(&self, rank: u16) -> Result<(), LeftOut> {
        let slowest = RESPONSE_LIMITS_MS.get(usize::from(rank % RESPONSE_CLASSES)).copied().unwrap_or(MAX_RESPONSE_MS);
        if self.response_max_ms.is_some_and(|most| most < slowest) {
            return Err(LeftOut::TooSlow);
        }
        match self.price_max {
            Some(most) if rank / RESPONSE_CLASSES > price_class(most) => Err(LeftOut::TooDear),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "tests/rank.rs"]
mod tests;
