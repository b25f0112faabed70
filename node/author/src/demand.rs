//! What waits for a block.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{stream::BoxStream, StreamExt};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_runtime::{traits::Block as BlockT, transaction_validity::TransactionPriority};

/// Longest time that the pool may take to look through its transactions after a new block.
const POOL_PATIENCE: Duration = Duration::from_millis(20);

/// Ready transactions from which on they fill blocks of their own.
const MANY: usize = 32;

/// What waits for a block, the most urgent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Nothing but the news that the chain lives.
    Heartbeats,
    /// Transactions.
    Ordinary,
    /// About as many transactions as a block holds, or work that the runtime spreads over blocks.
    Pressing,
    /// An order.
    Order,
}

/// Tells what waits.
#[async_trait]
pub trait Demand<Block: BlockT>: Send + Sync {
    /// What waits for a block on top of `head`, at Unix time `now_ms`.
    async fn at(&self, head: Block::Hash, now_ms: u64) -> Need;

    /// What comes from now on.
    fn arrivals(&self) -> BoxStream<'static, Need>;
}

/// Demand as the transaction pool has it, and the runtime.
pub struct PoolDemand<P, O, W> {
    pool: Arc<P>,
    orders: O,
    runtime: W,
    order_priority: TransactionPriority,
}

impl<P, O, W> PoolDemand<P, O, W> {
    /// Transactions of at least `order_priority` are orders; `orders` says whether one waits that the chain which
    /// ends in a block lacks, and `runtime` what the runtime at a block needs another for, at Unix time in
    /// milliseconds.
    pub fn new(pool: Arc<P>, orders: O, runtime: W, order_priority: TransactionPriority) -> Self {
        Self { pool, orders, runtime, order_priority }
    }
}

impl<P: TransactionPool, O, W> PoolDemand<P, O, W> {
    fn need_of(pool: &P, transaction: &P::InPoolTransaction, order_priority: TransactionPriority) -> Need {
        if *transaction.priority() >= order_priority {
            Need::Order
        } else if pool.status().ready >= MANY {
            Need::Pressing
        } else {
            Need::Ordinary
        }
    }
}

#[async_trait]
impl<Block, P, O, W> Demand<Block> for PoolDemand<P, O, W>
where
    Block: BlockT,
    P: TransactionPool<Block = Block, Hash = Block::Hash> + 'static,
    O: Fn(Block::Hash) -> bool + Send + Sync,
    W: Fn(Block::Hash, u64) -> Need + Send + Sync,
{
    async fn at(&self, head: Block::Hash, now_ms: u64) -> Need {
        if (self.orders)(head) {
            return Need::Order;
        }
        // The pool hands the transactions of highest priority out first.
        let first = self.pool.ready_at_with_timeout(head, POOL_PATIENCE).await.next();
        match first {
            Some(transaction) => Self::need_of(&self.pool, &transaction, self.order_priority),
            None => (self.runtime)(head, now_ms),
        }
    }

    fn arrivals(&self) -> BoxStream<'static, Need> {
        let (pool, order_priority) = (self.pool.clone(), self.order_priority);
        let need = move |hash| {
            let transaction = pool.ready_transaction(&hash);
            transaction.map_or(Need::Ordinary, |transaction| Self::need_of(&pool, &transaction, order_priority))
        };
        self.pool.import_notification_stream().map(need).boxed()
    }
}
