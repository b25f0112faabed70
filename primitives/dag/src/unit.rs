//! Units: what a device signs.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{
    AreaId, DeviceId, Direction, Domain, EventId, Hash, Incarnation, Level, MemberIndex, Millis, Sequence, Signature,
    SigningPayload, Watts,
};
use scale_info::TypeInfo;

/// Greatest number of readings in a unit.
pub const MAX_READINGS: usize = 60;

/// Greatest number of references besides the predecessor.
pub const MAX_REFERENCES: usize = 4;

/// Greatest encoded size of a signed unit in bytes.
pub const MAX_UNIT_BYTES: usize = 1_024;

/// A place in a device's chain. Two units in one slot are an equivocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Slot {
    /// The author.
    pub device: DeviceId,
    /// Which life of the author.
    pub incarnation: Incarnation,
    /// Position in that life's chain.
    pub sequence: Sequence,
}

/// A reference that buries another owner's unit or a member's witness under this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Reference {
    /// Another device's unit.
    Unit(Slot, Hash),
    /// A member's witness.
    Witness(MemberIndex, Level, Hash),
}

/// What a unit says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Body {
    /// Meter readings.
    Readings(Readings),
    /// The device has taken an order in, or has ended acting on it.
    Acknowledgement(Acknowledgement),
}

/// Consecutive meter readings.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Readings {
    /// Moment of the first reading.
    #[codec(compact)]
    pub start: Millis,
    /// Distance between readings in milliseconds; positive.
    #[codec(compact)]
    pub interval_ms: u32,
    /// Event that the device takes part in, if any.
    pub event: Option<EventId>,
    /// One bit a reading, least significant first, set where the reading is doubtful or missing;
    /// empty when all are good.
    pub doubtful: Vec<u8>,
    /// Zigzag varints: the first reading in watts, then differences. Decoded by [`Readings::watts`].
    pub deltas: Vec<u8>,
}

/// Acknowledgement or completion of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Acknowledgement {
    /// The order's area.
    pub area: AreaId,
    /// The order's direction.
    pub direction: Direction,
    /// The order's sequence.
    #[codec(compact)]
    pub sequence: u64,
    /// Taken in, or ended.
    pub kind: AcknowledgementKind,
    /// When, by the device's clock.
    #[codec(compact)]
    pub at: Millis,
    /// The setpoint asserted.
    pub setpoint: Watts,
}

/// Which end of an order is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum AcknowledgementKind {
    /// The order was verified and its setpoint asserted.
    Received,
    /// The order ended and the load returned to normal.
    Completed,
}

/// The signed part of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct UnitContent {
    /// Its place.
    pub slot: Slot,
    /// Hash of the unit before it in the device's chain; zero for sequence 0 of every incarnation, whose
    /// place among the others stands on chain.
    pub previous: Hash,
    /// Other owners' units and witnesses that it buries; at most [`MAX_REFERENCES`].
    pub references: Vec<Reference>,
    /// What it says.
    pub body: Body,
}

/// A signed unit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Unit {
    /// What is signed.
    pub content: UnitContent,
    /// The device's signature over [`UnitContent::payload`].
    pub signature: Signature,
}

impl UnitContent {
    /// What the device signs; its hash is the unit's id.
    pub fn payload(&self, genesis: &Hash) -> SigningPayload {
        SigningPayload::new(Domain::Unit, genesis, self)
    }
}
