//! Emergency orders.

use crate::{mock::*, pallet::*, Reason};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AnchorNumber, AvailabilityEpoch, BasisPoints, Millis, Price, Watts};
use loadstone_market::{rank::availability_rank, Limits, OrderRule, Selection, Supply};
use sp_runtime::DispatchResult;

fn emergency_by(who: loadstone_core::AccountId, target: i64, start: u64, end: u64) -> DispatchResult {
    let (start, end) = (Millis(start), Millis(end));
    Dispatch::dispatch_emergency(signed(who), AREA, DOWN, Watts(target), Limits::default(), start, end, Reason::new())
}

/// 600 W at 0.1, 400 W and 500 W at 2 CNY/kWh, in force.
fn three_offers() {
    for (watts, price) in [(600, 100_000), (400, 2_000_000), (500, 2_000_000)] {
        assert_ok!(declare(norths(1_000), watts, price));
    }
    next_epoch();
}

#[test]
fn the_cheapest_are_called_and_the_margin_in_part() {
    run(|| {
        // GIVEN three offers at two ranks
        three_offers();
        // WHEN 870 W are called
        assert_ok!(emergency(870));
        // THEN the cut-off lies at the dearer rank, of which 270 of 900 W are needed
        let cutoff_rank = availability_rank(Price(2_000_000), BasisPoints::ONE, 500);
        let (epoch, target, limits) = (AvailabilityEpoch(EPOCH + 1), Watts(870), Limits::default());
        let (numerator, denominator) = (270, 900);
        let rule = OrderRule::Emergency { epoch, changed: epoch, target, limits, cutoff_rank, numerator, denominator };
        let now = Millis(BEGIN + 2_000);
        let order = order();
        assert_eq!((order.rule, order.sequence, order.reference_anchor), (rule, 1, AnchorNumber(5)));
        assert_eq!((order.start, order.end, order.issued_at), (now, now.after(60_000), now));
        assert_eq!(order.reason.as_slice(), b"line 4 tripped");
        let (area, direction) = (AREA, DOWN);
        let (start, end) = (order.start, order.end);
        let called = Supply { offered: Watts(870), expected: Watts(870) };
        let spared = Supply { offered: Watts(630), expected: Watts(630) };
        let selection = Selection { cutoff_rank, numerator, denominator, called, spared, ..Selection::default() };
        assert_eq!(Dispatch::selection_of(AREA, DOWN), Some(selection));
        let issued = Event::EmergencyDispatched { area, direction, sequence: 1, target, limits, selection, start, end };
        assert_eq!(last_event(), issued);
        // AND the header says so
        assert_eq!(notices(), 1);
    });
}

#[test]
fn an_order_tells_since_when_its_entries_count() {
    run(|| {
        // GIVEN offers that count from the next epoch on, and two epochs without a change
        three_offers();
        let counting = Dispatch::epoch();
        next_epoch();
        next_epoch();
        // WHEN an order is issued THEN it names the epoch of the change, not its own
        let rule = |order: loadstone_market::Order| match order.rule {
            OrderRule::Emergency { epoch, changed, .. } => (epoch, changed),
            other => panic!("no emergency order: {other:?}"),
        };
        assert_ok!(emergency(500));
        assert_eq!(rule(order()), (AvailabilityEpoch(counting.0 + 2), counting));
        // AND a declaration counts for orders of the next epoch, not for those of this one
        assert_ok!(declare(norths(1_000), 700, 100_000));
        assert_ok!(emergency(500));
        assert_eq!(rule(order()).1, counting);
        next_epoch();
        assert_ok!(emergency(500));
        assert_eq!(rule(order()), (AvailabilityEpoch(counting.0 + 3), AvailabilityEpoch(counting.0 + 3)));
    });
}

#[test]
fn an_order_is_small_whatever_it_calls() {
    run(|| {
        // GIVEN an order with the longest reason
        three_offers();
        let reason = Reason::truncate_from(vec![b'r'; 64]);
        let limits = Limits { response_max_ms: Some(60_000), price_max: Some(Price(u64::MAX)) };
        let (start, end) = (Millis(BEGIN), Millis(BEGIN + 60_000));
        assert_ok!(Dispatch::dispatch_emergency(signed(GRID), AREA, DOWN, Watts(1), limits, start, end, reason));
        // THEN it takes less than 300 bytes
        assert!(codec::Encode::encoded_size(&order()) < 300);
        assert!(<loadstone_market::Order as codec::MaxEncodedLen>::max_encoded_len() < 300);
    });
}

#[test]
fn shortage_calls_everything_and_says_what_is_missing() {
    run(|| {
        // GIVEN 1,500 W on offer
        three_offers();
        // WHEN 2,000 W are called
        assert_ok!(emergency(2_000));
        // THEN all is called, and the event tells that it is less than the target
        assert!(matches!(order().rule, OrderRule::Emergency { numerator: 900, denominator: 900, .. }));
        let Event::EmergencyDispatched { target, selection, .. } = last_event() else { panic!("no order") };
        assert_eq!(
            (target, selection.called.expected, selection.spared),
            (Watts(2_000), Watts(1_500), Supply::default())
        );
    });
}

#[test]
fn a_later_order_supersedes_an_earlier_one() {
    run(|| {
        // GIVEN an order in force
        three_offers();
        assert_ok!(emergency(500));
        // WHEN another is issued THEN it takes its place under the next sequence
        next_epoch();
        assert_ok!(emergency(700));
        assert_eq!(order().sequence, 2);
        assert!(matches!(order().rule, OrderRule::Emergency { target: Watts(700), .. }));
        assert_eq!(notices(), 2);
    });
}

#[test]
fn untimely_orders_are_refused() {
    run(|| {
        three_offers();
        let now = Now::get();
        // GIVEN orders that are reversed, too long, over, or too late
        assert_noop!(emergency_by(GRID, 5, now + 9, now + 9), Error::<Test>::EndNotAfterStart);
        assert_noop!(emergency_by(GRID, 5, now, now + 3_600_001), Error::<Test>::OrderTooLong);
        assert_noop!(emergency_by(GRID, 5, now - 4_000, now), Error::<Test>::OrderExpired);
        assert_noop!(emergency_by(GRID, 5, now - 5_001, now + 9), Error::<Test>::StartInPast);
        // THEN a little lateness is borne, and a start in the future is fine
        assert_ok!(emergency_by(GRID, 5, now - 5_000, now + 9));
        assert_ok!(emergency_by(GRID, 5, now + 60_000, now + 70_000));
    });
}

#[test]
fn only_a_grid_company_calls_and_only_what_there_is() {
    run(|| {
        let now = Now::get();
        // GIVEN nothing on offer THEN there is nothing to call
        assert_noop!(emergency(5), Error::<Test>::NothingAvailable);
        three_offers();
        assert_noop!(emergency(0), Error::<Test>::NoTarget);
        assert_noop!(emergency(-5), Error::<Test>::NoTarget);
        // GIVEN callers without the role
        assert_noop!(emergency_by(NORTH, 5, now, now + 10_000), Error::<Test>::RoleNotHeld);
        assert_noop!(emergency_by(FROZEN, 5, now, now + 10_000), Error::<Test>::ParticipantIsFrozen);
        assert_noop!(emergency_by(STRANGER, 5, now, now + 10_000), Error::<Test>::NotRegistered);
        assert_eq!(notices(), 0);
    });
}
