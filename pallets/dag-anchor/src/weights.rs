//! Weights of `pallet_dag_anchor`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 4, repeats 2, processor Intel(R) Xeon(R) Processor.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_dag_anchor`.
pub trait WeightInfo {
    fn submit_anchor() -> Weight;
    fn submit_closing_anchor() -> Weight;
    fn authorize_submit_anchor(s: u32) -> Weight;
    fn report_device_fork(b: u32) -> Weight;
    fn report_member_fork(b: u32) -> Weight;
    fn force_close() -> Weight;
    fn force_epoch() -> Weight;
}

/// Weights for `pallet_dag_anchor` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 172_198_000 ps.
    fn submit_anchor() -> Weight {
        Weight::from_parts(177_596_000, 5967)
            .saturating_add(T::DbWeight::get().reads(9_u64))
            .saturating_add(T::DbWeight::get().writes(6_u64))
    }

    /// Measured: at least 213_123_000 ps.
    fn submit_closing_anchor() -> Weight {
        Weight::from_parts(218_100_000, 5967)
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(12_u64))
    }

    /// The range of component `s` is `[1, 64]`.
    /// Measured: at least 87_220_000 ps.
    fn authorize_submit_anchor(s: u32) -> Weight {
        Weight::from_parts(68_808_166, 5967)
            // Standard error: 688_078
            .saturating_add(Weight::from_parts(50_715_183, 0).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
    }

    /// The range of component `b` is `[400, 1800]`.
    /// Measured: at least 169_028_000 ps.
    fn report_device_fork(b: u32) -> Weight {
        Weight::from_parts(209_410_491, 3583)
            // Standard error: 1_942
            .saturating_add(Weight::from_parts(57, 0).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// The range of component `b` is `[6000, 70000]`.
    /// Measured: at least 283_735_000 ps.
    fn report_member_fork(b: u32) -> Weight {
        Weight::from_parts(1_111_585_606, 5967)
            // Standard error: 22_988
            .saturating_add(Weight::from_parts(252, 0).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Measured: at least 57_718_000 ps.
    fn force_close() -> Weight {
        Weight::from_parts(63_850_000, 5967)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Measured: at least 85_378_000 ps.
    fn force_epoch() -> Weight {
        Weight::from_parts(102_909_000, 5967)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }
}
