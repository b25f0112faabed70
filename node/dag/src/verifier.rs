//! Checks everything that members send, in batches over all cores, before the state machine sees it.
//!
//! One task decodes in the order of arrival, blocking threads check signatures, and what has passed leaves
//! in the order of arrival again. While nothing is under way a batch takes what there is, so an idle network
//! is fast; a further one starts only when it is large enough to be worth it.

use std::{collections::VecDeque, sync::Arc};

use futures::{stream::FuturesOrdered, StreamExt};
use loadstone_core::{Hash, MemberIndex, Millis, Signature};
use loadstone_dag::{AnchorProposal, Effect, RecordsClaim};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    task::JoinHandle,
    time::Instant,
};

use crate::{
    bundles::{check, CheckedBundle, Draft},
    chain::BlockRef,
    crypto::Checker,
    decoder::{Decoder, Decoding},
    directory::Directory,
    seat::NodeMember,
    vouched::Vouched,
};

/// Units at which a batch is large enough to be checked beside another one.
const GOOD_BATCH: usize = 256;

/// Units at which a batch takes nothing more.
const FULL_BATCH: usize = 4_096;

/// Results that may wait for the worker while further batches are checked.
const MAX_PASSED: usize = 256;

/// Something that a member sent.
pub enum Incoming {
    /// On the notification protocol.
    Message(Vec<u8>),
    /// In answer to the state machine's request.
    Answer {
        /// The epoch in which it was asked for.
        epoch: u32,
        /// The encoded answer.
        bytes: Vec<u8>,
    },
    /// In answer to [`Unresolved::request`], which says nothing of what else the other one holds.
    Full(Vec<u8>),
}

impl Incoming {
    /// Bytes in it.
    pub fn len(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::Full(bytes) | Self::Answer { bytes, .. } => bytes.len(),
        }
    }
}

/// What has passed.
pub enum Verified {
    /// A witness as it was made.
    Witness(CheckedBundle),
    /// Witnesses from history, in the order of the answer, with the epoch in which they were asked for.
    Witnesses(u32, Vec<CheckedBundle>),
    /// Anchors from history; hashes bind them to the chain.
    Anchors(Vec<AnchorProposal>),
    /// A candidate; the state machine checks the signature.
    Proposal(AnchorProposal, MemberIndex, Signature),
    /// A signature under a candidate; the state machine checks it.
    AnchorSignature(Hash, MemberIndex, Signature),
    /// A signature under a chunk of records, with the epoch whose committee's member signed.
    Records(RecordsClaim, MemberIndex, Signature),
}

impl Verified {
    /// Units in it, each of them work.
    pub fn units(&self) -> usize {
        match self {
            Self::Witness((_, units)) => 1 + units.len(),
            Self::Witnesses(_, bundles) => bundles.iter().map(|(_, units)| 1 + units.len()).sum(),
            _ => 1,
        }
    }

    /// Ids of the witnesses in it.
    pub fn witnesses(&self) -> Vec<Hash> {
        match self {
            Self::Witness((witness, _)) => vec![witness.id()],
            Self::Witnesses(_, bundles) => bundles.iter().map(|(witness, _)| witness.id()).collect(),
            _ => Vec::new(),
        }
    }

    /// Hands it to the state machine of this epoch; what was checked for another one is left out.
    pub fn hand_in(self, from: MemberIndex, member: &mut NodeMember, epoch: u32, now: Millis) -> Vec<Effect> {
        let is_current = |(witness, _): &CheckedBundle| witness.witness().content.epoch == epoch;
        match self {
            Self::Witness(bundle) if is_current(&bundle) => member.on_witness(from, bundle.0, bundle.1, now),
            Self::Witnesses(of, bundles) if of == epoch => member.on_witnesses(from, bundles, now),
            Self::Anchors(anchors) => member.on_anchors(from, anchors, now),
            Self::Proposal(proposal, signer, signature) => member.on_proposal(proposal, signer, signature, now),
            Self::AnchorSignature(hash, signer, signature) => member.on_anchor_signature(hash, signer, signature, now),
            // Records are no matter of the state machine.
            Self::Witness(_) | Self::Witnesses(..) | Self::Records(..) => Vec::new(),
        }
    }
}

/// What is to be checked, decoded.
pub enum Parsed {
    /// A witness by itself.
    Witness(Draft),
    /// Witnesses from history, with the epoch in which they were asked for.
    Witnesses(u32, Vec<Draft>),
    /// A signature under a chunk of records.
    Records(RecordsClaim, MemberIndex, Signature),
    /// Something that needs no check here.
    Plain(Verified),
}

/// What the checks need.
pub struct Verifier {
    /// What was sent, decoded.
    pub decoder: Decoder,
    /// What devices' units are checked against.
    pub registry: Registry,
    /// The finalised head whose registry counts.
    pub head: watch::Receiver<BlockRef>,
}

/// What devices' units are checked against.
#[derive(Clone)]
pub struct Registry {
    /// Registered devices.
    pub directory: Arc<Directory>,
    /// Units that were checked before.
    pub vouched: Vouched,
    /// Checks signatures.
    pub checker: Checker,
}

/// A batch under check: what has passed, and the bytes that no longer wait.
type Flight = JoinHandle<(Vec<(MemberIndex, Verified)>, Weights)>;

type Weights = Vec<(MemberIndex, usize)>;

/// The verifier at work.
struct Running {
    registry: Registry,
    head: watch::Receiver<BlockRef>,
    decoding: Decoding,
    weights: Weights,
}

impl Verifier {
    /// Checks until the worker ends.
    pub async fn run(
        self,
        mut incoming: mpsc::Receiver<(MemberIndex, Incoming)>,
        verified: mpsc::Sender<(MemberIndex, Verified)>,
    ) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let waiting = self.decoder.waiting.clone();
        let mut flights: FuturesOrdered<Flight> = FuturesOrdered::new();
        let mut passed: VecDeque<(MemberIndex, Verified)> = VecDeque::new();
        let Self { decoder, registry, head } = self;
        let decoding = decoder.start();
        let mut running = Running { registry, head, decoding, weights: Vec::new() };
        loop {
            let retry = running.decoding.due();
            tokio::select! {
                Some(landed) = flights.next() => match landed {
                    Ok((more, weights)) => {
                        weights.into_iter().for_each(|(from, bytes)| waiting.take(from, bytes));
                        passed.extend(more);
                    }
                    Err(error) => log::error!(target: crate::LOG, "checking members' messages died: {error}"),
                },
                permit = verified.reserve(), if !passed.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(one) = passed.pop_front() {
                            permit.send(one);
                        }
                    }
                    Err(_) => return,
                },
                next = incoming.recv() => match next {
                    Some((from, incoming)) => running.take(from, incoming),
                    None => return,
                },
                () = tokio::time::sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => {
                    running.decoding.try_again();
                }
            }
            while let Ok((from, next)) = incoming.try_recv() {
                running.take(from, next);
            }
            while let Some(one) = passed.pop_front() {
                if let Err(TrySendError::Full(one)) = verified.try_send(one) {
                    passed.push_front(one);
                    break;
                }
            }
            // A worker that lags behind gets larger batches later rather than more of them now.
            let is_worth_it = flights.len() < cores && running.has_good_batch();
            if passed.len() < MAX_PASSED && (flights.is_empty() || is_worth_it) {
                flights.extend(running.launch());
            }
        }
    }
}

impl Running {
    fn take(&mut self, from: MemberIndex, incoming: Incoming) {
        self.weights.push((from, incoming.len()));
        self.decoding.take(from, incoming);
    }

    fn has_good_batch(&self) -> bool {
        let mut units = 0;
        self.decoding.queue.iter().any(|parcel| {
            units += parcel.units;
            units >= GOOD_BATCH
        })
    }

    /// Starts checking what has gathered.
    fn launch(&mut self) -> Option<Flight> {
        let judge = self.decoding.judge(&self.registry, *self.head.borrow())?;
        let (mut batch, mut units) = (Vec::new(), 0);
        while let Some(parcel) = self.decoding.queue.pop_front() {
            units += parcel.units;
            batch.push((parcel.from, parcel.parsed));
            if units >= FULL_BATCH {
                break;
            }
        }
        if batch.is_empty() && self.weights.is_empty() {
            return None;
        }
        // Bytes count as waiting until nothing that came before them is left.
        let weights = if self.decoding.queue.is_empty() { std::mem::take(&mut self.weights) } else { Vec::new() };
        Some(tokio::task::spawn_blocking(move || (check(&judge, batch), weights)))
    }
}
