//! Resources that an event has reserved.

use crate::{mock::*, pallet::*};
use frame_support::assert_ok;
use loadstone_core::{traits::StandingAvailability, AvailabilityEpoch, Watts};
use loadstone_market::setpoint::emergency_quota;

#[test]
fn a_suspended_resource_counts_zero_from_the_next_epoch_on() {
    run(|| {
        // GIVEN two resources on offer
        let (reserved, free) = (norths(1_000), norths(1_000));
        assert_ok!(declare(reserved, 800, 100_000));
        assert_ok!(declare(free, 300, 100_000));
        next_epoch();
        // WHEN the market reserves one
        Dispatch::suspend(reserved, DOWN);
        let from = AvailabilityEpoch(EPOCH + 2);
        assert_eq!(last_event(), Event::AvailabilitySuspended { resource: reserved, direction: DOWN, from });
        // THEN it still counts in this epoch and not in the next
        assert_eq!(offered(), Watts(1_100));
        next_epoch();
        assert_eq!(offered(), Watts(300));
        // AND an order of that epoch asks nothing of it
        assert_ok!(emergency(1_000));
        let quota = |id| emergency_quota(&Dispatch::availability_of(id, DOWN), &order().rule);
        assert_eq!((quota(reserved), quota(free)), (Watts(0), Watts(300)));
    });
}

#[test]
fn a_resumed_resource_offers_what_was_declared_last() {
    run(|| {
        // GIVEN a suspended resource whose owner declares meanwhile
        let id = norths(1_000);
        assert_ok!(declare(id, 800, 100_000));
        Dispatch::suspend(id, DOWN);
        assert_ok!(declare(id, 600, 100_000));
        assert!(matches!(last_event(), Event::AvailabilityDeclared { from: None, .. }));
        next_epoch();
        assert_eq!(offered(), Watts(0));
        // WHEN the reservation falls THEN the newest declaration counts from the next epoch on
        Dispatch::resume(id, DOWN);
        next_epoch();
        assert_eq!(offered(), Watts(600));
    });
}

#[test]
fn suspending_twice_or_what_was_never_declared_does_no_harm() {
    run(|| {
        // GIVEN a resource that never declared
        let id = norths(1_000);
        // WHEN it is suspended twice and resumed twice
        Dispatch::suspend(id, DOWN);
        Dispatch::suspend(id, DOWN);
        assert!(Declared::<Test>::get(id, DOWN).suspended);
        Dispatch::resume(id, DOWN);
        Dispatch::resume(id, DOWN);
        // THEN nothing is left in state
        assert_eq!((Declared::<Test>::iter().count(), Availabilities::<Test>::iter().count()), (0, 0));
        assert_eq!(RankPages::<Test>::iter().count(), 0);
    });
}
