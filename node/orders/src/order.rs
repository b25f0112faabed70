//! An order as the lane holds it, and a pool's transaction, which may be one.

use std::sync::Arc;

use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_runtime::{
    traits::Block as BlockT,
    transaction_validity::{TransactionLongevity, TransactionPriority, TransactionTag, ValidTransaction},
};

/// An order that the runtime has found valid.
#[derive(Debug)]
pub struct Order<B: BlockT> {
    /// Hash of the encoded extrinsic.
    pub hash: B::Hash,
    /// The signed extrinsic.
    pub extrinsic: Arc<B::Extrinsic>,
    /// What the runtime said of it.
    pub validity: ValidTransaction,
}

/// A transaction of the pool behind the lane, or an order that the lane holds.
pub enum Transaction<P: TransactionPool> {
    /// The pool's.
    Pooled(Arc<P::InPoolTransaction>),
    /// The lane's.
    Held(Arc<Order<P::Block>>),
}

impl<P> InPoolTransaction for Transaction<P>
where
    P: TransactionPool<Hash = <<P as TransactionPool>::Block as BlockT>::Hash>,
{
    type Transaction = Arc<<P::Block as BlockT>::Extrinsic>;
    type Hash = P::Hash;

    fn data(&self) -> &Self::Transaction {
        match self {
            Self::Pooled(pooled) => pooled.data(),
            Self::Held(order) => &order.extrinsic,
        }
    }

    fn hash(&self) -> &P::Hash {
        match self {
            Self::Pooled(pooled) => pooled.hash(),
            Self::Held(order) => &order.hash,
        }
    }

    fn priority(&self) -> &TransactionPriority {
        match self {
            Self::Pooled(pooled) => pooled.priority(),
            Self::Held(order) => &order.validity.priority,
        }
    }

    fn longevity(&self) -> &TransactionLongevity {
        match self {
            Self::Pooled(pooled) => pooled.longevity(),
            Self::Held(order) => &order.validity.longevity,
        }
    }

    fn requires(&self) -> &[TransactionTag] {
        match self {
            Self::Pooled(pooled) => pooled.requires(),
            Self::Held(order) => &order.validity.requires,
        }
    }

    fn provides(&self) -> &[TransactionTag] {
        match self {
            Self::Pooled(pooled) => pooled.provides(),
            Self::Held(order) => &order.validity.provides,
        }
    }

    fn is_propagable(&self) -> bool {
        match self {
            Self::Pooled(pooled) => pooled.is_propagable(),
            Self::Held(order) => order.validity.propagate,
        }
    }
}
