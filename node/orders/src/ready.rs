//! What a block may be filled with: held orders, then what the pool has, and orders that come meanwhile at once.

use std::{collections::BTreeSet, sync::Arc, vec};

use sc_transaction_pool_api::{InPoolTransaction, ReadyTransactions, TransactionPool};
use sp_runtime::traits::Block as BlockT;

use crate::{order::Transaction, Order};

/// The pool's own iterator.
pub type Pooled<P> = Box<dyn ReadyTransactions<Item = Arc<<P as TransactionPool>::InPoolTransaction>> + Send>;

/// Tells of orders that came since it was asked before.
pub type Later<B> = Box<dyn FnMut() -> Vec<Arc<Order<B>>> + Send>;

/// Held orders first, then the pool's transactions without those. An order that comes while a block is filled with
/// the pool's is next: it need not wait for the slot after.
pub struct Ready<P: TransactionPool> {
    orders: vec::IntoIter<Arc<Order<P::Block>>>,
    /// Orders that were handed out and taken. One that was not, since it needs a transaction of the pool before
    /// it, gets its second chance when the pool hands it out in turn.
    taken: BTreeSet<<P::Block as BlockT>::Hash>,
    later: Later<P::Block>,
    pooled: Pooled<P>,
}

impl<P: TransactionPool> Ready<P> {
    /// `orders`, and what `later` tells of, before whatever `pooled` yields.
    pub fn new(orders: Vec<Arc<Order<P::Block>>>, later: Later<P::Block>, pooled: Pooled<P>) -> Self {
        Self { orders: orders.into_iter(), taken: BTreeSet::new(), later, pooled }
    }

    fn next_order(&mut self) -> Option<Arc<Order<P::Block>>> {
        if self.orders.len() == 0 {
            self.orders = (self.later)().into_iter();
        }
        self.orders.next()
    }
}

impl<P> Iterator for Ready<P>
where
    P: TransactionPool<Hash = <<P as TransactionPool>::Block as BlockT>::Hash>,
{
    type Item = Arc<Transaction<P>>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(order) = self.next_order() {
            // What came between the question for later orders and the first look is told by both.
            if self.taken.insert(order.hash) {
                return Some(Arc::new(Transaction::Held(order)));
            }
        }
        let Self { taken, pooled, .. } = self;
        pooled.find(|transaction| !taken.contains(transaction.hash())).map(|found| Arc::new(Transaction::Pooled(found)))
    }
}

impl<P> ReadyTransactions for Ready<P>
where
    P: TransactionPool<Hash = <<P as TransactionPool>::Block as BlockT>::Hash>,
{
    fn report_invalid(&mut self, transaction: &Self::Item) {
        match &**transaction {
            Transaction::Held(order) => {
                self.taken.remove(&order.hash);
            }
            Transaction::Pooled(pooled) => self.pooled.report_invalid(pooled),
        }
    }
}
