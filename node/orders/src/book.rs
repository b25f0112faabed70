//! Which orders are held, which of them a block has, and who wants to know.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use futures::channel::mpsc;
use sc_transaction_pool_api::{TransactionStatus, TxIndex};
use sp_runtime::{
    traits::{Block as BlockT, NumberFor},
    transaction_validity::TransactionTag,
};

use crate::{Order, MOST, PATIENCE};

/// What watchers of an order are told.
pub type Status<B> = TransactionStatus<<B as BlockT>::Hash, <B as BlockT>::Hash>;

struct Entry<B: BlockT> {
    order: Arc<Order<B>>,
    /// The block on the best chain that has it.
    included: Option<B::Hash>,
    /// The chain's height when it was found valid.
    height: NumberFor<B>,
    since: Instant,
    watchers: Vec<mpsc::UnboundedSender<Status<B>>>,
}

impl<B: BlockT> Entry<B> {
    fn tell(&mut self, status: &Status<B>) {
        self.watchers.retain(|watcher| watcher.unbounded_send(status.clone()).is_ok());
    }
}

/// Held orders in the order of their arrival.
pub struct Book<B: BlockT> {
    entries: BTreeMap<u64, Entry<B>>,
    places: BTreeMap<B::Hash, u64>,
    next: u64,
}

impl<B: BlockT> Default for Book<B> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), places: BTreeMap::new(), next: 0 }
    }
}

/// What became of an order that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It is held from now on.
    New,
    /// It was held already.
    Known,
    /// There is no room.
    Full,
}

impl<B: BlockT> Book<B> {
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Holds `order`, which is valid at `height`.
    pub fn enter(&mut self, order: Order<B>, height: NumberFor<B>, since: Instant) -> Entered {
        if self.places.contains_key(&order.hash) {
            return Entered::Known;
        }
        if self.entries.len() >= MOST {
            return Entered::Full;
        }
        self.places.insert(order.hash, self.next);
        let entry = Entry { order: Arc::new(order), included: None, height, since, watchers: Vec::new() };
        self.entries.insert(self.next, entry);
        self.next = self.next.saturating_add(1);
        Entered::New
    }

    /// The order with this hash.
    pub fn get(&self, hash: &B::Hash) -> Option<Arc<Order<B>>> {
        let entry = self.places.get(hash).and_then(|place| self.entries.get(place))?;
        Some(entry.order.clone())
    }

    /// Tells what becomes of an order, beginning with where it stands; `None` if it is not held.
    pub fn watch(&mut self, hash: &B::Hash) -> Option<mpsc::UnboundedReceiver<Status<B>>> {
        let entry = self.places.get(hash).and_then(|place| self.entries.get_mut(place))?;
        let (sender, receiver) = mpsc::unbounded();
        entry.watchers.push(sender);
        entry.tell(&TransactionStatus::Ready);
        Some(receiver)
    }

    /// Held orders that the best chain lacks, those first that others build on.
    pub fn waiting(&self) -> Vec<Arc<Order<B>>> {
        let lacking = self.entries.values().filter(|entry| entry.included.is_none());
        sorted(lacking.map(|entry| entry.order.clone()).collect())
    }

    /// Where the next order will stand, to ask later what came from then on.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Held orders that came at this place or later and that the best chain lacks, as they came.
    pub fn since(&self, place: u64) -> Vec<Arc<Order<B>>> {
        let late = self.entries.range(place..).filter(|(_, entry)| entry.included.is_none());
        late.map(|(_, entry)| entry.order.clone()).collect()
    }

    /// How many the best chain lacks.
    pub fn lacking(&self) -> usize {
        self.entries.values().filter(|entry| entry.included.is_none()).count()
    }

    /// A block with these extrinsics joined the best chain.
    pub fn enacted(&mut self, block: B::Hash, extrinsics: &[B::Hash]) {
        self.each_of(extrinsics, |entry, index| {
            if entry.included.replace(block) != Some(block) {
                entry.tell(&TransactionStatus::InBlock((block, index)));
            }
        });
    }

    /// A block left the best chain.
    pub fn retracted(&mut self, block: B::Hash) {
        for entry in self.entries.values_mut().filter(|entry| entry.included == Some(block)) {
            entry.included = None;
            entry.tell(&TransactionStatus::Retracted(block));
        }
    }

    /// A block with these extrinsics is final: its orders need no keeper any more.
    pub fn finalised(&mut self, block: B::Hash, extrinsics: &[B::Hash]) {
        self.each_of(extrinsics, |entry, index| entry.tell(&TransactionStatus::Finalized((block, index))));
        for place in extrinsics.iter().filter_map(|hash| self.places.remove(hash)) {
            self.entries.remove(&place);
        }
    }

    /// Orders that no block has though the chain is final beyond the height at which they were valid.
    pub fn overdue(&self, height: NumberFor<B>) -> Vec<Arc<Order<B>>> {
        let left = self.entries.values().filter(|entry| entry.included.is_none() && entry.height < height);
        left.map(|entry| entry.order.clone()).collect()
    }

    /// The final state refuses this order for good.
    pub fn refused(&mut self, hash: &B::Hash) {
        self.end(hash, &TransactionStatus::Invalid);
    }

    /// Lets orders go that have waited too long; their hashes.
    pub fn expire(&mut self, now: Instant) -> Vec<B::Hash> {
        let is_old =
            |entry: &&Entry<B>| entry.included.is_none() && now.saturating_duration_since(entry.since) >= PATIENCE;
        let old: Vec<_> = self.entries.values().filter(is_old).map(|entry| entry.order.hash).collect();
        for hash in &old {
            self.end(hash, &TransactionStatus::Dropped);
        }
        old
    }

    fn end(&mut self, hash: &B::Hash, status: &Status<B>) {
        if let Some(mut entry) = self.places.remove(hash).and_then(|place| self.entries.remove(&place)) {
            entry.tell(status);
        }
    }

    fn each_of(&mut self, extrinsics: &[B::Hash], mut act: impl FnMut(&mut Entry<B>, TxIndex)) {
        for (index, hash) in extrinsics.iter().enumerate() {
            if let Some(entry) = self.places.get(hash).and_then(|place| self.entries.get_mut(place)) {
                act(entry, index);
            }
        }
    }
}

/// Orders so that each comes after those it builds on, otherwise as they are.
fn sorted<B: BlockT>(orders: Vec<Arc<Order<B>>>) -> Vec<Arc<Order<B>>> {
    let tags = |order: &Order<B>| order.validity.provides.clone();
    let provided: BTreeSet<TransactionTag> = orders.iter().flat_map(|order| tags(order)).collect();
    // What waits for a tag, and how many tags each waits for.
    let mut waiting: BTreeMap<TransactionTag, Vec<usize>> = BTreeMap::new();
    let mut lacks = vec![0_usize; orders.len()];
    for (place, order) in orders.iter().enumerate() {
        let own = tags(order);
        for tag in order.validity.requires.iter().filter(|tag| provided.contains(*tag) && !own.contains(tag)) {
            waiting.entry(tag.clone()).or_default().push(place);
            lacks[place] += 1;
        }
    }
    let mut free: VecDeque<usize> = (0..orders.len()).filter(|place| lacks[*place] == 0).collect();
    let mut done = Vec::with_capacity(orders.len());
    while let Some(place) = free.pop_front() {
        done.push(orders[place].clone());
        for next in tags(&orders[place]).iter().filter_map(|tag| waiting.remove(tag)).flatten() {
            lacks[next] -= 1;
            if lacks[next] == 0 {
                free.push_back(next);
            }
        }
    }
    // Those that wait for each other never come true; the runtime says so.
    done.extend(orders.iter().zip(&lacks).filter(|(_, lacks)| **lacks > 0).map(|(order, _)| order.clone()));
    done
}
