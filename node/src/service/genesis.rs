//! Compares the chain that is described with the one whose data is there.

use super::partial::{FullBackend, FullClient};
use loadstone_node_setup::data;
use loadstone_runtime::opaque::Block;
use sc_chain_spec::{BuildGenesisBlock, GenesisBlockBuilder};
use sc_client_api::BlockBackend;
use sc_executor::WasmExecutor;
use sc_service::{Configuration, Error};
use sp_runtime::traits::Block as _;
use std::sync::Arc;

/// Compares the genesis of the chain spec with the one in the database.
pub fn check(
    config: &Configuration,
    client: &FullClient,
    backend: &Arc<FullBackend>,
    executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
) -> Result<(), Error> {
    let storage = config.chain_spec.as_storage_builder();
    let builder = GenesisBlockBuilder::<Block, _, _>::new(storage, false, backend.clone(), executor)?;
    let (described, _never_committed) = builder.build_genesis_block()?;
    let stored = client.block_hash(0)?.ok_or_else(|| Error::Other("the database has no genesis".into()))?;
    let folder = config.base_path.config_dir(config.chain_spec.id());
    data::compare(config.chain_spec.id(), described.hash(), stored, &folder).map_err(Error::Other)
}
