//! Holding and giving back on behalf of the market.

use crate::{Bonds, Config, Error, Escrows, Event, HoldReason, Pallet, Settling, Totals};
use frame_support::{ensure, traits::fungible::MutateHold};
use loadstone_core::{AccountId, Balance, EventId};
use loadstone_market::{traits::Escrow, Bond, EscrowState};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Takes so much of a bond off the books; the caller moves the money.
    fn take_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<EscrowState, DispatchError> {
        let settling = Settling::<T>::get().is_some_and(|progress| progress.event == event);
        ensure!(!settling, Error::<T>::SettlementUnderWay);
        let mut escrow = Escrows::<T>::get(event).ok_or(Error::<T>::NoBudget)?;
        if amount == 0 {
            return Ok(escrow);
        }
        let mut bond = Bonds::<T>::get(event, bidder).ok_or(Error::<T>::NoBond)?;
        bond.held = bond.held.checked_sub(amount).ok_or(Error::<T>::NoBond)?;
        escrow.bonds = escrow.bonds.saturating_sub(amount);
        if bond.held == 0 {
            Bonds::<T>::remove(event, bidder);
            escrow.bidders = escrow.bidders.saturating_sub(1);
        } else {
            Bonds::<T>::insert(event, bidder, bond);
        }
        Self::keep_escrow(event, escrow.clone());
        Ok(escrow)
    }

    /// Stores `escrow`, or removes it once nothing is held for the event.
    pub(crate) fn keep_escrow(event: EventId, escrow: EscrowState) {
        if escrow.budget == 0 && escrow.bidders == 0 {
            Escrows::<T>::remove(event);
        } else {
            Escrows::<T>::insert(event, escrow);
        }
    }
}

impl<T: Config> Escrow for Pallet<T> {
    type Error = DispatchError;

    fn hold_budget(event: EventId, opener: &AccountId, amount: Balance) -> Result<(), DispatchError> {
        ensure!(!Escrows::<T>::contains_key(event), Error::<T>::AlreadyHeld);
        ensure!(amount > 0, Error::<T>::NoBudget);
        T::Currency::hold(&HoldReason::Budget.into(), opener, amount)?;
        let escrow = EscrowState { opener: opener.clone(), budget: amount, bonds: 0, bidders: 0 };
        Escrows::<T>::insert(event, escrow);
        Self::deposit_event(Event::BudgetHeld { event, opener: opener.clone(), amount });
        Ok(())
    }

    fn hold_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), DispatchError> {
        let mut escrow = Escrows::<T>::get(event).ok_or(Error::<T>::NoBudget)?;
        if amount == 0 {
            return Ok(());
        }
        T::Currency::hold(&HoldReason::Bond.into(), bidder, amount)?;
        let known = Bonds::<T>::get(event, bidder);
        escrow.bidders = escrow.bidders.saturating_add(u32::from(known.is_none()));
        escrow.bonds = escrow.bonds.saturating_add(amount);
        Escrows::<T>::insert(event, escrow);
        let Bond { held, penalty } = known.unwrap_or_default();
        Bonds::<T>::insert(event, bidder, Bond { held: held.saturating_add(amount), penalty });
        Self::deposit_event(Event::BondHeld { event, bidder: bidder.clone(), amount });
        Ok(())
    }

    fn release_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), DispatchError> {
        Self::take_bond(event, bidder, amount)?;
        Self::give(HoldReason::Bond, bidder, bidder, amount)?;
        Self::deposit_event(Event::BondReleased { event, bidder: bidder.clone(), amount });
        Ok(())
    }

    fn forfeit_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), DispatchError> {
        let escrow = Self::take_bond(event, bidder, amount)?;
        Self::give(HoldReason::Bond, bidder, &escrow.opener, amount)?;
        Self::deposit_event(Event::PenaltyTaken { event, bidder: bidder.clone(), amount });
        Ok(())
    }

    fn release_budget(event: EventId) -> Result<(), DispatchError> {
        let mut escrow = Escrows::<T>::get(event).ok_or(Error::<T>::NoBudget)?;
        let amount = core::mem::take(&mut escrow.budget);
        Self::give(HoldReason::Budget, &escrow.opener, &escrow.opener, amount)?;
        Self::deposit_event(Event::BudgetReleased { event, opener: escrow.opener.clone(), amount });
        Self::keep_escrow(event, escrow);
        Ok(())
    }

    fn paid(event: EventId) -> Balance {
        Totals::<T>::get(event).paid
    }
}
