//! `loadstone event`: opens, clears and cancels regulation events.

use super::report;
use crate::{
    call::{Call, Receipt},
    client::Chain,
    context::Context,
    fault::Fault,
    parse,
    reads::newest_event,
};
use anyhow::Result;
use clap::{Args, Subcommand};
use loadstone_core::{AreaId, Balance, BoundedVec, Direction, EventId, Millis, ProgrammeId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{Clearing, Needs};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time between attempts to clear while the reveal window is open.
const RETRY: Duration = Duration::from_millis(500);

/// Opens, clears and cancels events.
#[derive(Subcommand, Debug)]
pub enum Event {
    /// Opens an event; its budget is held. By a grid company.
    Open(Open),
    /// Clears an event once its reveal window is over. By a grid company.
    Clear(Clear),
    /// Cancels an event before dispatch. By its opener.
    Cancel {
        /// The event.
        event: u32,
    },
}

/// What the grid needs.
#[derive(Args, Debug)]
pub struct Open {
    /// The rules: the newest version of this programme.
    #[arg(long)]
    programme: u32,
    /// Where regulation is needed.
    #[arg(long)]
    area: u16,
    /// Which way.
    #[arg(long)]
    direction: parse::Direction,
    /// Watts needed in each settlement interval, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    needs: Vec<i64>,
    /// Start of the window, in Unix milliseconds of chain time.
    #[arg(long, required_unless_present = "start_in", conflicts_with = "start_in")]
    start: Option<u64>,
    /// Start of the window, in seconds from now.
    #[arg(long)]
    start_in: Option<u64>,
    /// Gate closure, in Unix milliseconds of chain time.
    #[arg(long, required_unless_present = "gate_in", conflicts_with = "gate_in")]
    gate: Option<u64>,
    /// Gate closure, in seconds from now.
    #[arg(long)]
    gate_in: Option<u64>,
    /// The most that is paid, in yuan.
    #[arg(long, value_parser = parse::yuan)]
    budget: Balance,
}

/// Which event to clear.
#[derive(Args, Debug)]
pub struct Clear {
    /// The event.
    event: u32,
    /// Try again for so many seconds while the chain refuses, since the reveal window may be open.
    #[arg(long, default_value_t = 0)]
    wait: u64,
}

impl Event {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Open(open) => open.run(context).await,
            Self::Clear(clear) => clear.run(context).await,
            Self::Cancel { event } => {
                let chain = context.connect().await?;
                let receipt = context.sender(&chain)?.submit(&Call::new("Bids", "cancel", EventId(event))).await?;
                report(context, &receipt, "cancelled", json!({ "event": event }));
                Ok(())
            }
        }
    }
}

impl Open {
    async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let now = chain.finalised().await?.now().await?;
        let moment = |at: Option<u64>, seconds: Option<u64>| {
            Millis(at.unwrap_or_else(|| now.saturating_add(seconds.unwrap_or_default().saturating_mul(1_000))))
        };
        let (start, gate) = (moment(self.start, self.start_in), moment(self.gate, self.gate_in));
        let needs: Needs = BoundedVec::try_from(self.needs.into_iter().map(Watts).collect::<Vec<_>>())
            .map_err(|_| Fault::Usage("an event has at most 96 intervals".into()))?;
        let direction = Direction::from(self.direction);
        let arguments = (ProgrammeId(self.programme), AreaId(self.area), direction, needs, start, gate, self.budget);
        let receipt = context.sender(&chain)?.submit(&Call::new("Bids", "open_event", arguments)).await?;
        let event = match receipt.number_in("Bids", "event") {
            Some(event) => event,
            None => newest_event(&chain.at(receipt.block)).await?.0.into(),
        };
        let created = json!({ "event": event, "start_ms": start, "gate_closure_ms": gate });
        report(context, &receipt, "opened", created);
        Ok(())
    }
}

impl Clear {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let receipt = self.clear(context, &chain).await?;
        let clearing: Clearing = chain.at(receipt.block).require(keys::clearing(EventId(self.event)), "it").await?;
        let created = json!({
            "event": self.event,
            "marginal_price": clearing.marginal_price,
            "awarded_w": clearing.awarded,
            "offered_w": clearing.offered,
        });
        report(context, &receipt, "cleared", created);
        Ok(())
    }

    async fn clear(&self, context: &Context, chain: &Chain) -> Result<Receipt> {
        let sender = context.sender(chain)?;
        let call = Call::new("Bids", "clear", EventId(self.event));
        let until = Instant::now() + Duration::from_secs(self.wait);
        loop {
            match sender.submit(&call).await {
                Err(error) if is_refusal(&error) && Instant::now() < until => {
                    context.output().note(&format!("not yet: {error:#}"));
                    tokio::time::sleep(RETRY).await;
                }
                outcome => return outcome,
            }
        }
    }
}

fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Fault::Refused { .. } | Fault::Invalid(_)))
}
