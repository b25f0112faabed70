//! Dispatch orders: rules from which each node derives its own setpoint.

use super::Limits;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AnchorNumber, AreaId, AvailabilityEpoch, Direction, EventId, Millis, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// The current order of an area and direction.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Order {
    /// Whom it addresses.
    pub area: AreaId,
    /// Which way.
    pub direction: Direction,
    /// Rises with every order of the area and direction, from 1.
    pub sequence: u64,
    /// How a resource's share follows.
    pub rule: OrderRule,
    /// Valid from.
    pub start: Millis,
    /// Valid until (exclusive).
    pub end: Millis,
    /// Chain time at issue.
    pub issued_at: Millis,
    /// Newest anchor at issue: reference loads use nothing later.
    pub reference_anchor: AnchorNumber,
    /// For the record.
    pub reason: BoundedVec<u8, ConstU32<64>>,
}

/// How a resource's share follows from an order.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OrderRule {
    /// The award in a cleared event, scaled by each interval's need; against the event's baseline.
    Event(EventId),
    /// Standing availability up to a rank; against the last reading anchored before the order.
    Emergency {
        /// Availability epoch whose entries count.
        epoch: AvailabilityEpoch,
        /// The newest epoch, up to that one, from which on an entry of the area and direction counts. What a
        /// resource has proven of its entries since then still decides.
        changed: AvailabilityEpoch,
        /// Watts wanted from the area: expected delivery, not offers.
        target: Watts,
        /// What of the ranks up to the cut-off counts.
        limits: Limits,
        /// Ranks below are called in full, this one in part, those above not at all.
        cutoff_rank: u16,
        /// Numerator of the share called at the cut-off rank; at most `denominator`.
        numerator: u64,
        /// Denominator of that share; at least 1.
        denominator: u64,
    },
    /// Ends the order before its time; nodes return to normal.
    Release,
}

impl Order {
    /// Whether the order binds at `now`.
    pub fn is_valid_at(&self, now: Millis) -> bool {
        self.start <= now && now < self.end && !matches!(self.rule, OrderRule::Release)
    }
}
