//! Orders for cleared events.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{EventId, Millis};
use loadstone_market::{Event as MarketEvent, OrderRule, Phase};
use sp_runtime::DispatchError;

fn phase(event: EventId) -> Option<Phase> {
    MarketEvents::get(event).map(|event| event.phase)
}

#[test]
fn an_event_order_binds_over_the_window() {
    run(|| {
        // WHEN the opener dispatches its cleared event
        assert_ok!(Dispatch::dispatch_event(signed(GRID), EVENT));
        // THEN the order spans the window, and the event is dispatched
        let order = order();
        assert_eq!((order.rule.clone(), order.sequence), (OrderRule::Event(EVENT), 1));
        assert_eq!((order.start, order.end), (Millis(BEGIN + 10_000), Millis(BEGIN + 30_000)));
        assert!(!order.is_valid_at(Millis(BEGIN)) && order.is_valid_at(Millis(BEGIN + 10_000)));
        assert_eq!(phase(EVENT), Some(Phase::Dispatched));
        let dispatched = Event::EventDispatched { event: EVENT, area: AREA, direction: DOWN, sequence: 1 };
        assert_eq!((last_event(), notices()), (dispatched, 1));
    });
}

#[test]
fn the_same_event_may_be_dispatched_again() {
    run(|| {
        // GIVEN a dispatched event WHEN another desk of the opener's dispatches it again
        assert_ok!(Dispatch::dispatch_event(signed(GRID), EVENT));
        assert_ok!(Dispatch::dispatch_event(signed(DESK), EVENT));
        // THEN a new order says the same
        assert_eq!((order().sequence, order().rule), (2, OrderRule::Event(EVENT)));
    });
}

#[test]
fn nothing_else_is_ordered_while_an_event_order_is_in_force() {
    run(|| {
        // GIVEN availability and an event order
        assert_ok!(declare(norths(1_000), 500, 1));
        next_epoch();
        assert_ok!(Dispatch::dispatch_event(signed(GRID), EVENT));
        // THEN neither emergency nor release nor another event's order passes
        assert_noop!(emergency(100), Error::<Test>::EventOrderInForce);
        let release = Dispatch::release(signed(GRID), AREA, DOWN, Default::default());
        assert_noop!(release, Error::<Test>::EventOrderInForce);
        let other = Dispatch::dispatch_event(signed(GRID), OTHER_EVENT);
        assert_noop!(other, Error::<Test>::EventOrderInForce);
        // WHEN its window is over THEN emergencies are served again
        at(BEGIN + 30_000);
        assert_ok!(emergency(100));
        assert_eq!(order().sequence, 2);
    });
}

#[test]
fn an_event_supersedes_an_emergency() {
    run(|| {
        // GIVEN an emergency order in force
        assert_ok!(declare(norths(1_000), 500, 1));
        next_epoch();
        assert_ok!(emergency(100));
        // WHEN an event is dispatched THEN its order takes the place
        assert_ok!(Dispatch::dispatch_event(signed(GRID), EVENT));
        assert_eq!((order().rule, order().sequence), (OrderRule::Event(EVENT), 2));
    });
}

#[test]
fn only_cleared_events_are_dispatched_by_their_openers_in_time() {
    run(|| {
        // GIVEN callers without the role, of another organisation, or an unknown event
        let dispatch = |who, event| Dispatch::dispatch_event(signed(who), event);
        assert_noop!(dispatch(NORTH, EVENT), Error::<Test>::RoleNotHeld);
        assert_noop!(dispatch(CITY, EVENT), Error::<Test>::NotOpenersOrganisation);
        assert_noop!(dispatch(GRID, EventId(99)), Error::<Test>::UnknownEvent);
        // GIVEN events in every other phase
        for phase in [Phase::Open, Phase::Recorded, Phase::Scored, Phase::Settled, Phase::Cancelled] {
            MarketEvents::insert(OTHER_EVENT, MarketEvent { phase, ..cleared() });
            assert_noop!(dispatch(GRID, OTHER_EVENT), Error::<Test>::EventNotCleared);
        }
        // GIVEN a listener that refuses the new phase THEN no order stands either
        let stuck = frame_support::storage::with_storage_layer(|| dispatch(GRID, STUCK_EVENT));
        assert_eq!(stuck, Err(DispatchError::Other("the queue is full")));
        assert_eq!(Dispatch::current_order(AREA, DOWN), None);
        // GIVEN the window over
        at(BEGIN + 30_000);
        assert_noop!(dispatch(GRID, EVENT), Error::<Test>::WindowOver);
    });
}

#[test]
fn the_reserve_is_called_from_the_next_interval_on() {
    run(|| {
        // GIVEN an event that is not dispatched yet THEN there is nothing to call
        let call = || Dispatch::call_reserve(signed(GRID), EVENT);
        assert_noop!(call(), Error::<Test>::EventNotDispatched);
        assert_noop!(Dispatch::call_reserve(signed(GRID), EventId(99)), Error::<Test>::UnknownEvent);
        // WHEN it is called during the first of two intervals, by the opener's organisation alone
        assert_ok!(Dispatch::dispatch_event(signed(GRID), EVENT));
        at(BEGIN + 19_999);
        assert_noop!(Dispatch::call_reserve(signed(NORTH), EVENT), Error::<Test>::RoleNotHeld);
        let other = frame_support::storage::with_storage_layer(|| Dispatch::call_reserve(signed(CITY), EVENT));
        assert_eq!(other, Err(Error::<Test>::NotOpenersOrganisation.into()));
        assert_ok!(call());
        // THEN it is asked from the second on, and a new order of the event says that there is something to look at
        assert_eq!(MarketEvents::get(EVENT).and_then(|event| event.reserve_from), Some(1));
        assert_eq!((order().rule, order().sequence), (OrderRule::Event(EVENT), 2));
        // WHEN no interval follows THEN it is too late
        at(BEGIN + 20_000);
        assert_noop!(call(), Error::<Test>::WindowOver);
    });
}
