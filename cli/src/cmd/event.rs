//! `loadstone event`: opens, clears and cancels regulation events.

use super::report;
use crate::{
    areas,
    call::{Call, Receipt},
    client::Chain,
    context::Context,
    fault::{told, Fault},
    output::yuan,
    parse,
    reads::newest_event,
};
use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use loadstone_core::{AreaId, Balance, BoundedVec, Direction, EventId, Millis, ProgrammeId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{Clearing, Event as Record, Needs, Phase, Programme};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time between attempts to clear while the reveal window is open.
const RETRY: Duration = Duration::from_millis(500);

/// Opens, clears and cancels events.
#[derive(Subcommand, Debug)]
pub enum Event {
    /// Opens an event; its budget is held. By a grid company.
    Open(Open),
    /// Clears an event once its reveal window is over, for which it waits. By a grid company.
    Clear(Clear),
    /// Cancels an event before dispatch. By its opener.
    Cancel {
        /// The event.
        event: u32,
    },
}

/// What the grid needs.
#[derive(Args, Debug)]
#[command(
    allow_negative_numbers = true,
    group(ArgGroup::new("window").required(true).args(["start", "start_in"])),
    group(ArgGroup::new("closure").required(true).args(["gate", "gate_in"])),
)]
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
    #[arg(long, value_delimiter = ',', required = true, allow_hyphen_values = true, value_parser = parse::watts)]
    needs: Vec<Watts>,
    /// Start of the window, in Unix milliseconds of chain time.
    #[arg(long)]
    start: Option<u64>,
    /// Start of the window, in seconds from now.
    #[arg(long)]
    start_in: Option<u64>,
    /// Gate closure, in Unix milliseconds of chain time.
    #[arg(long)]
    gate: Option<u64>,
    /// Gate closure, in seconds from now.
    #[arg(long)]
    gate_in: Option<u64>,
    /// The most that is paid, in yuan; where the programme has a pot, as far as that reaches.
    #[arg(long, value_parser = parse::yuan)]
    budget: Balance,
}

/// Clears an event once its reveal window is over, for which it waits. By a grid company.
#[derive(Args, Debug)]
pub struct Clear {
    /// The event.
    event: u32,
    /// Give up so many seconds after the end of the reveal window, when too few validators have made blocks.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
    /// Try once, now, instead of waiting for the end of the reveal window.
    #[arg(long, conflicts_with = "wait")]
    no_wait: bool,
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
                report(context, &receipt, "cancelled", json!({ "event": event }))
            }
        }
    }
}

impl Open {
    async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        areas::look_for(&state, AreaId(self.area), "give an area where somebody can bid").await?;
        let now = state.now().await?;
        let moment = |at: Option<u64>, seconds: Option<u64>| {
            Millis(at.unwrap_or_else(|| now.saturating_add(seconds.unwrap_or_default().saturating_mul(1_000))))
        };
        let (start, gate) = (moment(self.start, self.start_in), moment(self.gate, self.gate_in));
        let needs: Needs =
            BoundedVec::try_from(self.needs).map_err(|_| Fault::Usage("an event has at most 96 intervals".into()))?;
        let direction = Direction::from(self.direction);
        let arguments = (ProgrammeId(self.programme), AreaId(self.area), direction, needs, start, gate, self.budget);
        let receipt = context.sender(&chain)?.submit(&Call::new("Bids", "open_event", arguments)).await?;
        let event = match receipt.number_in("Bids", "event") {
            Some(event) => event,
            None => newest_event(&chain.at(receipt.block)).await?.0.into(),
        };
        let id = EventId(u32::try_from(event)?);
        let opened: Record = chain.at(receipt.block).require(keys::event(id), &format!("event {id}")).await?;
        let words = match opened.budget < self.budget {
            true => format!("opened with the {} CNY that its programme's pot has left", yuan(opened.budget)),
            false => "opened".into(),
        };
        let created = json!({ "event": event, "start_ms": start, "gate_closure_ms": gate });
        report(context, &receipt, &words, created)
    }
}

impl Clear {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let receipt = self.clear(context, &chain).await?;
        let clearing: Clearing =
            chain.at(receipt.block).require(keys::clearing(EventId(self.event)), "the clearing").await?;
        let created = json!({
            "event": self.event,
            "marginal_price": clearing.marginal_price,
            "awarded_w": clearing.awarded,
            "offered_w": clearing.offered,
        });
        report(context, &receipt, "cleared", created)
    }

    /// Waits for the end of the reveal window. Where there is none to wait for, the chain says why.
    async fn wait_for_reveals(&self, context: &Context, chain: &Chain) -> Result<()> {
        let state = chain.finalised().await?;
        let id = EventId(self.event);
        let event: Record = state.require(keys::event(id), &format!("event {id}")).await?;
        if event.phase != Phase::Open {
            return Ok(());
        }
        let programme: Programme =
            state.require(keys::programme(event.programme, event.version), "the event's programme").await?;
        let end = event.gate_closure.after(programme.reveal_ms.into());
        chain.wait_until(end.0, &format!("the end of the reveal window of event {id}"), &context.output()).await
    }

    async fn clear(&self, context: &Context, chain: &Chain) -> Result<Receipt> {
        let sender = context.sender(chain)?;
        let call = Call::new("Bids", "clear", EventId(self.event));
        if self.no_wait {
            return sender.submit(&call).await;
        }
        self.wait_for_reveals(context, chain).await?;
        let (began, patience) = (Instant::now(), Duration::from_secs(self.wait));
        loop {
            match sender.submit(&call).await {
                Err(error) if is_early(&error) && began.elapsed() < patience => {
                    context.output().note(&format!("not yet: {}", told(&error)));
                    tokio::time::sleep(RETRY).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Whether the chain refused for a reason that passes with the next blocks.
fn is_early(error: &anyhow::Error) -> bool {
    let early = ["Bids.RevealOpen", "Bids.TooFewAuthors"];
    matches!(error.downcast_ref(), Some(Fault::Refused { name, .. }) if early.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Line {
        #[command(subcommand)]
        event: Event,
    }

    fn read(words: &str) -> Result<Event, String> {
        let line = Line::try_parse_from(format!("event {words}").split_whitespace());
        line.map(|line| line.event).map_err(|error| error.to_string())
    }

    #[test]
    fn an_opening_names_what_is_missing_or_negative() {
        let rest = "--programme 1 --area 1 --direction down --budget 50";
        // GIVEN all words THEN they are taken
        assert!(read(&format!("open {rest} --needs 50,80 --start-in 60 --gate-in 30")).is_ok());
        // GIVEN no gate THEN both ways to say it are named
        let text = read(&format!("open {rest} --needs 50 --start-in 60")).expect_err("no gate");
        assert!(text.contains("--gate <GATE>|--gate-in <GATE_IN>"), "{text}");
        // GIVEN two starts THEN they contradict each other
        assert!(read(&format!("open {rest} --needs 50 --start-in 60 --start 9 --gate-in 30")).is_err());
        // GIVEN a negative need THEN it is told that watts are not negative
        for needs in ["-5", "-5,3", "3,-5"] {
            let text = read(&format!("open {rest} --needs {needs} --start-in 60 --gate-in 30")).expect_err("negative");
            assert!(text.contains("-5: watts are not negative"), "{text}");
        }
    }

    #[test]
    fn clearing_waits_unless_told_otherwise() {
        let wait = |words: &str| match read(words) {
            Ok(Event::Clear(clear)) => Some((clear.wait, clear.no_wait)),
            _ => None,
        };
        assert_eq!(wait("clear 3"), Some((60, false)));
        assert_eq!(wait("clear 3 --wait 15"), Some((15, false)));
        assert_eq!(wait("clear 3 --no-wait").map(|(_, no_wait)| no_wait), Some(true));
        assert_eq!(wait("clear 3 --no-wait --wait 15"), None);
    }

    #[test]
    fn only_what_passes_with_time_is_tried_again() {
        let error = |name: &str| anyhow::Error::new(Fault::bids(name, ""));
        assert!(is_early(&error("RevealOpen")) && is_early(&error("TooFewAuthors")));
        assert!(!is_early(&error("WrongPhase")) && !is_early(&anyhow::anyhow!("no node")));
    }
}
