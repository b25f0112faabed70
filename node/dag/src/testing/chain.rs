//! A chain in memory: what is submitted is final at once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use loadstone_core::{
    quorum, AccountId, AnchorNumber, BlockNumber, BoundedVec, Device, DeviceId, EventId, Hash, Member, OrganisationId,
    Resource, ValidatorInfo,
};
use loadstone_dag::{Anchor, Certificate, LedgerState};
use loadstone_market::{RecordChunk, RecordInputs};
use parking_lot::Mutex;

use super::{registered, GENESIS};
use crate::chain::{BlockRef, Chain, ChainError};

/// State that tests write and the service reads, the same in every block.
#[derive(Default)]
pub struct TestChain {
    /// Registered devices.
    pub devices: Mutex<BTreeMap<DeviceId, (Device, Resource)>>,
    /// The ledger.
    pub ledger: Mutex<LedgerState>,
    /// The committee of the next epoch; with none, the one in force goes on.
    pub next: Mutex<Option<Vec<Member>>>,
    /// The validators with their peers.
    pub validators: Mutex<Vec<(AccountId, ValidatorInfo)>>,
    /// Closing anchors so far.
    pub closings: Mutex<Vec<Anchor>>,
    /// Records that are missing; each follows from [`super::record_inputs`].
    pub missing: Mutex<Vec<(EventId, u32, AnchorNumber)>>,
}

impl TestChain {
    /// Registers a device whose key is [`super::key`] of its id.
    pub fn register(&self, device: u32) {
        self.devices.lock().insert(DeviceId(device), registered(device, false));
    }

    /// Announces a validator whose peer is one byte.
    pub fn announce(&self, account: AccountId, peer: u8) {
        let info = ValidatorInfo {
            organisation: OrganisationId(peer.into()),
            peer: BoundedVec::truncate_from(vec![peer]),
            gateway: BoundedVec::truncate_from(format!("ws://gateway-{peer}").into_bytes()),
        };
        self.validators.lock().push((account, info));
    }

    /// Begins to close the epoch; `next` follows.
    pub fn close(&self, next: Vec<Member>) {
        *self.next.lock() = Some(next);
        self.ledger.lock().closing = true;
    }

    /// The newest anchor.
    pub fn latest(&self) -> Option<Anchor> {
        self.ledger.lock().latest.clone()
    }

    /// The epoch in force.
    pub fn epoch(&self) -> u32 {
        self.ledger.lock().epoch
    }
}

#[async_trait]
impl Chain for TestChain {
    fn genesis(&self) -> Hash {
        GENESIS
    }

    fn finalised(&self) -> BlockRef {
        BlockRef { hash: self.genesis(), number: 0 }
    }

    fn block_hash(&self, _: BlockNumber) -> Option<Hash> {
        Some(self.genesis())
    }

    fn ledger(&self, _: Hash) -> Result<LedgerState, ChainError> {
        Ok(self.ledger.lock().clone())
    }

    fn validators(&self, _: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError> {
        Ok(self.validators.lock().clone())
    }

    fn device(&self, _: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError> {
        Ok(self.devices.lock().get(&id).cloned())
    }

    fn missing_chunks(&self, _: Hash) -> Result<Vec<(EventId, u32, AnchorNumber)>, ChainError> {
        Ok(self.missing.lock().clone())
    }

    fn record_inputs(&self, _: Hash, event: EventId, chunk: u32) -> Result<Option<RecordInputs>, ChainError> {
        let mut missing = self.missing.lock().clone().into_iter();
        let cutoff = missing.find(|(e, c, _)| (*e, *c) == (event, chunk)).map(|(.., cutoff)| cutoff);
        Ok(cutoff.map(|cutoff| super::record_inputs(0, cutoff.0)))
    }

    async fn submit_anchor(&self, anchor: Anchor, certificate: Certificate) -> Result<(), ChainError> {
        let mut ledger = self.ledger.lock();
        let refused = |why: &str| Err(ChainError::Pool(why.into()));
        let (number, parent) = ledger.latest.as_ref().map_or((AnchorNumber(0), Hash::zero()), |a| (a.number, a.hash()));
        if anchor.epoch != ledger.epoch || anchor.number != number.next() || anchor.parent != parent {
            return refused("it does not extend the newest anchor");
        }
        let weights: u32 = ledger.committee.iter().map(|member| member.weight).sum();
        let weight_of = |index: usize| ledger.committee.get(index).map_or(0, |member| member.weight);
        let signed: u32 = certificate.iter().map(|(member, _)| weight_of(usize::from(member.0))).sum();
        if signed < quorum(weights) {
            return refused("too few signatures");
        }
        if anchor.closes_epoch() {
            if !ledger.closing {
                return refused("the epoch is not closing");
            }
            ledger.epoch += 1;
            ledger.closing = false;
            ledger.start = Some(anchor.clone());
            if let Some(next) = self.next.lock().take() {
                ledger.committee = next;
            }
            self.closings.lock().push(anchor.clone());
        }
        ledger.latest = Some(anchor);
        Ok(())
    }

    async fn submit_records(&self, _: RecordChunk, _: Certificate) -> Result<(), ChainError> {
        Ok(())
    }
}
