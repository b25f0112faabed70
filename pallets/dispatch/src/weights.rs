//! Weights of `pallet_dispatch`, in the form that frame-omni-bencher writes.
//!
//! Estimates by hand from counted database accesses, to be replaced by measured ones.
#![allow(missing_docs, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, Weight},
};

/// Weight functions needed for `pallet_dispatch`.
pub trait WeightInfo {
    fn declare_availability() -> Weight;
    fn dispatch_event() -> Weight;
    fn dispatch_emergency(k: u32) -> Weight;
    fn release() -> Weight;
}

/// Weights for `pallet_dispatch` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads participant, resource, declaration, entries, order and two buckets; writes declaration, entries and buckets.
    fn declare_availability() -> Weight {
        Weight::from_parts(40_000_000, 20_000)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// Reads participants, event, order, anchor and time; writes order, event and the listeners' queues.
    fn dispatch_event() -> Weight {
        Weight::from_parts(45_000_000, 20_000)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }

    /// Reads participant, order, anchor and time, and one bucket a rank; writes the order.
    /// The range of component `k` is `[0, 256]`.
    fn dispatch_emergency(k: u32) -> Weight {
        Weight::from_parts(35_000_000, 9_000)
            .saturating_add(Weight::from_parts(3_000_000, 2_550).saturating_mul(k as u64))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(k as u64)))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Reads participant, order, anchor and time; writes the order.
    fn release() -> Weight {
        Weight::from_parts(30_000_000, 9_000)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
}

// For tests.
impl WeightInfo for () {
    /// Reads participant, resource, declaration, entries, order and two buckets; writes declaration, entries and buckets.
    fn declare_availability() -> Weight {
        Weight::from_parts(40_000_000, 20_000)
            .saturating_add(RocksDbWeight::get().reads(8_u64))
            .saturating_add(RocksDbWeight::get().writes(4_u64))
    }

    /// Reads participants, event, order, anchor and time; writes order, event and the listeners' queues.
    fn dispatch_event() -> Weight {
        Weight::from_parts(45_000_000, 20_000)
            .saturating_add(RocksDbWeight::get().reads(10_u64))
            .saturating_add(RocksDbWeight::get().writes(5_u64))
    }

    /// Reads participant, order, anchor and time, and one bucket a rank; writes the order.
    /// The range of component `k` is `[0, 256]`.
    fn dispatch_emergency(k: u32) -> Weight {
        Weight::from_parts(35_000_000, 9_000)
            .saturating_add(Weight::from_parts(3_000_000, 2_550).saturating_mul(k as u64))
            .saturating_add(RocksDbWeight::get().reads(5_u64))
            .saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(k as u64)))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }

    /// Reads participant, order, anchor and time; writes the order.
    fn release() -> Weight {
        Weight::from_parts(30_000_000, 9_000)
            .saturating_add(RocksDbWeight::get().reads(5_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
}
