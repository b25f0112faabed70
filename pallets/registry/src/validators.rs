//! The validator set: who may be in it, and how the session pallet learns of it.

use crate::{pallet::*, ValidatorList};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Contains};
use loadstone_core::{AccountId, BoundedVec, ConstU32, OrganisationId, ValidatorInfo};

/// Fewest validators: with fewer, some organisation holds a third.
pub(crate) const MIN_VALIDATORS: usize = 4;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_validators(validators: ValidatorList) -> DispatchResult {
        let organisations = Self::ensure_sound_set(&validators)?;
        ensure!(validators.iter().all(T::SessionKeys::contains), Error::<T>::NoSessionKeys);
        for (who, organisation) in validators.iter().zip(organisations) {
            if !Validators::<T>::contains_key(who) {
                let info = ValidatorInfo { organisation, peer: BoundedVec::new(), gateway: BoundedVec::new() };
                Validators::<T>::insert(who, info);
            }
        }
        Self::deposit_event(Event::ValidatorsAppointed { validators: validators.len() as u32 });
        ValidatorSet::<T>::put(validators);
        SetPending::<T>::put(true);
        Ok(())
    }

    /// Takes a validator out of the set, from the next session on. Not if what remains would be no sound set:
    /// then the council has to find another one first. Tells which.
    pub fn dismiss(validator: &AccountId) -> bool {
        let mut set = ValidatorSet::<T>::get();
        let before = set.len();
        set.retain(|who| who != validator);
        if set.len() == before || Self::ensure_sound_set(&set).is_err() {
            return false;
        }
        Self::deposit_event(Event::ValidatorsAppointed { validators: set.len() as u32 });
        ValidatorSet::<T>::put(set);
        SetPending::<T>::put(true);
        true
    }

    /// The organisation of each validator, if they are enough, distinct and registered, and no
    /// organisation holds a third of them.
    pub(crate) fn ensure_sound_set(validators: &[AccountId]) -> Result<Vec<OrganisationId>, Error<T>> {
        ensure!(validators.len() >= MIN_VALIDATORS, Error::<T>::TooFewValidators);
        let distinct: BTreeSet<_> = validators.iter().collect();
        ensure!(distinct.len() == validators.len(), Error::<T>::ValidatorTwice);
        let mut organisations = Vec::with_capacity(validators.len());
        let mut held = BTreeMap::<OrganisationId, usize>::new();
        for who in validators {
            let organisation = Participants::<T>::get(who).ok_or(Error::<T>::NotRegistered)?.organisation;
            *held.entry(organisation).or_default() += 1;
            organisations.push(organisation);
        }
        ensure!(held.values().all(|held| held * 3 < validators.len()), Error::<T>::OrganisationHoldsThird);
        Ok(organisations)
    }

    pub(crate) fn do_set_validator_info(
        validator: AccountId,
        peer: BoundedVec<u8, ConstU32<64>>,
        gateway: BoundedVec<u8, ConstU32<128>>,
    ) -> DispatchResult {
        Validators::<T>::try_mutate(&validator, |info| -> DispatchResult {
            let info = info.as_mut().ok_or(Error::<T>::NotValidator)?;
            (info.peer, info.gateway) = (peer, gateway);
            Ok(())
        })?;
        Self::deposit_event(Event::ValidatorAnnounced { validator });
        Ok(())
    }
}

impl<T: Config> pallet_session::SessionManager<AccountId> for Pallet<T> {
    /// The set, when it changed since the last session was planned, and at genesis.
    fn new_session(new_index: u32) -> Option<Vec<AccountId>> {
        let pending = SetPending::<T>::take();
        if !pending && new_index > 0 {
            return None;
        }
        // An empty set was never appointed: the session pallet keeps the validators that it has.
        Some(ValidatorSet::<T>::get().into_inner()).filter(|set| !set.is_empty())
    }

    fn start_session(_: u32) {}

    fn end_session(_: u32) {}
}
