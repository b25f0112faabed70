//! The driver of the state machine: one task feeds it, carries out its effects, and follows finality.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::{future::BoxFuture, stream::BoxStream, stream::FuturesUnordered, FutureExt, StreamExt};
use loadstone_core::{AnchorNumber, Level, MemberIndex, Millis};
use loadstone_dag::{
    Anchor, AnchorLeaf, AnchorProposal, CheckedUnit, Effect, GatewayMessage, HistoryResponse, Member, PersistItem,
    WitnessRef,
};
use parking_lot::{Mutex, RwLock};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::MissedTickBehavior,
};

use super::{
    chain::{BlockRef, Chain},
    counter::{CounterError, SigningCounter},
    crypto::MemberCrypto,
    faults,
    gateway::{ingest::Introduction, Hub},
    metrics::Counters,
    network::{LinkEvent, Road, Roster},
    proofs::Proofs,
    recording::Recording,
    status::View,
    store::{Store, StoreError},
    verifier::{Incoming, Verified},
};

/// How often time is passed on to the state machine.
const TICK: Duration = Duration::from_millis(10);

/// Ticks between two looks at figures that only people read.
const VIEW_TICKS: u64 = 20;

/// Finalised blocks between two looks at the validators' peer ids.
const ROSTER_BLOCKS: u32 = 10;

/// The state machine with this node's key.
pub type NodeMember = Member<MemberCrypto>;

/// Why the worker stops, and the node with it: without its disk a member must not sign.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing counter failed.
    #[error(transparent)]
    Counter(#[from] CounterError),
}

/// What the worker owns or shares.
pub struct Worker {
    /// The state machine; locked by others for questions only.
    pub member: Arc<Mutex<NodeMember>>,
    /// This node's place in the committee.
    pub me: MemberIndex,
    /// The database.
    pub store: Arc<Store>,
    /// The signing counter; none for a node that does not sign.
    pub counter: Option<SigningCounter>,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The way to the other members.
    pub road: Box<dyn Road>,
    /// Connected devices.
    pub hub: Hub,
    /// Proofs for devices.
    pub proofs: Arc<Proofs>,
    /// Figures.
    pub counters: Arc<Counters>,
    /// State for RPC.
    pub view: Arc<RwLock<View>>,
    /// Records of events.
    pub recording: Recording,
    /// To the verifier.
    pub incoming: mpsc::Sender<(MemberIndex, Incoming)>,
    /// The finalised head, for everyone who reads the registry.
    pub head: watch::Sender<BlockRef>,
    /// Whether finalised history is missing here; read by the gateway.
    pub behind: Arc<AtomicBool>,
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

type Answer = (MemberIndex, Option<HistoryResponse>);

/// State of a running worker that nobody else sees.
struct Running {
    worker: Worker,
    requests: FuturesUnordered<BoxFuture<'static, Answer>>,
    clock: Clock,
    latest: AnchorNumber,
    roster_at: Option<u32>,
    /// An anchor that waits for its leaves, to be written with them.
    half: Option<AnchorProposal>,
}

/// Unix time at the start, and monotonic from there: a clock that is set back must not stop a member.
struct Clock {
    unix_ms: u64,
    start: Instant,
}

impl Clock {
    fn new() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX), start: Instant::now() }
    }

    fn now(&self) -> Millis {
        Millis(self.unix_ms).after(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// The time of a member's start, for [`Member::new`].
pub fn start_time() -> Millis {
    Clock::new().now()
}

impl Worker {
    /// Runs until the network stops or the disk fails.
    pub async fn run(self, mut inputs: Inputs) -> Result<(), WorkerError> {
        let latest = self.store.last_anchor()?.map_or(AnchorNumber(0), |stored| stored.anchor.number);
        let head = self.chain.finalised();
        let mut running = Running {
            worker: self,
            requests: FuturesUnordered::new(),
            clock: Clock::new(),
            latest,
            roster_at: None,
            half: None,
        };
        running.follow(head)?;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0u64;
        loop {
            tokio::select! {
                event = running.worker.road.next() => match event {
                    Some(event) => running.heard(event),
                    None => return Ok(()),
                },
                Some((from, verified)) = inputs.verified.recv() => running.verified(from, verified)?,
                Some((units, done)) = inputs.introductions.recv() => running.introduce(units, done)?,
                Some(head) = inputs.finalised.next() => running.follow(head)?,
                Some((from, answer)) = running.requests.next() => {
                    if let Some(answer) = answer {
                        running.to_verifier(from, Incoming::Answer(answer));
                    }
                }
                task = running.worker.recording.next() => {
                    if let Some(message) = running.worker.recording.finished(task) {
                        running.worker.road.broadcast(&message);
                    }
                }
                _ = ticks.tick() => {
                    running.tick()?;
                    count += 1;
                    if count.is_multiple_of(VIEW_TICKS) {
                        running.show();
                    }
                }
            }
        }
    }
}

impl Running {
    fn tick(&mut self) -> Result<(), WorkerError> {
        let now = self.clock.now();
        let effects = self.worker.member.lock().tick(now);
        self.carry_out(effects)?;
        for message in self.worker.recording.tick(now) {
            self.worker.road.broadcast(&message);
        }
        Ok(())
    }

    fn heard(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened(member) => log::info!(target: super::LOG, "connected with member {member}"),
            LinkEvent::Message(from, message) => self.to_verifier(from, Incoming::Message(message)),
        }
    }

    /// What does not fit is lost; the state machine asks for it again.
    fn to_verifier(&self, from: MemberIndex, incoming: Incoming) {
        if self.worker.incoming.try_send((from, incoming)).is_err() {
            log::debug!(target: super::LOG, "dropped a message of member {from}: too many wait");
        }
    }

    fn verified(&mut self, from: MemberIndex, verified: Verified) -> Result<(), WorkerError> {
        let now = self.clock.now();
        let effects = {
            let mut member = self.worker.member.lock();
            match verified {
                Verified::Witness((witness, units)) => member.on_witness(from, witness, units, now),
                Verified::Witnesses(bundles) => member.on_witnesses(from, bundles, now),
                Verified::Anchors(anchors) => member.on_anchors(from, anchors, now),
                Verified::Proposal(proposal, signer, signature) => member.on_proposal(proposal, signer, signature, now),
                Verified::AnchorSignature(hash, signer, signature) => {
                    member.on_anchor_signature(hash, signer, signature, now)
                }
                Verified::Records(claim, signer, signature) => {
                    self.worker.recording.signed(&claim, signer, signature);
                    Vec::new()
                }
            }
        };
        self.carry_out(effects)
    }

    fn introduce(&mut self, units: Vec<CheckedUnit>, done: oneshot::Sender<()>) -> Result<(), WorkerError> {
        let now = self.clock.now();
        let effects = self.worker.member.lock().introduce(units, now);
        self.carry_out(effects)?;
        // The gateway may have stopped.
        let _ = done.send(());
        Ok(())
    }

    /// Reads what a new finalised block says.
    fn follow(&mut self, head: BlockRef) -> Result<(), WorkerError> {
        self.worker.head.send_replace(head);
        self.refresh_roster(head);
        let latest = match self.worker.chain.latest_anchor(head.hash) {
            Ok(latest) => latest,
            Err(error) => {
                log::warn!(target: super::LOG, "block {} can't be read: {error}", head.number);
                return Ok(());
            }
        };
        if let Some(anchor) = latest.filter(|anchor| anchor.number > self.latest) {
            self.latest = anchor.number;
            let now = self.clock.now();
            let effects = self.worker.member.lock().on_anchor_finalised(&anchor, now);
            self.carry_out(effects)?;
        }
        let held = self.worker.store.last_anchor()?.map_or(AnchorNumber(0), |stored| stored.anchor.number);
        self.worker.behind.store(held < self.latest, Ordering::Relaxed);
        self.worker.recording.follow(head, held);
        Ok(())
    }

    fn refresh_roster(&mut self, head: BlockRef) {
        if self.roster_at.is_some_and(|at| head.number.saturating_sub(at) < ROSTER_BLOCKS) {
            return;
        }
        let chain = &self.worker.chain;
        match (chain.committee(head.hash), chain.validators(head.hash)) {
            (Ok(committee), Ok(validators)) => {
                let roster = Roster::new(&committee, &validators, &self.worker.road.own_peer());
                self.worker.road.set_roster(roster);
                self.roster_at = Some(head.number);
            }
            (Err(error), _) | (_, Err(error)) => {
                log::warn!(target: super::LOG, "the committee at block {} can't be read: {error}", head.number);
            }
        }
    }

    /// In the order given: what must be durable is so before anything after it leaves the node.
    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), WorkerError> {
        let mut confirmed = 0;
        for effect in effects {
            match effect {
                Effect::Persist(PersistItem::Anchor(proposal)) => self.half = Some(proposal),
                Effect::Persist(item) => self.persist(&item)?,
                Effect::Broadcast(message) => self.worker.road.broadcast(&message),
                Effect::Request(member, request) => {
                    let answer = self.worker.road.request(member, request);
                    self.requests.push(answer.map(move |answer| (member, answer)).boxed());
                }
                Effect::Confirmed { slot, unit } => {
                    confirmed += 1;
                    if let Some(peer) = self.worker.hub.find(slot.device) {
                        peer.send(GatewayMessage::Confirmed(slot, unit));
                    }
                }
                Effect::SubmitAnchor(anchor, certificate) => {
                    let chain = self.worker.chain.clone();
                    tokio::spawn(async move {
                        let number = anchor.number;
                        if let Err(error) = chain.submit_anchor(anchor, certificate).await {
                            // Usual when another member was faster.
                            log::debug!(target: super::LOG, "anchor {number} was not taken: {error}");
                        }
                    });
                }
                Effect::Anchored { anchor, leaves } => self.anchored(anchor, leaves)?,
                Effect::Evidence(fault) => faults::report(&fault),
            }
        }
        if confirmed > 0 {
            self.worker.counters.confirm(confirmed);
        }
        Ok(())
    }

    fn persist(&mut self, item: &PersistItem) -> Result<(), WorkerError> {
        let sync = item.must_sync(self.worker.me);
        self.worker.store.persist(item, sync)?;
        if let (PersistItem::Witness(witness, _), Some(counter)) = (item, &mut self.worker.counter) {
            if witness.content.member == self.worker.me {
                counter.raise(witness.content.epoch, witness.content.level)?;
            }
        }
        Ok(())
    }

    /// Writes a finalised anchor with its leaves, then tells the devices that are connected here.
    fn anchored(&mut self, anchor: Anchor, leaves: Vec<AnchorLeaf>) -> Result<(), WorkerError> {
        let block = self.worker.head.borrow().hash;
        match self.half.take().filter(|proposal| proposal.anchor == anchor) {
            Some(proposal) => self.worker.store.put_anchor(&proposal, &leaves, block)?,
            None => log::error!(target: super::LOG, "anchor {} came without its frontier", anchor.number),
        }
        self.worker.counters.anchor(leaves.len() as u64);
        log::info!(
            target: super::LOG,
            "anchor {} with {} units and {} readings is final", anchor.number, anchor.units, anchor.readings,
        );
        let (hub, proofs) = (self.worker.hub.clone(), self.worker.proofs.clone());
        let newest = self.worker.member.lock().status().newest;
        tokio::task::spawn_blocking(move || notify(&hub, &proofs, &leaves, newest));
        Ok(())
    }

    fn show(&self) {
        let status = self.worker.member.lock().status();
        let level = status.newest.map_or(Level(0), |newest| newest.level);
        self.worker.counters.set_level(level.0.into());
        *self.worker.view.write() = View {
            member: Some(self.worker.me),
            signing: self.worker.counter.is_some() && !status.mute,
            peers: self.worker.road.connected(),
            finalised: self.worker.head.borrow().number,
        };
    }
}

/// Sends each connected device the proofs of its units, and once the gateway's newest witness to bury.
fn notify(hub: &Hub, proofs: &Proofs, leaves: &[AnchorLeaf], newest: Option<WitnessRef>) {
    let mut told = None;
    for leaf in leaves {
        let Some(peer) = hub.find(leaf.slot.device) else { continue };
        match proofs.anchored(&leaf.slot) {
            Ok(Some(message)) => peer.send(message),
            Ok(None) => {}
            Err(error) => log::error!(target: super::LOG, "a proof can't be made: {error}"),
        }
        if let Some(newest) = newest.filter(|_| told != Some(leaf.slot.device)) {
            told = Some(leaf.slot.device);
            peer.send(GatewayMessage::Frontier(newest));
        }
    }
}
