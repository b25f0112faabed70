//! What anybody may point at, and what the chain makes of it.

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AccountId, BasisPoints, BoundedVec, CaseId, EventId, ResourceId, Watts};
use loadstone_market::supervision::{feeder::Nodes, Evidence, Report, Subject, SupervisionRules, Suspicion};

fn report(by: AccountId, report: Report) -> sp_runtime::DispatchResult {
    Supervision::report(RuntimeOrigin::signed(by), report)
}

fn bids() -> EventId {
    open(&[(1, 5_000, 900), (2, 5_000, 900), (3, 5_000, 900), (101, 5_000, 900)])
}

#[test]
fn two_resources_with_the_same_readings_are_a_case() {
    run(|| {
        rule(SupervisionRules { identical_intervals: 4, ..off() });
        // GIVEN a resource whose record is another's, to the watt
        let event = bids();
        bend(event, 2, |record| record.baseline.iter_mut().for_each(|watts| *watts = Watts(5_001)));
        let of = |first, second| Report::Identical { event, first: ResourceId(first), second: ResourceId(second) };
        // THEN others are not like it, and nobody compares two owners, or one with itself
        assert_noop!(report(SOUTH, of(1, 3)), Error::<Test>::NothingFound);
        assert_noop!(report(SOUTH, of(1, 101)), Error::<Test>::NotTwoOfOneOwner);
        assert_noop!(report(SOUTH, of(1, 1)), Error::<Test>::NotTwoOfOneOwner);
        // WHEN a rival points at it THEN it is a case, once
        assert_ok!(report(SOUTH, of(1, 2)));
        let [case] = &cases()[..] else { panic!("one case") };
        let other = ResourceId(2);
        assert_eq!(case.evidence, Evidence::ReadingsIdentical { other, intervals: 4 });
        assert_eq!((&case.account, &case.steps[0].by), (&NORTH, &Some(SOUTH)));
        assert_noop!(report(SOUTH, of(1, 2)), Error::<Test>::AlreadyFlagged);
        let subject = Subject::Resource(ResourceId(1));
        let (suspicion, reporter) = (Suspicion::ImprobableReadings, Some(SOUTH));
        System::assert_last_event(
            Event::CaseOpened { case: CaseId(0), suspicion, subject, event: Some(event), reporter }.into(),
        );
    });
}

#[test]
fn a_feeder_is_compared_with_the_nodes_named_behind_it() {
    run(|| {
        rule(SupervisionRules { feeder_loss: BasisPoints(1_000), ..off() });
        let event = bids();
        let feeder = ResourceId(101);
        let claim = Report::Feeder { event, feeder };
        // GIVEN a meter that is no feeder, and then one of three nodes, of which one took no part
        assert_noop!(report(NORTH, claim), Error::<Test>::NoFeeder);
        let nodes = Nodes::Named(BoundedVec::truncate_from([1, 2, 9].map(ResourceId).to_vec()));
        assert_ok!(Supervision::declare_feeder(RuntimeOrigin::signed(GRID), feeder, nodes));
        // WHEN it shows half of what they deliver THEN that is a case
        assert_ok!(report(NORTH, claim));
        let sum = 4 * 810 + 6;
        let evidence = Evidence::FeederMismatch { feeder: Watts(sum), nodes: Watts(2 * sum), count: 2 };
        assert_eq!(cases().first().map(|case| case.evidence.clone()), Some(evidence));
        // AND an area's feeder needs nobody to point at it
        assert_ok!(Supervision::declare_feeder(RuntimeOrigin::signed(GRID), ResourceId(1), Nodes::Area));
        let area = Report::Feeder { event, feeder: ResourceId(1) };
        assert_noop!(report(NORTH, area), Error::<Test>::FeederOfArea);
    });
}

#[test]
fn what_a_walk_had_no_room_for_may_be_reported() {
    run(|| {
        // GIVEN an event with two improbable records, and room for one case
        rule(SupervisionRules { readings_below: BasisPoints(2_000), cases_max: 1, ..off() });
        let event = bids();
        for resource in [1, 2] {
            bend(event, resource, |record| record.readings_valid = 0);
        }
        walk(event);
        System::assert_last_event(Event::EventScanned { event, flagged: 1, spared: 1 }.into());
        // WHEN the second is reported THEN it is a case, and a sound one is none
        let of = |resource| Report::Readings { event, resource: ResourceId(resource) };
        assert_ok!(report(NORTH, of(2)));
        assert_noop!(report(NORTH, of(3)), Error::<Test>::NothingFound);
        assert_eq!(cases().len(), 2);
    });
}

#[test]
fn reports_come_from_participants_and_in_time() {
    run(|| {
        rule(SupervisionRules { readings_below: BasisPoints(2_000), report_ms: 1_000, ..off() });
        let event = bids();
        bend(event, 1, |record| record.readings_valid = 0);
        let of = |event, resource| Report::Readings { event, resource: ResourceId(resource) };
        // GIVEN a stranger, a frozen participant, and what is not there
        assert_noop!(report(STRANGER, of(event, 1)), Error::<Test>::NotRegistered);
        use loadstone_core::traits::Freezing;
        assert_ok!(Book::set_frozen(&REGULATOR, &SOUTH, true));
        assert_noop!(report(SOUTH, of(event, 1)), Error::<Test>::ParticipantIsFrozen);
        assert_noop!(report(NORTH, of(EventId(9), 1)), Error::<Test>::UnknownEvent);
        assert_noop!(report(NORTH, of(event, 9)), Error::<Test>::NoRecord);
        // WHEN the time to report is over THEN nobody may
        wait(4 * 60_000 + 1_000);
        assert_ok!(report(NORTH, of(event, 1)));
        wait(1);
        bend(event, 2, |record| record.readings_valid = 0);
        assert_noop!(report(NORTH, of(event, 2)), Error::<Test>::ReportTooLate);
    });
}
