//! What the chain says of one resource in an event, for `why`.

use crate::client::State;
use anyhow::{bail, Result};
use loadstone_core::{AccountId, Balance, EventId, Resource, ResourceId};
use loadstone_evidence::keys;
use loadstone_market::{
    explain::{explain, Explanation, Facts, Shared},
    score::Histogram,
    Clearing, Event, EventRecord, Phase, Programme, Score, Segments, Statement, Totals,
};

/// How each number follows from those before it; whole numbers, `/` in floor and ceil exact.
pub const FORMULAS: [(&str, &str); 19] = [
    ("rank", "price if credit >= 10000; else from + step * ceil((ceil(price * 10000 / credit) - from) / step), with the clearing's ranks"),
    ("award", "watts if rank < marginal_price; 0 above; at it floor((before + watts) * residual / marginal_total) - floor(before * residual / marginal_total)"),
    ("reserve", "0 if reserve.awarded == 0 or rank < marginal_price or rank > reserve.price; watts - award if rank < reserve.price; else with u(x) = x - floor(x * residual / marginal_total) if rank == marginal_price else x: floor((u(before) + watts - award) * reserve.residual / reserve.total) - floor(u(before) * reserve.residual / reserve.total)"),
    ("quota", "min(power, ceil(power * need / max(needs))), power being the sum of awards over offers, and of reserves too from interval reserve_from on"),
    ("setpoint", "without a baseline none; down: max(load_min, baseline - quota); up: min(load_max, baseline + quota)"),
    ("energy", "watts * interval_ms, in W*ms; delivered below 0 counts as 0; without a quota nothing is paid or punished"),
    ("counted", "full = floor(quota * full_until / 10000); top = floor(quota * over_until / 10000); min(delivered, full) + floor(max(0, min(delivered, top) - full) * over_share / 10000)"),
    ("paid energy", "counted; 0 if void_beyond > 0 and abs(delivered - quota) > ceil(quota * void_beyond / 10000)"),
    ("factor", "deep_factor if counted < ceil(quota * deep_below / 10000); else penalty_factor if counted < ceil(quota * penalty_below / 10000); else 0"),
    ("shortfall", "if factor > 0: max(0, ceil(quota * shortfall_from / 10000) - counted); else 0"),
    ("accuracy", "Q = sum of quotas, D = sum of delivered watts: floor(max(0, Q - abs(D - Q)) * 10000 / Q)"),
    ("peer", "median known and more than one scored: min(10000, max(0, 5000 + floor(accuracy / 100) * 100 - median)); else accuracy"),
    ("score", "floor((own_weight * accuracy + (10000 - own_weight) * peer) / 10000)"),
    ("k_index", "rate = min(30000, floor(record.rate * 10000 / rate_standard)); response = 0 if record.rate == 0 else floor(max(0, response_standard_ms - response_time_ms) * 10000 / response_standard_ms); precision = floor(max(0, precision_standard - precision_error) * 10000 / precision_standard); floor((4 * rate + 3 * response + 3 * precision) / 10)"),
    ("price", "of an offer at a margin: uniform: max(price, min(price_cap, floor(margin * credit / 10000))); else the offer's price; the margin of awards is marginal_price, that of reserves reserve.price"),
    ("claim", "twice, for the intervals before reserve_from (power = award) and since (power = award + reserve), and added: value = sum of power * its price; performance = 10000 if performance_max == 0 else min(k_index, performance_max); floor(sum(paid energy) * value * performance / (power * 3600000000 * 10000))"),
    ("penalty", "min(bond_left, of both parts ceil(sum(shortfall * factor) * value / (power * 3600000000 * 10000)))"),
    ("paid", "claim if claims <= pot; else floor((before + claim) * pot / claims) - floor(before * pot / claims)"),
    ("split", "with a customer, rules being split: floor = min(paid, floor(sum(paid energy) * rules.floor / 3600000000)); customer = floor + floor((paid - floor) * rules.share / 10000); owner = paid - customer. Without one all is the owner's"),
];

/// One resource in one event, read at one block.
pub struct Read {
    /// The event's id.
    pub of: EventId,
    /// The event.
    pub event: Event,
    /// Its rules.
    pub programme: Programme,
    /// Its clearing.
    pub clearing: Clearing,
    /// The resource's id.
    pub id: ResourceId,
    /// The resource.
    pub resource: Resource,
    /// What was measured.
    pub record: Option<EventRecord>,
    /// What was revealed for it.
    pub segments: Segments,
    /// With whom its owner shares its pay in the event.
    pub customer: Option<AccountId>,
    /// Accuracies of all resources, once all records are on chain.
    pub histogram: Option<Histogram>,
    /// What its pay depends on beside itself, once settled.
    pub shared: Option<Shared>,
    /// Its score, once scored.
    pub score: Option<Score>,
    /// Its pay, once drawn up.
    pub statement: Option<Statement>,
}

impl Read {
    /// Reads resource `id` in event `of` at `state`.
    ///
    /// # Errors
    /// When there is no such event, it is not cleared, or nothing was revealed for the resource.
    pub async fn at(state: &State<'_>, of: EventId, id: ResourceId) -> Result<Self> {
        let event: Event = state.require(keys::event(of), &format!("event {of}")).await?;
        let Some(clearing) = state.get::<Clearing>(keys::clearing(of)).await? else {
            bail!("event {of} is not cleared, so there is nothing to explain yet: see `loadstone status {of}`");
        };
        let resource: Resource = state.require(keys::resource(id), &format!("resource {id}")).await?;
        let Some(segments) = state.get::<Segments>(keys::segments(of, id)).await? else {
            bail!("nothing was revealed for resource {id} in event {of}: `loadstone status {of}` lists who takes part");
        };
        let rules = keys::programme(event.programme, event.version);
        let is_recorded = event.phase >= Phase::Recorded && event.phase != Phase::Cancelled;
        let histogram = if is_recorded { state.get(keys::histogram(of)).await? } else { None };
        let shared = match event.phase {
            Phase::Settled => Some(shared(state, of, id, &event, &resource).await?),
            _ => None,
        };
        Ok(Self {
            programme: state.require(rules, "the event's programme").await?,
            customer: state.get(keys::event_customer(of, id)).await?,
            record: state.get(keys::record(of, id)).await?,
            score: state.get(keys::score(of, id)).await?,
            statement: state.get(keys::statement(of, id)).await?,
            of,
            event,
            clearing,
            id,
            resource,
            segments,
            histogram,
            shared,
        })
    }

    /// Every step as far as the event has come.
    pub fn explain(&self) -> Explanation {
        explain(&Facts {
            event: &self.event,
            programme: &self.programme,
            clearing: &self.clearing,
            resource: &self.resource,
            segments: &self.segments,
            record: self.record.as_ref(),
            histogram: self.histogram.as_ref(),
            shared: self.shared,
            has_customer: self.customer.is_some(),
        })
    }

    /// Where the chain says something else than the steps give.
    pub fn differences(&self, told: &Explanation) -> Vec<String> {
        let mut found = Vec::new();
        let score = told.score.as_ref().map(|steps| &steps.score);
        if self.score.is_some() && self.score.as_ref() != score {
            found.push(format!("score: on chain {:?}, by the steps {score:?}", self.score));
        }
        if let (Some(statement), Some(pay)) = (&self.statement, &told.pay) {
            let chain = (statement.claim, Some(statement.penalty), Some(statement.paid), statement.customer);
            let customer = pay.parts.map_or(0, |parts| parts.customer);
            let ours = (pay.claim, pay.penalty, pay.paid, customer);
            if self.event.phase == Phase::Settled && chain != ours {
                let what = "claim, penalty, payment and the customer's part";
                found.push(format!("{what}: on chain {chain:?}, by the steps {ours:?}"));
            }
        }
        found
    }
}

/// What the pay depends on beside the resource itself. Resources before it in the event are read only where they
/// matter: where the pot is short, or penalties were taken.
async fn shared(state: &State<'_>, of: EventId, id: ResourceId, event: &Event, resource: &Resource) -> Result<Shared> {
    let totals: Totals = state.get(keys::totals(of)).await?.unwrap_or_default();
    let own: Option<(u16, Balance)> = state.get(keys::bidder(of, &resource.owner)).await?;
    let bond = own.map_or(0, |(_, revealed_bond)| revealed_bond);
    let mut shared = Shared::new(event.budget, &totals, bond);
    if !shared.depends_on_others(&totals) {
        return Ok(shared);
    }
    let count: u32 = state.get(keys::event_resource_count(of)).await?.unwrap_or_default();
    let places: Vec<_> = (0..count).map(|index| keys::event_resource(of, index)).collect();
    let all: Vec<ResourceId> = state.get_all(&places).await?.into_iter().flatten().collect();
    let earlier: Vec<ResourceId> = all.into_iter().take_while(|other| *other != id).collect();
    let statements: Vec<_> = earlier.iter().map(|other| keys::statement(of, *other)).collect();
    let owners: Vec<_> = earlier.iter().map(|other| keys::resource(*other)).collect();
    let (statements, owners) =
        (state.get_all::<Statement>(&statements).await?, state.get_all::<Resource>(&owners).await?);
    for (statement, owner) in statements.into_iter().zip(owners) {
        let Some(statement) = statement else { continue };
        shared.pass(&statement, owner.is_some_and(|owner| owner.owner == resource.owner));
    }
    Ok(shared)
}
