//! What entries and buckets keep while epochs pass and orders live.

use crate::{mock::*, BucketTotals};
use frame_support::assert_ok;
use loadstone_core::{AvailabilityEpoch, Watts};
use loadstone_market::{setpoint::emergency_quota, Availability, OrderRule, Supply};

fn quota(availability: &Availability, rule: &OrderRule) -> Watts {
    emergency_quota(availability, rule)
}

#[test]
fn a_live_order_keeps_the_value_of_its_epoch() {
    run(|| {
        // GIVEN an order over a resource that offers 800 W
        let id = norths(1_000);
        assert_ok!(declare(id, 800, 200_000));
        next_epoch();
        assert_ok!(emergency(800));
        // WHEN its owner changes the offer in each of many epochs
        for watts in 1..20 {
            assert_ok!(declare(id, watts, 200_000 * watts as u64));
            assert_ok!(Dispatch::do_try_state());
            next_epoch();
            // THEN the order still finds what was in force when it was issued
            let entries = Dispatch::availability_of(id, DOWN);
            assert_eq!(quota(&entries, &order().rule), Watts(800));
            assert!(entries.len() <= 3);
            // AND what counts now is the last change
            assert_eq!(offered(), Watts(watts));
        }
    });
}

#[test]
fn what_no_order_needs_is_forgotten() {
    run(|| {
        // GIVEN an order that has ended, and changes since
        let id = norths(1_000);
        assert_ok!(declare(id, 800, 200_000));
        next_epoch();
        assert_ok!(emergency(800));
        at(BEGIN + 100_000);
        assert_eq!(Dispatch::current_order(AREA, DOWN), None);
        // WHEN the offer changes THEN only what is in force and what follows is kept
        assert_ok!(declare(id, 300, 200_000));
        next_epoch();
        assert_ok!(declare(id, 400, 200_000));
        let kept: Vec<_> = Dispatch::availability_of(id, DOWN).iter().map(|entry| entry.watts.0).collect();
        assert_eq!(kept, [300, 400]);
    });
}

#[test]
fn bucket_totals_roll_over_by_themselves() {
    // GIVEN a bucket changed in epoch 5
    let supply = |watts| Supply { offered: Watts(watts), expected: Watts(watts / 2) };
    let none = Supply::default();
    let mut bucket = BucketTotals::default();
    bucket.replace(AvailabilityEpoch(5), none, supply(10));
    // THEN epoch 5 sees nothing of it and epoch 6 does
    assert_eq!((bucket.at(AvailabilityEpoch(5)), bucket.at(AvailabilityEpoch(6))), (none, supply(10)));
    // WHEN it is changed again in the same epoch, and much later
    bucket.replace(AvailabilityEpoch(5), supply(10), supply(6));
    assert_eq!((bucket.at(AvailabilityEpoch(5)), bucket.at(AvailabilityEpoch(6))), (none, supply(6)));
    bucket.replace(AvailabilityEpoch(90), none, supply(8));
    // THEN what was in force rolls over
    assert_eq!((bucket.at(AvailabilityEpoch(90)), bucket.at(AvailabilityEpoch(91))), (supply(6), supply(14)));
    // AND it never falls below zero
    bucket.replace(AvailabilityEpoch(90), supply(99), none);
    assert_eq!(bucket.at(AvailabilityEpoch(91)), none);
}
