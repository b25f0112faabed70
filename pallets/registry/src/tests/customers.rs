//! With whom a resource's owner shares its pay.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{traits::Directory, AccountId, ChangedTwice, Millis, ResourceId};
use sp_runtime::DispatchResult;

const LOAD: ResourceId = ResourceId(0);

fn name(by: AccountId, customer: Option<AccountId>) -> DispatchResult {
    Registry::set_customer(RuntimeOrigin::signed(by), LOAD, customer)
}

fn at(opened: u64) -> Result<Option<AccountId>, ChangedTwice> {
    <Registry as Directory>::customer_at(LOAD, Millis(opened))
}

#[test]
fn a_change_counts_for_events_opened_later() {
    run(|| {
        // GIVEN a resource of which nobody shares the pay
        assert_ok!(register(NORTH, [1; 32]));
        assert_eq!(at(1), Ok(None));
        // WHEN its owner names a customer
        Now::put(100);
        assert_ok!(name(NORTH, Some(HOUSE)));
        assert_eq!(last_event(), Event::CustomerNamed { resource: LOAD, customer: Some(HOUSE) });
        // THEN events opened by then do without it, and later ones do not
        assert_eq!((at(100), at(101)), (Ok(None), Ok(Some(HOUSE))));
        // WHEN another takes its place THEN the former is kept for events of its time
        Now::put(200);
        assert_ok!(name(NORTH, Some(MILL)));
        assert_eq!((at(100), at(200), at(201)), (Err(ChangedTwice), Ok(Some(HOUSE)), Ok(Some(MILL))));
        assert_eq!(Registry::customer_of(LOAD).former, Some(HOUSE));
        // WHEN nobody shares any more THEN that holds for later events
        Now::put(300);
        assert_ok!(name(NORTH, None));
        assert_eq!((at(300), at(301)), (Ok(Some(MILL)), Ok(None)));
    });
}

#[test]
fn only_the_owner_names_a_customer_and_only_a_registered_one() {
    run(|| {
        assert_noop!(name(NORTH, Some(HOUSE)), Error::<Test>::UnknownResource);
        assert_ok!(register(NORTH, [1; 32]));
        // GIVEN others, and an account that could not fetch a payment THEN each refusal says why
        assert_noop!(name(SOUTH, Some(HOUSE)), Error::<Test>::NotOwner);
        assert_noop!(name(HOUSE, Some(HOUSE)), Error::<Test>::RoleNotHeld);
        assert_noop!(name(NORTH, Some(STRANGER)), Error::<Test>::NotRegistered);
        // AND a change that changes nothing would only push the former customer out
        assert_noop!(name(NORTH, None), Error::<Test>::SameCustomer);
        assert_ok!(name(NORTH, Some(HOUSE)));
        assert_noop!(name(NORTH, Some(HOUSE)), Error::<Test>::SameCustomer);
    });
}

#[test]
fn a_customer_stays_registered_while_a_resource_names_it() {
    run(|| {
        let remove = |who| Registry::remove_participant(RuntimeOrigin::root(), who);
        // GIVEN a customer of two resources
        assert_ok!(register(NORTH, [1; 32]));
        assert_ok!(register(SOUTH, [2; 32]));
        assert_ok!(name(NORTH, Some(HOUSE)));
        assert_ok!(Registry::set_customer(RuntimeOrigin::signed(SOUTH), ResourceId(1), Some(HOUSE)));
        // WHEN one of them names another THEN it still stays
        assert_ok!(name(NORTH, Some(MILL)));
        assert_noop!(remove(HOUSE), Error::<Test>::IsCustomer);
        // WHEN none names it THEN it may go
        assert_ok!(Registry::set_customer(RuntimeOrigin::signed(SOUTH), ResourceId(1), None));
        assert_ok!(remove(HOUSE));
        assert_noop!(remove(MILL), Error::<Test>::IsCustomer);
    });
}
