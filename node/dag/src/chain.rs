//! What the DAG service asks of the chain, behind one trait so that the service is testable without one.

use async_trait::async_trait;
use loadstone_core::{AccountId, AnchorNumber, BlockNumber, Device, DeviceId, EventId, Hash, Resource, ValidatorInfo};
use loadstone_dag::{Anchor, Certificate, LedgerState};
use loadstone_market::{RecordChunk, RecordInputs};

/// Why a question to the chain has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The state of the block is pruned, or the runtime refused.
    #[error("the runtime call failed: {0}")]
    Runtime(String),
    /// The runtime gave bytes that are no extrinsic.
    #[error("the runtime's extrinsic does not decode")]
    Extrinsic,
    /// The pool refused the extrinsic.
    #[error("the transaction pool refused it: {0}")]
    Pool(String),
}

/// A block by hash and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Its hash.
    pub hash: Hash,
    /// Its height.
    pub number: BlockNumber,
}

/// Reads of finalised state and submission of the service's own extrinsics.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// Hash of the genesis block.
    fn genesis(&self) -> Hash;
    /// The newest finalised block.
    fn finalised(&self) -> BlockRef;
    /// Hash of the block of this height in the best chain.
    fn block_hash(&self, number: BlockNumber) -> Option<Hash>;
    /// The ledger as the chain has it: epoch, committee, anchors.
    fn ledger(&self, at: Hash) -> Result<LedgerState, ChainError>;
    /// The validators and where they are found.
    fn validators(&self, at: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError>;
    /// A device with its resource.
    fn device(&self, at: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError>;
    /// Chunks of event records that are due, with their cut-off anchors.
    fn missing_chunks(&self, at: Hash) -> Result<Vec<(EventId, u32, AnchorNumber)>, ChainError>;
    /// What the chain contributes to a chunk of records.
    fn record_inputs(&self, at: Hash, event: EventId, chunk: u32) -> Result<Option<RecordInputs>, ChainError>;
    /// Puts an anchor with its certificate into the pool.
    async fn submit_anchor(&self, anchor: Anchor, certificate: Certificate) -> Result<(), ChainError>;
    /// Puts a chunk of records with its certificate into the pool.
    async fn submit_records(&self, chunk: RecordChunk, certificate: Certificate) -> Result<(), ChainError>;
}
