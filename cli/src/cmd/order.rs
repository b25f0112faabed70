//! `loadstone dispatch`, `emergency` and `release`: orders.

use super::report;
use crate::{
    call::{now_ms, Call, Receipt, Sender},
    client::Chain,
    context::Context,
    fault::Fault,
    parse,
};
use anyhow::Result;
use clap::Args;
use loadstone_core::{AreaId, BoundedVec, ConstU32, Direction, EventId, Millis, Price, Watts};
use loadstone_evidence::keys;
use loadstone_market::{Event, Limits, Order, OrderRule, Selection};
use serde_json::{json, Value};
use std::time::Duration;

type Reason = BoundedVec<u8, ConstU32<64>>;

/// Issues the order of a cleared event. By a grid company.
#[derive(Args, Debug)]
pub struct Dispatch {
    /// The event.
    event: u32,
    /// Call the reserve that clearing bought, from the next settlement interval on; the event must be dispatched already.
    #[arg(long)]
    reserve: bool,
}

/// Issues an emergency order, or a series of them. By a grid company.
#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub struct Emergency {
    /// Whom it addresses.
    #[arg(long)]
    area: u16,
    /// Which way.
    #[arg(long)]
    direction: parse::Direction,
    /// Watts that the area shall be expected to deliver: what is called times how reliable it has been.
    #[arg(long, value_parser = parse::watts)]
    target: Watts,
    /// Call nothing that responds more slowly, in milliseconds. Counts by classes: up to 1,000, 10,000, 60,000 and more.
    #[arg(long)]
    response_max_ms: Option<u32>,
    /// Call nothing of which an expected watt costs more, in yuan per kWh.
    #[arg(long, value_parser = parse::price)]
    price_max: Option<Price>,
    /// How long it is valid, in seconds.
    #[arg(long)]
    seconds: u64,
    /// For the record; at most 64 bytes.
    #[arg(long, default_value = "")]
    reason: String,
    /// Issue so many orders, each superseding the one before; prints one line for each.
    #[arg(long, default_value_t = 1)]
    repeat: u32,
    /// Pause between finality of one order and submission of the next, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pause_ms: u64,
}

/// Ends the current order of an area and direction. By a grid company.
#[derive(Args, Debug)]
pub struct Release {
    /// Whom it addresses.
    #[arg(long)]
    area: u16,
    /// Which way.
    #[arg(long)]
    direction: parse::Direction,
    /// For the record; at most 64 bytes.
    #[arg(long, default_value = "")]
    reason: String,
}

fn reason(text: String) -> Result<Reason> {
    Ok(Reason::try_from(text.into_bytes()).map_err(|_| Fault::Usage("the reason is longer than 64 bytes".into()))?)
}

/// What the order says, as it stands in the state of its block.
async fn issued(chain: &Chain, receipt: &Receipt, area: AreaId, direction: Direction) -> Result<Value> {
    let order: Order = chain.at(receipt.block).require(keys::order(area, direction), "the order").await?;
    let mut value = json!({
        "area": area, "direction": direction, "sequence": order.sequence,
        "start_ms": order.start, "end_ms": order.end, "issued_at_ms": order.issued_at,
    });
    if let OrderRule::Emergency { epoch, cutoff_rank, numerator, denominator, .. } = order.rule {
        value["epoch"] = json!(epoch);
        value["cutoff"] = json!({ "rank": cutoff_rank, "numerator": numerator, "denominator": denominator });
        value["selection"] = json!(selection(chain, receipt, area, direction).await?);
    }
    Ok(value)
}

/// How an emergency order chose: what it called, spared and left out.
async fn selection(chain: &Chain, receipt: &Receipt, area: AreaId, direction: Direction) -> Result<Option<Selection>> {
    chain.at(receipt.block).get(keys::selection(area, direction)).await
}

impl Dispatch {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let id = EventId(self.event);
        let call = if self.reserve { "call_reserve" } else { "dispatch_event" };
        let receipt = context.sender(&chain)?.submit(&Call::new("Dispatch", call, id)).await?;
        let event: Event = chain.at(receipt.block).require(keys::event(id), "the event").await?;
        let mut created = issued(&chain, &receipt, event.area, event.direction).await?;
        created["event"] = json!(id);
        // The interval in which the reserve counts first is the chain's to say.
        if let Some(from) = event.reserve_from {
            created["reserve_from"] = json!(from);
        }
        report(context, &receipt, "dispatched", created)
    }
}

impl Emergency {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = context.sender(&chain)?;
        let reason = reason(self.reason.clone())?;
        for position in 0..self.repeat {
            if position > 0 {
                tokio::time::sleep(Duration::from_millis(self.pause_ms)).await;
            }
            self.issue(context, &chain, &sender, &reason).await?;
        }
        Ok(())
    }

    async fn issue(&self, context: &Context, chain: &Chain, sender: &Sender<'_>, reason: &Reason) -> Result<()> {
        let (area, direction) = (AreaId(self.area), Direction::from(self.direction));
        let start = Millis(now_ms());
        let end = start.after(self.seconds.saturating_mul(1_000));
        let limits = Limits { response_max_ms: self.response_max_ms, price_max: self.price_max };
        let arguments = (area, direction, self.target, limits, start, end, reason);
        let receipt = sender.submit(&Call::new("Dispatch", "dispatch_emergency", arguments)).await?;
        let created = issued(chain, &receipt, area, direction).await?;
        report(context, &receipt, "ordered", created)
    }
}

impl Release {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let (area, direction) = (AreaId(self.area), Direction::from(self.direction));
        let call = Call::new("Dispatch", "release", (area, direction, reason(self.reason)?));
        let receipt = context.sender(&chain)?.submit(&call).await?;
        let created = issued(&chain, &receipt, area, direction).await?;
        report(context, &receipt, "released", created)
    }
}
