//! What other pallets read of the registry.

use crate::pallet::*;
use loadstone_core::{
    traits::Directory, AccountId, ChangedTwice, Device, DeviceId, Millis, Participant, Resource, ResourceId,
};

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
