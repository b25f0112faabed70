//! Newtypes for everything that is named by a number.

use codec::{CompactAs, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode,
            DecodeWithMemTracking, CompactAs, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl $name {
            /// The id after this one; saturates, since no counter here can reach its end.
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    )*};
}

id! {
    /// A meter and actuator with a signing key of its own.
    DeviceId(u32);
    /// Adjustable load that can be bid, dispatched and paid.
    ResourceId(u32);
    /// A legal person: grid company, aggregator, regulator.
    OrganisationId(u16);
    /// A part of the grid that orders address; areas are disjoint.
    AreaId(u16);
    /// A regulation event, from its opening to its payment.
    EventId(u32);
    /// A rule set; its versions are counted apart.
    ProgrammeId(u32);
    /// Version of a programme, from 1.
    ProgrammeVersion(u32);
    /// A device's life after its owner reset a forked chain.
    Incarnation(u16);
    /// Position of a unit in its device's chain, from 0.
    Sequence(u64);
    /// Position in the committee of an epoch.
    MemberIndex(u16);
    /// Height of a witness in the DAG, from 1.
    Level(u32);
    /// Number of an anchor, from 1; 0 is the empty history before the first.
    AnchorNumber(u32);
    /// Availability epoch: chain time divided by the epoch's length.
    AvailabilityEpoch(u32);
    /// A case of market supervision.
    CaseId(u32);
}
