//! Calling an event off.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::Direction;
use loadstone_market::{traits::Market, Phase};

#[test]
fn a_cancelled_event_gives_everything_back() {
    run(|| {
        // GIVEN an open event with a bid
        let id = load(&NORTH, AREA, 500);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &sheet(vec![bid(id, &[(100_000, 500)])])));
        // WHEN its opener cancels
        assert_ok!(Bids::cancel(signed(GRID), EVENT));
        // THEN the budget is back at once, and the bond and the resource soon after
        assert_eq!((phase(), Budgets::get(EVENT)), (Some(Phase::Cancelled), None));
        blocks();
        assert_eq!(last_event(), Event::BondReleased { event: EVENT, bidder: NORTH, batch: 0 });
        assert!(!Bonds::contains_key((EVENT, NORTH)) && !Forfeits::contains_key((EVENT, NORTH)));
        assert!(!Reserved::<Test>::contains_key(id, Direction::Down));
        assert!(!Suspended::contains_key((id, Direction::Down)));
        assert_eq!(LiveEvents::<Test>::get(), 0);
    });
}

#[test]
fn after_clearing_only_revealed_bonds_go_back() {
    run(|| {
        // GIVEN a cleared event in which one bidder revealed and one did not
        let heard = sheet(vec![bid(load(&SOUTH, AREA, 500), &[(100_000, 500)])]);
        let silent = sheet(vec![bid(load(&NORTH, AREA, 500), &[(100_000, 500)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &silent));
        assert_ok!(commit(SOUTH, &heard));
        at(GATE + 5_000);
        assert_ok!(reveal(SOUTH, &heard));
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // WHEN it is cancelled before the first sweep has begun
        assert_ok!(Bids::cancel(signed(GRID), EVENT));
        blocks();
        // THEN the silent bond was forfeited all the same, and the other given back
        assert!(Forfeits::contains_key((EVENT, NORTH)) && !Bonds::contains_key((EVENT, NORTH)));
        assert!(!Forfeits::contains_key((EVENT, SOUTH)) && !Bonds::contains_key((EVENT, SOUTH)));
        assert_eq!(Reserved::<Test>::iter().count(), 0);
    });
}

#[test]
fn only_the_opener_cancels_and_only_before_dispatch() {
    run(|| {
        assert_noop!(Bids::cancel(signed(GRID), EVENT), Error::<Test>::UnknownEvent);
        assert_ok!(open(&[1_000]));
        // GIVEN another grid company THEN it may not
        assert_noop!(Bids::cancel(signed(CITY), EVENT), Error::<Test>::NotOpener);
        // GIVEN a dispatched event THEN nobody may
        at(GATE + 5_000);
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        assert_ok!(Bids::set_phase(EVENT, Phase::Dispatched));
        assert_noop!(Bids::cancel(signed(GRID), EVENT), Error::<Test>::WrongPhase);
    });
}
