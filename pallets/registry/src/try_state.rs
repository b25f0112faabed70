//! What must hold of the registry's storage in every block.

use crate::{genesis::GenesisResource, pallet::*};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use loadstone_core::{AccountId, DeviceId};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs every check.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_resources_are_plausible_and_counted()?;
        Self::check_devices_answer_to_their_resources_and_keys()?;
        Self::check_customers_are_registered_and_counted()?;
        Self::check_validators_are_sound()
    }

    fn check_resources_are_plausible_and_counted() -> Result<(), TryRuntimeError> {
        let next = NextResource::<T>::get();
        let mut owned = BTreeMap::<AccountId, u32>::new();
        for (id, resource) in Resources::<T>::iter() {
            ensure!(id < next, "a resource has a number not yet given");
            ensure!(resource.device == DeviceId(id.0), "a resource's device has another number");
            *owned.entry(resource.owner.clone()).or_default() += 1;
            let resource = GenesisResource {
                owner: resource.owner,
                area: resource.area,
                device_key: [0; 32],
                capacity_down: resource.capacity_down,
                capacity_up: resource.capacity_up,
                load_min: resource.load_min,
                load_max: resource.load_max,
            };
            Self::ensure_plausible(&resource)?;
        }
        let counted: BTreeMap<_, _> = ResourceCount::<T>::iter().collect();
        ensure!(owned == counted, "resources and their counts by owner differ");
        ensure!(owned.keys().all(Participants::<T>::contains_key), "an owner is not registered");
        Ok(())
    }

    fn check_devices_answer_to_their_resources_and_keys() -> Result<(), TryRuntimeError> {
        for (id, device) in Devices::<T>::iter() {
            let resource = Resources::<T>::get(device.resource);
            ensure!(resource.is_some_and(|resource| resource.device == id), "a device has no resource");
            ensure!(DeviceKeys::<T>::get(device.key) == Some(id), "a device's key is bound to another");
        }
        Ok(())
    }

    fn check_customers_are_registered_and_counted() -> Result<(), TryRuntimeError> {
        let mut named = BTreeMap::<AccountId, u32>::new();
        for (id, entry) in Customers::<T>::iter() {
            ensure!(Resources::<T>::contains_key(id), "a customer of no resource");
            ensure!(entry.former_since <= entry.since, "a customer was named before the former one");
            entry.account.into_iter().for_each(|who| *named.entry(who).or_default() += 1);
        }
        let counted: BTreeMap<_, _> = CustomerCount::<T>::iter().collect();
        ensure!(named == counted, "customers and their counts differ");
        ensure!(named.keys().all(Participants::<T>::contains_key), "a customer is not registered");
        Ok(())
    }

    fn check_validators_are_sound() -> Result<(), TryRuntimeError> {
        let set = ValidatorSet::<T>::get();
        if !set.is_empty() {
            Self::ensure_sound_set(&set).map_err(sp_runtime::DispatchError::from)?;
        }
        ensure!(set.iter().all(Validators::<T>::contains_key), "a validator has no entry");
        for (who, info) in Validators::<T>::iter() {
            let organisation = Participants::<T>::get(who).map(|participant| participant.organisation);
            ensure!(organisation == Some(info.organisation), "a validator's organisation is not its participant's");
        }
        Ok(())
    }
}
