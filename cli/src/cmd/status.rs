//! `loadstone status`: an event as it stands at the finalised head.

use crate::{
    context::Context,
    output::{levels, moment, pairs, percent, yuan, Table},
    reads::{newest_event, EventView},
};
use anyhow::Result;
use clap::Args;
use loadstone_core::EventId;
use loadstone_dag::Anchor;
use loadstone_evidence::keys;
use loadstone_market::{
    clearing::{awards, reserves},
    Phase, Totals,
};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// Shows an event with awards, records, scores and money.
#[derive(Args, Debug)]
pub struct Status {
    /// The event; by default the newest.
    event: Option<u32>,
}

impl Status {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let id = match self.event {
            Some(event) => EventId(event),
            None => newest_event(&state).await?,
        };
        let view = EventView::read(&state, id).await?;
        let latest: Option<Anchor> = state.get(keys::latest_anchor()).await?;
        let header = chain.header(state.hash).await?;
        let value = json!({
            "block": { "number": header.number, "hash": state.hash, "time_ms": state.now().await? },
            "event": id,
            "details": view.event,
            "clearing": view.clearing,
            "order": view.order,
            "cutoff": view.cutoff,
            "latest_anchor": latest,
            "escrow": view.escrow,
            "totals": view.totals,
            "resources": view.resources.iter().map(|resource| row(&view, resource)).collect::<Vec<_>>(),
        });
        context.output().print(&value, || format!("{}\n\n{}", head(&view, latest.as_ref()), table(&view)))
    }
}

fn row(view: &EventView, resource: &crate::reads::ResourceView) -> Value {
    json!({
        "resource": resource.id,
        "owner": resource.resource.owner.to_string(),
        "customer": resource.customer,
        "segments": resource.segments,
        "award_w": view.clearing.as_ref().map(|clearing| awards(clearing, &resource.segments)),
        "reserve_w": view.clearing.as_ref().map(|clearing| reserves(clearing, &resource.segments)),
        "record": resource.record,
        "score": resource.score,
        "credit": resource.credit,
        "statement": resource.statement,
    })
}

fn phase(view: &EventView) -> String {
    json!(view.event.phase).as_str().unwrap_or_default().to_owned()
}

fn head(view: &EventView, latest: Option<&Anchor>) -> String {
    let event = &view.event;
    let bidders: BTreeSet<_> = view.commitments.iter().map(|(bidder, _)| bidder).collect();
    let needs: Vec<String> = event.needs.iter().map(|need| need.0.to_string()).collect();
    let Totals { claims, penalties, paid } = view.totals.unwrap_or_default();
    let clearing = view.clearing.as_ref().map_or("not yet".into(), |clearing| {
        let margin = yuan(clearing.marginal_price.0.into());
        format!("{} of {} awarded at {margin} CNY/kWh", clearing.awarded, clearing.offered)
    });
    let reserve = view.clearing.as_ref().filter(|clearing| clearing.reserve.awarded.0 > 0);
    let reserve = reserve.map_or("none".into(), |clearing| {
        let (watts, margin) = (clearing.reserve.awarded, yuan(clearing.reserve.price.0.into()));
        let called = event.reserve_from.map_or("not called".into(), |from| format!("called from interval {from} on"));
        format!("{watts} at {margin} CNY/kWh, {called}")
    });
    let held = view.escrow.as_ref().map_or("nothing".into(), |escrow| {
        format!("{} CNY budget, {} CNY bonds", yuan(escrow.budget), yuan(escrow.bonds))
    });
    pairs([
        ("event", format!("{} ({})", view.id, phase(view))),
        ("programme", format!("{} version {}", event.programme, event.version)),
        ("area", format!("{} {}", event.area, json!(event.direction).as_str().unwrap_or_default())),
        ("needs", format!("{} W", needs.join(", "))),
        ("gate closure", moment(event.gate_closure)),
        ("window", format!("{} to {}", moment(event.start), moment(event.end()))),
        ("bidders", format!("{} for {} resources", bidders.len(), view.resources.len())),
        ("clearing", clearing),
        ("reserve", reserve),
        ("order", order(view)),
        ("baseline anchor", event.baseline_anchor.to_string()),
        ("cut-off anchor", view.cutoff.map_or("not yet".into(), |cutoff| cutoff.to_string())),
        ("latest anchor", latest.map_or("none".into(), |anchor| anchor.number.to_string())),
        ("held", held),
        ("claims", format!("{} CNY", yuan(claims))),
        ("penalties", format!("{} CNY", yuan(penalties))),
        ("paid", format!("{} CNY", yuan(paid))),
    ])
}

fn order(view: &EventView) -> String {
    match &view.order {
        Some(order) => format!("sequence {}", order.sequence),
        None if view.reached(Phase::Dispatched) => "issued; a later one has taken its place".into(),
        None => "none".into(),
    }
}

fn table(view: &EventView) -> String {
    let head = [
        "resource",
        "award W",
        "baseline W",
        "delivered W",
        "readings",
        "score",
        "credit",
        "claim CNY",
        "penalty CNY",
        "paid CNY",
        "customer CNY",
    ];
    let mut table = Table::new(&head);
    for resource in &view.resources {
        let award = view.clearing.as_ref().map(|clearing| awards(clearing, &resource.segments).0.to_string());
        let record = resource.record.as_ref();
        let mean = record.map(|record| {
            let sum: i128 = record.delivered.iter().map(|watts| i128::from(watts.0)).sum();
            (sum / (record.delivered.len().max(1) as i128)).to_string()
        });
        let statement = resource.statement.as_ref();
        let cells = [
            Some(resource.id.to_string()),
            award,
            record.map(|record| levels(&record.baseline)),
            mean,
            record.map(|record| format!("{}/{}", record.readings_valid, record.readings_due)),
            resource.score.as_ref().map(|score| percent(score.score.0)),
            resource.credit.as_ref().map(|credit| percent(credit.credit.0)),
            statement.map(|statement| yuan(statement.claim)),
            statement.map(|statement| yuan(statement.penalty)),
            statement.map(|statement| yuan(statement.paid)),
            statement.map(|statement| yuan(statement.customer)),
        ];
        table.row(cells.into_iter().map(Option::unwrap_or_default));
    }
    table.render()
}
