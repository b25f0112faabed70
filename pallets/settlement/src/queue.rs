//! Scored events wait here for the end of their dispute window, and disputed ones again for the end of their hearings.

use crate::{Config, Error, Event, Heard, NextDue, Pallet, Pass, Progress, Queue, Settling, Stage};
use frame_support::{ensure, traits::Get};
use loadstone_core::{BoundedVec, EventId, Millis};
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
        // A disputed event comes back to wait for its hearings: there is room for it as long as it is settled.
        let waiting_events = Queue::<T>::decode_len().unwrap_or(0)
            + Heard::<T>::decode_len().unwrap_or(0)
            + usize::from(Settling::<T>::exists());
        ensure!(waiting_events < T::MaxWaiting::get() as usize, Error::<T>::QueueFull);
        Queue::<T>::try_mutate(|queue| insert(queue, waiting)).map_err(|()| Error::<T>::QueueFull)?;
        Self::note_next();
        Self::deposit_event(Event::SettlementQueued { event, due: waiting.due });
        Ok(())
    }

    /// Whether an event is being settled, or one whose dispute window or hearings ended by `now` waits for it.
    pub fn has_work(now: Millis) -> bool {
        Settling::<T>::exists() || NextDue::<T>::get().is_some_and(|due| due <= now)
    }

    fn note_next() {
        let (queue, heard) = (Queue::<T>::get(), Heard::<T>::get());
        NextDue::<T>::set(queue.first().into_iter().chain(heard.first()).map(|first| first.due).min());
    }

    /// Has an event wait until its hearings are over.
    pub(crate) fn adjourn(event: EventId, until: Millis) {
        let placed = Heard::<T>::try_mutate(|heard| insert(heard, Waiting { due: until, event }));
        debug_assert!(placed.is_ok(), "enqueue keeps room");
        Self::note_next();
        Self::deposit_event(Event::SettlementAdjourned { event, until });
    }

    /// Takes the next event whose hearings, or whose dispute window, ended by `now`.
    pub(crate) fn dequeue(now: Millis) -> Option<Progress> {
        if NextDue::<T>::get()? > now {
            return None;
        }
        let progress = match Heard::<T>::mutate(|heard| take_due(heard, now)) {
            Some(waiting) => Some(Progress { event: waiting.event, stage: Stage::Judging { after: None } }),
            None => Queue::<T>::mutate(|queue| take_due(queue, now)).map(|waiting| {
                let Waiting { due, event } = waiting;
                let pass = match Self::has_disputes(event) {
                    true => Pass::First(Self::hearings_end(event, due)),
                    false => Pass::Sole,
                };
                Progress { event, stage: Stage::Statements { next: 0, pass } }
            }),
        };
        Self::note_next();
        progress
    }

    /// When the event's dispute window ends; `None` before it is scored and once it is being settled.
    pub(crate) fn window_end(event: EventId) -> Option<Millis> {
        Queue::<T>::get().iter().find(|waiting| waiting.event == event).map(|waiting| waiting.due)
    }
}

fn insert<S: Get<u32>>(list: &mut BoundedVec<Waiting, S>, waiting: Waiting) -> Result<(), ()> {
    let place = list.partition_point(|other| other <= &waiting);
    list.try_insert(place, waiting).map_err(drop)
}

fn take_due<S: Get<u32>>(list: &mut BoundedVec<Waiting, S>, now: Millis) -> Option<Waiting> {
    let is_due = list.first().is_some_and(|first| first.due <= now);
    is_due.then(|| list.remove(0))
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
