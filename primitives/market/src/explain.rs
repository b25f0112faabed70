//! Why this number: every step from a bid to its pay, with what went in, what came out, and where a limit hit.
//!
//! The steps are those that clearing, setpoints, scores and settlement take, by the same functions. Whoever reads them
//! can compute each line from the lines above; docs/market.md has the formulas.

use crate::{
    clearing::{award, rank, reserved},
    score::{accuracy, score, Histogram},
    setpoint::{setpoint, Ask},
    settle::{due, interval_pay, performance, share, IntervalPay, PartDue},
    split::{split, Parts},
    Clearing, Event, EventRecord, Programme, Score, Segments, Statement, Totals,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::cmp::Ordering;
use loadstone_core::{Balance, BasisPoints, Price, Resource, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What the chain knows of one resource in a cleared event.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its rules.
    pub programme: &'a Programme,
    /// Its clearing.
    pub clearing: &'a Clearing,
    /// The resource.
    pub resource: &'a Resource,
    /// What was revealed for it.
    pub segments: &'a Segments,
    /// What was measured, once on chain.
    pub record: Option<&'a EventRecord>,
    /// Accuracies of all scored resources, once all records are on chain.
    pub histogram: Option<&'a Histogram>,
    /// What it shares with others, once all claims are known.
    pub shared: Option<Shared>,
    /// Whether its owner shares its pay with a customer.
    pub has_customer: bool,
}

/// What the pay of a resource depends on beside itself, in micro-yuan.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct Shared {
    /// What all claims are paid from.
    pub pot: Balance,
    /// All claims.
    pub claims: Balance,
    /// Claims of resources before this one, in the event's order.
    pub before: Balance,
    /// What earlier penalties have left of the owner's bond.
    pub bond_left: Balance,
}

impl Shared {
    /// In an event with these totals, for an owner with this bond, before any other resource.
    pub const fn new(pot: Balance, totals: &Totals, bond: Balance) -> Self {
        Self { pot, claims: totals.claims, before: 0, bond_left: bond }
    }

    /// Whether resources before this one matter: where the pot is short, or penalties were taken.
    pub const fn depends_on_others(&self, totals: &Totals) -> bool {
        totals.claims > self.pot || totals.penalties > 0
    }

    /// Counts a resource before this one in the event's order; `is_own` where both have one owner.
    pub fn pass(&mut self, earlier: &Statement, is_own: bool) {
        let taken = if is_own { earlier.penalty } else { 0 };
        self.before = self.before.saturating_add(earlier.claim);
        self.bond_left = self.bond_left.saturating_sub(taken);
    }
}

/// The way of one resource through an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct Explanation {
    /// Each offer with its award.
    pub offers: Vec<OfferSteps>,
    /// Watts awarded in all.
    pub award: Watts,
    /// Watts of reserve in all.
    pub reserve: Watts,
    /// Each settlement interval.
    pub intervals: Vec<IntervalSteps>,
    /// The score; `None` before all records are on chain, and where nothing was asked.
    pub score: Option<ScoreSteps>,
    /// The pay; `None` before the resource is scored.
    pub pay: Option<PaySteps>,
}

/// Where an offer lies.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Its rank is below the margin: awarded in full.
    BelowMargin,
    /// At it: floor((before + watts) x residual / total) - floor(before x residual / total).
    AtMargin,
    /// Above it: awarded nothing.
    AboveMargin,
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct OfferSteps {
    /// Price asked.
    pub price: Price,
    /// Watts offered.
    pub watts: Watts,
    /// Watts in the bucket of its rank before it.
    pub before: Watts,
    /// Credit that ranks it.
    pub credit: BasisPoints,
    /// Its rank: the price, raised where credit counts.
    pub rank: Price,
    /// Where it lies.
    pub place: Place,
    /// Watts awarded.
    pub award: Watts,
    /// Watts of reserve.
    pub reserve: Watts,
}

/// One settlement interval.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct IntervalSteps {
    /// Watts needed.
    pub need: Watts,
    /// Whether the reserve is called.
    pub is_reserve_called: bool,
    /// Watts asked: ceil(award x need / peak need), award and reserve together where that is called.
    pub quota: Watts,
    /// What was measured; `None` before the record is on chain.
    pub measured: Option<MeasuredSteps>,
}

/// What follows from the record in one interval.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct MeasuredSteps {
    /// Load without regulation; `None` where too little is known of it.
    pub baseline: Option<Watts>,
    /// Level to hold: baseline less quota, or plus it, within the load's range. Where the method looks at hours after the
    /// event too, the node held the level that follows from the hours before it. `None` without a baseline.
    pub setpoint: Option<Watts>,
    /// Whether the load's range limited it.
    pub is_clamped: bool,
    /// Mean power delivered.
    pub delivered: Watts,
    /// What is paid and punished.
    pub pay: IntervalPay,
}

/// The score.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ScoreSteps {
    /// Resources that were scored.
    pub scored: u64,
    /// Median of their accuracies, as the lower edge of its percent.
    pub median: Option<BasisPoints>,
    /// What followed.
    pub score: Score,
}

/// The pay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct PaySteps {
    /// What is due for intervals before the reserve was called: claim floor(energy x value x performance / (award x 3.6e9
    /// W·ms per kWh)).
    pub before_call: PartDue,
    /// And since.
    pub since_call: PartDue,
    /// Factor by which performance scales pay.
    pub performance: BasisPoints,
    /// Claim, of both.
    pub claim: Balance,
    /// Penalty of both before the bond limits it.
    pub penalty_due: Balance,
    /// Pot, claims and bond; `None` before all claims are known.
    pub shared: Option<Shared>,
    /// Penalty taken; `None` as above.
    pub penalty: Option<Balance>,
    /// Paid: the claim, or where claims exceed the pot
    /// floor((before + claim) x pot / claims) - floor(before x pot / claims).
    pub paid: Option<Balance>,
    /// Customer's and owner's parts of it; `None` as above, and where nobody shares.
    pub parts: Option<Parts>,
}

/// Every step as far as the event has come.
pub fn explain(facts: &Facts) -> Explanation {
    let score = facts.record.zip(facts.histogram).and_then(|(record, histogram)| {
        let score = score(record, &facts.programme.score, histogram)?;
        Some(ScoreSteps { scored: histogram.count(), median: histogram.median(), score })
    });
    let judged = facts.record.filter(|record| facts.histogram.is_some() || accuracy(record).is_none());
    let Ask { award, reserve } = Ask::new(facts.clearing, facts.segments);
    Explanation {
        offers: offers(facts),
        award,
        reserve,
        intervals: intervals(facts),
        pay: judged.map(|record| pay(facts, record, score.as_ref().map(|steps| &steps.score))),
        score,
    }
}

fn offers(facts: &Facts) -> Vec<OfferSteps> {
    let steps = facts.segments.iter().map(|segment| {
        let rank = rank(segment.price, segment.credit, &facts.clearing.ranks);
        OfferSteps {
            price: segment.price,
            watts: segment.watts,
            before: segment.before,
            credit: segment.credit,
            rank,
            place: match rank.cmp(&facts.clearing.marginal_price) {
                Ordering::Less => Place::BelowMargin,
                Ordering::Equal => Place::AtMargin,
                Ordering::Greater => Place::AboveMargin,
            },
            award: award(facts.clearing, segment),
            reserve: reserved(facts.clearing, segment),
        }
    });
    steps.collect()
}

fn intervals(facts: &Facts) -> Vec<IntervalSteps> {
    let ask = Ask::new(facts.clearing, facts.segments);
    let steps = facts.event.needs.iter().enumerate().map(|(interval, need)| IntervalSteps {
        need: *need,
        is_reserve_called: facts.event.is_reserve_called(interval),
        quota: ask.quota(facts.event, interval),
        measured: facts.record.and_then(|record| measured(facts, record, interval)),
    });
    steps.collect()
}

fn measured(facts: &Facts, record: &EventRecord, interval: usize) -> Option<MeasuredSteps> {
    let (quota, delivered) = (*record.quota.get(interval)?, *record.delivered.get(interval)?);
    let Resource { load_min, load_max, .. } = facts.resource;
    let baseline = record.baseline.get(interval).copied();
    let level = |low, high| Some(setpoint(baseline?, quota, facts.event.direction, low, high));
    let held = level(*load_min, *load_max);
    Some(MeasuredSteps {
        baseline,
        setpoint: held,
        is_clamped: held != level(Watts(i64::MIN), Watts(i64::MAX)),
        delivered,
        pay: interval_pay(quota, delivered, facts.event.interval_ms, &facts.programme.deviation),
    })
}

fn pay(facts: &Facts, record: &EventRecord, score: Option<&Score>) -> PaySteps {
    let performance = performance(facts.programme, score);
    let [before_call, since_call] =
        due(facts.event, facts.programme, facts.clearing, facts.segments, record, performance);
    let claim = before_call.claim.saturating_add(since_call.claim);
    let penalty_due = before_call.penalty.saturating_add(since_call.penalty);
    let paid_energy = before_call.paid_energy.saturating_add(since_call.paid_energy);
    let paid = facts.shared.map(|shared| share(shared.pot, shared.claims, shared.before, claim));
    let divided = paid.filter(|_| facts.has_customer);
    PaySteps {
        before_call,
        since_call,
        performance,
        claim,
        penalty_due,
        shared: facts.shared,
        penalty: facts.shared.map(|shared| penalty_due.min(shared.bond_left)),
        paid,
        parts: divided.map(|paid| split(&facts.programme.split, paid_energy, paid)),
    }
}
