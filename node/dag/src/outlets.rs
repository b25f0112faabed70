//! The ways out of the node: to members, to the chain, to devices, to the log.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    Arc,
};

use loadstone_core::{MemberIndex, Signature};
use loadstone_dag::{
    encode_member_message, Anchor, AnchorLeaf, Certificate, Effect, Fault, GatewayMessage, HistoryRequest,
    MemberMessage, WitnessRef,
};
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    chain::Chain,
    courier::{Messenger, Waiting},
    faults,
    gateway::Hub,
    metrics::Counters,
    pipeline::Pipeline,
    proofs::Proofs,
    seat::SharedSeat,
    verifier::Incoming,
};

/// Everything through which something leaves; cheap to clone.
#[derive(Clone)]
pub struct Outlets {
    /// This node's seat.
    pub seat: SharedSeat,
    /// To the members.
    pub messenger: Messenger,
    /// Takes members' answers to the verifier.
    pub incoming: mpsc::WeakSender<(MemberIndex, Incoming)>,
    /// What waits for the verifier.
    pub waiting: Waiting,
    /// Witnesses that need not be asked for.
    pub pipeline: Pipeline,
    /// Signature of the own witness that was sent last.
    pub last_sent: Arc<Mutex<Option<Signature>>>,
    /// To the chain.
    pub chain: Arc<dyn Chain>,
    /// To devices.
    pub hub: Hub,
    /// Proofs for devices.
    pub proofs: Arc<Proofs>,
    /// Figures.
    pub counters: Arc<Counters>,
    /// Set when the chain holds an anchor that we compute otherwise.
    pub diverged: Arc<AtomicBool>,
    /// Runs what takes its time.
    pub runtime: Handle,
}

impl Outlets {
    /// Carries out everything that needs no disk, in order. Not for an async thread.
    pub fn let_out(&self, effects: Vec<Effect>) {
        let mut confirmed = Vec::new();
        for effect in effects {
            match effect {
                Effect::Persist(_) | Effect::Closed { .. } => {}
                Effect::Broadcast(message) => self.broadcast(&message),
                Effect::Request(member, request) => self.request(member, request),
                Effect::Confirmed { slot, unit } => confirmed.push((slot, unit)),
                Effect::SubmitAnchor(anchor, certificate) => self.submit(anchor, certificate),
                Effect::Anchored { anchor, leaves } => self.anchored(&anchor, &leaves),
                Effect::Evidence(fault) => {
                    if matches!(fault, Fault::AnchorDiffers(_)) {
                        self.diverged.store(true, Ordering::Relaxed);
                    }
                    faults::report(&fault);
                }
            }
        }
        if !confirmed.is_empty() {
            self.counters.confirm(confirmed.len() as u64);
            let message = |(slot, unit): (loadstone_dag::Slot, _)| (slot.device, GatewayMessage::Confirmed(slot, unit));
            self.hub.send_all(confirmed.into_iter().map(message));
        }
    }

    /// Sends to every member, leaving out what they know. The own last witness is sent again by a member
    /// that gets no further; not while it is this node that lags behind.
    pub fn broadcast(&self, message: &MemberMessage) {
        if let MemberMessage::Witness(witness, _) = message {
            let is_again = self.last_sent.lock().replace(witness.signature) == Some(witness.signature);
            if is_again && self.pipeline.is_busy() {
                return;
            }
        }
        self.messenger.broadcast(encode_member_message(message, &self.seat));
    }

    fn request(&self, member: MemberIndex, request: HistoryRequest) {
        let (messenger, incoming, waiting) = (self.messenger.clone(), self.incoming.clone(), self.waiting.clone());
        let (epoch, is_settled) = {
            let seat = self.seat.lock();
            (seat.epoch, seat.member.as_ref().is_some_and(|member| member.status().newest.is_some()))
        };
        let Some(request) = self.pipeline.trim(request) else { return };
        // A member without a witness of its own must hear what the others hold of it.
        let is_vague = matches!(&request, HistoryRequest::Witnesses { wanted, .. } if wanted.is_empty());
        if is_vague && is_settled && self.pipeline.is_busy() {
            return;
        }
        self.runtime.spawn(async move {
            let Some(bytes) = messenger.ask(member, &request).await else { return };
            let length = bytes.len();
            let Some(incoming) = incoming.upgrade().filter(|_| waiting.put(member, length)) else { return };
            if incoming.try_send((member, Incoming::Answer { epoch, bytes })).is_err() {
                waiting.take(member, length);
            }
        });
    }

    fn submit(&self, anchor: Anchor, certificate: Certificate) {
        let chain = self.chain.clone();
        self.runtime.spawn(async move {
            let number = anchor.number;
            if let Err(error) = chain.submit_anchor(anchor, certificate).await {
                // Usual when another member was faster.
                log::debug!(target: crate::LOG, "anchor {number} was not taken: {error}");
            }
        });
    }

    fn anchored(&self, anchor: &Anchor, leaves: &[AnchorLeaf]) {
        self.counters.anchor(leaves.len() as u64);
        log::info!(
            target: crate::LOG,
            "anchor {} with {} units and {} readings is final", anchor.number, anchor.units, anchor.readings,
        );
        if !self.hub.is_empty() {
            let newest = self.seat.status().and_then(|status| status.newest);
            self.notify(anchor, leaves, newest);
        }
    }

    /// Sends each connected device the proofs of its units, and once the gateway's newest witness to bury.
    fn notify(&self, anchor: &Anchor, leaves: &[AnchorLeaf], newest: Option<WitnessRef>) {
        let tree = self.proofs.remember(anchor, leaves);
        let mut told = None;
        for (index, leaf) in (0u32..).zip(leaves) {
            let Some(peer) = self.hub.find(leaf.slot.device) else { continue };
            if let Some(message) = tree.message(index, leaf) {
                peer.send(message);
            }
            if let Some(newest) = newest.filter(|_| told != Some(leaf.slot.device)) {
                told = Some(leaf.slot.device);
                peer.send(GatewayMessage::Frontier(newest));
            }
        }
    }
}
