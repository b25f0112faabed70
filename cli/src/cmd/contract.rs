//! `loadstone contract`: energy traded between two parties and settled by the meter.

use super::report;
use crate::{call::Call, client::State, context::Context, fault::Fault, parse, reads::newest_event};
use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use loadstone_core::{BoundedVec, Direction, EventId, Millis, Price, ProgrammeId, ResourceId, Watts};
use loadstone_market::Needs;
use serde_json::json;

/// Contracts for the energy of one resource, between a buyer and the resource's owner.
///
/// A contract is an event: `status`, `why`, `audit` and `event cancel` take its number.
#[derive(Subcommand, Debug)]
pub enum Contract {
    /// Offers a resource's owner to pay for what its meter shows; the most that it may cost is held. By a grid company
    /// or an aggregator.
    Offer(Offer),
    /// Accepts a contract, before its window. By the resource's owner.
    Accept {
        /// The contract's event.
        event: u32,
    },
}

/// What is offered.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("window").required(true).args(["start", "start_in"])))]
pub struct Offer {
    /// The rules: the newest version of this programme, whose pricing is bilateral.
    #[arg(long)]
    programme: u32,
    /// Whose energy.
    #[arg(long)]
    resource: u32,
    /// `up` for what it draws, as at a charger; `down` for what it feeds in.
    #[arg(long)]
    direction: parse::Direction,
    /// Greatest watts in each settlement interval, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_parser = parse::watts)]
    watts: Vec<Watts>,
    /// Yuan per kWh.
    #[arg(long, value_parser = parse::price)]
    price: Price,
    /// Start of the window, in Unix milliseconds of chain time.
    #[arg(long)]
    start: Option<u64>,
    /// Start of the window, in seconds from now.
    #[arg(long)]
    start_in: Option<u64>,
}

impl Contract {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Offer(offer) => offer.run(context).await,
            Self::Accept { event } => {
                let chain = context.connect().await?;
                let call = Call::new("Bids", "accept_contract", EventId(event));
                let receipt = context.sender(&chain)?.submit(&call).await?;
                report(context, &receipt, "accepted", json!({ "event": event }))
            }
        }
    }
}

impl Offer {
    async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let start = self.start(&chain.finalised().await?).await?;
        let too_many = |_| Fault::Usage("a contract has at most 96 settlement intervals".into());
        let needs: Needs = BoundedVec::try_from(self.watts).map_err(too_many)?;
        let (programme, resource) = (ProgrammeId(self.programme), ResourceId(self.resource));
        let arguments = (programme, resource, Direction::from(self.direction), needs, start, self.price);
        let receipt = context.sender(&chain)?.submit(&Call::new("Bids", "offer_contract", arguments)).await?;
        let event = match receipt.number_in("Bids", "event") {
            Some(event) => event,
            None => newest_event(&chain.at(receipt.block)).await?.0.into(),
        };
        report(context, &receipt, "offered", json!({ "event": event, "start_ms": start }))
    }

    async fn start(&self, state: &State<'_>) -> Result<Millis> {
        let seconds = self.start_in.unwrap_or_default().saturating_mul(1_000);
        Ok(match self.start {
            Some(start) => Millis(start),
            None => Millis(state.now().await?.saturating_add(seconds)),
        })
    }
}
