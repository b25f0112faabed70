//! Weights of `pallet_registry`, as frame-omni-bencher measured them (`scripts/weights`).
//!
//! 2026-11-23, steps 20, repeats 10, processor Intel(R) Xeon(R) Processor.
//! `set_customer`, and the read that `remove_participant` has had since then, are added by hand until all are measured again.
#![allow(missing_docs, unused_variables, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weight functions needed for `pallet_registry`.
pub trait WeightInfo {
    fn register_participant() -> Weight;
    fn set_frozen() -> Weight;
    fn register_resource() -> Weight;
    fn rotate_device_key() -> Weight;
    fn revoke_device() -> Weight;
    fn renew_device() -> Weight;
    fn set_validators(v: u32) -> Weight;
    fn set_validator_info() -> Weight;
    fn remove_participant() -> Weight;
    fn set_customer() -> Weight;
}

/// Weights for `pallet_registry` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Measured: at least 24_431_000 ps.
    fn register_participant() -> Weight {
        Weight::from_parts(28_075_000, 3593)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Measured: at least 24_392_000 ps.
    fn set_frozen() -> Weight {
        Weight::from_parts(27_109_000, 6176)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Measured: at least 30_620_000 ps.
    fn register_resource() -> Weight {
        Weight::from_parts(33_400_000, 3583)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }

    /// Measured: at least 39_886_000 ps.
    fn rotate_device_key() -> Weight {
        Weight::from_parts(44_327_000, 3583)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Measured: at least 35_633_000 ps.
    fn revoke_device() -> Weight {
        Weight::from_parts(38_217_000, 3583)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Measured: at least 40_883_000 ps.
    fn renew_device() -> Weight {
        Weight::from_parts(44_233_000, 3583)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// The range of component `v` is `[4, 64]`.
    /// Measured: at least 92_603_000 ps.
    fn set_validators(v: u32) -> Weight {
        Weight::from_parts(32_409_650, 2017)
            // Standard error: 19_286
            .saturating_add(Weight::from_parts(16_428_066, 0).saturating_mul(v as u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(v as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(v as u64)))
            .saturating_add(Weight::from_parts(0, 2721).saturating_mul(v as u64))
    }

    /// Measured: at least 26_585_000 ps.
    fn set_validator_info() -> Weight {
        Weight::from_parts(29_486_000, 3711)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Measured: at least 33_345_000 ps.
    fn remove_participant() -> Weight {
        Weight::from_parts(38_657_000, 3593)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }

    /// By hand: a change of a resource's entry, and of what two accounts have of them.
    fn set_customer() -> Weight {
        Self::register_resource().saturating_add(T::DbWeight::get().reads(3_u64))
    }
}
