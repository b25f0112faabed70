//! Weights of `pallet_bids`, in the form that frame-omni-bencher writes.
//!
//! Estimates by hand from counted database accesses, to be replaced by measured ones.
#![allow(missing_docs, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, Weight},
};

/// Weight functions needed for `pallet_bids`.
pub trait WeightInfo {
    fn publish_programme() -> Weight;
    fn open_event() -> Weight;
    fn commit(r: u32) -> Weight;
    fn withdraw() -> Weight;
    fn reveal(r: u32, s: u32) -> Weight;
    fn clear(b: u32) -> Weight;
    fn cancel() -> Weight;
    fn note_author(g: u32) -> Weight;
    fn sweep_step(r: u32) -> Weight;
}

/// Weights for `pallet_bids` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads participant, publisher and version; writes programme, publisher and version.
    fn publish_programme() -> Weight {
        Weight::from_parts(22_000_000, 7_500)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    /// Reads participant, programme, counters, gates, anchor, time, account and holds; writes event, counters, gates and escrow.
    fn open_event() -> Weight {
        Weight::from_parts(60_000_000, 22_000)
            .saturating_add(T::DbWeight::get().reads(11_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }

    /// Reads and writes each resource's reservation and availability, and the bidder's bond.
    /// The range of component `r` is `[0, 256]`.
    fn commit(r: u32) -> Weight {
        Weight::from_parts(60_000_000, 20_000)
            .saturating_add(Weight::from_parts(9_000_000, 13_000).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            .saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(r as u64)))
    }

    /// Reads event, commitment, sweeps and escrow; writes them, the totals and what stays reserved.
    fn withdraw() -> Weight {
        Weight::from_parts(50_000_000, 24_000)
            .saturating_add(T::DbWeight::get().reads(9_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }

    /// Reads event, programme and commitment; writes each resource's segments and place and each offer's bucket.
    /// The range of component `r` is `[0, 256]`.
    /// The range of component `s` is `[0, 1024]`.
    fn reveal(r: u32, s: u32) -> Weight {
        Weight::from_parts(40_000_000, 14_000)
            .saturating_add(Weight::from_parts(6_000_000, 5_000).saturating_mul(r as u64))
            .saturating_add(Weight::from_parts(4_000_000, 2_600).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(s as u64)))
            .saturating_add(T::DbWeight::get().writes(3_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(s as u64)))
    }

    /// Reads each price bucket once; writes clearing, event, gates and sweeps.
    /// The range of component `b` is `[0, 1024]`.
    fn clear(b: u32) -> Weight {
        Weight::from_parts(40_000_000, 22_000)
            .saturating_add(Weight::from_parts(3_000_000, 2_600).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(9_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(b as u64)))
            .saturating_add(T::DbWeight::get().writes(6_u64))
    }

    /// Reads event, gates, sweeps and escrow; writes them.
    fn cancel() -> Weight {
        Weight::from_parts(45_000_000, 18_000)
            .saturating_add(T::DbWeight::get().reads(9_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }

    /// Reads the gates, and reads and writes the authors of each that has closed.
    /// The range of component `g` is `[0, 64]`.
    fn note_author(g: u32) -> Weight {
        Weight::from_parts(6_000_000, 2_600)
            .saturating_add(Weight::from_parts(4_000_000, 4_600).saturating_mul(g as u64))
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(g as u64)))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(g as u64)))
    }

    /// Reads sweep, event and commitment; releases each resource and moves the bond.
    /// The range of component `r` is `[0, 16]`.
    fn sweep_step(r: u32) -> Weight {
        Weight::from_parts(40_000_000, 24_000)
            .saturating_add(Weight::from_parts(8_000_000, 10_000).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            .saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(r as u64)))
    }
}

// For tests.
impl WeightInfo for () {
    /// Reads participant, publisher and version; writes programme, publisher and version.
    fn publish_programme() -> Weight {
        Weight::from_parts(22_000_000, 7_500)
            .saturating_add(RocksDbWeight::get().reads(3_u64))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
    }

    /// Reads participant, programme, counters, gates, anchor, time, account and holds; writes event, counters, gates and escrow.
    fn open_event() -> Weight {
        Weight::from_parts(60_000_000, 22_000)
            .saturating_add(RocksDbWeight::get().reads(11_u64))
            .saturating_add(RocksDbWeight::get().writes(8_u64))
    }

    /// Reads and writes each resource's reservation and availability, and the bidder's bond.
    /// The range of component `r` is `[0, 256]`.
    fn commit(r: u32) -> Weight {
        Weight::from_parts(60_000_000, 20_000)
            .saturating_add(Weight::from_parts(9_000_000, 13_000).saturating_mul(r as u64))
            .saturating_add(RocksDbWeight::get().reads(10_u64))
            .saturating_add(RocksDbWeight::get().reads((5_u64).saturating_mul(r as u64)))
            .saturating_add(RocksDbWeight::get().writes(6_u64))
            .saturating_add(RocksDbWeight::get().writes((4_u64).saturating_mul(r as u64)))
    }

    /// Reads event, commitment, sweeps and escrow; writes them, the totals and what stays reserved.
    fn withdraw() -> Weight {
        Weight::from_parts(50_000_000, 24_000)
            .saturating_add(RocksDbWeight::get().reads(9_u64))
            .saturating_add(RocksDbWeight::get().writes(8_u64))
    }

    /// Reads event, programme and commitment; writes each resource's segments and place and each offer's bucket.
    /// The range of component `r` is `[0, 256]`.
    /// The range of component `s` is `[0, 1024]`.
    fn reveal(r: u32, s: u32) -> Weight {
        Weight::from_parts(40_000_000, 14_000)
            .saturating_add(Weight::from_parts(6_000_000, 5_000).saturating_mul(r as u64))
            .saturating_add(Weight::from_parts(4_000_000, 2_600).saturating_mul(s as u64))
            .saturating_add(RocksDbWeight::get().reads(7_u64))
            .saturating_add(RocksDbWeight::get().reads((2_u64).saturating_mul(r as u64)))
            .saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(s as u64)))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
            .saturating_add(RocksDbWeight::get().writes((3_u64).saturating_mul(r as u64)))
            .saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(s as u64)))
    }

    /// Reads each price bucket once; writes clearing, event, gates and sweeps.
    /// The range of component `b` is `[0, 1024]`.
    fn clear(b: u32) -> Weight {
        Weight::from_parts(40_000_000, 22_000)
            .saturating_add(Weight::from_parts(3_000_000, 2_600).saturating_mul(b as u64))
            .saturating_add(RocksDbWeight::get().reads(9_u64))
            .saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(b as u64)))
            .saturating_add(RocksDbWeight::get().writes(6_u64))
    }

    /// Reads event, gates, sweeps and escrow; writes them.
    fn cancel() -> Weight {
        Weight::from_parts(45_000_000, 18_000)
            .saturating_add(RocksDbWeight::get().reads(9_u64))
            .saturating_add(RocksDbWeight::get().writes(8_u64))
    }

    /// Reads the gates, and reads and writes the authors of each that has closed.
    /// The range of component `g` is `[0, 64]`.
    fn note_author(g: u32) -> Weight {
        Weight::from_parts(6_000_000, 2_600)
            .saturating_add(Weight::from_parts(4_000_000, 4_600).saturating_mul(g as u64))
            .saturating_add(RocksDbWeight::get().reads(3_u64))
            .saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(g as u64)))
            .saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(g as u64)))
    }

    /// Reads sweep, event and commitment; releases each resource and moves the bond.
    /// The range of component `r` is `[0, 16]`.
    fn sweep_step(r: u32) -> Weight {
        Weight::from_parts(40_000_000, 24_000)
            .saturating_add(Weight::from_parts(8_000_000, 10_000).saturating_mul(r as u64))
            .saturating_add(RocksDbWeight::get().reads(8_u64))
            .saturating_add(RocksDbWeight::get().reads((5_u64).saturating_mul(r as u64)))
            .saturating_add(RocksDbWeight::get().writes(6_u64))
            .saturating_add(RocksDbWeight::get().writes((4_u64).saturating_mul(r as u64)))
    }
}
