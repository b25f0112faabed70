//! Weights of `pallet_dag_anchor`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 6, repeats 3, processor Intel(R) Xeon(R) Processor.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_dag_anchor`.
pub trait WeightInfo {
    fn submit_anchor() -> Weight;
    fn authorize_submit_anchor(s: u32) -> Weight;
    fn report_device_fork(b: u32) -> Weight;
    fn report_member_fork(b: u32) -> Weight;
}

/// Weights for `pallet_dag_anchor` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 145_142_000 ps.
    fn submit_anchor() -> Weight {
        Weight::from_parts(145_644_000, 5967)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// The range of component `s` is `[1, 64]`.
    /// Measured: at least 109_465_000 ps.
    fn authorize_submit_anchor(s: u32) -> Weight {
        Weight::from_parts(709_036_739, 5967)
            // Standard error: 38_728_517
            .saturating_add(Weight::from_parts(205_796_407, 0).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(3_u64))
    }

    /// The range of component `b` is `[400, 1800]`.
    /// Measured: at least 212_098_000 ps.
    fn report_device_fork(b: u32) -> Weight {
        Weight::from_parts(270_882_875, 3583)
            // Standard error: 15_603
            .saturating_add(Weight::from_parts(5_641, 0).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// The range of component `b` is `[6000, 70000]`.
    /// Measured: at least 341_023_000 ps.
    fn report_member_fork(_b: u32) -> Weight {
        Weight::from_parts(3_111_796_239, 5967)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
}
