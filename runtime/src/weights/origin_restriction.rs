//! Weights of `pallet_origin_restriction`, whose release brings no measured ones.
//!
//! Counted by hand: the extension reads and writes one usage and hashes its key; the call reads it
//! and removes it. The rest is arithmetic.

use crate::Runtime;
use frame_support::weights::Weight;
use frame_system::Config;

/// Hashing, decoding and arithmetic, in picoseconds.
const COMPUTING: u64 = 10_000_000;

/// Weights with the runtime's database.
pub struct WeightInfo;

impl pallet_origin_restriction::WeightInfo for WeightInfo {
    fn clean_usage() -> Weight {
        Self::restrict_origin_tx_ext()
    }

    fn restrict_origin_tx_ext() -> Weight {
        Weight::from_parts(COMPUTING, 0).saturating_add(<Runtime as Config>::DbWeight::get().reads_writes(1, 1))
    }
}
