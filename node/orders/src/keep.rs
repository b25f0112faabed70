//! Ordinary transactions from their acceptance to a final block, or until they are overdue.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use codec::Encode;
use sp_runtime::traits::Block as BlockT;

use crate::PATIENCE;

/// Transactions and bytes that are kept at most, as many as Substrate's pool takes. Beyond, the oldest goes.
const MOST: usize = 8_192;
const MOST_BYTES: usize = 20 * 1_024 * 1_024;

/// Time until a transaction that no final block has is overdue, and until it is looked at once more.
const OVERDUE: Duration = Duration::from_secs(5);

/// Overdue transactions that are looked at together: each is validated, in less than a millisecond.
const BATCH: usize = 128;

struct Kept<B: BlockT> {
    hash: B::Hash,
    extrinsic: Arc<B::Extrinsic>,
    bytes: usize,
    since: Instant,
    seen: Instant,
}

/// See the module's text. In the order of their arrival, which is that of a sender's nonces.
pub struct Keep<B: BlockT> {
    kept: BTreeMap<u64, Kept<B>>,
    places: BTreeMap<B::Hash, u64>,
    next: u64,
    bytes: usize,
}

impl<B: BlockT> Default for Keep<B> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), places: BTreeMap::new(), next: 0, bytes: 0 }
    }
}

impl<B: BlockT> Keep<B> {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Keeps a transaction that the pool has accepted.
    pub fn add(&mut self, hash: B::Hash, extrinsic: Arc<B::Extrinsic>, now: Instant) {
        if self.places.contains_key(&hash) {
            return;
        }
        let bytes = extrinsic.encoded_size();
        self.bytes = self.bytes.saturating_add(bytes);
        self.places.insert(hash, self.next);
        self.kept.insert(self.next, Kept { hash, extrinsic, bytes, since: now, seen: now });
        self.next = self.next.saturating_add(1);
        while self.kept.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.kept.first_key_value().map(|(_, oldest)| oldest.hash) else { break };
            self.forget(&oldest);
        }
    }

    /// A transaction needs no keeper any more.
    pub fn forget(&mut self, hash: &B::Hash) {
        if let Some(gone) = self.places.remove(hash).and_then(|place| self.kept.remove(&place)) {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
    }

    /// Overdue transactions, oldest first, which are looked at now. Lets go what waited too long.
    pub fn due(&mut self, now: Instant) -> Vec<(B::Hash, Arc<B::Extrinsic>)> {
        let old = |kept: &&Kept<B>| now.saturating_duration_since(kept.since) >= PATIENCE;
        let old: Vec<_> = self.kept.values().take_while(old).map(|kept| kept.hash).collect();
        for hash in old {
            self.forget(&hash);
        }
        let waits = |kept: &&mut Kept<B>| now.saturating_duration_since(kept.seen) >= OVERDUE;
        let due = self.kept.values_mut().filter(waits).take(BATCH);
        due.map(|kept| {
            kept.seen = now;
            (kept.hash, kept.extrinsic.clone())
        })
        .collect()
    }
}
