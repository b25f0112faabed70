//! The whole node: parts, network, RPC and the tasks that make it a validator.

use super::{
    consensus::{self, Shared, VoterNetwork},
    partial::{new_partial, FullBackend, FullClient, FullPool, Other, VoterSelectChain},
    TuningParams,
};
use crate::{
    cli::LedgerArgs,
    clock,
    dag::{self, DagParams},
    rpc,
};
use futures::FutureExt;
use loadstone_clock::ClockGuard;
use loadstone_dag_node::DagHandle;
use loadstone_keystore::SessionKeystore;
use loadstone_node_setup::keys;
use loadstone_runtime::{opaque::Block, Hash};
use sc_client_api::{Backend, BlockBackend};
use sc_consensus_grandpa::{warp_proof::NetworkProvider, FinalityProofProvider, LinkHalf, SharedVoterState};
use sc_network::{config::FullNetworkConfiguration, service::traits::NetworkService, NetworkBackend};
use sc_service::{
    BuildNetworkParams, Configuration, Error, PartialComponents, SpawnTasksParams, TaskManager, WarpSyncConfig,
};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// Organisation whose keys a `--dev` node uses.
const DEVELOPMENT_VALIDATOR: &str = "ProvincialGrid";

/// Builds and starts a node.
pub fn new_full<N: NetworkBackend<Block, Hash>>(
    mut config: Configuration,
    tuning: TuningParams,
    ledger: LedgerArgs,
) -> Result<TaskManager, Error> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool: pool,
        other: Other { block_import, grandpa_link, pace, mut telemetry },
    } = new_partial(&config, &tuning)?;
    let keystore: KeystorePtr = Arc::new(SessionKeystore::new(keystore_container.local_keystore()));
    // The development keys of Substrate are none of this chain's.
    if config.dev_key_seed.take().is_some() {
        keys::session_keys(&*keystore, Some(DEVELOPMENT_VALIDATOR)).map_err(|e| Error::Other(e.to_string()))?;
    }

    let prometheus = config.prometheus_registry().cloned();
    let genesis = client.block_hash(0)?.ok_or_else(|| Error::Other("the database has no genesis".into()))?;
    let mut net_config = FullNetworkConfiguration::<_, _, N>::new(&config.network, prometheus.clone());
    let metrics = N::register_notification_metrics(prometheus.as_ref());
    let protocol = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (grandpa_protocol, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
        protocol.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(grandpa_protocol);
    let (dag_protocol, dag_history, dag_protocols) =
        dag::protocols::<Block, N>(genesis, metrics.clone(), net_config.peer_store_handle());
    net_config.add_notification_protocol(dag_protocol);
    net_config.add_request_response_protocol(dag_history);
    let (clock_questions, clock_protocol) = loadstone_clock::protocol::<Block, N>(genesis);
    net_config.add_request_response_protocol(clock_questions);

    let warp_sync = NetworkProvider::new(backend.clone(), grandpa_link.shared_authority_set().clone(), Vec::new());
    let (network, system_rpc_tx, tx_handler_controller, sync, _) = sc_service::build_network(BuildNetworkParams {
        config: &config,
        net_config,
        client: client.clone(),
        transaction_pool: pool.clone(),
        spawn_handle: task_manager.spawn_handle(),
        spawn_essential_handle: task_manager.spawn_essential_handle(),
        import_queue,
        block_announce_validator_builder: None,
        warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_sync))),
        block_relay: None,
        metrics,
        gap_sync_body_policy: None,
    })?;
    if config.offchain_worker.enabled {
        start_offchain_workers(&config, &client, &backend, &pool, &keystore, &network, &task_manager)?;
    }

    let folder = config.base_path.config_dir(config.chain_spec.id());
    let dag = dag::start::<Block, FullBackend, _, _>(DagParams {
        client: client.clone(),
        pool: pool.clone(),
        justifications: grandpa_link.justification_stream(),
        network: network.clone(),
        protocols: dag_protocols,
        keystore: keystore.clone(),
        folder: folder.clone(),
        gateway: ledger.gateway.config(),
        keeping: ledger.keeping.keeping(),
        prometheus: prometheus.clone(),
        spawn: task_manager.spawn_essential_handle(),
    })
    .map_err(|error| {
        Error::Other(format!(
            "the DAG ledger, whose database is {}, can't start: {error}",
            folder.join("dag").display()
        ))
    })?;

    let clock = match config.role.is_authority() {
        true => clock::start(&client, &network, clock_protocol, prometheus.as_ref(), &task_manager)?,
        false => ClockGuard::default(),
    };
    let shared = Shared {
        client: client.clone(),
        pool: pool.clone(),
        keystore: keystore.clone(),
        role: config.role,
        pace,
        sync: sync.clone(),
        prometheus,
        telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
    };
    let (name, force_authoring, disable_grandpa) =
        (config.network.node_name.clone(), config.force_authoring, config.disable_grandpa);
    let voter_state = SharedVoterState::empty();
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: client.clone(),
        backend: backend.clone(),
        task_manager: &mut task_manager,
        keystore,
        transaction_pool: pool.clone(),
        rpc_builder: rpc_builder(client, pool, backend, (dag, clock.clone()), &grandpa_link, voter_state.clone()),
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync,
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    if shared.role.is_authority() {
        consensus::start_author(&shared, block_import, select_chain, force_authoring, clock, &task_manager)?;
    }
    if !disable_grandpa {
        let voter_network = VoterNetwork { network, notifications, protocol };
        consensus::start_voter(&shared, name, grandpa_link, voter_network, voter_state, &task_manager)?;
    }
    Ok(task_manager)
}

type RpcBuilder = Box<dyn Fn(sc_rpc::SubscriptionTaskExecutor) -> Result<jsonrpsee::RpcModule<()>, Error>>;

/// Builds the RPC methods that the service does not offer on its own.
fn rpc_builder(
    client: Arc<FullClient>,
    pool: Arc<FullPool>,
    backend: Arc<FullBackend>,
    (dag, clock): (DagHandle, ClockGuard),
    link: &LinkHalf<Block, FullClient, VoterSelectChain>,
    voter_state: SharedVoterState,
) -> RpcBuilder {
    let authorities = link.shared_authority_set().clone();
    let finality = rpc::Finality {
        voter_state,
        proofs: FinalityProofProvider::new_for_service(backend, Some(authorities.clone())),
        authorities,
        justifications: link.justification_stream(),
    };
    Box::new(move |executor| {
        rpc::module(client.clone(), pool.clone(), finality.clone(), dag.clone(), clock.clone(), executor)
            .map_err(Error::Application)
    })
}

/// Starts the runtime's offchain workers.
fn start_offchain_workers(
    config: &Configuration,
    client: &Arc<FullClient>,
    backend: &Arc<FullBackend>,
    pool: &Arc<FullPool>,
    keystore: &KeystorePtr,
    network: &Arc<dyn NetworkService>,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
        runtime_api_provider: client.clone(),
        keystore: Some(keystore.clone()),
        offchain_db: backend.offchain_storage(),
        transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
        network_provider: Arc::new(network.clone()),
        is_validator: config.role.is_authority(),
        enable_http_requests: false,
        custom_extensions: |_| Vec::new(),
    })?;
    let run = workers.run(client.clone(), task_manager.spawn_handle()).boxed();
    task_manager.spawn_handle().spawn("offchain-workers-runner", "offchain-worker", run);
    Ok(())
}
