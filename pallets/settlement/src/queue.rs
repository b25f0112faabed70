//! Scored events wait here for the end of their dispute window.

use crate::{Config, Error, Event, NextDue, Pallet, Queue, Settling};
use frame_support::ensure;
use loadstone_core::{EventId, Millis};
use loadstone_market::{
    traits::{Market, OnPhase},
    Phase, Waiting,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    fn enqueue(event: EventId, now: Millis) -> Result<(), DispatchError> {
        let details = T::Market::event(event).ok_or(Error::<T>::UnknownEvent)?;
        let programme = T::Market::programme_of(&details).ok_or(Error::<T>::UnknownEvent)?;
        let waiting = Waiting { due: now.after(programme.dispute_ms.into()), event };
        Queue::<T>::try_mutate(|queue| {
            let place = queue.partition_point(|other| other <= &waiting);
            ensure!(queue.try_insert(place, waiting).is_ok(), Error::<T>::QueueFull);
            NextDue::<T>::set(queue.first().map(|first| first.due));
            Ok::<(), DispatchError>(())
        })?;
        Self::deposit_event(Event::SettlementQueued { event, due: waiting.due });
        Ok(())
    }

    /// Whether an event is being settled, or one whose dispute window ended by `now` waits for it.
    pub fn has_work(now: Millis) -> bool {
        Settling::<T>::exists() || NextDue::<T>::get().is_some_and(|due| due <= now)
    }

    /// Takes the first event off the queue whose window ended by `now`.
    pub(crate) fn dequeue(now: Millis) -> Option<EventId> {
        if NextDue::<T>::get()? > now {
            return None;
        }
        Queue::<T>::mutate(|queue| {
            let first = (!queue.is_empty()).then(|| queue.remove(0));
            NextDue::<T>::set(queue.first().map(|first| first.due));
            first.map(|first| first.event)
        })
    }

    /// Whether the event's dispute window is open.
    pub(crate) fn is_disputable(event: EventId, now: Millis) -> bool {
        Queue::<T>::get().iter().any(|waiting| waiting.event == event && now < waiting.due)
    }
}

impl<T: Config> OnPhase<DispatchError> for Pallet<T> {
    /// Cancelled events need nothing here: the market gives back what is held for them itself.
    fn on_phase(event: EventId, phase: Phase, now: Millis) -> Result<(), DispatchError> {
        match phase {
            Phase::Scored => Self::enqueue(event, now),
            _ => Ok(()),
        }
    }
}
