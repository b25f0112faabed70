//! The pot of a programme's version: what all events under it may cost together.
//!
//! An event's budget counts against it from opening to the end; then only what was paid does. So the pot is spent to
//! the last micro-yuan and never beyond it.

use crate::pallet::*;
use frame_support::ensure;
use loadstone_core::{Balance, EventId};
use loadstone_market::{self as market, traits::Escrow, Phase, Programme};

impl<T: Config> Pallet<T> {
    /// What is left of an event's pot; `None` where its programme has none.
    fn pot_left_of(event: &market::Event, programme: &Programme) -> Option<Balance> {
        programme.pot_left(PotSpent::<T>::get(event.programme, event.version))
    }

    /// The budget of an event that is opened: what its opener offers, as far as the pot reaches.
    ///
    /// # Errors
    /// [`Error::PotSpent`] when nothing is left.
    pub(crate) fn budget_within_pot(event: &market::Event, programme: &Programme) -> Result<Balance, Error<T>> {
        let Some(left) = Self::pot_left_of(event, programme) else { return Ok(event.budget) };
        ensure!(left > 0, Error::<T>::PotSpent);
        Ok(event.budget.min(left))
    }

    /// Whether the pot reaches for a contract, whose price is agreed and must not be cut.
    pub(crate) fn ensure_pot_covers(event: &market::Event, programme: &Programme) -> Result<(), Error<T>> {
        let covers = Self::pot_left_of(event, programme).is_none_or(|left| event.budget <= left);
        ensure!(covers, Error::<T>::PotTooSmall);
        Ok(())
    }

    /// Counts an event's budget against its pot.
    pub(crate) fn take_from_pot(event: &market::Event, programme: &Programme) {
        if programme.pot > 0 {
            // At most the pot, as checked before.
            PotSpent::<T>::mutate(event.programme, event.version, |spent| *spent = spent.saturating_add(event.budget));
        }
    }

    /// Gives the pot back what the event did not cost, when it ends.
    pub(crate) fn return_to_pot(id: EventId, event: &market::Event) {
        if matches!(event.phase, Phase::Settled | Phase::Cancelled) {
            // Without a pot nothing was counted.
            PotSpent::<T>::mutate_exists(event.programme, event.version, |spent| {
                let rest = event.budget.saturating_sub(T::Escrow::paid(id));
                *spent = spent.map(|spent| spent.saturating_sub(rest));
            });
        }
    }
}
