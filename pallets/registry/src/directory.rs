//! What other pallets read of the registry, and how supervision freezes.

use crate::pallet::*;
use frame_support::pallet_prelude::DispatchResult;
use loadstone_core::{
    traits::{Directory, Freezing},
    AccountId, ChangedTwice, Device, DeviceId, Millis, Participant, Resource, ResourceId,
};
use sp_runtime::DispatchError;

impl<T: Config> Directory for Pallet<T> {
    fn participant(who: &AccountId) -> Option<Participant> {
        Participants::<T>::get(who)
    }

    fn resource(id: ResourceId) -> Option<Resource> {
        Resources::<T>::get(id)
    }

    fn device(id: DeviceId) -> Option<Device> {
        Devices::<T>::get(id)
    }

    fn customer_at(id: ResourceId, opened: Millis) -> Result<Option<AccountId>, ChangedTwice> {
        Customers::<T>::get(id).unwrap_or_default().at(opened)
    }
}

impl<T: Config> Freezing for Pallet<T> {
    type Error = DispatchError;

    fn set_frozen(by: &AccountId, who: &AccountId, frozen: bool) -> DispatchResult {
        Self::do_set_frozen(by.clone(), who.clone(), frozen)
    }
}
