//! Rank buckets of standing availability: cheaper first, then faster.

use loadstone_core::Price;

/// Number of ranks; a cut-off is found in a walk of at most so many buckets.
pub const RANKS: u16 = 256;

/// Response classes within one price class.
const RESPONSE_CLASSES: u16 = 4;

/// Price classes.
const PRICE_CLASSES: u16 = RANKS / RESPONSE_CLASSES;

/// Width of the finest price class: one fen per kWh, in micro-yuan.
const FINEST_PRICE: u64 = 10_000;

/// Slowest response of each class but the last, in milliseconds.
const RESPONSE_LIMITS_MS: [u32; 3] = [1_000, 10_000, 60_000];

/// Price class, 0 to 63, never falling in price: one fen wide up to 8 fen, then four classes to each
/// doubling, so that all prices up to `MAX_PRICE` (1,000 CNY/kWh) keep apart by a quarter or less.
fn price_class(price: Price) -> u16 {
    let steps = price.0 / FINEST_PRICE;
    if steps < 4 {
        return steps as u16;
    }
    let octave = steps.ilog2();
    let quarter = (steps >> (octave - 2)) & 3;
    let class = 4 * (octave as u64 - 1) + quarter;
    class.min(PRICE_CLASSES as u64 - 1) as u16
}

/// Rank of an offer, below [`RANKS`]: lower is called first. Rises with price class, and within one
/// with response time (at most 1 s, 10 s, 60 s, or more).
pub fn availability_rank(price: Price, response_ms: u32) -> u16 {
    let response_class = RESPONSE_LIMITS_MS.iter().filter(|limit| response_ms > **limit).count() as u16;
    price_class(price) * RESPONSE_CLASSES + response_class
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_PRICE;
    use proptest::prelude::*;

    #[test]
    fn known_offers_get_their_ranks() {
        // GIVEN offers from free and instant to the dearest and slowest
        // THEN price decides first, and response time within a price class
        assert_eq!(availability_rank(Price(0), 0), 0);
        assert_eq!(availability_rank(Price(0), 1_001), 1);
        assert_eq!(availability_rank(Price(10_000), 0), 4);
        assert_eq!(availability_rank(Price(1_000_000), 500), availability_rank(Price(1_100_000), 500));
        assert!(availability_rank(Price(1_000_000), 60_001) < availability_rank(Price(1_300_000), 0));
        assert!(availability_rank(Price(MAX_PRICE), u32::MAX) < RANKS);
    }

    proptest! {
        #[test]
        fn rank_is_bounded_and_never_falls(price: u64, more: u32, response: u32, slower: u32) {
            let rank = availability_rank(Price(price), response);
            prop_assert!(rank < RANKS);
            prop_assert!(rank <= availability_rank(Price(price.saturating_add(more as u64)), response));
            prop_assert!(rank <= availability_rank(Price(price), response.saturating_add(slower)));
        }
    }
}
