//! Votes on finality, or follows the votes.

use super::{Shared, JUSTIFICATION_PERIOD};
use crate::service::partial::{FullClient, VoterSelectChain};
use futures::StreamExt;
use loadstone_finality::{deliver, renewable, watch, LightPeers, Progress, Renewal};
use loadstone_runtime::opaque::Block;
use sc_consensus_grandpa::{
    GrandpaJustificationStream, GrandpaParams, LinkHalf, SharedVoterState, VotingRule, VotingRulesBuilder,
};
use sc_network::{service::traits::NetworkService, types::ProtocolName, NotificationService};
use sc_service::{Error, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use std::sync::Arc;

/// Justifications that may wait to be handed to light clients before that is logged as a jam.
const JUSTIFICATIONS: usize = 1_000;

/// The voter's part of the link with the block import.
pub type Link = LinkHalf<Block, FullClient, VoterSelectChain>;

/// How the voter reaches the others.
pub struct VoterNetwork {
    /// The node's network.
    pub network: Arc<dyn NetworkService>,
    /// Votes in and out.
    pub notifications: Box<dyn NotificationService>,
    /// Name of the votes' protocol.
    pub protocol: ProtocolName,
}

/// The usual rules vote two blocks behind the best one, which doubles the time to finality.
fn voting_rule(shared: &Shared) -> impl VotingRule<Block, FullClient> + Clone {
    let rules = match shared.pace.timing {
        Some(_) => VotingRulesBuilder::new(),
        None => VotingRulesBuilder::default(),
    };
    rules.build()
}

/// Starts voting on finality, or following the votes on a node that is no validator.
pub fn start_voter(
    shared: &Shared,
    name: String,
    link: Link,
    voter_network: VoterNetwork,
    voter_state: SharedVoterState,
    task_manager: &TaskManager,
) -> Result<(), Error> {
    let VoterNetwork { network, notifications, protocol } = voter_network;
    let light_peers = LightPeers::default();
    let (notifications, renewal) = renewable(notifications, light_peers.clone());
    watch_finality(shared, renewal, task_manager);
    tell_light_clients(&link, light_peers, task_manager);
    let config = sc_consensus_grandpa::Config {
        gossip_duration: shared.pace.gossip,
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
        voting_rule: voting_rule(shared),
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
    task_manager.spawn_handle().spawn("finality-watch", None, watch(progress, renewal, shared.pace.standstill));
}

/// Takes every commit to every light client as long as the node runs.
fn tell_light_clients(link: &Link, light_peers: LightPeers, task_manager: &TaskManager) {
    let stream: GrandpaJustificationStream<Block> = link.justification_stream();
    let justifications = stream.subscribe(JUSTIFICATIONS).map(|proof| proof.justification);
    let authorities = link.shared_authority_set().clone();
    let courier = deliver(light_peers, justifications, move || authorities.set_id());
    task_manager.spawn_essential_handle().spawn("light-client-commits", None, courier);
}
