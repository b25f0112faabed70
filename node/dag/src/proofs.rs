//! Inclusion proofs: from a unit to its anchor's root, and from the anchor to the chain's range.

use std::{collections::VecDeque, sync::Arc};

use codec::Encode;
use loadstone_core::{AnchorNumber, MerkleTree, MmrProof};
use loadstone_dag::{Anchor, AnchorLeaf, GatewayMessage, Slot};
use parking_lot::Mutex;

use crate::store::{Place, Store, StoreError};

/// Anchors whose trees are kept: pushes and requests ask for the newest ones.
const KEPT_TREES: usize = 8;

/// An anchor with the tree over its leaves.
pub struct Kept {
    anchor: Anchor,
    tree: MerkleTree,
}

impl Kept {
    fn new(anchor: Anchor, leaves: &[AnchorLeaf]) -> Self {
        Self { anchor, tree: MerkleTree::new(leaves.iter().map(Encode::encode)) }
    }

    /// What a device needs to believe that the leaf at this position is anchored.
    pub fn message(&self, index: u32, leaf: &AnchorLeaf) -> Option<GatewayMessage> {
        let proof = self.tree.proof(index)?;
        Some(GatewayMessage::Anchored { slot: leaf.slot, unit: leaf.unit, anchor: self.anchor.clone(), proof })
    }
}

/// Makes proofs from the database, and remembers the newest trees.
pub struct Proofs {
    store: Arc<Store>,
    trees: Mutex<VecDeque<Arc<Kept>>>,
}

impl Proofs {
    /// From `store`.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, trees: Mutex::new(VecDeque::new()) }
    }

    fn tree(&self, number: AnchorNumber) -> Result<Arc<Kept>, StoreError> {
        let found = self.trees.lock().iter().find(|kept| kept.anchor.number == number).cloned();
        if let Some(kept) = found {
            return Ok(kept);
        }
        let anchor = self.store.anchor(number)?.ok_or(StoreError::Damaged("anchors"))?.anchor;
        let leaves = self.store.leaves(number)?.ok_or(StoreError::Damaged("leaves"))?;
        Ok(self.remember(&anchor, &leaves))
    }

    /// The tree of an anchor whose leaves are at hand.
    pub fn remember(&self, anchor: &Anchor, leaves: &[AnchorLeaf]) -> Arc<Kept> {
        let kept = Arc::new(Kept::new(anchor.clone(), leaves));
        let mut trees = self.trees.lock();
        trees.push_back(kept.clone());
        if trees.len() > KEPT_TREES {
            trees.pop_front();
        }
        kept
    }

    /// Where the anchored unit of this slot stands.
    pub fn place(&self, slot: &Slot) -> Result<Option<Place>, StoreError> {
        self.store.place(slot)
    }

    /// What a device needs to believe that its unit is anchored; `None` while it is not.
    pub fn anchored(&self, slot: &Slot) -> Result<Option<GatewayMessage>, StoreError> {
        let Some(place) = self.store.place(slot)? else { return Ok(None) };
        let leaf = AnchorLeaf { slot: *slot, unit: place.unit };
        self.tree(place.anchor)?.message(place.index, &leaf).map(Some).ok_or(StoreError::Damaged("slots"))
    }

    /// Proof that anchor `number` is among the first `leaves` anchors; `None` when it is not.
    pub fn range(&self, number: AnchorNumber, leaves: u32) -> Result<Option<MmrProof>, StoreError> {
        self.store.range_proof(number, leaves)
    }
}
