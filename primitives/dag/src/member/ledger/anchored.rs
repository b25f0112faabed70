//! What anchors add to the anchored history, and where they leave the devices' chains.

use alloc::vec::Vec;

use super::Ledger;
use crate::{
    graph::{place, NodeId, UnitId},
    AnchorProposal, DeviceHead, Slot,
};

/// What an anchor adds.
pub(in crate::member) struct Extension {
    nodes: Vec<NodeId>,
    /// In rising order of slot.
    pub leaves: Vec<UnitId>,
}

impl Ledger {
    /// What an anchor on this frontier would add to the anchored history. An anchor's history is its
    /// frontier's past joined with that of the anchor before, so it never shrinks.
    pub fn evaluate(&self, frontier: &[NodeId]) -> Extension {
        let units = &self.graph.units;
        let (nodes, certified) = self.anchored.preview(&self.graph, &self.committee, frontier);
        let at = |unit: UnitId| {
            let slot = units.entry(unit).slot;
            (!units.places.is_settled(slot)).then(|| (units.places.place(slot), unit))
        };
        let mut leaves: Vec<(Slot, UnitId)> = certified.numbers().filter_map(at).collect();
        leaves.sort_unstable_by(|(a, one), (b, other)| {
            a.cmp(b).then_with(|| units.entry(*one).id.cmp(&units.entry(*other).id))
        });
        // Two certified units in one slot take a third of the committee; even then an anchor holds one.
        leaves.dedup_by_key(|(slot, _)| *slot);
        Extension { nodes, leaves: leaves.into_iter().map(|(_, unit)| unit).collect() }
    }

    /// All devices' heads, as they are after these leaves: one a device, of its latest life, in rising order.
    pub fn heads_after(&self, leaves: &[UnitId]) -> Vec<DeviceHead> {
        let units = &self.graph.units;
        let held = units.places.heads().map(|(_, head)| units.resolve(head));
        let new = leaves.iter().map(|leaf| units.leaf(*leaf)).map(|leaf| DeviceHead {
            device: leaf.slot.device,
            incarnation: leaf.slot.incarnation,
            sequence: leaf.slot.sequence,
            unit: leaf.unit,
        });
        let mut heads: Vec<DeviceHead> = held.chain(new).collect();
        heads.sort_by_key(|head| (head.device, head.incarnation, head.sequence));
        let is_latest = |at: &usize| heads.get(at + 1).is_none_or(|next| next.device != heads[*at].device);
        (0..heads.len()).filter(is_latest).map(|at| heads[at]).collect()
    }

    /// Makes a finalised anchor part of the graph.
    pub fn anchor(&mut self, proposal: AnchorProposal, frontier: Vec<NodeId>, extension: Extension) {
        let Extension { nodes, leaves } = extension;
        self.anchored.take(&self.graph, &self.committee, &nodes);
        for leaf in &leaves {
            self.settle(*leaf);
        }
        self.progress += leaves.len() as u64;
        let node = self.graph.insert_anchor(proposal, frontier, leaves, nodes);
        self.anchored.reached.insert(node);
    }

    /// Takes note that the slot of a unit is about to be settled by it.
    fn settle(&mut self, leaf: UnitId) {
        let units = &self.graph.units;
        for unit in units.in_slot(units.entry(leaf).slot) {
            let (block, bit) = place(unit);
            self.open.remove(block, bit);
            self.certifiers.forget(block, bit);
            self.settled.insert(unit);
            self.unanchored = self.unanchored.saturating_sub(usize::from(self.all.is_certified(unit)));
        }
        let (block, bit) = place(leaf);
        self.certifiers.settle(block, bit);
    }

    /// Whether some unit could go into the next anchor.
    pub fn has_unanchored(&self) -> bool {
        self.unanchored > 0
    }
}
