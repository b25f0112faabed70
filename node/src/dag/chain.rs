//! The DAG service's questions, answered by the node's client and transaction pool.

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use codec::Decode;
use loadstone_core::{AccountId, AnchorNumber, BlockNumber, Device, DeviceId, EventId, Hash, Resource, ValidatorInfo};
use loadstone_dag::{Anchor, Certificate, LedgerState};
use loadstone_dag_node::{BlockRef, Chain, ChainError};
use loadstone_market::{RecordChunk, RecordInputs};
use loadstone_runtime_api::LoadstoneApi;
use sc_transaction_pool_api::{TransactionPool, TransactionSource};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::{Block as BlockT, NumberFor};

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

    fn ledger(&self, at: Hash) -> Result<LedgerState, ChainError> {
        self.client.runtime_api().ledger(at).map_err(failed)
    }

    fn validators(&self, at: Hash) -> Result<Vec<(AccountId, ValidatorInfo)>, ChainError> {
        self.client.runtime_api().validators(at).map_err(failed)
    }

    fn device(&self, at: Hash, id: DeviceId) -> Result<Option<(Device, Resource)>, ChainError> {
        self.client.runtime_api().device(at, id).map_err(failed)
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
