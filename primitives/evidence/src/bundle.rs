//! Evidence bundles: everything that leads from one reading to a finalised block, in one file.
//!
//! The chain of links: genesis hash -> genesis header -> GRANDPA authorities in its state -> set
//! changes -> justification -> header path -> state proof -> anchor -> Merkle path -> unit -> the
//! device's signature. A forced set change breaks the chain: such a bundle starts from a published
//! checkpoint instead. [`verify`](crate::verify) walks it.

use crate::{
    finality::{AuthoritySet, Finalised},
    state::ProofNodes,
    Header,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use loadstone_core::{BlockNumber, Device, Hash, MerkleProof, MmrProof};
use loadstone_dag::{Anchor, Unit};

/// Greatest bundle in bytes that is looked at.
pub const MAX_BUNDLE_BYTES: usize = 16 * 1_024 * 1_024;

/// A bundle in one of the versions that exist.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Bundle {
    /// The first version.
    #[codec(index = 1)]
    V1(BundleV1),
}

/// First version of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BundleV1 {
    /// Header of block 0.
    pub genesis: Header,
    /// Where trust in an authority set starts.
    pub start: Start,
    /// Every change of the authority set from there to the target.
    pub changes: Vec<Finalised>,
    /// The block in whose state the anchor stands.
    pub target: Finalised,
    /// Proof of the state entries that the anchor and the device need, in `target`'s state.
    pub state: ProofNodes,
    /// How the anchor follows from the state.
    pub place: AnchorPlace,
    /// The anchor that holds the unit.
    pub anchor: Anchor,
    /// Path from the unit's leaf to the anchor's root.
    pub path: MerkleProof,
    /// The unit.
    pub unit: Unit,
}

/// Where trust in an authority set starts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Start {
    /// In genesis state: proof of `Grandpa::Authorities`.
    Genesis(ProofNodes),
    /// In a checkpoint that the verifier holds too.
    Checkpoint(Checkpoint),
}

/// A published, trusted point of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Checkpoint {
    /// Height of the block.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
    /// The set that votes on its descendants.
    pub set: AuthoritySet,
}

impl Checkpoint {
    /// BLAKE2b-256 of the encoding: what is published.
    pub fn hash(&self) -> Hash {
        Hash(sp_crypto_hashing::blake2_256(&self.encode()))
    }
}

/// How an anchor follows from the target's state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AnchorPlace {
    /// It stands in `DagAnchor::Anchors`.
    Kept,
    /// It was pruned: path from its hash to `DagAnchor::Peaks`.
    Range(MmrProof),
}

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The chain.
    pub genesis: Hash,
    /// The finalised block and the set that finalised it: a later verifier's checkpoint.
    pub head: Checkpoint,
    /// Set changes walked over.
    pub changes: u32,
    /// Hash of the checkpoint that was relied on, if any.
    pub checkpoint: Option<Hash>,
    /// The anchor.
    pub anchor: Anchor,
    /// The unit's id.
    pub unit_hash: Hash,
    /// The unit.
    pub unit: Unit,
    /// Its device as registered at the finalised block.
    pub device: Device,
}
