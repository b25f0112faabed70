//! Weights of the calls, by hand from reads, writes and 40 us a signature until they are measured.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights that the pallet asks for.
pub trait WeightInfo {
    /// Accepting an anchor, without its certificate.
    fn submit_anchor() -> Weight;
    /// Accepting the closing anchor of an epoch, without its certificate.
    fn submit_closing_anchor() -> Weight;
    /// Verifying an anchor with `s` signatures, 1 to 64.
    fn authorize_submit_anchor(s: u32) -> Weight;
    /// Two units of `b` bytes together.
    fn report_device_fork(b: u32) -> Weight;
    /// Two witnesses of `b` bytes together.
    fn report_member_fork(b: u32) -> Weight;
    /// Opening the closing of an epoch.
    fn force_close() -> Weight;
    /// Beginning an epoch without a closing anchor.
    fn force_epoch() -> Weight;
}

/// Weights with the runtime's cost of reads and writes.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit_anchor() -> Weight {
        Weight::from_parts(60_000_000, 14_000).saturating_add(T::DbWeight::get().reads_writes(10, 9))
    }
    fn submit_closing_anchor() -> Weight {
        Weight::from_parts(90_000_000, 18_000).saturating_add(T::DbWeight::get().reads_writes(10, 15))
    }
    fn authorize_submit_anchor(s: u32) -> Weight {
        Weight::from_parts(25_000_000, 14_000)
            .saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(s.into()))
            .saturating_add(T::DbWeight::get().reads(5))
    }
    fn report_device_fork(b: u32) -> Weight {
        Weight::from_parts(120_000_000, 4_000)
            .saturating_add(Weight::from_parts(3_000, 0).saturating_mul(b.into()))
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
    }
    fn report_member_fork(b: u32) -> Weight {
        Weight::from_parts(120_000_000, 9_000)
            .saturating_add(Weight::from_parts(3_000, 0).saturating_mul(b.into()))
            .saturating_add(T::DbWeight::get().reads_writes(5, 1))
    }
    fn force_close() -> Weight {
        Weight::from_parts(25_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(4, 2))
    }
    fn force_epoch() -> Weight {
        Weight::from_parts(45_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(5, 9))
    }
}

impl WeightInfo for () {
    fn submit_anchor() -> Weight {
        Weight::from_parts(60_000_000, 14_000)
    }
    fn submit_closing_anchor() -> Weight {
        Weight::from_parts(90_000_000, 18_000)
    }
    fn authorize_submit_anchor(s: u32) -> Weight {
        Weight::from_parts(25_000_000, 14_000)
            .saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(s.into()))
    }
    fn report_device_fork(b: u32) -> Weight {
        Weight::from_parts(120_000_000, 4_000).saturating_add(Weight::from_parts(3_000, 0).saturating_mul(b.into()))
    }
    fn report_member_fork(b: u32) -> Weight {
        Weight::from_parts(120_000_000, 9_000).saturating_add(Weight::from_parts(3_000, 0).saturating_mul(b.into()))
    }
    fn force_close() -> Weight {
        Weight::from_parts(25_000_000, 12_000)
    }
    fn force_epoch() -> Weight {
        Weight::from_parts(45_000_000, 12_000)
    }
}
