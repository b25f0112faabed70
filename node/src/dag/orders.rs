//! What order capsules are made from: the node's blocks, their state and GRANDPA's justifications.

use std::{marker::PhantomData, sync::Arc};

use codec::Encode;
use futures::{stream::BoxStream, StreamExt};
use loadstone_core::Hash;
use loadstone_dag_node::{ChainError, Justified, OrderSource};
use loadstone_evidence::Header;
use sc_client_api::{Backend, ProofProvider, StorageData, StorageKey, StorageProvider};
use sc_consensus_grandpa::GrandpaJustificationStream;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::Block as BlockT;

/// Justifications that may wait before the log warns.
const QUEUE: usize = 1_024;

/// [`OrderSource`] over the node's client.
pub struct ClientOrders<Block, BE, C> {
    client: Arc<C>,
    types: PhantomData<fn() -> (Block, BE)>,
}

impl<Block, BE, C> ClientOrders<Block, BE, C> {
    /// Over `client`.
    pub fn new(client: Arc<C>) -> Self {
        Self { client, types: PhantomData }
    }
}

/// Every block that the voter or the import finalises, with its justification: also those whose
/// justification is not stored.
pub fn justified<Block: BlockT<Hash = Hash>>(
    justifications: &GrandpaJustificationStream<Block>,
) -> BoxStream<'static, Justified> {
    let stream = justifications.subscribe(QUEUE);
    stream.map(|proof| Justified { hash: proof.target().1, justification: proof.encode() }).boxed()
}

fn failed(error: sp_blockchain::Error) -> ChainError {
    ChainError::Runtime(error.to_string())
}

impl<Block, BE, C> OrderSource for ClientOrders<Block, BE, C>
where
    Block: BlockT<Hash = Hash, Header = Header>,
    BE: Backend<Block> + 'static,
    C: HeaderBackend<Block> + StorageProvider<Block, BE> + ProofProvider<Block> + Send + Sync + 'static,
{
    fn header(&self, hash: Hash) -> Result<Option<Header>, ChainError> {
        self.client.header(hash).map_err(failed)
    }

    fn value(&self, at: Hash, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
        let value = self.client.storage(at, &StorageKey(key.to_vec())).map_err(failed)?;
        Ok(value.map(|StorageData(bytes)| bytes))
    }

    fn keys(&self, at: Hash, prefix: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ChainError> {
        let keys = self.client.storage_keys(at, Some(&StorageKey(prefix.to_vec())), None).map_err(failed)?;
        Ok(keys.take(limit).map(|StorageKey(bytes)| bytes).collect())
    }

    fn proof(&self, at: Hash, key: &[u8]) -> Result<Vec<Vec<u8>>, ChainError> {
        let proof = self.client.read_proof(at, &mut std::iter::once(key)).map_err(failed)?;
        Ok(proof.into_iter_nodes().collect())
    }
}
