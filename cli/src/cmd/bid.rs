//! `loadstone bid`: sealed bids, in two steps or in one.
//!
//! A commitment's sheet and salt are written into a file before anything is submitted: who loses
//! them can't reveal and forfeits the bond.

use super::report;
use crate::{
    call::{Call, Sender},
    client::Chain,
    context::Context,
    fault::Fault,
    output::hexed,
    parse,
};
use anyhow::{anyhow, Context as _, Result};
use clap::{Args, Subcommand};
use loadstone_core::{AccountId, BoundedVec, EventId, Hash};
use loadstone_evidence::keys;
use loadstone_market::{seal, BidResources, BidSheet, ResourceBid};
use rand::{rngs::OsRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Bids in an event in two steps.
#[derive(Subcommand, Debug)]
pub enum Bid {
    /// Commits to offers; a bond is held. By an aggregator, before gate closure.
    Commit(Offers),
    /// Reveals committed offers after gate closure.
    Reveal {
        /// The file that `commit` wrote.
        file: PathBuf,
        /// Wait for gate closure.
        #[arg(long)]
        wait: bool,
    },
    /// Withdraws a commitment before gate closure.
    Withdraw {
        /// The event.
        event: u32,
    },
}

/// What is offered.
#[derive(Args, Debug)]
pub struct Offers {
    /// The event.
    event: u32,
    /// Offers of one resource: RESOURCE=PRICE:WATTS[,PRICE:WATTS...], prices in yuan per kWh. May be repeated.
    #[arg(long = "offer", required = true, value_parser = parse::resource_bid)]
    offers: Vec<ResourceBid>,
    /// File for sheet and salt; by default named after event and account.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// Bids in an event: commits now, waits for gate closure and reveals.
#[derive(Args, Debug)]
pub struct Declare {
    #[command(flatten)]
    offers: Offers,
}

/// What a bidder keeps between commitment and reveal.
#[derive(Serialize, Deserialize)]
struct Kept {
    genesis: Hash,
    event: EventId,
    bidder: AccountId,
    sheet: BidSheet,
    salt: String,
}

impl Bid {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = context.sender(&chain)?;
        match self {
            Self::Commit(offers) => commit(context, &chain, &sender, offers).await.map(|_| ()),
            Self::Reveal { file, wait } => reveal(context, &chain, &sender, &file, wait).await,
            Self::Withdraw { event } => {
                let receipt = sender.submit(&Call::new("Bids", "withdraw", EventId(event))).await?;
                report(context, &receipt, "withdrawn", json!({ "event": event }));
                Ok(())
            }
        }
    }
}

impl Declare {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = context.sender(&chain)?;
        let file = commit(context, &chain, &sender, self.offers).await?;
        reveal(context, &chain, &sender, &file, true).await
    }
}

/// The offers as the chain wants them: in rising order of resource.
fn sheet(mut offers: Vec<ResourceBid>) -> Result<(BidSheet, BidResources)> {
    offers.sort_by_key(|bid| bid.resource);
    let resources: Vec<_> = offers.iter().map(|bid| bid.resource).collect();
    let too_many = || Fault::Usage("too many resources under one commitment".into());
    Ok((
        BoundedVec::try_from(offers).map_err(|_| too_many())?,
        BoundedVec::try_from(resources).map_err(|_| too_many())?,
    ))
}

async fn commit(context: &Context, chain: &Chain, sender: &Sender<'_>, offers: Offers) -> Result<PathBuf> {
    let event = EventId(offers.event);
    let (sheet, resources) = sheet(offers.offers)?;
    let mut salt = [0u8; 32];
    OsRng.fill_bytes(&mut salt);
    let bidder = sender.account();
    let seal = seal(&chain.genesis, event, &bidder, &sheet, &salt);
    let path = offers.file.unwrap_or_else(|| PathBuf::from(format!("bid-{event}-{bidder}.json")));
    keep(&path, &Kept { genesis: chain.genesis, event, bidder, sheet, salt: hexed(&salt) })?;
    let receipt = sender.submit(&Call::new("Bids", "commit", (event, seal, resources))).await?;
    let file = path.display().to_string();
    report(context, &receipt, "committed", json!({ "event": event, "seal": seal, "file": file }));
    Ok(path)
}

fn keep(path: &Path, kept: &Kept) -> Result<()> {
    let text = serde_json::to_string_pretty(kept)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("can't write sheet and salt into {}", path.display()))
}

async fn reveal(context: &Context, chain: &Chain, sender: &Sender<'_>, path: &Path, wait: bool) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    let kept: Kept = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let salt = parse::bytes32(&kept.salt).map_err(|error| anyhow!("{} is damaged: {error}", path.display()))?;
    if kept.genesis != chain.genesis || kept.bidder != sender.account() {
        return Err(Fault::Usage(format!("{} is of another chain or account", path.display())).into());
    }
    if wait {
        let event: loadstone_market::Event = chain.finalised().await?.require(keys::event(kept.event), "it").await?;
        context.output().note(&format!("waiting for gate closure of event {}", kept.event));
        chain.wait_until(event.gate_closure.0.saturating_add(1)).await?;
    }
    let receipt = sender.submit(&Call::new("Bids", "reveal", (kept.event, kept.sheet, salt))).await?;
    report(context, &receipt, "revealed", json!({ "event": kept.event }));
    Ok(())
}
