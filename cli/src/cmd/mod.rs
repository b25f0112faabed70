//! The commands.

mod archive;
mod audit;
mod availability;
mod bid;
mod capsule;
mod contract;
mod dispute;
mod event;
mod finality;
mod key;
mod metadata;
mod motion;
mod order;
mod participant;
mod profile;
mod programme;
mod proof;
mod resource;
mod standing;
mod status;
mod supervision;
mod validator;
mod verify;
mod why;

use crate::{
    call::Receipt,
    context::Context,
    output::{cny, moment},
};
use anyhow::Result;
use clap::Subcommand;
use loadstone_core::{Millis, Price};
use serde_json::{json, Map, Value};

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Makes and shows keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Registers, freezes and shows participants.
    #[command(subcommand)]
    Participant(participant::Participant),
    /// Votes on motions of the council.
    Motion(motion::Motion),
    /// Registers and shows resources and their devices.
    #[command(subcommand)]
    Resource(resource::Resource),
    /// Publishes and shows programmes.
    #[command(subcommand)]
    Programme(programme::Programme),
    /// Opens, clears and cancels events.
    #[command(subcommand)]
    Event(event::Event),
    /// Bids in an event in two steps.
    #[command(subcommand)]
    Bid(bid::Bid),
    /// Bids in an event: commits now, waits for gate closure and reveals.
    Declare(bid::Declare),
    /// Declares offers once, in a file: a run bids them in every event that fits.
    #[command(subcommand)]
    Standing(standing::Standing),
    /// Contracts for the energy of one resource, between a buyer and the resource's owner.
    ///
    /// A contract is an event: `status`, `why`, `audit` and `event cancel` take its number. Presets of its rules are in
    /// chain-specs/programmes: charging-session.toml and neighbour-trade.toml.
    #[command(subcommand)]
    Contract(contract::Contract),
    /// Disputes over records: objections, what is shown, rulings.
    #[command(subcommand)]
    Dispute(dispute::Dispute),
    /// Clears an event once its reveal window is over, for which it waits.
    Close(event::Clear),
    /// Issues the order of a cleared event.
    Dispatch(order::Dispatch),
    /// Issues an emergency order, or a series of them.
    Emergency(order::Emergency),
    /// Ends the current order of an area and direction.
    Release(order::Release),
    /// Orders as capsules, which prove themselves over any channel.
    #[command(subcommand)]
    Order(capsule::Order),
    /// Offers standing availability for emergency orders.
    #[command(subcommand)]
    Availability(availability::Availability),
    /// Shows an event with awards, records, scores and money.
    Status(status::Status),
    /// Watches the market: cases with their evidence, and what becomes of them.
    ///
    /// Every scored event is walked over by the chain itself. What it finds is a case: flagged, perhaps frozen, perhaps
    /// appealed, then cleared or upheld by the regulator. A case is evidence and no verdict: no rule of the market reads
    /// it, and nothing is taken from anybody; an account that is frozen can't act.
    #[command(subcommand)]
    Supervision(supervision::Supervision),
    /// Shows whether blocks become final, and which validators' votes are missing.
    Finality(finality::Finality),
    /// Gives a validator its keys, tells where it is found, and replaces validators.
    Validator(validator::Validator),
    /// Keeps anchored units for good, and checks what was kept.
    #[command(subcommand)]
    Archive(archive::Archive),
    /// Recomputes an event from bids and anchored units and compares it with the chain.
    Audit(audit::Audit),
    /// Explains a resource's award, quotas, score and pay in an event, step by step.
    ///
    /// With --json everything that goes into the numbers stands beside them, with the formulas. What the chain says is
    /// compared with what the steps give; a difference ends with exit code 3.
    Why(why::Why),
    /// Writes the evidence bundle of a unit.
    Proof(proof::Proof),
    /// Verifies an evidence bundle offline.
    Verify(verify::Verify),
    /// Shows the runtime's version and stores its metadata.
    Metadata(metadata::Metadata),
}

impl Command {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Key(command) => command.run(context),
            Self::Participant(command) => command.run(context).await,
            Self::Motion(command) => command.run(context).await,
            Self::Resource(command) => command.run(context).await,
            Self::Programme(command) => command.run(context).await,
            Self::Event(command) => command.run(context).await,
            Self::Bid(command) => command.run(context).await,
            Self::Declare(command) => command.run(context).await,
            Self::Standing(command) => command.run(context).await,
            Self::Contract(command) => command.run(context).await,
            Self::Dispute(command) => command.run(context).await,
            Self::Close(command) => command.run(context).await,
            Self::Dispatch(command) => command.run(context).await,
            Self::Emergency(command) => command.run(context).await,
            Self::Release(command) => command.run(context).await,
            Self::Order(command) => command.run(context).await,
            Self::Availability(command) => command.run(context).await,
            Self::Status(command) => command.run(context).await,
            Self::Supervision(command) => command.run(context).await,
            Self::Finality(command) => command.run(context).await,
            Self::Validator(command) => command.run(context).await,
            Self::Archive(command) => command.run(context).await,
            Self::Audit(command) => command.run(context).await,
            Self::Why(command) => command.run(context).await,
            Self::Proof(command) => command.run(context).await,
            Self::Verify(command) => command.run(context),
            Self::Metadata(command) => command.run(context).await,
        }
    }
}

/// Prints a transaction together with what it created.
fn report(context: &Context, receipt: &Receipt, done: &str, created: Value) -> Result<()> {
    let mut line = match created {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let named: Vec<String> = line.iter().map(|(name, value)| named(name, value)).collect();
    if let Value::Object(fields) = json!(receipt) {
        line.extend(fields);
    }
    context.output().print(&Value::Object(line), || {
        let what = if named.is_empty() { done.to_owned() } else { format!("{done}: {}", named.join(", ")) };
        let place = format!("block {} ({:?})", receipt.number, receipt.block);
        match receipt.finalised_at_ms.map(|at| at.saturating_sub(receipt.submitted_at_ms)) {
            Some(took) => format!("{what}\nfinal in {place} after {took} ms"),
            None => format!("{what}\nin {place}, which is not final"),
        }
    })
}

/// Milliseconds from here on are a moment and no span: September 2001.
const FIRST_MOMENT_MS: u64 = 1_000_000_000_000;

/// A field of a report for people: its unit stands behind the number instead of in the name.
fn named(name: &str, value: &Value) -> String {
    let price = (name == "marginal_price").then(|| value.as_u64()).flatten().map(|price| cny(Price(price)));
    let at = value.as_u64().filter(|at| name.ends_with("_ms") && *at >= FIRST_MOMENT_MS);
    let with_unit = |ending: &str, unit: &str| Some((name.strip_suffix(ending)?.to_owned(), format!("{value} {unit}")));
    let (name, value) = match (price, at) {
        (Some(price), _) => (name.to_owned(), price),
        (None, Some(at)) => (name.trim_end_matches("_ms").to_owned(), moment(Millis(at))),
        (None, None) => with_unit("_w", "W")
            .or_else(|| with_unit("_ms", "ms"))
            .unwrap_or_else(|| (name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
    };
    format!("{} {value}", name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_show_units() {
        // GIVEN fields of a report THEN people read them with their units
        assert_eq!(named("marginal_price", &json!(1_250_000)), "marginal price 1.250000 CNY/kWh");
        assert_eq!(named("awarded_w", &json!(800)), "awarded 800 W");
        assert_eq!(named("after_ms", &json!(12)), "after 12 ms");
        assert_eq!(named("start_ms", &json!(1_796_131_139_000u64)), "start 2026-12-01 13:18:59 UTC");
        assert_eq!(named("file", &json!("bid.json")), "file bid.json");
    }
}
