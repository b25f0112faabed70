//! Clearing: one walk over buckets of rank at the window's peak need and for the reserve, and calling that.

use crate::pallet::*;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{EventId, Price};
use loadstone_market::{clearing, Phase, Programme};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Clears an event; tells how many buckets were walked.
    pub(crate) fn do_clear(id: EventId) -> Result<u32, DispatchError> {
        let event = Self::open_event_of(id)?;
        let programme = Programmes::<T>::get(event.programme, event.version).ok_or(Error::<T>::UnknownProgramme)?;
        let now = Self::now();
        ensure!(now >= event.gate_closure.after(programme.reveal_ms as u64), Error::<T>::RevealOpen);
        let authors = GateAuthors::<T>::get(id).len() as u32;
        ensure!(authors >= Self::authors_needed(), Error::<T>::TooFewAuthors);
        ensure!(now < event.end(), Error::<T>::WindowOver);

        let count = bucket_count(&programme);
        let buckets = (0..count).map(|bucket| (bucket_rank(&programme, bucket), Buckets::<T>::get(id, bucket)));
        let peak = event.peak_need();
        let clearing = clearing::clear(buckets, peak, programme.reserve_of(peak), programme.ranks());
        Self::deposit_event(Event::EventCleared {
            event: id,
            marginal_price: clearing.marginal_price,
            awarded: clearing.awarded,
            reserved: clearing.reserve.awarded,
            offered: clearing.offered,
        });
        Clearings::<T>::insert(id, clearing);
        Self::enter(id, Phase::Cleared)?;
        Ok(count)
    }

    /// Calls the reserve of a dispatched event, once.
    pub(crate) fn do_call_reserve(id: EventId, from: u8) -> DispatchResult {
        let mut event = Events::<T>::get(id).ok_or(Error::<T>::UnknownEvent)?;
        let clearing = Clearings::<T>::get(id).ok_or(Error::<T>::WrongPhase)?;
        ensure!(event.phase == Phase::Dispatched, Error::<T>::WrongPhase);
        ensure!(clearing.reserve.awarded.0 > 0, Error::<T>::NoReserve);
        ensure!(event.reserve_from.is_none(), Error::<T>::ReserveCalled);
        ensure!(usize::from(from) < event.needs.len(), Error::<T>::WindowOver);
        event.reserve_from = Some(from);
        Events::<T>::insert(id, event);
        Self::deposit_event(Event::ReserveCalled { event: id, from, watts: clearing.reserve.awarded });
        Ok(())
    }
}

/// Buckets from floor to the greatest rank; a sound programme has at most `MAX_PRICE_BUCKETS`.
pub(crate) fn bucket_count(programme: &Programme) -> u32 {
    let span = programme.rank_max().0.saturating_sub(programme.price_floor.0);
    let last = span.checked_div(programme.price_tick.0).and_then(|last| u32::try_from(last).ok());
    last.unwrap_or_default().saturating_add(1).min(loadstone_market::MAX_PRICE_BUCKETS)
}

/// Rank of a bucket; saturation is out of reach within its bounds.
pub(crate) fn bucket_rank(programme: &Programme, bucket: u32) -> Price {
    Price(programme.price_floor.0.saturating_add(programme.price_tick.0.saturating_mul(u64::from(bucket))))
}
