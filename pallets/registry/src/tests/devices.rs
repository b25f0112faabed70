//! Lives and keys of devices.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{traits::Directory, Device, DeviceId, Incarnation};

const DEVICE: DeviceId = DeviceId(0);

fn device() -> Device {
    <Registry as Directory>::device(DEVICE).expect("registered")
}

#[test]
fn the_owner_rotates_a_key_within_a_life() {
    run(|| {
        // GIVEN a device
        assert_ok!(register(NORTH, [1; 32]));
        // WHEN its owner rotates the key
        assert_ok!(Registry::rotate_device_key(RuntimeOrigin::signed(NORTH), DEVICE, [2; 32]));
        // THEN the key changed and the life did not
        assert_eq!((device().key, device().incarnation), ([2; 32], Incarnation(0)));
        assert_eq!(last_event(), Event::DeviceKeyRotated { device: DEVICE, key: [2; 32] });
        // AND the old key is never accepted again
        let back = Registry::rotate_device_key(RuntimeOrigin::signed(NORTH), DEVICE, [1; 32]);
        assert_noop!(back, Error::<Test>::DeviceKeyUsed);
    });
}

#[test]
fn owner_or_regulator_revokes() {
    run(|| {
        assert_ok!(register(NORTH, [1; 32]));
        assert_ok!(register(NORTH, [2; 32]));
        // WHEN the owner revokes one device and the regulator another
        assert_ok!(Registry::revoke_device(RuntimeOrigin::signed(NORTH), DEVICE));
        assert_ok!(Registry::revoke_device(RuntimeOrigin::signed(REGULATOR), DeviceId(1)));
        assert_eq!(last_event(), Event::DeviceRevoked { device: DeviceId(1), by: REGULATOR });
        // THEN both are revoked, once
        assert!(device().revoked);
        let again = Registry::revoke_device(RuntimeOrigin::signed(NORTH), DEVICE);
        assert_noop!(again, Error::<Test>::DeviceIsRevoked);
        // AND a revoked device's key is not rotated
        let rotation = Registry::rotate_device_key(RuntimeOrigin::signed(NORTH), DEVICE, [3; 32]);
        assert_noop!(rotation, Error::<Test>::DeviceIsRevoked);
    });
}

#[test]
fn the_owner_renews_a_device() {
    run(|| {
        // GIVEN a revoked device
        assert_ok!(register(NORTH, [1; 32]));
        assert_ok!(Registry::revoke_device(RuntimeOrigin::signed(NORTH), DEVICE));
        // WHEN its owner renews it
        assert_ok!(Registry::renew_device(RuntimeOrigin::signed(NORTH), DEVICE, [2; 32]));
        // THEN it lives again, under the next incarnation and another key
        assert_eq!((device().key, device().incarnation, device().revoked), ([2; 32], Incarnation(1), false));
        let renewed = Event::DeviceRenewed { device: DEVICE, incarnation: Incarnation(1), key: [2; 32] };
        assert_eq!(last_event(), renewed);
    });
}

#[test]
fn a_device_runs_out_of_lives() {
    run(|| {
        // GIVEN a device in its last life
        assert_ok!(register(NORTH, [1; 32]));
        Devices::<Test>::mutate(DEVICE, |device| {
            device.as_mut().expect("registered").incarnation = Incarnation(u16::MAX);
        });
        // THEN it is not renewed
        let renewal = Registry::renew_device(RuntimeOrigin::signed(NORTH), DEVICE, [2; 32]);
        assert_noop!(renewal, Error::<Test>::IncarnationsExhausted);
    });
}

#[test]
fn nobody_else_touches_a_device() {
    run(|| {
        assert_ok!(register(NORTH, [1; 32]));
        let south = || RuntimeOrigin::signed(SOUTH);
        // GIVEN a rival aggregator THEN it is no owner
        assert_noop!(Registry::rotate_device_key(south(), DEVICE, [2; 32]), Error::<Test>::NotOwner);
        assert_noop!(Registry::renew_device(south(), DEVICE, [2; 32]), Error::<Test>::NotOwner);
        assert_noop!(Registry::revoke_device(south(), DEVICE), Error::<Test>::NotOwner);
        // GIVEN another role, or no device THEN the refusal says which
        let grid = RuntimeOrigin::signed(GRID);
        assert_noop!(Registry::revoke_device(grid, DEVICE), Error::<Test>::RoleNotHeld);
        assert_noop!(Registry::revoke_device(south(), DeviceId(9)), Error::<Test>::UnknownDevice);
        let regulator = RuntimeOrigin::signed(REGULATOR);
        assert_noop!(Registry::renew_device(regulator, DEVICE, [2; 32]), Error::<Test>::RoleNotHeld);
    });
}
