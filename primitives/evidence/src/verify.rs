//! Walks an evidence bundle link by link and names the first that breaks. Total on hostile input.

use crate::{
    bundle::{AnchorPlace, Bundle, BundleV1, Checkpoint, Start, Verdict, MAX_BUNDLE_BYTES},
    finality::{change_in, AuthoritySet, Change, Unfinal},
    keys,
    state::read_proved,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use core::fmt;
use loadstone_core::{verify_merkle, verify_mmr, Device, Hash, MmrPeaks};
use loadstone_dag::{Anchor, AnchorLeaf};
use sp_consensus_grandpa::AuthorityList;
use sp_core::{sr25519, Pair};

/// The first link of a bundle that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLink {
    /// The bytes are no bundle, or not its canonical encoding.
    Malformed,
    /// The genesis header is not that of the chain asked for.
    Genesis,
    /// The bundle disagrees with the verifier's checkpoint, ends before it, or needs one that is missing.
    Checkpoint,
    /// The first authority set is not in genesis state.
    Authorities,
    /// The set change of this place, from 0, is not announced or not final.
    SetChange(u32),
    /// The target is not final.
    Justification,
    /// The headers after the target do not follow each other.
    HeaderPath,
    /// The state proof does not lead to the target's state root, or holds idle nodes.
    StateProof,
    /// The pruned anchor is not in the range of anchors.
    Mmr,
    /// The anchor is not the one in state.
    Anchor,
    /// The unit is not in the anchor.
    MerklePath,
    /// The unit is not of the registered device.
    Unit,
    /// The device did not sign the unit.
    Signature,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => write!(f, "encoding: the bytes are no canonical bundle"),
            Self::Genesis => write!(f, "genesis: the bundle is of another chain"),
            Self::Checkpoint => write!(f, "checkpoint: the bundle disagrees with it, ends before it, or lacks it"),
            Self::Authorities => write!(f, "authorities: the first set is not in genesis state"),
            Self::SetChange(place) => write!(f, "set change {place}: not announced or not final"),
            Self::Justification => write!(f, "justification: the target block is not final"),
            Self::HeaderPath => write!(f, "header path: the headers do not follow each other"),
            Self::StateProof => write!(f, "state proof: it does not lead to the block's state root"),
            Self::Mmr => write!(f, "anchor range: the anchor is not in it"),
            Self::Anchor => write!(f, "anchor: it is not the one in state"),
            Self::MerklePath => write!(f, "Merkle path: the unit is not in the anchor"),
            Self::Unit => write!(f, "unit: it is not of the registered device"),
            Self::Signature => write!(f, "signature: the device did not sign the unit"),
        }
    }
}

impl core::error::Error for BrokenLink {}

/// Verifies an encoded bundle against the hash of the chain's genesis block and, where the verifier
/// holds one, a newer checkpoint.
///
/// # Errors
/// The first [`BrokenLink`].
pub fn verify(bytes: &[u8], genesis: &Hash, checkpoint: Option<&Checkpoint>) -> Result<Verdict, BrokenLink> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(BrokenLink::Malformed);
    }
    let bundle = Bundle::decode_all(&mut &bytes[..]).map_err(|_| BrokenLink::Malformed)?;
    if bundle.encode() != bytes {
        return Err(BrokenLink::Malformed);
    }
    let Bundle::V1(bundle) = bundle;
    bundle.verify(genesis, checkpoint)
}

impl BundleV1 {
    /// Verifies a decoded bundle, as [`verify`].
    ///
    /// # Errors
    /// The first [`BrokenLink`].
    pub fn verify(self, genesis: &Hash, checkpoint: Option<&Checkpoint>) -> Result<Verdict, BrokenLink> {
        if self.genesis.number != 0 || self.genesis.hash() != *genesis {
            return Err(BrokenLink::Genesis);
        }
        let set = self.walk_sets(checkpoint)?;
        self.target.check(&set).map_err(|fault| match fault {
            Unfinal::Path => BrokenLink::HeaderPath,
            Unfinal::Justification => BrokenLink::Justification,
        })?;
        if let Some(checkpoint) = checkpoint {
            self.meets(checkpoint)?;
        }
        let device = self.check_state()?;
        let unit_hash = self.check_unit(genesis, &device)?;
        let head = Checkpoint { number: self.target.header.number, hash: self.target.header.hash(), set };
        Ok(Verdict {
            genesis: *genesis,
            head,
            changes: self.changes.len() as u32,
            checkpoint: checkpoint.map(Checkpoint::hash),
            anchor: self.anchor,
            unit_hash,
            unit: self.unit,
            device,
        })
    }

    /// From the first trusted set over every change to the target's.
    fn walk_sets(&self, checkpoint: Option<&Checkpoint>) -> Result<AuthoritySet, BrokenLink> {
        let mut set = self.first_set(checkpoint)?;
        let mut met = checkpoint.is_none_or(|checkpoint| checkpoint.set == set);
        let mut height = 0;
        for (place, change) in self.changes.iter().enumerate() {
            let broken = BrokenLink::SetChange(place as u32);
            let Change::Scheduled(next) = change_in(&change.header) else { return Err(broken) };
            let rises = place == 0 || change.header.number > height;
            if !rises || change.path.len() as u64 != u64::from(next.delay) {
                return Err(broken);
            }
            height = change.header.number;
            change.check(&set).map_err(|_| broken)?;
            set = set.successor(next.next_authorities);
            met |= checkpoint.is_some_and(|checkpoint| checkpoint.set == set);
        }
        let ordered = self.changes.is_empty() || self.target.header.number >= height;
        if !ordered {
            return Err(BrokenLink::Justification);
        }
        met.then_some(set).ok_or(BrokenLink::Checkpoint)
    }

    fn first_set(&self, checkpoint: Option<&Checkpoint>) -> Result<AuthoritySet, BrokenLink> {
        match &self.start {
            Start::Genesis(nodes) => {
                let key = keys::grandpa_authorities();
                let values = read_proved(&self.genesis.state_root, nodes, &[key]).ok();
                let authorities = values.and_then(|mut values| values.pop().flatten());
                let decoded = authorities.and_then(|bytes| AuthorityList::decode_all(&mut &bytes[..]).ok());
                decoded.map(|authorities| AuthoritySet { id: 0, authorities }).ok_or(BrokenLink::Authorities)
            }
            Start::Checkpoint(start) if checkpoint == Some(start) => Ok(start.set.clone()),
            Start::Checkpoint(_) => Err(BrokenLink::Checkpoint),
        }
    }

    /// No header of the bundle may contradict the checkpoint's block.
    fn meets(&self, checkpoint: &Checkpoint) -> Result<(), BrokenLink> {
        let finalised = self.changes.iter().chain([&self.target]);
        let mut headers = finalised.flat_map(|proof| proof.path.iter().chain([&proof.header]));
        let agrees = headers.all(|header| header.number != checkpoint.number || header.hash() == checkpoint.hash);
        agrees.then_some(()).ok_or(BrokenLink::Checkpoint)
    }

    /// Reads the anchor's place and the device from the target's state.
    fn check_state(&self) -> Result<Device, BrokenLink> {
        let device_key = keys::device(self.unit.content.slot.device);
        let anchor_key = match self.place {
            AnchorPlace::Kept => keys::anchor(self.anchor.number),
            AnchorPlace::Range(_) => keys::peaks(),
        };
        let root = self.target.header.state_root;
        let values = read_proved(&root, &self.state, &[anchor_key, device_key]).map_err(|_| BrokenLink::StateProof)?;
        let [anchor, device] = <[_; 2]>::try_from(values).map_err(|_| BrokenLink::StateProof)?;
        self.check_anchor(anchor)?;
        decode(device).ok_or(BrokenLink::Unit)
    }

    fn check_anchor(&self, value: Option<Vec<u8>>) -> Result<(), BrokenLink> {
        match &self.place {
            AnchorPlace::Kept => {
                let kept: Anchor = decode(value).ok_or(BrokenLink::Anchor)?;
                (kept == self.anchor).then_some(()).ok_or(BrokenLink::Anchor)
            }
            AnchorPlace::Range(proof) => {
                let peaks: MmrPeaks = decode(value).ok_or(BrokenLink::Mmr)?;
                let placed = proof.leaves == peaks.leaves && proof.index.checked_add(1) == Some(self.anchor.number.0);
                let proved = placed && verify_mmr(&peaks.root(), self.anchor.hash(), proof);
                proved.then_some(()).ok_or(BrokenLink::Mmr)
            }
        }
    }

    /// Checks the unit's place in the anchor and its signature; gives its id.
    fn check_unit(&self, genesis: &Hash, device: &Device) -> Result<Hash, BrokenLink> {
        let payload = self.unit.content.payload(genesis);
        let unit_hash = payload.hash();
        let leaf = AnchorLeaf { slot: self.unit.content.slot, unit: unit_hash };
        let counted = self.path.leaves == self.anchor.units;
        if !counted || !verify_merkle(&self.anchor.root, &leaf.encode(), &self.path) {
            return Err(BrokenLink::MerklePath);
        }
        if device.incarnation != self.unit.content.slot.incarnation {
            return Err(BrokenLink::Unit);
        }
        let signature = sr25519::Signature::from_raw(self.unit.signature);
        let signed = sr25519::Pair::verify(&signature, payload.as_bytes(), &sr25519::Public::from_raw(device.key));
        signed.then_some(unit_hash).ok_or(BrokenLink::Signature)
    }
}

fn decode<T: Decode>(value: Option<Vec<u8>>) -> Option<T> {
    value.and_then(|bytes| T::decode_all(&mut &bytes[..]).ok())
}

#[cfg(test)]
#[path = "tests/verify.rs"]
mod tests;
