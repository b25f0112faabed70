//! What anybody may report.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{EventId, ResourceId};
use scale_info::TypeInfo;

/// Where somebody says that something is wrong. The chain computes it itself and believes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Report {
    /// A record is improbable; walks look at each, but open so many cases only.
    Readings {
        /// In which event.
        event: EventId,
        /// Whose record.
        resource: ResourceId,
    },
    /// Two resources of one owner have the same readings.
    Identical {
        /// In which event.
        event: EventId,
        /// The one that the case is about.
        first: ResourceId,
        /// The other one.
        second: ResourceId,
    },
    /// The meter of a feeder and those of the nodes named behind it disagree.
    Feeder {
        /// In which event.
        event: EventId,
        /// The feeder.
        feeder: ResourceId,
    },
}

impl Report {
    /// The event that it is about.
    pub const fn event(&self) -> EventId {
        match self {
            Self::Readings { event, .. } | Self::Identical { event, .. } | Self::Feeder { event, .. } => *event,
        }
    }
}
