//! Refuses to run one chain with the data of another.
//!
//! Substrate takes the chain from the database when there is one, and reads of the spec only its id.
//! Two networks of the same id would be taken for each other, and the operator would not notice.

use super::partial::{FullBackend, FullClient};
use loadstone_runtime::{opaque::Block, Hash};
use sc_chain_spec::{BuildGenesisBlock, GenesisBlockBuilder};
use sc_client_api::BlockBackend;
use sc_executor::WasmExecutor;
use sc_service::{Configuration, Error};
use sp_runtime::traits::Block as _;
use std::{path::Path, sync::Arc};

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
    compare(config.chain_spec.id(), described.hash(), stored, &folder).map_err(Error::Other)
}

fn compare(id: &str, described: Hash, stored: Hash, folder: &Path) -> Result<(), String> {
    if described == stored {
        return Ok(());
    }
    let folder = folder.display();
    Err(format!(
        "{folder} holds another chain than --chain describes: both have the id {id}, but the stored genesis is \
         {stored:?} and the described one {described:?}. Give the chain spec that this data belongs to, or name another \
         --base-path, or move `db`, `paritydb`, `dag` and `dag-counter` out of {folder} to start the described chain \
         afresh"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_another_chain_is_refused_with_its_path() {
        // GIVEN a data folder with a chain
        let folder = Path::new("/data/chains/loadstone");
        let stored = Hash::repeat_byte(1);
        // WHEN the spec describes the same chain
        // THEN the node may start
        assert!(compare("loadstone", stored, stored, folder).is_ok());
        // WHEN it describes another of the same id
        let text = compare("loadstone", Hash::repeat_byte(2), stored, folder).expect_err("the chains differ");
        // THEN the refusal says where the data is and what to do
        assert!(text.contains("/data/chains/loadstone") && text.contains("--base-path"), "{text}");
    }
}
