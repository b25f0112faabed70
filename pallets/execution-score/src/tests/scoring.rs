//! Scores and credit, one chunk a block.

use crate::{mock::*, Credits, Event, Histograms, Profiles, Scores, Scoring};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use loadstone_core::{BasisPoints, ResourceId};
use loadstone_market::{
    score::score,
    traits::{Scores as _, Standings as _},
    Credit, Phase,
};
use sp_runtime::DispatchError;

#[test]
fn a_recorded_event_is_scored_chunk_by_chunk() {
    run(|| {
        // GIVEN a recorded event of 70 resources
        let event = cut(70);
        for index in 0..3 {
            assert_ok!(submit(chunk(event, index, |at| 60 + at as i64 % 40)));
        }
        // WHEN two blocks begin
        blocks(2);
        // THEN two chunks are scored and the event is not
        assert_eq!(Scores::<Test>::iter_prefix(event).count(), 64);
        assert_eq!(phase(event), Phase::Recorded);
        assert!(ExecutionScore::has_work());
        // WHEN one more begins
        blocks(1);
        // THEN all of which something was asked have a score, as the pure function gives it
        assert_eq!(Scores::<Test>::iter_prefix(event).count(), 69);
        let histogram = Histograms::<Test>::get(event);
        let record = crate::Records::<Test>::get(event, ResourceId(107)).expect("recorded");
        let expected = score(&record, &programme().score, &histogram).expect("something was asked");
        assert_eq!(ExecutionScore::score(event, ResourceId(107)), Some(expected.clone()));
        assert_eq!(expected.accuracy, BasisPoints(6_700));
        // AND the event is scored
        assert_eq!(phase(event), Phase::Scored);
        assert!(Scoring::<Test>::get().is_empty() && !ExecutionScore::has_work());
        System::assert_last_event(Event::EventScored { event }.into());
    });
}

#[test]
fn credit_follows_scores_over_events() {
    run(|| {
        // GIVEN a resource that delivers in one event and not in the next
        let first = cut(2);
        assert_ok!(submit(chunk(first, 0, |_| 100)));
        blocks(1);
        let second = cut(2);
        assert_ok!(submit(chunk(second, 0, |_| 0)));
        blocks(1);
        // THEN its credit is the first score, lowered by the second's weight, and a default is counted
        let credit = Credit { credit: BasisPoints(8_000), events: 2, defaults: 1, in_a_row: 1, ..Credit::default() };
        assert_eq!(Credits::<Test>::get(ResourceId(100)), Some(credit));
        // AND it is relied on for four fifths, whatever the others did
        assert_eq!(ExecutionScore::reliability(ResourceId(100)), Some(BasisPoints(8_000)));
        assert_eq!(Profiles::<Test>::get(ResourceId(100)).map(|profile| profile.bias), Some(-2_000));
        // AND the resource of which nothing was asked has none
        assert_eq!(ExecutionScore::reliability(ResourceId(101)), None);
        assert_eq!(Credits::<Test>::get(ResourceId(101)), None);
        assert_eq!(Scores::<Test>::get(first, ResourceId(101)), None);
    });
}

#[test]
fn an_event_without_resources_passes_through() {
    run(|| {
        // GIVEN a dispatched event in which nobody was revealed
        let event = cut(0);
        // WHEN a block begins
        blocks(1);
        // THEN it is scored, since nothing is missing
        assert_eq!(phase(event), Phase::Scored);
    });
}

#[test]
fn an_event_that_cannot_be_handed_on_lets_others_pass() {
    run(|| {
        // GIVEN two recorded events of which the first cannot be handed on
        let (first, second) = (cut(2), cut(2));
        refuse_scored(Some(first));
        assert_ok!(submit(chunk(first, 0, |_| 100)));
        assert_ok!(submit(chunk(second, 0, |_| 100)));
        // WHEN two blocks begin
        blocks(2);
        // THEN the second is scored and the first is told to wait
        assert_eq!((phase(first), phase(second)), (Phase::Recorded, Phase::Scored));
        System::assert_has_event(Event::ScoringDelayed { event: first, reason: DispatchError::Exhausted }.into());
        // WHEN it can be handed on
        refuse_scored(None);
        blocks(1);
        // THEN it is scored too, and nothing was scored twice
        assert_eq!(phase(first), Phase::Scored);
        assert_eq!(Credits::<Test>::get(ResourceId(100)).map(|credit| credit.events), Some(2));
    });
}

#[test]
fn a_block_with_room_scores_further_chunks() {
    run(|| {
        // GIVEN a recorded event of 70 resources
        let event = cut(70);
        for index in 0..3 {
            assert_ok!(submit(chunk(event, index, |_| 100)));
        }
        // WHEN a block has no room THEN nothing is scored
        assert_eq!(ExecutionScore::on_idle(1, Weight::zero()), Weight::zero());
        assert!(ExecutionScore::has_work());
        // WHEN it has THEN all is, without another block
        let room = Weight::from_parts(u64::MAX, u64::MAX);
        for _ in 0..3 {
            ExecutionScore::on_idle(1, room);
        }
        assert_eq!((phase(event), Scores::<Test>::iter_prefix(event).count()), (Phase::Scored, 69));
    });
}
