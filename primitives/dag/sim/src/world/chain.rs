//! The chain as the ledger's pallet keeps it: which anchors it accepts, and which committee sits.

use std::collections::BTreeMap;

use loadstone_core::{AccountId, AnchorNumber, Hash, MemberIndex, OrganisationId};
use loadstone_dag::{Anchor, Certificate, Committee, LedgerState, MemberSet};

use crate::keys::{Scheme, Signer, GENESIS};

/// A committee and the seats of its members, in order of index.
pub struct Epoch {
    /// Keys and weights.
    pub committee: Committee,
    /// Who sits where.
    pub seats: Vec<u16>,
}

impl Epoch {
    /// The seat's place in the committee, if it has one.
    pub fn index_of(&self, seat: u16) -> Option<MemberIndex> {
        self.seats.iter().position(|sitting| *sitting == seat).map(|index| MemberIndex(index as u16))
    }

    /// Who sits at this index.
    pub fn seat_of(&self, member: MemberIndex) -> Option<u16> {
        self.seats.get(usize::from(member.0)).copied()
    }
}

/// Why the chain takes an anchor not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not the next number, not on the latest one, or of another epoch.
    Place,
    /// Empty, or closing where nothing is to be closed.
    Shape,
    /// Signatures that don't verify, don't rise, or don't weigh enough.
    Certificate,
}

/// The chain.
pub struct Chain {
    scheme: Scheme,
    weights: Vec<u32>,
    keys: Vec<loadstone_core::PublicKey>,
    epochs: BTreeMap<u32, Epoch>,
    epoch: u32,
    next: Option<Vec<u16>>,
    start: Option<Anchor>,
    /// Accepted anchors, the first at position 0.
    pub anchors: Vec<Anchor>,
    pool: Vec<(Anchor, Certificate)>,
}

impl Chain {
    /// A chain with the first `members` seats in its committee.
    pub fn new(scheme: Scheme, weights: &[u32], signers: &[Signer], members: u16) -> Self {
        let mut chain = Self {
            scheme,
            weights: weights.to_vec(),
            keys: signers.iter().map(Signer::public).collect(),
            epochs: BTreeMap::new(),
            epoch: 0,
            next: None,
            start: None,
            anchors: Vec::new(),
            pool: Vec::new(),
        };
        chain.seat((0..members).collect());
        chain
    }

    /// Puts a committee in force.
    fn seat(&mut self, seats: Vec<u16>) {
        let keyed = seats.iter().map(|seat| (self.keys[usize::from(*seat)], self.weights[usize::from(*seat)]));
        if let Ok(committee) = Committee::new(keyed.collect()) {
            self.epochs.insert(self.epoch, Epoch { committee, seats });
        }
    }

    /// The epoch in force.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The committee of an epoch.
    pub fn committee(&self, epoch: u32) -> Option<&Epoch> {
        self.epochs.get(&epoch)
    }

    /// Seats of the committee in force.
    pub fn sitting(&self) -> &[u16] {
        self.epochs.get(&self.epoch).map(|epoch| epoch.seats.as_slice()).unwrap_or_default()
    }

    /// Whether the epoch in force is to end.
    pub fn is_closing(&self) -> bool {
        self.next.is_some()
    }

    /// Opens the closing of the epoch in force, for these seats to follow.
    pub fn close(&mut self, next: Vec<u16>) {
        self.next = Some(next);
    }

    /// An anchor comes into the pool if the state of now would take it.
    pub fn submit(&mut self, anchor: Anchor, certificate: Certificate) -> Result<(), Refused> {
        self.check(&anchor, &certificate)?;
        if !self.pool.iter().any(|(pooled, _)| *pooled == anchor) {
            self.pool.push((anchor, certificate));
        }
        Ok(())
    }

    /// Candidates in the pool.
    pub fn pooled(&self) -> usize {
        self.pool.len()
    }

    /// Makes a block with the pooled candidate at this position, if there is one.
    pub fn make_block(&mut self, position: usize) -> Option<Anchor> {
        let (anchor, _) = self.pool.get(position)?.clone();
        self.pool.clear();
        self.anchors.push(anchor.clone());
        if anchor.closes_epoch() {
            self.epoch += 1;
            self.start = Some(anchor.clone());
            let next = self.next.take().unwrap_or_default();
            self.seat(next);
        }
        Some(anchor)
    }

    /// What members read.
    pub fn state(&self) -> LedgerState {
        let member = |seat: &u16| loadstone_core::Member {
            account: AccountId::new(self.keys[usize::from(*seat)]),
            organisation: OrganisationId(*seat),
            key: self.keys[usize::from(*seat)],
            weight: self.weights[usize::from(*seat)],
        };
        LedgerState {
            epoch: self.epoch,
            committee: self.sitting().iter().map(member).collect(),
            closing: self.is_closing(),
            start: self.start.clone(),
            latest: self.anchors.last().cloned(),
        }
    }

    fn check(&self, anchor: &Anchor, certificate: &Certificate) -> Result<(), Refused> {
        let latest = self.anchors.last();
        let number = latest.map(|anchor| anchor.number).unwrap_or_default().next();
        let parent = latest.map(Anchor::hash).unwrap_or_default();
        if anchor.number != number || anchor.parent != parent || anchor.epoch != self.epoch {
            return Err(Refused::Place);
        }
        let sound = if anchor.closes_epoch() { self.is_closing() } else { anchor.units > 0 };
        if !sound {
            return Err(Refused::Shape);
        }
        self.is_certified(anchor, certificate).then_some(()).ok_or(Refused::Certificate)
    }

    fn is_certified(&self, anchor: &Anchor, certificate: &Certificate) -> bool {
        let Some(epoch) = self.epochs.get(&self.epoch) else { return false };
        let payload = anchor.payload(&GENESIS);
        let signed = |(member, signature): &(MemberIndex, _)| {
            let key = epoch.committee.key(*member);
            key.is_some_and(|key| self.scheme.verify(key, payload.as_bytes(), signature))
        };
        let rising = certificate.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let set = certificate.iter().fold(MemberSet::default(), |set, (member, _)| set.with(MemberSet::of(*member)));
        rising && epoch.committee.is_quorum(set) && certificate.iter().all(signed)
    }

    /// The accepted anchor of this number.
    pub fn anchor(&self, number: AnchorNumber) -> Option<&Anchor> {
        self.anchors.get((number.0 as usize).checked_sub(1)?)
    }

    /// Hash of the newest anchor; zero before the first.
    pub fn tip(&self) -> Hash {
        self.anchors.last().map(Anchor::hash).unwrap_or_default()
    }
}
