//! The DAG ledger beside the chain: devices' chains of units, anchors under the committee's signatures, and a member's
//! database, from which records are computed by the code that members run.

use crate::chain::{pair, By, Chain};
use loadstone_core::{
    AnchorNumber, BoundedVec, DeviceId, EventId, Hash, Incarnation, MemberIndex, Millis, Sequence, SigningPayload,
    Watts,
};
use loadstone_dag::{
    frontier_hash, leaves_root, Anchor, AnchorLeaf, Body, BoundedCertificate, Readings, Slot, Unit, UnitContent,
    MAX_READINGS,
};
use loadstone_dag_node::testing::{claim, compute, Store};
use loadstone_evidence::sign::SigningKey;
use loadstone_runtime::{genesis::DEMO_ORGANISATIONS, DagAnchor, ExecutionScore};
use sp_core::{sr25519, Pair};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// Milliseconds between readings.
pub const READING_MS: u64 = 1_000;

/// Members whose signatures make a quorum of four.
const QUORUM: usize = 3;

struct Device {
    key: SigningKey,
    next: u64,
    previous: Hash,
}

/// What members hold.
pub struct Ledger {
    genesis: Hash,
    store: Store,
    devices: BTreeMap<DeviceId, Device>,
    members: Vec<sr25519::Pair>,
    waiting: BTreeMap<Slot, (Hash, Unit)>,
    latest: Option<Anchor>,
    _folder: TempDir,
}

/// The key of the device that is to be number `device`.
pub fn device_key(device: u32) -> SigningKey {
    let mut seed = [5; 32];
    seed[..4].copy_from_slice(&device.to_le_bytes());
    SigningKey::from_seed(&seed)
}

impl Ledger {
    /// An empty one of the chain's committee.
    pub fn new(chain: &mut Chain) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let genesis = chain.genesis();
        let keys = DEMO_ORGANISATIONS.iter().map(|organisation| pair(&format!("//{}//dag", organisation.path)));
        let keys: BTreeMap<_, _> = keys.map(|pair| (pair.public().0, pair)).collect();
        let committee = chain.read(|| DagAnchor::ledger().committee);
        let members = committee.iter().map(|member| keys[&member.key].clone()).collect();
        let store = Store::open(folder.path(), &genesis).expect("a new database");
        let (devices, waiting) = (BTreeMap::new(), BTreeMap::new());
        Self { genesis, store, devices, members, waiting, latest: None, _folder: folder }
    }

    /// Takes note of a registered device with [`device_key`].
    pub fn join(&mut self, device: DeviceId) {
        let device_of = Device { key: device_key(device.0), next: 0, previous: Hash::zero() };
        self.devices.insert(device, device_of);
    }

    /// Appends units with one reading a second from `from` on to the device's chain; where a load is unknown, none is read.
    pub fn write(&mut self, device: DeviceId, from: Millis, loads: &[Option<i64>]) {
        let mut rest: Vec<(u64, i64)> = Vec::with_capacity(MAX_READINGS);
        for (second, load) in (0u64..).zip(loads) {
            let goes_on = load.is_some() && rest.len() < MAX_READINGS;
            if !goes_on {
                self.append(device, from, &mut rest);
            }
            rest.extend(load.map(|load| (second, load)));
        }
        self.append(device, from, &mut rest);
    }

    fn append(&mut self, device: DeviceId, from: Millis, loads: &mut Vec<(u64, i64)>) {
        let Some((first, _)) = loads.first().copied() else { return };
        let watts: Vec<_> = loads.drain(..).map(|(_, load)| (Watts(load), true)).collect();
        let start = Millis(from.0 + first * READING_MS);
        let readings = Readings::new(start, READING_MS as u32, None, &watts).expect("sound readings");
        let own = self.devices.get_mut(&device).expect("it joined");
        let slot = Slot { device, incarnation: Incarnation(0), sequence: Sequence(own.next) };
        let body = Body::Readings(readings);
        let content = UnitContent { slot, previous: own.previous, references: Vec::new(), body };
        let payload = content.payload(&self.genesis);
        let signature = own.key.sign(&payload);
        (own.next, own.previous) = (own.next + 1, payload.hash());
        self.waiting.insert(slot, (payload.hash(), Unit { content, signature }));
    }

    /// Anchors what was written since the last time, on chain and in the database.
    pub fn anchor(&mut self, chain: &mut Chain, at: Millis) {
        let (leaves, units): (Vec<AnchorLeaf>, Vec<Unit>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(slot, (unit, content))| (AnchorLeaf { slot, unit }, content))
            .unzip();
        let readings = units.iter().map(|unit| match &unit.content.body {
            Body::Readings(readings) => readings.watts().expect("sound readings").len() as u64,
            Body::Acknowledgement(_) => 0,
        });
        let anchor = Anchor {
            number: self.latest.as_ref().map_or(AnchorNumber(0), |latest| latest.number).next(),
            parent: self.latest.as_ref().map(Anchor::hash).unwrap_or_default(),
            epoch: 0,
            frontier: frontier_hash(&[]),
            root: leaves_root(&leaves),
            units: units.len() as u32,
            readings: readings.sum(),
            ..Anchor::default()
        };
        let certificate = self.certificate(&anchor.payload(&self.genesis));
        let call = pallet_dag_anchor::Call::submit_anchor { anchor: anchor.clone(), certificate };
        chain.block(at, vec![(By::Nobody, call.into())]);
        self.store.put_history(&anchor, &units, &leaves, chain.head()).expect("written");
        self.latest = Some(anchor);
    }

    fn certificate(&self, payload: &SigningPayload) -> BoundedCertificate {
        let signed = |(index, pair): (u16, &sr25519::Pair)| (MemberIndex(index), pair.sign(payload.as_bytes()).0);
        BoundedVec::truncate_from((0u16..).zip(&self.members).take(QUORUM).map(signed).collect())
    }

    /// Computes an event's records as every member does, and brings them on chain under a quorum's signatures.
    pub fn record(&mut self, chain: &mut Chain, event: EventId) {
        let inputs = chain.read(|| ExecutionScore::record_inputs(event, 0)).expect("the cut-off is set");
        let chunk = compute(&self.store, event, 0, &inputs).expect("read");
        let certificate = self.certificate(&claim(&chunk).payload(&self.genesis));
        let call = pallet_execution_score::Call::submit_records { chunk, certificate };
        chain.block(chain.now(), vec![(By::Nobody, call.into())]);
    }
}
