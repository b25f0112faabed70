//! The book of held orders and the chain that they are compared with.

use std::{sync::Arc, time::Instant};

use futures::channel::mpsc;
use parking_lot::Mutex;
use sc_transaction_pool_api::{error::Error, TransactionSource};
use sp_runtime::{
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{InvalidTransaction, TransactionValidity, TransactionValidityError},
};

use crate::{
    book::{Book, Entered, Status},
    Order, LOG,
};

/// The way from one block to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<H> {
    /// Blocks that are left, beginning with the first block's own.
    pub retracted: Vec<H>,
    /// Blocks that are entered, up to the second block.
    pub enacted: Vec<H>,
}

/// What the lane asks the chain. Questions that fail are answered with `None`.
pub trait Chain<B: BlockT>: Send + Sync {
    /// Whether this extrinsic is an order, as far as can be told without state.
    fn is_order(&self, extrinsic: &B::Extrinsic) -> bool;

    /// What the runtime says of an extrinsic.
    fn validity(&self, at: B::Hash, source: TransactionSource, extrinsic: B::Extrinsic) -> Option<TransactionValidity>;

    /// Height of a block.
    fn height(&self, block: B::Hash) -> Option<NumberFor<B>>;

    /// Hashes of a block's extrinsics.
    fn extrinsics(&self, block: B::Hash) -> Option<Vec<B::Hash>>;

    /// The way between two blocks.
    fn route(&self, from: B::Hash, to: B::Hash) -> Option<Route<B::Hash>>;
}

/// Holds orders.
pub struct Lane<B: BlockT, C> {
    chain: C,
    state: Mutex<State<B>>,
}

struct State<B: BlockT> {
    book: Book<B>,
    /// The block that the book was last compared with, as long as orders are held.
    at: Option<B::Hash>,
}

impl<B: BlockT, C: Chain<B>> Lane<B, C> {
    /// An empty lane over `chain`.
    pub fn new(chain: C) -> Self {
        Self { chain, state: Mutex::new(State { book: Book::default(), at: None }) }
    }

    /// Whether this extrinsic belongs here.
    pub fn takes(&self, extrinsic: &B::Extrinsic) -> bool {
        self.chain.is_order(extrinsic)
    }

    /// Holds an order if it is valid at the block `at`; whether it is new.
    ///
    /// # Errors
    /// The runtime's refusal, or [`Error::ImmediatelyDropped`] when too many are held.
    pub fn hold(
        &self,
        at: B::Hash,
        source: TransactionSource,
        hash: B::Hash,
        extrinsic: &B::Extrinsic,
    ) -> Result<bool, Error> {
        if self.get(&hash).is_some() {
            return Ok(false);
        }
        let unknown = || Error::InvalidBlockId(format!("{at:?} can't be asked for an order's validity"));
        let height = self.chain.height(at).ok_or_else(unknown)?;
        let validity = match self.chain.validity(at, source, extrinsic.clone()).ok_or_else(unknown)? {
            Ok(validity) => validity,
            Err(TransactionValidityError::Invalid(why)) => return Err(Error::InvalidTransaction(why)),
            Err(TransactionValidityError::Unknown(why)) => return Err(Error::UnknownTransaction(why)),
        };
        let order = Order { hash, extrinsic: Arc::new(extrinsic.clone()), validity };
        let mut state = self.state.lock();
        let entered = state.book.enter(order, height, Instant::now());
        // A block that came meanwhile may have it already.
        let newest = *state.at.get_or_insert(at);
        self.enact(&mut state, at, newest);
        match entered {
            Entered::New => Ok(true),
            Entered::Known => Ok(false),
            Entered::Full => Err(Error::ImmediatelyDropped),
        }
    }

    /// Hashes of a block's transactions; none if the chain can't tell.
    pub fn extrinsics(&self, block: B::Hash) -> Vec<B::Hash> {
        self.chain.extrinsics(block).unwrap_or_default()
    }

    /// The held order with this hash.
    pub fn get(&self, hash: &B::Hash) -> Option<Arc<Order<B>>> {
        self.state.lock().book.get(hash)
    }

    /// Tells what becomes of a held order.
    pub fn watch(&self, hash: &B::Hash) -> Option<mpsc::UnboundedReceiver<Status<B>>> {
        self.state.lock().book.watch(hash)
    }

    /// Held orders that the chain which ends in `head` lacks.
    pub fn waiting(&self, head: B::Hash) -> Vec<Arc<Order<B>>> {
        let mut state = self.state.lock();
        self.follow_in(&mut state, head);
        state.book.waiting()
    }

    /// Whether the chain that ends in `head` lacks a held order.
    pub fn is_lacking(&self, head: B::Hash) -> bool {
        self.follow(head);
        self.lacking() > 0
    }

    /// Held orders that the newest chain seen lacks.
    pub fn waiting_anywhere(&self) -> Vec<Arc<Order<B>>> {
        self.state.lock().book.waiting()
    }

    /// Tells, each time it is asked, of orders that came since it was asked before, or since now.
    pub fn later(self: &Arc<Self>) -> impl FnMut() -> Vec<Arc<Order<B>>> {
        let (lane, mut seen) = (self.clone(), self.state.lock().book.next());
        move || {
            let state = lane.state.lock();
            state.book.since(std::mem::replace(&mut seen, state.book.next()))
        }
    }

    /// How many held orders the newest chain seen lacks.
    pub fn lacking(&self) -> usize {
        self.state.lock().book.lacking()
    }

    /// Compares with the chain that ends in `head`.
    pub fn follow(&self, head: B::Hash) {
        self.follow_in(&mut self.state.lock(), head);
    }

    fn follow_in(&self, state: &mut State<B>, head: B::Hash) {
        if state.book.is_empty() {
            state.at = None;
            return;
        }
        if let Some(from) = state.at.replace(head) {
            self.enact(state, from, head);
        }
    }

    /// Compares with the blocks between two.
    fn enact(&self, state: &mut State<B>, from: B::Hash, to: B::Hash) {
        if from == to {
            return;
        }
        let Some(route) = self.chain.route(from, to) else { return };
        for block in route.retracted {
            state.book.retracted(block);
        }
        for block in route.enacted {
            state.book.enacted(block, &self.extrinsics(block));
        }
    }

    /// These blocks are final, oldest first: their orders need no keeper any more, and those that the last one
    /// refuses have none.
    pub fn finalised(&self, blocks: &[B::Hash]) {
        if self.state.lock().book.is_empty() {
            return;
        }
        for block in blocks {
            let extrinsics = self.extrinsics(*block);
            self.state.lock().book.finalised(*block, &extrinsics);
        }
        let Some(last) = blocks.last() else { return };
        let Some(height) = self.chain.height(*last) else { return };
        let overdue = self.state.lock().book.overdue(height);
        for order in overdue {
            if let Some(why) = self.refusal(*last, &order.extrinsic) {
                log::warn!(target: LOG, "{:?} is not in the final chain, which refuses it: {why:?}", order.hash);
                self.state.lock().book.refused(&order.hash);
            }
        }
        for hash in self.state.lock().book.expire(Instant::now()) {
            log::warn!(target: LOG, "{hash:?} is let go: what its sender sent before it never came");
        }
    }

    /// Why the state after `block` will never take a transaction. One that lacks its predecessor may get it yet.
    pub fn refusal(&self, block: B::Hash, extrinsic: &B::Extrinsic) -> Option<InvalidTransaction> {
        match self.chain.validity(block, TransactionSource::External, extrinsic.clone())? {
            Err(TransactionValidityError::Invalid(InvalidTransaction::Future)) => None,
            Err(TransactionValidityError::Invalid(why)) => Some(why),
            _ => None,
        }
    }
}
