//! `loadstone bid`: sealed bids, in two steps or in one.
//!
//! A commitment's sheet and salt are written into a file before anything is submitted: who loses
//! them can't reveal and forfeits the bond.

use super::report;
use crate::{
    admissible::Terms,
    call::{Call, Sender},
    client::{Chain, State},
    context::Context,
    fault::{is_refusal, Fault},
    parse,
    sheet::{self, Found, Kept},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use loadstone_core::{BoundedVec, EventId, Millis, Resource};
use loadstone_evidence::keys;
use loadstone_market::{BidResources, BidSheet, Commitment, Event, Programme, ResourceBid};
use rand::{rngs::OsRng, RngCore};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Bids in an event in two steps.
#[derive(Subcommand, Debug)]
pub enum Bid {
    /// Commits to offers; a bond is held. By an aggregator, before gate closure.
    ///
    /// The offers are checked against programme and capacity first: what can't be revealed is not sent.
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
    /// File for sheet and salt, without which nothing can be revealed; by default named after network, event
    /// and account.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// Bids in an event: commits now, waits for gate closure and reveals.
#[derive(Args, Debug)]
pub struct Declare {
    #[command(flatten)]
    offers: Offers,
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
                report(context, &receipt, "withdrawn", json!({ "event": event }))
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
    let id = EventId(offers.event);
    let (sheet, resources) = sheet(offers.offers)?;
    let bidder = sender.account();
    let path = offers.file.unwrap_or_else(|| sheet::default_path(&chain.genesis, id, &bidder));
    let state = chain.finalised().await?;
    let event: Event = state.require(keys::event(id), &format!("event {id}")).await?;
    let programme: Programme =
        state.require(keys::programme(event.programme, event.version), "the event's programme").await?;
    let wanted: Vec<_> = resources.iter().map(|resource| keys::resource(*resource)).collect();
    let registered = state.get_all::<Resource>(&wanted).await?;
    let terms = Terms { id, event: &event, programme: &programme, now: Millis(state.now().await?) };
    terms.check_open()?;
    terms.check_sheet(&bidder, &sheet, &registered)?;
    if let Some(commitment) = state.get::<Commitment>(keys::commitment(id, &bidder)).await? {
        return Err(sheet::already_committed(&path, id, &commitment.seal).into());
    }
    check_replaceable(&state, &path).await?;

    let mut salt = [0u8; 32];
    OsRng.fill_bytes(&mut salt);
    let kept = Kept::new(chain.genesis, id, bidder, sheet, salt);
    let seal = kept.seal().map_err(Fault::Usage)?;
    let pending = kept.write(&path)?;
    let receipt = match sender.submit(&Call::new("Bids", "commit", (id, seal, resources))).await {
        Ok(receipt) => receipt,
        Err(error) if is_refusal(&error) => {
            pending.discard();
            return Err(error);
        }
        // The bid may be on chain all the same: without its sheet the bond would be lost.
        Err(error) => {
            let file = pending.draft().display().to_string();
            return Err(error.context(format!(
                "its sheet stays in {file}: if the bid is on chain, reveal it with `loadstone bid reveal {file}`"
            )));
        }
    };
    let path = pending.keep();
    let file = path.display().to_string();
    report(context, &receipt, "committed", json!({ "event": id, "seal": seal, "file": file }))?;
    Ok(path)
}

/// What stands under `path` must not be needed for a reveal.
async fn check_replaceable(state: &State<'_>, path: &Path) -> Result<()> {
    if let Found::Bid(kept) = sheet::look(path, &state.chain().genesis)? {
        let on_chain: Option<Commitment> = state.get(keys::commitment(kept.event, &kept.bidder)).await?;
        let same = |commitment: &Commitment| !commitment.revealed && kept.seal().as_ref() == Ok(&commitment.seal);
        if on_chain.as_ref().is_some_and(same) {
            return Err(sheet::still_needed(path, &kept).into());
        }
    }
    Ok(())
}

async fn reveal(context: &Context, chain: &Chain, sender: &Sender<'_>, path: &Path, wait: bool) -> Result<()> {
    let kept = Kept::read(path)?;
    let salt = kept.salt().map_err(Fault::Usage)?;
    if kept.genesis != chain.genesis || kept.bidder != sender.account() {
        return Err(Fault::Usage(format!("{} is of another chain or account", path.display())).into());
    }
    if wait {
        let event: Event =
            chain.finalised().await?.require(keys::event(kept.event), &format!("event {}", kept.event)).await?;
        let what = format!("gate closure of event {}", kept.event);
        chain.wait_until(event.gate_closure.0.saturating_add(1), &what, &context.output()).await?;
    }
    let receipt = sender.submit(&Call::new("Bids", "reveal", (kept.event, kept.sheet, salt))).await?;
    report(context, &receipt, "revealed", json!({ "event": kept.event }))
}
