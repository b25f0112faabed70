//! Expected delivery: reliability of entries, and what limits leave out.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{
    traits::StandingAvailability, AvailabilityEpoch, BasisPoints, Direction, Price, ResourceId, Watts,
};
use loadstone_market::{
    rank::UNSCORED_RELIABILITY,
    selection::{call, Reason},
    setpoint::emergency_quota,
    LeftOut, Limits, Supply,
};

/// A load of 1,000 W that offers them at `price` and delivers `reliability` of what is asked.
fn offering(price: u64, reliability: u32) -> ResourceId {
    let id = norths(1_000);
    Reliabilities::insert(id, BasisPoints(reliability));
    assert_ok!(declare(id, 1_000, price));
    id
}

fn reliability(id: ResourceId) -> BasisPoints {
    Dispatch::availability_of(id, DOWN).last().expect("it offers").reliability
}

fn quota(id: ResourceId) -> i64 {
    emergency_quota(&Dispatch::availability_of(id, DOWN), &order().rule).0
}

fn supply(offered: i64, expected: i64) -> Supply {
    Supply { offered: Watts(offered), expected: Watts(expected) }
}

#[test]
fn a_cheap_offer_that_half_delivers_falls_behind_a_dearer_one_that_delivers() {
    run(|| {
        // GIVEN 0.8 CNY/kWh of which half is expected, and 1.2 CNY/kWh of which all is
        let (cheap, sure) = (offering(800_000, 5_000), offering(1_200_000, 10_000));
        next_epoch();
        assert_eq!(Dispatch::available(AREA, DOWN), supply(2_000, 1_500));
        // WHEN 900 W are wanted THEN the sure one is called alone
        assert_ok!(emergency(900));
        assert_eq!((quota(cheap), quota(sure)), (0, 900));
        // WHEN 1,300 W are wanted THEN 600 W of the other are expected to give the rest
        assert_ok!(emergency(1_300));
        assert_eq!((quota(cheap), quota(sure)), (600, 1_000));
        let selection = Dispatch::selection_of(AREA, DOWN).expect("an emergency order");
        assert_eq!((selection.called, selection.spared), (supply(1_600, 1_300), supply(400, 200)));
    });
}

#[test]
fn a_resource_without_a_scored_event_gets_what_newcomers_are_believed() {
    run(|| {
        // GIVEN a resource that was never scored WHEN it declares THEN the default stands in its entry
        let id = load(&NORTH, AREA, 1_000);
        assert_ok!(declare(id, 1_000, 1));
        assert_eq!(reliability(id), UNSCORED_RELIABILITY);
        next_epoch();
        assert_eq!(Dispatch::available(AREA, DOWN), supply(1_000, 800));
    });
}

#[test]
fn an_entry_keeps_its_reliability_until_it_is_made_anew() {
    run(|| {
        // GIVEN an offer in force, and a standing that fell since
        let id = offering(800_000, 9_000);
        next_epoch();
        Reliabilities::insert(id, BasisPoints(4_000));
        assert_eq!((reliability(id), Dispatch::available(AREA, DOWN)), (BasisPoints(9_000), supply(1_000, 900)));
        // WHEN anybody refreshes it THEN the new standing counts from the next epoch on
        assert_ok!(Dispatch::refresh_availability(signed(SOUTH), id, DOWN));
        let from = AvailabilityEpoch(EPOCH + 2);
        let refreshed =
            Event::AvailabilityRefreshed { resource: id, direction: DOWN, reliability: BasisPoints(4_000), from };
        assert_eq!((last_event(), Dispatch::available(AREA, DOWN)), (refreshed, supply(1_000, 900)));
        next_epoch();
        assert_eq!(Dispatch::available(AREA, DOWN), supply(1_000, 400));
        // AND so it does at the end of a suspension
        Dispatch::suspend(id, DOWN);
        Reliabilities::insert(id, BasisPoints(6_000));
        Dispatch::resume(id, DOWN);
        assert_eq!(reliability(id), BasisPoints(6_000));
    });
}

#[test]
fn only_what_changed_and_stands_is_refreshed_and_by_participants_alone() {
    run(|| {
        let (id, idle) = (offering(800_000, 9_000), norths(1_000));
        let refresh = |who, id| Dispatch::refresh_availability(signed(who), id, DOWN);
        // GIVEN nothing new, nothing there, and nobody registered
        assert_noop!(refresh(SOUTH, id), Error::<Test>::NothingToRefresh);
        assert_noop!(refresh(SOUTH, idle), Error::<Test>::NothingToRefresh);
        assert_noop!(refresh(SOUTH, ResourceId(99)), Error::<Test>::UnknownResource);
        assert_noop!(refresh(STRANGER, id), Error::<Test>::NotRegistered);
        assert_noop!(refresh(FROZEN, id), Error::<Test>::ParticipantIsFrozen);
        // GIVEN a suspended resource THEN it stays out
        Dispatch::suspend(id, DOWN);
        Reliabilities::insert(id, BasisPoints(1));
        assert_noop!(refresh(SOUTH, id), Error::<Test>::NothingToRefresh);
    });
}

#[test]
fn limits_leave_out_the_slow_and_the_dear_and_say_so() {
    run(|| {
        // GIVEN a fast and a slow offer at 1 CNY/kWh, and a fast one at 3
        let (fast, slow, dear) = (offering(1_000_000, 10_000), norths(1_000), offering(3_000_000, 10_000));
        let (watts, price) = (Watts(1_000), Price(1_000_000));
        assert_ok!(Dispatch::declare_availability(signed(NORTH), slow, DOWN, watts, price, 30_000));
        next_epoch();
        // WHEN 2,500 W are wanted within ten seconds for at most 2 CNY/kWh
        let limits = Limits { response_max_ms: Some(10_000), price_max: Some(Price(2_000_000)) };
        assert_ok!(emergency_within(2_500, limits));
        // THEN only the fast and cheap one is called, and the order says what it left out
        assert_eq!((quota(fast), quota(slow), quota(dear)), (1_000, 0, 0));
        let selection = Dispatch::selection_of(AREA, DOWN).expect("an emergency order");
        assert_eq!((selection.called, selection.spared), (supply(1_000, 1_000), Supply::default()));
        assert_eq!((selection.too_slow, selection.too_dear), (supply(1_000, 1_000), supply(1_000, 1_000)));
        // AND each resource finds its own reason
        let reason = |id| call(&Dispatch::availability_of(id, DOWN), &order().rule).map(|call| call.reason);
        assert_eq!(reason(slow), Some(Reason::LeftOut(LeftOut::TooSlow)));
        assert_eq!(reason(dear), Some(Reason::LeftOut(LeftOut::TooDear)));
        assert_eq!(Dispatch::available(AREA, Direction::Up), Supply::default());
        // GIVEN limits that nothing meets THEN there is nothing to call
        let limits = Limits { response_max_ms: Some(100), price_max: None };
        assert_noop!(emergency_within(1, limits), Error::<Test>::NothingAvailable);
        // WHEN the order is released THEN its selection goes
        assert_ok!(Dispatch::release(signed(GRID), AREA, DOWN, Default::default()));
        assert_eq!(Dispatch::selection_of(AREA, DOWN), None);
    });
}
