//! From an event's bids to a case, an appeal out of a freeze, and a decision.

use super::*;
use crate::{Bids, DagAnchor, Dispatch, ExecutionScore, Registry, Runtime, RuntimeOrigin, Session, Supervision};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use loadstone_core::{
    traits::{Directory, OnAnchor},
    AnchorNumber, AreaId, BasisPoints, BoundedVec, CaseId, DeviceId, Direction, EventId, Incarnation, Millis,
    OrganisationId, Price, ProgrammeId, ResourceId, Sequence, Watts, YUAN,
};
use loadstone_dag::{Anchor, Body, Readings, Slot, Unit, UnitContent};
use loadstone_market::{
    seal,
    supervision::{CasePhase, Evidence, Outcomes, Reason, Subject, Suspicion},
    EventRecord, Offer, Phase, Programme, RecordChunk, ResourceBid,
};

const START: u64 = 1_700_000_100_000;
const GATE: u64 = START - 70_000;
const EVENT: EventId = EventId(0);
const SALT: [u8; 32] = [7; 32];

fn by(path: &str) -> RuntimeOrigin {
    RuntimeOrigin::signed(account(path))
}

fn at(ms: u64) {
    pallet_timestamp::Now::<Runtime>::put(ms);
}

fn why(text: &str) -> Reason {
    Reason::truncate_from(text.as_bytes().to_vec())
}

/// Registers a load of 10 kW for `path` and reveals 5 kW of it in the event at `price`.
fn bid(path: &str, resource: u32, price: u64) {
    at(GATE - 10_000);
    let key = [resource as u8 + 1; 32];
    let (capacity, load_max) = (Watts(8_000), Watts(10_000));
    assert_ok!(Registry::register_resource(by(path), AreaId(1), key, capacity, capacity, Watts(0), load_max));
    let offers = BoundedVec::truncate_from(vec![Offer { price: Price(price), watts: Watts(5_000) }]);
    let sheet = BoundedVec::truncate_from(vec![ResourceBid { resource: ResourceId(resource), offers }]);
    let sealed = seal(&System::block_hash(0), EVENT, &account(path), &sheet, &SALT);
    let resources = BoundedVec::truncate_from(vec![ResourceId(resource)]);
    assert_ok!(Bids::commit(by(path), EVENT, resource as u16, sealed, resources));
    at(GATE);
    assert_ok!(Bids::reveal(by(path), EVENT, resource as u16, sheet, SALT));
}

/// An event that is dispatched with awards of two organisations: 10 kW of NORTH's, 2 kW of SOUTH's.
fn dispatched() {
    at(GATE - 20_000);
    let programme = Programme { settlement_interval_ms: 60_000, ..Programme::plain() };
    assert_ok!(Bids::publish_programme(by("//ProvincialGrid"), ProgrammeId(1), Box::new(programme)));
    let needs = BoundedVec::truncate_from(vec![Watts(12_000); 2]);
    let (start, gate) = (Millis(START), Millis(GATE));
    let (programme, area, direction) = (ProgrammeId(1), AreaId(1), Direction::Down);
    let grid = by("//ProvincialGrid");
    assert_ok!(Bids::open_event(grid, programme, area, direction, needs, start, gate, 1_000 * YUAN));
    for (resource, path) in [(0, "//AggregatorNorth"), (1, "//AggregatorNorth"), (2, "//AggregatorSouth")] {
        bid(path, resource, 1_000_000 + u64::from(resource) * 50_000);
    }
    let authors = Session::validators().into_iter().collect::<std::collections::BTreeSet<_>>();
    pallet_bids::GateAuthors::<Runtime>::insert(EVENT, pallet_bids::Authors::try_from(authors).expect("four authors"));
    at(GATE + 60_000);
    assert_ok!(Bids::clear(by("//ProvincialGrid"), EVENT));
    assert_ok!(Dispatch::dispatch_event(by("//ProvincialGrid"), EVENT));
}

/// The event's records come, and all is scored: everybody delivers nine tenths, the last resource from a load that it can't
/// have.
fn scored() {
    let end = START + 2 * 60_000 + 60_000;
    at(end);
    let anchor = Anchor { number: AnchorNumber(1), units: 1, ..Anchor::default() };
    pallet_dag_anchor::Anchors::<Runtime>::insert(AnchorNumber(1), anchor.clone());
    pallet_dag_anchor::Latest::<Runtime>::put(anchor);
    <ExecutionScore as OnAnchor>::on_anchor(AnchorNumber(1), Millis(end));
    let record = |id: u32, quota: i64, load: i64| EventRecord {
        resource: ResourceId(id),
        baseline: BoundedVec::truncate_from(vec![Watts(load); 2]),
        quota: BoundedVec::truncate_from(vec![Watts(quota); 2]),
        delivered: BoundedVec::truncate_from(vec![Watts(quota * 9 / 10); 2]),
        readings_due: 120,
        readings_valid: 119,
        response_time_ms: 2_000,
        rate: BasisPoints(500),
        precision_error: BasisPoints(100),
    };
    let records = vec![record(0, 5_000, 9_000), record(1, 5_000, 9_000), record(2, 2_000, 20_000)];
    let cutoff = pallet_execution_score::CutoffHashes::<Runtime>::get(EVENT).expect("the anchor cut the event off");
    let chunk = RecordChunk { event: EVENT, chunk: 0, cutoff, records: BoundedVec::truncate_from(records) };
    let authorized = frame_system::RawOrigin::Authorized.into();
    assert_ok!(ExecutionScore::submit_records(authorized, chunk, BoundedVec::new()));
    ExecutionScore::on_initialize(2);
    assert_eq!(Bids::event_summary(EVENT).map(|summary| summary.event.phase), Some(Phase::Scored));
}

#[test]
fn an_events_walk_ends_in_cases_that_are_heard_and_decided() {
    demo().execute_with(|| {
        // GIVEN an event in which one organisation got five sixths, and one record is impossible
        dispatched();
        scored();
        // WHEN a block has room
        assert!(Supervision::has_work());
        for _ in 0..2 {
            Supervision::on_idle(2, Weight::MAX);
        }
        // THEN both are cases, by the rules of genesis
        let cases = Supervision::open_cases();
        let concentration = cases.iter().find(|case| case.evidence.suspicion() == Suspicion::Concentration);
        let concentration = concentration.expect("too much is in one hand").clone();
        assert_eq!(concentration.subject, Subject::Organisation(OrganisationId(3)));
        let (awarded, total) = (Watts(10_000), Watts(12_000));
        let (share, hhi) = (BasisPoints(8_333), BasisPoints(6_944 + 277));
        assert_eq!(concentration.evidence, Evidence::Concentration { awarded, total, share, hhi });
        let of_south = cases.iter().find(|case| case.subject == Subject::Resource(ResourceId(2)));
        let of_south = of_south.expect("the load is out of its range").clone();
        assert!(matches!(of_south.evidence, Evidence::LoadOutOfRange { load: Watts(20_000), .. }));
        assert_eq!((cases.len(), &of_south.account), (2, &account("//AggregatorSouth")));

        // WHEN the regulator freezes the owner over it
        let freeze = pallet_supervision::Call::freeze { case: of_south.id, reason: why("the meter lies") };
        assert_eq!(Executive::apply_extrinsic(signed("//Regulator", 0, freeze.into())), Ok(Ok(())));
        // THEN the owner can do nothing but appeal
        assert!(validate("//AggregatorSouth", 0, remark()).is_err());
        let appeal = pallet_supervision::Call::appeal { case: of_south.id, reason: why("a wrong transformer ratio") };
        assert_eq!(Executive::apply_extrinsic(signed("//AggregatorSouth", 0, appeal.into())), Ok(Ok(())));
        // WHEN the case is cleared THEN it may trade again, and the other case is still open
        assert_ok!(Supervision::clear(by("//Regulator"), of_south.id, why("the ratio was wrong")));
        let owner = Registry::participant(&account("//AggregatorSouth"));
        assert_eq!(owner.map(|owner| owner.frozen), Some(false));
        assert_eq!(Supervision::outcomes_of(of_south.subject), Outcomes { cleared: 1, upheld: 0 });
        assert_eq!(Supervision::open_cases(), [concentration]);
    });
}

#[test]
fn a_device_that_forks_has_a_case_by_itself() {
    demo().execute_with(|| {
        // GIVEN a device of an aggregator's resource
        let signer = pair("//device");
        let key = signer.public().0;
        let (capacity, load_max) = (Watts(1_000), Watts(2_000));
        let owner = "//AggregatorNorth";
        assert_ok!(Registry::register_resource(by(owner), AreaId(1), key, capacity, capacity, Watts(0), load_max));
        // WHEN two of its units for one slot are reported
        let genesis = System::block_hash(0);
        let unit = |watts: u8| {
            let readings = Readings {
                start: Millis(1_000),
                interval_ms: 1_000,
                event: None,
                doubtful: vec![],
                deltas: vec![watts],
            };
            let slot = Slot { device: DeviceId(0), incarnation: Incarnation(0), sequence: Sequence(7) };
            let body = Body::Readings(readings);
            let content = UnitContent { slot, previous: H256::zero(), references: vec![], body };
            let signature = signer.sign(content.payload(&genesis).as_bytes()).0;
            Box::new(Unit { content, signature })
        };
        assert_ok!(DagAnchor::report_device_fork(by("//Auditor"), unit(1), unit(2)));
        // THEN its owner answers for a case about it
        let case = Supervision::case(CaseId(0)).expect("it was opened");
        assert_eq!((case.account.clone(), case.phase()), (account(owner), CasePhase::Flagged));
        assert_eq!(case.evidence, Evidence::Equivocation { count: 1 });
    });
}
