//! What a block may be filled with: held orders, then what the pool has, and orders that come meanwhile at once.

use std::{collections::BTreeSet, sync::Arc, vec};

use sc_transaction_pool_api::{InPoolTransaction, ReadyTransactions, TransactionPool};
use sp_runtime::traits::Block as BlockT;

use crate::{order::Transaction, Order};

/// The pool's own iterator.
pub type Pooled<P> = Box<dyn ReadyTransactions<Item = Arc<<P as TransactionPool>::InPoolTransaction>> + Send>;

/// Orders that are held at the moment and that the newest chain lacks.
pub type Held<B> = Box<dyn Fn() -> Vec<Arc<Order<B>>> + Send>;

/// Held orders first, then the pool's transactions without those. An order that comes while a block is filled with
/// the pool's is next: it need not wait for the slot after.
pub struct Ready<P: TransactionPool> {
    orders: vec::IntoIter<Arc<Order<P::Block>>>,
    /// Orders that were handed out, taken or not.
    offered: BTreeSet<<P::Block as BlockT>::Hash>,
    /// Orders that were handed out and taken. One that was not, since it needs a transaction of the pool before
    /// it, gets its second chance when the pool hands it out in turn.
    taken: BTreeSet<<P::Block as BlockT>::Hash>,
    held: Held<P::Block>,
    pooled: Pooled<P>,
}

impl<P: TransactionPool> Ready<P> {
    /// `orders`, and what `held` tells of later, before whatever `pooled` yields.
    pub fn new(orders: Vec<Arc<Order<P::Block>>>, held: Held<P::Block>, pooled: Pooled<P>) -> Self {
        Self { orders: orders.into_iter(), offered: BTreeSet::new(), taken: BTreeSet::new(), held, pooled }
    }
}

impl<P> Ready<P>
where
    P: TransactionPool<Hash = <<P as TransactionPool>::Block as BlockT>::Hash>,
{
    fn next_order(&mut self) -> Option<Arc<Order<P::Block>>> {
        if self.orders.len() == 0 {
            let late = (self.held)().into_iter().filter(|order| !self.offered.contains(&order.hash));
            self.orders = late.collect::<Vec<_>>().into_iter();
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
        if let Some(order) = self.next_order() {
            self.offered.insert(order.hash);
            self.taken.insert(order.hash);
            return Some(Arc::new(Transaction::Held(order)));
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
