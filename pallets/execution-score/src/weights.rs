//! Weights of `pallet_execution_score`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 6, repeats 3, processor Intel(R) Xeon(R) Processor.
//! Since then `submit_records` remembers each resource's event and `score_chunk` keeps its profile; that is added by hand
//! until all are measured again. `show_units` and `judge` are estimates until `scripts/weights` measures them, as are the
//! signers that `submit_records` writes down.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_execution_score`.
pub trait WeightInfo {
    fn submit_records(r: u32) -> Weight;
    fn authorize_submit_records(r: u32, s: u32) -> Weight;
    fn on_anchor(e: u32) -> Weight;
    fn score_chunk(r: u32) -> Weight;
    fn show_units(u: u32) -> Weight;
    fn judge(p: u32) -> Weight;
}

/// Weights for `pallet_execution_score` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// The range of component `r` is `[1, 32]`.
    /// Measured: at least 144_122_000 ps.
    fn submit_records(r: u32) -> Weight {
        Weight::from_parts(228_061_777, 7575)
            // Standard error: 682_125
            .saturating_add(Weight::from_parts(4_895_384, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(14_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(r as u64)))
    }

    /// The range of component `r` is `[1, 32]`.
    /// The range of component `s` is `[1, 64]`.
    /// Measured: at least 1_696_755_000 ps.
    fn authorize_submit_records(r: u32, s: u32) -> Weight {
        Weight::from_parts(1_696_755_000, 7575)
            // Standard error: 21_183_536
            .saturating_add(Weight::from_parts(21_116_176, 0).saturating_mul(r as u64))
            // Standard error: 10_579_566
            .saturating_add(Weight::from_parts(64_938_358, 0).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(9_u64))
            .saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 2596).saturating_mul(r as u64))
    }

    /// The range of component `e` is `[0, 64]`.
    /// Measured: at least 17_016_000 ps.
    fn on_anchor(e: u32) -> Weight {
        Weight::from_parts(25_143_373, 3634)
            // Standard error: 20_812
            .saturating_add(Weight::from_parts(10_148_738, 0).saturating_mul(e as u64))
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(e as u64)))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(e as u64)))
            .saturating_add(Weight::from_parts(0, 2491).saturating_mul(e as u64))
    }

    /// The range of component `r` is `[0, 32]`.
    /// Measured: at least 3_930_000 ps.
    fn score_chunk(r: u32) -> Weight {
        Weight::from_parts(39_317_791, 4331)
            // Standard error: 87_556
            .saturating_add(Weight::from_parts(33_000_000, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 4071).saturating_mul(r as u64))
    }
    /// The range of component `u` is `[1, 128]`.
    /// Estimated: a unit is decoded, hashed and kept; two pages are read and written.
    fn show_units(u: u32) -> Weight {
        Weight::from_parts(200_000_000, 262_144)
            .saturating_add(Weight::from_parts(25_000_000, 0).saturating_mul(u as u64))
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// The range of component `p` is `[0, 128]`.
    /// Estimated: a page of 675 readings is decoded, sorted into slots and removed.
    fn judge(p: u32) -> Weight {
        Weight::from_parts(1_500_000_000, 16_384)
            .saturating_add(Weight::from_parts(250_000_000, 0).saturating_mul(p as u64))
            .saturating_add(T::DbWeight::get().reads(14_u64))
            .saturating_add(T::DbWeight::get().reads(p as u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
            .saturating_add(T::DbWeight::get().writes(p as u64))
            .saturating_add(Weight::from_parts(0, 135_168).saturating_mul(p as u64))
    }
}
