//! The event: its rules, its opening, and its way to the last payment.

use crate::pen::Pen;
use anyhow::{bail, Context, Result};
use codec::Encode;
use loadstone_client::{call::Call, client::Chain, output::Output};
use loadstone_core::{AreaId, Balance, Direction, EventId, Millis, Price, ProgrammeId, Watts, YUAN};
use loadstone_evidence::keys;
use loadstone_market::{BaselineMethod, Event, Needs, Order, Phase, Programme, MAX_PRICE_BUCKETS};
use serde_json::{json, Value};
use std::time::{Duration, Instant};

use super::{owners::CAPACITY, trial};

/// Price buckets, all that a programme may have.
pub const STEPS: u64 = MAX_PRICE_BUCKETS as u64;

/// Distance of prices in micro-yuan.
pub const PRICE_STEP: u64 = 1_000;

/// Time that a resource may take to be committed or revealed, as blocks carry it on two processors, in microseconds.
const MICROS_EACH: u64 = 3_000;

/// Time for everything that does not grow with the resources, in milliseconds.
const SETTLE_MS: u64 = 15_000;

const INTERVAL_MS: u32 = 5_000;
const POLL: Duration = Duration::from_millis(200);

/// No event may stay in a phase for longer.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The programme of a benchmark.
pub struct Rules {
    id: ProgrammeId,
    programme: Programme,
    bidding_ms: u64,
}

/// An open event.
pub struct Opened {
    /// Its number.
    pub id: EventId,
    /// Its gate closure.
    pub gate: Millis,
    reveal_ms: u64,
    area: AreaId,
}

/// A clearing.
pub struct Cleared {
    /// The block that holds it.
    pub block: u32,
    /// What it costs a validator.
    pub tried: Duration,
}

impl Rules {
    /// Rules under which so many resources can bid.
    pub fn for_bids(id: u32, resources: u32) -> Self {
        let bidding_ms = SETTLE_MS + u64::from(resources) * MICROS_EACH / 1_000;
        let programme = Programme {
            price_cap: Price((STEPS - 1) * PRICE_STEP),
            price_tick: Price(PRICE_STEP),
            bid_min: Watts(1),
            settlement_interval_ms: INTERVAL_MS,
            reveal_ms: u32::try_from(bidding_ms).unwrap_or(u32::MAX),
            baseline: BaselineMethod::MeterBefore { readings: 5 },
            grace_ms: 2_000,
            dispute_ms: 1_000,
            ..Programme::plain()
        };
        Self { id: ProgrammeId(id), programme, bidding_ms }
    }

    /// Publishes the programme and opens an event for three quarters of what will be offered.
    pub async fn open(&self, chain: &Chain, grid: &str, area: AreaId, resources: u32) -> Result<Opened> {
        let mut pen = Pen::new(chain, grid).await?;
        pen.send_all(chain, &[Call::new("Bids", "publish_programme", (self.id, &self.programme))]).await?;
        let state = chain.finalised().await?;
        let id: EventId = state.get(keys::next_event()).await?.unwrap_or_default();
        let gate = Millis(state.now().await?.saturating_add(self.bidding_ms));
        let reveal_ms = self.programme.reveal_ms.into();
        let start = gate.after(reveal_ms).after(SETTLE_MS);
        let offered = i64::from(resources).saturating_mul(CAPACITY);
        let needs = Needs::truncate_from(vec![Watts(offered / 4 * 3)]);
        let budget: Balance = YUAN * 1_000;
        let arguments = (self.id, area, Direction::Down, needs, start, gate, budget);
        pen.send_all(chain, &[Call::new("Bids", "open_event", arguments)]).await?;
        let event: Option<Event> = chain.finalised().await?.get(keys::event(id)).await?;
        event.context("the event was not opened")?;
        Ok(Opened { id, gate, reveal_ms, area })
    }
}

impl Opened {
    /// Waits for gate closure.
    pub async fn wait_for_gate(&self, chain: &Chain) -> Result<()> {
        chain.wait_until(self.gate.0 + 1, "gate closure", &Output { json: true }).await
    }

    /// Clears once the reveal time is over.
    pub async fn clear(&self, chain: &Chain, grid: &str) -> Result<Cleared> {
        let end = self.gate.after(self.reveal_ms).0 + 1_000;
        chain.wait_until(end, "the end of the reveal window", &Output { json: true }).await?;
        let mut pen = Pen::new(chain, grid).await?;
        let call = Call::new("Bids", "clear", self.id);
        let tried = trial::median(chain, &pen, &call).await?;
        pen.send_all(chain, &[call]).await?;
        let state = chain.finalised().await?;
        if state.raw(&keys::clearing(self.id)).await?.is_none() {
            bail!("event {} was not cleared", self.id);
        }
        let key = &keys::clearing(self.id);
        let holding = super::chain::block_of(chain, |state| async move { Ok(state.raw(key).await?.is_some()) });
        Ok(Cleared { block: holding.await?, tried })
    }

    /// Issues the order. Returns its bytes on chain.
    pub async fn dispatch(&self, chain: &Chain, grid: &str) -> Result<usize> {
        let mut pen = Pen::new(chain, grid).await?;
        pen.send_all(chain, &[Call::new("Dispatch", "dispatch_event", self.id)]).await?;
        let key = keys::order(self.area, Direction::Down);
        let order: Order = chain.finalised().await?.require(key, "the order").await?;
        Ok(order.encode().len())
    }

    /// Waits for the last payment. Tells when chain time first showed each phase.
    pub async fn follow(&self, chain: &Chain) -> Result<Value> {
        let (mut seen, mut moved) = (serde_json::Map::new(), Instant::now());
        loop {
            let state = chain.finalised().await?;
            let event: Event = state.require(keys::event(self.id), "the event").await?;
            let name = json!(event.phase).as_str().unwrap_or_default().to_owned();
            if !seen.contains_key(&name) {
                seen.insert(name, json!(state.now().await?));
                moved = Instant::now();
            }
            if event.phase == Phase::Settled {
                return Ok(seen.into());
            }
            if moved.elapsed() > PATIENCE {
                bail!("event {} stays {:?}", self.id, event.phase);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
