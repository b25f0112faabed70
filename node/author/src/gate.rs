//! Leaves slots to others while something forbids to make blocks.

use async_trait::async_trait;
use sc_consensus_slots::{SlotInfo, SlotWorker};
use sp_runtime::traits::Block as BlockT;

/// Goes through slots as `inner` does, but for those in which it may not author.
pub struct Gated<W, G> {
    inner: W,
    may_author: G,
}

impl<W, G> Gated<W, G> {
    /// `may_author` is asked at the beginning of each slot.
    pub fn new(inner: W, may_author: G) -> Self {
        Self { inner, may_author }
    }
}

#[async_trait]
impl<B, W, G> SlotWorker<B> for Gated<W, G>
where
    B: BlockT,
    W: SlotWorker<B> + Send + Sync,
    G: Fn() -> bool + Send + Sync,
{
    async fn on_slot(&mut self, slot: SlotInfo<B>) -> Option<B> {
        if !(self.may_author)() {
            return None;
        }
        self.inner.on_slot(slot).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_runtime::{generic, testing::Header, OpaqueExtrinsic};
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    type Block = generic::Block<Header, OpaqueExtrinsic>;

    /// Makes a block in every slot.
    struct Busy;

    #[async_trait]
    impl SlotWorker<Block> for Busy {
        async fn on_slot(&mut self, slot: SlotInfo<Block>) -> Option<Block> {
            Some(Block { header: slot.chain_head, extrinsics: Vec::new() })
        }
    }

    #[tokio::test]
    async fn slots_are_left_to_others_while_the_gate_is_shut() {
        // GIVEN an author that makes a block in every slot
        let is_open = AtomicBool::new(true);
        let mut worker = Gated::new(Busy, || is_open.load(Ordering::Relaxed));
        let slot = |slot: u64| {
            SlotInfo::new(slot.into(), Box::new(()), Duration::from_millis(200), Header::new_from_number(1), None)
        };
        // WHEN the gate is open, then shut, then open again THEN so are its slots
        for (number, open) in [(1, true), (2, false), (3, true)] {
            is_open.store(open, Ordering::Relaxed);
            assert_eq!(worker.on_slot(slot(number)).await.is_some(), open);
        }
    }
}
