//! What can be said of a unit or a witness alone: its form and its signature.
//!
//! The state machine takes only values of these types, so nothing unchecked can slip in.

use alloc::{collections::BTreeSet, vec::Vec};

use codec::Encode;
use loadstone_core::{Hash, PublicKey, Signature, SigningPayload};

use crate::{
    Body, Committee, MemberSet, Refusal, Unit, Witness, WitnessContent, WitnessRef, MAX_REFERENCES, MAX_UNIT_BYTES,
    MAX_WITNESS_UNITS,
};

/// A well-formed unit whose signature was verified, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedUnit {
    id: Hash,
    unit: Unit,
}

impl CheckedUnit {
    /// Checks form and signature.
    pub fn check(
        unit: Unit,
        genesis: &Hash,
        key: &PublicKey,
        verify: impl FnOnce(&PublicKey, &[u8], &Signature) -> bool,
    ) -> Result<Self, Refusal> {
        unit_form(&unit)?;
        let payload = unit.content.payload(genesis);
        if !verify(key, payload.as_bytes(), &unit.signature) {
            return Err(Refusal::BadSignature);
        }
        Ok(Self { id: payload.hash(), unit })
    }

    /// Checks the form only: for a driver that verifies signatures in batches, which must verify
    /// this one over [`crate::UnitContent::payload`] before it hands the unit on.
    pub fn assume_signed(unit: Unit, genesis: &Hash) -> Result<Self, Refusal> {
        unit_form(&unit)?;
        Ok(Self { id: unit.content.payload(genesis).hash(), unit })
    }

    pub(crate) fn from_parts(id: Hash, unit: Unit) -> Self {
        Self { id, unit }
    }

    /// The unit's id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The unit.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// The unit, without its id.
    pub fn into_unit(self) -> Unit {
        self.unit
    }
}

/// Sizes, counts and encodings of a unit. No rule here depends on any other unit.
pub fn unit_form(unit: &Unit) -> Result<(), Refusal> {
    if unit.encoded_size() > MAX_UNIT_BYTES {
        return Err(Refusal::Oversize);
    }
    let content = &unit.content;
    let first_of_life = content.slot.sequence.0 == 0;
    if content.references.len() > MAX_REFERENCES || (first_of_life && !content.previous.is_zero()) {
        return Err(Refusal::Malformed);
    }
    match &content.body {
        Body::Readings(readings) => readings.watts().map(|_| ()).map_err(|_| Refusal::Malformed),
        Body::Acknowledgement(_) => Ok(()),
    }
}

/// Why a witness is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessFault {
    /// The author is not in the committee.
    Stranger,
    /// The signature does not verify.
    BadSignature,
    /// Of an epoch whose committee is not known.
    Epoch,
    /// Level 0, not above the author's witness before, or a final witness's not the next one.
    Level,
    /// The witness before is of another member, or named a later anchor.
    Previous,
    /// Parents out of order, repeated, of the wrong level, of the author, or short of a quorum.
    Parents,
    /// Latest witnesses out of order, repeated, or of the author.
    Latest,
    /// Too many units, or one of them twice.
    Units,
    /// A unit that came with it is malformed or badly signed.
    BadUnit,
    /// A named witness has another author or level than said.
    Reference,
    /// It follows its author's final witness of the epoch.
    AfterLast,
}

/// A well-formed witness whose signature was verified, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedWitness {
    id: Hash,
    witness: Witness,
}

impl CheckedWitness {
    /// Checks form and signature.
    pub fn check(
        witness: Witness,
        genesis: &Hash,
        committee: &Committee,
        verify: impl FnOnce(&PublicKey, &[u8], &Signature) -> bool,
    ) -> Result<Self, WitnessFault> {
        let key = witness_form(&witness.content, committee)?;
        let payload = witness.content.payload(genesis);
        if !verify(key, payload.as_bytes(), &witness.signature) {
            return Err(WitnessFault::BadSignature);
        }
        Ok(Self { id: payload.hash(), witness })
    }

    /// Checks the form only: for a driver that verifies signatures in batches, which must verify
    /// this one over [`WitnessContent::payload`] before it hands the witness on.
    pub fn assume_signed(witness: Witness, genesis: &Hash, committee: &Committee) -> Result<Self, WitnessFault> {
        witness_form(&witness.content, committee)?;
        Ok(Self { id: witness.content.payload(genesis).hash(), witness })
    }

    pub(crate) fn own(payload: &SigningPayload, witness: Witness) -> Self {
        Self { id: payload.hash(), witness }
    }

    /// The witness's id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The witness.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// How others name it.
    pub fn reference(&self) -> WitnessRef {
        WitnessRef { member: self.witness.content.member, level: self.witness.content.level, hash: self.id }
    }

    pub(crate) fn into_witness(self) -> Witness {
        self.witness
    }
}

/// Order, counts and quorum of a witness as far as it says them itself; whether the named
/// witnesses are what it says is checked when they are held. Returns the author's key.
pub fn witness_form<'a>(content: &WitnessContent, committee: &'a Committee) -> Result<&'a PublicKey, WitnessFault> {
    let key = committee.key(content.member).ok_or(WitnessFault::Stranger)?;
    if content.level.0 == 0 {
        return Err(WitnessFault::Level);
    }
    if let Some(previous) = &content.previous {
        if previous.member != content.member {
            return Err(WitnessFault::Previous);
        }
        if previous.level >= content.level {
            return Err(WitnessFault::Level);
        }
    }
    // Any level would do for a final witness; but one far above all others would make these look stale.
    let before = content.previous.map(|previous| previous.level).unwrap_or_default();
    if content.last && content.level != before.next() {
        return Err(WitnessFault::Level);
    }
    parents_form(content, committee)?;
    if !rising_others(&content.latest, content, committee)
        || content.latest.iter().any(|latest| content.parents.contains(latest))
    {
        return Err(WitnessFault::Latest);
    }
    let distinct: BTreeSet<&Hash> = content.units.iter().collect();
    if content.units.len() > MAX_WITNESS_UNITS || distinct.len() != content.units.len() {
        return Err(WitnessFault::Units);
    }
    Ok(key)
}

fn parents_form(content: &WitnessContent, committee: &Committee) -> Result<(), WitnessFault> {
    let below = content.level.0 - 1;
    if !rising_others(&content.parents, content, committee) || content.parents.iter().any(|p| p.level.0 != below) {
        return Err(WitnessFault::Parents);
    }
    if content.last {
        return Ok(());
    }
    if below == 0 {
        return if content.parents.is_empty() { Ok(()) } else { Err(WitnessFault::Parents) };
    }
    let own = content.previous.iter().filter(|previous| previous.level.0 == below);
    let members: Vec<_> = own.chain(&content.parents).map(|r| MemberSet::of(r.member)).collect();
    let set = members.into_iter().fold(MemberSet::default(), MemberSet::with);
    committee.is_quorum(set).then_some(()).ok_or(WitnessFault::Parents)
}

/// Whether the references stand in strictly rising order of member, all in the committee, none the author's.
fn rising_others(references: &[WitnessRef], content: &WitnessContent, committee: &Committee) -> bool {
    references.windows(2).all(|pair| pair[0].member < pair[1].member)
        && references.iter().all(|r| r.member != content.member && committee.key(r.member).is_some())
}
