//! What travels: encoded bytes, opened once for all who receive them.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
};

use codec::Encode;
use loadstone_core::{Hash, Level, MemberIndex, PublicKey, Signature};
use loadstone_dag::{
    decode_history_request, decode_history_response, decode_member_message, encode_history_response,
    encode_member_message, AnchorProposal, CheckedUnit, CheckedWitness, Committee, Decoded, DeviceChains,
    HistoryRequest, HistoryResponse, Known, Member, MemberMessage, Slot, Unit, Unresolved, Witness, WitnessFault,
};

use crate::keys::{Scheme, SeatCrypto, GENESIS};

/// Bytes as sent, and what they turned out to be. All receivers run the same code on the same bytes, so
/// the outcome is kept for the next one that holds the same of what the bytes leave out.
pub struct Packet {
    /// As sent.
    pub bytes: Vec<u8>,
    opened: RefCell<Option<Opened>>,
    response: OnceCell<Option<HistoryResponse>>,
}

struct Opened {
    asked: BTreeMap<Slot, Option<Hash>>,
    content: Content,
}

/// What a notification holds.
#[derive(Clone)]
pub enum Content {
    /// Something that was understood and is well signed.
    Note(Box<Note>),
    /// A witness that leaves out what the receiver does not hold.
    Unresolved(Unresolved),
    /// Nothing of use.
    Garbage,
}

impl Content {
    fn note(note: Note) -> Self {
        Self::Note(Box::new(note))
    }
}

/// A notification, decoded and checked as far as it can be checked alone.
#[derive(Clone, Debug)]
pub enum Note {
    /// A witness with the bodies that came along, of a committee epoch.
    Witness(u32, CheckedWitness, Vec<CheckedUnit>),
    /// A candidate with the proposer's signature.
    Propose(AnchorProposal, MemberIndex, Signature),
    /// A signature under a candidate.
    Sign(Hash, MemberIndex, Signature),
}

/// What is needed to check signatures.
pub struct Checker<'a> {
    /// The scheme in force.
    pub scheme: Scheme,
    /// Committee of an epoch.
    pub committee: &'a dyn Fn(u32) -> Option<&'a Committee>,
    /// Key of a registered device.
    pub device: &'a dyn Fn(&Unit) -> Option<PublicKey>,
}

/// What goes without saying between members: the only unit in a slot.
pub struct Held<'a>(pub Option<&'a Member<SeatCrypto>>);

impl Known for Held<'_> {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        match self.0?.units_at(slot)[..] {
            [unit] => Some(unit),
            _ => None,
        }
    }

    fn witness(&self, _: MemberIndex, _: Level) -> Option<Hash> {
        None
    }
}

/// Remembers what it was asked.
struct Recorder<'a> {
    held: &'a Held<'a>,
    asked: RefCell<BTreeMap<Slot, Option<Hash>>>,
}

impl Known for Recorder<'_> {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        *self.asked.borrow_mut().entry(*slot).or_insert_with(|| self.held.unit(slot))
    }
}

impl Packet {
    /// A packet of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, opened: RefCell::default(), response: OnceCell::new() }
    }

    /// The packet of a notification to members that are believed to hold what the sender holds.
    pub fn note(message: &MemberMessage, held: &Held) -> Self {
        Self::new(encode_member_message(message, held))
    }

    /// The packet of a request.
    pub fn request(request: &HistoryRequest) -> Self {
        Self::new(request.encode())
    }

    /// The packet of an answer.
    pub fn response(response: &HistoryResponse) -> Self {
        Self::new(encode_history_response(response, &GENESIS))
    }

    /// The notification as a receiver understands it.
    pub fn open_note(&self, checker: &Checker, held: &Held) -> Content {
        if let Some(opened) = &*self.opened.borrow() {
            if opened.asked.iter().all(|(slot, answer)| held.unit(slot) == *answer) {
                return opened.content.clone();
            }
        }
        let recorder = Recorder { held, asked: RefCell::default() };
        let content = checker.note(&self.bytes, &recorder);
        let opened = Opened { asked: recorder.asked.into_inner(), content: content.clone() };
        self.opened.replace(Some(opened));
        content
    }

    /// The request; `None` when it is none.
    pub fn open_request(&self) -> Option<HistoryRequest> {
        decode_history_request(&self.bytes).ok()
    }

    /// The answer; `None` when it is none.
    pub fn open_response(&self) -> Option<HistoryResponse> {
        self.response.get_or_init(|| decode_history_response(&self.bytes, &GENESIS).ok()).clone()
    }
}

impl Checker<'_> {
    fn note(&self, bytes: &[u8], known: &impl Known) -> Content {
        match decode_member_message(bytes, &GENESIS, known) {
            Ok(Decoded::Message(message)) => self.message(message),
            Ok(Decoded::Unresolved(unresolved)) => Content::Unresolved(unresolved),
            Err(_) => Content::Garbage,
        }
    }

    fn message(&self, message: MemberMessage) -> Content {
        match message {
            MemberMessage::Witness(witness, units) => {
                let (epoch, member, level) = (witness.content.epoch, witness.content.member, witness.content.level);
                match self.witness(witness, units) {
                    Ok((witness, units)) => Content::note(Note::Witness(epoch, witness, units)),
                    // What was rebuilt is perhaps not what was signed: it has to come in full.
                    Err(WitnessFault::BadSignature) => {
                        Content::Unresolved(Unresolved { epoch, member, level, missing: None })
                    }
                    Err(_) => Content::Garbage,
                }
            }
            MemberMessage::Propose(proposal, by, signature) => Content::note(Note::Propose(proposal, by, signature)),
            MemberMessage::SignAnchor(hash, by, signature) => Content::note(Note::Sign(hash, by, signature)),
            MemberMessage::SignRecords(..) => Content::Garbage,
        }
    }

    /// Checks form and signatures of a witness and of the bodies that came along.
    pub fn witness(
        &self,
        witness: Witness,
        units: Vec<Unit>,
    ) -> Result<(CheckedWitness, Vec<CheckedUnit>), WitnessFault> {
        let verify =
            |key: &PublicKey, message: &[u8], signature: &Signature| self.scheme.verify(key, message, signature);
        let committee = (self.committee)(witness.content.epoch).ok_or(WitnessFault::Epoch)?;
        let witness = CheckedWitness::check(witness, &GENESIS, committee, verify)?;
        let check = |unit: Unit| {
            let key = (self.device)(&unit).ok_or(WitnessFault::BadUnit)?;
            CheckedUnit::check(unit, &GENESIS, &key, verify).map_err(|_| WitnessFault::BadUnit)
        };
        let units = units.into_iter().map(check).collect::<Result<_, _>>()?;
        Ok((witness, units))
    }
}
