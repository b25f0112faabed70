//! What a programme buys.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Kind of regulation that a programme buys, in the words of provincial rules. It names the market; how long ahead
/// its gates close, how long its windows are and what it pays stand in the programme's numbers.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Capacity contracted for a season, called when needed.
    Contracted,
    /// Invited on the day before.
    DayAhead,
    /// Bought within the day.
    Intraday,
    /// Called at once.
    Emergency,
    /// More consumption in hours of low load: upward only.
    ValleyFilling,
}
