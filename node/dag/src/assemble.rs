//! Puts the service together on a chain and a road: courier, verifier, worker, writer and gateway.

use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{atomic::AtomicBool, Arc},
};

use futures::stream::BoxStream;
use sp_keystore::KeystorePtr;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use crate::{
    capsules::Capsules,
    chain::{BlockRef, Chain},
    courier::{Courier, Waiting},
    crypto::Checker,
    decoder::Decoder,
    directory::Directory,
    error::DagError,
    gateway::{ingest::Ingest, Door, Gateway, GatewayConfig, Hub, Inbound},
    health::HealthBoard,
    history::HistoryServer,
    keeping::Keeping,
    outlets::Outlets,
    pipeline::Pipeline,
    recording::Recording,
    road::Road,
    seat::SharedSeat,
    status::DagHandle,
    verifier::{Registry, Verifier},
    vouched::Vouched,
    worker::{Inputs, Worker},
    writer::{Disk, Writer},
};

/// Messages of members that may wait for the verifier.
const VERIFIER_QUEUE: usize = 4_096;

/// Checked messages that may wait for the worker.
const WORKER_QUEUE: usize = 256;

/// Groups of effects that may wait for the writer.
const WRITER_QUEUE: usize = 64;

/// Starts a task of this name.
pub type Spawn = Box<dyn Fn(&'static str, Pin<Box<dyn Future<Output = ()> + Send>>) + Send>;

/// What the service is put together from.
pub struct Assembly {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Finalised blocks from now on.
    pub finalised: BoxStream<'static, BlockRef>,
    /// Holds the member's key, if this node has one.
    pub keystore: KeystorePtr,
    /// Where the signing counter stands.
    pub counter: PathBuf,
    /// How devices are served, if at all.
    pub gateway: Option<GatewayConfig>,
    /// Where old units go.
    pub keeping: Keeping,
    /// Database, proofs and figures.
    pub handle: DagHandle,
    /// The way to the other members.
    pub road: Box<dyn Road>,
    /// Starts tasks.
    pub spawn: Spawn,
}

/// The running service, for whoever put it together.
#[derive(Clone)]
pub struct Service {
    /// Serves history to other validators.
    pub history: HistoryServer,
    /// Who is connected, and where requests of devices in this process go; none without a gateway.
    pub door: Option<(Hub, mpsc::Sender<Inbound>)>,
}

/// Starts everything. Call it within a tokio runtime.
pub fn assemble(parts: Assembly) -> Result<Service, DagError> {
    let Assembly { chain, handle, spawn, .. } = parts;
    let (genesis, store, view) = (handle.genesis, handle.store.clone(), handle.view.clone());
    let (seat, disk) = (SharedSeat::default(), Disk::over(store.clone()));
    let (hub, door, health) = (Hub::default(), Door::default(), HealthBoard::default());
    let registry = Registry {
        directory: Arc::new(Directory::new(chain.clone())),
        vouched: Vouched::default(),
        checker: Checker::default(),
    };
    let diverged = Arc::new(AtomicBool::new(false));
    let (head_sender, head) = watch::channel(chain.finalised());
    let (incoming, unchecked) = mpsc::channel(VERIFIER_QUEUE);
    let (checked, verified) = mpsc::channel(WORKER_QUEUE);
    let (introduced, introductions) = mpsc::channel(1);
    let (jobs, work) = mpsc::channel(WRITER_QUEUE);
    let (weak, waiting, pipeline) = (incoming.downgrade(), Waiting::default(), Pipeline::default());
    let own = parts.road.own_peer();
    let (courier, messenger) = Courier::new(parts.road, incoming, waiting.clone());
    let outlets = Outlets {
        seat: seat.clone(),
        messenger: messenger.clone(),
        incoming: weak.clone(),
        waiting: waiting.clone(),
        pipeline: pipeline.clone(),
        last_sent: Arc::default(),
        chain: chain.clone(),
        hub: hub.clone(),
        proofs: handle.proofs.clone(),
        counters: handle.counters.clone(),
        diverged: diverged.clone(),
        runtime: Handle::current(),
    };
    let decoder = Decoder {
        genesis,
        seat: seat.clone(),
        pipeline: pipeline.clone(),
        messenger: messenger.clone(),
        again: weak,
        waiting,
    };
    let verifier = Verifier { decoder, registry: registry.clone(), head: head.clone() };
    let history = HistoryServer::new(genesis, seat.clone(), store.clone(), disk.durable.clone());
    let writer = Writer { disk: disk.clone(), head: head.clone(), outlets: outlets.clone(), health: health.clone() };
    let worker = Worker {
        seat: seat.clone(),
        disk,
        chain: chain.clone(),
        keystore: parts.keystore,
        counter: parts.counter,
        own,
        messenger,
        outlets,
        pipeline,
        jobs,
        registry: registry.clone(),
        recording: Recording::new(chain, store.clone()),
        head: head_sender,
        door: door.clone(),
        health,
        counters: handle.counters.clone(),
        view: view.clone(),
        diverged,
    };
    let ingest = |counters| Ingest {
        genesis,
        chains: seat,
        directory: registry.directory,
        head,
        proofs: handle.proofs,
        hub: hub.clone(),
        counters,
        door: door.clone(),
        vouched: registry.vouched,
        checker: registry.checker,
        introductions: introduced,
    };
    let inbound = match parts.gateway {
        Some(config) => Some(start_gateway(config, ingest(handle.counters), handle.capsules, &spawn)?),
        None => None,
    };
    if !parts.keeping.is_idle() {
        spawn("dag-keeping", Box::pin(parts.keeping.run(genesis, store, view)));
    }
    spawn("dag-courier", Box::pin(courier.run()));
    spawn("dag-verifier", Box::pin(verifier.run(unchecked, checked)));
    spawn("dag-writer", Box::pin(writer.run(work)));
    spawn("dag-worker", Box::pin(worker.run(Inputs { verified, introductions, finalised: parts.finalised })));
    Ok(Service { history, door: inbound.map(|inbound| (hub, inbound)) })
}

fn start_gateway(
    config: GatewayConfig,
    ingest: Ingest<SharedSeat>,
    capsules: Capsules,
    spawn: &Spawn,
) -> Result<mpsc::Sender<Inbound>, DagError> {
    let rate = config.device_rate;
    let (door, hub, counters) = (ingest.door.clone(), ingest.hub.clone(), ingest.counters.clone());
    let bound = Gateway::bind(config, ingest.genesis, door, hub, counters, capsules);
    let (gateway, inbound, requests) = bound.map_err(DagError::Gateway)?;
    if let Ok(address) = gateway.address() {
        log::info!(target: crate::LOG, "devices are served at ws://{address}");
    }
    spawn("dag-gateway", Box::pin(gateway.run()));
    spawn("dag-ingest", Box::pin(ingest.run(rate, requests)));
    Ok(inbound)
}
