//! The driver of the state machine: one task feeds it and follows finality; others read, check and write.
//!
//! What waits is handed in together, under one lock, and its effects go to the writer as one group. Nothing
//! here touches disk or network while the state machine is locked.

use std::{
    path::PathBuf,
    sync::{atomic::AtomicBool, Arc},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::{stream::BoxStream, FutureExt, StreamExt};
use loadstone_core::{AnchorNumber, MemberIndex, Millis};
use loadstone_dag::{Anchor, CheckedUnit, DeviceHead, Effect, EpochStart, LedgerState};
use parking_lot::RwLock;
use sp_keystore::KeystorePtr;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    catch_up::CatchUpError,
    chain::{BlockRef, Chain, ChainError},
    counter::CounterError,
    courier::Messenger,
    gateway::{ingest::Introduction, Door},
    health::{Health, HealthBoard},
    metrics::Counters,
    outlets::Outlets,
    pipeline::Pipeline,
    recording::Recording,
    road::PeerKey,
    seat::{NodeMember, SharedSeat},
    status::View,
    store::StoreError,
    verifier::{Registry, Verified},
    writer::{Disk, Job},
};

/// How often time is passed on to the state machine while it has something to do.
const TICK: Duration = Duration::from_millis(5);

/// How often when nothing has come for a while.
const IDLE_TICK: Duration = Duration::from_millis(200);

/// How long the state machine may still have something to do after the last thing that came.
const BUSY: Duration = Duration::from_secs(3);

/// Time between two looks at figures that only people read.
const VIEW: Duration = Duration::from_millis(200);

/// Units handed to the state machine under one lock: others have short questions meanwhile.
const FEED_UNITS: usize = 2_048;

/// Units waiting to be introduced beyond which gateways wait, and tell devices to.
const MAX_QUEUED: u64 = 8_192;

/// Why the worker can't go on. The node stays up, and says so.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing counter failed.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// The chain can't be read: nothing is lost, and the next block tries again.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The writer has stopped; it said why.
    #[error("nothing can be written any more")]
    Writer,
    /// Reading the database died.
    #[error("taking up an epoch died: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The committee on chain.
    #[error("the chain has no committee that this node understands")]
    Committee,
}

/// What the worker owns or shares.
pub struct Worker {
    /// This node's seat, locked by others for questions only.
    pub seat: SharedSeat,
    /// Database and signing counter.
    pub disk: Disk,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Holds the member's key.
    pub keystore: KeystorePtr,
    /// Where the signing counter stands.
    pub counter: PathBuf,
    /// This node's peer on the network.
    pub own: PeerKey,
    /// To the courier.
    pub messenger: Messenger,
    /// For what needs no disk.
    pub outlets: Outlets,
    /// Told of what the state machine has.
    pub pipeline: Pipeline,
    /// To the writer.
    pub jobs: mpsc::Sender<Job>,
    /// What devices' units are checked against.
    pub registry: Registry,
    /// Records of events.
    pub recording: Recording,
    /// The finalised head, for everyone who reads the registry.
    pub head: watch::Sender<BlockRef>,
    /// The gateway's door.
    pub door: Door,
    /// How this node is doing.
    pub health: HealthBoard,
    /// Figures.
    pub counters: Arc<Counters>,
    /// State for RPC.
    pub view: Arc<RwLock<View>>,
    /// Set when the chain holds an anchor that we compute otherwise.
    pub diverged: Arc<AtomicBool>,
}

/// Where the worker's inputs come from.
pub struct Inputs {
    /// From the verifier.
    pub verified: mpsc::Receiver<(MemberIndex, Verified)>,
    /// From the gateway.
    pub introductions: mpsc::Receiver<Introduction>,
    /// Finalised blocks.
    pub finalised: BoxStream<'static, BlockRef>,
}

/// A running fetch of history; with the start of an epoch when that was wanted.
pub(super) type Fetch = JoinHandle<Result<Option<EpochStart>, CatchUpError>>;

/// State of a running worker that nobody else sees.
pub(super) struct Running {
    pub worker: Worker,
    pub clock: Clock,
    /// What the chain said last.
    pub state: Option<LedgerState>,
    /// The epoch that was taken up last.
    pub seated: Option<u32>,
    /// Newest anchor that the state machine was told of.
    pub latest: AnchorNumber,
    /// The state machine's epoch is over.
    pub closed: Option<(Anchor, Vec<DeviceHead>)>,
    /// What the next epoch starts from, and whether this node saw the one before closed.
    pub next: Option<(EpochStart, bool)>,
    /// Units to be introduced again in the next epoch.
    pub leftover: Vec<CheckedUnit>,
    /// Since when the chain is in a later epoch than the state machine.
    pub outrun: Option<Instant>,
    pub fetch: Option<Fetch>,
    pub roster_at: Option<u32>,
    /// Why nothing is signed in this epoch.
    pub mute: Option<String>,
    /// Units that the state machine has yet to introduce.
    pub queued: u64,
    /// When the last thing came that the state machine has to deal with.
    pub fed: Instant,
    pub is_behind: bool,
    /// Whether this node's peer is a validator's: others are served no history.
    pub is_validator: bool,
}

/// Unix time at the start, and monotonic from there: a clock that is set back must not stop a member.
pub(super) struct Clock {
    unix_ms: u64,
    start: Instant,
}

impl Clock {
    fn new() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX), start: Instant::now() }
    }

    pub fn now(&self) -> Millis {
        Millis(self.unix_ms).after(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Worker {
    /// Runs until the network stops. When the disk fails, it only says so from then on.
    pub async fn run(self, mut inputs: Inputs) {
        let head = self.chain.finalised();
        let mut running = Running::new(self);
        let mut outcome = running.follow(head).await;
        let (mut tick, mut shown) = (Instant::now(), Instant::now());
        loop {
            if let Err(error) = outcome {
                running.fail(&error);
            }
            let due = if running.is_busy() { tick + TICK } else { tick + IDLE_TICK };
            let takes_units = running.queued < MAX_QUEUED;
            outcome = tokio::select! {
                next = inputs.verified.recv() => match next {
                    Some(first) => running.verified(first, &mut inputs.verified).await,
                    None => return,
                },
                Some((units, done)) = inputs.introductions.recv(), if takes_units => running.introduce(units, done).await,
                Some(head) = inputs.finalised.next() => running.follow(newest(head, &mut inputs.finalised)).await,
                Some(fetched) = landed(&mut running.fetch) => running.fetched(fetched).await,
                task = running.worker.recording.next() => {
                    if let Some(message) = running.worker.recording.finished(task) {
                        running.worker.outlets.broadcast(&message);
                    }
                    Ok(())
                }
                () = tokio::time::sleep_until(due.into()) => {
                    tick = Instant::now();
                    if shown.elapsed() >= VIEW {
                        shown = tick;
                        running.show();
                    }
                    running.tick().await
                }
            };
        }
    }
}

/// The fetch's outcome; `None` while there is none under way.
async fn landed(fetch: &mut Option<Fetch>) -> Option<Result<Option<EpochStart>, CatchUpError>> {
    let done = fetch.as_mut()?.await;
    *fetch = None;
    Some(done.unwrap_or_else(|error| Err(CatchUpError::Task(error))))
}

/// The last of the blocks that are there: those before it say nothing more.
fn newest(mut head: BlockRef, blocks: &mut BoxStream<'static, BlockRef>) -> BlockRef {
    while let Some(Some(next)) = blocks.next().now_or_never() {
        head = next;
    }
    head
}

impl Running {
    fn new(worker: Worker) -> Self {
        Self {
            worker,
            clock: Clock::new(),
            state: None,
            seated: None,
            latest: AnchorNumber(0),
            closed: None,
            next: None,
            leftover: Vec::new(),
            outrun: None,
            fetch: None,
            roster_at: None,
            mute: None,
            queued: 0,
            fed: Instant::now(),
            is_behind: true,
            is_validator: false,
        }
    }

    fn fail(&self, error: &WorkerError) {
        if let WorkerError::Chain(error) = error {
            log::warn!(target: crate::LOG, "the chain can't be read, the next block may: {error}");
        } else if self.worker.health.set(Health::Failed(error.to_string())) {
            log::error!(target: crate::LOG, "the DAG accepts and signs nothing any more: {error}");
        }
    }

    /// Whether the state machine may have something to do before anything else comes.
    fn is_busy(&self) -> bool {
        self.queued > 0 || self.closed.is_some() || self.outrun.is_some() || self.fed.elapsed() < BUSY
    }

    /// Hands something in; the effects go to the writer.
    pub async fn feed(
        &mut self,
        input: impl FnOnce(&mut NodeMember, Millis) -> Vec<Effect>,
    ) -> Result<(), WorkerError> {
        if self.worker.health.is_failed() {
            return Ok(());
        }
        let now = self.clock.now();
        let effects = {
            let mut seat = self.worker.seat.lock();
            let Some(member) = seat.member.as_mut() else { return Ok(()) };
            let effects = input(member, now);
            self.queued = member.status().queued;
            effects
        };
        self.dispatch(effects).await
    }

    async fn dispatch(&mut self, mut effects: Vec<Effect>) -> Result<(), WorkerError> {
        if let Some(place) = effects.iter().position(|effect| matches!(effect, Effect::Closed { .. })) {
            if let Effect::Closed { anchor, heads } = effects.remove(place) {
                self.closed = Some((anchor, heads));
            }
        }
        if effects.is_empty() {
            return Ok(());
        }
        self.worker.jobs.send(Job::Effects(effects)).await.map_err(|_| WorkerError::Writer)
    }

    /// Waits until everything handed over is on disk and out.
    pub async fn settle(&self) -> Result<(), WorkerError> {
        let (settled, done) = oneshot::channel();
        self.worker.jobs.send(Job::Settle(settled)).await.map_err(|_| WorkerError::Writer)?;
        done.await.map_err(|_| WorkerError::Writer)
    }

    async fn tick(&mut self) -> Result<(), WorkerError> {
        self.feed(|member, now| member.tick(now)).await?;
        let now = self.clock.now();
        if !self.worker.health.is_failed() {
            for message in self.worker.recording.tick(now) {
                self.worker.outlets.broadcast(&message);
            }
        }
        if self.closed.is_some() || self.outrun.is_some() {
            self.steer().await?;
        }
        Ok(())
    }

    async fn verified(
        &mut self,
        first: (MemberIndex, Verified),
        queue: &mut mpsc::Receiver<(MemberIndex, Verified)>,
    ) -> Result<(), WorkerError> {
        let epoch = self.seated.unwrap_or_default();
        let (mut batch, mut units, mut next) = (Vec::new(), 0, Some(first));
        let mut ids = Vec::new();
        while let Some((from, verified)) = next {
            units += verified.units();
            ids.extend(verified.witnesses());
            match verified {
                Verified::Records(claim, signer, signature) => {
                    self.worker.recording.signed(&claim, signer, signature);
                }
                verified => batch.push((from, verified)),
            }
            next = if units < FEED_UNITS { queue.try_recv().ok() } else { None };
        }
        self.worker.pipeline.hand_over(ids.into_iter());
        self.fed = Instant::now();
        self.feed(|member, now| {
            batch.into_iter().flat_map(|(from, verified)| verified.hand_in(from, member, epoch, now)).collect()
        })
        .await
    }

    async fn introduce(&mut self, units: Vec<CheckedUnit>, done: oneshot::Sender<()>) -> Result<(), WorkerError> {
        self.fed = Instant::now();
        self.feed(|member, now| member.introduce(units, now)).await?;
        // The gateway may have stopped.
        let _ = done.send(());
        Ok(())
    }

    /// Reads what a new finalised block says.
    async fn follow(&mut self, head: BlockRef) -> Result<(), WorkerError> {
        self.worker.head.send_replace(head);
        let state = match self.worker.chain.ledger(head.hash) {
            Ok(state) => state,
            Err(error) => {
                log::warn!(target: crate::LOG, "block {} can't be read: {error}", head.number);
                return Ok(());
            }
        };
        // Whatever concerns the ledger changes what the chain says of it.
        if self.state.as_ref() != Some(&state) {
            self.fed = Instant::now();
        }
        self.state = Some(state);
        self.refresh_roster(head);
        self.steer().await?;
        let held = self.held()?;
        self.is_behind = held < self.on_chain();
        self.worker.recording.follow(head, held);
        Ok(())
    }

    /// The newest anchor that is complete here.
    pub fn held(&self) -> Result<AnchorNumber, StoreError> {
        Ok(self.worker.disk.store.last_anchor()?.map_or(AnchorNumber(0), |stored| stored.anchor.number))
    }
}

/// Number of the newest anchor on chain.
pub(super) fn newest_of(state: &LedgerState) -> AnchorNumber {
    state.latest.as_ref().map_or(AnchorNumber(0), |anchor| anchor.number)
}
