//! Clearing, and what becomes of bids that were not revealed.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{Direction, Hash, Price, Watts};
use loadstone_market::Phase;

#[test]
fn awards_follow_from_the_clearing() {
    run(|| {
        // GIVEN a need of 1,000 W, 600 W at 0.1 and two offers of 500 W and 300 W at 0.2 CNY/kWh
        let (a, b, c) = (load(&NORTH, AREA, 600), load(&NORTH, AREA, 500), load(&SOUTH, AREA, 300));
        let norths = sheet(vec![bid(a, &[(100_000, 600)]), bid(b, &[(200_000, 500)])]);
        let souths = sheet(vec![bid(c, &[(200_000, 300)])]);
        assert_ok!(open(&[400, 1_000]));
        assert_ok!(commit(NORTH, &norths));
        assert_ok!(commit(SOUTH, &souths));
        at(GATE);
        assert_ok!(reveal(NORTH, &norths));
        assert_ok!(reveal(SOUTH, &souths));
        assert_eq!(Bids::award_of(EVENT, a), None);
        blocks();
        // WHEN any grid company clears after the reveal time
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(CITY), EVENT));
        // THEN the margin lies at 0.2 and its offers share the residual of 400 W
        let clearing = Clearings::<Test>::get(EVENT).expect("cleared");
        assert_eq!((clearing.marginal_price, clearing.residual), (Price(200_000), Watts(400)));
        assert_eq!((clearing.awarded, clearing.offered), (Watts(1_000), Watts(1_400)));
        let award = |resource| Bids::award_of(EVENT, resource);
        assert_eq!((award(a), award(b), award(c)), (Some(Watts(600)), Some(Watts(250)), Some(Watts(150))));
        assert_eq!(phase(), Some(Phase::Cleared));
        assert_eq!(Phases::get(), [(EVENT, Phase::Cleared)]);
        // AND bonds of revealed bids stay held
        blocks();
        assert!(Bonds::contains_key((EVENT, NORTH)) && Bonds::contains_key((EVENT, SOUTH)));
    });
}

#[test]
fn an_event_is_cleared_in_its_time_and_once() {
    run(|| {
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::UnknownEvent);
        assert_ok!(open(&[1_000]));
        at(GATE);
        blocks();
        // GIVEN callers without the role, the reveal time still running, or the window over
        assert_noop!(Bids::clear(signed(NORTH), EVENT), Error::<Test>::RoleNotHeld);
        at(GATE + 4_999);
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::RevealOpen);
        at(START + 10_000);
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::WindowOver);
        // WHEN it is cleared in time, even without an offer THEN not again
        at(START);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::WrongPhase);
    });
}

#[test]
fn what_is_not_revealed_forfeits_in_bounded_steps() {
    run(|| {
        // GIVEN a bidder with two batches that stays silent, and one that reveals
        let ids: Vec<_> = (0..96).map(|_| load(&NORTH, AREA, 100)).collect();
        let (first, second) = ids.split_at(48);
        let silent = sheet(first.iter().map(|id| bid(*id, &[(100_000, 100)])).collect());
        let heard = sheet(vec![bid(load(&SOUTH, AREA, 500), &[(100_000, 500)])]);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit(NORTH, &silent));
        assert_ok!(Bids::commit(signed(NORTH), EVENT, 1, Hash::zero(), resources(second)));
        assert_ok!(commit(SOUTH, &heard));
        at(GATE);
        assert_ok!(reveal(SOUTH, &heard));
        blocks();
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // WHEN one block passes
        block_by(NORTH);
        // THEN only part of the reservations has fallen, and part of the bond is still held
        let reserved = || ids.iter().filter(|id| Reserved::<Test>::contains_key(**id, Direction::Down)).count();
        assert!((1..96).contains(&reserved()));
        assert!(Bonds::contains_key((EVENT, NORTH)));
        // WHEN more blocks pass
        blocks();
        // THEN all have fallen, the bond is the opener's, and the other bidder keeps what it has
        assert_eq!(reserved(), 0);
        assert!(Forfeits::contains_key((EVENT, NORTH)) && !Forfeits::contains_key((EVENT, SOUTH)));
        assert!(Suspended::contains_key((heard[0].resource, Direction::Down)));
        assert!(!Suspended::contains_key((ids[0], Direction::Down)));
        assert!(Sweeps::<Test>::get().is_empty());
        assert!(matches!(last_event(), Event::BondForfeited { event: EVENT, bidder: NORTH, .. }));
        // AND revealing is over
        assert_noop!(reveal(NORTH, &silent), Error::<Test>::WrongPhase);
    });
}

#[test]
fn a_bond_that_can_not_move_holds_up_nobody() {
    run(|| {
        // GIVEN two silent bidders, of whom one has no bond that escrow knows
        for who in [NORTH, SOUTH] {
            let silent = sheet(vec![bid(load(&who, AREA, 500), &[(100_000, 500)])]);
            if phase().is_none() {
                assert_ok!(open(&[1_000]));
            }
            assert_ok!(commit(who, &silent));
        }
        Bonds::remove((EVENT, NORTH));
        at(GATE + 5_000);
        blocks();
        // WHEN the event is cleared and swept
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        blocks();
        // THEN the failure is said, and the other bond has moved
        let stuck = |event: &Event<Test>| matches!(event, Event::BondStuck { bidder: NORTH, .. });
        let ours = System::events().into_iter().filter_map(|record| match record.event {
            RuntimeEvent::Bids(event) => Some(event),
            _ => None,
        });
        assert_eq!(ours.filter(stuck).count(), 1);
        assert!(Forfeits::contains_key((EVENT, SOUTH)));
    });
}
