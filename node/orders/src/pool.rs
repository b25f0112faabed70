//! The transaction pool as the rest of the node sees it: orders in one lane, what is overdue in another, everything in
//! the pool behind.

#[expect(clippy::disallowed_types, reason = "the pool's trait speaks in it")]
use std::collections::HashMap;
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::{channel::mpsc, Stream, StreamExt};
use parking_lot::Mutex;
use sc_transaction_pool_api::{
    ChainEvent, ImportNotificationStream, LocalTransactionPool, MaintainedTransactionPool, PoolStatus,
    ReadyTransactions, TransactionFor, TransactionPool, TransactionSource, TransactionStatusStreamFor, TxHash,
    TxInvalidityReportMap,
};
use sp_runtime::traits::Block as BlockT;

use crate::{
    keep::Keep,
    lane::{Chain, Lane},
    order::{Order, Transaction},
    ready::Ready,
    LOG,
};

/// Longest wait for the pool's view of a new block while an order waits: the pool's other transactions can do
/// without that block.
const POOL_PATIENCE: Duration = Duration::from_millis(5);

/// Arrivals that a listener may leave unread.
const ARRIVALS: usize = 4_096;

/// A pool that keeps orders.
pub struct OrderPool<P: TransactionPool, C> {
    pool: Arc<P>,
    lane: Arc<Lane<P::Block, C>>,
    /// Transactions that the pool has accepted long ago.
    pub(crate) overdue: Lane<P::Block, C>,
    pub(crate) keep: Mutex<Keep<P::Block>>,
    newest: Mutex<Newest<HashOf<P>>>,
    listeners: Mutex<Vec<mpsc::Sender<TxHash<P>>>>,
}

/// The newest blocks seen.
struct Newest<H> {
    best: Option<H>,
    finalised: Option<H>,
}

type HashOf<P> = <<P as TransactionPool>::Block as BlockT>::Hash;
type ReadyBox<P> = Box<dyn ReadyTransactions<Item = Arc<Transaction<P>>> + Send>;

impl<P, C> OrderPool<P, C>
where
    P: TransactionPool<Hash = HashOf<P>> + 'static,
    C: Chain<P::Block>,
{
    /// Before `pool`; orders are compared with `chain`.
    pub fn new(pool: Arc<P>, chain: C) -> Self
    where
        C: Clone,
    {
        let (lane, overdue) = (Arc::new(Lane::new(chain.clone())), Lane::new(chain));
        let newest = Mutex::new(Newest { best: None, finalised: None });
        Self { pool, lane, overdue, keep: Mutex::default(), newest, listeners: Mutex::default() }
    }

    /// Whether an order waits that the chain ending in `head` lacks.
    pub fn has_order(&self, head: HashOf<P>) -> bool {
        self.lane.is_lacking(head)
    }

    /// Keeps the lane up to date as long as the node runs: with new best blocks, and with final ones, each with
    /// those before it that were not told on their own, oldest first.
    pub async fn run(
        &self,
        best: impl Stream<Item = HashOf<P>> + Send,
        finalised: impl Stream<Item = Vec<HashOf<P>>> + Send,
    ) {
        enum Event<H> {
            Best(H),
            Final(Vec<H>),
            Arrived(H),
        }
        let arrived = self.pool.import_notification_stream().map(Event::Arrived);
        let events = futures::stream::select(best.map(Event::Best), finalised.map(Event::Final));
        let mut events = std::pin::pin!(futures::stream::select(events, arrived));
        while let Some(event) = events.next().await {
            match event {
                Event::Best(block) => {
                    self.newest.lock().best = Some(block);
                    self.lane.follow(block);
                    self.overdue.follow(block);
                }
                Event::Final(blocks) => {
                    self.lane.finalised(&blocks);
                    self.overdue.finalised(&blocks);
                    self.finalised(&blocks);
                }
                // Held orders are announced when they come.
                Event::Arrived(hash) if self.lane.get(&hash).is_some() => {}
                Event::Arrived(hash) => self.announce(hash),
            }
        }
    }

    /// These blocks are final: what they have needs no keeper any more.
    fn finalised(&self, blocks: &[HashOf<P>]) {
        self.newest.lock().finalised = blocks.last().copied();
        if self.keep.lock().is_empty() {
            return;
        }
        for hash in blocks.iter().flat_map(|block| self.lane.extrinsics(*block)) {
            self.keep.lock().forget(&hash);
        }
    }

    /// Takes transactions into the lane that the pool has accepted some time ago and no final block has: the pool may
    /// have lost them, or be wrong about what they wait for, if it does not call them ready. To be called about once a
    /// second.
    pub fn offer_overdue(&self, now: Instant) {
        let Newest { best: Some(best), finalised: Some(finalised) } = *self.newest.lock() else { return };
        let due = self.keep.lock().due(now);
        for (hash, extrinsic) in due {
            if self.pool.ready_transaction(&hash).is_some() {
                // It waits for room in a block, as many do.
                continue;
            }
            let held = self.overdue.hold(best, TransactionSource::External, hash, &extrinsic);
            if held.is_ok() || self.overdue.refusal(finalised, &extrinsic).is_some() {
                self.keep.lock().forget(&hash);
            }
        }
    }

    /// What the chain that ends in `head` lacks: orders, then what is overdue.
    fn held(&self, head: HashOf<P>) -> Vec<Arc<Order<P::Block>>> {
        let mut held = self.lane.waiting(head);
        held.extend(self.overdue.waiting(head));
        held
    }

    fn get(&self, hash: &P::Hash) -> Option<Arc<Order<P::Block>>> {
        self.lane.get(hash).or_else(|| self.overdue.get(hash))
    }

    fn announce(&self, hash: P::Hash) {
        self.listeners.lock().retain_mut(|listener| match listener.try_send(hash) {
            Ok(()) => true,
            // The network asks for all ready transactions from time to time.
            Err(error) => !error.is_disconnected(),
        });
    }

    /// Gives a held order to the pool as well, so that transactions behind it find their predecessor there.
    async fn copy(pool: Arc<P>, at: HashOf<P>, source: TransactionSource, order: TransactionFor<P>) {
        if let Err(error) = pool.submit_one(at, source, order).await {
            log::debug!(target: LOG, "the pool refuses an order, which is held all the same: {error}");
        }
    }

    fn pooled(transaction: Arc<P::InPoolTransaction>) -> Arc<Transaction<P>> {
        Arc::new(Transaction::Pooled(transaction))
    }
}

#[async_trait]
impl<P, C> TransactionPool for OrderPool<P, C>
where
    P: TransactionPool<Hash = HashOf<P>> + 'static,
    C: Chain<P::Block> + 'static,
{
    type Block = P::Block;
    type Hash = P::Hash;
    type InPoolTransaction = Transaction<P>;
    type Error = P::Error;

    async fn submit_at(
        &self,
        at: HashOf<P>,
        source: TransactionSource,
        extrinsics: Vec<TransactionFor<Self>>,
    ) -> Result<Vec<Result<P::Hash, P::Error>>, P::Error> {
        let mut answers = Vec::with_capacity(extrinsics.len());
        for extrinsic in extrinsics {
            answers.push(self.submit_one(at, source, extrinsic).await);
        }
        Ok(answers)
    }

    async fn submit_one(
        &self,
        at: HashOf<P>,
        source: TransactionSource,
        extrinsic: TransactionFor<Self>,
    ) -> Result<P::Hash, P::Error> {
        match self.lane.takes(&extrinsic) {
            true => {
                let hash = self.pool.hash_of(&extrinsic);
                if self.lane.hold(at, source, hash, &extrinsic)? {
                    self.announce(hash);
                    Self::copy(self.pool.clone(), at, source, extrinsic).await;
                }
                Ok(hash)
            }
            false => {
                let kept = Arc::new(extrinsic.clone());
                let hash = self.pool.submit_one(at, source, extrinsic).await?;
                self.keep.lock().add(hash, kept, Instant::now());
                Ok(hash)
            }
        }
    }

    async fn submit_and_watch(
        &self,
        at: HashOf<P>,
        source: TransactionSource,
        extrinsic: TransactionFor<Self>,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, P::Error> {
        if !self.lane.takes(&extrinsic) {
            return self.pool.submit_and_watch(at, source, extrinsic).await;
        }
        let hash = self.pool.hash_of(&extrinsic);
        let is_new = self.lane.hold(at, source, hash, &extrinsic)?;
        let Some(statuses) = self.lane.watch(&hash) else {
            // It became final meanwhile, which the pool knows to tell.
            return self.pool.submit_and_watch(at, source, extrinsic).await;
        };
        if !is_new {
            return Ok(statuses.boxed());
        }
        self.announce(hash);
        // A busy pool takes longer for its copy than the order needs to become final: the watcher need not wait.
        let copied = futures::stream::once(Self::copy(self.pool.clone(), at, source, extrinsic));
        Ok(futures::stream::select(statuses, copied.filter_map(|()| async { None })).boxed())
    }

    async fn ready_at(&self, at: HashOf<P>) -> ReadyBox<P> {
        let later = Box::new(self.lane.later());
        Box::new(Ready::new(self.held(at), later, self.pool.ready_at(at).await))
    }

    async fn ready_at_with_timeout(&self, at: HashOf<P>, timeout: Duration) -> ReadyBox<P> {
        let timeout = if self.has_order(at) { timeout.min(POOL_PATIENCE) } else { timeout };
        let later = Box::new(self.lane.later());
        Box::new(Ready::new(self.held(at), later, self.pool.ready_at_with_timeout(at, timeout).await))
    }

    fn ready(&self) -> ReadyBox<P> {
        let later = Box::new(self.lane.later());
        let mut held = self.lane.waiting_anywhere();
        held.extend(self.overdue.waiting_anywhere());
        Box::new(Ready::new(held, later, self.pool.ready()))
    }

    async fn report_invalid(
        &self,
        at: Option<HashOf<P>>,
        errors: TxInvalidityReportMap<P::Hash>,
    ) -> Vec<Arc<Self::InPoolTransaction>> {
        // One author's block is no place to judge an order: the final chain does.
        let errors = errors.into_iter().filter(|(hash, _)| self.get(hash).is_none()).collect();
        self.pool.report_invalid(at, errors).await.into_iter().map(Self::pooled).collect()
    }

    fn futures(&self) -> Vec<Self::InPoolTransaction> {
        self.pool.futures().into_iter().map(|future| Transaction::Pooled(Arc::new(future))).collect()
    }

    fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        // Reason enough for a block, should the pool have nothing.
        PoolStatus { ready: status.ready.max(self.overdue.lacking()), ..status }
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<P::Hash> {
        let (sender, receiver) = mpsc::channel(ARRIVALS);
        self.listeners.lock().push(sender);
        receiver
    }

    #[expect(clippy::disallowed_types, reason = "the pool's trait speaks in it")]
    fn on_broadcasted(&self, propagations: HashMap<P::Hash, Vec<String>>) {
        self.pool.on_broadcasted(propagations);
    }

    fn hash_of(&self, extrinsic: &TransactionFor<Self>) -> P::Hash {
        self.pool.hash_of(extrinsic)
    }

    fn ready_transaction(&self, hash: &P::Hash) -> Option<Arc<Self::InPoolTransaction>> {
        match self.get(hash) {
            Some(order) => Some(Arc::new(Transaction::Held(order))),
            None => self.pool.ready_transaction(hash).map(Self::pooled),
        }
    }
}

#[async_trait]
impl<P, C> MaintainedTransactionPool for OrderPool<P, C>
where
    P: MaintainedTransactionPool<Hash = HashOf<P>> + 'static,
    C: Chain<P::Block> + 'static,
{
    async fn maintain(&self, event: ChainEvent<Self::Block>) {
        self.pool.maintain(event).await;
    }
}

impl<P, C> LocalTransactionPool for OrderPool<P, C>
where
    P: TransactionPool<Hash = HashOf<P>>
        + LocalTransactionPool<
            Block = <P as TransactionPool>::Block,
            Hash = HashOf<P>,
            Error = <P as TransactionPool>::Error,
        >,
    C: Chain<<P as TransactionPool>::Block>,
{
    type Block = <P as TransactionPool>::Block;
    type Hash = HashOf<P>;
    type Error = <P as TransactionPool>::Error;

    // What the runtime itself submits is never an order.
    fn submit_local(
        &self,
        at: HashOf<P>,
        extrinsic: <Self::Block as BlockT>::Extrinsic,
    ) -> Result<Self::Hash, Self::Error> {
        self.pool.submit_local(at, extrinsic)
    }
}
