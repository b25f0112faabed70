//! Goes through the author's slots.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::{stream::BoxStream, StreamExt};
use sc_client_api::BlockchainEvents;
use sc_consensus_slots::{SimpleSlotWorker, SlotInfo, SlotWorker};
use sp_consensus::SelectChain;
use sp_runtime::traits::{Block as BlockT, Header};

use crate::{
    decide::{decide, Step, View},
    demand::{Demand, Need},
    heartbeat, Timing, LOG,
};

/// Reads the slot of a block from its header; `None` for the first block, which has none.
pub type Head<B> = fn(&<B as BlockT>::Header) -> Option<u64>;

/// Makes blocks through `inner` when the demand and the moment of the slot call for one.
pub struct PromptWorker<B: BlockT, W: SimpleSlotWorker<B>, SC, C, D> {
    inner: W,
    chain: SC,
    client: Arc<C>,
    demand: D,
    timing: Timing,
    slot_of: Head<B>,
    /// Who may author on top of this block.
    authors: Option<(B::Hash, W::AuxData)>,
}

/// What becomes known while an author waits.
enum News {
    Arrived(Need),
    Imported,
    Time,
}

impl<B, W, SC, C, D> PromptWorker<B, W, SC, C, D>
where
    B: BlockT,
    W: SimpleSlotWorker<B> + Send + Sync,
    SC: SelectChain<B>,
    C: BlockchainEvents<B> + Send + Sync,
    D: Demand<B>,
{
    /// `inner` must let a block take as long as the slot that it is given lasts: the worker sets that to what is
    /// left of it. How long a block is filled is the business of its proposer ([`crate::Filling`]).
    pub fn new(inner: W, chain: SC, client: Arc<C>, demand: D, timing: Timing, slot_of: Head<B>) -> Self {
        Self { inner, chain, client, demand, timing, slot_of, authors: None }
    }

    /// How many authors there are if the slot is this validator's.
    async fn turn(&mut self, slot: &SlotInfo<B>) -> Option<usize> {
        let head = slot.chain_head.hash();
        if self.authors.as_ref().is_none_or(|(at, _)| *at != head) {
            // Whoever can't read the authors says so when a block is to be made.
            self.authors = self.inner.aux_data(&slot.chain_head, slot.slot).ok().map(|authors| (head, authors));
        }
        let Self { inner, authors, .. } = self;
        let (_, authors) = authors.as_ref()?;
        inner.claim_slot(&slot.chain_head, slot.slot, authors).await?;
        Some(inner.authorities_len(authors).unwrap_or(1))
    }

    /// The newest block and what waits for the next one; `None` once the slot is filled.
    async fn look(&self, slot: &SlotInfo<B>, authors: usize) -> Option<(B::Header, View)> {
        let head = self.chain.best_chain().await.ok()?;
        let parent = (self.slot_of)(&head);
        if parent.is_some_and(|parent| parent >= *slot.slot) {
            return None;
        }
        let need = self.demand.at(head.hash(), now_ms(slot)).await;
        let longest = if need == Need::Nothing { self.timing.rest } else { self.timing.heartbeat };
        let distance = heartbeat::distance(longest, slot.duration, authors);
        let heartbeat_due =
            self.inner.force_authoring() || parent.is_none_or(|parent| parent.saturating_add(distance) <= *slot.slot);
        let is_settled = parent.is_some_and(|parent| parent.saturating_add(1) == *slot.slot);
        Some((head, View { need, heartbeat_due, is_settled, elapsed: Duration::ZERO }))
    }

    /// Waits until the slot calls for a block; the parent and the block's greatest size.
    async fn wait(&self, slot: &SlotInfo<B>, authors: usize) -> Option<(B::Header, Option<usize>)> {
        let began = began(slot);
        // Subscribed before the first look, so that nothing falls between the two.
        let mut arrivals = self.demand.arrivals();
        let mut imports = self.client.import_notification_stream().map(drop).boxed();
        let (mut head, mut view) = self.look(slot, authors).await?;
        loop {
            view.elapsed = began.elapsed();
            let until = match decide(view, &self.timing) {
                Step::Build { limit } => return Some((head, limit)),
                Step::Skip => return None,
                Step::WaitUntil(moment) => began + moment,
            };
            match next(&mut arrivals, &mut imports, until).await {
                News::Arrived(need) => view.need = view.need.max(need),
                News::Imported => (head, view) = self.look(slot, authors).await?,
                News::Time => {}
            }
        }
    }
}

async fn next(arrivals: &mut BoxStream<'_, Need>, imports: &mut BoxStream<'_, ()>, until: Instant) -> News {
    tokio::select! {
        Some(need) = arrivals.next() => News::Arrived(need),
        Some(()) = imports.next() => News::Imported,
        () = tokio::time::sleep_until(until.into()) => News::Time,
    }
}

/// When the slot began.
fn began<B: BlockT>(slot: &SlotInfo<B>) -> Instant {
    slot.ends_at.checked_sub(slot.duration).unwrap_or_else(Instant::now)
}

/// Unix time at which the slot began, in milliseconds.
fn now_ms<B: BlockT>(slot: &SlotInfo<B>) -> u64 {
    let length = u64::try_from(slot.duration.as_millis()).unwrap_or(u64::MAX);
    (*slot.slot).saturating_mul(length)
}

#[async_trait]
impl<B, W, SC, C, D> SlotWorker<B> for PromptWorker<B, W, SC, C, D>
where
    B: BlockT,
    W: SimpleSlotWorker<B> + Send + Sync,
    SC: SelectChain<B>,
    C: BlockchainEvents<B> + Send + Sync,
    D: Demand<B>,
{
    async fn on_slot(&mut self, mut slot: SlotInfo<B>) -> Option<B> {
        let authors = self.turn(&slot).await?;
        let (head, limit) = self.wait(&slot, authors).await?;
        log::debug!(target: LOG, "a block in slot {} after {:?}", slot.slot, began(&slot).elapsed());
        slot.chain_head = head;
        slot.block_size_limit = limit;
        // A proposal is thrown away when this much time has passed: not before the slot is over.
        slot.duration = slot.ends_at.saturating_duration_since(Instant::now());
        self.inner.on_slot(slot).await
    }
}
