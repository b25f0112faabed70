//! Ending an emergency order before its time.

use crate::{mock::*, pallet::*, Reason};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::Millis;
use loadstone_market::OrderRule;

#[test]
fn a_release_supersedes_the_order() {
    run(|| {
        // GIVEN an emergency order
        assert_ok!(declare(norths(1_000), 500, 1));
        next_epoch();
        assert_ok!(emergency(100));
        let end = order().end;
        // WHEN a grid company releases it
        at(BEGIN + 5_000);
        let reason = Reason::truncate_from(b"line 4 back".to_vec());
        assert_ok!(Dispatch::release(signed(CITY), AREA, DOWN, reason));
        // THEN no order is in force, and nodes find the release under the next sequence
        assert_eq!(Dispatch::current_order(AREA, DOWN), None);
        let stored = Orders::<Test>::get(AREA, DOWN).expect("stays in state");
        assert_eq!((stored.rule.clone(), stored.sequence), (OrderRule::Release, 2));
        assert_eq!((stored.start, stored.end), (Millis(BEGIN + 5_000), end));
        assert!(!stored.is_valid_at(Millis(BEGIN + 5_000)));
        assert_eq!(last_event(), Event::OrderReleased { area: AREA, direction: DOWN, sequence: 2 });
        assert_eq!(notices(), 2);
        // AND it can't be released again
        let again = Dispatch::release(signed(GRID), AREA, DOWN, Reason::new());
        assert_noop!(again, Error::<Test>::NoOrderInForce);
        // AND the next order counts on
        assert_ok!(emergency(100));
        assert_eq!(order().sequence, 3);
    });
}

#[test]
fn only_a_grid_company_releases_and_only_what_is_in_force() {
    run(|| {
        let release = |who| Dispatch::release(signed(who), AREA, DOWN, Reason::new());
        assert_noop!(release(NORTH), Error::<Test>::RoleNotHeld);
        assert_noop!(release(GRID), Error::<Test>::NoOrderInForce);
        // GIVEN an order past its end THEN there is nothing to release
        assert_ok!(declare(norths(1_000), 500, 1));
        next_epoch();
        assert_ok!(emergency(100));
        at(BEGIN + 62_000);
        assert_noop!(release(GRID), Error::<Test>::NoOrderInForce);
    });
}
