//! The packed form of units and witnesses: what both sides know is left out and rebuilt.
//!
//! A unit's id is the hash of its content, so ids of units that travel with their bodies are left out of
//! a witness. The hash of the unit before is left out where the slot before names it: when that unit
//! stands in the same message, or when the sender believes that the receiver holds it and no other in
//! that slot ([`Known`]). The same goes for references, by slot or by (member, level). Numbers are
//! relative to the unit before. What is signed stays as it is; only its way is shorter.
//!
//! Every value has one packed form, given what the sender leaves out: anything else is refused. The
//! format byte by byte is in `docs/wire-format.md`.

mod body;
mod context;
mod history;
mod input;
mod reference;
mod series;
mod unit;
mod witness;

use alloc::vec::Vec;

use loadstone_core::{Hash, Level, MemberIndex};

use self::{context::Context, input::Input};
pub(crate) use self::{
    history::{pack_witnesses, unpack_witnesses},
    witness::header,
};
use crate::{Slot, Unit, Witness};

/// Hashes that go without saying. The sender answers with what it believes the receiver to hold, the
/// receiver with what it holds. Where it knows several hashes by one name, or none, it answers `None`.
///
/// A function from slots to hashes will do where only units are to be left out.
pub trait Known {
    /// The unit in this slot.
    fn unit(&self, slot: &Slot) -> Option<Hash>;

    /// The member's witness at this level of the epoch.
    fn witness(&self, _member: MemberIndex, _level: Level) -> Option<Hash> {
        None
    }
}

impl<F: Fn(&Slot) -> Option<Hash>> Known for F {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        self(slot)
    }
}

/// Nothing goes without saying.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingKnown;

impl Known for NothingKnown {
    fn unit(&self, _slot: &Slot) -> Option<Hash> {
        None
    }
}

/// Name of something whose hash was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// The unit in a slot.
    Unit(Slot),
    /// A member's witness at a level.
    Witness(MemberIndex, Level),
}

/// Why bytes can't be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompactFault {
    /// No packed form, not the only one of its value, or followed by something else.
    Malformed,
    /// More units or references than allowed.
    TooMany,
    /// A hash was left out that the receiver does not know.
    Unknown(Named),
    /// A hash that was left out is not the one that the receiver knows by that name: what was rebuilt
    /// is not what was sent.
    Mismatch,
}

/// A unit by itself, for database and archive. The hash of the unit before and those of references are
/// left out where `knows` answers with them.
pub fn pack_unit(unit: &Unit, knows: &impl Known) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    unit::pack(unit, &mut Context::new(knows, false), &mut out);
    out
}

/// What [`pack_unit`] packed. Its form and signature are not checked, and neither is a hash that
/// `resolve` supplies: compare the unit's id, or verify the signature.
pub fn unpack_unit(bytes: &[u8], resolve: &impl Known) -> Result<Unit, CompactFault> {
    let mut input = Input::new(bytes);
    let mut context = Context::new(resolve, false);
    let unit = unit::unpack(&mut input, &mut context)?;
    input.end()?;
    context.finish()?;
    Ok(unit)
}

/// A witness with the bodies of its units. `units` are those that the witness names, in the same order;
/// when there are more or fewer of them, the witness keeps their ids.
pub fn pack_witness(witness: &Witness, units: &[Unit], knows: &impl Known) -> Vec<u8> {
    let mut out = Vec::new();
    push_witness(witness, units, knows, &mut out);
    out
}

/// As [`pack_witness`], after what is already there.
pub(crate) fn push_witness(witness: &Witness, units: &[Unit], knows: &impl Known, out: &mut Vec<u8>) {
    out.reserve(512 + 96 * units.len());
    witness::pack(witness, units, knows, false, out);
}

/// What [`pack_witness`] packed, with all ids rebuilt. Form and signatures are not checked.
pub fn unpack_witness(
    bytes: &[u8],
    genesis: &Hash,
    resolve: &impl Known,
) -> Result<(Witness, Vec<Unit>), CompactFault> {
    let mut input = Input::new(bytes);
    let unpacked = witness::unpack(&mut input, genesis, resolve, false)?;
    input.end()?;
    Ok(unpacked)
}
