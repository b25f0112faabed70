//! Opening events.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AnchorNumber, AreaId, Direction, EventId, Millis, ProgrammeId, ProgrammeVersion};
use loadstone_market::{Areas, Needs, Phase, Product, Programme};
use sp_runtime::DispatchResult;

fn open_with(needs: Needs, start: u64, gate: u64, budget: u128) -> DispatchResult {
    let (start, gate) = (Millis(start), Millis(gate));
    Bids::open_event(signed(GRID), PROGRAMME, AREA, Direction::Down, needs, start, gate, budget)
}

#[test]
fn an_event_fixes_its_rules_and_its_baseline_and_holds_its_budget() {
    run(|| {
        // WHEN a grid company opens an event
        assert_ok!(open(&[500, 1_000]));
        // THEN it stands as asked, bound to the version and anchor of now, its budget held
        let summary = Bids::event_summary(EVENT).expect("open");
        assert_eq!((summary.event.version, summary.event.phase), (ProgrammeVersion(1), Phase::Open));
        assert_eq!((summary.event.baseline_anchor, summary.event.interval_ms), (AnchorNumber(5), 10_000));
        assert_eq!(summary.event.end(), Millis(START + 20_000));
        assert_eq!((summary.bidders, summary.authors, summary.authors_needed), (0, 0, 3));
        assert_eq!(Budgets::get(EVENT), Some(1_000_000));
        let gate_closure = Millis(GATE);
        let opened =
            Event::EventOpened { event: EVENT, opener: GRID, area: AREA, direction: Direction::Down, gate_closure };
        assert_eq!(last_event(), opened);
        // AND a later version of the programme leaves it alone
        assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(programme())));
        assert_eq!(Events::<Test>::get(EVENT).map(|event| event.version), Some(ProgrammeVersion(1)));
        // AND the next event has the next number
        assert_ok!(open(&[1]));
        assert!(Events::<Test>::contains_key(EventId(1)));
    });
}

#[test]
fn unsound_openings_are_refused() {
    run(|| {
        let one = || needs(&[1_000]);
        // GIVEN needs that are empty, negative or nothing, or no budget
        assert_noop!(open(&[]), Error::<Test>::UnsoundNeeds);
        assert_noop!(open(&[5, -1]), Error::<Test>::UnsoundNeeds);
        assert_noop!(open(&[0, 0]), Error::<Test>::UnsoundNeeds);
        assert_noop!(open_with(one(), START, GATE, 0), Error::<Test>::NoBudget);
        // GIVEN a window that starts before the reveal time of 5 s is over
        assert_noop!(open_with(one(), GATE + 4_999, GATE, 1), Error::<Test>::StartTooSoon);
        assert_ok!(open_with(one(), GATE + 5_000, GATE, 1));
        // GIVEN no such programme, or no such role
        let unknown = ProgrammeId(9);
        let (start, gate) = (Millis(START), Millis(GATE));
        let opening = Bids::open_event(signed(GRID), unknown, AREA, Direction::Up, one(), start, gate, 1);
        assert_noop!(opening, Error::<Test>::UnknownProgramme);
        let opening = Bids::open_event(signed(NORTH), PROGRAMME, AREA, Direction::Up, one(), start, gate, 1);
        assert_noop!(opening, Error::<Test>::RoleNotHeld);
    });
}

#[test]
fn rules_hold_where_when_and_how_they_say() {
    run(|| {
        // GIVEN valley filling in another area, or in this one for windows of one interval until 10 s after START
        let rules = |area: u16| Programme {
            product: Product::ValleyFilling,
            areas: Areas::truncate_from(vec![AreaId(area)]),
            from: Millis(START),
            until: Millis(START + 10_000),
            intervals_max: 1,
            ..programme()
        };
        let open = |direction, needs, start| {
            Bids::open_event(signed(GRID), PROGRAMME, AREA, direction, needs, Millis(start), Millis(GATE), 1_000)
        };
        let one = || needs(&[1_000]);
        assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(rules(AREA.0 + 1))));
        assert_noop!(open(Direction::Up, one(), START), Error::<Test>::AreaNotCovered);
        assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(rules(AREA.0))));
        // THEN less load, a longer window, and one that begins before or ends after their time are refused
        assert_noop!(open(Direction::Down, one(), START), Error::<Test>::OtherDirection);
        assert_noop!(open(Direction::Up, needs(&[1, 1]), START), Error::<Test>::TooManyIntervals);
        assert_noop!(open(Direction::Up, one(), START - 1), Error::<Test>::NotInForce);
        assert_noop!(open(Direction::Up, one(), START + 1), Error::<Test>::NotInForce);
        assert_ok!(open(Direction::Up, one(), START));
    });
}

#[test]
fn the_gate_leaves_one_full_availability_epoch() {
    run(|| {
        // GIVEN a moment within an epoch of 2 s
        at(BEGIN + 1);
        // THEN the next epoch must pass before the gate
        assert_noop!(open_with(needs(&[1]), START, BEGIN + 3_999, 1), Error::<Test>::GateTooSoon);
        assert_ok!(open_with(needs(&[1]), START, BEGIN + 4_000, 1));
    });
}

#[test]
fn the_chain_bears_a_bounded_number_of_live_events() {
    run(|| {
        // GIVEN as many open events as may be live
        for _ in 0..MaxEvents::get() {
            assert_ok!(open(&[1]));
        }
        // THEN no other is opened until one ends
        assert_noop!(open(&[1]), Error::<Test>::TooManyEvents);
        assert_ok!(Bids::cancel(signed(GRID), EVENT));
        assert_noop!(open(&[1]), Error::<Test>::TooManyEvents);
        blocks();
        assert_ok!(open(&[1]));
    });
}
