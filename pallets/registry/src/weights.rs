//! Weights of `pallet_registry`, in the form that frame-omni-bencher writes.
//!
//! Estimates by hand from counted database accesses, to be replaced by measured ones.
#![allow(missing_docs, clippy::unnecessary_cast, clippy::erasing_op, clippy::identity_op)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, Weight},
};

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
}

/// Weights for `pallet_registry` with the runtime's database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads and writes `Registry::Participants`, `System::Account`.
    fn register_participant() -> Weight {
        Weight::from_parts(18_000_000, 3_700)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Reads `Registry::Participants` twice, writes it once.
    fn set_frozen() -> Weight {
        Weight::from_parts(16_000_000, 7_300)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Writes resource, device, key, counter and count by owner.
    fn register_resource() -> Weight {
        Weight::from_parts(30_000_000, 10_000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }

    /// Reads participant, resource, device and key; writes device and key.
    fn rotate_device_key() -> Weight {
        Weight::from_parts(24_000_000, 12_000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Reads participant, resource and device; writes the device.
    fn revoke_device() -> Weight {
        Weight::from_parts(22_000_000, 9_500)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Reads participant, resource, device and key; writes device and key.
    fn renew_device() -> Weight {
        Weight::from_parts(24_000_000, 12_000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }

    /// Reads participant, session keys and info of each validator; may write each info.
    /// The range of component `v` is `[0, 64]`.
    fn set_validators(v: u32) -> Weight {
        Weight::from_parts(15_000_000, 1_500)
            .saturating_add(Weight::from_parts(4_000_000, 9_000).saturating_mul(v as u64))
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(v as u64)))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(v as u64)))
    }

    /// Reads `Registry::Participants` and reads and writes `Registry::Validators`.
    fn set_validator_info() -> Weight {
        Weight::from_parts(16_000_000, 7_000)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }

    /// Reads participant, count by owner, validator set and account; writes participant, info and account.
    fn remove_participant() -> Weight {
        Weight::from_parts(26_000_000, 12_000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }
}

// For tests.
impl WeightInfo for () {
    /// Reads and writes `Registry::Participants`, `System::Account`.
    fn register_participant() -> Weight {
        Weight::from_parts(18_000_000, 3_700)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }

    /// Reads `Registry::Participants` twice, writes it once.
    fn set_frozen() -> Weight {
        Weight::from_parts(16_000_000, 7_300)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }

    /// Writes resource, device, key, counter and count by owner.
    fn register_resource() -> Weight {
        Weight::from_parts(30_000_000, 10_000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(5_u64))
    }

    /// Reads participant, resource, device and key; writes device and key.
    fn rotate_device_key() -> Weight {
        Weight::from_parts(24_000_000, 12_000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }

    /// Reads participant, resource and device; writes the device.
    fn revoke_device() -> Weight {
        Weight::from_parts(22_000_000, 9_500)
            .saturating_add(RocksDbWeight::get().reads(3_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }

    /// Reads participant, resource, device and key; writes device and key.
    fn renew_device() -> Weight {
        Weight::from_parts(24_000_000, 12_000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }

    /// Reads participant, session keys and info of each validator; may write each info.
    /// The range of component `v` is `[0, 64]`.
    fn set_validators(v: u32) -> Weight {
        Weight::from_parts(15_000_000, 1_500)
            .saturating_add(Weight::from_parts(4_000_000, 9_000).saturating_mul(v as u64))
            .saturating_add(RocksDbWeight::get().reads(1_u64))
            .saturating_add(RocksDbWeight::get().reads((3_u64).saturating_mul(v as u64)))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
            .saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(v as u64)))
    }

    /// Reads `Registry::Participants` and reads and writes `Registry::Validators`.
    fn set_validator_info() -> Weight {
        Weight::from_parts(16_000_000, 7_000)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }

    /// Reads participant, count by owner, validator set and account; writes participant, info and account.
    fn remove_participant() -> Weight {
        Weight::from_parts(26_000_000, 12_000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
    }
}
