//! Signatures of witnesses and their units, checked as one batch.
//!
//! A unit that another member introduces is good when its device's key at the finalised head signed it; when
//! that fails, the registry at the witness's base anchor decides, so a key that was rotated or revoked since
//! does not spoil history. What can't be judged yet is dropped: it is asked for again as long as anything
//! names it.

use std::{collections::BTreeMap, sync::Arc};

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, MemberIndex, PublicKey};
use loadstone_dag::{CheckedUnit, CheckedWitness, Committee, Unit, Witness, WitnessRef};

use crate::{
    chain::BlockRef,
    crypto::{Checker, Signed},
    directory::Directory,
    pipeline::Pipeline,
    verifier::{Parsed, Verified},
    vouched::Vouched,
};

/// A witness with its units, all well formed and signed.
pub type CheckedBundle = (CheckedWitness, Vec<CheckedUnit>);

/// A witness with its units, well formed; its signatures are to be checked.
pub struct Draft {
    base: AnchorNumber,
    author: MemberIndex,
    witness: CheckedWitness,
    signed: Signed,
    units: Vec<Unit>,
}

impl Draft {
    /// How others name the witness, and how many units came with it.
    pub fn names(&self) -> (WitnessRef, usize) {
        (self.witness.reference(), self.units.len())
    }

    /// `None` for a witness that breaks the form.
    pub fn new(witness: Witness, units: Vec<Unit>, genesis: &Hash, committee: &Committee) -> Option<Self> {
        let (base, author) = (witness.content.base, witness.content.member);
        let mut signed = None;
        let note = |key: &PublicKey, message: &[u8], signature: &_| {
            signed = Some((*key, message.to_vec(), *signature));
            true
        };
        match CheckedWitness::check(witness, genesis, committee, note) {
            Ok(witness) => Some(Self { base, author, witness, signed: signed?, units }),
            Err(fault) => {
                log::debug!(target: crate::LOG, "a witness by member {author} is malformed: {fault:?}");
                None
            }
        }
    }
}

/// What a batch is checked against.
pub struct Judge {
    /// Hash of the genesis block.
    pub genesis: Hash,
    /// Whose witnesses count.
    pub committee: Arc<Committee>,
    /// Registered devices.
    pub directory: Arc<Directory>,
    /// The finalised head whose registry counts.
    pub head: BlockRef,
    /// Units that were checked before.
    pub vouched: Vouched,
    /// Checks signatures.
    pub checker: Checker,
    /// Told of what does not pass.
    pub pipeline: Pipeline,
}

/// What speaks for a unit.
#[derive(Clone, Copy)]
enum Proof {
    /// It was checked before.
    Vouched,
    /// The signature at this place in the batch.
    At(usize),
    /// The key at the finalised head does not fit: the base anchor decides.
    Older,
}

/// A draft whose signatures stand in the batch.
struct Entered {
    base: AnchorNumber,
    author: MemberIndex,
    witness: CheckedWitness,
    place: usize,
    units: Vec<(CheckedUnit, Proof)>,
}

enum Item {
    Witness(Option<Entered>),
    Witnesses(u32, Vec<Option<Entered>>),
    Records(Verified, usize),
    Plain(Verified),
}

/// Checks all, and returns what passes in its order. Takes its time: not for an async thread.
pub fn check(judge: &Judge, batch: Vec<(MemberIndex, Parsed)>) -> Vec<(MemberIndex, Verified)> {
    let mut signed = Vec::new();
    let mut enter = |draft| judge.enter(draft, &mut signed);
    let mut items = Vec::with_capacity(batch.len());
    let mut records = Vec::new();
    for (from, parsed) in batch {
        let item = match parsed {
            Parsed::Witness(draft) => Item::Witness(enter(draft)),
            Parsed::Witnesses(epoch, drafts) => Item::Witnesses(epoch, drafts.into_iter().map(&mut enter).collect()),
            Parsed::Plain(verified) => Item::Plain(verified),
            Parsed::Records(claim, member, signature) => {
                let Some(key) = judge.committee.key(member) else { continue };
                records.push((*key, claim.payload(&judge.genesis).as_bytes().to_vec(), signature));
                Item::Records(Verified::Records(claim, member, signature), records.len() - 1)
            }
        };
        items.push((from, item));
    }
    let hold = judge.checker.verify(&signed);
    let records = judge.checker.verify(&records);
    let mut passed = Vec::with_capacity(items.len());
    for (from, item) in items {
        let verified = match item {
            Item::Witness(entered) => entered.and_then(|one| judge.settle(one, &hold)).map(Verified::Witness),
            Item::Witnesses(epoch, entered) => {
                let good = entered.into_iter().flatten().filter_map(|one| judge.settle(one, &hold));
                Some(Verified::Witnesses(epoch, good.collect()))
            }
            Item::Records(verified, place) => holds(&records, place).then_some(verified),
            Item::Plain(verified) => Some(verified),
        };
        match verified {
            Some(verified) => passed.push((from, verified)),
            None => log::debug!(target: crate::LOG, "a message by member {from} was not taken"),
        }
    }
    passed
}

impl Judge {
    /// Notes which signatures must hold; `None` when a unit breaks the form.
    fn enter(&self, draft: Draft, signed: &mut Vec<Signed>) -> Option<Entered> {
        let id = draft.witness.id();
        let entered = self.note(draft, signed);
        if entered.is_none() {
            self.pipeline.fail(&id);
        }
        entered
    }

    fn note(&self, draft: Draft, signed: &mut Vec<Signed>) -> Option<Entered> {
        let lives: Vec<_> = draft.units.iter().map(life).collect();
        let keys = self.directory.keys(self.head, &lives);
        signed.push(draft.signed);
        let place = signed.len() - 1;
        let mut units = Vec::with_capacity(draft.units.len());
        for (unit, key) in draft.units.into_iter().zip(keys) {
            let entered = match key {
                Some(key) => {
                    let unit = noted(unit, &self.genesis, &key, signed)?;
                    (unit, Proof::At(signed.len() - 1))
                }
                None => (CheckedUnit::assume_signed(unit, &self.genesis).ok()?, Proof::Older),
            };
            units.push(entered);
        }
        self.spare(&mut units, signed, place + 1);
        Some(Entered { base: draft.base, author: draft.author, witness: draft.witness, place, units })
    }

    /// Takes signatures that were checked before out of the batch again.
    fn spare(&self, units: &mut [(CheckedUnit, Proof)], signed: &mut Vec<Signed>, first: usize) {
        let known = self.vouched.which(units.iter().map(|(unit, _)| (unit.id(), &unit.unit().signature)));
        if !known.contains(&true) {
            return;
        }
        let mut left = signed.split_off(first).into_iter();
        for ((_, proof), known) in units.iter_mut().zip(known) {
            let own = matches!(proof, Proof::At(_)).then(|| left.next()).flatten();
            match own {
                _ if known => *proof = Proof::Vouched,
                Some(own) => {
                    signed.push(own);
                    *proof = Proof::At(signed.len() - 1);
                }
                None => {}
            }
        }
    }

    /// The bundle, if all of it holds.
    fn settle(&self, entered: Entered, hold: &[bool]) -> Option<CheckedBundle> {
        let id = entered.witness.id();
        let settled = self.judge(entered, hold);
        if settled.is_none() {
            self.pipeline.fail(&id);
        }
        settled
    }

    fn judge(&self, entered: Entered, hold: &[bool]) -> Option<CheckedBundle> {
        let Entered { base, author, witness, place, units } = entered;
        if !holds(hold, place) {
            log::debug!(target: crate::LOG, "a witness by member {author} is badly signed");
            return None;
        }
        let mut older = Vec::new();
        let mut keys = BTreeMap::new();
        for (unit, proof) in &units {
            let good = match proof {
                Proof::Vouched => true,
                Proof::At(place) => holds(hold, *place),
                Proof::Older => false,
            };
            if !good {
                let life = life(unit.unit());
                let Some(key) = *keys.entry(life).or_insert_with(|| self.key_at_base(base, life)) else {
                    log::debug!(
                        target: crate::LOG,
                        "a witness by member {author} holds a unit of device {} that can't be vouched for", life.0,
                    );
                    return None;
                };
                older.push(signed_by(unit, &self.genesis, key));
            }
        }
        if self.checker.verify(&older).contains(&false) {
            log::debug!(target: crate::LOG, "a witness by member {author} holds a badly signed unit");
            return None;
        }
        self.vouched.add(units.iter().map(|(unit, _)| (unit.id(), &unit.unit().signature)));
        Some((witness, units.into_iter().map(|(unit, _)| unit).collect()))
    }

    fn key_at_base(&self, base: AnchorNumber, life: (DeviceId, Incarnation)) -> Option<PublicKey> {
        let found = self.directory.device_at(self.head, base, life.0).unwrap_or_else(|error| {
            log::warn!(target: crate::LOG, "the registry at anchor {base} can't be read: {error}");
            None
        });
        let (device, _) = found?;
        (!device.revoked && device.incarnation == life.1).then_some(device.key)
    }
}

fn life(unit: &Unit) -> (DeviceId, Incarnation) {
    (unit.content.slot.device, unit.content.slot.incarnation)
}

/// A well-formed unit, its signature noted for the batch: content is encoded once for id and signature.
fn noted(unit: Unit, genesis: &Hash, key: &PublicKey, signed: &mut Vec<Signed>) -> Option<CheckedUnit> {
    let note = |key: &PublicKey, message: &[u8], signature: &_| {
        signed.push((*key, message.to_vec(), *signature));
        true
    };
    CheckedUnit::check(unit, genesis, key, note).ok()
}

fn signed_by(unit: &CheckedUnit, genesis: &Hash, key: PublicKey) -> Signed {
    let unit = unit.unit();
    (key, unit.content.payload(genesis).as_bytes().to_vec(), unit.signature)
}

fn holds(hold: &[bool], place: usize) -> bool {
    hold.get(place).copied().unwrap_or(false)
}
