//! `loadstone audit`: an event recomputed from finalised bids and orders and anchored raw units.

use crate::{
    check::{check, Mismatch, Units},
    client::State,
    compare::{compare, Comparison},
    context::Context,
    fault::Fault,
    history::{Source, Trusted},
    output::{yuan, Table},
    parse::slot_name,
    reads::EventView,
};
use anyhow::Result;
use clap::Args;
use loadstone_core::{AnchorNumber, Device, DeviceId, EventId};
use loadstone_evidence::keys;
use loadstone_market::setpoint::setpoint;
use serde_json::{json, Value};
use std::{collections::BTreeMap, path::PathBuf};

/// Recomputes an event from bids and anchored units and compares it with the chain.
#[derive(Args, Debug)]
pub struct Audit {
    /// The event.
    event: u32,
    /// Take units from this folder, which `archive` wrote, instead of from the node.
    #[arg(long)]
    archive: Option<PathBuf>,
}

impl Audit {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Differences`] when anything differs.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let view = EventView::read(&state, EventId(self.event)).await?;
        let last = view.cutoff.unwrap_or_default().max(view.event.baseline_anchor);
        let source = self.archive.map_or(Source::Node, Source::Folder);
        let units = load(context, &state, &source, last).await?;
        let mut comparison = compare(&view, &units);
        comparison.recomputed.anchors = last.0 as usize;
        comparison.recomputed.units = units.anchored.len();
        comparison.recomputed.readings = units.readings;
        let mismatches: Vec<&Mismatch> = units.mismatches.iter().chain(&comparison.mismatches).collect();
        let value = json!({
            "event": view.id,
            "phase": view.event.phase,
            "block": state.hash,
            "cutoff": view.cutoff,
            "recomputed": comparison.recomputed,
            "unit_bytes": units.bytes(),
            "unchecked_signatures": units.unchecked,
            "rows": rows(&view, &comparison),
            "mismatches": mismatches,
        });
        context.output().print(&value, || people(&view, &units, &comparison, &mismatches))?;
        match mismatches.len() {
            0 => Ok(()),
            differences => Err(Fault::Differences(differences).into()),
        }
    }
}

/// All units of anchors 1 to `last`, checked.
async fn load(context: &Context, state: &State<'_>, source: &Source, last: AnchorNumber) -> Result<Units> {
    let chain = state.chain();
    let trusted = Trusted::read(state, last).await?;
    let mut anchors = Vec::new();
    for (number, kept) in (1..=last.0).map(AnchorNumber).zip(&trusted.kept) {
        anchors.push(source.anchor(chain, number, kept.as_ref()).await?);
    }
    context.output().note(&format!("checking the units of {} anchors", anchors.len()));
    let named = anchors.iter().flat_map(|stored| stored.units.iter().map(|unit| unit.slot.device));
    let ids: std::collections::BTreeSet<DeviceId> = named.collect();
    let wanted: Vec<_> = ids.iter().map(|id| keys::device(*id)).collect();
    let devices = state.get_all::<Device>(&wanted).await?;
    let devices: BTreeMap<_, _> = ids.into_iter().zip(devices).filter_map(|(id, device)| Some((id, device?))).collect();
    Ok(check(&chain.genesis, &anchors, &trusted.kept, trusted.last, &devices))
}

fn rows(view: &EventView, comparison: &Comparison) -> Vec<Value> {
    let rows = view.resources.iter().zip(&comparison.audit.rows).map(|(resource, row)| {
        let registered = &resource.resource;
        let level = |quota: &loadstone_core::Watts| {
            let (low, high) = (registered.load_min, registered.load_max);
            setpoint(row.record.baseline, *quota, view.event.direction, low, high)
        };
        json!({
            "resource": row.resource,
            "award_w": row.award,
            "setpoints_w": row.record.quota.iter().map(level).collect::<Vec<_>>(),
            "record": row.record,
            "score": row.score,
            "statement": row.statement,
        })
    });
    rows.collect()
}

fn people(view: &EventView, units: &Units, comparison: &Comparison, mismatches: &[&Mismatch]) -> String {
    let mut table =
        Table::new(&["resource", "award W", "baseline W", "readings", "claim CNY", "penalty CNY", "paid CNY"]);
    for row in &comparison.audit.rows {
        table.row([
            row.resource.to_string(),
            row.award.0.to_string(),
            row.record.baseline.0.to_string(),
            format!("{}/{}", row.record.readings_valid, row.record.readings_due),
            yuan(row.statement.claim),
            yuan(row.statement.penalty),
            yuan(row.statement.paid),
        ]);
    }
    let newest = units.anchored.last_key_value().map_or("none".into(), |(slot, _)| slot_name(slot));
    let mut text = format!(
        "event {} recomputed from {} readings in {} units of {} anchors (last unit {newest})\n\n{}\n",
        view.id,
        comparison.recomputed.readings,
        comparison.recomputed.units,
        comparison.recomputed.anchors,
        table.render(),
    );
    if mismatches.is_empty() {
        text.push_str("\nno differences");
    }
    for mismatch in mismatches {
        text.push_str(&format!("\n{}: {}", mismatch.item, mismatch.text));
    }
    text
}
