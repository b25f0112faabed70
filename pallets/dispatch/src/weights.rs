//! Weights of `pallet_dispatch`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 20, repeats 10, processor Intel(R) Xeon(R) Processor.
//! Since then offers are ranked by expected watts, in pages: every number here was changed by hand for that and is not
//! measured; lines that say "Measured" are of the code before.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_dispatch`.
pub trait WeightInfo {
    fn declare_availability() -> Weight;
    fn dispatch_event() -> Weight;
    fn dispatch_emergency() -> Weight;
    fn release() -> Weight;
    fn refresh_availability() -> Weight;
    fn call_reserve() -> Weight;
}

/// Weights for `pallet_dispatch` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 70_774_000 ps.
    fn declare_availability() -> Weight {
        Weight::from_parts(95_753_000, 12_000)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }

    /// Measured: at least 88_514_000 ps.
    fn dispatch_event() -> Weight {
        Weight::from_parts(98_803_000, 4331)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// Taken from the walk of 256 buckets, one read each, which cost more than one of 32 pages.
    fn dispatch_emergency() -> Weight {
        Weight::from_parts(1_197_750_257, 645086)
            .saturating_add(T::DbWeight::get().reads(37_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Measured: at least 42_843_000 ps.
    fn release() -> Weight {
        Weight::from_parts(49_765_000, 3620)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Taken from `declare_availability`, which does all of it and more.
    fn refresh_availability() -> Weight {
        Self::declare_availability()
    }

    /// By hand: an order of the event, and the event written once more.
    fn call_reserve() -> Weight {
        Self::dispatch_event().saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }
}
