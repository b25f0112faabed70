//! Decodes what members send, in the order of arrival, and drops what is here already.
//!
//! A witness that leaves out what is not known here waits a moment for it, and is then asked for in full.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use loadstone_core::{Hash, MemberIndex};
use loadstone_dag::{
    decode_history_response, decode_member_message, Committee, Decoded, HistoryResponse, MemberMessage, Unit,
    Unresolved, Witness,
};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    bundles::{Draft, Judge},
    chain::BlockRef,
    courier::{Messenger, Waiting},
    pipeline::Pipeline,
    recent::Recent,
    seat::SharedSeat,
    verifier::{Incoming, Parsed, Registry, Verified},
};

/// Time between two attempts to decode a witness that leaves out what is not known here.
const RETRY: Duration = Duration::from_millis(15);

/// Attempts before it is asked for in full.
const ATTEMPTS: u32 = 4;

/// Witnesses that may wait for such an attempt.
const MAX_UNRESOLVED: usize = 64;

/// Something decoded, and how many units are in it.
pub struct Parcel {
    /// Who sent it.
    pub from: MemberIndex,
    /// What it is.
    pub parsed: Parsed,
    /// Units in it, each of them work.
    pub units: usize,
}

struct Stuck {
    from: MemberIndex,
    bytes: Vec<u8>,
    attempts: u32,
    due: Instant,
}

/// What decoding needs.
pub struct Decoder {
    /// Hash of the genesis block.
    pub genesis: Hash,
    /// Whose witnesses count, and what is held.
    pub seat: SharedSeat,
    /// Witnesses that arrived before.
    pub pipeline: Pipeline,
    /// To ask for what can't be decoded.
    pub messenger: Messenger,
    /// Where answers to that go.
    pub again: mpsc::WeakSender<(MemberIndex, Incoming)>,
    /// Bytes that wait to be checked.
    pub waiting: Waiting,
}

/// The decoder at work.
pub struct Decoding {
    decoder: Decoder,
    recent: Recent,
    stuck: Vec<Stuck>,
    committee: Option<(u32, Arc<Committee>)>,
    /// What is to be checked.
    pub queue: VecDeque<Parcel>,
}

impl Decoder {
    /// Starts with nothing.
    pub fn start(self) -> Decoding {
        Decoding {
            decoder: self,
            recent: Recent::default(),
            stuck: Vec::new(),
            committee: None,
            queue: VecDeque::new(),
        }
    }
}

impl Decoding {
    /// When something that could not be decoded is to be tried again.
    pub fn due(&self) -> Option<Instant> {
        self.stuck.iter().map(|stuck| stuck.due).min()
    }

    /// Decodes something.
    pub fn take(&mut self, from: MemberIndex, incoming: Incoming) {
        self.committee = self.decoder.seat.committee();
        match incoming {
            Incoming::Message(bytes) => self.message(from, bytes, 0),
            // The state machine of another epoch must not take it for an answer to a question of its own.
            Incoming::Answer { epoch, bytes } if self.committee.as_ref().is_some_and(|(now, _)| *now == epoch) => {
                self.answer(from, &bytes, Some(epoch));
            }
            Incoming::Answer { .. } => {}
            Incoming::Full(bytes) => self.answer(from, &bytes, None),
        }
    }

    /// What drafts are checked against; `None` before there is a committee.
    pub fn judge(&self, registry: &Registry, head: BlockRef) -> Option<Judge> {
        let (_, committee) = self.committee.clone()?;
        Some(Judge {
            genesis: self.decoder.genesis,
            committee,
            directory: registry.directory.clone(),
            head,
            vouched: registry.vouched.clone(),
            checker: registry.checker.clone(),
            pipeline: self.decoder.pipeline.clone(),
        })
    }

    /// Tries once more what is due.
    pub fn try_again(&mut self) {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.stuck).into_iter().partition(|stuck| stuck.due <= now);
        self.stuck = later;
        for Stuck { from, bytes, attempts, .. } in due {
            self.message(from, bytes, attempts);
        }
    }

    fn message(&mut self, from: MemberIndex, bytes: Vec<u8>, attempts: u32) {
        let known = self.recent.of(from, &self.decoder.seat);
        match decode_member_message(&bytes, &self.decoder.genesis, &known) {
            Ok(Decoded::Message(message)) => self.decoded(from, message),
            Ok(Decoded::Unresolved(unresolved)) => self.unresolved(from, bytes, attempts + 1, &unresolved),
            Err(fault) => log::debug!(target: crate::LOG, "member {from} sent no message: {fault:?}"),
        }
    }

    fn decoded(&mut self, from: MemberIndex, message: MemberMessage) {
        match message {
            MemberMessage::Witness(witness, units) => {
                self.recent.add(from, &witness.content.units, &units);
                let count = 1 + units.len();
                if let Some(draft) = self.draft(witness, units) {
                    self.push(from, Parsed::Witness(draft), count);
                }
            }
            MemberMessage::Propose(proposal, member, signature) => {
                self.push(from, Parsed::Plain(Verified::Proposal(proposal, member, signature)), 0);
            }
            MemberMessage::SignAnchor(hash, member, signature) => {
                self.push(from, Parsed::Plain(Verified::AnchorSignature(hash, member, signature)), 0);
            }
            MemberMessage::SignRecords(claim, member, signature) => {
                self.push(from, Parsed::Records(claim, member, signature), 1);
            }
        }
    }

    fn push(&mut self, from: MemberIndex, parsed: Parsed, units: usize) {
        self.queue.push_back(Parcel { from, parsed, units });
    }

    /// The state machine's own questions are answered as a whole, in the epoch in which they were asked.
    fn answer(&mut self, from: MemberIndex, bytes: &[u8], asked_in: Option<u32>) {
        match decode_history_response(bytes, &self.decoder.genesis) {
            Ok(HistoryResponse::Witnesses(witnesses)) => {
                let drafts = witnesses.into_iter().filter_map(|(witness, units)| self.draft(witness, units));
                let drafts: Vec<_> = drafts.collect();
                let count = |draft: &Draft| 1 + draft.names().1;
                if let Some(epoch) = asked_in {
                    let units = drafts.iter().map(count).sum();
                    self.push(from, Parsed::Witnesses(epoch, drafts), units);
                } else {
                    drafts.into_iter().for_each(|draft| self.push(from, Parsed::Witness(draft), 1));
                }
            }
            Ok(HistoryResponse::Anchors(anchors)) => self.push(from, Parsed::Plain(Verified::Anchors(anchors)), 0),
            // Only those who catch up ask for these, and they read the answers themselves.
            Ok(HistoryResponse::Heads { .. } | HistoryResponse::Units(_)) => {}
            Err(fault) => log::debug!(target: crate::LOG, "member {from} sent no answer: {fault:?}"),
        }
    }

    /// `None` for witnesses of another epoch, which are asked for by whoever gets there, and for those that
    /// are here already.
    fn draft(&self, witness: Witness, units: Vec<Unit>) -> Option<Draft> {
        let (epoch, committee) = self.committee.as_ref()?;
        if witness.content.epoch != *epoch {
            return None;
        }
        let draft = Draft::new(witness, units, &self.decoder.genesis, committee)?;
        let (name, count) = draft.names();
        self.decoder.pipeline.enter(name, count).then_some(draft)
    }

    fn unresolved(&mut self, from: MemberIndex, bytes: Vec<u8>, attempts: u32, unresolved: &Unresolved) {
        let Some((epoch, committee)) = &self.committee else { return };
        if unresolved.epoch != *epoch {
            return;
        }
        if attempts < ATTEMPTS && self.stuck.len() < MAX_UNRESOLVED {
            self.stuck.push(Stuck { from, bytes, attempts, due: Instant::now() + RETRY });
            return;
        }
        let request = unresolved.request(committee.size());
        let (messenger, again) = (self.decoder.messenger.clone(), self.decoder.again.clone());
        let waiting = self.decoder.waiting.clone();
        tokio::spawn(async move {
            let Some(answer) = messenger.ask(from, &request).await else { return };
            let bytes = answer.len();
            let Some(again) = again.upgrade().filter(|_| waiting.put(from, bytes)) else { return };
            if again.try_send((from, Incoming::Full(answer))).is_err() {
                waiting.take(from, bytes);
            }
        });
    }
}
