//! Who may dispute what and when, and who gets the bond.

use super::{free, held, spec};
use crate::{mock::*, Disputes, Error, Event, HoldReason, Statements};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AccountId, EventId, Millis, ResourceId, YUAN};
use loadstone_market::{referee::Ruling, Dispute, DisputeReason, Pricing};
use sp_runtime::DispatchResult;

const FIRST: ResourceId = ResourceId(0);

fn reason() -> DisputeReason {
    DisputeReason::truncate_from(b"the meter was replaced".to_vec())
}

fn object(who: AccountId, event: EventId, resource: ResourceId, place: u32) -> DispatchResult {
    Settlement::dispute(RuntimeOrigin::signed(who), event, resource, place, reason())
}

#[test]
fn an_owner_objects_within_the_window() {
    run(|| {
        // GIVEN a scored event
        let event = scored(&[spec(bidder(0), 1_000, 500_000, 50)], YUAN, YUAN);
        // WHEN the resource's owner objects
        assert_ok!(object(bidder(0), event, FIRST, 0));
        // THEN it is recorded and announced, its bond is held, and it is heard until an hour after the window
        let dispute = Dispute { by: bidder(0), at: Millis(START), bond: BOND, ruling: None, reason: reason() };
        assert_eq!(Disputes::<Test>::get(event, FIRST), Some(dispute));
        assert_eq!(held(HoldReason::Dispute, &bidder(0)), BOND);
        assert_eq!(court::heard(), [(event, FIRST, 0, Millis(START + DISPUTE_MS + HEARING_MS))]);
        System::assert_last_event(Event::Disputed { event, resource: FIRST, by: bidder(0), reason: reason() }.into());
        // AND no other objection to it is taken, be it the opener's
        assert_noop!(object(bidder(0), event, FIRST, 0), Error::<Test>::AlreadyDisputed);
        assert_noop!(object(OPENER, event, FIRST, 0), Error::<Test>::AlreadyDisputed);
    });
}

#[test]
fn nobody_objects_for_others_or_out_of_time() {
    run(|| {
        // GIVEN an event that is not scored yet, and one that is
        let early = measured(&[spec(bidder(0), 1_000, 500_000, 50)], YUAN, YUAN, Pricing::Uniform);
        let event = scored(&[spec(bidder(1), 1_000, 500_000, 50), spec(PAUPER, 1_000, 500_000, 50)], YUAN, YUAN);
        // THEN objections by others, to other resources, places and out of time are refused
        assert_noop!(object(bidder(0), early, FIRST, 0), Error::<Test>::NotDisputable);
        assert_noop!(object(bidder(0), event, ResourceId(1), 0), Error::<Test>::NotParty);
        assert_noop!(object(bidder(0), event, ResourceId(9), 0), Error::<Test>::NotParty);
        assert_noop!(object(OPENER, event, ResourceId(9), 0), Error::<Test>::NoRecord);
        assert_noop!(object(bidder(0), event, FIRST, 0), Error::<Test>::NoRecord);
        assert_noop!(object(bidder(1), event, ResourceId(1), 1), Error::<Test>::NotAtPlace);
        // AND so is one without the bond
        assert!(object(PAUPER, event, ResourceId(2), 1).is_err());
        end_windows();
        assert_noop!(object(bidder(1), event, ResourceId(1), 0), Error::<Test>::NotDisputable);
    });
}

#[test]
fn an_upheld_dispute_is_paid_by_the_right_record() {
    run(|| {
        // GIVEN a delivery in full that was recorded as a half, and one beside it
        let specs = [spec(bidder(0), 1_000, 500_000, 50), spec(bidder(1), 1_000, 500_000, 100)];
        let event = scored(&specs, 10 * YUAN, 5 * YUAN);
        assert_ok!(object(bidder(0), event, FIRST, 0));
        court::will_rule(event, FIRST, Ruling::Convicted, 100);
        // WHEN the window ends
        end_windows();
        blocks(3);
        // THEN the other is paid its 0.8 kWh, and the disputed one nothing yet: at most 10 times its quota over
        // 110 % by half, it is set aside at 5.55 times 0.8 kWh
        let of = |id| Statements::<Test>::get(event, ResourceId(id)).expect("drawn up");
        assert_eq!((of(1).claim, of(1).paid), (400_000, 400_000));
        assert_eq!((of(0).claim, of(0).paid, of(0).penalty), (2_220_000, 0, 0));
        assert_eq!(held(HoldReason::Bond, &bidder(1)), 5 * YUAN);
        blocks(5);
        assert_eq!((of(0).paid, held(HoldReason::Dispute, &bidder(0))), (0, BOND));
        // WHEN the hearings are over
        settle_all();
        // THEN it is paid in full, the bond is back, and nothing is held
        assert_eq!((of(0).claim, of(0).paid, of(0).penalty), (400_000, 400_000, 0));
        assert_eq!(free(&bidder(0)), 1_000 * YUAN + 400_000);
        assert_eq!(free(&bidder(1)), 1_000 * YUAN + 400_000);
        assert_eq!(held(HoldReason::Budget, &OPENER), 0);
        let dispute = Disputes::<Test>::get(event, FIRST).expect("it stays");
        assert_eq!((dispute.bond, dispute.ruling), (0, Some(Ruling::Convicted)));
    });
}

#[test]
fn the_bond_of_a_dismissed_dispute_falls_to_the_other_party() {
    run(|| {
        let opener_before = free(&OPENER);
        // GIVEN two full deliveries, of which an owner disputes one and the opener the other
        let specs = [spec(bidder(0), 1_000, 500_000, 100), spec(bidder(1), 1_000, 500_000, 100)];
        let event = scored(&specs, 10 * YUAN, 5 * YUAN);
        assert_ok!(object(bidder(0), event, FIRST, 0));
        assert_ok!(object(OPENER, event, ResourceId(1), 1));
        court::will_rule(event, FIRST, Ruling::Confirmed, 0);
        // WHEN nothing was wrong
        settle_all();
        // THEN both are paid as recorded, and the bonds went the other way
        assert_eq!(free(&bidder(0)), 1_000 * YUAN + 400_000 - BOND);
        assert_eq!(free(&bidder(1)), 1_000 * YUAN + 400_000 + BOND);
        assert_eq!(free(&OPENER), opener_before - 800_000);
        let judged = |resource, ruling, bond_to| Event::DisputeJudged { event, resource, ruling, bond_to };
        System::assert_has_event(judged(FIRST, Ruling::Confirmed, OPENER).into());
        System::assert_has_event(judged(ResourceId(1), Ruling::Unproven, bidder(1)).into());
    });
}

#[test]
fn an_opener_shows_that_too_much_was_recorded() {
    run(|| {
        let opener_before = free(&OPENER);
        // GIVEN a delivery of nothing that was recorded in full, with a short pot
        let specs = [spec(bidder(0), 1_000, 500_000, 100), spec(bidder(1), 1_000, 500_000, 100)];
        let event = scored(&specs, 600_000, 5 * YUAN);
        assert_ok!(object(OPENER, event, FIRST, 0));
        court::will_rule(event, FIRST, Ruling::Corrected, 0);
        // WHEN it is settled
        end_windows();
        blocks(3);
        // THEN at first the other gets its share behind the most that the disputed claim could be
        let of = |id| Statements::<Test>::get(event, ResourceId(id)).expect("drawn up");
        assert_eq!(of(1).paid, 600_000 * 400_000 / 2_620_000);
        settle_all();
        // AND at last its whole claim, while the disputed one pays a penalty
        assert_eq!((of(1).claim, of(1).paid), (400_000, 400_000));
        assert_eq!((of(0).claim, of(0).paid, of(0).penalty), (0, 0, 396_000));
        assert_eq!(free(&OPENER), opener_before - 400_000 + 396_000);
    });
}
