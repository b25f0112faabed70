//! What the DAG service asks of the chain, behind one trait so that the service is testable without one.

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use codec::Decode;
use loadstone_core::{
    AccountId, AnchorNumber, BlockNumber, Device, DeviceId, EventId, Hash, Member, Resource, ValidatorInfo,
};
use loadstone_dag::{Anchor, Certificate};
use loadstone_market::{RecordChunk, RecordInputs};
use loadstone_runtime_api::LoadstoneApi;
use sc_transaction_pool_api::{TransactionPool, TransactionSource};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::{Block as BlockT, NumberFor};

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
    /// The committee in order of member index.
    fn committee(&self, at: Hash) -> Result<Vec<Member>, ChainError>;
    /// The validators and where they are found.
    fn validators(&self, at: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError>;
    /// A device with its resource.
    fn device(&self, at: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError>;
    /// The newest anchor in the block's state.
    fn latest_anchor(&self, at: Hash) -> Result<Option<Anchor>, ChainError>;
    /// Chunks of event records that are due, with their cut-off anchors.
    fn missing_chunks(&self, at: Hash) -> Result<Vec<(EventId, u32, AnchorNumber)>, ChainError>;
    /// What the chain contributes to a chunk of records.
    fn record_inputs(&self, at: Hash, event: EventId, chunk: u32) -> Result<Option<RecordInputs>, ChainError>;
    /// Puts an anchor with its certificate into the pool.
    async fn submit_anchor(&self, anchor: Anchor, certificate: Certificate) -> Result<(), ChainError>;
    /// Puts a chunk of records with its certificate into the pool.
    async fn submit_records(&self, chunk: RecordChunk, certificate: Certificate) -> Result<(), ChainError>;
}

/// [`Chain`] over the node's client and transaction pool.
pub struct ClientChain<Block, C, P> {
    client: Arc<C>,
    pool: Arc<P>,
    block: PhantomData<fn() -> Block>,
}

impl<Block, C, P> ClientChain<Block, C, P> {
    /// Over `client` and `pool`.
    pub fn new(client: Arc<C>, pool: Arc<P>) -> Self {
        Self { client, pool, block: PhantomData }
    }
}

impl<Block, C, P> ClientChain<Block, C, P>
where
    Block: BlockT<Hash = Hash>,
    C: HeaderBackend<Block> + 'static,
    P: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    async fn put_in_pool(&self, encoded: Vec<u8>) -> Result<(), ChainError> {
        let extrinsic = Block::Extrinsic::decode(&mut &encoded[..]).map_err(|_| ChainError::Extrinsic)?;
        let best = self.client.info().best_hash;
        self.pool
            .submit_one(best, TransactionSource::Local, extrinsic)
            .await
            .map(|_| ())
            .map_err(|error| ChainError::Pool(error.to_string()))
    }
}

fn failed(error: sp_api::ApiError) -> ChainError {
    ChainError::Runtime(error.to_string())
}

#[async_trait]
impl<Block, C, P> Chain for ClientChain<Block, C, P>
where
    Block: BlockT<Hash = Hash>,
    NumberFor<Block>: Into<BlockNumber> + From<BlockNumber>,
    C: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    C::Api: LoadstoneApi<Block>,
    P: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    fn genesis(&self) -> Hash {
        self.client.info().genesis_hash
    }

    fn finalised(&self) -> BlockRef {
        let info = self.client.info();
        BlockRef { hash: info.finalized_hash, number: info.finalized_number.into() }
    }

    fn block_hash(&self, number: BlockNumber) -> Option<Hash> {
        self.client.hash(number.into()).ok().flatten()
    }

    fn committee(&self, at: Hash) -> Result<Vec<Member>, ChainError> {
        self.client.runtime_api().committee(at).map_err(failed)
    }

    fn validators(&self, at: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError> {
        self.client.runtime_api().validators(at).map_err(failed)
    }

    fn device(&self, at: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError> {
        self.client.runtime_api().device(at, id).map_err(failed)
    }

    fn latest_anchor(&self, at: Hash) -> Result<Option<Anchor>, ChainError> {
        self.client.runtime_api().latest_anchor(at).map_err(failed)
    }

    fn missing_chunks(&self, at: Hash) -> Result<Vec<(EventId, u32, AnchorNumber)>, ChainError> {
        self.client.runtime_api().missing_chunks(at).map_err(failed)
    }

    fn record_inputs(&self, at: Hash, event: EventId, chunk: u32) -> Result<Option<RecordInputs>, ChainError> {
        self.client.runtime_api().record_inputs(at, event, chunk).map_err(failed)
    }

    async fn submit_anchor(&self, anchor: Anchor, certificate: Certificate) -> Result<(), ChainError> {
        let at = self.client.info().best_hash;
        let encoded = self.client.runtime_api().submit_anchor(at, anchor, certificate).map_err(failed)?;
        self.put_in_pool(encoded).await
    }

    async fn submit_records(&self, chunk: RecordChunk, certificate: Certificate) -> Result<(), ChainError> {
        let at = self.client.info().best_hash;
        let encoded = self.client.runtime_api().submit_records(at, chunk, certificate).map_err(failed)?;
        self.put_in_pool(encoded).await
    }
}
