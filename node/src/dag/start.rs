//! Starts the service in the node, on its client, keystore and network.

use std::{path::PathBuf, sync::Arc};

use futures::StreamExt;
use loadstone_core::{BlockNumber, Hash};
use loadstone_dag_node::{
    assemble, make_capsules, Assembly, BlockRef, Chain, Counters, DagError, DagHandle, GatewayConfig, Keeping, Service,
    Store,
};
use loadstone_runtime_api::LoadstoneApi;
use sc_client_api::{Backend, BlockchainEvents, ProofProvider, StorageProvider};
use sc_consensus_grandpa::GrandpaJustificationStream;
use sc_network::service::traits::NetworkService;
use sc_service::SpawnEssentialTaskHandle;
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, Header as _, NumberFor};
use substrate_prometheus_endpoint::Registry;

use super::{
    chain::ClientChain,
    history,
    network::{DagProtocols, Links},
    orders::{justified, ClientOrders},
};

/// What the service needs of the node.
pub struct DagParams<Block: BlockT, C, P> {
    /// The client.
    pub client: Arc<C>,
    /// The transaction pool.
    pub pool: Arc<P>,
    /// Gives the justification of every block that is finalised.
    pub justifications: GrandpaJustificationStream<Block>,
    /// The running network.
    pub network: Arc<dyn NetworkService>,
    /// What [`super::protocols`] returned.
    pub protocols: DagProtocols,
    /// Holds the member's key of type `ldag`.
    pub keystore: KeystorePtr,
    /// The chain's own folder (`config.base_path.config_dir(chain id)`). The database goes to `dag/` in
    /// it, the signing counter to `dag-counter`, which belongs in no backup.
    pub folder: PathBuf,
    /// How devices are served; `None` for no gateway.
    pub gateway: Option<GatewayConfig>,
    /// Where old units go, and when they leave the database.
    pub keeping: Keeping,
    /// For metrics.
    pub prometheus: Option<Registry>,
    /// The service's tasks: the node stops when the worker does.
    pub spawn: SpawnEssentialTaskHandle,
}

/// Starts the service. Call it within the node's tokio runtime, once the network is built and before RPC is.
///
/// A node whose keystore holds no committee member's key follows without signing when its peer id is a
/// member's. One that is no member fetches anchors from members if it is a validator, and otherwise only
/// answers RPC from what it has.
pub fn start<Block, BE, C, P>(params: DagParams<Block, C, P>) -> Result<DagHandle, DagError>
where
    Block: BlockT<Hash = Hash, Header = loadstone_evidence::Header>,
    BE: Backend<Block> + 'static,
    NumberFor<Block>: Into<BlockNumber> + From<BlockNumber>,
    C: ProvideRuntimeApi<Block>
        + HeaderBackend<Block>
        + BlockchainEvents<Block>
        + StorageProvider<Block, BE>
        + ProofProvider<Block>
        + Send
        + Sync
        + 'static,
    C::Api: LoadstoneApi<Block>,
    P: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    let finalised = params.client.finality_notification_stream();
    let finalised = finalised.map(|block| BlockRef { hash: block.hash, number: *block.header.number() });
    let orders = Arc::new(ClientOrders::<Block, BE, C>::new(params.client.clone()));
    let chain: Arc<dyn Chain> = Arc::new(ClientChain::<Block, C, P>::new(params.client, params.pool));
    let genesis = chain.genesis();
    std::fs::create_dir_all(&params.folder).map_err(DagError::Folder)?;
    let store = Arc::new(Store::open(&params.folder.join("dag"), &genesis)?);
    let handle = DagHandle::new(genesis, store, Counters::new(params.prometheus.as_ref())?);
    let DagProtocols { notifications, requests, history: protocol } = params.protocols;
    let (links, roster) = Links::new(notifications, protocol, params.network);
    let (spawn, tasks) = (params.spawn.clone(), params.spawn);
    let Service { history, .. } = assemble(Assembly {
        chain,
        finalised: finalised.boxed(),
        keystore: params.keystore,
        counter: params.folder.join("dag-counter"),
        gateway: params.gateway,
        keeping: params.keeping,
        handle: handle.clone(),
        road: Box::new(links),
        spawn: Box::new(move |name, task| tasks.spawn(name, Some("dag"), task)),
    })?;
    spawn.spawn("dag-history", Some("dag"), history::serve(history, roster, requests));
    let capsules = make_capsules(orders, justified(&params.justifications), handle.capsules());
    spawn.spawn("dag-capsules", Some("dag"), capsules);
    Ok(handle)
}
