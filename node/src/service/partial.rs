//! The parts of a node that need no network: database, client, pool and import queue.

use super::{
    consensus, genesis,
    orders::{self, OrderChain},
    TuningParams,
};
use loadstone_finality::Patient;
use loadstone_node_setup::preset::Pace;
use loadstone_order_lane::OrderPool;
use loadstone_runtime::{apis::RuntimeApi, opaque::Block};
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf};
use sc_executor::WasmExecutor;
use sc_service::{Configuration, PartialComponents};
use sc_telemetry::{Telemetry, TelemetryWorker};
use std::sync::Arc;

/// The client: wasm only.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// The transaction pool.
pub type FullPool = OrderPool<sc_transaction_pool::TransactionPoolHandle<Block, FullClient>, OrderChain>;
/// Which block to build and vote on.
pub type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
/// The same for votes, with patience where there is nothing to vote for.
pub type VoterSelectChain = Patient<FullSelectChain, FullClient>;
/// Imports blocks and keeps track of finality.
pub type FullBlockImport = GrandpaBlockImport<FullBackend, Block, FullClient, VoterSelectChain>;

/// What the network part needs besides the client.
pub struct Other {
    /// Imports own blocks.
    pub block_import: FullBlockImport,
    /// Connects the voter with the import.
    pub grandpa_link: LinkHalf<Block, FullClient, VoterSelectChain>,
    /// How fast the chain goes.
    pub pace: Pace,
    /// Where telemetry goes, if anywhere.
    pub telemetry: Option<Telemetry>,
}

/// The parts of a node that need no network.
pub type Parts = PartialComponents<
    FullClient,
    FullBackend,
    FullSelectChain,
    sc_consensus::DefaultImportQueue<Block>,
    FullPool,
    Other,
>;

/// Opens the database, refuses one of another chain, and builds what needs no network.
pub fn new_partial(config: &Configuration, tuning: &TuningParams) -> Result<Parts, sc_service::Error> {
    let telemetry = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
        .map(|endpoints| -> Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;
    let handle = telemetry.as_ref().map(|(_, telemetry)| telemetry.handle());
    // Justifications stay when bodies are pruned, or warp sync could not be served.
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts(config, handle.clone(), executor.clone(), vec![Arc::new(GrandpaPruningFilter)])?;
    let client = Arc::new(client);
    genesis::check(config, &client, &backend, executor)?;
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });

    let pace = tuning.pace(consensus::slot_duration(&client)?.as_millis()).map_err(sc_service::Error::Other)?;
    let select_chain = sc_consensus::LongestChain::new(backend.clone());
    let voter_chain = Patient::new(select_chain.clone(), client.clone(), pace.voter_patience);
    let transaction_pool = sc_transaction_pool::Builder::new(
        task_manager.spawn_essential_handle(),
        client.clone(),
        config.role.is_authority().into(),
    )
    .with_options(config.transaction_pool.clone())
    .with_prometheus(config.prometheus_registry())
    .build();
    let transaction_pool = orders::keep(transaction_pool, &client, &task_manager);
    let (block_import, grandpa_link) = sc_consensus_grandpa::block_import(
        client.clone(),
        consensus::JUSTIFICATION_PERIOD,
        &client,
        voter_chain,
        handle.clone(),
    )?;
    let import_queue = consensus::import_queue(config, client.clone(), block_import.clone(), &task_manager, handle)?;

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Other { block_import, grandpa_link, pace, telemetry },
    })
}
