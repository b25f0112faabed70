//! What other pallets read of events, and how an event moves from phase to phase.

use crate::{pallet::*, types::*};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{Get, Time},
};
use loadstone_core::{quorum, AccountId, Balance, EventId, Millis, ResourceId};
use loadstone_market::{
    self as market,
    traits::{Market, OnPhase, Reserve},
    Clearing, Phase, Programme,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Chain time.
    pub(crate) fn now() -> Millis {
        Millis(T::Time::now())
    }

    /// The event, if it is open for bids.
    pub(crate) fn open_event_of(id: EventId) -> Result<market::Event, Error<T>> {
        let event = Events::<T>::get(id).ok_or(Error::<T>::UnknownEvent)?;
        ensure!(event.phase == Phase::Open, Error::<T>::WrongPhase);
        ensure!(!Contracts::<T>::contains_key(id), Error::<T>::IsBilateral);
        Ok(event)
    }

    /// Moves an event forward, queues the sweep that follows, and tells the listeners.
    pub(crate) fn enter(id: EventId, phase: Phase) -> DispatchResult {
        let mut event = Events::<T>::get(id).ok_or(Error::<T>::UnknownEvent)?;
        ensure!(may_follow(event.phase, phase), Error::<T>::WrongPhase);
        if event.phase == Phase::Open {
            Self::close_gate(id);
        }
        event.phase = phase;
        Self::return_to_pot(id, &event);
        Events::<T>::insert(id, event);
        match phase {
            Phase::Cleared => Self::queue_sweep(id, SweepReason::Cleared)?,
            Phase::Cancelled => Self::queue_sweep(id, SweepReason::Cancelled)?,
            Phase::Settled => Self::queue_sweep(id, SweepReason::Settled)?,
            Phase::Open | Phase::Dispatched | Phase::Recorded | Phase::Scored => {}
        }
        Self::deposit_event(Event::PhaseEntered { event: id, phase });
        T::OnPhase::on_phase(id, phase, Self::now())
    }

    /// Authors whose blocks a clearing waits for.
    pub(crate) fn authors_needed() -> u32 {
        // Without a validator there is no block; one keeps the quorum's formula in its range.
        quorum(T::ValidatorCount::get().max(1))
    }

    pub(crate) fn summary(id: EventId) -> Option<EventSummary> {
        let event = Events::<T>::get(id)?;
        let CommittedTotals { bidders, resources } = Committed::<T>::get(id);
        Some(EventSummary {
            event,
            clearing: Clearings::<T>::get(id),
            bidders,
            committed: resources,
            revealed: EventResourceCount::<T>::get(id),
            authors: GateAuthors::<T>::get(id).len() as u32,
            authors_needed: Self::authors_needed(),
        })
    }
}

/// Only forward; out of the open phase only by clearing or cancelling, and cancelled only before
/// dispatch.
fn may_follow(current: Phase, next: Phase) -> bool {
    match next {
        Phase::Cancelled => current <= Phase::Cleared,
        Phase::Cleared => current == Phase::Open,
        _ => current >= Phase::Cleared && current < next,
    }
}

impl<T: Config> Market for Pallet<T> {
    type Error = DispatchError;

    fn event(id: EventId) -> Option<market::Event> {
        Events::<T>::get(id)
    }

    fn programme_of(event: &market::Event) -> Option<Programme> {
        Programmes::<T>::get(event.programme, event.version)
    }

    fn clearing(event: EventId) -> Option<Clearing> {
        Clearings::<T>::get(event)
    }

    fn segments(event: EventId, resource: ResourceId) -> market::Segments {
        Segments::<T>::get(event, resource)
    }

    fn resource_count(event: EventId) -> u32 {
        EventResourceCount::<T>::get(event)
    }

    fn resource_at(event: EventId, index: u32) -> Option<ResourceId> {
        EventResources::<T>::get(event, index)
    }

    fn customer(event: EventId, resource: ResourceId) -> Option<AccountId> {
        EventCustomers::<T>::get(event, resource)
    }

    fn bond(event: EventId, bidder: &AccountId) -> Balance {
        Bidders::<T>::get(event, bidder).revealed_bond
    }

    fn set_phase(event: EventId, phase: Phase) -> DispatchResult {
        // Clearing is more than a change of phase: it must leave a result.
        ensure!(phase != Phase::Cleared || Clearings::<T>::contains_key(event), Error::<T>::WrongPhase);
        Self::enter(event, phase)
    }
}

impl<T: Config> Reserve for Pallet<T> {
    type Error = DispatchError;

    fn call_reserve(event: EventId, from: u8) -> DispatchResult {
        Self::do_call_reserve(event, from)
    }
}
