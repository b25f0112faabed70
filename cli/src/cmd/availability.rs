//! `loadstone availability`: what stands ready for emergency orders.

use super::report;
use crate::{call::Call, context::Context, output::cny, parse};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{Direction, Price, Resource, ResourceId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{Availability as Entries, AvailabilityEntry};
use serde_json::json;

/// Offers standing availability for emergency orders.
#[derive(Subcommand, Debug)]
pub enum Availability {
    /// Declares what a resource offers from the next availability epoch on. By its owner.
    #[command(allow_negative_numbers = true)]
    Declare {
        /// The resource.
        resource: u32,
        /// Which way.
        #[arg(long)]
        direction: parse::Direction,
        /// Watts on offer; 0 withdraws the offer.
        #[arg(long, value_parser = parse::watts)]
        watts: Watts,
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
                let arguments = (ResourceId(resource), Direction::from(direction), watts, price, response_ms);
                let call = Call::new("Dispatch", "declare_availability", arguments);
                let receipt = context.sender(&chain)?.submit(&call).await?;
                report(context, &receipt, "declared", json!({ "resource": resource }))
            }
            Self::Show { resource, direction } => {
                let (id, direction) = (ResourceId(resource), Direction::from(direction));
                let state = chain.finalised().await?;
                let _: Resource = state.require(keys::resource(id), &format!("resource {id}")).await?;
                let entries: Entries = state.get(keys::availability(id, direction)).await?.unwrap_or_default();
                context.output().print(&json!({ "resource": resource, "entries": entries }), || people(&entries))
            }
        }
    }
}

fn people(entries: &[AvailabilityEntry]) -> String {
    let line = |entry: &AvailabilityEntry| {
        let AvailabilityEntry { from, watts, price, response_ms, rank } = entry;
        format!("from epoch {from}: {watts} at {}, {response_ms} ms, rank {rank}", cny(*price))
    };
    match entries {
        [] => "nothing on offer".into(),
        entries => entries.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::AvailabilityEpoch;

    #[test]
    fn what_is_on_offer_is_shown_in_yuan() {
        // GIVEN an entry, and none
        let (from, watts, price) = (AvailabilityEpoch(7), Watts(500), Price(1_500_000));
        let entry = AvailabilityEntry { from, watts, price, response_ms: 2_000, rank: 3 };
        // THEN the price is in yuan, and an empty list says so
        assert_eq!(people(&[entry]), "from epoch 7: 500 W at 1.500000 CNY/kWh, 2000 ms, rank 3");
        assert_eq!(people(&[]), "nothing on offer");
    }
}
