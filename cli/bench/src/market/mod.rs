//! `order-bench market`: one event with very many resources, from sealed bids to the last payment.

mod bids;
mod chain;
mod event;
mod flow;
mod owners;
mod trial;

use anyhow::{ensure, Context, Result};
use bids::Bids;
use clap::Args;
use event::Rules;
use loadstone_client::{client::Chain, output::write_line};
use loadstone_core::AreaId;
use owners::Owners;
use serde_json::{json, Value};
use std::{io, sync::Arc};

/// Carries one event through the market and prints what each step took, one JSON object a line.
///
/// Registers the resources, commits, reveals, clears, dispatches, and waits until all is recorded, scored and paid. The
/// devices are silent: records say that nothing was delivered, and settlement takes the penalties.
#[derive(Args, Debug)]
pub struct Market {
    /// Secret key of the grid company.
    #[arg(long)]
    grid: String,
    /// Secret keys of the aggregators, which own the resources in equal parts.
    #[arg(long, required = true)]
    account: Vec<String>,
    /// Resources; each offers two segments.
    #[arg(long)]
    resources: u32,
    /// Area of the resources, without any yet.
    #[arg(long)]
    area: u16,
    /// Number of a programme that is not published yet.
    #[arg(long)]
    programme: u32,
}

impl Market {
    /// Carries the command out.
    ///
    /// # Errors
    /// When a call is refused or the event comes to a standstill.
    pub async fn run(self, urls: &[String]) -> Result<()> {
        ensure!(self.resources >= 1, "there must be a resource");
        let mut chains = Vec::new();
        for url in urls {
            chains.push(Arc::new(Chain::connect(url).await?));
        }
        let chain = chains.first().context("no address")?.clone();
        let area = AreaId(self.area);
        let mut owners = Owners::connect(&chains, &self.account).await?;
        let enrolled = owners.enrol(area, self.resources).await?;
        tell(json!({ "step": "enrolled", "resources": self.resources, "seconds": enrolled.as_secs_f64() }))?;

        let before = chain::size(&chain.finalised().await?).await?;
        let rules = Rules::for_bids(self.programme, self.resources);
        let opened = rules.open(&chain, &self.grid, area, owners.resources()).await?;
        let first = chain::height(&chain).await?;
        let bids = Bids::new(&chain, opened.id, &owners)?;
        let committed = bids.commit(&mut owners).await?;
        tell(
            json!({ "step": "committed", "seconds": committed.seconds, "bytes": committed.bytes, "calls": committed.calls }),
        )?;
        opened.wait_for_gate(&chain).await?;
        let revealed = bids.reveal(&mut owners).await?;
        tell(
            json!({ "step": "revealed", "seconds": revealed.seconds, "bytes": revealed.bytes, "calls": revealed.calls }),
        )?;
        let cleared = opened.clear(&chain, &self.grid).await?;
        let tried_us = u64::try_from(cleared.tried.as_micros())?;
        tell(json!({ "step": "cleared", "block": cleared.block, "tried_us": tried_us }))?;
        let order_bytes = opened.dispatch(&chain, &self.grid).await?;
        tell(json!({ "step": "dispatched", "order_bytes": order_bytes }))?;
        let phases = opened.follow(&chain).await?;
        let last = chain::height(&chain).await?;
        let after = chain::size(&chain.finalised().await?).await?;
        let carried = chain::carried(&chain, first, last).await?;
        tell(json!({
            "step": "settled", "phases": phases, "gate_ms": opened.gate, "extrinsics": carried.extrinsics, "bytes": carried.bytes,
            "first_block": first.saturating_add(1), "weights_us": carried.weights, "state_before": before, "state_after": after,
        }))
    }
}

fn tell(line: Value) -> Result<()> {
    write_line(&mut io::stdout().lock(), &line.to_string())
}
