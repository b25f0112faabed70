//! Receivers and senders for whom a name's hash is computed from the name.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use codec::Encode;
use loadstone_core::{Hash, Level, MemberIndex};
use loadstone_dag::{Known, Named, Slot, Unit};
use sp_crypto_hashing::blake2_256;

pub const GENESIS: Hash = Hash::repeat_byte(7);

/// The hash that everybody knows by this name.
pub fn known_hash(name: Named) -> Hash {
    match name {
        Named::Unit(slot) => Hash(blake2_256(&("unit", slot).encode())),
        Named::Witness(member, level) => Hash(blake2_256(&("witness", member, level).encode())),
    }
}

/// Knows every name that `chosen` accepts.
pub struct Knows<F>(pub F);

impl<F: Fn(Named) -> bool> Known for Knows<F> {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        let name = Named::Unit(*slot);
        (self.0)(name).then(|| known_hash(name))
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        let name = Named::Witness(member, level);
        (self.0)(name).then(|| known_hash(name))
    }
}

/// Knows everything.
pub fn all() -> impl Known {
    Knows(|_| true)
}

/// Knows nothing.
pub fn nothing() -> impl Known {
    Knows(|_| false)
}

/// Knows about half of all names; which half depends on `seed`.
pub fn half(seed: u8) -> impl Known {
    Knows(move |name| (known_hash(name).0[0] ^ seed).count_ones() & 1 == 0)
}

/// Knows everything, and the units of a message that it is about to send.
pub struct Sender(BTreeMap<Slot, Hash>);

impl Sender {
    pub fn of(units: &[Unit]) -> Self {
        Self(units.iter().map(|unit| (unit.content.slot, unit.content.payload(&GENESIS).hash())).collect())
    }
}

impl Known for Sender {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        self.0.get(slot).copied().or(all().unit(slot))
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        all().witness(member, level)
    }
}

/// Knows everything, otherwise than everybody else.
pub struct Mistaken;

impl Known for Mistaken {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        all().unit(slot).map(|hash| hash ^ Hash::repeat_byte(1))
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        all().witness(member, level).map(|hash| hash ^ Hash::repeat_byte(1))
    }
}

/// Knows everything and notes what it was asked for, so that exactly that can be left out again.
#[derive(Default)]
pub struct Asked(RefCell<BTreeSet<Named>>);

impl Known for Asked {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        self.0.borrow_mut().insert(Named::Unit(*slot));
        all().unit(slot)
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        self.0.borrow_mut().insert(Named::Witness(member, level));
        all().witness(member, level)
    }
}

impl Asked {
    /// Knows what was asked for, and nothing else.
    pub fn again(self) -> impl Known {
        let names = self.0.into_inner();
        Knows(move |name| names.contains(&name))
    }
}
