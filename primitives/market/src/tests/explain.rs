//! Every step is there, and the steps give what the chain computes.

use crate::{
    clearing::clear,
    explain::*,
    score::{accuracy, Histogram},
    settle::statement,
    tests::{before, during, event, programme},
    Clearing, Event, EventRecord, PastEvents, Programme, Ranks, Segment, Segments, SplitRule,
};
use loadstone_core::{AccountId, AreaId, BasisPoints, DeviceId, Direction, Price, Resource, ResourceId, Watts};

const OFFERS: [(u64, i64, i64); 3] = [(500_000, 1_000, 0), (1_000_000, 2_000, 500), (2_000_000, 700, 0)];

fn resource() -> Resource {
    Resource {
        owner: AccountId::new([2; 32]),
        area: AreaId(1),
        device: DeviceId(1),
        capacity_down: Watts(5_000),
        capacity_up: Watts(0),
        load_min: Watts(3_000),
        load_max: Watts(9_000),
    }
}

fn segments() -> Segments {
    let segment = |(price, watts, before)| Segment {
        price: Price(price),
        watts: Watts(watts),
        before: Watts(before),
        credit: BasisPoints::ONE,
    };
    Segments::truncate_from(OFFERS.map(segment).to_vec())
}

/// 2,500 W at the peak: 1,000 W below the margin, and 1,500 W of 3,000 W at it.
fn cleared() -> (Event, Clearing) {
    let event = event(Direction::Down, &[1_250, 2_500], 2_000);
    let clearing = clear(
        [(Price(500_000), Watts(1_000)), (Price(1_000_000), Watts(3_000))],
        event.peak_need(),
        Watts(0),
        Ranks::default(),
    );
    (event, clearing)
}

fn recorded(event: &Event, clearing: &Clearing, rules: &Programme) -> EventRecord {
    let recorder = crate::record::Recorder::new(event, rules, clearing);
    let during = during(&[4_000, 4_000, 4_200, 4_200]);
    recorder.record(ResourceId(1), &segments(), &PastEvents::new(), &before(5_000), &during)
}

#[test]
fn an_event_is_explained_as_far_as_it_has_come() {
    let ((event, clearing), rules) = (cleared(), programme());
    let (resource, segments) = (resource(), segments());
    let facts = Facts {
        event: &event,
        programme: &rules,
        clearing: &clearing,
        resource: &resource,
        segments: &segments,
        record: None,
        histogram: None,
        shared: None,
        has_customer: false,
    };
    // GIVEN a cleared event THEN each offer has its place and its award, and each interval its quota
    let told = explain(&facts);
    let offers: Vec<_> = told.offers.iter().map(|offer| (offer.place, offer.award.0)).collect();
    assert_eq!(offers, [(Place::BelowMargin, 1_000), (Place::AtMargin, 1_000), (Place::AboveMargin, 0)]);
    let quotas: Vec<_> = told.intervals.iter().map(|interval| interval.quota.0).collect();
    assert_eq!((told.award, quotas), (Watts(2_000), vec![1_000, 2_000]));
    assert!(told.intervals.iter().all(|interval| interval.measured.is_none()) && told.pay.is_none());
    // GIVEN its record THEN each interval has its setpoint, of which one meets the load's lower end
    let record = recorded(&event, &clearing, &rules);
    let tight = Resource { load_min: Watts(3_500), ..resource.clone() };
    let told = explain(&Facts { record: Some(&record), resource: &tight, ..facts });
    let levels: Vec<_> = told.intervals.iter().filter_map(|interval| interval.measured.as_ref()).collect();
    assert_eq!([levels[0].setpoint, levels[1].setpoint], [Some(Watts(4_000)), Some(Watts(3_500))]);
    assert_eq!([levels[0].is_clamped, levels[1].is_clamped], [false, true]);
    assert_eq!([levels[0].delivered, levels[1].delivered], [Watts(1_000), Watts(800)]);
    assert_eq!([levels[0].pay.factor, levels[1].pay.factor], [BasisPoints(0), BasisPoints(11_000)]);
    assert!(told.score.is_none() && told.pay.is_none());
}

#[test]
fn the_steps_give_what_the_chain_computes() {
    let split = SplitRule { floor: Price(100_000), share: BasisPoints(2_500) };
    let ((event, clearing), rules) = (cleared(), Programme { split, ..programme() });
    let (resource, segments) = (resource(), segments());
    let record = recorded(&event, &clearing, &rules);
    // GIVEN all records, of this and another resource, and a pot of half the claims
    let mut histogram = Histogram::default();
    histogram.add(accuracy(&record).expect("something was asked"));
    histogram.add(BasisPoints(10_000));
    let due = statement(&event, &rules, &clearing, &segments, &record, None);
    let shared = Shared { pot: due.claim, claims: due.claim * 2, before: due.claim, bond_left: due.penalty - 1 };
    let told = explain(&Facts {
        event: &event,
        programme: &rules,
        clearing: &clearing,
        resource: &resource,
        segments: &segments,
        record: Some(&record),
        histogram: Some(&histogram),
        shared: Some(shared),
        has_customer: true,
    });
    // THEN claim and penalty are the statement's, the bond limits the one and the pot the other
    let pay = told.pay.expect("all records are there");
    assert_eq!((pay.claim, pay.penalty_due, pay.before_call.paid_energy), (due.claim, due.penalty, due.paid_energy));
    assert_eq!(pay.penalty, Some(due.penalty - 1));
    assert_eq!(pay.paid, Some(due.claim - due.claim / 2));
    // AND its customer has 0.1 CNY a kWh of it, and a quarter of the rest
    let (paid, parts) = (due.claim - due.claim / 2, pay.parts.expect("it is paid"));
    assert_eq!(parts.floor, due.paid_energy * 100_000 / 3_600_000_000);
    assert_eq!(parts.customer, parts.floor + (paid - parts.floor) / 4);
    assert_eq!(parts.owner, paid - parts.customer);
    // AND the score stands beside the median
    let score = told.score.expect("something was asked");
    assert_eq!((score.scored, score.median), (2, Some(BasisPoints(6_000))));
    assert_eq!(score.score.accuracy, BasisPoints(6_000));
}
