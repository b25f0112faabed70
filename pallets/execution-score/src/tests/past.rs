//! Which events of a resource are remembered for its baselines.

use crate::{mock::*, records::remember, Pallet, Past};
use frame_support::assert_ok;
use loadstone_core::{AnchorNumber, Millis, ResourceId, HOUR_MS};
use loadstone_market::{PastEvent, PastEvents, MAX_PAST_EVENTS};

#[test]
fn days_of_events_are_remembered_of_resources_that_were_asked() {
    run(|| {
        // GIVEN an event of three resources, the last of which was asked for nothing
        let event = cut(3);
        let known = |id| Past::<Test>::get(ResourceId(id)).to_vec();
        assert_eq!(known(100), []);
        // WHEN its records come THEN the others' event is remembered, with the anchor of that moment
        assert_ok!(submit(chunk(event, 0, |_| 100)));
        let past = PastEvent { start: Millis(1_000_000), recorded: AnchorNumber(1) };
        assert_eq!((known(100), known(101), known(102)), (vec![past], vec![past], vec![]));
        // AND members get it with the next event
        let next = cut(3);
        let inputs = Pallet::<Test>::record_inputs(next, 0).expect("the chunk is due");
        assert_eq!(inputs.resources[0].past.to_vec(), vec![past]);
    });
}

#[test]
fn a_full_list_of_events_drops_those_beyond_any_look_back_only() {
    run(|| {
        // GIVEN as many events as are remembered, of which the oldest is beyond any look back
        let at = |start| PastEvent { start: Millis(start), recorded: AnchorNumber(1) };
        let day = 24 * HOUR_MS;
        let full = |oldest| {
            let newer = (1..u64::from(MAX_PAST_EVENTS)).map(|place| at(100 * day + place));
            PastEvents::truncate_from(core::iter::once(at(oldest)).chain(newer).collect())
        };
        let kept = |mut events: PastEvents| {
            remember(&mut events, at(102 * day));
            (events.contains(&at(day)), events.contains(&at(102 * day)))
        };
        // THEN it gives way
        assert_eq!(kept(full(day)), (false, true));
        // AND while none is so old, the new one is not remembered
        assert_eq!(kept(full(50 * day)), (false, false));
    });
}
