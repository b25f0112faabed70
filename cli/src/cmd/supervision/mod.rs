//! `loadstone supervision`: what looks wrong in the market, and the regulator's cases.

mod cases;
mod feeder;
mod report;
mod step;

use super::{
    motion::{majority, propose},
    report as told,
};
use crate::{call::Call, context::Context, fault::Fault, files};
use anyhow::Result;
use clap::Subcommand;
use loadstone_evidence::keys;
use loadstone_market::supervision::SupervisionRules;
use loadstone_rules::supervision as rules;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Watches the market: cases with their evidence, and what becomes of them.
#[derive(Subcommand, Debug)]
pub enum Supervision {
    /// Shows what supervision goes by, as a file that `rules set` takes; or sets it.
    Rules {
        #[command(subcommand)]
        set: Option<Set>,
    },
    /// Shows the cases: all that are open, and the newest decided ones.
    Cases {
        /// Leave out what is decided.
        #[arg(long)]
        open: bool,
    },
    /// Shows a case with its evidence and its steps.
    Show {
        /// The case's number.
        case: u32,
    },
    /// Points at what is wrong in an event; the chain computes it itself and opens a case where it is so.
    ///
    /// By any participant. What the numbers do not bear out is refused with NothingFound.
    #[command(subcommand)]
    Report(report::Report),
    /// Declares, removes and shows meters that measure others, too.
    #[command(subcommand)]
    Feeder(feeder::Feeder),
    /// Freezes the account that answers for a case, before it is decided. By the regulator.
    ///
    /// A frozen account can do nothing but appeal. Clearing the case lifts the freeze.
    Freeze(step::Step),
    /// Objects to a case, once and in its time. By any account of the organisation that answers for it, frozen or not.
    Appeal(step::Step),
    /// Decides a case against its subject, once that has appealed or its time is over. By the regulator.
    ///
    /// The account that answers for it is frozen until `participant unfreeze` lifts that.
    Uphold(step::Step),
    /// Decides a case for its subject, and lifts the freeze unless another case keeps it. By the regulator.
    Clear(step::Step),
}

/// What to do with the rules.
#[derive(Subcommand, Debug)]
pub enum Set {
    /// Sets the rules from a TOML or JSON file. By the regulator, or by the council.
    #[command(after_long_help = explained())]
    Set {
        /// The rules: TOML, or JSON where the name ends in .json. `supervision rules` prints those in force.
        file: PathBuf,
        /// Move that the council sets them, instead of setting them as the regulator.
        #[arg(long)]
        council: bool,
    },
}

fn explained() -> String {
    let words = "A file of rules, with the meaning, unit and range of each. All of them must be there.";
    format!("{words}\n\n{}", rules::to_toml(&SupervisionRules::plain()))
}

impl Supervision {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Rules { set: None } => show_rules(context).await,
            Self::Rules { set: Some(Set::Set { file, council }) } => set_rules(context, &file, council).await,
            Self::Cases { open } => cases::list(context, open).await,
            Self::Show { case } => cases::show(context, case).await,
            Self::Report(report) => report.run(context).await,
            Self::Feeder(feeder) => feeder.run(context).await,
            Self::Freeze(step) => step.run(context, "freeze", "frozen").await,
            Self::Appeal(step) => step.run(context, "appeal", "appealed").await,
            Self::Uphold(step) => step.run(context, "uphold", "upheld").await,
            Self::Clear(step) => step.run(context, "clear", "cleared").await,
        }
    }
}

async fn show_rules(context: &Context) -> Result<()> {
    let chain = context.connect().await?;
    let found: Option<SupervisionRules> = chain.finalised().await?.get(keys::supervision_rules()).await?;
    let found = found.unwrap_or_default();
    context.output().print(&json!(found), || rules::to_toml(&found))
}

async fn set_rules(context: &Context, file: &Path, council: bool) -> Result<()> {
    let text = files::read_text(file)?;
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let bad = |error: String| Fault::Usage(format!("{}: {error}", file.display()));
    let call = Call::new("Supervision", "set_rules", rules::parse(&text, is_json).map_err(bad)?);
    let chain = context.connect().await?;
    let sender = context.sender(&chain)?;
    if council {
        let state = chain.finalised().await?;
        return propose(context, &sender, &state, &call, majority, "moved to set the rules").await;
    }
    told(context, &sender.submit(&call).await?, "set", json!({}))
}
