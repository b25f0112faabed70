//! Weights of `pallet_execution_score`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 6, repeats 3, processor Intel(R) Xeon(R) Processor.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_execution_score`.
pub trait WeightInfo {
    fn submit_records(r: u32) -> Weight;
    fn authorize_submit_records(r: u32, s: u32) -> Weight;
    fn on_anchor(e: u32) -> Weight;
    fn score_chunk(r: u32) -> Weight;
}

/// Weights for `pallet_execution_score` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// The range of component `r` is `[1, 32]`.
    /// Measured: at least 149_894_000 ps.
    fn submit_records(r: u32) -> Weight {
        Weight::from_parts(188_476_653, 7575)
            // Standard error: 1_167_332
            .saturating_add(Weight::from_parts(4_920_767, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(r as u64)))
    }

    /// The range of component `r` is `[1, 32]`.
    /// The range of component `s` is `[1, 64]`.
    /// Measured: at least 2_224_335_000 ps.
    fn authorize_submit_records(r: u32, s: u32) -> Weight {
        Weight::from_parts(4_774_149_085, 7575)
            // Standard error: 34_037_207
            .saturating_add(Weight::from_parts(92_257_015, 0).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 2596).saturating_mul(r as u64))
    }

    /// The range of component `e` is `[0, 64]`.
    /// Measured: at least 16_686_000 ps.
    fn on_anchor(e: u32) -> Weight {
        Weight::from_parts(40_769_259, 3601)
            // Standard error: 95_502
            .saturating_add(Weight::from_parts(13_017_472, 0).saturating_mul(e as u64))
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(e as u64)))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(e as u64)))
            .saturating_add(Weight::from_parts(0, 2491).saturating_mul(e as u64))
    }

    /// The range of component `r` is `[0, 32]`.
    /// Measured: at least 3_977_000 ps.
    fn score_chunk(r: u32) -> Weight {
        Weight::from_parts(58_546_550, 4331)
            // Standard error: 419_988
            .saturating_add(Weight::from_parts(32_340_641, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 4071).saturating_mul(r as u64))
    }
}
