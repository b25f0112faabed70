//! An event that the chain shows as it was passes; every bent number is named.

use super::*;
use crate::{
    check::{check, tests::history, tests::GENESIS},
    history::Trusted,
    reads::ResourceView,
};
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, BasisPoints, BoundedVec, DeviceId, Direction, EventId, Millis, ProgrammeId,
    ProgrammeVersion, Resource, ResourceId,
};
use loadstone_market::{BaselineMethod, Commitment, Event, Programme, ScoreRule, Segment};

pub fn programme() -> Programme {
    Programme {
        price_cap: Price(4_000_000),
        price_tick: Price(10_000),
        bid_min: Watts(1),
        settlement_interval_ms: 5_000,
        baseline: BaselineMethod::MeterBefore { readings: 5 },
        score: ScoreRule {
            precision_standard: BasisPoints(2_000),
            credit_weight: BasisPoints(2_000),
            ..ScoreRule::plain()
        },
        grace_ms: 0,
        dispute_ms: 0,
        ..Programme::plain()
    }
}

pub fn event() -> Event {
    Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: AccountId::new([1; 32]),
        area: AreaId(1),
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![Watts(150), Watts(90)]),
        start: Millis(12_000),
        interval_ms: 5_000,
        gate_closure: Millis(11_000),
        budget: 1_000_000,
        opened: Millis(10_000),
        baseline_anchor: AnchorNumber(10),
        reserve_from: None,
        phase: Phase::Settled,
    }
}

pub fn resource(id: u32) -> ResourceView {
    let owner = AccountId::new([9; 32]);
    let segment = Segment {
        price: Price(20_000),
        watts: Watts(100),
        before: Watts(100 * i64::from(id)),
        credit: BasisPoints::ONE,
    };
    ResourceView {
        id: ResourceId(id),
        resource: Resource {
            owner,
            area: AreaId(1),
            device: DeviceId(id),
            capacity_down: Watts(400),
            capacity_up: Watts(0),
            load_min: Watts(0),
            load_max: Watts(900),
        },
        segments: BoundedVec::truncate_from(vec![segment]),
        customer: None,
        past: BoundedVec::default(),
        record: None,
        replaced: None,
        score: None,
        credit: None,
        statement: None,
    }
}

/// Standing after the event, where it is the resource's first.
fn first_credit(row: &AuditRow) -> Option<Credit> {
    let rule = programme().score;
    let score = row.score.as_ref()?;
    Some(credit(None, score, validity(&row.record, &rule), &rule, event().end()))
}

/// A settled event of two resources that delivered nothing, as an honest chain shows it.
fn settled() -> (EventView, Units) {
    let history = history(25, 2);
    let last = history.anchors[24].anchor.hash();
    let trusted = Trusted { last: (AnchorNumber(25), last), ..Trusted::default() };
    let units = check(&GENESIS, history.anchors, &trusted, &history.devices);
    let commitment = Commitment {
        seal: loadstone_core::Hash::zero(),
        resources: BoundedVec::default(),
        credits: BoundedVec::default(),
        bond: 3,
        revealed: true,
    };
    let mut view = EventView {
        id: EventId(7),
        event: event(),
        programme: programme(),
        clearing: None,
        buckets: BTreeMap::from([(Price(20_000), Watts(200))]),
        commitments: vec![(AccountId::new([9; 32]), commitment)],
        resources: vec![resource(0), resource(1)],
        cutoff: Some(AnchorNumber(24)),
        escrow: None,
        totals: None,
        order: None,
    };
    let expected = compare(&view, &units).audit;
    for (resource, row) in view.resources.iter_mut().zip(&expected.rows) {
        resource.record = Some(row.record.clone());
        resource.score = row.score.clone();
        resource.credit = first_credit(row);
        resource.statement = Some(row.statement.clone());
    }
    view.totals = Some(sums(expected.rows.iter().map(|row| &row.statement)));
    view.clearing = Some(expected.clearing);
    (view, units)
}

fn differing(bend: impl FnOnce(&mut EventView)) -> Vec<String> {
    let (mut view, units) = settled();
    bend(&mut view);
    compare(&view, &units).mismatches.into_iter().map(|mismatch| mismatch.item).collect()
}

#[test]
fn an_honest_chain_shows_no_difference() {
    // GIVEN a settled event whose resources delivered nothing
    let (view, units) = settled();
    // WHEN it is recomputed
    let comparison = compare(&view, &units);
    // THEN nothing differs, everything was looked at, and penalties stop at the bidder's bond
    assert_eq!(comparison.mismatches, []);
    let recomputed = comparison.recomputed;
    assert_eq!((recomputed.clearings, recomputed.awards, recomputed.setpoints), (1, 2, 4));
    assert_eq!((recomputed.records, recomputed.scores, recomputed.credits, recomputed.payments), (2, 2, 2, 2));
    let penalties: Balance = comparison.audit.rows.iter().map(|row| row.statement.penalty).sum();
    assert_eq!(penalties, 3);
}

#[test]
fn every_bent_number_is_named() {
    let bent_record = differing(|view| {
        if let Some(record) = &mut view.resources[1].record {
            record.readings_valid += 1;
        }
    });
    assert_eq!(bent_record, ["record of resource 1"]);
    assert_eq!(differing(|view| view.resources[0].score = None), ["score of resource 0"]);
    assert_eq!(differing(|view| view.resources[0].statement = None), ["payment of resource 0"]);
    let redirected = differing(|view| {
        if let Some(statement) = &mut view.resources[0].statement {
            statement.customer += 1;
        }
    });
    assert_eq!(redirected, ["payment of resource 0"]);
    assert_eq!(differing(|view| view.resources[0].credit = None), ["credit of resource 0"]);
    assert_eq!(differing(|view| view.totals = None), ["totals of the event"]);
    assert_eq!(differing(|view| view.buckets = BTreeMap::from([(Price(1), Watts(1))])), ["price buckets"]);
    let moved = differing(|view| view.resources[1].segments[0].before = Watts(0));
    assert!(moved.contains(&"offer of resource 1 at 0.020000 CNY/kWh".to_owned()), "{moved:?}");
    assert!(differing(|view| view.clearing = None).contains(&"clearing".to_owned()));
}

#[test]
fn a_record_that_was_put_right_agrees() {
    // GIVEN an event whose members signed a full delivery that never was, until a referee put it right
    let (mut view, units) = settled();
    let mut wrong = view.resources[1].record.clone().expect("it is recorded");
    wrong.delivered = wrong.quota.clone();
    view.resources[1].replaced = Some(wrong);
    // WHEN everybody was scored against the wrong accuracy
    let scored = compare(&view, &units).audit;
    for (resource, row) in view.resources.iter_mut().zip(&scored.rows) {
        resource.score = row.score.clone();
        resource.credit = first_credit(row);
    }
    // THEN nothing differs, and the record was looked at like the others
    let comparison = compare(&view, &units);
    assert_eq!(comparison.mismatches, []);
    assert_eq!((comparison.recomputed.records, comparison.recomputed.credits), (2, 1));
}

#[test]
fn an_event_is_compared_as_far_as_it_has_come() {
    // GIVEN an event that was only cleared
    let (mut view, units) = settled();
    view.event.phase = Phase::Cleared;
    let recomputed = compare(&view, &units).recomputed;
    // THEN records and money are left alone
    assert_eq!((recomputed.clearings, recomputed.awards, recomputed.records, recomputed.payments), (1, 2, 0, 0));
}
