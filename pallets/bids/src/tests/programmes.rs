//! Publishing rules.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{Price, ProgrammeId, ProgrammeVersion};
use loadstone_market::Programme;

#[test]
fn versions_rise_and_old_ones_stay() {
    run(|| {
        // GIVEN a published programme
        assert_eq!(Bids::latest_programme(PROGRAMME), Some((ProgrammeVersion(1), programme())));
        // WHEN its publisher changes a rule
        let dearer = Programme { price_cap: Price(2_000_000), ..programme() };
        assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(dearer.clone())));
        // THEN a new version stands beside the old one
        assert_eq!(Bids::latest_programme(PROGRAMME), Some((ProgrammeVersion(2), dearer)));
        assert_eq!(Programmes::<Test>::get(PROGRAMME, ProgrammeVersion(1)), Some(programme()));
        let version = ProgrammeVersion(2);
        assert_eq!(last_event(), Event::ProgrammePublished { programme: PROGRAMME, version });
    });
}

#[test]
fn unsound_rules_and_strange_publishers_are_refused() {
    run(|| {
        // GIVEN a tick of zero, another grid company, an aggregator and a stranger
        // THEN each refusal names its condition
        let tickless = Programme { price_tick: Price(0), ..programme() };
        let publish = |who, id, rules| Bids::publish_programme(signed(who), id, Box::new(rules));
        assert_noop!(publish(GRID, PROGRAMME, tickless), Error::<Test>::UnsoundProgramme);
        assert_noop!(publish(CITY, PROGRAMME, programme()), Error::<Test>::NotPublisher);
        assert_noop!(publish(NORTH, ProgrammeId(2), programme()), Error::<Test>::RoleNotHeld);
        assert_noop!(publish(STRANGER, ProgrammeId(2), programme()), Error::<Test>::NotRegistered);
        // AND another grid company publishes under a number of its own
        assert_ok!(publish(CITY, ProgrammeId(2), programme()));
    });
}
