//! Orders before a pool that loses things.

#[expect(clippy::disallowed_types, reason = "the pool's trait speaks in it")]
use std::collections::HashMap;
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::{channel::mpsc, executor::block_on, stream, FutureExt, StreamExt};
use parking_lot::Mutex;
use sc_transaction_pool_api::{
    error::Error, ImportNotificationStream, InPoolTransaction, PoolStatus, ReadyTransactions, TransactionPool,
    TransactionSource, TransactionStatus as Status, TransactionStatusStream, TxInvalidityReportMap,
};
use sp_runtime::{transaction_validity::ValidTransaction, OpaqueExtrinsic};

use super::{block, extrinsic, hash, order, Block, Hash, TestChain};
use crate::{order::Transaction, Order, OrderPool};

/// A pool that hands out what it was told to, and keeps nothing else.
#[derive(Default)]
struct Forgetful {
    ready: Mutex<Vec<OpaqueExtrinsic>>,
    submitted: Mutex<Vec<Hash>>,
    reported: Mutex<Vec<Hash>>,
    /// Whether it accepts what it then forgets.
    takes: bool,
    /// Whether a submission is never answered.
    is_stuck: bool,
}

/// The lane's type serves as the pool's as well.
struct Pooled(Order<Block>);

impl Pooled {
    fn new(extrinsic: &OpaqueExtrinsic) -> Arc<Self> {
        let validity = ValidTransaction::default();
        Arc::new(Self(Order { hash: hash(extrinsic), extrinsic: Arc::new(extrinsic.clone()), validity }))
    }
}

impl InPoolTransaction for Pooled {
    type Transaction = Arc<OpaqueExtrinsic>;
    type Hash = Hash;

    fn data(&self) -> &Arc<OpaqueExtrinsic> {
        &self.0.extrinsic
    }
    fn hash(&self) -> &Hash {
        &self.0.hash
    }
    fn priority(&self) -> &u64 {
        &self.0.validity.priority
    }
    fn longevity(&self) -> &u64 {
        &self.0.validity.longevity
    }
    fn requires(&self) -> &[Vec<u8>] {
        &self.0.validity.requires
    }
    fn provides(&self) -> &[Vec<u8>] {
        &self.0.validity.provides
    }
    fn is_propagable(&self) -> bool {
        true
    }
}

struct Iter(std::vec::IntoIter<Arc<Pooled>>);

impl Iterator for Iter {
    type Item = Arc<Pooled>;

    fn next(&mut self) -> Option<Arc<Pooled>> {
        self.0.next()
    }
}

impl ReadyTransactions for Iter {
    fn report_invalid(&mut self, _: &Arc<Pooled>) {}
}

type ReadyBox = Box<dyn ReadyTransactions<Item = Arc<Pooled>> + Send>;

#[async_trait]
impl TransactionPool for Forgetful {
    type Block = Block;
    type Hash = Hash;
    type InPoolTransaction = Pooled;
    type Error = Error;

    async fn submit_at(
        &self,
        _: Hash,
        _: TransactionSource,
        _: Vec<OpaqueExtrinsic>,
    ) -> Result<Vec<Result<Hash, Error>>, Error> {
        Ok(Vec::new())
    }
    async fn submit_one(&self, _: Hash, _: TransactionSource, extrinsic: OpaqueExtrinsic) -> Result<Hash, Error> {
        self.submitted.lock().push(hash(&extrinsic));
        if self.is_stuck {
            return std::future::pending().await;
        }
        match self.takes {
            true => Ok(hash(&extrinsic)),
            false => Err(Error::TemporarilyBanned),
        }
    }
    async fn submit_and_watch(
        &self,
        _: Hash,
        _: TransactionSource,
        _: OpaqueExtrinsic,
    ) -> Result<Pin<Box<TransactionStatusStream<Hash, Hash>>>, Error> {
        Err(Error::TemporarilyBanned)
    }
    async fn ready_at(&self, _: Hash) -> ReadyBox {
        self.ready()
    }
    fn ready(&self) -> ReadyBox {
        Box::new(Iter(self.ready.lock().iter().map(Pooled::new).collect::<Vec<_>>().into_iter()))
    }
    async fn report_invalid(&self, _: Option<Hash>, errors: TxInvalidityReportMap<Hash>) -> Vec<Arc<Pooled>> {
        self.reported.lock().extend(errors.into_keys());
        Vec::new()
    }
    fn futures(&self) -> Vec<Pooled> {
        Vec::new()
    }
    fn status(&self) -> PoolStatus {
        PoolStatus { ready: 0, ready_bytes: 0, future: 0, future_bytes: 0 }
    }
    fn import_notification_stream(&self) -> ImportNotificationStream<Hash> {
        mpsc::channel(1).1
    }
    #[expect(clippy::disallowed_types, reason = "the pool's trait speaks in it")]
    fn on_broadcasted(&self, _: HashMap<Hash, Vec<String>>) {}
    fn hash_of(&self, extrinsic: &OpaqueExtrinsic) -> Hash {
        hash(extrinsic)
    }
    fn ready_transaction(&self, wanted: &Hash) -> Option<Arc<Pooled>> {
        self.ready.lock().iter().map(Pooled::new).find(|ready| ready.0.hash == *wanted)
    }
    async fn ready_at_with_timeout(&self, _: Hash, _: Duration) -> ReadyBox {
        self.ready()
    }
}

fn pool() -> (Arc<Forgetful>, OrderPool<Forgetful, TestChain>) {
    let behind = Arc::new(Forgetful::default());
    (behind.clone(), OrderPool::new(behind, TestChain::new()))
}

fn submit(pool: &OrderPool<Forgetful, TestChain>, extrinsic: OpaqueExtrinsic) -> Result<Hash, Error> {
    block_on(pool.submit_one(block(0), TransactionSource::External, extrinsic))
}

fn hashes(ready: impl Iterator<Item = Arc<Transaction<Forgetful>>>) -> Vec<Hash> {
    ready.map(|transaction| *transaction.hash()).collect()
}

#[test]
fn an_order_that_the_pool_refuses_is_held_announced_and_offered_all_the_same() {
    // GIVEN a pool that takes nothing
    let (behind, pool) = pool();
    let mut arrivals = pool.import_notification_stream();

    // WHEN an order comes
    let held = submit(&pool, order(0)).unwrap();

    // THEN it is announced, handed to the network, and first in the next block
    assert_eq!(arrivals.next().now_or_never(), Some(Some(held)));
    assert_eq!(*pool.ready_transaction(&held).unwrap().hash(), held);
    assert_eq!(hashes(block_on(pool.ready_at(block(0)))), [held]);
    // AND the pool behind was offered it
    assert_eq!(*behind.submitted.lock(), [held]);
}

#[test]
fn who_watches_an_order_does_not_wait_for_the_pool() {
    // GIVEN a pool that never answers
    let (behind, chain) = (Arc::new(Forgetful { is_stuck: true, ..Default::default() }), TestChain::new());
    let pool = OrderPool::new(behind, chain.clone());

    // WHEN an order is submitted and becomes final
    let watch = pool.submit_and_watch(block(0), TransactionSource::External, order(0));
    let mut statuses = watch.now_or_never().unwrap().unwrap();
    let first = chain.make(1, 0, &[order(0)]);
    block_on(pool.run(stream::iter([first]), stream::iter([vec![first]])));

    // THEN the watcher hears of it all
    let told: Vec<_> = std::iter::from_fn(|| statuses.next().now_or_never().flatten()).collect();
    assert_eq!(told, [Status::Ready, Status::InBlock((first, 0)), Status::Finalized((first, 0))]);
}

#[test]
fn other_transactions_are_the_pools_business() {
    let (_, pool) = pool();
    assert!(matches!(submit(&pool, extrinsic(&[0, 1])), Err(Error::TemporarilyBanned)));
}

#[test]
fn what_both_have_is_offered_once_and_orders_come_first() {
    // GIVEN a held order, which the pool has as well, behind another transaction
    let (behind, pool) = pool();
    let held = submit(&pool, order(0)).unwrap();
    let other = extrinsic(&[0, 1]);
    *behind.ready.lock() = vec![other.clone(), order(0)];

    // WHEN a block is filled, THEN
    assert_eq!(hashes(block_on(pool.ready_at(block(0)))), [held, hash(&other)]);
}

#[test]
fn an_order_that_needs_a_transaction_of_the_pool_gets_a_second_chance_behind_it() {
    // GIVEN an order that builds on a transaction which the pool alone has
    let (behind, pool) = pool();
    let held = submit(&pool, order(1)).unwrap();
    let before = extrinsic(&[0, 1]);
    *behind.ready.lock() = vec![before.clone(), order(1)];

    // WHEN a block does not take it at first
    let mut ready = block_on(pool.ready_at(block(0)));
    let first = ready.next().unwrap();
    ready.report_invalid(&first);

    // THEN it comes once more after the other
    assert_eq!(*first.hash(), held);
    assert_eq!(hashes(ready), [hash(&before), held]);
}

#[test]
fn an_order_that_comes_while_a_block_is_filled_is_next_in_it() {
    // GIVEN a block that is being filled with what the pool has
    let (behind, pool) = pool();
    let others = [extrinsic(&[0, 1]), extrinsic(&[1, 1])];
    *behind.ready.lock() = others.to_vec();
    let mut ready = block_on(pool.ready_at(block(0)));
    assert_eq!(ready.next().map(|first| *first.hash()), Some(hash(&others[0])));

    // WHEN an order comes
    let late = submit(&pool, order(0)).unwrap();

    // THEN it is next, and once only even if the block does not take it
    let next = ready.next().unwrap();
    assert_eq!(*next.hash(), late);
    ready.report_invalid(&next);
    assert_eq!(hashes(ready), [hash(&others[1])]);
}

#[test]
fn no_authors_complaint_removes_an_order() {
    // GIVEN a held order and another transaction
    let (behind, pool) = pool();
    let held = submit(&pool, order(0)).unwrap();
    let other = hash(&extrinsic(&[0, 1]));

    // WHEN an author found both invalid
    block_on(pool.report_invalid(None, [(held, None), (other, None)].into_iter().collect()));

    // THEN the pool hears of the other alone, and the order is offered still
    assert_eq!(*behind.reported.lock(), [other]);
    assert!(pool.has_order(block(0)));
}

#[test]
fn the_lane_follows_the_chain_as_long_as_it_runs() {
    // GIVEN a held order and a chain that takes it
    let (behind, chain) = (Arc::new(Forgetful::default()), TestChain::new());
    let pool = OrderPool::new(behind, chain.clone());
    submit(&pool, order(0)).unwrap();
    let first = chain.make(1, 0, &[order(0)]);

    // WHEN the node tells of the block and of its finality
    block_on(pool.run(stream::iter([first]), stream::iter([vec![first]])));

    // THEN nothing is held any more
    assert!(pool.ready().next().is_none());
}

/// A pool that has accepted these, on a chain whose first block is best and final.
fn with_accepted(others: &[OpaqueExtrinsic]) -> (OrderPool<Forgetful, TestChain>, TestChain) {
    let (behind, chain) = (Forgetful { takes: true, ..Default::default() }, TestChain::new());
    let pool = OrderPool::new(Arc::new(behind), chain.clone());
    for other in others {
        submit(&pool, other.clone()).unwrap();
    }
    follow(&pool, block(0));
    (pool, chain)
}

/// The block is best and final.
fn follow(pool: &OrderPool<Forgetful, TestChain>, block: Hash) {
    block_on(pool.run(stream::iter([block]), stream::iter([vec![block]])));
}

fn after(pool: &OrderPool<Forgetful, TestChain>, seconds: u64) {
    pool.offer_overdue(Instant::now() + Duration::from_secs(seconds));
}

#[test]
fn what_the_pool_accepts_and_loses_is_offered_behind_orders() {
    // GIVEN two accepted transactions that the pool has lost
    let others = [extrinsic(&[0, 1]), extrinsic(&[1, 1])];
    let (pool, chain) = with_accepted(&others);

    // WHEN some seconds have passed, THEN they are offered to a block, and not before
    after(&pool, 1);
    assert_eq!(hashes(block_on(pool.ready_at(block(0)))), []);
    after(&pool, 6);
    assert_eq!(hashes(block_on(pool.ready_at(block(0)))), others.each_ref().map(hash));
    assert_eq!(pool.status().ready, 2, "a reason to make a block");
    assert!(!pool.has_order(block(0)), "but not at once");
    // AND an order overtakes them
    let first = submit(&pool, order(0)).unwrap();
    assert_eq!(hashes(block_on(pool.ready_at(block(0))))[0], first);

    // WHEN a final block has one, THEN it is held no more
    let next = chain.make(1, 0, &[others[0].clone()]);
    follow(&pool, next);
    assert!(pool.ready_transaction(&hash(&others[0])).is_none());
    assert!(pool.ready_transaction(&hash(&others[1])).is_some());
}

#[test]
fn what_is_final_or_refused_by_the_final_state_is_never_overdue() {
    // GIVEN two accepted transactions of which only one can come true
    let (one, rival) = (extrinsic(&[0, 1]), extrinsic(&[0, 2]));
    let (pool, chain) = with_accepted(&[one.clone(), rival]);

    // WHEN one is final
    let first = chain.make(1, 0, &[one]);
    follow(&pool, first);
    after(&pool, 6);

    // THEN neither is offered or kept
    assert_eq!(hashes(block_on(pool.ready_at(first))), []);
    assert!(pool.keep.lock().is_empty());
}

#[test]
fn what_waits_for_room_in_a_block_stays_in_the_pool() {
    // GIVEN a transaction that the pool has ready
    let other = extrinsic(&[0, 1]);
    let (behind, chain) = (Arc::new(Forgetful { takes: true, ..Default::default() }), TestChain::new());
    let pool = OrderPool::new(behind.clone(), chain);
    submit(&pool, other.clone()).unwrap();
    *behind.ready.lock() = vec![other];
    follow(&pool, block(0));
    // WHEN it waits for long THEN the pool keeps it
    after(&pool, 6);
    assert_eq!(pool.overdue.lacking(), 0);
    // AND when the pool calls it ready no more, it is held
    behind.ready.lock().clear();
    after(&pool, 12);
    assert_eq!(pool.overdue.lacking(), 1);
}

#[test]
fn what_never_becomes_valid_is_let_go() {
    // GIVEN a keeper of one transaction WHEN it was never taken away THEN it goes after ten minutes
    let (pool, _) = with_accepted(&[extrinsic(&[9, 1])]);
    after(&pool, 600);
    assert!(pool.keep.lock().is_empty());
    assert_eq!(hashes(block_on(pool.ready_at(block(0)))), []);
}
