//! A chain in memory, for tests of what asks the chain.

use std::collections::BTreeMap;

use async_trait::async_trait;
use loadstone_core::{
    AccountId, AnchorNumber, BlockNumber, Device, DeviceId, EventId, Hash, Member, Resource, ValidatorInfo,
};
use loadstone_dag::{Anchor, Certificate};
use loadstone_market::{RecordChunk, RecordInputs};
use parking_lot::Mutex;

use super::chain::{BlockRef, Chain, ChainError};

/// State that tests write and the service reads, the same in every block.
#[derive(Default)]
pub struct TestChain {
    /// Registered devices.
    pub devices: Mutex<BTreeMap<DeviceId, (Device, Resource)>>,
    /// The committee.
    pub committee: Mutex<Vec<Member>>,
    /// The anchor that stands in finalised state.
    pub latest: Mutex<Option<Anchor>>,
    /// Anchors that were submitted.
    pub submitted: Mutex<Vec<(Anchor, Certificate)>>,
}

#[async_trait]
impl Chain for TestChain {
    fn genesis(&self) -> Hash {
        Hash::repeat_byte(7)
    }

    fn finalised(&self) -> BlockRef {
        BlockRef { hash: self.genesis(), number: 0 }
    }

    fn block_hash(&self, _: BlockNumber) -> Option<Hash> {
        Some(self.genesis())
    }

    fn committee(&self, _: Hash) -> Result<Vec<Member>, ChainError> {
        Ok(self.committee.lock().clone())
    }

    fn validators(&self, _: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError> {
        Ok(Vec::new())
    }

    fn device(&self, _: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError> {
        Ok(self.devices.lock().get(&id).cloned())
    }

    fn latest_anchor(&self, _: Hash) -> Result<Option<Anchor>, ChainError> {
        Ok(self.latest.lock().clone())
    }

    fn missing_chunks(&self, _: Hash) -> Result<Vec<(EventId, u32, AnchorNumber)>, ChainError> {
        Ok(Vec::new())
    }

    fn record_inputs(&self, _: Hash, _: EventId, _: u32) -> Result<Option<RecordInputs>, ChainError> {
        Ok(None)
    }

    async fn submit_anchor(&self, anchor: Anchor, certificate: Certificate) -> Result<(), ChainError> {
        self.submitted.lock().push((anchor, certificate));
        Ok(())
    }

    async fn submit_records(&self, _: RecordChunk, _: Certificate) -> Result<(), ChainError> {
        Ok(())
    }
}
