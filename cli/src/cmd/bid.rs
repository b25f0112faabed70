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
    files, parse,
    sheet::{self, Found, Kept, Numbered},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use loadstone_core::{AccountId, EventId, Millis, Resource};
use loadstone_evidence::keys;
use loadstone_market::{Batch, Commitment, Event, Programme, ResourceBid};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Reveals on the way at once: a few blocks full, and far from what a node takes of one account.
const AT_ONCE: usize = 32;

/// Bids in an event in two steps.
#[derive(Subcommand, Debug)]
pub enum Bid {
    /// Commits to offers; a bond is held. By an aggregator, before gate closure.
    ///
    /// The offers are checked against programme and capacity first: what can't be revealed is not sent. More than 48
    /// resources are sealed in several batches, each a transaction and a file of its own.
    Commit(Offers),
    /// Reveals committed offers after gate closure.
    Reveal {
        /// The files that `commit` wrote.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Wait for gate closure.
        #[arg(long)]
        wait: bool,
    },
    /// Withdraws a batch before gate closure.
    Withdraw {
        /// The event.
        event: u32,
        /// Which of the account's batches.
        #[arg(long, default_value_t = 0)]
        batch: Batch,
    },
}

/// What is offered.
#[derive(Args, Debug)]
pub struct Offers {
    /// The event.
    event: u32,
    /// Offers of one resource: RESOURCE=PRICE:WATTS[,PRICE:WATTS...], prices in yuan per kWh. May be repeated.
    #[arg(long = "offer", required_unless_present = "from", value_parser = parse::resource_bid)]
    offers: Vec<ResourceBid>,
    /// A file with more offers, written the same way, one a line.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Number of the first batch; a further one needs a number that the account has not used in the event.
    #[arg(long, default_value_t = 0)]
    batch: Batch,
    /// File for sheet and salt, without which nothing can be revealed; by default named after network, event
    /// and account. Further batches add their number.
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
            Self::Reveal { files, wait } => reveal(context, &chain, &sender, &files, wait).await,
            Self::Withdraw { event, batch } => {
                let receipt = sender.submit(&Call::new("Bids", "withdraw", (EventId(event), batch))).await?;
                report(context, &receipt, "withdrawn", json!({ "event": event, "batch": batch }))
            }
        }
    }
}

impl Declare {
    /// Carries the command out.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let sender = context.sender(&chain)?;
        let files = commit(context, &chain, &sender, self.offers).await?;
        reveal(context, &chain, &sender, &files, true).await
    }
}

impl Offers {
    /// The offers in batches.
    fn batches(&self) -> Result<Vec<Numbered>> {
        let mut offers = self.offers.clone();
        if let Some(path) = &self.from {
            offers.extend(from_file(path)?);
        }
        Ok(sheet::batches(offers, self.batch)?)
    }

    /// Where the sheet of a batch lies.
    fn path(&self, chain: &Chain, bidder: &AccountId, batch: Batch) -> PathBuf {
        match &self.file {
            Some(path) if batch == self.batch => path.clone(),
            Some(path) => files::with_ending(path, &format!(".{batch}")),
            None => sheet::default_path(&chain.genesis, EventId(self.event), bidder, batch),
        }
    }
}

/// Offers of a file, one a line; empty lines and those that begin with # are passed over.
fn from_file(path: &Path) -> Result<Vec<ResourceBid>> {
    let text = files::read_text(path)?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let offer = |(number, line): (usize, &str)| {
        let bad = |error| Fault::Usage(format!("{}, line {}: {error}", path.display(), number + 1)).into();
        parse::resource_bid(line).map_err(bad)
    };
    lines.map(offer).collect()
}

async fn commit(context: &Context, chain: &Chain, sender: &Sender<'_>, offers: Offers) -> Result<Vec<PathBuf>> {
    let (id, batches, bidder) = (EventId(offers.event), offers.batches()?, sender.account());
    let state = chain.finalised().await?;
    check(&state, id, &bidder, &batches).await?;
    let mut places = Vec::new();
    for (batch, sheet) in batches {
        let path = offers.path(chain, &bidder, batch);
        if let Some(commitment) = state.get::<Commitment>(keys::commitment(id, &(bidder.clone(), batch))).await? {
            return Err(sheet::already_committed(&path, id, batch, &commitment.seal).into());
        }
        check_replaceable(&state, &path).await?;
        let kept = Kept::fresh(chain.genesis, (id, batch), bidder.clone(), sheet);
        places.push(seal(context, sender, &kept, &path).await?);
    }
    Ok(places)
}

/// Checks every batch before the first is sealed.
async fn check(state: &State<'_>, id: EventId, bidder: &AccountId, batches: &[Numbered]) -> Result<()> {
    let event: Event = state.require(keys::event(id), &format!("event {id}")).await?;
    let programme: Programme =
        state.require(keys::programme(event.programme, event.version), "the event's programme").await?;
    let terms = Terms { id, event: &event, programme: &programme, now: Millis(state.now().await?) };
    terms.check_open()?;
    for (_, sheet) in batches {
        let wanted: Vec<_> = sheet.iter().map(|bid| keys::resource(bid.resource)).collect();
        terms.check_sheet(bidder, sheet, &state.get_all::<Resource>(&wanted).await?)?;
    }
    Ok(())
}

/// Commits one batch. Returns where its sheet lies.
async fn seal(context: &Context, sender: &Sender<'_>, kept: &Kept, path: &Path) -> Result<PathBuf> {
    let (id, batch, seal) = (kept.event, kept.batch, kept.seal().map_err(Fault::Usage)?);
    let call = kept.commit()?;
    let pending = kept.write(path)?;
    let receipt = match sender.submit(&call).await {
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
    report(context, &receipt, "committed", json!({ "event": id, "batch": batch, "seal": seal, "file": file }))?;
    Ok(path)
}

/// What stands under `path` must not be needed for a reveal.
async fn check_replaceable(state: &State<'_>, path: &Path) -> Result<()> {
    if let Found::Bid(kept) = sheet::look(path, &state.chain().genesis)? {
        let place = (kept.bidder.clone(), kept.batch);
        let on_chain: Option<Commitment> = state.get(keys::commitment(kept.event, &place)).await?;
        let same = |commitment: &Commitment| !commitment.revealed && kept.seal().as_ref() == Ok(&commitment.seal);
        if on_chain.as_ref().is_some_and(same) {
            return Err(sheet::still_needed(path, &kept).into());
        }
    }
    Ok(())
}

async fn reveal(context: &Context, chain: &Chain, sender: &Sender<'_>, files: &[PathBuf], wait: bool) -> Result<()> {
    let mut bids = Vec::with_capacity(files.len());
    for path in files {
        let kept = Kept::read(path)?;
        if kept.genesis != chain.genesis || kept.bidder != sender.account() {
            return Err(Fault::Usage(format!("{} is of another chain or account", path.display())).into());
        }
        bids.push(kept);
    }
    for of_event in bids.chunk_by(|one, next| one.event == next.event) {
        if let (true, Some(id)) = (wait, of_event.first().map(|kept| kept.event)) {
            let event: Event = chain.finalised().await?.require(keys::event(id), &format!("event {id}")).await?;
            let what = format!("gate closure of event {id}");
            chain.wait_until(event.gate_closure.0.saturating_add(1), &what, &context.output()).await?;
        }
        for part in of_event.chunks(AT_ONCE) {
            reveal_part(context, sender, part).await?;
        }
    }
    Ok(())
}

/// Reveals batches side by side. One that is refused holds up none beside it; the first such answer is the command's.
async fn reveal_part(context: &Context, sender: &Sender<'_>, bids: &[Kept]) -> Result<()> {
    let calls = bids.iter().map(Kept::reveal).collect::<Result<Vec<Call>, _>>()?;
    let mut failed = None;
    for (kept, outcome) in bids.iter().zip(sender.submit_all(&calls).await) {
        let (event, batch) = (kept.event, kept.batch);
        match outcome {
            Ok(receipt) => report(context, &receipt, "revealed", json!({ "event": event, "batch": batch }))?,
            Err(error) => failed = failed.or_else(|| Some(error.context(format!("batch {batch} of event {event}")))),
        }
    }
    failed.map_or(Ok(()), Err)
}
