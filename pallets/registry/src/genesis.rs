//! The registry's first content, held to the same rules as the calls.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{traits::Directory, AccountId, AreaId, BoundedVec, PublicKey, Role, Watts};
use serde::{Deserialize, Serialize};

/// A resource and its device's key as a chain-spec lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisResource {
    /// The aggregator that declares for it.
    pub owner: AccountId,
    /// Where it is connected.
    pub area: AreaId,
    /// Raw sr25519 key of its device.
    pub device_key: PublicKey,
    /// Registered capacity to consume less.
    pub capacity_down: Watts,
    /// Registered capacity to consume more.
    pub capacity_up: Watts,
    /// Least possible meter reading.
    pub load_min: Watts,
    /// Greatest possible meter reading.
    pub load_max: Watts,
}

impl<T: Config> GenesisConfig<T> {
    /// Session keys come from the session pallet's own genesis, so they are not asked for here.
    pub(crate) fn try_build(&self) -> DispatchResult {
        for (who, participant) in self.participants.clone() {
            Pallet::<T>::do_register_participant(who, participant)?;
        }
        for resource in self.resources.clone() {
            Pallet::<T>::acting(&resource.owner, Role::Aggregator).map_err(Error::<T>::from)?;
            Pallet::<T>::do_register_resource(resource)?;
        }
        if self.validators.is_empty() {
            return Ok(());
        }
        let accounts: Vec<_> = self.validators.iter().map(|(who, _)| who.clone()).collect();
        let organisations = Pallet::<T>::ensure_sound_set(&accounts)?;
        for ((who, info), organisation) in self.validators.iter().zip(organisations) {
            ensure!(info.organisation == organisation, "a validator's organisation is not its participant's");
            Validators::<T>::insert(who, info);
        }
        let set = BoundedVec::try_from(accounts).map_err(|_| "more than 64 validators")?;
        ValidatorSet::<T>::put(set);
        Ok(())
    }
}
