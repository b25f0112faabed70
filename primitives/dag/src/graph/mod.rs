//! What is held of an epoch: witnesses, units and anchors as numbered vertices, so that a history is a set of bits.
//!
//! Numbers are given in order of acceptance, in which everything named comes before what names it.
//! An anchor is a vertex too: a witness that names a base anchor has the anchor's history in its past.

mod ballots;
mod chain;
mod history;
mod ids;
mod marks;
mod places;
mod units;
mod window;

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{AnchorNumber, Hash, MemberIndex};

use crate::{AnchorProposal, CheckedWitness, EpochStart, Witness, WitnessFault, WitnessRef};

pub(crate) use self::{
    ballots::Ballots,
    chain::ChainState,
    history::History,
    ids::Ids,
    marks::{numbers, place, BitSet, Marks},
    places::{Head, Places},
    units::{Footing, Units},
    window::Window,
};

/// Number of a witness or anchor.
pub(crate) type NodeId = u32;
/// Number of a unit.
pub(crate) type UnitId = u32;
/// Number of a slot.
pub(crate) type SlotId = u32;

/// The number that nothing has.
pub(crate) const NONE: u32 = u32::MAX;

/// A witness or an anchor.
pub(crate) struct Node {
    /// How others name the witness; `None` for an anchor.
    pub witness_ref: Option<WitnessRef>,
    /// The author's witness before.
    pub previous: Option<NodeId>,
    /// Base anchor.
    pub base: AnchorNumber,
    /// Whether it is its author's final witness.
    pub last: bool,
    /// All it names, and the base anchor's vertex.
    pub edges: Vec<NodeId>,
    /// Units that it introduces.
    pub units: Vec<UnitId>,
    /// Units that it votes for and its previous witness does not.
    pub votes: Marks,
    /// The witness itself, while in memory.
    pub witness: Option<Witness>,
}

/// A finalised anchor.
pub(crate) struct AnchorEntry {
    pub proposal: AnchorProposal,
    pub hash: Hash,
    pub node: NodeId,
    pub leaves: Vec<UnitId>,
    /// Vertices that it added to the anchored history, until their bodies are forgotten.
    pub nodes: Vec<NodeId>,
}

/// Everything accepted in an epoch.
#[derive(Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub node_ids: BTreeMap<Hash, NodeId>,
    pub units: Units,
    /// Those of this epoch.
    pub anchors: Vec<AnchorEntry>,
    /// The closing anchor of the epoch before.
    start: AnchorNumber,
    start_hash: Hash,
}

impl Graph {
    pub fn new(start: &EpochStart) -> Self {
        let (number, hash) = start.anchor.as_ref().map(|anchor| (anchor.number, anchor.hash())).unwrap_or_default();
        Self { units: Units::new(&start.heads), start: number, start_hash: hash, ..Self::default() }
    }

    /// Number of the anchor that the epoch starts from.
    pub fn start(&self) -> AnchorNumber {
        self.start
    }

    /// Number of the last finalised anchor; 0 before the first.
    pub fn last_anchor(&self) -> AnchorNumber {
        AnchorNumber(self.start.0.saturating_add(self.anchors.len() as u32))
    }

    /// Hash of the last finalised anchor; zero before the first.
    pub fn last_hash(&self) -> Hash {
        self.anchors.last().map(|anchor| anchor.hash).unwrap_or(self.start_hash)
    }

    /// An anchor of this epoch.
    pub fn anchor(&self, number: AnchorNumber) -> Option<&AnchorEntry> {
        let position = number.0.checked_sub(self.start.0)?.checked_sub(1)?;
        self.anchors.get(position as usize)
    }

    /// The anchor that closed the epoch, once it is finalised.
    pub fn closing_anchor(&self) -> Option<&AnchorEntry> {
        self.anchors.last().filter(|anchor| anchor.proposal.anchor.closes_epoch())
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
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
        units: Vec<UnitId>,
    ) -> NodeId {
        let id = self.nodes.len() as NodeId;
        let reference = witness.reference();
        let witness = witness.into_witness();
        let (base, last) = (witness.content.base, witness.content.last);
        edges.extend(self.anchor(base).map(|anchor| anchor.node));
        self.node_ids.insert(reference.hash, id);
        self.nodes.push(Node {
            witness_ref: Some(reference),
            previous,
            base,
            last,
            edges,
            units,
            votes: Marks::default(),
            witness: Some(witness),
        });
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
            last: false,
            edges,
            units: Vec::new(),
            votes: Marks::default(),
            witness: None,
        });
        leaves.iter().for_each(|leaf| self.units.settle(*leaf, number));
        let hash = proposal.anchor.hash();
        self.anchors.push(AnchorEntry { proposal, hash, node, leaves, nodes });
        node
    }

    /// Drops from memory the bodies that this anchor added; the driver has them on disk. A unit that an
    /// anchor in between took up stays, one that none took up since does not.
    pub fn forget_bodies(&mut self, number: AnchorNumber) {
        let position = number.0.checked_sub(self.start.0).and_then(|position| position.checked_sub(1));
        let Some(entry) = position.and_then(|at| self.anchors.get_mut(at as usize)) else { return };
        for node in core::mem::take(&mut entry.nodes) {
            let node = &mut self.nodes[node as usize];
            node.witness = None;
            for unit in &node.units {
                if self.units.anchor_of(*unit) <= Some(number) {
                    self.units.forget_body(*unit);
                }
            }
        }
        for leaf in &entry.leaves {
            self.units.forget_body(*leaf);
        }
    }

    /// Author of a witness vertex.
    pub fn author(&self, node: NodeId) -> Option<MemberIndex> {
        self.node(node).witness_ref.map(|reference| reference.member)
    }
}
