//! From dispatch to cut-off: which anchor is the last whose units count.

use crate::{
    Awaiting, Config, CutoffHashes, Cutoffs, Error, Event, Pallet, Recording, Scoring, ScoringJob, WeightInfo,
    MAX_CHUNKS,
};
use frame_support::{dispatch::DispatchClass, ensure, traits::Get};
use loadstone_core::{
    traits::{AnchorLog, OnAnchor},
    AnchorNumber, EventId, Hash, Millis,
};
use loadstone_market::{
    traits::{Market, OnPhase},
    Phase, Waiting, RECORD_CHUNK,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Number of record chunks of an event.
    pub(crate) fn chunk_count(event: EventId) -> u32 {
        T::Market::resource_count(event).div_ceil(RECORD_CHUNK)
    }

    /// Events between dispatch and score. Each is in one of three lists, and each list holds as many as
    /// all three may together, so that moving from one to the next never fails.
    pub(crate) fn active() -> usize {
        Awaiting::<T>::decode_len().unwrap_or(0)
            + Recording::<T>::decode_len().unwrap_or(0)
            + Scoring::<T>::decode_len().unwrap_or(0)
    }

    /// Takes a dispatched event in.
    fn await_cutoff(event: EventId) -> Result<(), DispatchError> {
        ensure!(Self::active() < T::MaxActive::get() as usize, Error::<T>::TooManyActiveEvents);
        ensure!(Self::chunk_count(event) <= MAX_CHUNKS, Error::<T>::TooManyResources);
        let details = T::Market::event(event).ok_or(Error::<T>::UnknownEvent)?;
        let programme = T::Market::programme_of(&details).ok_or(Error::<T>::UnknownEvent)?;
        let due = details.end().after(programme.grace_ms.into());
        Awaiting::<T>::try_append(Waiting { due, event }).map_err(|()| Error::<T>::TooManyActiveEvents)?;
        Ok(())
    }

    fn cut_off(event: EventId, anchor: AnchorNumber, hash: Hash) {
        Cutoffs::<T>::insert(event, anchor);
        CutoffHashes::<T>::insert(event, hash);
        // There is room in both lists, see `active`.
        let placed = if Self::chunk_count(event) == 0 {
            Scoring::<T>::try_append(ScoringJob { event, next: 0 })
        } else {
            Recording::<T>::try_append(event)
        };
        debug_assert!(placed.is_ok());
        Self::deposit_event(Event::CutoffSet { event, anchor });
    }
}

impl<T: Config> OnPhase<DispatchError> for Pallet<T> {
    fn on_phase(event: EventId, phase: Phase, _now: Millis) -> Result<(), DispatchError> {
        match phase {
            Phase::Dispatched => Self::await_cutoff(event),
            _ => Ok(()),
        }
    }
}

impl<T: Config> OnAnchor for Pallet<T> {
    /// Cuts off every event that is due. The weight is registered here, since anchors come in calls of
    /// another pallet.
    fn on_anchor(number: AnchorNumber, now: Millis) {
        let awaiting = Awaiting::<T>::get();
        let due = awaiting.iter().filter(|waiting| waiting.due <= now).count() as u32;
        frame_system::Pallet::<T>::register_extra_weight_unchecked(
            T::WeightInfo::on_anchor(due),
            DispatchClass::Operational,
        );
        let Some(hash) = T::AnchorLog::anchor_hash(number) else { return };
        if due == 0 {
            return;
        }
        Awaiting::<T>::mutate(|awaiting| awaiting.retain(|waiting| waiting.due > now));
        for waiting in awaiting.iter().filter(|waiting| waiting.due <= now) {
            Self::cut_off(waiting.event, number, hash);
        }
    }
}
