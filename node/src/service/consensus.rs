//! Aura and GRANDPA, tuned for slots of a fraction of a second.

use super::{
    partial::{FullBlockImport, FullClient, FullPool, FullSelectChain},
    TuningParams,
};
use loadstone_finality::{renewable, watch, Progress, Renewal};
use loadstone_runtime::opaque::Block;
use sc_consensus::DefaultImportQueue;
use sc_consensus_aura::{ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{GrandpaParams, LinkHalf, SharedVoterState};
use sc_network::{config::Role, service::traits::NetworkService, types::ProtocolName, NotificationService};
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_consensus_aura::{
    inherents::InherentDataProvider as SlotProvider,
    sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair},
    SlotDuration,
};
use sp_keystore::KeystorePtr;
use sp_timestamp::InherentDataProvider as TimeProvider;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// Blocks between stored justifications. Light clients assume at most 1,024; a smaller number
/// makes their warp sync and evidence bundles shorter, and costs some storage.
pub const JUSTIFICATION_PERIOD: u32 = 128;

/// Share of a slot in which the author may fill its block. Announcing, importing and voting
/// need the rest.
const PROPOSAL_PORTION: f32 = 0.5;

type Inherents = (SlotProvider, TimeProvider);

fn inherents(slot_duration: SlotDuration) -> Inherents {
    let time = TimeProvider::from_system_time();
    (SlotProvider::from_timestamp_and_slot_duration(*time, slot_duration), time)
}

/// The queue that checks and imports others' blocks.
pub fn import_queue(
    config: &Configuration,
    client: Arc<FullClient>,
    block_import: FullBlockImport,
    task_manager: &TaskManager,
    telemetry: Option<TelemetryHandle>,
) -> Result<DefaultImportQueue<Block>, Error> {
    let slot_duration = sc_consensus_aura::slot_duration::<AuraId, _, _>(&*client)?;
    Ok(sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
        block_import: block_import.clone(),
        justification_import: Some(Box::new(block_import)),
        client,
        create_inherent_data_providers: move |_, ()| async move { Ok(inherents(slot_duration)) },
        spawner: &task_manager.spawn_essential_handle(),
        registry: config.prometheus_registry(),
        check_for_equivocation: Default::default(),
        telemetry,
        compatibility_mode: Default::default(),
    })?)
}

/// What both voter and author are given.
pub struct Shared {
    /// The client.
    pub client: Arc<FullClient>,
    /// The pool.
    pub pool: Arc<FullPool>,
    /// The validator's keys.
    pub keystore: KeystorePtr,
    /// Whether the node may author and vote.
    pub role: Role,
    /// Progress of synchronisation.
    pub sync: Arc<SyncingService<Block>>,
    /// Where metrics go.
    pub prometheus: Option<Registry>,
    /// Where telemetry goes.
    pub telemetry: Option<TelemetryHandle>,
}

/// Starts authoring blocks.
pub fn start_author(
    shared: &Shared,
    block_import: FullBlockImport,
    select_chain: FullSelectChain,
    force_authoring: bool,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let proposer_factory = sc_basic_authorship::ProposerFactory::new(
        task_manager.spawn_handle(),
        shared.client.clone(),
        shared.pool.clone(),
        shared.prometheus.as_ref(),
        shared.telemetry.clone(),
    );
    let slot_duration = sc_consensus_aura::slot_duration::<AuraId, _, _>(&*shared.client)?;
    let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(StartAuraParams {
        slot_duration,
        client: shared.client.clone(),
        select_chain,
        block_import,
        proposer_factory,
        sync_oracle: shared.sync.clone(),
        justification_sync_link: shared.sync.clone(),
        create_inherent_data_providers: move |_, ()| async move { Ok(inherents(slot_duration)) },
        force_authoring,
        // Slowing down when finality lags would delay the very orders that wait for it.
        backoff_authoring_blocks: None::<()>,
        keystore: shared.keystore.clone(),
        block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
        // Without a bound the portion doubles with every empty slot.
        max_block_proposal_slot_portion: Some(SlotProportion::new(PROPOSAL_PORTION)),
        telemetry: shared.telemetry.clone(),
        compatibility_mode: Default::default(),
    })?;
    task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
    Ok(())
}

/// How the voter reaches the others.
pub struct VoterNetwork {
    /// The node's network.
    pub network: Arc<dyn NetworkService>,
    /// Votes in and out.
    pub notifications: Box<dyn NotificationService>,
    /// Name of the votes' protocol.
    pub protocol: ProtocolName,
}

/// Starts voting on finality, or following the votes on a node that is no validator.
pub fn start_voter(
    shared: &Shared,
    name: String,
    tuning: &TuningParams,
    link: LinkHalf<Block, FullClient, FullSelectChain>,
    voter_network: VoterNetwork,
    voter_state: SharedVoterState,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let VoterNetwork { network, notifications, protocol } = voter_network;
    let (notifications, renewal) = renewable(notifications);
    watch_finality(shared, renewal, task_manager);
    let config = sc_consensus_grandpa::Config {
        gossip_duration: tuning.gossip_duration(),
        justification_generation_period: JUSTIFICATION_PERIOD,
        observer_enabled: false,
        local_role: shared.role,
        name: Some(name),
        keystore: shared.role.is_authority().then(|| shared.keystore.clone()),
        telemetry: shared.telemetry.clone(),
        protocol_name: protocol,
    };
    let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
        config,
        link,
        network,
        sync: shared.sync.clone(),
        notification_service: Box::new(notifications),
        // The usual rules vote two blocks behind the best one, which doubles the time to finality.
        voting_rule: (),
        prometheus_registry: shared.prometheus.clone(),
        shared_voter_state: voter_state,
        telemetry: shared.telemetry.clone(),
        offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(shared.pool.clone()),
    })?;
    task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
    Ok(())
}

/// Looks after finality as long as the node runs.
fn watch_finality(shared: &Shared, renewal: Renewal, task_manager: &TaskManager) {
    let (client, sync) = (shared.client.clone(), shared.sync.clone());
    let progress = move || {
        let info = client.info();
        Progress { best: info.best_number, finalised: info.finalized_number, is_syncing: sync.is_major_syncing() }
    };
    task_manager.spawn_handle().spawn("finality-watch", None, watch(progress, renewal));
}
