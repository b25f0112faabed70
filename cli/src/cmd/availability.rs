//! `loadstone availability`: what stands ready for emergency orders.

use super::report;
use crate::{call::Call, context::Context, parse};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{Direction, Price, ResourceId, Watts};
use loadstone_evidence::keys;
use loadstone_market::Availability as Entries;
use serde_json::json;

/// Offers standing availability for emergency orders.
#[derive(Subcommand, Debug)]
pub enum Availability {
    /// Declares what a resource offers from the next availability epoch on. By its owner.
    Declare {
        /// The resource.
        resource: u32,
        /// Which way.
        #[arg(long)]
        direction: parse::Direction,
        /// Watts on offer; 0 withdraws the offer.
        #[arg(long)]
        watts: i64,
        /// Price asked, in yuan per kWh.
        #[arg(long, value_parser = parse::price)]
        price: Price,
        /// Time to full response, in milliseconds.
        #[arg(long)]
        response_ms: u32,
    },
    /// Shows what a resource offers.
    Show {
        /// The resource.
        resource: u32,
        /// Which way.
        #[arg(long)]
        direction: parse::Direction,
    },
}

impl Availability {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        match self {
            Self::Declare { resource, direction, watts, price, response_ms } => {
                let arguments = (ResourceId(resource), Direction::from(direction), Watts(watts), price, response_ms);
                let call = Call::new("Dispatch", "declare_availability", arguments);
                let receipt = context.sender(&chain)?.submit(&call).await?;
                report(context, &receipt, "declared", json!({ "resource": resource }));
            }
            Self::Show { resource, direction } => {
                let key = keys::availability(ResourceId(resource), direction.into());
                let entries: Entries = chain.finalised().await?.get(key).await?.unwrap_or_default();
                let lines = entries.iter().map(|entry| {
                    let from = entry.from;
                    format!(
                        "from epoch {from}: {} at {}, {} ms, rank {}",
                        entry.watts, entry.price, entry.response_ms, entry.rank
                    )
                });
                let text = lines.collect::<Vec<_>>().join("\n");
                context.output().print(&json!({ "resource": resource, "entries": entries }), || text);
            }
        }
        Ok(())
    }
}
