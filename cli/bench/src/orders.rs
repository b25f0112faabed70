//! `order-bench orders`: a series of emergency orders at random moments, each timed up to finality at the node.

use crate::pen::Pen;
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use codec::Decode;
use loadstone_client::{
    call::{now_ms, AtBlock, Call},
    client::Chain,
    output::write_line,
};
use loadstone_core::{AreaId, BoundedVec, ConstU32, Direction, Millis, Watts};
use loadstone_evidence::keys;
use loadstone_market::{Limits, Order};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::{io, time::Duration};
use subxt::{
    dynamic,
    transactions::{TransactionProgress, TransactionStatus},
    SubstrateConfig,
};
use tokio::{
    task::JoinSet,
    time::{sleep_until, timeout, Instant},
};

/// How long an order may take to become final.
const PATIENCE: Duration = Duration::from_secs(60);

/// Issues emergency orders one after another, each superseding the last, without waiting for finality between.
///
/// The distances are drawn evenly from a range, so that the orders fall evenly over the slot. Prints
/// {"sequence", "submitted_at_ms", "included_at_ms", "finalised_at_ms"} for each as it becomes final.
#[derive(Args, Debug)]
pub struct Orders {
    /// Secret key of the grid company.
    #[arg(long)]
    suri: String,
    /// Whom the orders address.
    #[arg(long)]
    area: u16,
    /// Watts wanted from the area.
    #[arg(long)]
    target: i64,
    /// How long each is valid, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How many.
    #[arg(long)]
    count: u32,
    /// Least distance, in milliseconds.
    #[arg(long, default_value_t = 250)]
    gap_from_ms: u64,
    /// Greatest distance, in milliseconds.
    #[arg(long, default_value_t = 550)]
    gap_to_ms: u64,
    /// Draws the distances.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// When the node said what of an order.
struct Timed {
    sequence: u64,
    submitted_at_ms: u64,
    included_at_ms: u64,
    finalised_at_ms: u64,
}

impl Orders {
    /// Carries the command out.
    ///
    /// # Errors
    /// When an order is refused or does not become final.
    pub async fn run(self, urls: &[String]) -> Result<()> {
        ensure!(self.gap_from_ms <= self.gap_to_ms, "the least distance is greater than the greatest");
        let chain = Chain::connect(urls.last().context("no address")?).await?;
        let mut pen = Pen::new(&chain, &self.suri).await?;
        let first = self.sequence(&chain).await?.saturating_add(1);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut due = Instant::now();
        let (mut waiting, mut late) = (JoinSet::new(), 0);
        let lenience_ms = lenience_ms(&chain).await?;
        for sequence in (first..).take(self.count as usize) {
            sleep_until(due).await;
            let signed = pen.sign(&self.call())?;
            let submitted_at_ms = now_ms();
            let progress = signed.submit_and_watch().await.with_context(|| format!("order {sequence} is refused"))?;
            pen.advance();
            waiting.spawn(async move { watched(sequence, submitted_at_ms, progress).await });
            while let Some(done) = waiting.try_join_next() {
                late += u32::from(tell(&done??)? > lenience_ms);
            }
            due += Duration::from_millis(random.gen_range(self.gap_from_ms..=self.gap_to_ms));
        }
        while let Some(done) = waiting.join_next().await {
            late += u32::from(tell(&done??)? > lenience_ms);
        }
        // An order that failed in its block leaves no sequence, and shifts all behind it.
        let (last, wanted) = (self.sequence(&chain).await?, first.saturating_add(self.count.into()).saturating_sub(1));
        ensure!(
            last == wanted,
            "the chain refused {} orders; {late} of {} came into a block more than {lenience_ms} ms after their start, \
             which it takes for orders into the past. Remedy: fewer programs on this machine, or a preset for longer \
             round trips",
            wanted.saturating_sub(last),
            self.count
        );
        Ok(())
    }

    fn call(&self) -> Call {
        let start = Millis(now_ms());
        let end = start.after(self.seconds.saturating_mul(1_000));
        let reason = BoundedVec::<u8, ConstU32<64>>::new();
        let arguments = (AreaId(self.area), Direction::Down, Watts(self.target), Limits::default(), start, end, reason);
        Call::new("Dispatch", "dispatch_emergency", arguments)
    }

    /// Sequence of the newest finalised order; 0 before the first.
    async fn sequence(&self, chain: &Chain) -> Result<u64> {
        let key = keys::order(AreaId(self.area), Direction::Down);
        let order: Option<Order> = chain.finalised().await?.get(key).await?;
        Ok(order.map_or(0, |order| order.sequence))
    }
}

type Progress = TransactionProgress<SubstrateConfig, AtBlock>;

/// Follows an order until it is final.
async fn watched(sequence: u64, submitted_at_ms: u64, progress: Progress) -> Result<Timed> {
    let followed = timeout(PATIENCE, follow(sequence, submitted_at_ms, progress)).await;
    followed.with_context(|| format!("order {sequence} is not final after {} s", PATIENCE.as_secs()))?
}

async fn follow(sequence: u64, submitted_at_ms: u64, mut progress: Progress) -> Result<Timed> {
    let mut included = None;
    while let Some(status) = progress.next().await {
        match status? {
            TransactionStatus::InBestBlock(_) => {
                included.get_or_insert_with(now_ms);
            }
            TransactionStatus::InFinalizedBlock(_) => {
                let finalised_at_ms = now_ms();
                let included_at_ms = included.unwrap_or(finalised_at_ms);
                return Ok(Timed { sequence, submitted_at_ms, included_at_ms, finalised_at_ms });
            }
            TransactionStatus::Error { message }
            | TransactionStatus::Invalid { message }
            | TransactionStatus::Dropped { message } => bail!("the node let order {sequence} go: {message}"),
            _ => {}
        }
    }
    bail!("the node never said that order {sequence} is final")
}

/// Prints when what happened. Answers with the milliseconds that the order took into a block.
fn tell(timed: &Timed) -> Result<u64> {
    let Timed { sequence, submitted_at_ms, included_at_ms, finalised_at_ms } = timed;
    let line = json!({
        "sequence": sequence, "submitted_at_ms": submitted_at_ms,
        "included_at_ms": included_at_ms, "finalised_at_ms": finalised_at_ms,
    });
    write_line(&mut io::stdout().lock(), &line.to_string())?;
    Ok(included_at_ms.saturating_sub(*submitted_at_ms))
}

/// How long after its start, in milliseconds, the chain still takes an order.
async fn lenience_ms(chain: &Chain) -> Result<u64> {
    let at = chain.api.at_current_block().await?;
    let bytes = at.constants().entry_bytes(dynamic::constant::<()>("Dispatch", "StartLenienceMs"))?;
    u64::decode(&mut &bytes[..]).context("StartLenienceMs has another shape")
}
