//! Packed witnesses of an answer: each leaves out what those before it in the answer name.

use alloc::vec::Vec;

use loadstone_core::{Hash, Level, MemberIndex};

use super::{context::Directory, input::Input, witness, CompactFault, Known};
use crate::{readings::push_varint, Slot, Unit, Witness, MAX_SERVED};

/// Fewest bytes of a packed witness: flags, four numbers, two sets, count, check, signature.
const MIN_WITNESS: usize = 76;

/// What the answer has said so far.
#[derive(Default)]
struct Said {
    units: Directory<Slot>,
    witnesses: Directory<(MemberIndex, Level)>,
}

impl Known for Said {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        self.units.get(slot)
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        self.witnesses.get(&(member, level))
    }
}

impl Said {
    fn add(&mut self, witness: &Witness, units: &[Unit], genesis: &Hash) {
        let content = &witness.content;
        self.witnesses.insert((content.member, content.level), content.payload(genesis).hash());
        if content.units.len() == units.len() {
            units.iter().zip(&content.units).for_each(|(unit, id)| self.units.insert(unit.content.slot, *id));
        }
    }
}

/// Witnesses with the bodies of their units, as [`super::pack_witness`] packs them.
pub(crate) fn pack_witnesses(witnesses: &[(Witness, Vec<Unit>)], genesis: &Hash, out: &mut Vec<u8>) {
    let mut said = Said::default();
    push_varint(out, witnesses.len() as u64);
    for (witness, units) in witnesses {
        witness::pack(witness, units, &said, true, out);
        said.add(witness, units, genesis);
    }
}

/// What [`pack_witnesses`] packed.
pub(crate) fn unpack_witnesses(bytes: &[u8], genesis: &Hash) -> Result<Vec<(Witness, Vec<Unit>)>, CompactFault> {
    let mut input = Input::new(bytes);
    let count: usize = input.number()?;
    if count > MAX_SERVED {
        return Err(CompactFault::TooMany);
    }
    if count.saturating_mul(MIN_WITNESS) > input.left() {
        return Err(CompactFault::Malformed);
    }
    let mut said = Said::default();
    let mut witnesses = Vec::with_capacity(count);
    for _ in 0..count {
        let (witness, units) = witness::unpack(&mut input, genesis, &said, true)?;
        said.add(&witness, &units, genesis);
        witnesses.push((witness, units));
    }
    input.end()?;
    Ok(witnesses)
}
