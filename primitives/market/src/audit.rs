//! Audit: an event recomputed from what was bid and what anchored units say.
//!
//! The same code that chain and members run, put together once, so that whoever compares a result
//! with the chain compares numbers and not programs.

use crate::{
    baseline::Reading,
    clearing::{clear, rank},
    record::Recorder,
    score::{accuracy, score, Histogram},
    setpoint::Ask,
    settle::{residue, share, statement},
    split::split,
    Clearing, Event, EventRecord, PastEvents, Programme, Score, Segments, Statement,
};
use alloc::{collections::BTreeMap, vec::Vec};
use loadstone_core::{Balance, Price, ResourceId, Watts};

/// One resource of the event, in the event's order.
#[derive(Clone, Debug)]
pub struct AuditInput {
    /// Whose.
    pub resource: ResourceId,
    /// What was revealed for it.
    pub segments: Segments,
    /// Whether its owner shares its pay with a customer.
    pub has_customer: bool,
    /// Its events so far, as they stand on chain.
    pub past: PastEvents,
    /// Its readings in anchors up to the baseline anchor, in chain order.
    pub before: Vec<Reading>,
    /// Its readings in later anchors up to the cut-off, in chain order.
    pub during: Vec<Reading>,
    /// The record that a referee put right, which the event's accuracies still count.
    pub replaced: Option<EventRecord>,
}

/// What the chain must show for one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Whose.
    pub resource: ResourceId,
    /// Watts awarded, and of reserve.
    pub ask: Ask,
    /// What was measured.
    pub record: EventRecord,
    /// Its score; `None` when nothing was asked of it.
    pub score: Option<Score>,
    /// Its pay; the penalty before the bond caps it.
    pub statement: Statement,
}

/// What the chain must show for the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The clearing.
    pub clearing: Clearing,
    /// Accuracies of all scored resources.
    pub histogram: Histogram,
    /// One row a resource, in the event's order.
    pub rows: Vec<AuditRow>,
    /// Sum of claims.
    pub claims: Balance,
    /// Sum paid.
    pub paid: Balance,
    /// What returns to the opener from the pot.
    pub residue: Balance,
}

/// The clearing of `event` from all segments revealed in it. Sums saturate: capacity bounds real bids.
pub fn reclear<'a>(event: &Event, programme: &Programme, segments: impl IntoIterator<Item = &'a Segments>) -> Clearing {
    let mut buckets = BTreeMap::<Price, Watts>::new();
    for segment in segments.into_iter().flat_map(|segments| segments.iter()) {
        let total = buckets.entry(rank(segment.price, segment.credit, &programme.ranks())).or_default();
        total.0 = total.0.saturating_add(segment.watts.0);
    }
    let peak = event.peak_need();
    clear(buckets, peak, programme.reserve_of(peak), programme.ranks())
}

/// Recomputes clearing, awards, records, scores and pay of `event` with `pot` to pay from.
pub fn audit(event: &Event, programme: &Programme, inputs: &[AuditInput], pot: Balance) -> Audit {
    let clearing = reclear(event, programme, inputs.iter().map(|input| &input.segments));
    let recorder = Recorder::new(event, programme, &clearing);
    let records: Vec<EventRecord> = inputs.iter().map(|input| record(&recorder, input)).collect();
    let mut histogram = Histogram::default();
    let certified = inputs.iter().zip(&records).map(|(input, record)| input.replaced.as_ref().unwrap_or(record));
    certified.filter_map(accuracy).for_each(|accuracy| histogram.add(accuracy));
    let judged = inputs.iter().zip(records).map(|(input, record)| {
        let score = score(&record, &programme.score, &histogram);
        let statement = statement(event, programme, &clearing, &input.segments, &record, score.as_ref());
        let (resource, ask) = (input.resource, Ask::new(&clearing, &input.segments));
        AuditRow { resource, ask, record, score, statement }
    });
    let mut rows: Vec<AuditRow> = judged.collect();
    let claims = rows.iter().fold(0, |sum: Balance, row| sum.saturating_add(row.statement.claim));
    let (mut before, mut paid): (Balance, Balance) = (0, 0);
    for (input, AuditRow { statement, .. }) in inputs.iter().zip(&mut rows) {
        statement.paid = share(pot, claims, before, statement.claim);
        let parts = split(&programme.split, statement.paid_energy, statement.paid);
        statement.customer = if input.has_customer { parts.customer } else { 0 };
        before = before.saturating_add(statement.claim);
        paid = paid.saturating_add(statement.paid);
    }
    Audit { residue: residue(pot, claims), clearing, histogram, rows, claims, paid }
}

fn record(recorder: &Recorder, input: &AuditInput) -> EventRecord {
    recorder.record(input.resource, &input.segments, &input.past, &input.before, &input.during)
}
