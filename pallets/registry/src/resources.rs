//! Registering resources, and the lives and keys of their devices.

use crate::{genesis::GenesisResource, pallet::*};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{AccountId, Device, DeviceId, Incarnation, PublicKey, Resource};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register_resource(new: GenesisResource) -> DispatchResult {
        Self::ensure_plausible(&new)?;
        let GenesisResource { owner, area, device_key, capacity_down, capacity_up, load_min, load_max } = new;
        let id = NextResource::<T>::get();
        ensure!(id.next() != id, Error::<T>::ResourcesExhausted);
        let device = DeviceId(id.0);
        Self::take_key(device, device_key)?;

        let resource = Resource { owner: owner.clone(), area, device, capacity_down, capacity_up, load_min, load_max };
        Resources::<T>::insert(id, resource);
        let record = Device { resource: id, key: device_key, incarnation: Incarnation(0), revoked: false };
        Devices::<T>::insert(device, record);
        NextResource::<T>::put(id.next());
        // Saturation is out of reach: there are at most as many as resource numbers.
        ResourceCount::<T>::mutate(&owner, |count| *count = count.saturating_add(1));
        Self::deposit_event(Event::ResourceRegistered { resource: id, owner, area });
        Ok(())
    }

    /// A load can't shed or take up more than its range spans.
    pub(crate) fn ensure_plausible(resource: &GenesisResource) -> DispatchResult {
        let span = resource.load_max.0.checked_sub(resource.load_min.0);
        let span = span.filter(|span| *span >= 0).ok_or(Error::<T>::LoadRangeReversed)?;
        let (down, up) = (resource.capacity_down.0, resource.capacity_up.0);
        let within = (0..=span).contains(&down) && (0..=span).contains(&up);
        ensure!(within && (down > 0 || up > 0), Error::<T>::CapacityOutOfRange);
        Ok(())
    }

    /// Binds a key to a device for ever.
    fn take_key(device: DeviceId, key: PublicKey) -> DispatchResult {
        ensure!(!DeviceKeys::<T>::contains_key(key), Error::<T>::DeviceKeyUsed);
        DeviceKeys::<T>::insert(key, device);
        Ok(())
    }

    pub(crate) fn do_rotate_device_key(id: DeviceId, key: PublicKey) -> DispatchResult {
        Self::change_device(id, |device| {
            ensure!(!device.revoked, Error::<T>::DeviceIsRevoked);
            Self::take_key(id, key)?;
            device.key = key;
            Ok(())
        })?;
        Self::deposit_event(Event::DeviceKeyRotated { device: id, key });
        Ok(())
    }

    pub(crate) fn do_revoke_device(by: AccountId, id: DeviceId) -> DispatchResult {
        Self::change_device(id, |device| {
            ensure!(!device.revoked, Error::<T>::DeviceIsRevoked);
            device.revoked = true;
            Ok(())
        })?;
        Self::deposit_event(Event::DeviceRevoked { device: id, by });
        Ok(())
    }

    pub(crate) fn do_renew_device(id: DeviceId, key: PublicKey) -> DispatchResult {
        let device = Self::change_device(id, |device| {
            let next = device.incarnation.next();
            ensure!(next != device.incarnation, Error::<T>::IncarnationsExhausted);
            Self::take_key(id, key)?;
            (device.key, device.incarnation, device.revoked) = (key, next, false);
            Ok(())
        })?;
        Self::deposit_event(Event::DeviceRenewed { device: id, incarnation: device.incarnation, key });
        Ok(())
    }

    fn change_device(
        id: DeviceId,
        change: impl FnOnce(&mut Device) -> DispatchResult,
    ) -> Result<Device, DispatchError> {
        let mut device = Devices::<T>::get(id).ok_or(Error::<T>::UnknownDevice)?;
        change(&mut device)?;
        Devices::<T>::insert(id, &device);
        Ok(device)
    }
}
