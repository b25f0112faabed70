//! Checks everything that members send, in batches, before the state machine sees it.
//!
//! One task keeps the order of arrival. A unit that another member introduces is good when its
//! device's key at the finalised head signed it; when that fails, the registry at the witness's base
//! anchor decides, so a key that was rotated or revoked since does not spoil history. What can't be
//! judged yet is dropped: it is asked for again as long as anything names it.

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, MemberIndex, PublicKey, Signature};
use loadstone_dag::{
    AnchorProposal, CheckedUnit, CheckedWitness, Committee, DeviceChains, HistoryResponse, MemberMessage, RecordsClaim,
    Unit, Witness,
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use super::{
    chain::BlockRef,
    crypto::{verify, Signed},
    directory::Directory,
};

/// Messages looked at in one batch.
const BATCH: usize = 256;

/// Something that a member sent.
pub enum Incoming {
    /// On the notification protocol.
    Message(Box<MemberMessage>),
    /// In answer to a request.
    Answer(HistoryResponse),
}

/// A witness with its units, all well formed and signed.
pub type CheckedBundle = (CheckedWitness, Vec<CheckedUnit>);

/// What has passed.
pub enum Verified {
    /// A witness as it was made.
    Witness(CheckedBundle),
    /// Witnesses from history, in the order of the answer.
    Witnesses(Vec<CheckedBundle>),
    /// Anchors from history; hashes bind them to the chain.
    Anchors(Vec<AnchorProposal>),
    /// A candidate; the state machine checks the signature.
    Proposal(AnchorProposal, MemberIndex, Signature),
    /// A signature under a candidate; the state machine checks it.
    AnchorSignature(Hash, MemberIndex, Signature),
    /// A signature under a chunk of records.
    Records(RecordsClaim, MemberIndex, Signature),
}

/// What the checks need.
pub struct Verifier<L> {
    /// Hash of the genesis block.
    pub genesis: Hash,
    /// Whose witnesses count.
    pub committee: Committee,
    /// Registered devices.
    pub directory: Arc<Directory>,
    /// The finalised head whose registry counts.
    pub head: watch::Receiver<BlockRef>,
    /// The member: units that it holds were checked before.
    pub ledger: Arc<Mutex<L>>,
}

/// A bundle under way: its checked form, and where its signatures stand in the batch.
struct Draft {
    base: AnchorNumber,
    witness: (CheckedWitness, usize),
    units: Vec<(CheckedUnit, Proof)>,
}

/// What speaks for a unit.
enum Proof {
    /// The member holds it already.
    Held,
    /// The signature at this place in the batch.
    At(usize),
    /// The key at the finalised head does not fit: the base anchor decides.
    Older,
}

enum Parsed {
    Bundles(Vec<Option<Draft>>, bool),
    Records(RecordsClaim, MemberIndex, Signature, usize),
    Plain(Verified),
    Nothing,
}

impl<L: DeviceChains + Send + 'static> Verifier<L> {
    /// Checks until the worker ends.
    pub async fn run(
        self,
        mut incoming: mpsc::Receiver<(MemberIndex, Incoming)>,
        verified: mpsc::Sender<(MemberIndex, Verified)>,
    ) {
        while let Some(first) = incoming.recv().await {
            let mut batch = vec![first];
            while batch.len() < BATCH {
                let Ok(next) = incoming.try_recv() else { break };
                batch.push(next);
            }
            for passed in self.check(batch).await {
                if verified.send(passed).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn check(&self, batch: Vec<(MemberIndex, Incoming)>) -> Vec<(MemberIndex, Verified)> {
        let head = *self.head.borrow();
        let mut signed = Vec::new();
        let parsed: Vec<_> =
            batch.into_iter().map(|(from, incoming)| (from, self.parse(incoming, head, &mut signed))).collect();
        let hold = verify(signed).await;
        let mut passed = Vec::new();
        for (from, parsed) in parsed {
            match parsed {
                Parsed::Nothing => {}
                Parsed::Plain(verified) => passed.push((from, verified)),
                Parsed::Records(claim, member, signature, place) if holds(&hold, place) => {
                    passed.push((from, Verified::Records(claim, member, signature)));
                }
                Parsed::Records(..) => log::debug!(target: super::LOG, "member {from} sent a bad record signature"),
                Parsed::Bundles(drafts, is_answer) => {
                    let mut bundles = Vec::with_capacity(drafts.len());
                    for draft in drafts.into_iter().flatten() {
                        bundles.extend(self.settle(draft, head, &hold).await);
                    }
                    match (is_answer, bundles.len()) {
                        (true, _) => passed.push((from, Verified::Witnesses(bundles))),
                        (false, _) => passed.extend(bundles.into_iter().map(|one| (from, Verified::Witness(one)))),
                    }
                }
            }
        }
        passed
    }

    fn parse(&self, incoming: Incoming, head: BlockRef, signed: &mut Vec<Signed>) -> Parsed {
        match incoming {
            Incoming::Message(message) => match *message {
                MemberMessage::Witness(witness, units) => {
                    Parsed::Bundles(vec![self.draft(witness, units, head, signed)], false)
                }
                MemberMessage::Propose(proposal, member, signature) => {
                    Parsed::Plain(Verified::Proposal(proposal, member, signature))
                }
                MemberMessage::SignAnchor(hash, member, signature) => {
                    Parsed::Plain(Verified::AnchorSignature(hash, member, signature))
                }
                MemberMessage::SignRecords(claim, member, signature) => {
                    let Some(key) = self.committee.key(member) else { return Parsed::Nothing };
                    signed.push((*key, claim.payload(&self.genesis).as_bytes().to_vec(), signature));
                    Parsed::Records(claim, member, signature, signed.len() - 1)
                }
            },
            Incoming::Answer(HistoryResponse::Witnesses(witnesses)) => {
                let draft = |(witness, units)| self.draft(witness, units, head, signed);
                Parsed::Bundles(witnesses.into_iter().map(draft).collect(), true)
            }
            Incoming::Answer(HistoryResponse::Anchors(anchors)) => Parsed::Plain(Verified::Anchors(anchors)),
        }
    }

    /// Checks the form, and notes which signatures must hold.
    fn draft(&self, witness: Witness, units: Vec<Unit>, head: BlockRef, signed: &mut Vec<Signed>) -> Option<Draft> {
        let (base, author, signature) = (witness.content.base, witness.content.member, witness.signature);
        let message = witness.content.payload(&self.genesis).as_bytes().to_vec();
        let witness = match CheckedWitness::assume_signed(witness, &self.genesis, &self.committee) {
            Ok(witness) => witness,
            Err(fault) => {
                log::debug!(target: super::LOG, "a witness by member {author} is malformed: {fault:?}");
                return None;
            }
        };
        signed.push((*self.committee.key(author)?, message, signature));
        let witness = (witness, signed.len() - 1);
        let mut checked = Vec::with_capacity(units.len());
        for unit in units {
            let unit = CheckedUnit::assume_signed(unit, &self.genesis).ok()?;
            let slot = unit.unit().content.slot;
            let proof = if self.ledger.lock().units_at(&slot).contains(&unit.id()) {
                Proof::Held
            } else if let Some(key) = self.key_at_head(head, slot.device, slot.incarnation) {
                signed.push(self.signed(&unit, key));
                Proof::At(signed.len() - 1)
            } else {
                Proof::Older
            };
            checked.push((unit, proof));
        }
        Some(Draft { base, witness, units: checked })
    }

    fn signed(&self, unit: &CheckedUnit, key: PublicKey) -> Signed {
        let unit = unit.unit();
        (key, unit.content.payload(&self.genesis).as_bytes().to_vec(), unit.signature)
    }

    fn key_at_head(&self, head: BlockRef, id: DeviceId, incarnation: Incarnation) -> Option<PublicKey> {
        let (device, _) = self.directory.device(head, id).ok().flatten()?;
        (!device.revoked && device.incarnation == incarnation).then_some(device.key)
    }

    /// The bundle, if all of it holds.
    async fn settle(&self, draft: Draft, head: BlockRef, hold: &[bool]) -> Option<CheckedBundle> {
        let (witness, place) = draft.witness;
        let reference = witness.reference();
        if !holds(hold, place) {
            log::debug!(target: super::LOG, "a witness by member {} is badly signed", reference.member);
            return None;
        }
        let mut older = Vec::new();
        let mut keys = BTreeMap::new();
        for (unit, proof) in &draft.units {
            let good = match proof {
                Proof::Held => true,
                Proof::At(place) => holds(hold, *place),
                Proof::Older => false,
            };
            if !good {
                let slot = unit.unit().content.slot;
                let life = (slot.device, slot.incarnation);
                let found = keys.entry(life).or_insert_with(|| self.key_at_base(head, draft.base, life));
                let Some(key) = *found else {
                    log::debug!(
                        target: super::LOG,
                        "witness {} of member {} holds a unit of device {} that can't be vouched for",
                        reference.level, reference.member, slot.device,
                    );
                    return None;
                };
                older.push(self.signed(unit, key));
            }
        }
        if verify(older).await.contains(&false) {
            log::debug!(target: super::LOG, "a witness by member {} holds a badly signed unit", reference.member);
            return None;
        }
        Some((witness, draft.units.into_iter().map(|(unit, _)| unit).collect()))
    }

    fn key_at_base(&self, head: BlockRef, base: AnchorNumber, life: (DeviceId, Incarnation)) -> Option<PublicKey> {
        let found = self.directory.device_at(head, base, life.0).unwrap_or_else(|error| {
            log::warn!(target: super::LOG, "the registry at anchor {base} can't be read: {error}");
            None
        });
        let (device, _) = found?;
        (!device.revoked && device.incarnation == life.1).then_some(device.key)
    }
}

fn holds(hold: &[bool], place: usize) -> bool {
    hold.get(place).copied().unwrap_or(false)
}
