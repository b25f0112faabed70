//! Puts the service together on a road to the other members: member, verifier, gateway and worker.

use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{atomic::AtomicBool, Arc},
};

use futures::stream::BoxStream;
use loadstone_core::{Hash, Level, Member, MemberIndex};
use loadstone_dag::{Committee, MemberConfig, PersistItem};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use super::{
    chain::{BlockRef, Chain},
    counter::SigningCounter,
    crypto::{MemberCrypto, Signer},
    directory::Directory,
    gateway::{ingest::Ingest, Gateway, GatewayConfig, Hub},
    network::Road,
    recording::Recording,
    start::DagError,
    status::DagHandle,
    verifier::Verifier,
    worker::{start_time, Inputs, NodeMember, Worker},
    LOG,
};

/// Messages of members that may wait for the verifier.
const VERIFIER_QUEUE: usize = 4_096;

/// Checked messages that may wait for the worker.
const WORKER_QUEUE: usize = 256;

/// Starts a task of this name.
pub type Spawn = Box<dyn Fn(&'static str, Pin<Box<dyn Future<Output = ()> + Send>>) + Send>;

/// What the service is put together from.
pub struct Assembly {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Finalised blocks from now on.
    pub finalised: BoxStream<'static, BlockRef>,
    /// The finalised block now.
    pub head: BlockRef,
    /// The members on chain, in order of their index.
    pub members: Vec<Member>,
    /// The same, as the state machine wants them.
    pub committee: Committee,
    /// This node's place among them.
    pub me: MemberIndex,
    /// This node's key, if it has one.
    pub signer: Option<Signer>,
    /// Where the signing counter stands.
    pub counter: PathBuf,
    /// How devices are served, if at all.
    pub gateway: Option<GatewayConfig>,
    /// Database, proofs and figures.
    pub handle: DagHandle,
    /// The way to the other members.
    pub road: Box<dyn Road>,
    /// Starts tasks.
    pub spawn: Spawn,
}

/// Restores the member and starts everything. The member is returned for whoever serves its history.
pub fn assemble(parts: Assembly) -> Result<Arc<Mutex<NodeMember>>, DagError> {
    let Assembly { chain, finalised, members, committee, me, handle, spawn, .. } = parts;
    let (genesis, store) = (handle.genesis, handle.store.clone());
    let journal = store.journal()?.collect::<Result<Vec<_>, _>>()?;
    let (signer, counter) = match parts.signer {
        Some(signer) => match open_counter(&parts.counter, genesis, &signer, me, &journal)? {
            Some(counter) => (Some(signer), Some(counter)),
            None => (None, None),
        },
        None => (None, None),
    };
    log::info!(target: LOG, "member {me}, signing: {}, {} items restored", signer.is_some(), journal.len());
    let config = MemberConfig::new(genesis, me, committee.clone());
    let member = NodeMember::new(config, MemberCrypto(signer.clone()), journal, start_time());
    let member = Arc::new(Mutex::new(member));

    let (head_sender, head) = watch::channel(parts.head);
    let (incoming, unchecked) = mpsc::channel(VERIFIER_QUEUE);
    let (checked, verified) = mpsc::channel(WORKER_QUEUE);
    let (introduced, introductions) = mpsc::channel(1);
    let directory = Arc::new(Directory::new(chain.clone()));
    let hub = Hub::default();
    let behind = Arc::new(AtomicBool::new(true));
    if let Some(config) = parts.gateway {
        let ingest = Ingest {
            genesis,
            ledger: member.clone(),
            directory: directory.clone(),
            head: head.clone(),
            proofs: handle.proofs.clone(),
            hub: hub.clone(),
            counters: handle.counters.clone(),
            behind: behind.clone(),
            introductions: introduced,
        };
        start_gateway(config, me, ingest, &spawn)?;
    }
    let recording = Recording::new(members, me, signer, chain.clone(), store.clone());
    let verifier = Verifier { genesis, committee, directory, head, ledger: member.clone() };
    let worker = Worker {
        member: member.clone(),
        me,
        store,
        counter,
        chain,
        road: parts.road,
        hub,
        proofs: handle.proofs,
        counters: handle.counters,
        view: handle.view,
        recording,
        incoming,
        head: head_sender,
        behind,
    };
    spawn("dag-verifier", Box::pin(verifier.run(unchecked, checked)));
    let inputs = Inputs { verified, introductions, finalised };
    spawn(
        "dag-worker",
        Box::pin(async move {
            if let Err(error) = worker.run(inputs).await {
                log::error!(target: LOG, "the DAG stops, and the node with it: {error}");
            }
        }),
    );
    Ok(member)
}

fn start_gateway(
    config: GatewayConfig,
    me: MemberIndex,
    ingest: Ingest<NodeMember>,
    spawn: &Spawn,
) -> Result<(), DagError> {
    let rate = config.device_rate;
    let bound = Gateway::bind(config, ingest.genesis, me, ingest.hub.clone(), ingest.counters.clone());
    let (gateway, requests) = bound.map_err(DagError::Gateway)?;
    if let Ok(address) = gateway.address() {
        log::info!(target: LOG, "devices are served at ws://{address}");
    }
    spawn("dag-gateway", Box::pin(gateway.run()));
    spawn("dag-ingest", Box::pin(ingest.run(rate, requests)));
    Ok(())
}

/// The counter, or `None` when this member must not sign: its journal is older than what it signed.
fn open_counter(
    path: &std::path::Path,
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
    let Some(counter) = SigningCounter::open(path, genesis, signer.key())? else {
        if own.is_empty() {
            return Ok(Some(SigningCounter::create(path, genesis, signer.key())?));
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
