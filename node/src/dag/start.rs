//! Starts the service in the node: finds this node's place in the committee and its road to the others.

use std::{path::PathBuf, sync::Arc};

use futures::{stream::BoxStream, StreamExt};
use loadstone_core::{AccountId, BlockNumber, Hash, Member, MemberIndex, ValidatorInfo};
use loadstone_dag::Committee;
use loadstone_runtime_api::LoadstoneApi;
use parking_lot::RwLock;
use sc_client_api::BlockchainEvents;
use sc_network::{service::traits::NetworkService, PeerId};
use sc_service::SpawnEssentialTaskHandle;
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, Header, NumberFor};
use substrate_prometheus_endpoint::{PrometheusError, Registry};

use super::{
    assemble::{assemble, Assembly},
    chain::{BlockRef, Chain, ChainError, ClientChain},
    counter::CounterError,
    crypto::Signer,
    gateway::GatewayConfig,
    history,
    metrics::Counters,
    network::{refuse_all, DagProtocols, Links, Roster},
    proofs::Proofs,
    status::{DagHandle, View},
    store::{Store, StoreError},
    LOG,
};

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum DagError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing counter.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The metrics.
    #[error("the DAG's metrics can't be registered: {0}")]
    Metrics(#[from] PrometheusError),
    /// The gateway's port.
    #[error("the gateway can't listen: {0}")]
    Gateway(std::io::Error),
    /// A folder.
    #[error("the DAG's folder can't be made: {0}")]
    Folder(std::io::Error),
    /// The committee on chain.
    #[error("the chain has no committee that this node understands")]
    Committee,
}

/// What the service needs of the node.
pub struct DagParams<C, P> {
    /// The client.
    pub client: Arc<C>,
    /// The transaction pool.
    pub pool: Arc<P>,
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
    /// For metrics.
    pub prometheus: Option<Registry>,
    /// The service's tasks: the node stops when the worker does.
    pub spawn: SpawnEssentialTaskHandle,
}

/// Starts the service. Call it within the node's tokio runtime, once the network is built and before RPC is.
///
/// A node whose keystore holds no committee member's key follows without signing when its peer id is
/// a member's, and otherwise only answers RPC from what it has.
pub fn start<Block, C, P>(params: DagParams<C, P>) -> Result<DagHandle, DagError>
where
    Block: BlockT<Hash = Hash>,
    NumberFor<Block>: Into<BlockNumber> + From<BlockNumber>,
    C: ProvideRuntimeApi<Block> + HeaderBackend<Block> + BlockchainEvents<Block> + Send + Sync + 'static,
    C::Api: LoadstoneApi<Block>,
    P: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    let finalised = params.client.finality_notification_stream();
    let finalised = finalised.map(|block| BlockRef { hash: block.hash, number: (*block.header.number()).into() });
    let chain: Arc<dyn Chain> = Arc::new(ClientChain::<Block, C, P>::new(params.client, params.pool));
    let parts = Parts {
        network: params.network,
        protocols: params.protocols,
        keystore: params.keystore,
        folder: params.folder,
        gateway: params.gateway,
        spawn: params.spawn,
    };
    start_on(chain, finalised.boxed(), parts, Counters::new(params.prometheus.as_ref())?)
}

/// [`DagParams`] without the types of the chain.
struct Parts {
    network: Arc<dyn NetworkService>,
    protocols: DagProtocols,
    keystore: KeystorePtr,
    folder: PathBuf,
    gateway: Option<GatewayConfig>,
    spawn: SpawnEssentialTaskHandle,
}

/// Who this node is in the committee.
struct Place {
    me: MemberIndex,
    signer: Option<Signer>,
}

fn start_on(
    chain: Arc<dyn Chain>,
    finalised: BoxStream<'static, BlockRef>,
    parts: Parts,
    counters: Counters,
) -> Result<DagHandle, DagError> {
    let genesis = chain.genesis();
    std::fs::create_dir_all(&parts.folder).map_err(DagError::Folder)?;
    let store = Arc::new(Store::open(&parts.folder.join("dag"), &genesis)?);
    let handle = DagHandle {
        genesis,
        proofs: Arc::new(Proofs::new(store.clone())),
        store,
        counters: Arc::new(counters),
        view: Arc::new(RwLock::new(View::default())),
    };
    let head = chain.finalised();
    let members = chain.committee(head.hash)?;
    let keys = members.iter().map(|member| (member.key, member.weight)).collect();
    let committee = Committee::new(keys).map_err(|_| DagError::Committee)?;
    let validators = chain.validators(head.hash)?;
    let Some(place) = place(&parts, &members, &validators) else {
        log::info!(target: LOG, "this node is no member of the committee: it only answers RPC");
        parts.spawn.spawn("dag-refuse", Some("dag"), refuse_all(parts.protocols));
        return Ok(handle);
    };
    let Parts { network, protocols, folder, gateway, spawn, .. } = parts;
    let (links, roster) = Links::new(protocols.notifications, protocols.history, network);
    let tasks = spawn.clone();
    let member = assemble(Assembly {
        chain,
        finalised,
        head,
        members,
        committee,
        me: place.me,
        signer: place.signer,
        counter: folder.join("dag-counter"),
        gateway,
        handle: handle.clone(),
        road: Box::new(links),
        spawn: Box::new(move |name, task| tasks.spawn(name, Some("dag"), task)),
    })?;
    let serve = history::serve(member, handle.store.clone(), roster, protocols.requests);
    spawn.spawn("dag-history", Some("dag"), serve);
    Ok(handle)
}

/// By key, or else by peer id without signing.
fn place(parts: &Parts, members: &[Member], validators: &[(AccountId, ValidatorInfo)]) -> Option<Place> {
    if let Some((index, signer)) = Signer::find(&parts.keystore, members.iter().map(|member| member.key)) {
        return Some(Place { me: MemberIndex(u16::try_from(index).ok()?), signer: Some(signer) });
    }
    let own = parts.network.local_peer_id();
    let me = Roster::new(members, validators, &PeerId::random()).member(&own)?;
    log::warn!(target: LOG, "the key of member {me} is not in the keystore: this node follows without signing");
    Some(Place { me, signer: None })
}
