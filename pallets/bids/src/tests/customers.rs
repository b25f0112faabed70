//! With whom pay is shared in an event is settled when the event is opened.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AccountId, BasisPoints, EventId, Millis, Price, ResourceId};
use loadstone_market::{Programme, SplitRule};

const HOUSE: AccountId = AccountId::new([21; 32]);
const MILL: AccountId = AccountId::new([22; 32]);

fn sharing() -> Programme {
    let split = SplitRule { floor: Price(100_000), share: BasisPoints(2_000) };
    Programme { split, ..programme() }
}

/// The resource's owner names another customer.
fn name(id: ResourceId, customer: Option<AccountId>, at: u64) {
    Customers::mutate(id, |entry| *entry = entry.clone().change(customer, Millis(at)));
}

#[test]
fn nobody_redirects_the_pay_of_an_event_that_is_open() {
    run(|| {
        publish(sharing());
        let (shared, own) = (load(&NORTH, AREA, 500), load(&NORTH, AREA, 500));
        let bids = |id| sheet(vec![bid(id, &[(100_000, 500)])]);
        // GIVEN a customer, named before an event is opened, and another after it
        name(shared, Some(HOUSE), BEGIN - 1);
        assert_ok!(open(&[1_000]));
        name(shared, Some(MILL), BEGIN);
        // WHEN their owner bids THEN the one of then is written down, for what has one
        assert_ok!(commit(NORTH, &sheet(vec![bid(shared, &[(100_000, 500)]), bid(own, &[(100_000, 500)])])));
        assert_eq!(customer_in(EVENT, shared), Some(HOUSE));
        assert_eq!(customer_in(EVENT, own), None);
        // AND whatever is named later leaves it alone
        name(shared, None, BEGIN + 1);
        assert_eq!(customer_in(EVENT, shared), Some(HOUSE));
        // WHEN it changed twice since an event was opened THEN nobody knows, and there is no bid
        assert_ok!(Bids::withdraw(signed(NORTH), EVENT, 0));
        blocks();
        assert_eq!(customer_in(EVENT, shared), None);
        assert_noop!(commit(NORTH, &bids(shared)), Error::<Test>::CustomerChangedTwice);
        // AND an event that is opened after that follows the last
        at(BEGIN + 2);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit_to(EventId(1), NORTH, &bids(shared)));
        assert_eq!(customer_in(EventId(1), shared), None);
    });
}

#[test]
fn where_nothing_is_shared_nobody_is_asked() {
    run(|| {
        // GIVEN rules without a split, and a load whose customer changed twice since an event was opened
        let id = load(&NORTH, AREA, 500);
        assert_ok!(open(&[1_000]));
        name(id, Some(HOUSE), BEGIN);
        name(id, Some(MILL), BEGIN);
        // WHEN its owner bids THEN that is nobody's business
        assert_ok!(commit(NORTH, &sheet(vec![bid(id, &[(100_000, 500)])])));
        assert_eq!(EventCustomers::<Test>::iter().count(), 0);
    });
}
