//! Starts the service: restores the member from its database, then runs worker, verifier and gateway.

use std::{path::PathBuf, sync::Arc};

use futures::{stream::BoxStream, StreamExt};
use loadstone_core::{AccountId, BlockNumber, Hash, Level, MemberIndex, ValidatorInfo};
use loadstone_dag::{Committee, MemberConfig, PersistItem};
use loadstone_runtime_api::LoadstoneApi;
use parking_lot::{Mutex, RwLock};
use sc_client_api::BlockchainEvents;
use sc_network::service::traits::NetworkService;
use sc_service::SpawnEssentialTaskHandle;
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, Header, NumberFor};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use tokio::sync::{mpsc, watch};

use super::{
    chain::{BlockRef, Chain, ChainError, ClientChain},
    counter::{CounterError, SigningCounter},
    crypto::{MemberCrypto, Signer},
    directory::Directory,
    gateway::{ingest::Ingest, Gateway, GatewayConfig, Hub},
    history,
    metrics::Counters,
    network::{refuse_all, DagProtocols, Links, Roster},
    proofs::Proofs,
    recording::Recording,
    status::{DagHandle, View},
    store::{Store, StoreError},
    verifier::Verifier,
    worker::{start_time, Inputs, NodeMember, Worker},
    LOG,
};

/// Messages of members that may wait for the verifier.
const VERIFIER_QUEUE: usize = 4_096;

/// Checked messages that may wait for the worker.
const WORKER_QUEUE: usize = 256;

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
    run(Setup { chain, finalised, parts, handle: handle.clone(), members, committee, place, head })?;
    Ok(handle)
}

/// By key, or else by peer id without signing.
fn place(
    parts: &Parts,
    members: &[loadstone_core::Member],
    validators: &[(AccountId, ValidatorInfo)],
) -> Option<Place> {
    if let Some((index, signer)) = Signer::find(&parts.keystore, members.iter().map(|member| member.key)) {
        return Some(Place { me: MemberIndex(u16::try_from(index).ok()?), signer: Some(signer) });
    }
    let own = parts.network.local_peer_id();
    let me = Roster::new(members, validators, &sc_network::PeerId::random()).member(&own)?;
    log::warn!(target: LOG, "the key of member {me} is not in the keystore: this node follows without signing");
    Some(Place { me, signer: None })
}

struct Setup {
    chain: Arc<dyn Chain>,
    finalised: BoxStream<'static, BlockRef>,
    parts: Parts,
    handle: DagHandle,
    members: Vec<loadstone_core::Member>,
    committee: Committee,
    place: Place,
    head: BlockRef,
}

fn run(setup: Setup) -> Result<(), DagError> {
    let Setup { chain, finalised, parts, handle, members, committee, mut place, head } = setup;
    let (genesis, store) = (handle.genesis, handle.store.clone());
    let journal = store.journal()?.collect::<Result<Vec<_>, _>>()?;
    let mut counter = None;
    if let Some(signer) = place.signer.take() {
        counter = open_counter(&parts.folder, genesis, &signer, place.me, &journal)?;
        place.signer = counter.is_some().then_some(signer);
    }
    let (me, signer) = (place.me, place.signer);
    log::info!(target: LOG, "member {me}, signing: {}, {} items restored", signer.is_some(), journal.len());
    let config = MemberConfig::new(genesis, me, committee.clone());
    let member = NodeMember::new(config, MemberCrypto(signer.clone()), journal, start_time());
    let member = Arc::new(Mutex::new(member));

    let (links, roster) = Links::new(parts.protocols.notifications, parts.protocols.history, parts.network);
    let (head_sender, head) = watch::channel(head);
    let (incoming, unchecked) = mpsc::channel(VERIFIER_QUEUE);
    let (checked, verified) = mpsc::channel(WORKER_QUEUE);
    let (introduced, introductions) = mpsc::channel(1);
    let directory = Arc::new(Directory::new(chain.clone()));
    let hub = Hub::default();

    if let Some(config) = parts.gateway {
        let rate = config.device_rate;
        let bound = Gateway::bind(config, genesis, me, hub.clone(), handle.counters.clone());
        let (gateway, requests) = bound.map_err(DagError::Gateway)?;
        if let Ok(address) = gateway.address() {
            log::info!(target: LOG, "devices are served at ws://{address}");
        }
        let ingest = Ingest {
            genesis,
            ledger: member.clone(),
            directory: directory.clone(),
            head: head.clone(),
            proofs: handle.proofs.clone(),
            hub: hub.clone(),
            counters: handle.counters.clone(),
            introductions: introduced,
        };
        parts.spawn.spawn("dag-gateway", Some("dag"), gateway.run());
        parts.spawn.spawn("dag-ingest", Some("dag"), ingest.run(rate, requests));
    }
    let recording = Recording::new(members, me, signer, chain.clone(), store.clone());
    let verifier = Verifier { genesis, committee, directory, head, ledger: member.clone() };
    let serve = history::serve(member.clone(), store.clone(), roster, parts.protocols.requests);
    let worker = Worker {
        member,
        me,
        store,
        counter,
        chain,
        links,
        hub,
        proofs: handle.proofs,
        counters: handle.counters,
        view: handle.view,
        recording,
        incoming,
        head: head_sender,
    };
    parts.spawn.spawn("dag-history", Some("dag"), serve);
    parts.spawn.spawn("dag-verifier", Some("dag"), verifier.run(unchecked, checked));
    parts.spawn.spawn("dag-worker", Some("dag"), async move {
        if let Err(error) = worker.run(Inputs { verified, introductions, finalised }).await {
            log::error!(target: LOG, "the DAG stops, and the node with it: {error}");
        }
    });
    Ok(())
}

/// The counter, or `None` when this member must not sign: its journal is older than what it signed.
fn open_counter(
    folder: &std::path::Path,
    genesis: Hash,
    signer: &Signer,
    me: MemberIndex,
    journal: &[PersistItem],
) -> Result<Option<SigningCounter>, DagError> {
    let own: Vec<Level> = journal
        .iter()
        .filter_map(|item| match item {
            PersistItem::Witness(witness, _) if witness.content.member == me => Some(witness.content.level),
            _ => None,
        })
        .collect();
    let path = folder.join("dag-counter");
    let Some(counter) = SigningCounter::open(&path, genesis, signer.key())? else {
        if own.is_empty() {
            return Ok(Some(SigningCounter::create(&path, genesis, signer.key())?));
        }
        log::error!(target: LOG, "the signing counter is gone: this node must not sign with this key again");
        return Ok(None);
    };
    // A witness is written before the counter is raised, so the journal may be one ahead, never behind.
    let ahead = own.iter().filter(|level| **level > counter.level()).count();
    let newest = own.iter().max().copied().unwrap_or_default();
    if ahead > 1 || newest < counter.level() {
        log::error!(
            target: LOG,
            "the database ends at level {newest} and the signing counter at {}: one of them was restored from a \
             backup, so this node must not sign with this key again",
            counter.level(),
        );
        return Ok(None);
    }
    Ok(Some(counter))
}
