//! `order-bench load`: fills blocks to a share of their weight limit with declarations of many aggregators.

pub mod blocks;
mod pace;
mod writer;

use crate::pen::nonces;
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use futures::future::try_join_all;
use loadstone_client::{
    call::now_ms,
    client::{Chain, State},
    output::write_line,
};
use loadstone_core::{AccountId, AreaId};
use pace::{Pace, Window, WHOLE};
use serde_json::json;
use std::{
    io,
    sync::{atomic::Ordering::Relaxed, Arc},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};
use writer::{Ask, Counts, Desk, Filling, Writer, QUEUE};

/// Time between sends.
const TICK: Duration = Duration::from_millis(10);

/// Blocks between two looks at the pace, and the time after which fewer do: a silent chain makes few.
const BLOCKS: u64 = 10;
const SECONDS: u64 = 3;

/// An account with transactions on the way, none of which gets into a block for so long, may have lost them.
const STUCK: Duration = Duration::from_secs(10);

/// Fills blocks with `declare_availability` of the accounts' own resources until it is ended.
///
/// Every ten blocks, or after three seconds, it prints {"at_ms", "blocks", "share_ppm", "included", "micros", "sent", "refused",
/// "lost", "pending"}: the share of the weight limit that all transactions took, and counts since its start
/// for the last four.
#[derive(Args, Debug)]
pub struct Load {
    /// Secret keys of aggregators; each may use a twentieth of what ordinary transactions may take.
    #[arg(long)]
    account: Vec<String>,
    /// Area of the accounts' resources; not one that orders address.
    #[arg(long, default_value_t = 2)]
    area: u16,
    /// Share of the block's weight limit to fill, in per cent; 100 fills blocks as far as ordinary
    /// transactions may, 0 sends nothing and only measures.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=100))]
    percent: u64,
    /// What to fill them with.
    #[arg(long, value_enum, default_value_t = Filling::Declarations)]
    filling: Filling,
    /// Most transactions on the way at once. More than fill some blocks only cost pools their upkeep.
    #[arg(long, default_value_t = 60)]
    backlog: u64,
}

/// What is known of one account.
struct Seat {
    desk: Desk,
    /// Its transactions in blocks.
    included: u64,
    /// When that last rose.
    moved: Instant,
}

struct Filler {
    seats: Vec<Seat>,
    counts: Arc<Counts>,
    pace: Option<Pace>,
    backlog: u64,
    limit: u64,
    window: Window,
    began: Instant,
    turn: usize,
}

impl Load {
    /// Carries the command out: returns only with an error.
    pub async fn run(self, urls: &[String]) -> Result<()> {
        let mut chains = Vec::new();
        for url in urls {
            chains.push(Arc::new(Chain::connect(url).await?));
        }
        let chain = chains.first().context("no address")?.clone();
        let (counts, mut writers, mut seats) = (Arc::new(Counts::default()), JoinSet::new(), Vec::new());
        let accounts = if self.percent > 0 { &self.account[..] } else { &[] };
        let each = accounts.iter().zip(chains.iter().cycle());
        let opened = each
            .map(|(suri, chain)| Writer::new(chain.clone(), suri, (AreaId(self.area), self.filling), counts.clone()));
        for writer in try_join_all(opened).await? {
            let (asks, asked) = mpsc::channel(QUEUE);
            let desk = Desk { account: writer.account(), asks, taken: writer.taken.clone() };
            seats.push(Seat { included: desk.taken.load(Relaxed), desk, moved: Instant::now() });
            writers.spawn(writer.run(asked));
        }
        let limit = blocks::limit(&chain).await?;
        let pace = (self.percent < 100).then(|| Pace::new(self.percent * WHOLE / 100, limit));
        let (window, began) = (Window::default(), Instant::now());
        let backlog = self.backlog;
        let filler = Filler { seats, counts, pace, backlog, limit, window, began, turn: 0 };
        tokio::select! {
            done = filler.run(&chain) => done,
            Some(done) = writers.join_next() => done?,
        }
    }
}

impl Filler {
    async fn run(mut self, chain: &Chain) -> Result<()> {
        let accounts: Vec<AccountId> = self.seats.iter().map(|seat| seat.desk.account.clone()).collect();
        let mut heads = chain.heads().await?;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = Instant::now();
        loop {
            tokio::select! {
                head = heads.next() => {
                    let head = head.context("the node closed the connection")??;
                    let hash = chain.block_hash(head.number).await?;
                    self.block(&chain.at(hash), &accounts).await?;
                }
                _ = ticks.tick() => {
                    let now = Instant::now();
                    self.send(now.saturating_duration_since(before))?;
                    before = now;
                }
            }
        }
    }

    /// Transactions that are on the way to a block.
    fn pending(&self) -> u64 {
        self.seats.iter().map(|seat| seat.desk.pending(seat.included)).sum()
    }

    fn send(&mut self, elapsed: Duration) -> Result<()> {
        let room = self.backlog.saturating_sub(self.pending());
        let due = self.pace.as_mut().map_or(room, |pace| pace.due(elapsed)).min(room);
        for _ in 0..due {
            self.turn = (self.turn + 1).checked_rem(self.seats.len()).unwrap_or_default();
            let Some(seat) = self.seats.get(self.turn) else { break };
            match seat.desk.asks.try_send(Ask::Send) {
                // A full queue is an account that waits after a refusal: the next one has its turn.
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => bail!("an account's connection is gone"),
            }
        }
        Ok(())
    }

    async fn block(&mut self, state: &State<'_>, accounts: &[AccountId]) -> Result<()> {
        let ((normal, other), taken) = (blocks::filled(state).await?, nonces(state, accounts).await?);
        ensure!(taken.len() == self.seats.len(), "an account is not on chain");
        for (seat, taken) in self.seats.iter_mut().zip(taken) {
            let rise = u64::from(taken).saturating_sub(seat.included);
            let waiting = seat.desk.taken.load(Relaxed) > u64::from(taken);
            if rise > 0 || !waiting {
                seat.included = seat.included.saturating_add(rise);
                self.window.included = self.window.included.saturating_add(rise);
                seat.moved = Instant::now();
            } else if seat.moved.elapsed() > STUCK {
                seat.moved = Instant::now();
                seat.desk.asks.send(Ask::Resume).await.context("an account's connection is gone")?;
            }
        }
        self.window.blocks += 1;
        self.window.normal = self.window.normal.saturating_add(normal);
        self.window.other = self.window.other.saturating_add(other);
        if self.window.blocks >= BLOCKS || self.began.elapsed().as_secs() >= SECONDS {
            self.close_window()?;
        }
        Ok(())
    }

    fn close_window(&mut self) -> Result<()> {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let window = Window { micros, ..std::mem::take(&mut self.window) };
        self.began = Instant::now();
        if let Some(pace) = self.pace.as_mut() {
            pace.learn(&window);
        }
        let line = json!({
            "at_ms": now_ms(), "blocks": window.blocks, "share_ppm": window.share(self.limit),
            "included": window.included, "micros": window.micros, "sent": self.counts.sent.load(Relaxed),
            "refused": self.counts.refused.load(Relaxed), "lost": self.counts.lost.load(Relaxed), "pending": self.pending(),
        });
        write_line(&mut io::stdout().lock(), &line.to_string())
    }
}
