//! `loadstone availability`: what stands ready for emergency orders.

use super::report;
use crate::{
    call::Call,
    context::Context,
    output::{cny, percent},
    parse,
};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{Direction, Price, Resource, ResourceId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{
    selection::{call, Call as Called, Reason},
    Availability as Entries, AvailabilityEntry, LeftOut, Order,
};
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
    /// Ranks a resource's offer anew, by what its events have shown of it since it was declared. By any participant.
    Refresh {
        /// The resource.
        resource: u32,
        /// Which way.
        #[arg(long)]
        direction: parse::Direction,
    },
    /// Shows what a resource offers, and what the current emergency order of its area asks of it, and why.
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
            Self::Refresh { resource, direction } => {
                let arguments = (ResourceId(resource), Direction::from(direction));
                let call = Call::new("Dispatch", "refresh_availability", arguments);
                let receipt = context.sender(&chain)?.submit(&call).await?;
                report(context, &receipt, "refreshed", json!({ "resource": resource }))
            }
            Self::Show { resource, direction } => {
                let (id, direction) = (ResourceId(resource), Direction::from(direction));
                let state = chain.finalised().await?;
                let found: Resource = state.require(keys::resource(id), &format!("resource {id}")).await?;
                let entries: Entries = state.get(keys::availability(id, direction)).await?.unwrap_or_default();
                let order: Option<Order> = state.get(keys::order(found.area, direction)).await?;
                let called = order.as_ref().and_then(|order| call(&entries, &order.rule));
                let value = json!({ "resource": resource, "entries": entries, "called": called });
                context.output().print(&value, || people(&entries, called.as_ref()))
            }
        }
    }
}

fn people(entries: &[AvailabilityEntry], called: Option<&Called>) -> String {
    let line = |entry: &AvailabilityEntry| {
        let AvailabilityEntry { from, watts, price, response_ms, reliability, rank } = entry;
        let (price, expected) = (cny(*price), entry.supply().expected);
        let reliable = percent(reliability.0);
        format!(
            "from epoch {from}: {watts} at {price}, {response_ms} ms; {expected} expected ({reliable}), rank {rank}"
        )
    };
    let mut lines: Vec<String> = entries.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing on offer".into());
    }
    lines.extend(
        called.map(|called| format!("the current emergency order asks {}: {}", called.quota, why(called.reason))),
    );
    lines.join("\n")
}

/// Why an order asks that.
fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::BelowCutOff => "its rank lies below the cut-off, so it is called in full",
        Reason::AtCutOff => "its rank is the cut-off, so it is called in part",
        Reason::AboveCutOff => "its rank lies above the cut-off: cheaper or faster ones are enough",
        Reason::LeftOut(LeftOut::TooSlow) => "it responds more slowly than the order allows",
        Reason::LeftOut(LeftOut::TooDear) => "an expected watt of it costs more than the order allows",
        Reason::NothingExpected => "no watt is expected of what it offers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{AvailabilityEpoch, BasisPoints};

    #[test]
    fn what_is_on_offer_is_shown_in_yuan() {
        // GIVEN an entry, and none
        let (from, watts, price) = (AvailabilityEpoch(7), Watts(500), Price(1_500_000));
        let entry = AvailabilityEntry::new(from, watts, price, 2_000, BasisPoints(8_000));
        let rank = entry.rank;
        // THEN the price is in yuan with what is expected, and an empty list says so
        let line = "from epoch 7: 500 W at 1.500000 CNY/kWh, 2000 ms; 400 W expected (80.00 %), rank";
        assert_eq!(people(std::slice::from_ref(&entry), None), format!("{line} {rank}"));
        assert_eq!(people(&[], None), "nothing on offer");
        // AND with an order, what it asks and why
        let called = Called { supply: entry.supply(), entry, reason: Reason::AtCutOff, quota: Watts(250) };
        let text = people(&[], Some(&called));
        assert!(text.ends_with("asks 250 W: its rank is the cut-off, so it is called in part"), "{text}");
    }
}
