//! `loadstone audit`: an event recomputed from finalised bids and orders and anchored raw units.

use crate::{
    archived,
    check::{check, Mismatch, Units},
    client::State,
    compare::{compare, Comparison},
    context::Context,
    fault::Fault,
    history::{from_node, Anchored, Trusted, FIRST},
    output::{levels, yuan, Table},
    parse::slot_name,
    reads::EventView,
};
use anyhow::Result;
use clap::Args;
use futures::TryStreamExt;
use loadstone_archive::{Archive, ArchiveError, Trust};
use loadstone_core::{AnchorNumber, Device, DeviceId, EventId, Watts};
use loadstone_evidence::keys;
use loadstone_market::setpoint::setpoint;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Recomputes an event from bids and anchored units and compares it with the chain.
#[derive(Args, Debug)]
pub struct Audit {
    /// The event.
    event: u32,
    /// Take units from the archive at this folder or file:// URL instead of from the node.
    #[arg(long, value_name = "PLACE")]
    archive: Option<String>,
}

/// Anchored units, or what is wrong with the archive that holds them.
enum Loaded {
    Whole(Units),
    Damaged(Vec<Mismatch>),
}

impl Audit {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Differences`] when anything differs.
    pub async fn run(self, context: &Context) -> Result<()> {
        if let Some(place) = &self.archive {
            archived::look_for(place)?;
        }
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let view = EventView::read(&state, EventId(self.event)).await?;
        let last = view.cutoff.unwrap_or_default().max(view.event.baseline_anchor);
        let units = match load(context, &state, self.archive.as_deref(), last).await? {
            Loaded::Whole(units) => units,
            Loaded::Damaged(mismatches) => return damaged(context, &state, &view, &mismatches),
        };
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
        outcome(mismatches.len())
    }
}

fn outcome(differences: usize) -> Result<()> {
    match differences {
        0 => Ok(()),
        differences => Err(Fault::Differences(differences).into()),
    }
}

/// All units of anchors 1 to `last`, checked.
async fn load(context: &Context, state: &State<'_>, place: Option<&str>, last: AnchorNumber) -> Result<Loaded> {
    let chain = state.chain();
    let trusted = Trusted::read(state, FIRST, last).await?;
    let anchors = match place {
        None => from_node(chain, &trusted.kept, FIRST, last).try_collect().await?,
        Some(place) => {
            let archive = archived::open(place, Some(chain.genesis)).await?;
            check_reach(&archive, last)?;
            match archived::read(&archive, FIRST, last).await {
                Ok(anchors) => anchors,
                Err(error) => return Ok(Loaded::Damaged(locate(context, state, &archive, &trusted, error).await?)),
            }
        }
    };
    context.output().note(&format!("checking the units of {} anchors", anchors.len()));
    let devices = devices(state, &anchors).await?;
    Ok(Loaded::Whole(check(&chain.genesis, anchors, &trusted, &devices)))
}

/// An archive that ends early, or begins late, can still be sound.
fn check_reach(archive: &Archive, last: AnchorNumber) -> Result<()> {
    let (oldest, newest) = (archive.manifest().oldest(), archive.last());
    if last < FIRST || (oldest.is_some_and(|entry| entry.first <= FIRST) && newest >= Some(last)) {
        return Ok(());
    }
    let first = oldest.map_or(FIRST, |entry| entry.first);
    let held = format!("the archive holds anchors {first} to {}", newest.unwrap_or_default());
    Err(Fault::Usage(format!("{held}, and the event needs {FIRST} to {last}: store more with `archive store`")).into())
}

/// Finds the units for which an archive could not be read back.
async fn locate(
    context: &Context,
    state: &State<'_>,
    archive: &Archive,
    trusted: &Trusted,
    error: ArchiveError,
) -> Result<Vec<Mismatch>> {
    if !matches!(error, ArchiveError::Damaged { .. } | ArchiveError::Missing(_)) {
        return Err(archived::failed(error));
    }
    context.output().note(&format!("{error}; looking for what is wrong"));
    let trust = Trust { hashes: trusted.hashes(), ..Trust::default() };
    let devices = archived::devices(state).await?;
    let genesis = state.chain().genesis;
    let (report, _) = archived::verified(archive, genesis, &trust, Some(&devices), context.output()).await?;
    if report.is_sound() {
        return Err(archived::failed(error));
    }
    Ok(report.findings.iter().map(archived::as_mismatch).collect())
}

/// Prints what is wrong with the archive. Nothing is recomputed from what can't be trusted.
fn damaged(context: &Context, state: &State<'_>, view: &EventView, mismatches: &[Mismatch]) -> Result<()> {
    let value = json!({
        "event": view.id,
        "phase": view.event.phase,
        "block": state.hash,
        "cutoff": view.cutoff,
        "mismatches": mismatches,
    });
    context.output().print(&value, || {
        let found = mismatches.iter().map(|mismatch| format!("\n{}: {}", mismatch.item, mismatch.text));
        format!("event {} was not recomputed, for the archive is damaged\n{}", view.id, found.collect::<String>())
    })?;
    outcome(mismatches.len())
}

/// Devices that the units name, as they are registered.
async fn devices(state: &State<'_>, anchors: &[Anchored]) -> Result<BTreeMap<DeviceId, Device>> {
    let named = anchors.iter().flat_map(|anchored| anchored.units.iter().map(|unit| unit.content.slot.device));
    let ids: BTreeSet<DeviceId> = named.collect();
    let wanted: Vec<_> = ids.iter().map(|id| keys::device(*id)).collect();
    let devices = state.get_all::<Device>(&wanted).await?;
    Ok(ids.into_iter().zip(devices).filter_map(|(id, device)| Some((id, device?))).collect())
}

fn rows(view: &EventView, comparison: &Comparison) -> Vec<Value> {
    let rows = view.resources.iter().zip(&comparison.audit.rows).map(|(resource, row)| {
        let registered = &resource.resource;
        let level = |(quota, baseline): (&Watts, &Watts)| {
            let (low, high) = (registered.load_min, registered.load_max);
            setpoint(*baseline, *quota, view.event.direction, low, high)
        };
        json!({
            "resource": row.resource,
            "award_w": row.ask.award,
            "reserve_w": row.ask.reserve,
            "setpoints_w": row.record.quota.iter().zip(&row.record.baseline).map(level).collect::<Vec<_>>(),
            "record": row.record,
            "score": row.score,
            "statement": row.statement,
        })
    });
    rows.collect()
}

fn people(view: &EventView, units: &Units, comparison: &Comparison, mismatches: &[&Mismatch]) -> String {
    let mut table = Table::new(&[
        "resource",
        "award W",
        "baseline W",
        "readings",
        "claim CNY",
        "penalty CNY",
        "paid CNY",
        "customer CNY",
    ]);
    for row in &comparison.audit.rows {
        table.row([
            row.resource.to_string(),
            row.ask.award.0.to_string(),
            levels(&row.record.baseline),
            format!("{}/{}", row.record.readings_valid, row.record.readings_due),
            yuan(row.statement.claim),
            yuan(row.statement.penalty),
            yuan(row.statement.paid),
            yuan(row.statement.customer),
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
