//! What the chain would refuse is left out before anything is sealed.

use super::*;
use crate::{compare::tests as sample, parse::resource_bid};
use loadstone_core::{AreaId, BasisPoints, Watts};
use loadstone_market::{Event, Phase, Programme};

fn event() -> Event {
    Event { phase: Phase::Open, ..sample::event() }
}

fn known() -> Known {
    Known { resource: Some(sample::resource(0).resource), credit: None, reserved: Vec::new() }
}

fn credit(credit: u32, barred_until: u64) -> Option<Credit> {
    Some(Credit { credit: BasisPoints(credit), events: 3, barred_until: Millis(barred_until), ..Credit::default() })
}

/// The choice from one resource's offer of 100 W.
fn choice(known: Known) -> Choice {
    let (event, programme) = (event(), Programme { credit_min: BasisPoints(3_000), ..sample::programme() });
    let terms = Terms { id: EventId(2), event: &event, programme: &programme, now: Millis(0) };
    let bid = resource_bid("0=0.02:100").expect("well formed");
    choose(&terms, &AccountId::new([9; 32]), vec![bid], &[known])
}

/// Why it is left out.
fn left_out(known: Known) -> String {
    let choice = choice(known);
    assert!(choice.bids.is_empty());
    choice.left_out.join("; ")
}

#[test]
fn a_fit_resource_is_chosen() {
    // GIVEN a resource of the area, free and of good standing THEN it is chosen
    assert_eq!(choice(known()).bids.len(), 1);
    assert_eq!(choice(Known { credit: credit(3_000, 12_000), ..known() }).bids.len(), 1);
    // AND one that is reserved right before and after
    let event = event();
    let before = Reserved { event: EventId(1), start: Millis(0), end: event.start };
    let after = Reserved { event: EventId(1), start: event.end(), end: event.end().after(1) };
    assert_eq!(choice(Known { reserved: vec![before, after], ..known() }).bids.len(), 1);
}

#[test]
fn an_unfit_resource_is_left_out_with_the_reason() {
    // GIVEN one thing that the chain refuses THEN it is named
    let overlap = Reserved { event: EventId(1), start: Millis(0), end: event().start.after(1) };
    assert!(left_out(Known { reserved: vec![overlap], ..known() }).contains("bid in event 1"));
    assert!(left_out(Known { credit: credit(2_999, 0), ..known() }).contains("credit of 29.99 %"));
    assert!(left_out(Known { credit: credit(9_000, 12_001), ..known() }).contains("barred"));
    assert!(left_out(Known { resource: None, ..known() }).contains("UnknownResource"));
    let weak = Resource { capacity_down: Watts(99), ..sample::resource(0).resource };
    assert!(left_out(Known { resource: Some(weak), ..known() }).contains("BidAboveCapacity"));
    let foreign = Resource { owner: AccountId::new([3; 32]), ..sample::resource(0).resource };
    assert!(left_out(Known { resource: Some(foreign), ..known() }).contains("NotOwner"));
}

#[test]
fn resources_of_other_areas_are_passed_over() {
    // GIVEN a resource of another area THEN nothing is chosen and nothing told
    let elsewhere = Resource { area: AreaId(2), ..sample::resource(0).resource };
    let choice = choice(Known { resource: Some(elsewhere), ..known() });
    assert!(choice.bids.is_empty() && choice.left_out.is_empty());
}
