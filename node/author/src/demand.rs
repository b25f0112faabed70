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
    /// As many transactions as a block holds, or what the block before had no room for, or work that the runtime spreads over blocks.
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

/// What the chain itself says of the block to come on top of one of its own.
pub trait ChainDemand<Hash>: Send + Sync {
    /// Whether an order waits that the chain which ends in `head` lacks.
    fn order_waits(&self, head: Hash) -> bool;

    /// What the runtime at `head` needs another block for, at Unix time `now_ms`.
    fn need(&self, head: Hash, now_ms: u64) -> Need;

    /// Whether `head` is so full that more transactions may wait than it had room for.
    fn is_crowded(&self, head: Hash) -> bool;
}

/// Demand as the transaction pool has it, and the chain.
pub struct PoolDemand<P, C> {
    pool: Arc<P>,
    chain: C,
    order_priority: TransactionPriority,
}

impl<P, C> PoolDemand<P, C> {
    /// Transactions of at least `order_priority` are orders.
    pub fn new(pool: Arc<P>, chain: C, order_priority: TransactionPriority) -> Self {
        Self { pool, chain, order_priority }
    }
}

impl<P: TransactionPool, C> PoolDemand<P, C> {
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
impl<Block, P, C> Demand<Block> for PoolDemand<P, C>
where
    Block: BlockT,
    P: TransactionPool<Block = Block, Hash = Block::Hash> + 'static,
    C: ChainDemand<Block::Hash>,
{
    async fn at(&self, head: Block::Hash, now_ms: u64) -> Need {
        if self.chain.order_waits(head) {
            return Need::Order;
        }
        // The pool hands the transactions of highest priority out first.
        let first = self.pool.ready_at_with_timeout(head, POOL_PATIENCE).await.next();
        let Some(transaction) = first else { return self.chain.need(head, now_ms) };
        match Self::need_of(&self.pool, &transaction, self.order_priority) {
            // Few may fill blocks as well: a batch of bids weighs as much as thirty declarations.
            Need::Ordinary if self.chain.is_crowded(head) => Need::Pressing,
            need => need,
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
