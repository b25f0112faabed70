//! Weights, by hand from reads and writes until they are measured.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights that the pallet asks for.
pub trait WeightInfo {
    /// Fetching parked payments.
    fn claim() -> Weight;
    /// Objecting, with a full queue.
    fn dispute() -> Weight;
    /// Taking a due event off a full queue.
    fn begin() -> Weight;
    /// Drawing up `r` statements, 0 to 32.
    fn statements(r: u32) -> Weight;
    /// Paying `r` resources, 0 to 32.
    fn payments(r: u32) -> Weight;
    /// Giving `b` bonds back, 0 to 32, and closing the event.
    fn bonds(b: u32) -> Weight;
}

/// Weights with the runtime's cost of reads and writes.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn claim() -> Weight {
        <() as WeightInfo>::claim().saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    fn dispute() -> Weight {
        <() as WeightInfo>::dispute().saturating_add(T::DbWeight::get().reads_writes(5, 1))
    }
    fn begin() -> Weight {
        <() as WeightInfo>::begin().saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
    fn statements(r: u32) -> Weight {
        let r64 = u64::from(r);
        <() as WeightInfo>::statements(r)
            .saturating_add(T::DbWeight::get().reads_writes(8, 2))
            .saturating_add(T::DbWeight::get().reads_writes(r64.saturating_mul(5), r64.saturating_mul(2)))
    }
    fn payments(r: u32) -> Weight {
        let r64 = u64::from(r);
        <() as WeightInfo>::payments(r)
            .saturating_add(T::DbWeight::get().reads_writes(7, 5))
            .saturating_add(T::DbWeight::get().reads_writes(r64.saturating_mul(4), r64.saturating_mul(2)))
    }
    fn bonds(b: u32) -> Weight {
        let b64 = u64::from(b);
        <() as WeightInfo>::bonds(b)
            .saturating_add(T::DbWeight::get().reads_writes(10, 8))
            .saturating_add(T::DbWeight::get().reads_writes(b64.saturating_mul(3), b64.saturating_mul(3)))
    }
}

impl WeightInfo for () {
    fn claim() -> Weight {
        Weight::from_parts(50_000_000, 4_000)
    }
    fn dispute() -> Weight {
        Weight::from_parts(40_000_000, 16_000)
    }
    fn begin() -> Weight {
        Weight::from_parts(20_000_000, 14_000)
    }
    fn statements(r: u32) -> Weight {
        Weight::from_parts(30_000_000, 8_000)
            .saturating_add(Weight::from_parts(90_000_000, 10_000).saturating_mul(r.into()))
    }
    fn payments(r: u32) -> Weight {
        Weight::from_parts(30_000_000, 8_000)
            .saturating_add(Weight::from_parts(80_000_000, 9_000).saturating_mul(r.into()))
    }
    fn bonds(b: u32) -> Weight {
        Weight::from_parts(90_000_000, 10_000)
            .saturating_add(Weight::from_parts(100_000_000, 6_000).saturating_mul(b.into()))
    }
}
