//! Takes units in: quota, form, registry and chain first, then signatures in one batch.
//!
//! Units wait by owner, and owners take turns: one that floods its gateway delays and displaces its own.
//! One batch at a time, on the blocking pool, and introduced before the next one is looked at, so
//! that a device may send on without waiting. The member is locked for single questions only, never
//! while signatures are checked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use loadstone_core::{AccountId, DeviceId, Hash};
use loadstone_dag::{
    Admission, CheckedUnit, DeviceChains, DeviceDirectory, DeviceInfo, GatewayMessage, Refusal, Slot, Unit, UnitGate,
};
use tokio::sync::{mpsc, oneshot, watch};

use super::{quota::DeviceQuota, turns::Turns, Door, Hub, Inbound, Peer, Rate};
use crate::{
    chain::BlockRef, crypto::Checker, directory::Directory, metrics::Counters, proofs::Proofs, vouched::Vouched,
};

/// Units whose signatures are checked in one batch.
const BATCH: usize = 1_024;

/// Time between two batches while few units come: small batches cost up to twice as much a unit.
const GATHER: Duration = Duration::from_millis(6);

/// Units taken from frames between two batches, beyond which further frames wait.
const INTAKE: usize = 4 * BATCH;

/// Units of all owners that wait to be checked.
const MAX_WAITING: usize = 32 * BATCH;

/// Units that wait by the owner of their device's resource; strangers' wait together.
type Waiting = Turns<Option<AccountId>, (Peer, Unit)>;

/// Verified units for the member, answered once it has taken them in.
pub type Introduction = (Vec<CheckedUnit>, oneshot::Sender<()>);

/// Everything that taking units in needs.
pub struct Ingest<L> {
    /// Hash of the genesis block.
    pub genesis: Hash,
    /// The device chains as the member knows them; locked for single questions.
    pub chains: L,
    /// Registered devices.
    pub directory: Arc<Directory>,
    /// The finalised head whose registry counts.
    pub head: watch::Receiver<BlockRef>,
    /// Proofs of anchored units.
    pub proofs: Arc<Proofs>,
    /// Who is connected.
    pub hub: Hub,
    /// Counts by reason.
    pub counters: Arc<Counters>,
    /// Whether units are taken in.
    pub door: Door,
    /// Remembers what was checked here, for when another member introduces it.
    pub vouched: Vouched,
    /// Checks signatures.
    pub checker: Checker,
    /// Takes verified units to the member.
    pub introductions: mpsc::Sender<Introduction>,
}

/// The registry at one block.
struct Devices {
    directory: Arc<Directory>,
    head: BlockRef,
}

impl DeviceDirectory for Devices {
    fn device(&self, id: DeviceId) -> Option<DeviceInfo> {
        let found = self.directory.device(self.head, id).unwrap_or_else(|error| {
            log::warn!(target: crate::LOG, "device {id} can't be looked up: {error}");
            None
        });
        found.map(|(device, resource)| DeviceInfo {
            key: device.key,
            incarnation: device.incarnation,
            revoked: device.revoked,
            load_min: resource.load_min,
            load_max: resource.load_max,
        })
    }
}

impl<L: DeviceChains + Send + Sync + 'static> Ingest<L> {
    /// Serves devices' requests until the gateway ends.
    pub async fn run(self, rate: Rate, mut inbound: mpsc::Receiver<Inbound>) {
        let ingest = Arc::new(self);
        let mut quota = DeviceQuota::new(rate);
        let mut waiting = Waiting::new(MAX_WAITING);
        let mut next_batch = tokio::time::Instant::now();
        loop {
            let (mut units, mut slots) = (Vec::new(), Vec::new());
            let mut next = if waiting.is_empty() {
                let Some(first) = inbound.recv().await else { return };
                // The first after a silence is not kept waiting.
                tokio::time::sleep_until(next_batch).await;
                Some(first)
            } else {
                inbound.try_recv().ok()
            };
            next_batch = tokio::time::Instant::now() + GATHER;
            while let Some(request) = next {
                match request {
                    Inbound::Submit(peer, sent) => ingest.admit_by_quota(&mut quota, peer, sent, &mut units),
                    Inbound::Prove(peer, sent) => slots.extend(sent.into_iter().map(|slot| (peer.clone(), slot))),
                }
                next = if units.len() < INTAKE && slots.len() < BATCH { inbound.try_recv().ok() } else { None };
            }
            let worker = ingest.clone();
            let work = move || {
                worker.line_up(units, &mut waiting);
                let new = worker.check(waiting.draw(BATCH));
                slots.iter().for_each(|(peer, slot)| worker.prove(peer, slot));
                (new, waiting)
            };
            match tokio::task::spawn_blocking(work).await {
                Ok((new, left)) => {
                    waiting = left;
                    ingest.introduce(new).await;
                }
                Err(error) => {
                    log::error!(target: crate::LOG, "taking units in died: {error}");
                    waiting = Waiting::new(MAX_WAITING);
                }
            }
        }
    }

    fn admit_by_quota(&self, quota: &mut DeviceQuota, peer: Peer, sent: Vec<Unit>, units: &mut Vec<(Peer, Unit)>) {
        let now = Instant::now();
        for unit in sent {
            if quota.take(peer.address, unit.content.slot.device, now) {
                units.push((peer.clone(), unit));
            } else {
                self.refuse(&peer, unit.content.slot, Refusal::Busy);
            }
        }
    }

    /// Lets units wait by owner; whoever has the most gives way when there are too many.
    fn line_up(&self, units: Vec<(Peer, Unit)>, waiting: &mut Waiting) {
        let head = *self.head.borrow();
        for (peer, unit) in units {
            // Who can't be looked up is refused when the unit is checked.
            let found = self.directory.device(head, unit.content.slot.device).ok().flatten();
            let owner = found.map(|(_, resource)| {
                peer.lies_in(resource.area);
                resource.owner
            });
            if let Some((peer, unit)) = waiting.push(owner, (peer, unit)) {
                self.refuse(&peer, unit.content.slot, Refusal::Busy);
            }
        }
    }

    fn refuse(&self, peer: &Peer, slot: Slot, refusal: Refusal) {
        self.counters.refuse(&refusal);
        peer.send(GatewayMessage::Refused(slot, refusal));
    }

    async fn introduce(&self, units: Vec<CheckedUnit>) {
        let (done, answer) = oneshot::channel();
        if !units.is_empty() && self.introductions.send((units, done)).await.is_ok() {
            // An error means that the worker is gone, and the node with it.
            drop(answer.await);
        }
    }

    /// Checks a batch and returns what is new; every unit gets its answer.
    fn check(&self, batch: Vec<(Peer, Unit)>) -> Vec<CheckedUnit> {
        if !self.door.is_open() {
            batch.iter().for_each(|(peer, unit)| self.put_off(peer, unit));
            return Vec::new();
        }
        let mut new = Vec::new();
        let devices = Devices { directory: self.directory.clone(), head: *self.head.borrow() };
        let units = batch.iter().map(|(_, unit)| unit.clone()).collect();
        let verdicts =
            UnitGate::new(self.genesis, &devices, &self.chains).admit_all(units, |signed| self.checker.verify(signed));
        for ((peer, unit), (slot, verdict)) in batch.iter().zip(verdicts) {
            match verdict {
                Ok(Admission::New(unit)) => {
                    self.hub.route(slot.device, peer);
                    self.counters.accept();
                    peer.send(GatewayMessage::Accepted(slot, unit.id()));
                    new.push(unit);
                }
                Ok(Admission::Known(id)) => self.known(peer, slot, id),
                Err(refusal @ (Refusal::Gap(_) | Refusal::Fork | Refusal::WrongIncarnation)) => {
                    // The member forgets what lies behind the last anchored unit; the database does not.
                    let id = unit.content.payload(&self.genesis).hash();
                    if self.is_anchored(&slot, &id) {
                        self.known(peer, slot, id);
                    } else if self.door.is_behind() {
                        self.refuse(peer, slot, Refusal::Busy);
                    } else {
                        self.refuse(peer, slot, refusal);
                    }
                }
                Err(refusal) => self.refuse(peer, slot, refusal),
            }
        }
        self.vouched.add(new.iter().map(|unit| (unit.id(), &unit.unit().signature)));
        new
    }

    /// The door is shut: what is anchored is proved all the same, the rest may come again later.
    fn put_off(&self, peer: &Peer, unit: &Unit) {
        let slot = unit.content.slot;
        let id = unit.content.payload(&self.genesis).hash();
        if self.is_anchored(&slot, &id) {
            self.known(peer, slot, id);
        } else {
            self.refuse(peer, slot, Refusal::Busy);
        }
    }

    /// A unit that was sent again: its signature was not checked this time, so it draws no route away.
    fn known(&self, peer: &Peer, slot: Slot, id: Hash) {
        if self.hub.find(slot.device).is_none() {
            self.hub.route(slot.device, peer);
        }
        peer.send(GatewayMessage::Accepted(slot, id));
        self.prove(peer, &slot);
    }

    fn is_anchored(&self, slot: &Slot, id: &Hash) -> bool {
        match self.proofs.place(slot) {
            Ok(place) => place.is_some_and(|place| place.unit == *id),
            Err(error) => {
                log::error!(target: crate::LOG, "a slot can't be read: {error}");
                false
            }
        }
    }

    /// Sends the proof of the slot's unit, if it is anchored.
    fn prove(&self, peer: &Peer, slot: &Slot) {
        match self.proofs.anchored(slot) {
            Ok(Some(message)) => peer.send(message),
            Ok(None) => {}
            Err(error) => log::error!(target: crate::LOG, "a proof can't be made: {error}"),
        }
    }
}
