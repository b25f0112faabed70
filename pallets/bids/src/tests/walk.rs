//! What other pallets read of an event from its opening to its clearing.

use crate::{mock::*, Pallet};
use frame_support::assert_ok;
use loadstone_core::{EventId, Watts};
use loadstone_market::{traits::Market, Phase};

#[test]
fn the_market_shows_each_step() {
    run(|| {
        type M = Pallet<Test>;
        // GIVEN no event THEN there is nothing to read
        assert_eq!((M::event(EVENT), M::clearing(EVENT), M::resource_count(EVENT)), (None, None, 0));
        // WHEN one is opened, bid in, and cleared
        let id = load(&NORTH, AREA, 500);
        let bids = sheet(vec![bid(id, &[(100_000, 500)])]);
        assert_ok!(open(&[300]));
        let event = M::event(EVENT).expect("open");
        assert_eq!(M::programme_of(&event), Some(programme()));
        assert_ok!(commit(NORTH, &bids));
        at(GATE + 5_000);
        assert_ok!(reveal(NORTH, &bids));
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // THEN resources, segments and clearing are there for whoever computes awards
        assert_eq!((M::resource_count(EVENT), M::resource_at(EVENT, 0), M::resource_at(EVENT, 1)), (1, Some(id), None));
        assert_eq!(M::segments(EVENT, id)[0].watts, Watts(500));
        assert_eq!(M::clearing(EVENT).map(|clearing| clearing.awarded), Some(Watts(300)));
        assert_eq!(M::event(EVENT).map(|event| event.phase), Some(Phase::Cleared));
        assert!(M::segments(EventId(9), id).is_empty());
    });
}
