//! Whose blocks have been made since a gate closed: no third of the validators can censor reveals.

use crate::{pallet::*, types::*};
use frame_support::traits::Get;
use loadstone_core::{EventId, Millis};

impl<T: Config> Pallet<T> {
    /// Counts this block's author for every event whose gate has closed and still lacks authors.
    pub(crate) fn note_author() {
        let Some(author) = T::BlockAuthor::get() else { return };
        let now = Self::now();
        let needed = Self::authors_needed() as usize;
        for Gate { event, .. } in Gates::<T>::get().into_iter().filter(|gate| gate.closes <= now) {
            let mut authors = GateAuthors::<T>::get(event);
            let missing = authors.len() < needed && !authors.contains(&author);
            if missing && authors.try_insert(author.clone()).is_ok() {
                GateAuthors::<T>::insert(event, authors);
            }
        }
    }

    /// Whether authors are missing at a gate that closed by `now`, or bonds and reservations wait to be worked off.
    pub fn has_work(now: Millis) -> bool {
        let needed = Self::authors_needed() as usize;
        let lacks_authors = |gate: &Gate| gate.closes <= now && GateAuthors::<T>::get(gate.event).len() < needed;
        Sweeps::<T>::decode_len().unwrap_or_default() > 0 || Gates::<T>::get().iter().any(lacks_authors)
    }

    /// Whether an event is open or under way.
    pub fn has_live_events() -> bool {
        LiveEvents::<T>::get() > 0
    }

    /// Forgets an event's gate when it leaves the open phase.
    pub(crate) fn close_gate(event: EventId) {
        Gates::<T>::mutate(|gates| gates.retain(|gate| gate.event != event));
        GateAuthors::<T>::remove(event);
    }
}
