//! A chain in memory, for tests of what asks the chain.

use std::collections::BTreeMap;

use async_trait::async_trait;
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, BlockNumber, Device, DeviceId, EventId, Hash, Incarnation, Member, Millis,
    Resource, ResourceId, Sequence, ValidatorInfo, Watts,
};
use loadstone_dag::{Anchor, Body, Certificate, Readings, Slot, Unit, UnitContent};
use loadstone_evidence::sign::SigningKey;
use loadstone_market::{RecordChunk, RecordInputs};
use parking_lot::Mutex;

use super::chain::{BlockRef, Chain, ChainError};

/// Hash of the test chain's genesis block.
pub const GENESIS: Hash = Hash::repeat_byte(7);

fn key(device: u32) -> SigningKey {
    SigningKey::from_seed(&[device as u8; 32])
}

/// A signed unit with one reading.
pub fn unit(device: u32, sequence: u64, previous: Hash, watts: i64) -> Unit {
    let slot = Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) };
    let readings = Readings::new(Millis(1_000 * (sequence + 1)), 1_000, None, &[(Watts(watts), true)]).expect("sound");
    let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(readings) };
    let signature = key(device).sign(&content.payload(&GENESIS));
    Unit { content, signature }
}

/// The unit's id.
pub fn unit_id(unit: &Unit) -> Hash {
    unit.content.payload(&GENESIS).hash()
}

/// A device that can read 0 to 1,000 W.
pub fn registered(id: u32, revoked: bool) -> (Device, Resource) {
    let device = Device { resource: ResourceId(id), key: key(id).public(), incarnation: Incarnation(0), revoked };
    let resource = Resource {
        owner: AccountId::new([1; 32]),
        area: AreaId(1),
        device: DeviceId(id),
        capacity_down: Watts(100),
        capacity_up: Watts(0),
        load_min: Watts(0),
        load_max: Watts(1_000),
    };
    (device, resource)
}

/// State that tests write and the service reads, the same in every block.
#[derive(Default)]
pub struct TestChain {
    /// Registered devices.
    pub devices: Mutex<BTreeMap<DeviceId, (Device, Resource)>>,
    /// The committee.
    pub committee: Mutex<Vec<Member>>,
    /// The newest anchor that was submitted; it is final at once.
    pub latest: Mutex<Option<Anchor>>,
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
        let mut latest = self.latest.lock();
        let (number, parent) = latest.as_ref().map_or((AnchorNumber(0), Hash::zero()), |a| (a.number, a.hash()));
        if anchor.number != number.next() || anchor.parent != parent || certificate.len() < 3 {
            return Err(ChainError::Pool("it does not extend the newest anchor".into()));
        }
        *latest = Some(anchor);
        Ok(())
    }

    async fn submit_records(&self, _: RecordChunk, _: Certificate) -> Result<(), ChainError> {
        Ok(())
    }
}
