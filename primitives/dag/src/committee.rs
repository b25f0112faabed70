//! The committee of an epoch: who may witness, with what weight, and what is a quorum.

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{quorum, MemberIndex, PublicKey, Signature};

use crate::{Certificate, MAX_MEMBERS};

/// Members as bits, so that a vote is counted with one instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberSet(u64);

impl MemberSet {
    /// The set of `member` alone; empty for an index that no committee has.
    pub const fn of(member: MemberIndex) -> Self {
        if (member.0 as usize) < MAX_MEMBERS {
            Self(1 << member.0)
        } else {
            Self(0)
        }
    }

    /// Members of either.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Members of neither; includes indices beyond the committee, which weigh nothing.
    pub const fn rest(self) -> Self {
        Self(!self.0)
    }

    /// Whether it has all of `other`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nobody is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Why a list of members is no committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitteeFault {
    /// Empty, or more than [`MAX_MEMBERS`].
    Size,
    /// The weights add up to nothing or beyond 32 bits.
    Weight,
}

/// The members of one epoch in order of their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    members: Vec<(PublicKey, u32)>,
    quorum: u32,
    /// For each eight members the weight of each of their sets: a quorum is looked up per vote.
    weights: Vec<[u32; 256]>,
}

impl Committee {
    /// A committee of keys with their weights.
    pub fn new(members: Vec<(PublicKey, u32)>) -> Result<Self, CommitteeFault> {
        if members.is_empty() || members.len() > MAX_MEMBERS {
            return Err(CommitteeFault::Size);
        }
        let total = members.iter().try_fold(0u32, |sum, (_, weight)| sum.checked_add(*weight));
        match total {
            Some(total) if total > 0 => Ok(Self { weights: weights(&members), members, quorum: quorum(total) }),
            _ => Err(CommitteeFault::Weight),
        }
    }

    /// Number of members, at most [`MAX_MEMBERS`].
    pub fn size(&self) -> u16 {
        self.members.len() as u16
    }

    /// All indices.
    pub fn indices(&self) -> impl Iterator<Item = MemberIndex> {
        (0..self.size()).map(MemberIndex)
    }

    /// The member's key, if there is such a member.
    pub fn key(&self, member: MemberIndex) -> Option<&PublicKey> {
        self.members.get(usize::from(member.0)).map(|(key, _)| key)
    }

    /// Whether the set weighs more than two thirds of all.
    pub fn is_quorum(&self, set: MemberSet) -> bool {
        let parts = self.weights.iter().zip(set.0.to_le_bytes());
        let weight: u32 = parts.map(|(weights, members)| weights[usize::from(members)]).sum();
        weight >= self.quorum
    }
}

fn weights(members: &[(PublicKey, u32)]) -> Vec<[u32; 256]> {
    let of_eight = |eight: &[(PublicKey, u32)]| {
        let mut weights = [0; 256];
        for (set, sum) in weights.iter_mut().enumerate() {
            *sum = eight.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, (_, weight))| weight).sum();
        }
        weights
    };
    members.chunks(8).map(of_eight).collect()
}

/// Signatures of members under one message.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    signatures: BTreeMap<MemberIndex, Signature>,
}

impl Tally {
    /// Takes a verified signature; a member counts once. Returns whether it is new.
    pub fn add(&mut self, member: MemberIndex, signature: Signature) -> bool {
        self.signatures.insert(member, signature).is_none()
    }

    /// Whether the member signed.
    pub fn has(&self, member: MemberIndex) -> bool {
        self.signatures.contains_key(&member)
    }

    /// The member's signature, if it signed.
    pub fn get(&self, member: MemberIndex) -> Option<Signature> {
        self.signatures.get(&member).copied()
    }

    /// All signatures in order of member, once they weigh more than two thirds.
    pub fn certificate(&self, committee: &Committee) -> Option<Certificate> {
        let signers = self.signatures.keys().fold(MemberSet::default(), |set, m| set.with(MemberSet::of(*m)));
        committee.is_quorum(signers).then(|| self.signatures.iter().map(|(m, s)| (*m, *s)).collect())
    }
}
