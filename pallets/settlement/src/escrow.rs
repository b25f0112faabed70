//! Holding and giving back on behalf of the market.

use crate::{Bonds, Config, Error, Escrows, Event, HoldReason, Pallet, Settling};
use frame_support::{ensure, traits::fungible::MutateHold};
use loadstone_core::{AccountId, Balance, EventId};
use loadstone_market::{traits::Escrow, Bond, EscrowState};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Takes a bond off the books; the caller moves the money.
    fn take_bond(event: EventId, bidder: &AccountId) -> Result<(Bond, EscrowState), DispatchError> {
        let settling = Settling::<T>::get().is_some_and(|progress| progress.event == event);
        ensure!(!settling, Error::<T>::SettlementUnderWay);
        let mut escrow = Escrows::<T>::get(event).ok_or(Error::<T>::NoBudget)?;
        let bond = Bonds::<T>::take(event, bidder).ok_or(Error::<T>::NoBond)?;
        escrow.bonds = escrow.bonds.saturating_sub(bond.held);
        escrow.bidders = escrow.bidders.saturating_sub(1);
        Self::keep_escrow(event, escrow.clone());
        Ok((bond, escrow))
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
        ensure!(!Bonds::<T>::contains_key(event, bidder), Error::<T>::AlreadyBonded);
        T::Currency::hold(&HoldReason::Bond.into(), bidder, amount)?;
        escrow.bonds = escrow.bonds.saturating_add(amount);
        escrow.bidders = escrow.bidders.saturating_add(1);
        Escrows::<T>::insert(event, escrow);
        Bonds::<T>::insert(event, bidder, Bond { held: amount, penalty: 0 });
        Self::deposit_event(Event::BondHeld { event, bidder: bidder.clone(), amount });
        Ok(())
    }

    fn release_bond(event: EventId, bidder: &AccountId) -> Result<(), DispatchError> {
        let (bond, _) = Self::take_bond(event, bidder)?;
        Self::give(HoldReason::Bond, bidder, bidder, bond.held)?;
        Self::deposit_event(Event::BondReleased { event, bidder: bidder.clone(), amount: bond.held });
        Ok(())
    }

    fn forfeit_bond(event: EventId, bidder: &AccountId) -> Result<(), DispatchError> {
        let (bond, escrow) = Self::take_bond(event, bidder)?;
        Self::give(HoldReason::Bond, bidder, &escrow.opener, bond.held)?;
        Self::deposit_event(Event::PenaltyTaken { event, bidder: bidder.clone(), amount: bond.held });
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
}
