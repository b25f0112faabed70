//! What people read of a resource's way through an event.

use super::*;
use crate::compare::tests as sample;
use loadstone_core::{AccountId, BasisPoints, BoundedVec, Price, Watts};
use loadstone_market::{
    clearing::clear,
    explain::Shared,
    score::{accuracy, score, Histogram},
    settle::statement,
    split::split,
    EventRecord, Programme, Ranks, Segment, Segments, SplitRule,
};

/// Settled: 150 W and 90 W asked of 200 W offered at the margin, the first delivered twice, the second by half, and
/// a pot and a bond that both fall short, and a customer.
fn settled() -> steps::Read {
    let rule = SplitRule { floor: Price(1_000), share: BasisPoints(2_000) };
    let programme = Programme { split: rule, ..sample::programme() };
    let (event, view) = (sample::event(), sample::resource(0));
    let segment = Segment { price: Price(20_000), watts: Watts(200), before: Watts(0), credit: BasisPoints::ONE };
    let segments = Segments::truncate_from(vec![segment]);
    let clearing = clear([(Price(20_000), Watts(200))], event.peak_need(), Watts(0), Ranks::default());
    let watts = |values: [i64; 2]| BoundedVec::truncate_from(values.map(Watts).to_vec());
    let record = EventRecord {
        resource: view.id,
        baseline: watts([1_000; 2]),
        quota: watts([150, 90]),
        delivered: watts([300, 45]),
        readings_due: 10,
        readings_valid: 10,
        response_time_ms: 1_000,
        rate: BasisPoints(1_000),
        precision_error: BasisPoints(100),
    };
    let mut histogram = Histogram::default();
    histogram.add(accuracy(&record).expect("something was asked"));
    let judged = score(&record, &programme.score, &histogram);
    let mut due = statement(&event, &programme, &clearing, &segments, &record, judged.as_ref());
    let shared = Shared { pot: due.claim, claims: 2 * due.claim, before: 0, bond_left: due.penalty - 1 };
    (due.penalty, due.paid) = (due.penalty - 1, due.claim / 2);
    due.customer = split(&programme.split, due.paid_energy, due.paid).customer;
    steps::Read {
        of: EventId(3),
        event,
        programme,
        clearing,
        id: view.id,
        resource: view.resource,
        record: Some(record),
        segments,
        customer: Some(AccountId::new([21; 32])),
        histogram: Some(histogram),
        shared: Some(shared),
        score: judged,
        statement: Some(due),
    }
}

#[test]
fn people_read_every_step_and_every_limit() {
    // GIVEN a settled event
    let read = settled();
    let told = read.explain();
    // THEN the steps give what the chain says, and each limit that hit is named
    assert_eq!(read.differences(&told), Vec::<String>::new());
    let text = people(&read, &told, &[]);
    for part in [
        "resource 0 in event 3 (settled)",
        "award: 150 W in all",
        "at the margin",
        "over-delivery",
        "penalty",
        "K index",
        "the pot is short",
        "the customer gets",
        "bond left",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn what_the_chain_says_otherwise_is_told() {
    // GIVEN a score and a payment that don't follow from the steps
    let mut read = settled();
    read.score.iter_mut().for_each(|score| score.peer = BasisPoints(1));
    read.statement.iter_mut().for_each(|statement| statement.paid += 1);
    // THEN both are told
    let differences = read.differences(&read.explain());
    assert!(matches!(&differences[..], [score, paid] if score.starts_with("score") && paid.contains("payment")));
    assert!(people(&read, &read.explain(), &differences).contains("DIFFERS"));
}

#[test]
fn what_is_not_known_yet_is_said() {
    // GIVEN a cleared event without a record
    let read = steps::Read { record: None, histogram: None, shared: None, score: None, statement: None, ..settled() };
    let text = people(&read, &read.explain(), &[]);
    // THEN award and quotas are told, and that there is no pay yet
    assert!(text.contains("award: 150 W") && text.contains("pay: not yet"), "{text}");
}
