//! Weights of `pallet_settlement`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 20, repeats 10, processor Intel(R) Xeon(R) Processor.
//! Since then `statements` reads each resource's score too, and `payments` reads each one's customer and makes a second
//! transfer; `bonds` ends with the pot. What disputes added is estimated as well: the bond, the hearing and the resource's place
//! in `dispute`, the list of heard events in `begin`, the first distribution's statement in `statements`, whether a record is
//! disputed in both steps, and all of `rule`. All of it is by hand until all are measured again.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_settlement`.
pub trait WeightInfo {
    fn claim() -> Weight;
    fn dispute() -> Weight;
    fn begin() -> Weight;
    fn rule() -> Weight;
    fn statements(r: u32) -> Weight;
    fn payments(r: u32) -> Weight;
    fn bonds(b: u32) -> Weight;
}

/// Weights for `pallet_settlement` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 71_546_000 ps.
    fn claim() -> Weight {
        Weight::from_parts(77_568_000, 3593)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Measured: at least 46_704_000 ps.
    fn dispute() -> Weight {
        Weight::from_parts(122_533_000, 5061)
            .saturating_add(T::DbWeight::get().reads(11_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// Estimated as a bond that is given away, beside what the referee registers by itself.
    fn rule() -> Weight {
        Weight::from_parts(170_000_000, 9551)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }

    /// Measured: at least 18_601_000 ps.
    fn begin() -> Weight {
        Weight::from_parts(35_015_000, 2255)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }

    /// The range of component `r` is `[0, 32]`.
    /// Measured: at least 48_255_000 ps.
    fn statements(r: u32) -> Weight {
        Weight::from_parts(49_929_000, 4331)
            // Standard error: 3_512_534
            .saturating_add(Weight::from_parts(201_957_332, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().reads((8_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 4071).saturating_mul(r as u64))
    }

    /// The range of component `r` is `[0, 32]`.
    /// Measured: at least 29_010_000 ps.
    fn payments(r: u32) -> Weight {
        Weight::from_parts(30_345_000, 3622)
            // Standard error: 2_174_524
            .saturating_add(Weight::from_parts(182_546_586, 0).saturating_mul(r as u64))
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().reads((7_u64).saturating_mul(r as u64)))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(r as u64)))
            .saturating_add(Weight::from_parts(0, 5206).saturating_mul(r as u64))
    }

    /// The range of component `b` is `[0, 32]`.
    /// Measured: at least 109_992_000 ps.
    fn bonds(b: u32) -> Weight {
        Weight::from_parts(113_353_000, 9551)
            // Standard error: 1_975_986
            .saturating_add(Weight::from_parts(140_781_815, 0).saturating_mul(b as u64))
            .saturating_add(T::DbWeight::get().reads(10_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(b as u64)))
            .saturating_add(T::DbWeight::get().writes(7_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(b as u64)))
            .saturating_add(Weight::from_parts(0, 2632).saturating_mul(b as u64))
    }
}
