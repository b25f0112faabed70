//! How the load without regulation is estimated.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// How the load without regulation is estimated.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BaselineMethod {
    /// Meter-before (Jiangsu real-time): mean of the last `readings` valid readings in units of
    /// anchors up to the event's baseline anchor.
    MeterBefore {
        /// Readings in the mean, 1 to 3,600.
        readings: u16,
    },
}

impl BaselineMethod {
    /// Whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        let Self::MeterBefore { readings } = self;
        (1..=3_600).contains(readings)
    }
}
