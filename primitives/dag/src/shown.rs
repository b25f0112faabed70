//! Units that somebody shows in a dispute: one device's, consecutive, and proven to be anchored.
//!
//! A unit names its predecessor by hash, and no unit is anchored before its predecessor. So one Merkle proof, for the
//! newest unit, proves all those before it, and who shows a chain can leave out nothing but its ends. Where units stand
//! against the anchors that matter is shown by further proofs: the last unit before such an anchor, and the one after
//! it.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{
    verify_merkle, AnchorNumber, BoundedVec, ConstU32, DeviceId, Hash, Incarnation, MerkleProof, Millis, Sequence,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{decode_unit, Anchor, AnchorLeaf, Slot, Unit, MAX_UNIT_BYTES};

/// Greatest number of units shown at once.
pub const MAX_SHOWN_UNITS: u32 = 128;

/// Encoded units, oldest first.
pub type ShownUnits = BoundedVec<BoundedVec<u8, ConstU32<{ MAX_UNIT_BYTES as u32 }>>, ConstU32<MAX_SHOWN_UNITS>>;

/// How a unit follows from the chain's state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct LeafProof {
    /// The anchor that holds the unit.
    pub anchor: Anchor,
    /// Path from the unit's leaf to the anchor's root.
    pub path: MerkleProof,
    /// Path from the anchor to its peak in the range of all anchors; read where the anchor is no longer kept.
    pub siblings: BoundedVec<Hash, ConstU32<32>>,
}

impl LeafProof {
    /// Whether the unit of this place and id is a leaf of the anchor.
    pub fn holds(&self, slot: Slot, unit: Hash) -> bool {
        let leaf = AnchorLeaf { slot, unit };
        self.path.leaves == self.anchor.units && verify_merkle(&self.anchor.root, &leaf.encode(), &self.path)
    }
}

/// Consecutive units of one life of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The life.
    pub incarnation: Incarnation,
    /// Place of the oldest unit.
    pub first: Sequence,
    /// Id of the unit before it.
    pub previous: Hash,
    /// Place of the newest unit.
    pub last: Sequence,
    /// Its id.
    pub hash: Hash,
    /// The units, oldest first.
    pub units: Vec<Unit>,
}

/// Why bytes are no section of a device's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionFault {
    /// There is no unit.
    Empty,
    /// Something is no unit.
    Malformed,
    /// A unit is another device's, or of another life.
    OtherChain,
    /// A unit does not follow the one before it.
    Broken,
}

/// Decodes consecutive units of `device`, oldest first. Signatures are not checked: what is anchored was checked by a
/// quorum.
pub fn read_section<B: AsRef<[u8]>>(genesis: &Hash, device: DeviceId, units: &[B]) -> Result<Section, SectionFault> {
    let mut section: Option<Section> = None;
    for bytes in units {
        let unit = decode_unit(bytes.as_ref()).map_err(|_| SectionFault::Malformed)?;
        let (slot, previous, hash) = (unit.content.slot, unit.content.previous, unit.content.payload(genesis).hash());
        if slot.device != device {
            return Err(SectionFault::OtherChain);
        }
        let section = section.get_or_insert_with(|| Section {
            incarnation: slot.incarnation,
            first: slot.sequence,
            previous,
            last: slot.sequence,
            hash,
            units: Vec::new(),
        });
        if slot.incarnation != section.incarnation {
            return Err(SectionFault::OtherChain);
        }
        let follows = slot.sequence == section.last.next() && previous == section.hash;
        if !section.units.is_empty() && !follows {
            return Err(SectionFault::Broken);
        }
        (section.last, section.hash) = (slot.sequence, hash);
        section.units.push(unit);
    }
    section.ok_or(SectionFault::Empty)
}

/// The anchors between which units count in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Newest anchor when the event was opened.
    pub opening: AnchorNumber,
    /// Last one that counts.
    pub cutoff: AnchorNumber,
}

/// What of a device's chain was shown so far: consecutive units of one life, and where they stand.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ShownChain {
    /// The life.
    pub incarnation: Incarnation,
    /// Place of the oldest unit shown.
    pub first: Sequence,
    /// Id of the unit before it.
    pub previous: Hash,
    /// Place of the newest unit shown, which stands in an anchor up to the cut-off.
    pub last: Sequence,
    /// Its id.
    pub hash: Hash,
    /// Newest place that is proven to be anchored by the event's opening.
    pub before: Option<Sequence>,
    /// Oldest place that is proven to be anchored after it.
    pub since: Option<Sequence>,
    /// Whether the unit after the newest one is proven to be anchored after the cut-off.
    pub is_closed: bool,
}

/// A disputed record that is heard.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Hearing {
    /// Until when units may be shown.
    pub until: Millis,
    /// The resource's place in the event's order.
    pub place: u32,
    /// What was shown; `None` before the first units.
    pub chain: Option<ShownChain>,
    /// Pages that hold its readings.
    pub pages: u32,
    /// Pages that were ever written, which an older showing may have left.
    pub written: u32,
    /// Readings in the pages.
    pub readings: u32,
}

/// What a section added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// A chain with a newer end, in place of what was shown before.
    NewChain,
    /// Units before the others.
    Older,
    /// Nothing but where units stand.
    Place,
}

/// Why a section adds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowFault {
    /// It neither is newer than what was shown nor goes on from there.
    NotLinked,
    /// It is of an earlier life than what was shown.
    EarlierLife,
    /// It is anchored after the cut-off and is not the one unit that follows the newest one.
    AfterCutoff,
}

/// Adds a section to what was `shown`. `anchor` holds its newest unit, where that is proven.
pub fn show(
    shown: &mut Option<ShownChain>,
    section: &Section,
    anchor: Option<AnchorNumber>,
    bounds: Bounds,
) -> Result<Added, ShowFault> {
    let Some(anchor) = anchor else {
        let chain = shown.as_mut().ok_or(ShowFault::NotLinked)?;
        return chain.extend(section).then_some(Added::Older).ok_or(ShowFault::NotLinked);
    };
    if anchor > bounds.cutoff {
        let chain = shown.as_mut().ok_or(ShowFault::AfterCutoff)?;
        return chain.close(section).then_some(Added::Place).ok_or(ShowFault::AfterCutoff);
    }
    let is_by_opening = anchor <= bounds.opening;
    if let Some(chain) = shown {
        if section.incarnation < chain.incarnation {
            return Err(ShowFault::EarlierLife);
        }
        if section.incarnation == chain.incarnation && section.last <= chain.last {
            let added = if chain.extend(section) { Added::Older } else { Added::Place };
            chain.mark(section.last, is_by_opening);
            return Ok(added);
        }
    }
    let mut chain = ShownChain::new(section);
    chain.mark(section.last, is_by_opening);
    *shown = Some(chain);
    Ok(Added::NewChain)
}

impl ShownChain {
    fn new(section: &Section) -> Self {
        Self {
            incarnation: section.incarnation,
            first: section.first,
            previous: section.previous,
            last: section.last,
            hash: section.hash,
            before: None,
            since: None,
            is_closed: false,
        }
    }

    /// Takes units before the others, if they end where it begins.
    fn extend(&mut self, section: &Section) -> bool {
        let ends_here = section.incarnation == self.incarnation
            && section.last.next() == self.first
            && section.hash == self.previous;
        if ends_here {
            (self.first, self.previous) = (section.first, section.previous);
        }
        ends_here
    }

    /// Takes note that nothing of the cut-off's past follows, if the section is the one unit after the newest one.
    fn close(&mut self, section: &Section) -> bool {
        let follows = section.incarnation == self.incarnation
            && section.first == self.last.next()
            && section.last == section.first
            && section.previous == self.hash;
        if follows {
            self.is_closed = true;
            self.mark(section.last, false);
        }
        follows
    }

    fn mark(&mut self, place: Sequence, is_by_opening: bool) {
        if is_by_opening {
            self.before = Some(self.before.map_or(place, |known| known.max(place)));
        } else {
            self.since = Some(self.since.map_or(place, |known| known.min(place)));
        }
    }

    /// Whether it begins with the device's first unit ever.
    pub fn is_whole(&self) -> bool {
        self.incarnation.0 == 0 && self.first.0 == 0
    }

    /// Whether it goes back to a unit that was anchored by the event's opening.
    pub fn reaches_opening(&self) -> bool {
        self.before.is_some_and(|before| self.first <= before)
    }

    /// Whether its ends are proven, so that nobody can show more that counts: the last unit by the opening with the one
    /// after it, and the last unit by the cut-off with the one after that.
    pub fn is_exact(&self) -> bool {
        let opening = match (self.before, self.since) {
            (Some(before), Some(since)) => before.next() == since,
            (None, Some(since)) => self.is_whole() && since.0 == 0,
            (_, None) => false,
        };
        opening && self.is_closed
    }
}
