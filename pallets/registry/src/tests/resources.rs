//! Registration of load.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{traits::Directory, DeviceId, Incarnation, ResourceId, Watts};

#[test]
fn an_aggregator_registers_a_resource_with_its_device() {
    run(|| {
        // WHEN two aggregators register one load each
        assert_ok!(register(NORTH, [1; 32]));
        assert_ok!(register(SOUTH, [2; 32]));
        // THEN both stand under rising numbers, each with its device
        assert_eq!(last_event(), Event::ResourceRegistered { resource: ResourceId(1), owner: SOUTH, area: AREA });
        let (resource, device) = Registry::resource_of(ResourceId(1)).expect("registered");
        assert_eq!((resource.owner, resource.area, resource.device), (SOUTH, AREA, DeviceId(1)));
        assert_eq!((device.key, device.incarnation, device.revoked), ([2; 32], Incarnation(0), false));
        assert_eq!(<Registry as Directory>::resource(ResourceId(0)).map(|resource| resource.owner), Some(NORTH));
        assert_eq!(ResourceCount::<Test>::get(NORTH), 1);
    });
}

#[test]
fn only_aggregators_register_load() {
    run(|| {
        assert_noop!(register(GRID, [1; 32]), Error::<Test>::RoleNotHeld);
        assert_noop!(register(STRANGER, [1; 32]), Error::<Test>::NotRegistered);
    });
}

#[test]
fn implausible_load_is_refused() {
    run(|| {
        let register = |down, up, min, max| {
            let origin = RuntimeOrigin::signed(NORTH);
            Registry::register_resource(origin, AREA, [1; 32], Watts(down), Watts(up), Watts(min), Watts(max))
        };
        // GIVEN capacities that are negative, absent or beyond the load's range
        // THEN each is refused
        assert_noop!(register(-1, 5, 0, 10), Error::<Test>::CapacityOutOfRange);
        assert_noop!(register(5, -1, 0, 10), Error::<Test>::CapacityOutOfRange);
        assert_noop!(register(0, 0, 0, 10), Error::<Test>::CapacityOutOfRange);
        assert_noop!(register(11, 0, 0, 10), Error::<Test>::CapacityOutOfRange);
        assert_noop!(register(0, 11, 0, 10), Error::<Test>::CapacityOutOfRange);
        // GIVEN a range that is reversed or wider than numbers go
        assert_noop!(register(1, 1, 10, 9), Error::<Test>::LoadRangeReversed);
        assert_noop!(register(1, 1, i64::MIN, i64::MAX), Error::<Test>::LoadRangeReversed);
        // WHEN the range may feed back into the grid THEN the whole span counts
        assert_ok!(register(15, 15, -5, 10));
    });
}

#[test]
fn a_device_key_serves_once() {
    run(|| {
        // GIVEN a registered device
        assert_ok!(register(NORTH, [1; 32]));
        // THEN no other resource takes its key
        assert_noop!(register(SOUTH, [1; 32]), Error::<Test>::DeviceKeyUsed);
    });
}
