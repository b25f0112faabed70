//! Orders: issuing, superseding, releasing, and the notice in the header.

use crate::{pallet::*, types::*};
use codec::Encode;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use loadstone_core::{
    traits::{AnchorLog, Directory},
    AreaId, ChangeNotice, Direction, EventId, Millis, OrganisationId, CHANGE_ENGINE_ID,
};
use loadstone_market::{
    selection::select,
    traits::{Market, Reserve},
    Order, OrderRule, Phase, Pricing, Selection,
};
use sp_runtime::{DigestItem, DispatchError};

impl<T: Config> Pallet<T> {
    /// The order of an area and direction, if it binds now or will.
    pub(crate) fn live_order(area: AreaId, direction: Direction) -> Option<Order> {
        let order = Orders::<T>::get(area, direction)?;
        (Self::now() < order.end && order.rule != OrderRule::Release).then_some(order)
    }

    /// Whether an order is in force at `now`, or will be.
    pub fn has_live_orders(now: Millis) -> bool {
        Orders::<T>::iter_values().any(|order| now < order.end && order.rule != OrderRule::Release)
    }

    /// Passes unless an event's order is in force, other than `same` event's own.
    fn ensure_no_event_order(area: AreaId, direction: Direction, same: Option<EventId>) -> DispatchResult {
        let rule = Self::live_order(area, direction).map(|order| order.rule);
        let stands = matches!(rule, Some(OrderRule::Event(event)) if Some(event) != same);
        ensure!(!stands, Error::<T>::EventOrderInForce);
        Ok(())
    }

    pub(crate) fn do_dispatch_event(dispatcher: OrganisationId, id: EventId) -> DispatchResult {
        let event = T::Market::event(id).ok_or(Error::<T>::UnknownEvent)?;
        let opener = T::Directory::participant(&event.opener).map(|opener| opener.organisation);
        ensure!(opener == Some(dispatcher), Error::<T>::NotOpenersOrganisation);
        ensure!(matches!(event.phase, Phase::Cleared | Phase::Dispatched), Error::<T>::EventNotCleared);
        let is_contract = T::Market::programme_of(&event).is_some_and(|rules| rules.pricing == Pricing::Bilateral);
        ensure!(!is_contract, Error::<T>::ContractTakesNoOrder);
        ensure!(Self::now() < event.end(), Error::<T>::WindowOver);
        let (area, direction) = (event.area, event.direction);
        Self::ensure_no_event_order(area, direction, Some(id))?;

        let (start, end) = (event.start, event.end());
        let sequence = Self::issue(area, direction, OrderRule::Event(id), start, end, Reason::new())?;
        if event.phase == Phase::Cleared {
            T::Market::set_phase(id, Phase::Dispatched)?;
        }
        Self::deposit_event(Event::EventDispatched { event: id, area, direction, sequence });
        Ok(())
    }

    /// Calls the reserve of an event from the next settlement interval on: nobody can have held what it was not asked yet.
    /// The event's order is issued anew, so that nodes look again.
    pub(crate) fn do_call_reserve(dispatcher: OrganisationId, id: EventId) -> DispatchResult {
        let event = T::Market::event(id).ok_or(Error::<T>::UnknownEvent)?;
        ensure!(event.phase == Phase::Dispatched, Error::<T>::EventNotDispatched);
        let next = event.interval_at(Self::now()).map_or(0, |interval| interval.saturating_add(1));
        ensure!(Self::now() < event.end() && next < event.needs.len(), Error::<T>::WindowOver);
        // An event has at most 96 intervals.
        let from = u8::try_from(next).map_err(|_| Error::<T>::WindowOver)?;
        T::Market::call_reserve(id, from)?;
        Self::do_dispatch_event(dispatcher, id)
    }

    pub(crate) fn do_dispatch_emergency(area: AreaId, direction: Direction, wanted: Emergency) -> DispatchResult {
        let Emergency { target, limits, start, end, reason } = wanted;
        ensure!(target.0 > 0, Error::<T>::NoTarget);
        Self::ensure_timely(start, end)?;
        Self::ensure_no_event_order(area, direction, None)?;

        let epoch = Self::epoch();
        let selection = select(Self::buckets(area, direction, epoch), target, &limits);
        let Selection { cutoff_rank, numerator, denominator, .. } = selection;
        ensure!(numerator > 0, Error::<T>::NothingAvailable);
        let changed = LastChanges::<T>::get(area, direction).up_to(epoch);
        let rule = OrderRule::Emergency { epoch, changed, target, limits, cutoff_rank, numerator, denominator };
        let sequence = Self::issue(area, direction, rule, start, end, reason)?;
        Selections::<T>::insert(area, direction, selection);
        let issued = Event::EmergencyDispatched { area, direction, sequence, target, limits, selection, start, end };
        Self::deposit_event(issued);
        Ok(())
    }

    fn ensure_timely(start: Millis, end: Millis) -> DispatchResult {
        let now = Self::now();
        ensure!(start < end, Error::<T>::EndNotAfterStart);
        ensure!(end.since(start) <= T::MaxOrderMs::get(), Error::<T>::OrderTooLong);
        ensure!(now < end, Error::<T>::OrderExpired);
        ensure!(now.since(start) <= T::StartLenienceMs::get(), Error::<T>::StartInPast);
        Ok(())
    }

    pub(crate) fn do_release(area: AreaId, direction: Direction, reason: Reason) -> DispatchResult {
        let order = Self::live_order(area, direction).ok_or(Error::<T>::NoOrderInForce)?;
        Self::ensure_no_event_order(area, direction, None)?;
        let sequence = Self::issue(area, direction, OrderRule::Release, Self::now(), order.end, reason)?;
        Self::deposit_event(Event::OrderReleased { area, direction, sequence });
        Ok(())
    }

    /// Puts an order in the place of the one before, whose selection goes, and a notice in the header.
    fn issue(
        area: AreaId,
        direction: Direction,
        rule: OrderRule,
        start: Millis,
        end: Millis,
        reason: Reason,
    ) -> Result<u64, DispatchError> {
        let before = Orders::<T>::get(area, direction).map_or(0, |order| order.sequence);
        let sequence = before.checked_add(1).ok_or(Error::<T>::SequencesExhausted)?;
        let (issued_at, reference_anchor) = (Self::now(), T::Anchors::latest_anchor());
        let order = Order { area, direction, sequence, rule, start, end, issued_at, reference_anchor, reason };
        Orders::<T>::insert(area, direction, order);
        Selections::<T>::remove(area, direction);
        let notice = ChangeNotice::Order(area, direction).encode();
        frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(CHANGE_ENGINE_ID, notice));
        Ok(sequence)
    }
}
