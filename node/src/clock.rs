//! The watch over the clock, on this node's client and network.

use crate::service::{slot_duration, FullClient};
use loadstone_clock::{ClockGuard, ClockParams, ClockProtocol, ClockTasks, Validators};
use loadstone_runtime_api::LoadstoneApi;
use sc_network::{service::traits::NetworkService, PeerId};
use sc_service::{Error, TaskManager};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// Log target of the watch.
const LOG: &str = "clock";

/// Starts the watch on a validator.
pub fn start(
    client: &Arc<FullClient>,
    network: &Arc<dyn NetworkService>,
    protocol: ClockProtocol,
    prometheus: Option<&Registry>,
    task_manager: &TaskManager,
) -> Result<ClockGuard, Error> {
    let (guard, ClockTasks { server, watch }) = loadstone_clock::start(ClockParams {
        network: network.clone(),
        protocol,
        validators: Box::new(validators(client.clone(), network.local_peer_id())),
        slot: slot_duration(client)?.as_duration(),
        prometheus: prometheus.cloned(),
    })?;
    let spawn = task_manager.spawn_handle();
    spawn.spawn("clock-server", Some("clock"), server);
    spawn.spawn("clock-watch", Some("clock"), watch);
    Ok(guard)
}

/// Reads the other validators from finalised state.
fn validators(client: Arc<FullClient>, own: PeerId) -> impl Fn() -> Option<Validators> {
    move || {
        let all = client.runtime_api().validators(client.info().finalized_hash);
        let all = all.map_err(|error| log::warn!(target: LOG, "the validators can't be read: {error}")).ok()?;
        let peers = all.iter().filter_map(|(_, info)| PeerId::from_bytes(&info.peer).ok());
        let (own, peers): (Vec<_>, Vec<_>) = peers.partition(|peer| *peer == own);
        // A validator that announces this node's peer as its own counts as one that does not answer.
        let others = all.len().saturating_sub(own.len().min(1));
        Some(Validators { others, peers: peers.into_iter().collect() })
    }
}
