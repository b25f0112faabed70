//! Registering, freezing and removing participants, and the checks of role and ownership.

use crate::pallet::*;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use loadstone_core::{traits::Directory, AccountId, Device, DeviceId, Participant, Role};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// The signer, if it may act in `role` now.
    pub(crate) fn ensure_role(origin: OriginFor<T>, role: Role) -> Result<AccountId, DispatchError> {
        let who = ensure_signed(origin)?;
        Self::acting(&who, role).map_err(Error::<T>::from)?;
        Ok(who)
    }

    /// Passes the aggregator that owns the device.
    pub(crate) fn ensure_device_owner(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
        let who = Self::ensure_role(origin, Role::Aggregator)?;
        ensure!(Self::owner_of(device)? == who, Error::<T>::NotOwner);
        Ok(())
    }

    /// Passes the aggregator that owns the device, or a regulator.
    pub(crate) fn ensure_owner_or_regulator(
        origin: OriginFor<T>,
        device: DeviceId,
    ) -> Result<AccountId, DispatchError> {
        let who = ensure_signed(origin)?;
        let owner = Self::owner_of(device)?;
        if Self::acting(&who, Role::Regulator).is_err() {
            Self::acting(&who, Role::Aggregator).map_err(Error::<T>::from)?;
            ensure!(owner == who, Error::<T>::NotOwner);
        }
        Ok(who)
    }

    /// Passes the account named, unless it is frozen.
    pub(crate) fn ensure_validator_itself(origin: OriginFor<T>, validator: &AccountId) -> DispatchResult {
        ensure!(ensure_signed(origin)? == *validator, Error::<T>::NotValidator);
        let participant = Participants::<T>::get(validator).ok_or(Error::<T>::NotRegistered)?;
        ensure!(!participant.frozen, Error::<T>::ParticipantIsFrozen);
        Ok(())
    }

    fn owner_of(device: DeviceId) -> Result<AccountId, Error<T>> {
        let Device { resource, .. } = Devices::<T>::get(device).ok_or(Error::<T>::UnknownDevice)?;
        Resources::<T>::get(resource).map(|resource| resource.owner).ok_or(Error::<T>::UnknownResource)
    }

    pub(crate) fn do_register_participant(who: AccountId, participant: Participant) -> DispatchResult {
        ensure!(!Participants::<T>::contains_key(&who), Error::<T>::AlreadyRegistered);
        // Without a provider neither nonce check nor session pallet would accept the account.
        frame_system::Pallet::<T>::inc_providers(&who);
        let Participant { role, organisation, .. } = participant;
        Participants::<T>::insert(&who, participant);
        Self::deposit_event(Event::ParticipantRegistered { who, role, organisation });
        Ok(())
    }

    pub(crate) fn do_set_frozen(regulator: AccountId, who: AccountId, frozen: bool) -> DispatchResult {
        ensure!(regulator != who, Error::<T>::SelfFreeze);
        Participants::<T>::try_mutate(&who, |participant| -> DispatchResult {
            participant.as_mut().ok_or(Error::<T>::NotRegistered)?.frozen = frozen;
            Ok(())
        })?;
        Self::deposit_event(match frozen {
            true => Event::ParticipantFrozen { who, by: regulator },
            false => Event::ParticipantUnfrozen { who, by: regulator },
        });
        Ok(())
    }

    pub(crate) fn do_remove_participant(who: AccountId) -> DispatchResult {
        ensure!(Participants::<T>::contains_key(&who), Error::<T>::NotRegistered);
        ensure!(ResourceCount::<T>::get(&who) == 0, Error::<T>::OwnsResources);
        ensure!(!ValidatorSet::<T>::get().contains(&who), Error::<T>::IsValidator);
        ensure!(!CustomerCount::<T>::contains_key(&who), Error::<T>::IsCustomer);
        // Refused while other pallets still count on the account, for instance by session keys.
        frame_system::Pallet::<T>::dec_providers(&who)?;
        Participants::<T>::remove(&who);
        Validators::<T>::remove(&who);
        Self::deposit_event(Event::ParticipantRemoved { who });
        Ok(())
    }
}
