//! Candidates for the next anchor, as they are kept: a bounded number of each member.

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{AnchorNumber, Hash, MemberIndex, Millis, Signature};

use super::ledger::Extension;
use crate::{Anchor, AnchorProposal, Tally};

/// Candidates of one proposer that are looked at between two anchors.
const MAX_CANDIDATES: usize = 8;

/// A candidate that is not certified after this time may make room for another of its proposer.
const PATIENCE_MS: u64 = 10_000;

/// Doublings of that time, one for each that made room: what was signed stays in the journal, and an
/// anchor may be a long time coming.
const MAX_BACKOFF: u32 = 6;

/// Signatures of one member that may come before the candidate they sign.
const MAX_EARLY: usize = 8;

/// Evaluated frontiers that are kept until the next anchor.
const MAX_APPRAISALS: usize = 4;

pub(super) struct Candidate {
    pub proposal: AnchorProposal,
    pub proposer: MemberIndex,
    pub tally: Tally,
    pub verdict: Verdict,
    since: Millis,
    pub shown_at: Millis,
    pub certified_at: Option<Millis>,
    pub submitted_at: Option<Millis>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Signed,
    Refused,
}

/// What follows from a frontier, on top of the last anchor.
pub(super) struct Appraisal {
    pub anchor: Anchor,
    pub extension: Extension,
}

#[derive(Default)]
pub(super) struct Candidates {
    pub by_hash: BTreeMap<Hash, Candidate>,
    /// Candidates of each proposer that made room since the last anchor.
    dropped: BTreeMap<MemberIndex, u32>,
    early: BTreeMap<(MemberIndex, Hash), Signature>,
    appraisals: Vec<Appraisal>,
    /// Since when something can be anchored.
    pub ready_at: Option<Millis>,
    pub proposed_at: Option<Millis>,
    /// Whether the next anchor can close the epoch.
    closes: bool,
}

impl Candidates {
    pub fn proposal(&self, hash: &Hash) -> Option<&AnchorProposal> {
        self.by_hash.get(hash).map(|candidate| &candidate.proposal)
    }

    /// Anchor `number` was finalised: the other candidates for it are void.
    pub fn reset(&mut self, number: AnchorNumber) {
        self.by_hash.retain(|_, candidate| candidate.proposal.anchor.number > number);
        self.dropped.clear();
        self.early.clear();
        self.appraisals.clear();
        self.ready_at = None;
        self.proposed_at = None;
    }

    /// Final witnesses of a quorum have come: what was proposed before is no reason to wait.
    pub fn may_close(&mut self, closes: bool) {
        if closes && !self.closes {
            self.closes = true;
            self.ready_at = None;
            self.proposed_at = None;
        }
    }

    /// Keeps a candidate; `false` if its proposer has too many.
    pub fn put(&mut self, hash: Hash, proposal: AnchorProposal, proposer: MemberIndex, now: Millis) -> bool {
        let of_proposer = || self.by_hash.iter().filter(|(_, candidate)| candidate.proposer == proposer);
        if of_proposer().count() >= MAX_CANDIDATES {
            let dropped = self.dropped.get(&proposer).copied().unwrap_or_default();
            let patience = PATIENCE_MS << dropped.min(MAX_BACKOFF);
            let is_old = |c: &Candidate| c.certified_at.is_none() && now.since(c.since) >= patience;
            let oldest = of_proposer().filter(|(_, c)| is_old(c)).min_by_key(|(_, c)| c.since).map(|(hash, _)| *hash);
            let Some(oldest) = oldest else { return false };
            self.by_hash.remove(&oldest);
            self.dropped.insert(proposer, dropped.saturating_add(1));
        }
        let candidate = Candidate {
            proposal,
            proposer,
            tally: Tally::default(),
            verdict: Verdict::Open,
            since: now,
            shown_at: now,
            certified_at: None,
            submitted_at: None,
        };
        self.by_hash.insert(hash, candidate);
        true
    }

    /// Keeps a signature whose candidate is not known yet.
    pub fn put_early(&mut self, from: MemberIndex, hash: Hash, signature: Signature) {
        let of_member = (from, Hash::zero())..=(from, Hash::repeat_byte(0xff));
        if self.early.range(of_member).count() < MAX_EARLY {
            self.early.insert((from, hash), signature);
        }
    }

    pub fn take_early(&mut self, from: MemberIndex, hash: Hash) -> Option<Signature> {
        self.early.remove(&(from, hash))
    }

    /// What was found of a frontier, taken out.
    pub fn take_appraisal(&mut self, frontier: &Hash, closes: bool) -> Option<Appraisal> {
        let is_this = |known: &Appraisal| known.anchor.frontier == *frontier && known.anchor.closes_epoch() == closes;
        let position = self.appraisals.iter().position(is_this)?;
        Some(self.appraisals.remove(position))
    }

    pub fn keep_appraisal(&mut self, appraisal: Appraisal) {
        if self.appraisals.len() >= MAX_APPRAISALS {
            self.appraisals.remove(0);
        }
        self.appraisals.push(appraisal);
    }
}
