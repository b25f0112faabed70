//! Paying one resource: its owner, and the customer behind the meter where the programme shares.

use crate::{Config, Event, HoldReason, Pallet};
use loadstone_core::{traits::Directory, AccountId, Balance, EventId, ResourceId};
use loadstone_market::{split::split, traits::Market, EscrowState, SplitRule, Statement};

impl<T: Config> Pallet<T> {
    /// How pay is split in an event; not at all where nobody knows its rules.
    pub(crate) fn split_rule(event: EventId) -> SplitRule {
        let details = T::Market::event(event);
        let programme = details.and_then(|details| T::Market::programme_of(&details));
        programme.map_or(SplitRule::none(), |programme| programme.split)
    }

    /// Pays `due` for a resource, beyond what its statement says was paid already; returns what left the budget.
    ///
    /// The customer gets its part of all that was paid, less what it has; the owner gets the rest. Each part is a
    /// transfer of its own: one that fails is parked for its receiver and leaves the other alone. What can't even be parked
    /// is not counted as paid, so that a later distribution finds it still due, for the same receiver.
    pub(crate) fn pay_out(
        event: EventId,
        resource: ResourceId,
        due: Balance,
        rule: &SplitRule,
        escrow: &mut EscrowState,
        statement: &mut Statement,
    ) -> Balance {
        let Some(owner) = T::Directory::resource(resource).map(|resource| resource.owner) else { return 0 };
        let mut give = |to: &AccountId, amount: Balance| {
            let moved = amount > 0 && Self::try_give(HoldReason::Budget, &escrow.opener, to, amount);
            escrow.budget = escrow.budget.saturating_sub(if moved { amount } else { 0 });
            moved
        };
        let before = statement.paid;
        let mut rest = due;
        if let Some(customer) = T::Market::customer(event, resource).filter(|_| rule.shares()) {
            let parts = split(rule, statement.paid_energy, before.saturating_add(due));
            let amount = parts.customer.saturating_sub(statement.customer).min(due);
            rest = due.saturating_sub(amount);
            if give(&customer, amount) {
                statement.paid = statement.paid.saturating_add(amount);
                statement.customer = statement.customer.saturating_add(amount);
                Self::deposit_event(Event::CustomerPaid { event, resource, customer, amount });
            }
        }
        if give(&owner, rest) {
            statement.paid = statement.paid.saturating_add(rest);
            Self::deposit_event(Event::Paid { event, resource, owner, amount: rest });
        }
        statement.paid.saturating_sub(before)
    }
}
