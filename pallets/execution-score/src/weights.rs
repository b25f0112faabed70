//! Weights, by hand from reads, writes and 40 us a signature until they are measured.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights that the pallet asks for.
pub trait WeightInfo {
    /// Storing `r` records, 1 to 32.
    fn submit_records(r: u32) -> Weight;
    /// Verifying `r` records under `s` signatures, and telling by one more whose committee's they are.
    fn authorize_submit_records(r: u32, s: u32) -> Weight;
    /// Cutting `e` events off.
    fn on_anchor(e: u32) -> Weight;
    /// Scoring `r` resources in a block, 0 to 32.
    fn score_chunk(r: u32) -> Weight;
}

/// Weights with the runtime's cost of reads and writes.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit_records(r: u32) -> Weight {
        Weight::from_parts(60_000_000, 12_000)
            .saturating_add(Weight::from_parts(12_000_000, 0).saturating_mul(r.into()))
            .saturating_add(T::DbWeight::get().reads_writes(8, 5))
            .saturating_add(T::DbWeight::get().writes(r.into()))
    }
    fn authorize_submit_records(r: u32, s: u32) -> Weight {
        Weight::from_parts(100_000_000, 21_000)
            .saturating_add(Weight::from_parts(60_000_000, 3_000).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(s.into()))
            .saturating_add(T::DbWeight::get().reads(11))
            .saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(r.into())))
    }
    fn on_anchor(e: u32) -> Weight {
        Weight::from_parts(8_000_000, 4_000)
            .saturating_add(Weight::from_parts(12_000_000, 3_000).saturating_mul(e.into()))
            .saturating_add(T::DbWeight::get().reads_writes(2, 3))
            .saturating_add(T::DbWeight::get().reads_writes(e.into(), 2u64.saturating_mul(e.into())))
    }
    fn score_chunk(r: u32) -> Weight {
        Weight::from_parts(10_000_000, 8_000)
            .saturating_add(Weight::from_parts(25_000_000, 5_000).saturating_mul(r.into()))
            .saturating_add(T::DbWeight::get().reads_writes(5, 2))
            .saturating_add(
                T::DbWeight::get().reads_writes(4u64.saturating_mul(r.into()), 3u64.saturating_mul(r.into())),
            )
    }
}

impl WeightInfo for () {
    fn submit_records(r: u32) -> Weight {
        Weight::from_parts(60_000_000, 12_000)
            .saturating_add(Weight::from_parts(12_000_000, 0).saturating_mul(r.into()))
    }
    fn authorize_submit_records(r: u32, s: u32) -> Weight {
        Weight::from_parts(100_000_000, 21_000)
            .saturating_add(Weight::from_parts(60_000_000, 3_000).saturating_mul(r.into()))
            .saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(s.into()))
    }
    fn on_anchor(e: u32) -> Weight {
        Weight::from_parts(8_000_000, 4_000)
            .saturating_add(Weight::from_parts(12_000_000, 3_000).saturating_mul(e.into()))
    }
    fn score_chunk(r: u32) -> Weight {
        Weight::from_parts(10_000_000, 8_000)
            .saturating_add(Weight::from_parts(25_000_000, 5_000).saturating_mul(r.into()))
    }
}
