//! What must hold of the pallet's storage, and of every hold, after every block.

use crate::{
    Bonds, Claimables, Config, Disputes, Escrows, Heard, HoldReason, NextDue, Pallet, Queue, Settling, Stage,
    Statements, Totals,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{
        fungible::{Inspect, InspectHold},
        Get,
    },
};
use loadstone_core::{AccountId, Balance};
use loadstone_market::{traits::Scores, Bond, Waiting};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs all checks of this file.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::budgets_are_held()?;
        Self::bonds_are_held()?;
        Self::escrows_sum_their_bonds()?;
        Self::claimable_payments_are_kept()?;
        Self::statements_add_up()?;
        Self::queue_is_in_order()?;
        Self::disputes_stand_on_records()?;
        Self::dispute_bonds_are_held()
    }

    fn held(reason: HoldReason, who: &AccountId) -> Balance {
        T::Currency::balance_on_hold(&reason.into(), who)
    }

    fn budgets_are_held() -> Result<(), TryRuntimeError> {
        let mut budgets = BTreeMap::<AccountId, Balance>::new();
        for escrow in Escrows::<T>::iter_values() {
            *budgets.entry(escrow.opener).or_default() += escrow.budget;
        }
        for (opener, budget) in budgets {
            ensure!(Self::held(HoldReason::Budget, &opener) == budget, "an opener's hold is not its budgets");
        }
        Ok(())
    }

    fn bonds_are_held() -> Result<(), TryRuntimeError> {
        let mut bonds = BTreeMap::<AccountId, Balance>::new();
        for (_, bidder, Bond { held, penalty }) in Bonds::<T>::iter() {
            ensure!(penalty <= held, "a penalty exceeds its bond");
            *bonds.entry(bidder).or_default() += held;
        }
        for (bidder, held) in bonds {
            ensure!(Self::held(HoldReason::Bond, &bidder) == held, "a bidder's hold is not its bonds");
        }
        Ok(())
    }

    fn escrows_sum_their_bonds() -> Result<(), TryRuntimeError> {
        for (event, escrow) in Escrows::<T>::iter() {
            let (bidders, held) = Bonds::<T>::iter_prefix_values(event)
                .fold((0, 0), |(bidders, held), bond| (bidders + 1, held + bond.held));
            ensure!(escrow.bidders == bidders, "an escrow miscounts its bidders");
            ensure!(escrow.bonds == held, "an escrow does not sum its bonds");
        }
        ensure!(Bonds::<T>::iter().all(|(event, _, _)| Escrows::<T>::contains_key(event)), "a bond without an escrow");
        Ok(())
    }

    fn claimable_payments_are_kept() -> Result<(), TryRuntimeError> {
        let claimable: Balance = Claimables::<T>::iter_values().sum();
        let kept = T::Currency::total_balance(&Self::account());
        ensure!(claimable == 0 || kept >= claimable + T::Currency::minimum_balance(), "claimable money is missing");
        ensure!(Claimables::<T>::iter_values().all(|amount| amount > 0), "nothing is claimable by somebody");
        Ok(())
    }

    fn statements_add_up() -> Result<(), TryRuntimeError> {
        for (event, totals) in Totals::<T>::iter() {
            let mut sums = loadstone_market::Totals::default();
            for statement in Statements::<T>::iter_prefix_values(event) {
                ensure!(statement.paid <= statement.claim, "a resource was paid more than its claim");
                ensure!(statement.customer <= statement.paid, "a customer got more than was paid");
                sums.claims += statement.claim;
                sums.penalties += statement.penalty;
                sums.paid += statement.paid;
            }
            ensure!(sums == totals, "totals are not the sums of the statements");
        }
        if let Some(progress) = Settling::<T>::get() {
            if let (Stage::Payments { pot, .. }, Some(escrow)) = (progress.stage, Escrows::<T>::get(progress.event)) {
                let paid = Totals::<T>::get(progress.event).paid;
                ensure!(escrow.budget + paid == pot, "the pot is not what is left and what was paid");
            }
        }
        Ok(())
    }

    fn queue_is_in_order() -> Result<(), TryRuntimeError> {
        let (queue, heard) = (Queue::<T>::get(), Heard::<T>::get());
        let sorted = |list: &[Waiting]| list.windows(2).all(|pair| pair[0] <= pair[1]);
        ensure!(sorted(&queue) && sorted(&heard), "the queue is out of order");
        let first = queue.first().into_iter().chain(heard.first()).map(|first| first.due).min();
        ensure!(NextDue::<T>::get() == first, "the next moment is not the queue's");
        ensure!(queue.len() + heard.len() <= T::MaxWaiting::get() as usize, "the queue is too long");
        let events: BTreeSet<_> = queue.iter().chain(&heard).map(|waiting| waiting.event).collect();
        ensure!(events.len() == queue.len() + heard.len(), "an event waits twice");
        let settling = Settling::<T>::get().map(|progress| progress.event);
        ensure!(settling.is_none_or(|event| !events.contains(&event)), "an event waits while it is settled");
        Ok(())
    }

    fn disputes_stand_on_records() -> Result<(), TryRuntimeError> {
        let (queue, heard) = (Queue::<T>::get(), Heard::<T>::get());
        let settling = Settling::<T>::get().map(|progress| progress.event);
        let open: BTreeSet<_> = queue.iter().chain(&heard).map(|waiting| waiting.event).chain(settling).collect();
        for (event, resource, dispute) in Disputes::<T>::iter() {
            ensure!(T::Scores::record(event, resource).is_some(), "a dispute without a record");
            ensure!(dispute.ruling.is_some() || open.contains(&event), "a dispute waits for nothing");
        }
        let is_heard = |event| Disputes::<T>::iter_prefix_values(event).any(|dispute| dispute.ruling.is_none());
        ensure!(
            heard.iter().all(|waiting| is_heard(waiting.event)),
            "an event waits for hearings that it does not have"
        );
        Ok(())
    }

    fn dispute_bonds_are_held() -> Result<(), TryRuntimeError> {
        let mut bonds = BTreeMap::<AccountId, Balance>::new();
        for (_, _, dispute) in Disputes::<T>::iter() {
            *bonds.entry(dispute.by).or_default() += dispute.bond;
        }
        for (who, bond) in bonds {
            ensure!(Self::held(HoldReason::Dispute, &who) == bond, "a hold for disputes is not their bonds");
        }
        Ok(())
    }
}
