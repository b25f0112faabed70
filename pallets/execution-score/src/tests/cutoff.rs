//! Which anchor closes an event.

use crate::{mock::*, Awaiting, CutoffHashes, Cutoffs, Error, Event, Pallet, Recording};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AnchorNumber, Millis};
use loadstone_market::{traits::Market, Phase, Waiting};

#[test]
fn a_dispatched_event_waits_for_its_end_and_grace() {
    run(|| {
        // GIVEN a cleared event
        let event = open(3);
        // WHEN it is dispatched
        assert_ok!(Events::set_phase(event, Phase::Dispatched));
        // THEN it waits until its window's end plus grace, and other phases add nothing
        assert_eq!(Awaiting::<Test>::get().into_inner(), [Waiting { due: DUE, event }]);
    });
}

#[test]
fn the_first_anchor_after_the_grace_is_the_cutoff() {
    run(|| {
        // GIVEN a dispatched event
        let event = dispatch(3);
        // WHEN anchors come just before and just at the moment, and later
        accept_anchor(Millis(DUE.0 - 1));
        assert_eq!(Cutoffs::<Test>::get(event), None);
        accept_anchor(DUE);
        accept_anchor(Millis(DUE.0 + 1));
        // THEN the second one is the cut-off, with its hash
        assert_eq!(Cutoffs::<Test>::get(event), Some(AnchorNumber(2)));
        assert_eq!(CutoffHashes::<Test>::get(event), Some(anchor_hash(2)));
        assert_eq!(Recording::<Test>::get().into_inner(), [event]);
        System::assert_has_event(Event::CutoffSet { event, anchor: AnchorNumber(2) }.into());
    });
}

#[test]
fn no_more_events_are_dispatched_than_can_be_followed() {
    run(|| {
        // GIVEN as many active events as allowed, in two of the lists
        cut(3);
        for _ in 1..MAX_ACTIVE {
            dispatch(3);
        }
        // WHEN one more is dispatched
        let event = open(3);
        // THEN it is refused
        assert_eq!(Pallet::<Test>::active(), MAX_ACTIVE as usize);
        let result = Events::set_phase(event, Phase::Dispatched);
        assert_eq!(result, Err(Error::<Test>::TooManyActiveEvents.into()));
    });
}

#[test]
fn an_event_that_the_market_does_not_know_is_refused() {
    run(|| {
        use loadstone_market::traits::OnPhase;
        // GIVEN no event of this number WHEN it is said to be dispatched THEN it is refused
        assert_noop!(
            Pallet::<Test>::on_phase(loadstone_core::EventId(9), Phase::Dispatched, Millis(0)),
            Error::<Test>::UnknownEvent
        );
    });
}

#[test]
fn the_weight_of_a_cutoff_is_accounted_for() {
    run(|| {
        // GIVEN a dispatched event
        dispatch(3);
        let before = System::block_weight().total();
        // WHEN an anchor cuts it off
        accept_anchor(DUE);
        // THEN the block is heavier by what that costs
        let expected = <<Test as crate::Config>::WeightInfo as crate::WeightInfo>::on_anchor(1);
        assert_eq!(System::block_weight().total(), before.saturating_add(expected));
    });
}
