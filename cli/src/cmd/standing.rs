//! `loadstone standing`: offers that are declared once and roll into each event that fits.

use crate::{
    call::Call,
    client::Chain,
    context::Context,
    fault::{told, Fault},
    output::{moment, yuan, Table},
    standing::{
        advance::withdrawal,
        check::problems,
        folder::{self, Folder},
        journal::Journal,
        offers,
        outcome::Outcome,
        runner::{Runner, Watched},
        steps::Steps,
    },
};
use anyhow::Result;
use clap::{Args, Subcommand};
use loadstone_core::{AccountId, EventId, Millis};
use loadstone_evidence::keys;
use loadstone_market::{Commitment, Event, Phase};
use serde_json::json;
use std::path::PathBuf;

/// Problems that are listed.
const LISTED: usize = 50;

/// Declares offers once: a run bids them in every event that fits.
#[derive(Subcommand, Debug)]
pub enum Standing {
    /// Bids in every event that fits, and reveals after its gate, until it is ended. By an aggregator.
    ///
    /// Each event's bids are sealed anew and kept in the state folder until they are revealed: after an interruption run
    /// it again with the same folder, in time, or what is not revealed costs its bond. An edit of the file counts for
    /// events that are opened after it.
    Run {
        /// The offers; `standing template` prints a file to begin with.
        offers: PathBuf,
        #[command(flatten)]
        state: StateFolder,
    },
    /// Prints a file of offers to begin with, which says what each line means.
    Template,
    /// Checks a file of offers against programmes and resources on chain; with a key against their owner, too.
    Check {
        /// The offers.
        offers: PathBuf,
    },
    /// Takes back what is bid in an event, before its gate closes, and bids nothing more in it. A run may go on meanwhile.
    Withdraw {
        /// The event.
        event: u32,
        #[command(flatten)]
        state: StateFolder,
    },
    /// Shows the events that were bid in, newest last: what is committed, revealed and awarded.
    Status {
        /// So many of the newest events.
        #[arg(long, default_value_t = 20)]
        newest: usize,
        #[command(flatten)]
        state: StateFolder,
    },
}

/// Where a run keeps what it must not lose.
#[derive(Args, Debug)]
pub struct StateFolder {
    /// Folder of sealed bids and decisions; by default named after network and account, in the current folder.
    #[arg(long = "state", value_name = "FOLDER")]
    path: Option<PathBuf>,
}

impl StateFolder {
    fn of(&self, chain: &Chain, account: &AccountId) -> PathBuf {
        self.path.clone().unwrap_or_else(|| folder::default_path(&chain.genesis, account))
    }
}

impl Standing {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Run { offers, state } => {
                let file = Watched::read(&offers)?;
                let chain = context.connect().await?;
                let account = context.sender(&chain)?.account();
                warn_of_problems(context, &chain, &file, &account).await;
                let folder = Folder::open(&state.of(&chain, &account), chain.genesis, &account)?;
                Runner::new(context, file, folder)?.run(chain).await
            }
            Self::Template => {
                context.output().print(&json!({ "template": offers::TEMPLATE }), || offers::TEMPLATE.trim_end().into())
            }
            Self::Check { offers } => check(context, &offers).await,
            Self::Withdraw { event, state } => withdraw(context, EventId(event), &state).await,
            Self::Status { newest, state } => status(context, newest, &state).await,
        }
    }
}

/// What can't work now may work later, so a run starts all the same.
async fn warn_of_problems(context: &Context, chain: &Chain, file: &Watched, account: &AccountId) {
    let found = async { problems(&chain.finalised().await?, &file.offers, Some(account)).await }.await;
    let found = found.unwrap_or_else(|error| vec![told(&error)]);
    for problem in found.iter().take(LISTED) {
        Steps::new(context.output()).warn(problem);
    }
}

async fn check(context: &Context, path: &std::path::Path) -> Result<()> {
    let (_, offers) = offers::read(path)?;
    let chain = context.connect().await?;
    let owner = match context.suri.is_some() || context.key_file.is_some() {
        true => Some(context.sender(&chain)?.account()),
        false => None,
    };
    let found = problems(&chain.finalised().await?, &offers, owner.as_ref()).await?;
    if !found.is_empty() {
        let mut listed: Vec<_> = found.iter().take(LISTED).cloned().collect();
        if let Some(more @ 1..) = found.len().checked_sub(LISTED) {
            listed.push(format!("and {more} more"));
        }
        return Err(Fault::Usage(format!("{}: {}", path.display(), listed.join("\n"))).into());
    }
    let (resources, programmes) = (offers.resources.len(), offers.programmes.len());
    let value = json!({ "resources": resources, "programmes": offers.programmes });
    context.output().print(&value, || format!("sound: {resources} resources, {programmes} programmes"))
}

async fn withdraw(context: &Context, id: EventId, state: &StateFolder) -> Result<()> {
    let chain = context.connect().await?;
    let sender = context.sender(&chain)?;
    let path = state.of(&chain, &sender.account());
    let journal = journal_of(&path, &chain)?;
    let at = chain.finalised().await?;
    let event: Event = at.require(keys::event(id), &format!("event {id}")).await?;
    if event.phase != Phase::Open || Millis(at.now().await?) >= event.gate_closure {
        let text = format!("event {id} takes no withdrawals after its gate: reveal what is bid, or lose the bond");
        return Err(Fault::bids("GateClosed", text).into());
    }
    let answer = journal.answers.iter().find(|answer| answer.event == id);
    if answer.is_none() && id < journal.next {
        return Err(Fault::Usage(format!("nothing was bid in event {id} by this state folder")).into());
    }
    // Marked first: a run that commits at this very moment takes that back itself.
    folder::give_up(&path, id)?;
    let batches = 0..answer.map_or(0, |answer| answer.batches);
    let places: Vec<_> = batches.clone().map(|batch| keys::commitment(id, &(sender.account(), batch))).collect();
    let on_chain = batches.zip(chain.finalised().await?.get_all::<Commitment>(&places).await?);
    let calls: Vec<Call> = on_chain.filter_map(|(batch, found)| found.map(|_| withdrawal(id, batch))).collect();
    let mut withdrawn = 0u32;
    for outcome in sender.submit_all(&calls).await {
        match outcome {
            Ok(_) => withdrawn = withdrawn.saturating_add(1),
            // The run was faster.
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error.context(format!("{withdrawn} of {} batches withdrawn", calls.len()))),
        }
    }
    let value = json!({ "event": id, "withdrawn": withdrawn });
    context.output().print(&value, || format!("event {id} given up: {withdrawn} batches withdrawn"))
}

fn is_gone(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Fault::Refused { name, .. }) if name == "Bids.NotCommitted")
}

fn journal_of(path: &std::path::Path, chain: &Chain) -> Result<Journal> {
    let journal = folder::journal(path)?;
    if journal.genesis != chain.genesis {
        return Err(Fault::Usage(format!("{} is of another network", path.display())).into());
    }
    Ok(journal)
}

async fn status(context: &Context, newest: usize, state: &StateFolder) -> Result<()> {
    let chain = context.connect().await?;
    let path = match &state.path {
        Some(path) => path.clone(),
        None => state.of(&chain, &context.sender(&chain)?.account()),
    };
    let journal = journal_of(&path, &chain)?;
    let at = chain.finalised().await?;
    let mut table = Table::new(&[
        "event",
        "phase",
        "gate closure",
        "batches",
        "committed",
        "revealed",
        "withdrawn",
        "lost",
        "offered W",
        "awarded W",
        "bond CNY",
    ]);
    let (mut rows, skipped) = (Vec::new(), journal.answers.len().saturating_sub(newest));
    for answer in journal.answers.iter().skip(skipped) {
        let outcome = Outcome::read(&at, answer.event, &journal.account, answer.batches).await?;
        table.row([
            answer.event.to_string(),
            json!(outcome.details.phase).as_str().unwrap_or_default().to_owned(),
            moment(outcome.details.gate_closure),
            answer.batches.to_string(),
            outcome.committed.to_string(),
            outcome.revealed.to_string(),
            answer.withdrawn.to_string(),
            answer.forfeited.to_string(),
            outcome.offered.0.to_string(),
            outcome.awarded.map(|watts| watts.0.to_string()).unwrap_or_default(),
            yuan(outcome.bond),
        ]);
        rows.push(json!({ "answer": answer, "outcome": outcome }));
    }
    let running = folder::is_in_use(&path);
    let value = json!({ "running": running, "account": journal.account, "next_event": journal.next, "events": rows });
    let run = if running { "a run is in progress" } else { "no run is in progress" };
    context.output().print(&value, || format!("{run}; {}\n\n{}", path.display(), table.render()))
}
