//! Aura and GRANDPA, tuned for slots of a fraction of a second.

mod author;
mod voter;

pub use author::start_author;
pub use voter::{start_voter, VoterNetwork};

use super::partial::{FullBlockImport, FullClient, FullPool};
use loadstone_node_setup::preset::Pace;
use loadstone_runtime::opaque::Block;
use sc_consensus::DefaultImportQueue;
use sc_consensus_aura::ImportQueueParams;
use sc_network::config::Role;
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::TelemetryHandle;
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

type Inherents = (SlotProvider, TimeProvider);

fn inherents(slot_duration: SlotDuration) -> Inherents {
    let time = TimeProvider::from_system_time();
    (SlotProvider::from_timestamp_and_slot_duration(*time, slot_duration), time)
}

/// Length of the chain's slots.
pub fn slot_duration(client: &FullClient) -> Result<SlotDuration, Error> {
    Ok(sc_consensus_aura::slot_duration::<AuraId, _, _>(client)?)
}

/// The queue that checks and imports others' blocks.
pub fn import_queue(
    config: &Configuration,
    client: Arc<FullClient>,
    block_import: FullBlockImport,
    task_manager: &TaskManager,
    telemetry: Option<TelemetryHandle>,
) -> Result<DefaultImportQueue<Block>, Error> {
    let slot_duration = slot_duration(&client)?;
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
    /// How fast the chain goes.
    pub pace: Pace,
    /// Progress of synchronisation.
    pub sync: Arc<SyncingService<Block>>,
    /// Where metrics go.
    pub prometheus: Option<Registry>,
    /// Where telemetry goes.
    pub telemetry: Option<TelemetryHandle>,
}
