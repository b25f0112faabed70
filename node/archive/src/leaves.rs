//! The leaves of one anchor as they come in, and whether they are what the anchor commits to.

use loadstone_core::Hash;
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Slot, Unit};

/// What is wrong with the units of an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafFault {
    /// The slot is not above the one before.
    Order,
    /// The slot is the one before.
    Twice,
    /// Another number of units than the anchor says.
    Count,
    /// They hash to another root.
    Root,
}

/// Leaves gathered so far.
#[derive(Default)]
pub(crate) struct Leaves {
    leaves: Vec<AnchorLeaf>,
    readings: u64,
}

impl Leaves {
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    pub fn readings(&self) -> u64 {
        self.readings
    }

    /// Takes the next unit in order of slot.
    pub fn push(&mut self, slot: Slot, id: Hash, unit: &Unit) -> Result<(), LeafFault> {
        let before = self.leaves.last().map(|leaf| leaf.slot);
        self.leaves.push(AnchorLeaf { slot, unit: id });
        if let loadstone_dag::Body::Readings(readings) = &unit.content.body {
            self.readings += readings.count() as u64;
        }
        match before {
            Some(before) if before == slot => Err(LeafFault::Twice),
            Some(before) if before > slot => Err(LeafFault::Order),
            _ => Ok(()),
        }
    }

    /// Compares them with what the anchor says, and starts anew.
    pub fn close(&mut self, anchor: &Anchor) -> Result<(), LeafFault> {
        let Self { leaves, .. } = std::mem::take(self);
        if leaves.len() != anchor.units as usize {
            return Err(LeafFault::Count);
        }
        if leaves_root(&leaves) != anchor.root {
            return Err(LeafFault::Root);
        }
        Ok(())
    }
}
