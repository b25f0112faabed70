//! Gateways' claims that a unit is anchored, held against the anchors of the finalised chain.

use codec::Encode;
use loadstone_core::{verify_merkle, AnchorNumber, Hash, MerkleProof};
use loadstone_dag::{Anchor, AnchorLeaf, Slot};
use std::collections::BTreeMap;

/// Anchor hashes remembered as proven.
const MAX_PROVEN: usize = 256;

/// Claims that may wait for their anchor; more are dropped and asked for again later.
const MAX_CLAIMS: usize = 4_096;

/// Heads at which an anchor may be missing before its claims are dropped.
const MAX_MISSES: u32 = 8;

/// Greatest number of siblings in a path: leaves are counted in 32 bits.
const MAX_SIBLINGS: usize = 32;

/// A claim whose Merkle path is right; whether its anchor stands on chain is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    pub(crate) gateway: usize,
    pub(crate) slot: Slot,
    pub(crate) unit: Hash,
    pub(crate) anchor: Anchor,
    pub(crate) proof: MerkleProof,
}

/// What an anchor on chain decided.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) proven: Vec<Claim>,
    pub(crate) forged: Vec<Claim>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    proven: BTreeMap<AnchorNumber, Hash>,
    claims: BTreeMap<AnchorNumber, Vec<Claim>>,
    misses: BTreeMap<AnchorNumber, u32>,
    newest: AnchorNumber,
}

/// Whether the path leads from the unit's leaf to the root that the claimed anchor names.
pub(crate) fn path_holds(claim: &Claim) -> bool {
    let leaf = AnchorLeaf { slot: claim.slot, unit: claim.unit };
    claim.proof.siblings.len() <= MAX_SIBLINGS
        && claim.proof.leaves == claim.anchor.units
        && verify_merkle(&claim.anchor.root, &leaf.encode(), &claim.proof)
}

impl Anchors {
    /// Takes a claim with a right path. `Some` when its anchor is known already.
    pub(crate) fn claim(&mut self, claim: Claim) -> Option<Verdict> {
        let number = claim.anchor.number;
        if let Some(hash) = self.proven.get(&number) {
            let mut verdict = Verdict::default();
            let list = if *hash == claim.anchor.hash() { &mut verdict.proven } else { &mut verdict.forged };
            list.push(claim);
            return Some(verdict);
        }
        if self.claims.values().map(Vec::len).sum::<usize>() < MAX_CLAIMS {
            self.claims.entry(number).or_default().push(claim);
        }
        None
    }

    /// A verified head says that the chain accepted anchor `number`.
    pub(crate) fn announced(&mut self, number: AnchorNumber) {
        self.newest = self.newest.max(number);
    }

    /// Anchors worth reading: claimed, not proven, and announced unless `all` are wanted.
    pub(crate) fn wanted(&self, all: bool) -> Vec<AnchorNumber> {
        let worth = |number: &&AnchorNumber| all || self.newest == AnchorNumber(0) || **number <= self.newest;
        self.claims.keys().filter(worth).take(16).copied().collect()
    }

    /// Takes what stands on chain under `number` at a finalised head.
    pub(crate) fn on_chain(&mut self, number: AnchorNumber, anchor: Option<&Anchor>) -> Verdict {
        let Some(anchor) = anchor.filter(|anchor| anchor.number == number) else {
            let misses = self.misses.entry(number).or_default();
            *misses += 1;
            if *misses >= MAX_MISSES {
                self.misses.remove(&number);
                self.claims.remove(&number);
            }
            return Verdict::default();
        };
        self.misses.remove(&number);
        let mut verdict = self.prove(number, anchor.hash());
        // The parent hash proves the anchor before without another read.
        if let Some(before) = number.0.checked_sub(1) {
            let parent = self.prove(AnchorNumber(before), anchor.parent);
            verdict.proven.extend(parent.proven);
            verdict.forged.extend(parent.forged);
        }
        verdict
    }

    fn prove(&mut self, number: AnchorNumber, hash: Hash) -> Verdict {
        self.proven.insert(number, hash);
        while self.proven.len() > MAX_PROVEN {
            self.proven.pop_first();
        }
        let claims = self.claims.remove(&number).unwrap_or_default();
        let (proven, forged) = claims.into_iter().partition(|claim| claim.anchor.hash() == hash);
        Verdict { proven, forged }
    }
}
