//! `loadstone archive`: stores anchored units, so that an audit runs from own files.

use crate::{
    context::Context,
    fault::Fault,
    history::{store, Source},
    reads::EventView,
};
use anyhow::{Context as _, Result};
use clap::Args;
use loadstone_core::{AnchorNumber, EventId};
use loadstone_dag::Anchor;
use loadstone_evidence::keys;
use serde_json::json;
use std::{fs, path::PathBuf};

/// Stores anchored units in a folder, one file an anchor.
#[derive(Args, Debug)]
pub struct Archive {
    /// The folder; made where it is missing.
    #[arg(long)]
    out: PathBuf,
    /// Up to this anchor; by default the newest.
    #[arg(long, conflicts_with = "event")]
    to: Option<u32>,
    /// Up to this event's cut-off.
    #[arg(long)]
    event: Option<u32>,
}

impl Archive {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let latest: Anchor = state.require(keys::latest_anchor(), "an anchor").await?;
        let last = match (self.to, self.event) {
            (Some(to), _) => AnchorNumber(to),
            (None, Some(event)) => {
                let view = EventView::read(&state, EventId(event)).await?;
                view.cutoff.ok_or_else(|| Fault::Usage("the event has no cut-off yet".into()))?
            }
            (None, None) => latest.number,
        };
        if last > latest.number {
            return Err(Fault::Usage(format!("the newest anchor is {}", latest.number)).into());
        }
        fs::create_dir_all(&self.out).with_context(|| format!("can't make {}", self.out.display()))?;
        let mut units = 0;
        for number in (1..=last.0).map(AnchorNumber) {
            let kept: Option<Anchor> = state.get(keys::anchor(number)).await?;
            let stored = Source::Node.anchor(&chain, number, kept.as_ref()).await?;
            units += stored.units.len();
            store(&self.out, &stored)?;
        }
        let folder = self.out.display().to_string();
        let value = json!({ "folder": folder, "anchors": last, "units": units });
        context.output().print(&value, || format!("{units} units of {last} anchors stored in {folder}"))
    }
}
