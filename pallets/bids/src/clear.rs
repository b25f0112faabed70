//! Clearing: one walk over price buckets at the window's peak need.

use crate::pallet::*;
use frame_support::ensure;
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
        let buckets = (0..count).map(|bucket| (bucket_price(&programme, bucket), Buckets::<T>::get(id, bucket)));
        let clearing = clearing::clear(buckets, event.peak_need());
        Self::deposit_event(Event::EventCleared {
            event: id,
            marginal_price: clearing.marginal_price,
            awarded: clearing.awarded,
            offered: clearing.offered,
        });
        Clearings::<T>::insert(id, clearing);
        Self::enter(id, Phase::Cleared)?;
        Ok(count)
    }
}

/// Buckets from floor to cap; a sound programme has at most `MAX_PRICE_BUCKETS`.
pub(crate) fn bucket_count(programme: &Programme) -> u32 {
    let span = programme.price_cap.0.saturating_sub(programme.price_floor.0);
    let last = span.checked_div(programme.price_tick.0).and_then(|last| u32::try_from(last).ok());
    last.unwrap_or_default().saturating_add(1).min(loadstone_market::MAX_PRICE_BUCKETS)
}

/// Price of a bucket; saturation is out of reach within floor and cap.
pub(crate) fn bucket_price(programme: &Programme, bucket: u32) -> Price {
    Price(programme.price_floor.0.saturating_add(programme.price_tick.0.saturating_mul(u64::from(bucket))))
}
