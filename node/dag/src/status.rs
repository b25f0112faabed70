//! What the service tells about itself: read by RPC, written by the worker.

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{BlockNumber, Hash, MemberIndex};
use parking_lot::RwLock;
use serde::Serialize;

use crate::{
    capsules::Capsules,
    health::Health,
    metrics::{Counters, Totals},
    proofs::Proofs,
    store::{Store, StoreError},
};

/// What only the worker knows.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// This node's place in the committee.
    pub member: Option<MemberIndex>,
    /// Committee epoch.
    pub epoch: u32,
    /// How it is doing.
    pub health: Health,
    /// Members with an open stream.
    pub peers: Vec<MemberIndex>,
    /// Height of the finalised block that was read last.
    pub finalised: BlockNumber,
    /// Why nothing is archived or pruned.
    pub keeping: Option<String>,
}

/// The newest anchor in a finalised block whose units are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorStatus {
    /// Its number.
    pub number: u32,
    /// Its hash.
    pub hash: Hash,
    /// Units in it.
    pub units: u32,
    /// Readings in it.
    pub readings: u64,
    /// First finalised block in which this node saw it.
    pub block: Hash,
}

/// Answer of `dag_status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// This node's place in the committee; none for an observer.
    pub member: Option<u16>,
    /// Committee epoch that this node follows.
    pub epoch: u32,
    /// Whether it signs witnesses.
    pub signing: bool,
    /// How it is doing: `good`, `mute`, `catching_up` and so on.
    pub health: &'static str,
    /// Why it is mute or has failed.
    pub reason: Option<String>,
    /// Level of its newest witness.
    pub level: u64,
    /// Units taken in from devices since the node's start.
    pub accepted: u64,
    /// Units seen confirmed since then.
    pub confirmed: u64,
    /// Units that came into finalised anchors since then.
    pub anchored: u64,
    /// Refusals by reason since then.
    pub refusals: BTreeMap<String, u64>,
    /// Why nothing is archived or pruned, which concerns the disk's size only.
    pub keeping: Option<String>,
    /// Members with an open stream.
    pub peers: Vec<u16>,
    /// Open connections of devices.
    pub connections: u64,
    /// Height of the finalised block that was read last.
    pub finalised_block: BlockNumber,
    /// The newest anchor that is complete here.
    pub latest_anchor: Option<AnchorStatus>,
}

/// The service as others see it; cheap to clone.
#[derive(Clone)]
pub struct DagHandle {
    pub(crate) genesis: Hash,
    pub(crate) store: Arc<Store>,
    pub(crate) proofs: Arc<Proofs>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) view: Arc<RwLock<View>>,
    pub(crate) capsules: Capsules,
}

impl DagHandle {
    /// Where capsules are put up for devices.
    pub fn capsules(&self) -> Capsules {
        self.capsules.clone()
    }

    /// What the service has counted so far.
    pub fn totals(&self) -> Totals {
        self.counters.totals()
    }

    /// Over this database of the chain with this genesis hash.
    pub fn new(genesis: Hash, store: Arc<Store>, counters: Counters) -> Self {
        Self {
            genesis,
            proofs: Arc::new(Proofs::new(store.clone())),
            store,
            counters: Arc::new(counters),
            view: Arc::new(RwLock::new(View::default())),
            capsules: Capsules::default(),
        }
    }

    /// How the service is doing.
    pub fn status(&self) -> Result<Status, StoreError> {
        let (view, totals) = (self.view.read().clone(), self.counters.totals());
        let latest_anchor = self.store.last_anchor()?.map(|stored| AnchorStatus {
            number: stored.anchor.number.0,
            hash: stored.anchor.hash(),
            units: stored.anchor.units,
            readings: stored.anchor.readings,
            block: stored.block,
        });
        Ok(Status {
            member: view.member.map(|member| member.0),
            epoch: view.epoch,
            signing: view.health == Health::Good,
            health: view.health.name(),
            reason: view.health.reason().map(ToOwned::to_owned),
            level: totals.level,
            accepted: totals.accepted,
            confirmed: totals.confirmed,
            anchored: totals.anchored,
            refusals: self.counters.refusals(),
            keeping: view.keeping,
            peers: view.peers.iter().map(|member| member.0).collect(),
            connections: totals.connections,
            finalised_block: view.finalised,
            latest_anchor,
        })
    }
}
