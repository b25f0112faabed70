//! Customers: with whom a resource's owner shares its pay.

use crate::pallet::*;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Time};
use loadstone_core::{AccountId, Millis, ResourceId};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_customer(
        owner: AccountId,
        resource: ResourceId,
        customer: Option<AccountId>,
    ) -> DispatchResult {
        let registered = Resources::<T>::get(resource).ok_or(Error::<T>::UnknownResource)?;
        ensure!(registered.owner == owner, Error::<T>::NotOwner);
        ensure!(customer.as_ref().is_none_or(Participants::<T>::contains_key), Error::<T>::NotRegistered);
        let entry = Customers::<T>::get(resource).unwrap_or_default();
        ensure!(entry.account != customer, Error::<T>::SameCustomer);
        // At most as many as there are resource numbers.
        Self::count_customer(entry.account.as_ref(), |count| count.saturating_sub(1));
        Self::count_customer(customer.as_ref(), |count| count.saturating_add(1));
        Customers::<T>::insert(resource, entry.change(customer.clone(), Millis(T::Time::now())));
        Self::deposit_event(Event::CustomerNamed { resource, customer });
        Ok(())
    }

    fn count_customer(customer: Option<&AccountId>, change: impl FnOnce(u32) -> u32) {
        if let Some(who) = customer {
            let count = change(CustomerCount::<T>::get(who).unwrap_or_default());
            CustomerCount::<T>::set(who, (count > 0).then_some(count));
        }
    }
}
