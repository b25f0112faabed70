//! `run`: drives the state machine with clock, meter, light client, gateways and ledger.

mod execute;
mod inputs;
mod operator;
mod site;

use crate::{
    chain::Scope,
    clock::{Clock, SystemClock, TestClock},
    config::Config,
    events::Reports,
    gateway::{GatewayEvent, Gateways},
    health::{self, Checks},
    key::DeviceKey,
};
use anyhow::{bail, Context};
use loadstone_core::{AreaId, DeviceId, Hash, ResourceId};
use loadstone_dag::Refusal;
use loadstone_light::{HeadStream, LightClient, LightError, StorageAnswer};
use loadstone_load_core::{Ledger, LoadNode, Now, Query, Summary};
use loadstone_load_store::RocksLedger;
use operator::Word;
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

/// Greatest time that the node's loop waits for the light client.
const WAIT_TIME: Duration = Duration::from_secs(3);

/// How often the light client's database is saved.
const SAVE_EVERY: Duration = Duration::from_secs(300);

/// How long without a first head before the log says what may be wrong.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// What a fault test's clocks say; `None` for the machine's own.
    pub test_clock: Option<PathBuf>,
}

/// The chain as one light client shows it.
pub struct Joined {
    /// Reads.
    pub light: LightClient,
    /// Verified heads.
    pub heads: HeadStream,
    /// Which chain.
    pub genesis: Hash,
    /// Whether the node saves the light client's database into its ledger.
    pub saves: bool,
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
    clock: Box<dyn Clock>,
    name: String,
    store: PathBuf,
    /// The operator's word.
    word: Word,
    saves_light: bool,
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

/// Runs with a light client of its own until a signal; returns what the ledger holds then.
pub async fn run(config: Config, options: Options) -> anyhow::Result<Summary> {
    let (light, heads) = LightClient::start(&config.chain_spec()?, saved_database(&config)?)?;
    let genesis = light.genesis().await?;
    run_with(config, options, Joined { light, heads, genesis, saves: true }).await
}

/// The light client's database that a ledger holds. The ledger is bound to the chain's genesis hash, which only the
/// light client computes, so a fresh store has none.
pub fn saved_database(config: &Config) -> anyhow::Result<Option<String>> {
    Ok(match RocksLedger::inspect(&config.store, config.lock.as_ref()) {
        Ok((ledger, _)) => ledger.light_database()?,
        Err(_) => None,
    })
}

/// Runs in a chain that was joined, until a signal.
pub async fn run_with(config: Config, options: Options, joined: Joined) -> anyhow::Result<Summary> {
    let key = DeviceKey::read(&config.key_file)?;
    let events = options.events.as_deref().or(config.events_log.as_deref());
    let mut reports = Reports::open(events, options.series.as_deref())?;
    let clock: Box<dyn Clock> = match &options.test_clock {
        Some(file) => Box::new(TestClock::start(file)?),
        None => Box::new(SystemClock::start()),
    };
    let Joined { light, heads, genesis, saves } = joined;
    let ledger = RocksLedger::open(&config.store, &genesis, DeviceId(config.device), config.lock.as_ref())?;
    let saved = ledger.saved()?;
    reports.event(
        "started",
        json!({ "name": config.name, "device": config.device, "next_sequence": saved.tip.next.0,
        "waiting_readings": saved.pending.len(), "saved_head": saved.head.number }),
    );
    let node = LoadNode::new(config.core(), genesis, saved, Box::new(key))?;
    let (gateways, gateway_events) = Gateways::start(&config.gateways, genesis);
    let (answers, answered) = mpsc::channel(256);
    let (device, resource) = (DeviceId(config.device), ResourceId(config.resource));
    let mut agent = Agent {
        node,
        ledger,
        light,
        gateways,
        urls: config.gateways.clone(),
        site: Site::open(&config)?,
        reports,
        scope: Scope { device, resource, area: AreaId(config.area) },
        answers,
        clock,
        name: config.name.clone(),
        store: config.store.clone(),
        word: Word::of(&config),
        saves_light: saves,
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

impl Agent {
    /// This moment, with the time to trust.
    fn now(&mut self) -> Now {
        self.at(Instant::now())
    }

    fn at(&mut self, instant: Instant) -> Now {
        let raw = self.clock.at(instant);
        Now { unix: self.node.wall(raw), ..raw }
    }

    /// How long to sleep until the meter is to be read.
    fn until_reading(&mut self) -> Duration {
        let now = self.now();
        self.clock.pause(self.site.until_next(now.unix.0))
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
        let checks = Checks::of(&self.store);
        let mut stop_at: Option<Instant> = None;
        let (started, mut told_patience) = (Instant::now(), false);
        loop {
            if let Some(at) = stop_at {
                if self.node.is_drained() || Instant::now() >= at {
                    return Ok(());
                }
            }
            let until_reading = self.until_reading();
            tokio::select! {
                _ = terminate.recv() => stop_at = Some(self.stop_reading(stop_at, drain)),
                _ = interrupt.recv() => stop_at = Some(self.stop_reading(stop_at, drain)),
                head = heads.next() => match head {
                    Some(head) => self.on_head(head).await,
                    None => bail!("the light client has stopped. Remedy: start the node again"),
                },
                Some((query, result)) = answered.recv() => self.on_answer(query, result)?,
                Some((gateway, event)) = gateway_events.recv() => self.on_gateway(gateway, event),
                () = sleep(until_reading), if stop_at.is_none() => self.read_meter()?,
                _ = tick.tick() => {
                    let now = self.now();
                    self.heed_operator(now);
                    self.node.tick(now);
                    if self.heads == 0 && !told_patience && started.elapsed() >= PATIENCE {
                        told_patience = true;
                        tracing::warn!(target: "chain", "no verified head yet. Remedy: check that the boot nodes of \
                            the chain specification are reachable and serve warp sync");
                    }
                }
                _ = save.tick() => self.save_light_database().await,
                stream = checks.next() => self.tell_health(stream),
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
        let now = self.now();
        self.site.release(now.unix);
        self.save_light_database().await;
        health::remove(&self.store);
        let summary = self.ledger.summary()?;
        self.reports.event("stopped", json!(summary));
        Ok(summary)
    }

    async fn save_light_database(&mut self) {
        if !self.saves_light {
            return;
        }
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
}
