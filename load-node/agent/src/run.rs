//! `run`: drives the state machine with clock, meter, light client, gateways and ledger.

mod execute;
mod site;

use crate::{
    chain::{self, Scope},
    config::Config,
    events::{unix_ms, Reports},
    gateway::{GatewayEvent, Gateways},
    key::DeviceKey,
};
use anyhow::{bail, Context};
use loadstone_core::{AreaId, ChangeNotice, DeviceId, Direction, Millis, ResourceId};
use loadstone_dag::{GatewayMessage, Refusal};
use loadstone_evidence::keys;
use loadstone_light::{Head, HeadStream, LightClient, LightError, StorageAnswer};
use loadstone_load_core::{Ledger, LoadNode, Now, Query, Source, Summary, VerifiedHead};
use loadstone_load_store::RocksLedger;
use serde_json::json;
use site::Site;
use std::{
    mem::Discriminant,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{signal, SignalKind},
    sync::mpsc,
    time::{interval, sleep, timeout, MissedTickBehavior},
};

/// How often the state machine is told that time goes on.
const TICK: Duration = Duration::from_millis(100);

/// Greatest time for one read from the chain.
const READ_TIME: Duration = Duration::from_secs(15);

/// Greatest time that the node's loop waits for the light client.
const WAIT_TIME: Duration = Duration::from_secs(3);

/// How often the light client's database is saved.
const SAVE_EVERY: Duration = Duration::from_secs(300);

/// How long without a first head before the log says what may be wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Heads between two of the event log.
const HEADS_PER_EVENT: u32 = 50;

/// What `run` is told on the command line.
pub struct Options {
    /// Event log; takes the place of the configuration's.
    pub events: Option<PathBuf>,
    /// Series of load and setpoint.
    pub series: Option<PathBuf>,
    /// Whether each reading is an event too.
    pub log_readings: bool,
    /// How long a graceful stop may wait for everything to be anchored.
    pub drain: Duration,
}

type Answered = (Query, Result<StorageAnswer, LightError>);

/// The running node.
struct Agent {
    node: LoadNode,
    ledger: RocksLedger,
    light: LightClient,
    gateways: Gateways,
    urls: Vec<String>,
    site: Site,
    reports: Reports,
    scope: Scope,
    answers: mpsc::Sender<Answered>,
    started: Instant,
    log_readings: bool,
    /// Length of a slot in milliseconds, once proven.
    slot_ms: Option<u64>,
    heads: u32,
    /// When the head with the newest notice of an order was verified, by direction.
    noticed: [Option<u64>; 2],
    answer_seen_ms: u64,
    /// When the last capsule came.
    capsule_seen_ms: u64,
    /// Refusals that the log named lately: gateway and kind.
    told: Vec<((usize, Discriminant<Refusal>), Instant)>,
}

/// Runs until a signal; returns what the ledger holds then.
pub async fn run(config: Config, options: Options) -> anyhow::Result<Summary> {
    let key = DeviceKey::read(&config.key_file)?;
    let spec = config.chain_spec()?;
    let events = options.events.as_deref().or(config.events_log.as_deref());
    let mut reports = Reports::open(events, options.series.as_deref())?;
    let (light, heads, ledger) = join(&config, &spec).await?;
    let genesis = light.genesis().await?;
    let saved = ledger.saved()?;
    reports.event(
        "started",
        json!({ "name": config.name, "device": config.device, "next_sequence": saved.tip.next.0,
        "waiting_readings": saved.pending.len(), "saved_head": saved.head.number }),
    );
    let node = LoadNode::new(config.core(), genesis, saved, Box::new(key))?;
    let (gateways, gateway_events) = Gateways::start(&config.gateways, genesis);
    let (answers, answered) = mpsc::channel(256);
    let mut agent = Agent {
        node,
        ledger,
        light,
        gateways,
        urls: config.gateways.clone(),
        site: Site::open(&config)?,
        reports,
        scope: Scope {
            device: DeviceId(config.device),
            resource: ResourceId(config.resource),
            area: AreaId(config.area),
        },
        answers,
        started: Instant::now(),
        log_readings: options.log_readings,
        slot_ms: None,
        heads: 0,
        noticed: [None; 2],
        answer_seen_ms: 0,
        capsule_seen_ms: 0,
        told: Vec::new(),
    };
    tracing::info!(target: "node", name = %config.name, ?genesis, "started");
    agent.execute()?;
    agent.serve(heads, answered, gateway_events, options.drain).await?;
    agent.finish().await
}

/// Starts the light client from the ledger's saved database. The ledger is bound to the chain's genesis
/// hash, which only the light client computes, so a fresh store starts without a saved database.
async fn join(config: &Config, spec: &str) -> anyhow::Result<(LightClient, HeadStream, RocksLedger)> {
    let saved = match RocksLedger::inspect(&config.store) {
        Ok((ledger, _)) => ledger.light_database()?,
        Err(_) => None,
    };
    let (light, heads) = LightClient::start(spec, saved)?;
    let genesis = light.genesis().await?;
    let ledger = RocksLedger::open(&config.store, &genesis, DeviceId(config.device))?;
    Ok((light, heads, ledger))
}

impl Agent {
    fn now(&self) -> Now {
        self.at(Instant::now(), unix_ms())
    }

    fn at(&self, instant: Instant, unix_ms: u64) -> Now {
        let mono = instant.saturating_duration_since(self.started).as_millis();
        Now { mono_ms: u64::try_from(mono).unwrap_or(u64::MAX), unix: Millis(unix_ms) }
    }

    async fn serve(
        &mut self,
        mut heads: HeadStream,
        mut answered: mpsc::Receiver<Answered>,
        mut gateway_events: mpsc::Receiver<(usize, GatewayEvent)>,
        drain: Duration,
    ) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut save = interval(SAVE_EVERY);
        save.tick().await;
        let mut stop_at: Option<Instant> = None;
        let mut told_patience = false;
        loop {
            if let Some(at) = stop_at {
                if self.node.is_drained() || Instant::now() >= at {
                    return Ok(());
                }
            }
            tokio::select! {
                _ = terminate.recv() => stop_at = Some(self.stop_reading(stop_at, drain)),
                _ = interrupt.recv() => stop_at = Some(self.stop_reading(stop_at, drain)),
                head = heads.next() => match head {
                    Some(head) => self.on_head(head).await,
                    None => bail!("the light client has stopped. Remedy: start the node again"),
                },
                Some((query, result)) = answered.recv() => self.on_answer(query, result)?,
                Some((gateway, event)) = gateway_events.recv() => self.on_gateway(gateway, event),
                () = sleep(self.site.until_next(unix_ms())), if stop_at.is_none() => self.read_meter(),
                _ = tick.tick() => {
                    let now = self.now();
                    self.node.tick(now);
                    if self.heads == 0 && !told_patience && self.started.elapsed() >= PATIENCE {
                        told_patience = true;
                        tracing::warn!(target: "chain", "no verified head yet. Remedy: check that the boot nodes of \
                            the chain specification are reachable and serve warp sync");
                    }
                }
                _ = save.tick() => self.save_light_database().await,
            }
            self.execute()?;
        }
    }

    /// The first signal stops reading and waits for the drain; a second one stops at once.
    fn stop_reading(&mut self, stopping: Option<Instant>, drain: Duration) -> Instant {
        if stopping.is_some() {
            return Instant::now();
        }
        let now = self.now();
        self.node.flush(now);
        self.reports.event("stopping", json!({ "drain_s": drain.as_secs() }));
        tracing::info!(target: "node", "stopping: no more readings");
        Instant::now() + drain
    }

    async fn finish(mut self) -> anyhow::Result<Summary> {
        self.site.release(Millis(unix_ms()));
        self.save_light_database().await;
        let summary = self.ledger.summary()?;
        self.reports.event("stopped", json!(summary));
        Ok(summary)
    }

    async fn save_light_database(&mut self) {
        // Losing it costs a longer start, nothing else.
        match timeout(WAIT_TIME, self.light.database()).await {
            Ok(Ok(database)) => {
                if let Err(error) = self.ledger.save_light_database(&database) {
                    tracing::warn!(target: "chain", %error, "the light client's database is not saved");
                }
            }
            _ => tracing::warn!(target: "chain", "the light client gave no database to save"),
        }
    }

    fn read_meter(&mut self) {
        for (at, sample) in self.site.read(unix_ms()) {
            let now = self.now();
            self.node.reading(now, at, sample.watts, sample.good);
            let setpoint = self.site.setpoint();
            self.reports.point(at.0, sample.watts, setpoint);
            if self.log_readings {
                self.reports.event("reading", json!({ "at_ms": at.0, "watts": sample.watts, "good": sample.good }));
            }
        }
    }

    async fn on_head(&mut self, head: Head) {
        for notice in &head.notices {
            if let ChangeNotice::Order(area, direction) = notice {
                if *area == self.scope.area {
                    self.noticed[*direction as usize] = Some(head.seen.unix_ms);
                }
            }
        }
        if self.heads.is_multiple_of(HEADS_PER_EVENT) {
            self.reports
                .event("head", json!({ "number": head.number, "hash": head.hash, "seen_ms": head.seen.unix_ms }));
        }
        let first = self.slot_ms.is_none();
        let Some((time, slot_ms)) = self.chain_time(&head).await else { return };
        self.heads = self.heads.wrapping_add(1);
        // Proving the slot length takes a moment, in which heads were not looked at.
        let head_now = if first { self.now() } else { self.at(head.seen.instant, head.seen.unix_ms) };
        let after_gap = head.after_gap || first;
        let Head { number, notices, set_changed, .. } = head;
        self.node.head(head_now, VerifiedHead { number, time, notices, after_gap, set_changed, slot_ms });
    }

    /// Chain time of a head, its slot times the length of a slot, and that length in milliseconds. The length follows from one proven
    /// read of the chain's clock: as the clock lies within its slot and slots are many, clock / slot
    /// rounded down is the length.
    async fn chain_time(&mut self, head: &Head) -> Option<(Millis, u64)> {
        let slot = head.slot?;
        if self.slot_ms.is_none() {
            let answer = timeout(WAIT_TIME, self.light.read(vec![keys::timestamp_now()])).await.ok()?.ok()?;
            let bytes = <[u8; 8]>::try_from(answer.values.first()?.as_deref()?).ok()?;
            self.slot_ms = u64::from_le_bytes(bytes).checked_div(answer.head.slot?);
        }
        let slot_ms = self.slot_ms?;
        Some((Millis(slot.saturating_mul(slot_ms)), slot_ms))
    }

    fn ask(&self, query: Query) {
        let (light, answers, keys) = (self.light.clone(), self.answers.clone(), self.scope.keys(query));
        tokio::spawn(async move {
            let result = timeout(READ_TIME, light.read(keys)).await.unwrap_or(Err(LightError::Inaccessible));
            // Nobody waits for it once the node stops.
            let _ = answers.send((query, result)).await;
        });
    }

    fn on_answer(&mut self, query: Query, result: Result<StorageAnswer, LightError>) -> anyhow::Result<()> {
        match result {
            Ok(answer) => {
                let decoded = chain::answer(query, &answer.values)?;
                self.answer_seen_ms = answer.head.seen.unix_ms;
                let now = self.now();
                self.node.answered(now, answer.head.number, decoded);
            }
            Err(error) => {
                tracing::debug!(target: "chain", ?query, %error, "read again at the next head");
                self.node.unanswered(query);
            }
        }
        Ok(())
    }

    fn on_gateway(&mut self, gateway: usize, event: GatewayEvent) {
        let now = self.now();
        let url = self.urls.get(gateway).map(String::as_str).unwrap_or_default();
        match event {
            GatewayEvent::Up => {
                tracing::info!(target: "gateway", url, "connected");
                self.reports.event("gateway_up", json!({ "gateway": gateway, "url": url }));
                self.node.connected(now, gateway);
            }
            GatewayEvent::Down(reason) => {
                tracing::warn!(target: "gateway", url, %reason, "not connected");
                self.reports.event("gateway_down", json!({ "gateway": gateway, "url": url, "reason": reason }));
                self.node.lost(gateway);
            }
            GatewayEvent::Said(message) => {
                if matches!(*message, GatewayMessage::Capsule(_)) {
                    self.capsule_seen_ms = now.unix.0;
                }
                self.node.message(now, gateway, *message);
            }
        }
    }

    /// When the order of `direction` was verified final: when its capsule came, at the head that gave
    /// notice of it, or else at the head that it was read at.
    fn finalised_ms(&mut self, direction: Direction, by: Source) -> u64 {
        let noticed = self.noticed[direction as usize].take();
        match by {
            Source::Capsule => self.capsule_seen_ms,
            Source::Proof => noticed.unwrap_or(self.answer_seen_ms),
        }
    }
}
