//! What a check found: which segment, anchor and unit is wrong, and how.

use std::fmt;

use loadstone_core::{AnchorNumber, MmrPeaks};
use loadstone_dag::Slot;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The archive has no anchors of this range.
    AnchorsMissing {
        /// First of them.
        from: AnchorNumber,
        /// Last of them.
        to: AnchorNumber,
    },
    /// The page or segment is not in the store.
    Missing,
    /// Its size or hash is not the manifest's.
    Changed,
    /// It can't be read any further.
    Unreadable(String),
    /// The anchors in it are not those that the manifest says, or do not form a chain.
    Unlinked,
    /// The chain has another anchor of this number.
    NotOnChain,
    /// A unit of the anchor is missing at this position.
    UnitMissing(u32),
    /// The unit occurs twice.
    UnitTwice,
    /// The unit stands at the wrong place, or belongs to no anchor of the segment.
    UnitOrder,
    /// The unit's content does not hash to its id.
    UnitChanged,
    /// The anchor's units are others than those under its root.
    NotUnderRoot,
    /// The unit does not stand on the device's last unit in the archive: one in between is missing.
    Gap,
    /// The unit's signature is not the device's.
    Signature,
}

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object in the store.
    pub object: Option<String>,
    /// The anchor.
    pub anchor: Option<AnchorNumber>,
    /// The unit's slot.
    pub unit: Option<Slot>,
    /// What is wrong.
    pub fault: Fault,
}

/// Findings that are listed one by one; more are only counted.
pub const MAX_FINDINGS: usize = 100;

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments that were read to their end.
    pub segments: u64,
    /// Anchors whose units are exactly those under their root.
    pub anchors: u64,
    /// Units in these anchors.
    pub units: u64,
    /// Meter readings in these units.
    pub readings: u64,
    /// First anchor of the archive.
    pub first: Option<AnchorNumber>,
    /// Last anchor of the archive.
    pub last: Option<AnchorNumber>,
    /// Newest anchor whose hash is known from the chain and is the archive's: it and all before it are
    /// proven, while those after it only agree with each other.
    pub proven: Option<AnchorNumber>,
    /// The range over the anchors, for comparison with the chain's peaks; complete if the archive begins
    /// with anchor 1 and nothing was found.
    pub range: MmrPeaks,
    /// What is wrong, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub further: u64,
}

impl Report {
    /// Whether nothing is wrong: every unit of every anchor is there, once, unchanged.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.further += 1;
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnchorsMissing { from, to } => write!(f, "anchors {from} to {to} are missing"),
            Self::Missing => f.write_str("it is missing from the store"),
            Self::Changed => f.write_str("its bytes are not those that the manifest names"),
            Self::Unreadable(why) => write!(f, "it can't be read: {why}"),
            Self::Unlinked => f.write_str("its anchors are not those that the manifest names, or form no chain"),
            Self::NotOnChain => f.write_str("the chain has another anchor of this number"),
            Self::UnitMissing(index) => write!(f, "the unit at position {index} is missing"),
            Self::UnitTwice => f.write_str("the unit occurs twice"),
            Self::UnitOrder => f.write_str("the unit stands at the wrong place"),
            Self::UnitChanged => f.write_str("the unit's content does not hash to its id"),
            Self::NotUnderRoot => f.write_str("its units are not those under its root"),
            Self::Gap => f.write_str("the unit does not stand on the device's last one: one in between is missing"),
            Self::Signature => f.write_str("the signature is not the device's"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(object) = &self.object {
            write!(f, "{object}, ")?;
        }
        if let Some(anchor) = self.anchor {
            write!(f, "anchor {anchor}, ")?;
        }
        if let Some(slot) = self.unit {
            write!(f, "unit {}/{}/{}, ", slot.device, slot.incarnation, slot.sequence)?;
        }
        write!(f, "{}", self.fault)
    }
}
