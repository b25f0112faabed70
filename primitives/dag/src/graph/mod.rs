//! What is held: witnesses, units and anchors as numbered vertices, so that a history is a set of bits.
//!
//! Numbers are given in order of acceptance, in which everything named comes before what names it.
//! An anchor is a vertex too: a witness that names a base anchor has the anchor's history in its past.

mod bits;
mod chain;
mod history;

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, MemberIndex, Sequence};

use crate::{
    AcknowledgementKind, AnchorLeaf, AnchorProposal, Body, CheckedUnit, CheckedWitness, Slot, Unit, Witness,
    WitnessFault, WitnessRef,
};

pub(crate) use self::{bits::BitSet, chain::ChainState, history::History};

/// Number of a witness or anchor.
pub(crate) type NodeId = u32;
/// Number of a unit.
pub(crate) type UnitId = u32;
/// Number of a slot.
pub(crate) type SlotId = u32;

/// A witness or an anchor.
pub(crate) struct Node {
    /// How others name the witness; `None` for an anchor.
    pub witness_ref: Option<WitnessRef>,
    /// The author's witness before.
    pub previous: Option<NodeId>,
    /// Base anchor.
    pub base: AnchorNumber,
    /// All it names, and the base anchor's vertex.
    pub edges: Vec<NodeId>,
    /// Units that it introduces.
    pub units: Vec<UnitId>,
    /// Units that it votes for and its previous witness does not.
    pub votes: Vec<UnitId>,
    /// The witness itself, while in memory.
    pub witness: Option<Witness>,
}

/// A unit.
pub(crate) struct UnitEntry {
    pub id: Hash,
    pub slot: SlotId,
    pub previous: Hash,
    pub readings: u8,
    pub acknowledges: Option<AcknowledgementKind>,
    /// The unit itself, while in memory.
    pub unit: Option<Unit>,
}

/// A place in a device's chain.
pub(crate) struct SlotEntry {
    pub slot: Slot,
    pub units: Vec<UnitId>,
    pub before: Option<SlotId>,
    pub after: Option<SlotId>,
    /// The unit that an anchor holds here, and which anchor.
    pub anchored: Option<(UnitId, AnchorNumber)>,
}

/// A finalised anchor.
pub(crate) struct AnchorEntry {
    pub proposal: AnchorProposal,
    pub hash: Hash,
    pub node: NodeId,
    pub leaves: Vec<UnitId>,
    /// Vertices that it added to the anchored history.
    pub nodes: Vec<NodeId>,
}

/// Everything accepted.
#[derive(Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub node_ids: BTreeMap<Hash, NodeId>,
    pub units: Vec<UnitEntry>,
    pub unit_ids: BTreeMap<Hash, UnitId>,
    pub slots: Vec<SlotEntry>,
    pub slot_ids: BTreeMap<Slot, SlotId>,
    /// Anchor `k` at position `k - 1`.
    pub anchors: Vec<AnchorEntry>,
    heads: BTreeMap<(DeviceId, Incarnation), (Sequence, Hash)>,
}

impl Graph {
    /// Number of the last finalised anchor; 0 before the first.
    pub fn last_anchor(&self) -> AnchorNumber {
        AnchorNumber(self.anchors.len() as u32)
    }

    pub fn anchor(&self, number: AnchorNumber) -> Option<&AnchorEntry> {
        self.anchors.get((number.0 as usize).checked_sub(1)?)
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn unit(&self, id: UnitId) -> &UnitEntry {
        &self.units[id as usize]
    }

    pub fn slot(&self, id: SlotId) -> &SlotEntry {
        &self.slots[id as usize]
    }

    pub fn slot_of(&self, unit: UnitId) -> &SlotEntry {
        self.slot(self.unit(unit).slot)
    }

    /// The unit as a leaf of an anchor.
    pub fn leaf(&self, unit: UnitId) -> AnchorLeaf {
        AnchorLeaf { slot: self.slot_of(unit).slot, unit: self.unit(unit).id }
    }

    /// The last anchored unit of this life of the device.
    pub fn head(&self, device: DeviceId, incarnation: Incarnation) -> Option<(Sequence, Hash)> {
        self.heads.get(&(device, incarnation)).copied()
    }

    /// The vertices that the witness names, once all are held; `Err` when one of them is not what it says.
    pub fn resolve(&self, references: &[WitnessRef]) -> Result<Option<Vec<NodeId>>, WitnessFault> {
        let mut found = Vec::with_capacity(references.len());
        for reference in references {
            let Some(id) = self.node_ids.get(&reference.hash) else { return Ok(None) };
            if self.node(*id).witness_ref != Some(*reference) {
                return Err(WitnessFault::Reference);
            }
            found.push(*id);
        }
        Ok(Some(found))
    }

    /// Takes in a witness all of whose references, units and base anchor are held.
    pub fn insert_witness(
        &mut self,
        witness: CheckedWitness,
        mut edges: Vec<NodeId>,
        previous: Option<NodeId>,
    ) -> NodeId {
        let id = self.nodes.len() as NodeId;
        let reference = witness.reference();
        let witness = witness.into_witness();
        let base = witness.content.base;
        edges.extend(self.anchor(base).map(|anchor| anchor.node));
        let units = witness.content.units.iter().filter_map(|unit| self.unit_ids.get(unit).copied()).collect();
        self.node_ids.insert(reference.hash, id);
        self.nodes.push(Node {
            witness_ref: Some(reference),
            previous,
            base,
            edges,
            units,
            votes: Vec::new(),
            witness: Some(witness),
        });
        id
    }

    /// Takes in a unit, unless it is held. Returns a rival in its slot, if the unit is new and has one.
    pub fn insert_unit(&mut self, unit: CheckedUnit) -> Option<UnitId> {
        let id = unit.id();
        if self.unit_ids.contains_key(&id) {
            return None;
        }
        let unit = unit.into_unit();
        let slot = self.slot_id(unit.content.slot);
        let (readings, acknowledges) = match &unit.content.body {
            Body::Readings(readings) => (readings.count().min(u8::MAX.into()) as u8, None),
            Body::Acknowledgement(acknowledgement) => (0, Some(acknowledgement.kind)),
        };
        let number = self.units.len() as UnitId;
        let previous = unit.content.previous;
        self.unit_ids.insert(id, number);
        self.units.push(UnitEntry { id, slot, previous, readings, acknowledges, unit: Some(unit) });
        let rival = self.slot(slot).units.first().copied();
        self.slots[slot as usize].units.push(number);
        rival
    }

    fn slot_id(&mut self, slot: Slot) -> SlotId {
        if let Some(id) = self.slot_ids.get(&slot) {
            return *id;
        }
        let id = self.slots.len() as SlotId;
        let neighbour = |sequence: Option<u64>| {
            sequence.and_then(|s| self.slot_ids.get(&Slot { sequence: Sequence(s), ..slot }).copied())
        };
        let before = neighbour(slot.sequence.0.checked_sub(1));
        let after = neighbour(slot.sequence.0.checked_add(1));
        if let Some(before) = before {
            self.slots[before as usize].after = Some(id);
        }
        if let Some(after) = after {
            self.slots[after as usize].before = Some(id);
        }
        self.slot_ids.insert(slot, id);
        self.slots.push(SlotEntry { slot, units: Vec::new(), before, after, anchored: None });
        id
    }

    /// Takes in a finalised anchor with the leaves and vertices that it adds.
    pub fn insert_anchor(
        &mut self,
        proposal: AnchorProposal,
        mut edges: Vec<NodeId>,
        leaves: Vec<UnitId>,
        nodes: Vec<NodeId>,
    ) -> NodeId {
        let number = proposal.anchor.number;
        let node = self.nodes.len() as NodeId;
        edges.extend(self.anchors.last().map(|anchor| anchor.node));
        self.nodes.push(Node {
            witness_ref: None,
            previous: None,
            base: number,
            edges,
            units: Vec::new(),
            votes: Vec::new(),
            witness: None,
        });
        for leaf in &leaves {
            let entry = &self.units[*leaf as usize];
            let (id, slot) = (entry.id, &mut self.slots[entry.slot as usize]);
            slot.anchored = Some((*leaf, number));
            let place = slot.slot;
            self.heads.insert((place.device, place.incarnation), (place.sequence, id));
        }
        let hash = proposal.anchor.hash();
        self.anchors.push(AnchorEntry { proposal, hash, node, leaves, nodes });
        node
    }

    /// Drops from memory the bodies that this anchor added; the driver has them on disk.
    pub fn forget_bodies(&mut self, number: AnchorNumber) {
        let Some(entry) = (number.0 as usize).checked_sub(1).and_then(|at| self.anchors.get_mut(at)) else { return };
        for node in core::mem::take(&mut entry.nodes) {
            self.nodes[node as usize].witness = None;
        }
        for leaf in &entry.leaves {
            self.units[*leaf as usize].unit = None;
        }
    }

    /// Whether the unit was anchored at or before `base`.
    pub fn anchored_unit(&self, slot: SlotId, base: AnchorNumber) -> Option<UnitId> {
        self.slot(slot).anchored.filter(|(_, number)| *number <= base).map(|(unit, _)| unit)
    }

    /// Author of a witness vertex.
    pub fn author(&self, node: NodeId) -> Option<MemberIndex> {
        self.node(node).witness_ref.map(|reference| reference.member)
    }
}
