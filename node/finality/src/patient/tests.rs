//! A chain of two blocks of which the second may come late.

use super::*;
use parking_lot::Mutex;
use sc_client_api::{
    blockchain::{BlockStatus, Info, Result as Found},
    BlockImportNotification, FinalityNotifications, ImportNotifications, StorageEventStream, StorageKey,
};
use sc_utils::mpsc::{tracing_unbounded, TracingUnboundedSender};
use sp_core::H256;
use sp_runtime::{generic, traits::BlakeTwo256, OpaqueExtrinsic};

type TestHeader = generic::Header<u32, BlakeTwo256>;
type TestBlock = generic::Block<TestHeader, OpaqueExtrinsic>;

/// Long for what needs no waiting.
const PATIENCE: Duration = Duration::from_secs(20);

struct Chain {
    first: TestHeader,
    second: TestHeader,
    /// Whether the second block has been imported.
    is_whole: Mutex<bool>,
    /// Whether it is imported just before a subscription, which then tells nothing of it.
    comes_between: bool,
    /// Held, so that their streams don't end.
    subscribers: Mutex<Vec<TracingUnboundedSender<BlockImportNotification<TestBlock>>>>,
}

impl Chain {
    fn new(is_whole: bool, comes_between: bool) -> Arc<Self> {
        let header =
            |number, parent| TestHeader::new(number, H256::zero(), H256::zero(), parent, sp_runtime::Digest::default());
        let first = header(0, H256::zero());
        let second = header(1, first.hash());
        let (is_whole, subscribers) = (Mutex::new(is_whole), Mutex::default());
        Arc::new(Self { first, second, is_whole, comes_between, subscribers })
    }

    /// What is voted for within `patience` on top of the first block, which is final; and subscriptions until then.
    async fn vote(self: Arc<Self>, patience: Duration) -> (u32, usize) {
        let patient = Patient::new(Longest(self.clone()), self.clone(), patience);
        let target = SelectChain::<TestBlock>::finality_target(&patient, self.first.hash(), None).await;
        let header = self.header(target.expect("there is one")).expect("known").expect("known");
        let subscriptions = self.subscribers.lock().len();
        (header.number, subscriptions)
    }
}

impl HeaderBackend<TestBlock> for Chain {
    fn header(&self, hash: H256) -> Found<Option<TestHeader>> {
        Ok([&self.first, &self.second].into_iter().find(|header| header.hash() == hash).cloned())
    }

    fn info(&self) -> Info<TestBlock> {
        Info {
            best_hash: self.first.hash(),
            best_number: 0,
            genesis_hash: self.first.hash(),
            finalized_hash: self.first.hash(),
            finalized_number: 0,
            finalized_state: None,
            number_leaves: 1,
            block_gap: None,
        }
    }

    fn status(&self, _: H256) -> Found<BlockStatus> {
        Ok(BlockStatus::InChain)
    }

    fn number(&self, hash: H256) -> Found<Option<u32>> {
        Ok(self.header(hash)?.map(|header| header.number))
    }

    fn hash(&self, number: u32) -> Found<Option<H256>> {
        Ok((number == 0).then(|| self.first.hash()))
    }
}

impl BlockchainEvents<TestBlock> for Chain {
    fn import_notification_stream(&self) -> ImportNotifications<TestBlock> {
        *self.is_whole.lock() |= self.comes_between;
        let (sender, imports) = tracing_unbounded("test", 1);
        self.subscribers.lock().push(sender);
        imports
    }

    fn every_import_notification_stream(&self) -> ImportNotifications<TestBlock> {
        tracing_unbounded("test", 1).1
    }

    fn finality_notification_stream(&self) -> FinalityNotifications<TestBlock> {
        tracing_unbounded("test", 1).1
    }

    fn storage_changes_notification_stream(
        &self,
        _: Option<&[StorageKey]>,
        _: Option<&[(StorageKey, Option<Vec<StorageKey>>)]>,
    ) -> Found<StorageEventStream<H256>> {
        Err(sc_client_api::blockchain::Error::Backend("not in this test".into()))
    }
}

/// Chooses the newest block.
#[derive(Clone)]
struct Longest(Arc<Chain>);

#[async_trait]
impl SelectChain<TestBlock> for Longest {
    async fn leaves(&self) -> Result<Vec<H256>, Error> {
        Ok(vec![self.best_chain().await?.hash()])
    }

    async fn best_chain(&self) -> Result<TestHeader, Error> {
        Ok(if *self.0.is_whole.lock() { self.0.second.clone() } else { self.0.first.clone() })
    }

    async fn finality_target(&self, _: H256, _: Option<u32>) -> Result<H256, Error> {
        Ok(self.best_chain().await?.hash())
    }
}

#[tokio::test]
async fn a_block_at_hand_is_voted_for_without_a_subscription() {
    // GIVEN a block on top of the final one THEN it is voted for at once
    assert_eq!(Chain::new(true, false).vote(PATIENCE).await, (1, 0));
    // GIVEN none, and no patience THEN the final one is voted for, also at once
    assert_eq!(Chain::new(false, false).vote(Duration::ZERO).await, (0, 0));
}

#[tokio::test]
async fn a_block_that_comes_between_the_look_and_the_subscription_is_not_missed() {
    // GIVEN a block that is imported after the first look, and of which no notification tells
    let vote = tokio::time::timeout(PATIENCE / 2, Chain::new(false, true).vote(PATIENCE)).await;
    // THEN it is voted for without waiting
    assert_eq!(vote, Ok((1, 1)));
}

#[tokio::test]
async fn patience_ends() {
    // GIVEN no block WHEN patience is over THEN the final one is voted for again
    assert_eq!(Chain::new(false, false).vote(Duration::from_millis(50)).await, (0, 1));
}
