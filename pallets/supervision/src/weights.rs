//! Weights of `pallet_supervision`: estimates by the storage that each reads and writes, with the times of like calls of the
//! other pallets, until frame-omni-bencher measures them (`scripts/weights`).
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_supervision`.
pub trait WeightInfo {
    fn set_rules() -> Weight;
    fn declare_feeder() -> Weight;
    fn remove_feeder() -> Weight;
    fn report() -> Weight;
    fn freeze() -> Weight;
    fn appeal() -> Weight;
    fn uphold() -> Weight;
    fn clear() -> Weight;
    fn flag() -> Weight;
    fn scan_chunk(r: u32) -> Weight;
    fn finish_scan(o: u32) -> Weight;
}

/// Weights for `pallet_supervision` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn set_rules() -> Weight {
        Weight::from_parts(20_000_000, 3593)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    fn declare_feeder() -> Weight {
        Weight::from_parts(35_000_000, 3593)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    fn remove_feeder() -> Weight {
        Weight::from_parts(35_000_000, 3593)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// With a feeder of 64 named nodes, the dearest report.
    fn report() -> Weight {
        Weight::from_parts(900_000_000, 270000)
            .saturating_add(T::DbWeight::get().reads(75_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    fn freeze() -> Weight {
        Weight::from_parts(60_000_000, 4331)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    fn appeal() -> Weight {
        Weight::from_parts(50_000_000, 4331)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// The oldest decided case gives way.
    fn uphold() -> Weight {
        Weight::from_parts(120_000_000, 8662)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(9_u64))
    }

    /// The oldest decided case gives way.
    fn clear() -> Weight {
        Weight::from_parts(120_000_000, 8662)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(9_u64))
    }

    fn flag() -> Weight {
        Weight::from_parts(50_000_000, 4331)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// The range of component `r` is `[0, 8]`.
    fn scan_chunk(r: u32) -> Weight {
        Weight::from_parts(60_000_000, 9654)
            .saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 4071).saturating_mul(r as u64))
    }

    /// The range of component `o` is `[0, 64]`.
    fn finish_scan(o: u32) -> Weight {
        Weight::from_parts(200_000_000, 60000)
            .saturating_add(Weight::from_parts(30_000_000, 0).saturating_mul(o as u64))
            .saturating_add(T::DbWeight::get().reads(20_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }
}
