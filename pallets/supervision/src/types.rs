//! What the pallet keeps while it walks, and of the newest events.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BoundedVec, ConstU32, EventId, Millis, Watts};
use loadstone_market::supervision::{withholding::Habit, Tally, MAX_ORGANISATIONS};
use scale_info::TypeInfo;

/// Resources that one step of a walk looks at.
pub const SCAN_CHUNK: u32 = 8;

/// Most cases that one resource can be found in on the way: capacity, baseline, readings.
pub const RESOURCE_CASES: u32 = 3;

/// Newest events of an area and direction whose tallies are kept, to know what was offered at the same time.
pub const KEEP_EVENTS: u32 = 8;

/// The organisations of an event.
pub type Tallies = BoundedVec<Tally, ConstU32<MAX_ORGANISATIONS>>;

/// What organisations usually offer in one area and direction.
pub type Habits = BoundedVec<Habit, ConstU32<MAX_ORGANISATIONS>>;

/// The newest events of an area and direction, oldest first.
pub type Recents = BoundedVec<Recent, ConstU32<KEEP_EVENTS>>;

/// A walk over an event's resources, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Scan {
    /// Which event.
    pub event: EventId,
    /// Index of its next resource.
    pub next: u32,
    /// Cases opened.
    pub flagged: u16,
    /// Finds beyond what one event, or the chain, may hold.
    pub spared: u32,
    /// Watts awarded so far.
    pub awarded: Watts,
    /// What the area's feeder delivered, once walked over.
    pub feeder: Option<Watts>,
    /// What the others delivered.
    pub nodes: Watts,
    /// How many of the others have a record.
    pub count: u32,
}

impl Scan {
    /// Before the first resource.
    pub const fn new(event: EventId) -> Self {
        let (awarded, nodes) = (Watts(0), Watts(0));
        Self { event, next: 0, flagged: 0, spared: 0, awarded, feeder: None, nodes, count: 0 }
    }
}

/// Which cases keep an account frozen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Freeze {
    /// Open ones.
    pub open: u32,
    /// One was upheld, and the regulator has not lifted that in the registry since.
    pub upheld: bool,
}

/// An event that was walked over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Recent {
    /// Which.
    pub event: EventId,
    /// Start of its window.
    pub start: Millis,
    /// End of its window.
    pub end: Millis,
}
