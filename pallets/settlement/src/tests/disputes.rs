//! Objections within the window.

use super::spec;
use crate::{mock::*, Disputes, Error, Event};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{Millis, ResourceId, YUAN};
use loadstone_market::{Dispute, DisputeReason, Pricing};

const FIRST: ResourceId = ResourceId(0);

fn reason() -> DisputeReason {
    DisputeReason::truncate_from(b"the meter was replaced".to_vec())
}

#[test]
fn an_owner_objects_within_the_window() {
    run(|| {
        // GIVEN a scored event
        let event = scored(&[spec(bidder(0), 1_000, 500_000, 50)], YUAN, YUAN);
        // WHEN the resource's owner objects
        assert_ok!(Settlement::dispute(RuntimeOrigin::signed(bidder(0)), event, FIRST, reason()));
        // THEN it is recorded and announced, once
        let dispute = Dispute { by: bidder(0), at: Millis(START), reason: reason() };
        assert_eq!(Disputes::<Test>::get(event, FIRST), Some(dispute));
        System::assert_last_event(Event::Disputed { event, resource: FIRST, by: bidder(0), reason: reason() }.into());
        assert_noop!(
            Settlement::dispute(RuntimeOrigin::signed(bidder(0)), event, FIRST, reason()),
            Error::<Test>::AlreadyDisputed
        );
    });
}

#[test]
fn nobody_objects_for_others_or_out_of_time() {
    run(|| {
        let object = |who, event, resource| Settlement::dispute(RuntimeOrigin::signed(who), event, resource, reason());
        // GIVEN an event that is not scored yet, and one that is
        let early = measured(&[spec(bidder(0), 1_000, 500_000, 50)], YUAN, YUAN, Pricing::Uniform);
        let event = scored(&[spec(bidder(1), 1_000, 500_000, 50)], YUAN, YUAN);
        // THEN objections by others, to other resources and out of time are refused
        assert_noop!(object(bidder(0), early, FIRST), Error::<Test>::NotDisputable);
        assert_noop!(object(bidder(0), event, ResourceId(1)), Error::<Test>::NotOwner);
        assert_noop!(object(bidder(0), event, ResourceId(9)), Error::<Test>::NotOwner);
        assert_noop!(object(bidder(0), event, FIRST), Error::<Test>::NoRecord);
        end_windows();
        assert_noop!(object(bidder(1), event, ResourceId(1)), Error::<Test>::NotDisputable);
    });
}
