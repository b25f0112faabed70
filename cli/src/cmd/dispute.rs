//! `loadstone dispute`: records that are objected to, and what is shown for or against them.

use super::report;
use crate::{
    call::Call,
    client::{decode, State},
    context::Context,
    fault::Fault,
    output::{yuan, Table},
    reads::all,
    showing::{gather, parts},
};
use anyhow::{anyhow, Result};
use clap::Subcommand;
use loadstone_core::{AnchorNumber, EventId, Resource, ResourceId};
use loadstone_dag::{Bounds, Hearing};
use loadstone_evidence::keys;
use loadstone_market::{referee::Ruling, Dispute as Objection, DisputeReason, Event, Programme};
use serde_json::json;

/// Disputes over records, heard and judged on chain.
#[derive(Subcommand, Debug)]
pub enum Dispute {
    /// Disputes a resource's record within the dispute window; the programme's dispute bond is held. By the resource's
    /// owner or the event's opener.
    Open {
        /// The event.
        event: u32,
        /// The resource.
        resource: u32,
        /// Why, for people; at most 128 bytes.
        #[arg(long)]
        reason: String,
    },
    /// Shows all anchored units of the resource's device that count, while the record is heard. By any participant.
    ///
    /// Whoever thinks that something was kept back shows it: what goes on to a later unit takes the place of what was
    /// shown before. The chain judges by itself once the hearing is over.
    Present {
        /// The event.
        event: u32,
        /// The resource.
        resource: u32,
    },
    /// Shows an event's disputes: who objected, what was shown so far, and the ruling.
    Show {
        /// The event.
        event: u32,
        /// One resource; by default all that are disputed.
        resource: Option<u32>,
    },
}

impl Dispute {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Open { event, resource, reason } => {
                open(context, EventId(event), ResourceId(resource), reason.into_bytes()).await
            }
            Self::Present { event, resource } => present(context, EventId(event), ResourceId(resource)).await,
            Self::Show { event, resource } => show(context, EventId(event), resource.map(ResourceId)).await,
        }
    }
}

async fn open(context: &Context, event: EventId, resource: ResourceId, reason: Vec<u8>) -> Result<()> {
    let too_long = |_| Fault::Usage("a reason has at most 128 bytes".into());
    let reason = DisputeReason::try_from(reason).map_err(too_long)?;
    let chain = context.connect().await?;
    let place = place_of(&chain.finalised().await?, event, resource).await?;
    let call = Call::new("Settlement", "dispute", (event, resource, place, reason));
    let receipt = context.sender(&chain)?.submit(&call).await?;
    report(context, &receipt, "disputed", json!({ "event": event, "resource": resource }))
}

/// Where the resource stands in the event's order.
async fn place_of(state: &State<'_>, event: EventId, resource: ResourceId) -> Result<u32> {
    let count: u32 = state.get(keys::event_resource_count(event)).await?.unwrap_or_default();
    let places: Vec<_> = (0..count).map(|index| keys::event_resource(event, index)).collect();
    let ids = all(state.get_all::<ResourceId>(&places).await?, "a resource of the event")?;
    let place = (0u32..).zip(ids).find(|(_, id)| *id == resource).map(|(place, _)| place);
    place.ok_or_else(|| anyhow!("resource {resource} takes no part in event {event}"))
}

async fn present(context: &Context, event: EventId, resource: ResourceId) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let details: Event = state.require(keys::event(event), &format!("event {event}")).await?;
    let rules = keys::programme(details.programme, details.version);
    let programme: Programme = state.require(rules, "the event's programme").await?;
    let cutoff: AnchorNumber = state.require(keys::cutoff(event), "the event's cut-off").await?;
    let device = state.require::<Resource>(keys::resource(resource), &format!("resource {resource}")).await?.device;
    let bounds = Bounds { opening: details.baseline_anchor, cutoff };
    let gathered = gather(&state, device, &details, programme.baseline.reach(), bounds).await?;
    let parts = parts(&gathered, bounds.opening);
    let sender = context.sender(&chain)?;
    let mut last = None;
    for (number, part) in (1..).zip(&parts) {
        context.output().note(&format!("showing part {number} of {}", parts.len()));
        let call = Call::new("ExecutionScore", "show_units", (event, resource, &part.units, &part.proof));
        last = Some(sender.submit(&call).await?);
    }
    let receipt = last.ok_or_else(|| anyhow!("there is nothing to show"))?;
    let shown = json!({
        "event": event, "resource": resource, "units": gathered.units.len(), "parts": parts.len(),
        "is_closed": gathered.next.is_some(),
    });
    report(context, &receipt, "shown", shown)
}

async fn show(context: &Context, event: EventId, only: Option<ResourceId>) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let mut rows = Vec::new();
    for key in state.keys(&keys::disputes_of(event)).await? {
        let resource: ResourceId = decode(keys::last_part(&key, 4).unwrap_or_default())?;
        if only.is_none_or(|only| only == resource) {
            let objection: Objection = state.require(key, "the dispute").await?;
            let hearing: Option<Hearing> = state.get(keys::hearing(event, resource)).await?;
            rows.push((resource, objection, hearing));
        }
    }
    rows.sort_by_key(|(resource, ..)| *resource);
    let values = rows.iter().map(|(resource, objection, hearing)| {
        let reason = String::from_utf8_lossy(&objection.reason);
        json!({
            "resource": resource, "by": objection.by.to_string(), "at_ms": objection.at, "bond": objection.bond,
            "reason": reason, "ruling": objection.ruling, "hearing": hearing,
        })
    });
    let value = json!({ "event": event, "block": state.hash, "disputes": values.collect::<Vec<_>>() });
    context.output().print(&value, || people(event, &rows))
}

fn people(event: EventId, rows: &[(ResourceId, Objection, Option<Hearing>)]) -> String {
    if rows.is_empty() {
        return format!("nothing is disputed in event {event}");
    }
    let mut table = Table::new(&["resource", "by", "bond CNY", "shown", "ruling", "reason"]);
    for (resource, objection, hearing) in rows {
        table.row([
            resource.to_string(),
            objection.by.to_string(),
            yuan(objection.bond),
            hearing.as_ref().map_or("–".into(), shown),
            objection.ruling.map_or("being heard", ruling).into(),
            String::from_utf8_lossy(&objection.reason).into_owned(),
        ]);
    }
    table.render()
}

fn shown(hearing: &Hearing) -> String {
    let Some(chain) = &hearing.chain else { return "nothing".into() };
    let ends = if chain.is_exact() { "ends proven" } else { "open" };
    format!("units {} to {}, {ends}", chain.first, chain.last)
}

const fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Unproven => "stands, too little was shown",
        Ruling::Confirmed => "stands, shown to be right",
        Ruling::Corrected => "replaced",
        Ruling::Convicted => "replaced, signers convicted",
    }
}
