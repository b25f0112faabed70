//! Phases after clearing, which other pallets set.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{Direction, EventId};
use loadstone_market::{traits::Market, Phase};

#[test]
fn phases_only_move_forward() {
    run(|| {
        // GIVEN an open event THEN no phase but its own clearing or cancelling follows
        assert_ok!(open(&[1_000]));
        assert_noop!(Bids::set_phase(EVENT, Phase::Dispatched), Error::<Test>::WrongPhase);
        assert_noop!(Bids::set_phase(EVENT, Phase::Cleared), Error::<Test>::WrongPhase);
        assert_noop!(Bids::set_phase(EventId(9), Phase::Dispatched), Error::<Test>::UnknownEvent);
        at(GATE + 5_000);
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // WHEN it moves forward THEN never back, and never twice
        for next in [Phase::Dispatched, Phase::Recorded, Phase::Scored, Phase::Settled] {
            assert_ok!(Bids::set_phase(EVENT, next));
            assert_eq!(last_event(), Event::PhaseEntered { event: EVENT, phase: next });
            for back in [Phase::Open, Phase::Cleared, Phase::Dispatched, next, Phase::Cancelled] {
                assert_noop!(Bids::set_phase(EVENT, back), Error::<Test>::WrongPhase);
            }
        }
        assert_eq!(Phases::get().len(), 5);
    });
}

#[test]
fn settling_returns_resources_and_leaves_bonds_to_settlement() {
    run(|| {
        // GIVEN an event in which a bid was revealed, run to its scores
        let id = load(&NORTH, AREA, 500);
        let bids = sheet(vec![bid(id, &[(100_000, 500)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &bids));
        at(GATE + 5_000);
        assert_ok!(reveal(NORTH, &bids));
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        assert_ok!(Bids::set_phase(EVENT, Phase::Scored));
        blocks();
        assert!(Suspended::contains_key((id, Direction::Down)));
        // WHEN Settlement has paid
        assert_ok!(Bids::set_phase(EVENT, Phase::Settled));
        blocks();
        // THEN the resource is back, the event no longer live, and the bond untouched here
        assert!(!Suspended::contains_key((id, Direction::Down)));
        assert_eq!((Reserved::<Test>::iter().count(), LiveEvents::<Test>::get()), (0, 0));
        assert!(Bonds::contains_key((EVENT, NORTH)));
    });
}
