//! GRANDPA finality checked offline: headers, authority sets, justifications and set changes.
//!
//! A block is final when members of more than two thirds of the set's weight signed precommits for
//! it or for its descendants. We count that ourselves, since `finality_grandpa::validate_commit`
//! builds a vote graph that presumes consistent block numbers, and a hostile justification has none.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use codec::{Decode, DecodeAll, Encode};
use finality_grandpa::{voter_set::VoterSet, Message};
use loadstone_core::{BlockNumber, ChangeNotice, Hash, PublicKey, CHANGE_ENGINE_ID};
use sp_consensus_grandpa::{
    localized_payload_with_buffer, AuthorityId, AuthorityList, ConsensusLog, GrandpaJustification, ScheduledChange,
    SetId, GRANDPA_ENGINE_ID,
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
    generic::{self, DigestItem},
    traits::BlakeTwo256,
};

/// A header of this chain.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;

/// A GRANDPA justification of this chain.
pub type Justification = GrandpaJustification<Header>;

/// Who votes on finality, and in which turn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuthoritySet {
    /// Rises by one with every change, from 0 at genesis.
    pub id: SetId,
    /// Keys and weights.
    pub authorities: AuthorityList,
}

/// Why a justification proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalityError {
    /// Not the canonical encoding of a justification.
    Malformed,
    /// The authority set is empty or its weight overflows.
    EmptySet,
    /// It is for another block.
    WrongTarget,
    /// A vote by someone outside the set, or more than two votes by one authority.
    Stranger,
    /// A vote's signature does not verify for this round and set.
    BadSignature,
    /// A vote for a block that does not descend from the target through the given headers.
    Unrelated,
    /// A header that no vote needs.
    UnusedHeader,
    /// Not more than two thirds of the weight.
    NoQuorum,
}

/// What a header says about the next authority set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The set stays.
    None,
    /// A new set follows `delay` blocks later.
    Scheduled(ScheduledChange<BlockNumber>),
    /// A set was forced without the old one's consent: only a published checkpoint can bridge it.
    Forced,
}

impl AuthoritySet {
    /// The set after this one.
    pub fn successor(&self, authorities: AuthorityList) -> Self {
        Self { id: self.id.saturating_add(1), authorities }
    }

    /// Checks that `justification` (SCALE bytes) makes the block of this number and hash final.
    ///
    /// # Errors
    /// [`FinalityError`] says what is wrong; nothing in the bytes can make it panic.
    pub fn verify(&self, number: BlockNumber, hash: Hash, justification: &[u8]) -> Result<(), FinalityError> {
        let decoded = Justification::decode_all(&mut &justification[..]).map_err(|_| FinalityError::Malformed)?;
        if decoded.encode() != justification {
            return Err(FinalityError::Malformed);
        }
        self.verify_decoded(number, hash, &decoded)
    }

    fn verify_decoded(&self, number: BlockNumber, hash: Hash, proof: &Justification) -> Result<(), FinalityError> {
        let voters = VoterSet::new(self.authorities.iter().cloned()).ok_or(FinalityError::EmptySet)?;
        if proof.commit.target_hash != hash || proof.commit.target_number != number {
            return Err(FinalityError::WrongTarget);
        }
        let mut votes = BTreeMap::<&AuthorityId, u32>::new();
        let mut weight = 0u64;
        let mut ancestry = Ancestry::new(hash, number, &proof.votes_ancestries);
        for vote in &proof.commit.precommits {
            let voter = voters.get(&vote.id).ok_or(FinalityError::Stranger)?;
            let count = votes.entry(&vote.id).or_default();
            *count += 1;
            match *count {
                1 => weight = weight.saturating_add(voter.weight().get()),
                // An equivocator's second vote is evidence, and counts no further.
                2 => {}
                _ => return Err(FinalityError::Stranger),
            }
            ancestry.reach(vote.precommit.target_hash, vote.precommit.target_number)?;
        }
        if weight < voters.threshold().get() {
            return Err(FinalityError::NoQuorum);
        }
        ancestry.all_used()?;
        self.verify_signatures(proof)
    }

    fn verify_signatures(&self, proof: &Justification) -> Result<(), FinalityError> {
        let mut payload = Vec::new();
        for vote in &proof.commit.precommits {
            let message = Message::Precommit(vote.precommit.clone());
            localized_payload_with_buffer(proof.round, self.id, &message, &mut payload);
            let key: ed25519::Public = vote.id.clone().into();
            let signature: ed25519::Signature = vote.signature.clone().into();
            if !ed25519::Pair::verify(&signature, &payload, &key) {
                return Err(FinalityError::BadSignature);
            }
        }
        Ok(())
    }
}

/// A header with the proof that it is final.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Finalised {
    /// The header.
    pub header: Header,
    /// Its descendants up to the justified block, oldest first; empty when it is justified itself.
    pub path: Vec<Header>,
    /// Justification (SCALE bytes) of the last header.
    pub justification: Vec<u8>,
}

/// What is wrong with a [`Finalised`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinal {
    /// The headers do not follow each other.
    Path,
    /// The set did not finalise the last one.
    Justification,
}

impl Finalised {
    /// Checks that the headers follow each other and that `set` finalised the last.
    ///
    /// # Errors
    /// [`Unfinal`] says which of the two does not hold.
    pub fn check(&self, set: &AuthoritySet) -> Result<(), Unfinal> {
        let mut last: &Header = &self.header;
        let mut hash = last.hash();
        for header in &self.path {
            if header.parent_hash != hash || Some(header.number) != last.number.checked_add(1) {
                return Err(Unfinal::Path);
            }
            last = header;
            hash = header.hash();
        }
        set.verify(last.number, hash, &self.justification).map_err(|_| Unfinal::Justification)
    }

    /// Keys whose votes the justification holds, in rising order. They signed it if [`Finalised::check`] says so.
    pub fn voters(&self) -> BTreeSet<PublicKey> {
        let decoded = Justification::decode_all(&mut &self.justification[..]).ok();
        let votes = decoded.into_iter().flat_map(|proof| proof.commit.precommits);
        votes.map(|vote| ed25519::Public::from(vote.id).0).collect()
    }
}

/// Headers between a justification's target and the blocks that were voted for.
struct Ancestry<'a> {
    headers: BTreeMap<Hash, &'a Header>,
    /// Blocks known to be the target or its descendants.
    related: BTreeSet<Hash>,
    target_number: BlockNumber,
    target: Hash,
}

impl<'a> Ancestry<'a> {
    fn new(target: Hash, target_number: BlockNumber, headers: &'a [Header]) -> Self {
        let headers = headers.iter().map(|header| (header.hash(), header)).collect();
        Self { headers, related: BTreeSet::from([target]), target_number, target }
    }

    /// Walks down from a block that was voted for. Each header is walked over once in all.
    fn reach(&mut self, block: Hash, number: BlockNumber) -> Result<(), FinalityError> {
        let stated = match self.headers.get(&block) {
            Some(header) => header.number,
            None if block == self.target => self.target_number,
            None => return Err(FinalityError::Unrelated),
        };
        if stated != number {
            return Err(FinalityError::Unrelated);
        }
        let (mut current, mut walked) = (block, Vec::new());
        while !self.related.contains(&current) {
            let header = self.headers.get(&current).ok_or(FinalityError::Unrelated)?;
            walked.push(current);
            current = header.parent_hash;
        }
        self.related.extend(walked);
        Ok(())
    }

    fn all_used(&self) -> Result<(), FinalityError> {
        let used = self.headers.keys().all(|hash| *hash != self.target && self.related.contains(hash));
        used.then_some(()).ok_or(FinalityError::UnusedHeader)
    }
}

/// What `header` says about the next authority set. A forced change takes precedence; otherwise the
/// first scheduled one counts.
pub fn change_in(header: &Header) -> Change {
    let mut change = Change::None;
    for item in &header.digest.logs {
        let DigestItem::Consensus(GRANDPA_ENGINE_ID, bytes) = item else { continue };
        match ConsensusLog::<BlockNumber>::decode(&mut &bytes[..]) {
            Ok(ConsensusLog::ForcedChange(..)) => return Change::Forced,
            Ok(ConsensusLog::ScheduledChange(next)) if change == Change::None => change = Change::Scheduled(next),
            _ => {}
        }
    }
    change
}

/// What `header` gives notice of; items that do not decode are left out.
pub fn notices(header: &Header) -> impl Iterator<Item = ChangeNotice> + '_ {
    header.digest.logs.iter().filter_map(|item| match item {
        DigestItem::Consensus(CHANGE_ENGINE_ID, bytes) => ChangeNotice::decode(&mut &bytes[..]).ok(),
        _ => None,
    })
}

#[cfg(test)]
#[path = "tests/finality.rs"]
mod tests;
