//! Reservations: a resource is bid for one window and direction at a time.

use crate::{pallet::*, types::*};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{traits::StandingAvailability, Direction, EventId, ResourceId};

impl<T: Config> Pallet<T> {
    /// Reserves a resource and leaves it out of emergency orders from the next availability epoch on.
    pub(crate) fn reserve(resource: ResourceId, direction: Direction, window: Reservation) -> DispatchResult {
        Reserved::<T>::try_mutate(resource, direction, |reservations| -> DispatchResult {
            let overlaps = |other: &Reservation| other.start < window.end && window.start < other.end;
            ensure!(!reservations.iter().any(overlaps), Error::<T>::AlreadyReserved);
            reservations.try_push(window).map_err(|_| Error::<T>::TooManyReservations)?;
            Ok(())
        })?;
        T::Availability::suspend(resource, direction);
        Ok(())
    }

    /// Drops an event's reservation; with the last one the resource returns to emergency orders.
    pub(crate) fn release(resource: ResourceId, direction: Direction, event: EventId) {
        let mut reservations = Reserved::<T>::get(resource, direction);
        let before = reservations.len();
        reservations.retain(|reservation| reservation.event != event);
        if reservations.len() == before {
            return;
        }
        if reservations.is_empty() {
            Reserved::<T>::remove(resource, direction);
            T::Availability::resume(resource, direction);
        } else {
            Reserved::<T>::insert(resource, direction, reservations);
        }
    }
}
