//! An event on chain against the same event recomputed from bids and anchored units.

use crate::{
    check::{Mismatch, Units},
    output::cny,
    reads::EventView,
};
use loadstone_core::{Balance, Price, Watts};
use loadstone_market::{
    audit::{audit, Audit, AuditInput, AuditRow},
    clearing,
    credit::credit,
    setpoint::Ask,
    validity::validity,
    Credit, Phase, Pricing, Statement, Totals,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::{fmt::Debug, ops::Bound};

/// How much was recomputed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recomputed {
    /// Anchors whose hash, order and root were checked.
    pub anchors: usize,
    /// Units whose signature and chain were checked.
    pub units: usize,
    /// Readings in them.
    pub readings: u64,
    /// Clearings.
    pub clearings: usize,
    /// Awards.
    pub awards: usize,
    /// Quotas of intervals, from which setpoints follow.
    pub setpoints: usize,
    /// Event records.
    pub records: usize,
    /// Scores.
    pub scores: usize,
    /// Credits.
    pub credits: usize,
    /// Statements.
    pub payments: usize,
}

/// Recomputed against the chain.
pub struct Comparison {
    /// How much was recomputed.
    pub recomputed: Recomputed,
    /// The numbers.
    pub audit: Audit,
    /// Where the chain differs.
    pub mismatches: Vec<Mismatch>,
}

/// Compares everything that the chain must show in the event's phase.
pub fn compare(view: &EventView, units: &Units) -> Comparison {
    let since_opening = (Bound::Excluded(view.event.baseline_anchor), Bound::Included(view.cutoff.unwrap_or_default()));
    let inputs: Vec<AuditInput> = view
        .resources
        .iter()
        .map(|resource| AuditInput {
            resource: resource.id,
            segments: resource.segments.clone(),
            has_customer: resource.customer.is_some(),
            past: resource.past.clone(),
            before: units.readings_of(resource.resource.device, ..=view.event.baseline_anchor),
            during: units.readings_of(resource.resource.device, since_opening),
            replaced: resource.replaced.clone(),
        })
        .collect();
    let mut audit = audit(&view.event, &view.programme, &inputs, view.event.budget);
    cap_penalties(view, &mut audit.rows);
    let mut found = Found { recomputed: Recomputed::default(), mismatches: Vec::new() };
    found.bids(view);
    if view.reached(Phase::Cleared) {
        found.clearing(view, &audit);
    }
    for (resource, row) in view.resources.iter().zip(&audit.rows) {
        let item = |what: &str| format!("{what} of resource {}", resource.id);
        if view.reached(Phase::Cleared) {
            found.recomputed.awards += 1;
        }
        if view.reached(Phase::Recorded) {
            found.recomputed.setpoints += row.record.quota.len();
            found.recomputed.records += 1;
            found.same(item("record"), &resource.record, &Some(row.record.clone()));
        }
        if view.reached(Phase::Scored) {
            found.recomputed.scores += usize::from(row.score.is_some());
            found.same(item("score"), &resource.score, &row.score);
            // Where the record was put right, the credit has learnt twice of the event.
            if resource.replaced.is_none() {
                found.credit(item("credit"), view, resource.credit.as_ref(), row);
            }
        }
        if view.reached(Phase::Settled) {
            found.recomputed.payments += 1;
            found.same(item("payment"), &resource.statement, &Some(row.statement.clone()));
        }
    }
    if view.reached(Phase::Settled) {
        let totals = sums(audit.rows.iter().map(|row| &row.statement));
        found.same("totals of the event".into(), &view.totals, &Some(totals));
    }
    Comparison { recomputed: found.recomputed, audit, mismatches: found.mismatches }
}

/// Penalties come out of each bidder's bond until it is used up, in the event's order.
fn cap_penalties(view: &EventView, rows: &mut [AuditRow]) {
    let mut bonds = BTreeMap::<_, Balance>::new();
    for (bidder, commitment) in view.commitments.iter().filter(|(_, commitment)| commitment.revealed) {
        let bond = bonds.entry(bidder).or_default();
        *bond = bond.saturating_add(commitment.bond);
    }
    for (resource, row) in view.resources.iter().zip(rows) {
        if let Some(left) = bonds.get_mut(&resource.resource.owner) {
            row.statement.penalty = row.statement.penalty.min(*left);
            *left = left.saturating_sub(row.statement.penalty);
        }
    }
}

fn sums<'a>(statements: impl Iterator<Item = &'a Statement>) -> Totals {
    statements.fold(Totals::default(), |sum, statement| Totals {
        claims: sum.claims.saturating_add(statement.claim),
        penalties: sum.penalties.saturating_add(statement.penalty),
        paid: sum.paid.saturating_add(statement.paid),
    })
}

struct Found {
    recomputed: Recomputed,
    mismatches: Vec<Mismatch>,
}

impl Found {
    fn same<T: PartialEq + Debug>(&mut self, item: String, chain: &Option<T>, ours: &Option<T>) {
        if chain != ours {
            let shown = |value: &Option<T>| value.as_ref().map_or("nothing".into(), |value| format!("{value:?}"));
            let text = format!("on chain {}, recomputed {}", shown(chain), shown(ours));
            self.mismatches.push(Mismatch::new(item, text));
        }
    }

    /// Each segment's place in the bucket of its rank, and the buckets' totals.
    fn bids(&mut self, view: &EventView) {
        let mut buckets = BTreeMap::<Price, Watts>::new();
        for resource in &view.resources {
            for segment in &resource.segments {
                let rank = clearing::rank(segment.price, segment.credit, &view.programme.ranks());
                let total = buckets.entry(rank).or_default();
                let item = format!("offer of resource {} at {}", resource.id, cny(segment.price));
                self.same(item, &Some(segment.before), &Some(*total));
                total.0 = total.0.saturating_add(segment.watts.0);
            }
        }
        // Buckets may be emptied once cleared, since nothing reads them any more.
        if !view.reached(Phase::Cleared) || !view.buckets.is_empty() {
            let chain: BTreeMap<_, _> = view.buckets.iter().filter(|(_, total)| total.0 != 0).collect();
            self.same("price buckets".into(), &Some(chain), &Some(buckets.iter().collect()));
        }
    }

    fn clearing(&mut self, view: &EventView, audit: &Audit) {
        self.recomputed.clearings += 1;
        self.same("clearing".into(), &view.clearing, &Some(audit.clearing.clone()));
        let sum = |of: fn(&Ask) -> Watts| {
            Some(Watts(audit.rows.iter().fold(0i64, |sum, row| sum.saturating_add(of(&row.ask).0))))
        };
        self.same("sum of awards".into(), &Some(audit.clearing.awarded), &sum(|ask| ask.award));
        self.same("sum of reserves".into(), &Some(audit.clearing.reserve.awarded), &sum(|ask| ask.reserve));
        if let Some(order) = &view.order {
            let window = (view.event.start, view.event.end());
            self.same("window of the order".into(), &Some((order.start, order.end)), &Some(window));
        }
    }

    /// Credit after the event, where this event is the resource's first.
    fn credit(&mut self, item: String, view: &EventView, chain: Option<&Credit>, row: &AuditRow) {
        let Some(score) = &row.score else { return };
        if view.programme.pricing == Pricing::Bilateral {
            return;
        }
        if chain.is_none_or(|credit| credit.events <= 1) {
            self.recomputed.credits += 1;
            let rule = &view.programme.score;
            let ours = credit(None, score, validity(&row.record, rule), rule, view.event.end());
            self.same(item, &chain.cloned(), &Some(ours));
        }
    }
}

#[cfg(test)]
#[path = "tests/compare.rs"]
pub mod tests;
