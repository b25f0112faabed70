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
    /// Least number of members that can be a quorum.
    fewest: usize,
    /// Bits of the sum of all weights.
    bits: usize,
}

impl Committee {
    /// A committee of keys with their weights.
    pub fn new(mut members: Vec<(PublicKey, u32)>) -> Result<Self, CommitteeFault> {
        if members.is_empty() || members.len() > MAX_MEMBERS {
            return Err(CommitteeFault::Size);
        }
        let total = members.iter().try_fold(0u32, |sum, (_, weight)| sum.checked_add(*weight));
        let Some(total) = total.filter(|total| *total > 0) else { return Err(CommitteeFault::Weight) };
        // Only proportions matter, and small numbers are added faster.
        let unit = members.iter().map(|(_, weight)| *weight).fold(0, greatest_common_divisor);
        members.iter_mut().for_each(|(_, weight)| *weight /= unit);
        let quorum = quorum(total).div_ceil(unit);
        let bits = (u32::BITS - (total / unit).leading_zeros()) as usize;
        Ok(Self { fewest: fewest(&members, quorum), members, quorum, bits })
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
        let marked = self.indices().zip(&self.members).filter(|(index, _)| set.contains(MemberSet::of(*index)));
        marked.map(|(_, (_, weight))| *weight).sum::<u32>() >= self.quorum
    }

    /// Of 64 things, those in `open` that members of more than two thirds of the weight have marked. `row`
    /// holds each member's marks. The weights are added for all things at once: plane `k` holds bit `k` of
    /// each sum.
    pub(crate) fn quorums(&self, row: &[u64], open: u64) -> u64 {
        if row.iter().filter(|marks| **marks & open != 0).count() < self.fewest {
            return 0;
        }
        let mut planes = [0u64; 32];
        for (marks, (_, weight)) in row.iter().zip(&self.members) {
            for bit in (0..self.bits).filter(|bit| weight >> bit & 1 == 1) {
                let mut carry = marks & open;
                for plane in &mut planes[bit..] {
                    if carry == 0 {
                        break;
                    }
                    (*plane, carry) = (*plane ^ carry, *plane & carry);
                }
            }
        }
        let (mut more, mut equal) = (0, open);
        for (bit, plane) in planes.iter().enumerate().take(self.bits).rev() {
            if self.quorum >> bit & 1 == 1 {
                equal &= plane;
            } else {
                more |= equal & plane;
                equal &= !plane;
            }
        }
        more | equal
    }
}

fn fewest(members: &[(PublicKey, u32)], quorum: u32) -> usize {
    let mut weights: Vec<u32> = members.iter().map(|(_, weight)| *weight).collect();
    weights.sort_unstable_by(|a, b| b.cmp(a));
    let sums = weights.into_iter().scan(0u32, |sum, weight| {
        *sum = sum.saturating_add(weight);
        Some(*sum)
    });
    1 + sums.take_while(|sum| *sum < quorum).count()
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    match other {
        0 => one,
        _ => greatest_common_divisor(other, one % other),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorums_of_64_agree_with_each_alone() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 20
        };
        for round in 0..300 {
            // GIVEN a committee with equal, with small, and with very large and unequal weights
            let size = 1 + next() as usize % MAX_MEMBERS;
            let mut weight = || match round % 3 {
                0 => 1_000,
                1 => next() as u32 % 5,
                _ => next() as u32 % (u32::MAX / MAX_MEMBERS as u32),
            };
            let Ok(committee) = Committee::new((0..size).map(|_| ([0; 32], weight())).collect()) else { continue };
            // WHEN members mark things, most of them or few
            let marks: Vec<u64> = (0..size)
                .map(|_| {
                    let some = next() << 32 ^ next();
                    if next() % 4 == 0 {
                        some
                    } else {
                        some | next() << 32 ^ next()
                    }
                })
                .collect();
            let open = next() << 32 ^ next();
            // THEN what is said of all at once is right of each
            let found = committee.quorums(&marks, open);
            for bit in 0..64 {
                let marked = (0..).map(MemberIndex).zip(&marks).filter(|(_, marks)| **marks >> bit & 1 == 1);
                let set = marked.fold(MemberSet::default(), |set, (member, _)| set.with(MemberSet::of(member)));
                let expected = open >> bit & 1 == 1 && committee.is_quorum(set);
                assert_eq!(found >> bit & 1 == 1, expected, "round {round}, bit {bit}");
            }
        }
    }
}
