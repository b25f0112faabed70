//! Declaring standing availability.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AvailabilityEpoch, Direction, Price, ResourceId, Watts};
use loadstone_market::Supply;

#[test]
fn a_declaration_counts_from_the_next_epoch_on() {
    run(|| {
        // WHEN an owner declares
        let id = norths(1_000);
        assert_ok!(declare(id, 800, 200_000));
        // THEN nothing is on offer yet
        let from = AvailabilityEpoch(EPOCH + 1);
        let declared = Event::AvailabilityDeclared {
            resource: id,
            direction: DOWN,
            watts: Watts(800),
            price: Price(200_000),
            response_ms: 500,
            from: Some(from),
        };
        assert_eq!(last_event(), declared);
        assert_eq!(offered(), Watts(0));
        // WHEN the epoch passes THEN it is
        next_epoch();
        assert_eq!((Dispatch::current_epoch(), offered()), (from, Watts(800)));
        assert_eq!(Dispatch::available(AREA, Direction::Up), Supply::default());
        assert_eq!(Dispatch::availability_of(id, DOWN)[0].from, from);
    });
}

#[test]
fn a_change_replaces_what_was_declared_before() {
    run(|| {
        // GIVEN a declaration in force
        let (id, other) = (norths(1_000), norths(1_000));
        assert_ok!(declare(id, 800, 200_000));
        assert_ok!(declare(other, 100, 200_000));
        next_epoch();
        // WHEN it is changed twice in one epoch
        assert_ok!(declare(id, 500, 900_000));
        assert_ok!(declare(id, 300, 100_000));
        // THEN what is in force stays until the epoch ends, and only the last change follows
        assert_eq!(offered(), Watts(900));
        next_epoch();
        assert_eq!(offered(), Watts(400));
        // WHEN all is withdrawn THEN nothing is left on offer
        assert_ok!(declare(id, 0, 0));
        assert_ok!(declare(other, 0, 0));
        next_epoch();
        assert_eq!(offered(), Watts(0));
    });
}

#[test]
fn a_declaration_must_be_the_owners_and_within_bounds() {
    run(|| {
        let id = norths(1_000);
        let declare = |who, watts, price, response_ms| {
            Dispatch::declare_availability(signed(who), id, DOWN, Watts(watts), Price(price), response_ms)
        };
        // GIVEN the wrong caller THEN the refusal says why
        assert_noop!(declare(SOUTH, 1, 1, 1), Error::<Test>::NotOwner);
        assert_noop!(declare(GRID, 1, 1, 1), Error::<Test>::RoleNotHeld);
        assert_noop!(declare(STRANGER, 1, 1, 1), Error::<Test>::NotRegistered);
        // GIVEN numbers out of range
        assert_noop!(declare(NORTH, 1_001, 1, 1), Error::<Test>::WattsOutOfRange);
        assert_noop!(declare(NORTH, -1, 1, 1), Error::<Test>::WattsOutOfRange);
        assert_noop!(declare(NORTH, 1, 1_000_000_001, 1), Error::<Test>::PriceOutOfRange);
        assert_noop!(declare(NORTH, 1, 1, 3_600_001), Error::<Test>::ResponseTooSlow);
        // GIVEN no such resource
        let unknown = Dispatch::declare_availability(signed(NORTH), ResourceId(9), DOWN, Watts(1), Price(1), 1);
        assert_noop!(unknown, Error::<Test>::UnknownResource);
    });
}
