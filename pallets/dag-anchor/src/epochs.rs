//! Epochs: when one closes, and how the next begins.
//!
//! Members keep an epoch's whole graph in memory and drop it with the epoch. So an epoch ends not only
//! for another committee's sake, but also when it has grown to what a member can hold.

use crate::{
    Committee, Config, Epoch, EpochStart, EpochUnits, Event, HandoverEnd, Latest, Members, NextCommittee, Pallet,
    PastCommittees,
};
use frame_support::traits::Get;

impl<T: Config> Pallet<T> {
    /// Has the epoch in force close and `next` sit after it. Where it closes already, only `next` counts:
    /// what members have signed towards the end stays good, since a closing anchor names no successor.
    pub(crate) fn open_closing(next: Members) {
        if !NextCommittee::<T>::exists() {
            Self::deposit_event(Event::EpochClosing { epoch: Epoch::<T>::get() });
        }
        NextCommittee::<T>::put(next);
    }

    /// Counts the units of an accepted anchor, and closes the epoch when it is full.
    pub(crate) fn count(units: u32) {
        let units = EpochUnits::<T>::mutate(|sum| {
            *sum = sum.saturating_add(units.into());
            *sum
        });
        let full = units >= T::EpochUnits::get() || Self::anchors_in_epoch() >= T::EpochAnchors::get();
        if full && !NextCommittee::<T>::exists() {
            Self::open_closing(Committee::<T>::get());
        }
    }

    fn anchors_in_epoch() -> u32 {
        let before = EpochStart::<T>::get().map_or(0, |anchor| anchor.number.0);
        Latest::<T>::get().map_or(0, |anchor| anchor.number.0.saturating_sub(before))
    }

    /// Begins the next epoch from the latest anchor, under the next committee or else the same one.
    pub(crate) fn begin_epoch() {
        let (past, before) = (Epoch::<T>::get(), Committee::<T>::get());
        let next = NextCommittee::<T>::take().unwrap_or_else(|| before.clone());
        PastCommittees::<T>::insert(past, before);
        if let Some(forgotten) = past.checked_sub(T::KeepEpochs::get()) {
            PastCommittees::<T>::remove(forgotten);
        }
        // An epoch takes an anchor or an act of Root to end: there are never as many as 32 bits count.
        let epoch = past.saturating_add(1);
        Self::deposit_event(Event::EpochBegan { epoch, members: next.len() as u32 });
        Epoch::<T>::put(epoch);
        Committee::<T>::put(next);
        EpochStart::<T>::set(Latest::<T>::get());
        EpochUnits::<T>::kill();
    }

    /// The committee of an epoch, unless it is yet to come or forgotten.
    pub(crate) fn committee_of(epoch: u32) -> Option<Members> {
        match epoch == Epoch::<T>::get() {
            true => Some(Committee::<T>::get()),
            false => PastCommittees::<T>::get(epoch),
        }
    }

    /// The committee before, while it may still certify records.
    pub(crate) fn handing_over() -> Option<Members> {
        let end = HandoverEnd::<T>::get()?;
        let before = Epoch::<T>::get().checked_sub(1)?;
        (frame_system::Pallet::<T>::block_number() <= end).then(|| PastCommittees::<T>::get(before)).flatten()
    }
}
