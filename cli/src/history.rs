//! Anchored units: from a node, or from files that were stored before.
//!
//! A stored anchor keeps every unit as bytes of its own under its place, so that a damaged file still
//! names the unit that was damaged.

use crate::{
    client::{Chain, State},
    fault::Fault,
    files,
};
use anyhow::{bail, Context, Result};
use codec::{Decode, Encode};
use loadstone_core::{verify_mmr, AnchorNumber, Hash, MerkleProof, MmrPeaks, MmrProof};
use loadstone_dag::{Anchor, AnchorUnits, Slot, Unit};
use loadstone_evidence::keys;
use std::{
    fs,
    path::{Path, PathBuf},
};
use subxt::rpcs::rpc_params;

/// Answer of `dag_proof`.
pub type DagProof = (Anchor, MerkleProof, Unit, MmrProof);

/// An anchor with its units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredAnchor {
    /// The anchor.
    pub anchor: Anchor,
    /// Its units in rising order of place.
    pub units: Vec<StoredUnit>,
}

/// A unit as bytes under its place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredUnit {
    /// Its place.
    pub slot: Slot,
    /// The SCALE-encoded unit.
    pub bytes: Vec<u8>,
}

impl StoredAnchor {
    fn new(anchor: Anchor, units: &[Unit]) -> Self {
        let units = units.iter().map(|unit| StoredUnit { slot: unit.content.slot, bytes: unit.encode() });
        Self { anchor, units: units.collect() }
    }
}

/// Where anchored units come from.
pub enum Source {
    /// A node's database.
    Node,
    /// A folder that `loadstone archive` wrote.
    Folder(PathBuf),
}

/// What the chain says of anchors 1 to some last one.
pub struct Trusted {
    /// Those that are still kept in state.
    pub kept: Vec<Option<Anchor>>,
    /// Hash of the last.
    pub last: Hash,
}

impl Trusted {
    /// Reads them at `state`. Where the last was pruned, a proof from the node leads to the range's peaks.
    pub async fn read(state: &State<'_>, last: AnchorNumber) -> Result<Self> {
        let anchor_keys: Vec<_> = (1..=last.0).map(|number| keys::anchor(AnchorNumber(number))).collect();
        let kept = state.get_all::<Anchor>(&anchor_keys).await?;
        let hash = match kept.last() {
            Some(Some(anchor)) => anchor.hash(),
            Some(None) => pruned(state, last).await?.hash(),
            None => Hash::zero(),
        };
        Ok(Self { kept, last: hash })
    }
}

/// An anchor that is no longer kept, proved against the range's peaks in state.
async fn pruned(state: &State<'_>, number: AnchorNumber) -> Result<Anchor> {
    let peaks: MmrPeaks = state.require(keys::peaks(), "the range of anchors").await?;
    let (anchor, range) = dag_anchor(state.chain(), number, Some(peaks.leaves)).await?;
    let placed = anchor.number == number && range.index.checked_add(1) == Some(number.0);
    if !placed || range.leaves != peaks.leaves || !verify_mmr(&peaks.root(), anchor.hash(), &range) {
        bail!("the node's proof of anchor {number} does not hold");
    }
    Ok(anchor)
}

/// Asks the node for an anchor with its place in the range. Asked by number, since an anchor that
/// closes an epoch may hold no unit to ask for.
async fn dag_anchor(chain: &Chain, number: AnchorNumber, leaves: Option<u32>) -> Result<(Anchor, MmrProof)> {
    chain.request_scale("dag_anchor", rpc_params![number.0, leaves]).await
}

/// Asks the node for the proof of a unit.
pub async fn dag_proof(chain: &Chain, slot: &Slot, leaves: Option<u32>) -> Result<DagProof> {
    let params = rpc_params![slot.device.0, slot.incarnation.0, slot.sequence.0, leaves];
    chain.request_scale("dag_proof", params).await
}

async fn fetch_units(chain: &Chain, number: AnchorNumber) -> Result<Vec<Unit>> {
    let answer: AnchorUnits = chain.request_scale("dag_anchorUnits", rpc_params![number.0]).await?;
    Ok(answer.units)
}

impl Source {
    /// The anchor of this number with its units. `kept` is the chain's own copy, where it has one.
    ///
    /// # Errors
    /// When the node or the folder has no such anchor, or a file does not decode at all.
    pub async fn anchor(&self, chain: &Chain, number: AnchorNumber, kept: Option<&Anchor>) -> Result<StoredAnchor> {
        match (self, kept) {
            (Self::Node, Some(anchor)) => Ok(StoredAnchor::new(anchor.clone(), &fetch_units(chain, number).await?)),
            (Self::Node, None) => {
                let (anchor, _) = dag_anchor(chain, number, None).await?;
                Ok(StoredAnchor::new(anchor, &fetch_units(chain, number).await?))
            }
            (Self::Folder(folder), _) => load(folder, number),
        }
    }
}

fn file(folder: &Path, number: AnchorNumber) -> PathBuf {
    folder.join(format!("anchor-{:010}.scale", number.0))
}

/// Writes an anchor into a folder.
pub fn store(folder: &Path, stored: &StoredAnchor) -> Result<()> {
    let path = file(folder, stored.anchor.number);
    files::write(&path, &stored.encode())
}

/// Reads an anchor from a folder.
///
/// # Errors
/// [`Fault::Mismatch`] when the file does not decode: `store` wrote it whole, so it was changed since.
pub fn load(folder: &Path, number: AnchorNumber) -> Result<StoredAnchor> {
    let path = file(folder, number);
    let bytes = fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
    crate::client::decode(&bytes).map_err(|_| Fault::Mismatch(format!("{} is damaged", path.display())).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::history;

    #[test]
    fn stored_anchors_come_back() {
        // GIVEN a folder with a stored anchor
        let folder = tempfile::tempdir().expect("a folder");
        let stored = history(1, 2).anchors.remove(0);
        store(folder.path(), &stored).expect("written");
        // THEN it reads as it was, another one is missing, and a cut one is damaged
        assert_eq!(load(folder.path(), AnchorNumber(1)).expect("read"), stored);
        assert!(load(folder.path(), AnchorNumber(2)).is_err());
        fs::write(file(folder.path(), AnchorNumber(1)), &stored.encode()[1..]).expect("written");
        let error = load(folder.path(), AnchorNumber(1)).expect_err("damaged");
        assert!(error.to_string().contains("damaged"), "{error}");
        // AND a damaged file is a difference, a missing one a plain failure
        assert_eq!(crate::fault::code(&error), 3);
        assert_eq!(crate::fault::code(&load(folder.path(), AnchorNumber(2)).expect_err("missing")), 1);
    }
}
