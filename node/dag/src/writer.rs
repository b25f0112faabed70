//! Carries out what the state machine wants: first to disk, then out of the node.
//!
//! The worker hands effects over and goes on; this task writes what has gathered in one batch, syncs only
//! where an own witness or a candidate that it signs is in it, and only then lets anything leave the node.
//! A failed write stops it for good: nothing that was to follow leaves, and a restart finds what was durable.

use std::sync::{
    atomic::{AtomicU64, Ordering},
    Arc,
};

use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{AnchorProposal, Effect, PersistItem};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    chain::BlockRef,
    counter::{CounterError, SigningCounter},
    health::{Health, HealthBoard},
    outlets::Outlets,
    store::{Store, StoreError, Write},
};

/// Effects in one group.
const GROUP: usize = 16_384;

/// What the worker hands over.
pub enum Job {
    /// To be carried out, in this order.
    Effects(Vec<Effect>),
    /// Answered once everything before is carried out; dropped when that failed.
    Settle(oneshot::Sender<()>),
}

/// Why nothing more is written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing counter failed.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// The writing task died.
    #[error("writing died: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Whose witnesses are our own, and the counter that they raise.
#[derive(Default)]
pub struct Pen {
    /// This node's place in the committee.
    pub me: Option<MemberIndex>,
    /// The signing counter; none for a node that does not sign.
    pub counter: Option<SigningCounter>,
}

/// Epoch and level of this node's newest witness that is durable: no other one may be served.
#[derive(Clone, Default)]
pub struct Durable(Arc<AtomicU64>);

impl Durable {
    fn pack(epoch: u32, level: Level) -> u64 {
        u64::from(epoch) << 32 | u64::from(level.0)
    }

    /// Sets it to what the journal has.
    pub fn reset(&self, epoch: u32, level: Level) {
        self.0.store(Self::pack(epoch, level), Ordering::Release);
    }

    /// One more is on disk.
    fn advance(&self, epoch: u32, level: Level) {
        self.0.fetch_max(Self::pack(epoch, level), Ordering::AcqRel);
    }

    /// Whether an own witness may be shown.
    pub fn covers(&self, epoch: u32, level: Level) -> bool {
        Self::pack(epoch, level) <= self.0.load(Ordering::Acquire)
    }
}

/// What writing needs.
#[derive(Clone)]
pub struct Disk {
    /// The database.
    pub store: Arc<Store>,
    /// Changed by the worker between epochs, while nothing is under way.
    pub pen: Arc<Mutex<Pen>>,
    /// Read by the history server.
    pub durable: Durable,
}

impl Disk {
    /// Over a database, with nobody's pen yet.
    pub fn over(store: Arc<Store>) -> Self {
        Self { store, pen: Arc::default(), durable: Durable::default() }
    }

    /// Writes what must survive, in one batch as far as only the last of it is an own witness.
    fn commit(&self, effects: &[Effect], block: Hash) -> Result<(), WriteError> {
        let mut pen = self.pen.lock();
        let mut writes = Vec::new();
        let mut half: Option<&AnchorProposal> = None;
        let mut sync = false;
        for effect in effects {
            match effect {
                // It is written together with its leaves, which follow.
                Effect::Persist(PersistItem::Anchor(proposal)) => half = Some(proposal),
                Effect::Persist(item) => {
                    writes.push(Write::Item(item));
                    let must_sync = pen.me.is_some_and(|me| item.must_sync(me));
                    sync |= must_sync;
                    // Nothing leaves before the end: only the counter has to follow at once.
                    if must_sync && matches!(item, PersistItem::Witness(..)) {
                        self.store.write(&writes, true)?;
                        writes.clear();
                        sync = false;
                        self.raise(&mut pen, item)?;
                    }
                }
                Effect::Anchored { anchor, leaves } => match half.take().filter(|half| half.anchor == *anchor) {
                    Some(proposal) => writes.push(Write::Anchor { proposal, leaves, block }),
                    None => log::error!(target: crate::LOG, "anchor {} came without its frontier", anchor.number),
                },
                _ => {}
            }
        }
        if !writes.is_empty() {
            self.store.write(&writes, sync)?;
        }
        Ok(())
    }

    /// An own witness is in the database: the counter follows, and then it may be seen.
    fn raise(&self, pen: &mut Pen, item: &PersistItem) -> Result<(), CounterError> {
        let PersistItem::Witness(witness, _) = item else { return Ok(()) };
        let (epoch, level) = (witness.content.epoch, witness.content.level);
        if let Some(counter) = &mut pen.counter {
            counter.raise(epoch, level)?;
        }
        self.durable.advance(epoch, level);
        Ok(())
    }
}

/// The task that writes.
pub struct Writer {
    /// Where to.
    pub disk: Disk,
    /// The block in which anchors are first seen.
    pub head: watch::Receiver<BlockRef>,
    /// The ways out of the node.
    pub outlets: Outlets,
    /// Told of a failure.
    pub health: HealthBoard,
}

impl Writer {
    /// Writes until the worker ends. Once the disk has failed, everything is dropped.
    pub async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.recv().await {
            let (effects, settled) = gather(first, &mut jobs);
            if self.health.is_failed() {
                continue;
            }
            if let Err(error) = self.carry_out(effects).await {
                let said = error.to_string();
                log::error!(target: crate::LOG, "the DAG accepts and signs nothing any more: {said}");
                self.health.set(Health::Failed(said));
                continue;
            }
            if let Some(settled) = settled {
                // The worker may have ended meanwhile.
                let _ = settled.send(());
            }
        }
    }

    async fn carry_out(&self, effects: Vec<Effect>) -> Result<(), WriteError> {
        if effects.is_empty() {
            return Ok(());
        }
        let (disk, outlets, block) = (self.disk.clone(), self.outlets.clone(), self.head.borrow().hash);
        let work = move || {
            disk.commit(&effects, block)?;
            outlets.let_out(effects);
            Ok::<_, WriteError>(())
        };
        tokio::task::spawn_blocking(work).await?
    }
}

/// Everything that waits, up to the first question for when it is done.
fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>) -> (Vec<Effect>, Option<oneshot::Sender<()>>) {
    let mut effects = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next {
        match job {
            Job::Effects(more) => effects.extend(more),
            Job::Settle(settled) => return (effects, Some(settled)),
        }
        next = if effects.len() < GROUP { jobs.try_recv().ok() } else { None };
    }
    (effects, None)
}
