//! Moving held money, so that no receiver can hold anybody up.

use crate::{Claimables, Config, Event, HoldReason, Pallet};
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use loadstone_core::{AccountId, Balance};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Moves `amount` held from `from` into `to`'s free balance; where `to` can't take it, into the
    /// pallet's account, claimable by `to`.
    ///
    /// # Errors
    /// When not even that is possible; then nothing has changed. It takes a pallet account without its
    /// endowment of the existential deposit, or a hold that is smaller than the books say.
    pub(crate) fn give(
        reason: HoldReason,
        from: &AccountId,
        to: &AccountId,
        amount: Balance,
    ) -> Result<(), DispatchError> {
        if amount == 0 || Self::move_held(reason, from, to, amount).is_ok() {
            return Ok(());
        }
        Self::move_held(reason, from, &Self::account(), amount)?;
        Claimables::<T>::mutate(to, |claimable| *claimable = claimable.saturating_add(amount));
        Self::deposit_event(Event::PaymentParked { who: to.clone(), amount });
        Ok(())
    }

    /// As [`Self::give`] where nobody can answer an error: tells whether the money was moved.
    pub(crate) fn try_give(reason: HoldReason, from: &AccountId, to: &AccountId, amount: Balance) -> bool {
        let moved = Self::give(reason, from, to, amount).is_ok();
        if !moved {
            Self::deposit_event(Event::PaymentRefused { who: to.clone(), amount });
        }
        moved
    }

    fn move_held(reason: HoldReason, from: &AccountId, to: &AccountId, amount: Balance) -> Result<(), DispatchError> {
        let reason: T::RuntimeHoldReason = reason.into();
        // A hold is spent whatever other locks its owner's account has.
        with_storage_layer(|| {
            if from == to {
                T::Currency::release(&reason, from, amount, Precision::Exact)
            } else {
                T::Currency::transfer_on_hold(
                    &reason,
                    from,
                    to,
                    amount,
                    Precision::Exact,
                    Restriction::Free,
                    Fortitude::Force,
                )
            }
        })
        .map(drop)
    }
}
