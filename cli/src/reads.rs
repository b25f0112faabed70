//! Everything that the chain says of one event, read at one block.

use crate::client::{decode, State};
use anyhow::{anyhow, Context, Result};
use loadstone_core::{AccountId, AnchorNumber, EventId, Price, Resource, ResourceId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{
    Batch, Clearing, Commitment, Credit, EscrowState, Event, EventRecord, Order, OrderRule, PastEvents, Phase,
    Programme, Score, Segments, Statement, Totals,
};
use std::collections::BTreeMap;

/// One event with all that hangs on it.
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// The event.
    pub event: Event,
    /// Its rules.
    pub programme: Programme,
    /// Its clearing, once cleared.
    pub clearing: Option<Clearing>,
    /// Watts offered in each price bucket.
    pub buckets: BTreeMap<Price, Watts>,
    /// Commitments by bidder, one a batch.
    pub commitments: Vec<(AccountId, Commitment)>,
    /// Resources in order of reveal.
    pub resources: Vec<ResourceView>,
    /// The last anchor that counts, once known.
    pub cutoff: Option<AnchorNumber>,
    /// What is held for it, while it is.
    pub escrow: Option<EscrowState>,
    /// Sums over its statements.
    pub totals: Option<Totals>,
    /// Its order, while no other of its area and direction has taken the place.
    pub order: Option<Order>,
}

/// One resource in an event.
pub struct ResourceView {
    /// Its id.
    pub id: ResourceId,
    /// As registered.
    pub resource: Resource,
    /// What was revealed for it.
    pub segments: Segments,
    /// With whom its owner shares its pay in the event.
    pub customer: Option<AccountId>,
    /// Events that it took part in.
    pub past: PastEvents,
    /// Its record, once on chain.
    pub record: Option<EventRecord>,
    /// The wrong record that a referee replaced.
    pub replaced: Option<EventRecord>,
    /// Its score, once scored.
    pub score: Option<Score>,
    /// Its standing now.
    pub credit: Option<Credit>,
    /// Its pay, once settled.
    pub statement: Option<Statement>,
}

impl EventView {
    /// Reads event `id` at `state`.
    pub async fn read(state: &State<'_>, id: EventId) -> Result<Self> {
        let event: Event = state.require(keys::event(id), &format!("event {id}")).await?;
        let rules = keys::programme(event.programme, event.version);
        let count: u32 = state.get(keys::event_resource_count(id)).await?.unwrap_or_default();
        let places: Vec<_> = (0..count).map(|index| keys::event_resource(id, index)).collect();
        let ids = all(state.get_all::<ResourceId>(&places).await?, "a resource of the event")?;
        let view = Self {
            id,
            programme: state.require(rules, "the event's programme").await?,
            clearing: state.get(keys::clearing(id)).await?,
            buckets: BTreeMap::new(),
            commitments: commitments(state, id).await?,
            resources: resources(state, id, &ids).await?,
            cutoff: state.get(keys::cutoff(id)).await?,
            escrow: state.get(keys::escrow(id)).await?,
            totals: state.get(keys::totals(id)).await?,
            order: own_order(state.get(keys::order(event.area, event.direction)).await?, id),
            event,
        };
        view.with_buckets(state).await
    }

    async fn with_buckets(mut self, state: &State<'_>) -> Result<Self> {
        let bucket_keys = state.keys(&keys::buckets_of(self.id)).await?;
        let totals = state.get_all::<Watts>(&bucket_keys).await?;
        for (key, total) in bucket_keys.iter().zip(totals) {
            let index: u32 = decode(keys::last_part(key, 4).unwrap_or_default())?;
            let step = self.programme.price_tick.0.saturating_mul(index.into());
            let price = Price(self.programme.price_floor.0.saturating_add(step));
            self.buckets.insert(price, total.unwrap_or_default());
        }
        Ok(self)
    }

    /// Whether the event has reached `phase` and was not cancelled.
    pub fn reached(&self, phase: Phase) -> bool {
        self.event.phase >= phase && self.event.phase != Phase::Cancelled
    }
}

/// The chain keeps one order for an area and direction: the newest, whatever it is for.
fn own_order(current: Option<Order>, event: EventId) -> Option<Order> {
    current.filter(|order| order.rule == OrderRule::Event(event))
}

async fn commitments(state: &State<'_>, id: EventId) -> Result<Vec<(AccountId, Commitment)>> {
    let commitment_keys = state.keys(&keys::commitments_of(id)).await?;
    let values = all(state.get_all::<Commitment>(&commitment_keys).await?, "a commitment")?;
    let places =
        commitment_keys.iter().map(|key| decode::<(AccountId, Batch)>(keys::last_part(key, 34).unwrap_or_default()));
    places.zip(values).map(|(place, commitment)| Ok((place?.0, commitment))).collect()
}

async fn resources(state: &State<'_>, event: EventId, ids: &[ResourceId]) -> Result<Vec<ResourceView>> {
    let of = |key: &dyn Fn(ResourceId) -> Vec<u8>| ids.iter().map(|id| key(*id)).collect::<Vec<_>>();
    let registered = all(state.get_all::<Resource>(&of(&keys::resource)).await?, "a resource")?;
    let segments: Vec<Option<Segments>> = state.get_all(&of(&|id| keys::segments(event, id))).await?;
    let records: Vec<Option<EventRecord>> = state.get_all(&of(&|id| keys::record(event, id))).await?;
    let scores: Vec<Option<Score>> = state.get_all(&of(&|id| keys::score(event, id))).await?;
    let credits: Vec<Option<Credit>> = state.get_all(&of(&keys::credit)).await?;
    let statements: Vec<Option<Statement>> = state.get_all(&of(&|id| keys::statement(event, id))).await?;
    let past: Vec<Option<PastEvents>> = state.get_all(&of(&keys::past_events)).await?;
    let customers: Vec<Option<AccountId>> = state.get_all(&of(&|id| keys::event_customer(event, id))).await?;
    let replaced: Vec<Option<EventRecord>> = state.get_all(&of(&|id| keys::replaced_record(event, id))).await?;
    let (segments, records) = (segments.into_iter().zip(customers), records.into_iter().zip(replaced));
    let rest = segments.zip(past).zip(records).zip(scores).zip(credits).zip(statements);
    let views = ids.iter().zip(registered).zip(rest);
    Ok(views
        .map(|((id, resource), rest)| {
            let ((((((segments, customer), past), (record, replaced)), score), credit), statement) = rest;
            ResourceView {
                id: *id,
                resource,
                segments: segments.unwrap_or_default(),
                customer,
                past: past.unwrap_or_default(),
                record,
                replaced,
                score,
                credit,
                statement,
            }
        })
        .collect())
}

/// All values, or an error that names what is missing.
pub fn all<T>(values: Vec<Option<T>>, what: &str) -> Result<Vec<T>> {
    values.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| anyhow!("{what} is not on chain"))
}

/// The newest event's id.
pub async fn newest_event(state: &State<'_>) -> Result<EventId> {
    let next: EventId = state.get(keys::next_event()).await?.unwrap_or_default();
    next.0.checked_sub(1).map(EventId).context("there is no event yet")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{AreaId, BoundedVec, Direction, Millis};

    #[test]
    fn an_event_shows_its_own_order_alone() {
        // GIVEN the current order of an area
        let order = |rule| Order {
            area: AreaId(1),
            direction: Direction::Down,
            sequence: 36,
            rule,
            start: Millis(0),
            end: Millis(1),
            issued_at: Millis(0),
            reference_anchor: AnchorNumber(1),
            reason: BoundedVec::default(),
        };
        let own = order(OrderRule::Event(EventId(4)));
        // THEN the event that it is for shows it, and others and other orders' events don't
        assert_eq!(own_order(Some(own.clone()), EventId(4)), Some(own.clone()));
        assert_eq!(own_order(Some(own), EventId(5)), None);
        assert_eq!(own_order(Some(order(OrderRule::Release)), EventId(4)), None);
        assert_eq!(own_order(None, EventId(4)), None);
    }
}
