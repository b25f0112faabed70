//! Walks over scored events, a bounded step at a time.

use crate::{mock::*, Event, Pallet, RecentEvents, Scans, TalliesOf, WeightInfo, KEEP_EVENTS, SCAN_CHUNK};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use loadstone_core::{Direction, Millis, Watts};
use loadstone_market::{traits::OnPhase, Phase};

type Weights = <Test as crate::Config>::WeightInfo;

fn many(count: u32) -> Vec<(u32, u64, i64)> {
    (0..count).map(|id| (id, 5_000, 100)).collect()
}

fn scored(event: loadstone_core::EventId) {
    assert_ok!(Pallet::<Test>::on_phase(event, Phase::Scored, Millis(0)));
}

#[test]
fn a_step_walks_over_a_chunk_and_weighs_it() {
    run(|| {
        // GIVEN a scored event of a chunk and two resources more
        rule(off());
        let event = open(&many(SCAN_CHUNK + 2));
        scored(event);
        // WHEN a block has no room THEN nothing is walked over
        assert_eq!(Supervision::on_idle(1, Weight::zero()), Weight::zero());
        assert_eq!(Scans::<Test>::get()[0].next, 0);
        // WHEN it has room for one step THEN the next chunk is
        let one = Pallet::<Test>::dearest_step();
        assert_eq!(Supervision::on_idle(1, one), Weights::scan_chunk(SCAN_CHUNK));
        assert_eq!(Scans::<Test>::get()[0].next, SCAN_CHUNK);
        // AND then the rest, and then the organisations
        assert_eq!(Supervision::on_idle(1, one), Weights::scan_chunk(2));
        assert_eq!(Supervision::on_idle(1, one), Weights::finish_scan(1));
        assert!(!Supervision::has_work());
        System::assert_last_event(Event::EventScanned { event, flagged: 0, spared: 0 }.into());
        // AND the tally holds all of it
        let tally = &TalliesOf::<Test>::get(event)[0];
        assert_eq!((tally.offered, tally.awarded, tally.offers.segments), (Watts(1_000), Watts(1_000), 10));
    });
}

#[test]
fn the_market_goes_on_where_walks_have_no_room() {
    run(|| {
        // GIVEN two events that wait, as many as may
        rule(off());
        let events: Vec<_> = (0..3).map(|_| open(&many(1))).collect();
        scored(events[0]);
        scored(events[1]);
        // WHEN a third is scored THEN that is told, and not refused
        scored(events[2]);
        System::assert_last_event(Event::ScanDropped { event: events[2] }.into());
        // AND other phases wait for nothing
        assert_ok!(Pallet::<Test>::on_phase(events[2], Phase::Settled, Millis(0)));
        assert_eq!(Scans::<Test>::get().len(), 2);
        idle();
        // AND an event without resources passes through
        walk(open(&[]));
    });
}

#[test]
fn tallies_of_old_events_give_way() {
    run(|| {
        // GIVEN more events than are kept
        rule(off());
        let events: Vec<_> = (0..KEEP_EVENTS + 2).map(|_| open(&many(1))).collect();
        for event in &events {
            walk(*event);
        }
        // THEN the newest are
        let kept = RecentEvents::<Test>::get(AREA, Direction::Down);
        assert!(kept.iter().map(|recent| recent.event).eq(events[2..].iter().copied()));
        assert_eq!(TalliesOf::<Test>::iter().count(), KEEP_EVENTS as usize);
    });
}
