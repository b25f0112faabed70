//! Weights of `pallet_bids`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 20, repeats 10, processor Intel(R) Xeon(R) Processor.
//! Since then `commit` reads each resource's credit, and `commit`, `withdraw` and `reveal` read and write what a bidder has in
//! the event; `commit` reads and writes each resource's customer, withdrawn ones are dropped, and opening, cancelling and
//! settling move the pot. That is added by hand until all are measured again.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_bids`.
pub trait WeightInfo {
    fn publish_programme() -> Weight;
    fn open_event() -> Weight;
    fn commit(r: u32) -> Weight;
    fn withdraw() -> Weight;
    fn reveal(r: u32, s: u32) -> Weight;
    fn clear(b: u32) -> Weight;
    fn cancel() -> Weight;
    fn offer_contract() -> Weight;
    fn accept_contract() -> Weight;
    fn note_author(g: u32) -> Weight;
    fn sweep_step(r: u32) -> Weight;
}

/// Weights for `pallet_bids` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 34_865_000 ps.
    fn publish_programme() -> Weight {
        Weight::from_parts(38_688_000, 3583)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    /// Measured: at least 117_256_000 ps.
    fn open_event() -> Weight {
        Weight::from_parts(126_966_000, 3643)
            .saturating_add(T::DbWeight::get().reads(12_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }

    /// The range of component `r` is `[1, 48]`.
    /// Measured: at least 189_146_000 ps.
    fn commit(r: u32) -> Weight {
        Weight::from_parts(193_897_000, 4600)
            // Standard error: 642_216
            .saturating_add(Weight::from_parts(70_275_930, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(14_u64))
            .saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(8_u64))
            .saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 5217).saturating_mul(r as u64))
    }

    /// Measured: at least 205_380_000 ps.
    fn withdraw() -> Weight {
        Weight::from_parts(226_248_000, 9551)
            .saturating_add(T::DbWeight::get().reads(12_u64))
            .saturating_add(T::DbWeight::get().writes(9_u64))
    }

    /// The range of component `r` is `[1, 48]`.
    /// The range of component `s` is `[1, 192]`.
    /// Measured: at least 106_281_000 ps.
    fn reveal(r: u32, s: u32) -> Weight {
        Weight::from_parts(106_929_000, 11018)
            // Standard error: 1_034_270
            .saturating_add(Weight::from_parts(35_252_487, 0).saturating_mul(r as u64))
            // Standard error: 258_530
            .saturating_add(Weight::from_parts(2_023_046, 0).saturating_mul(s as u64))
            .saturating_add(T::DbWeight::get().reads(13_u64))
            .saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(9_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 3399).saturating_mul(r as u64))
            .saturating_add(Weight::from_parts(0, 830).saturating_mul(s as u64))
    }

    /// The range of component `b` is `[1, 1024]`.
    /// Measured: at least 85_827_000 ps.
    fn clear(b: u32) -> Weight {
        Weight::from_parts(90_102_000, 9551)
            // Standard error: 88_321
            .saturating_add(Weight::from_parts(6_062_686, 0).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(b as u64)))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            .saturating_add(Weight::from_parts(0, 2507).saturating_mul(b as u64))
    }

    /// Measured: at least 113_631_000 ps.
    fn cancel() -> Weight {
        Weight::from_parts(122_590_000, 9551)
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().writes(8_u64))
    }

    /// By hand: an opening that reads a resource more and keeps a contract instead of a gate.
    fn offer_contract() -> Weight {
        Self::open_event().saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    /// By hand: a commitment, its reveal and a clearing at once, and the phase after that.
    fn accept_contract() -> Weight {
        Self::commit(1)
            .saturating_add(Self::reveal(1, 1))
            .saturating_add(Self::clear(1))
            .saturating_add(T::DbWeight::get().reads_writes(8, 6))
    }

    /// The range of component `g` is `[0, 64]`.
    /// Measured: at least 1_395_000 ps.
    fn note_author(g: u32) -> Weight {
        Weight::from_parts(1_667_015, 0)
            // Standard error: 36
            .saturating_add(Weight::from_parts(4_048, 0).saturating_mul(g as u64))
    }

    /// The range of component `r` is `[1, 16]`.
    /// Measured: at least 172_486_000 ps.
    fn sweep_step(r: u32) -> Weight {
        Weight::from_parts(151_260_814, 9551)
            // Standard error: 40_883
            .saturating_add(Weight::from_parts(42_275_262, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(13_u64))
            .saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            .saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 2657).saturating_mul(r as u64))
    }
}
