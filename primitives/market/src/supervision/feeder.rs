//! A feeder's meter against the sum of its nodes.

use super::{share_of, Evidence, SupervisionRules};
use crate::{math::watts_signed, EventRecord};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BoundedVec, ConstU32, ResourceId, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Most nodes that are named behind one feeder.
pub const MAX_NODES: u32 = 64;

/// What a feeder's meter measures together.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Nodes {
    /// Every other resource of its area.
    Area,
    /// These, in rising order.
    Named(BoundedVec<ResourceId, ConstU32<MAX_NODES>>),
}

/// Sum of what a record delivered in each interval.
pub fn delivered(record: &EventRecord) -> i128 {
    record.delivered.iter().map(|watts| i128::from(watts.0)).sum()
}

/// Evidence where the sums over all intervals differ by more than `feeder_loss` of the greater one. `count` nodes have a
/// record; without one there is nothing to compare.
pub fn feeder(feeder: i128, nodes: i128, count: u32, rules: &SupervisionRules) -> Option<Evidence> {
    let apart = feeder.saturating_sub(nodes).unsigned_abs();
    let greater = feeder.unsigned_abs().max(nodes.unsigned_abs());
    let is_beyond = rules.feeder_loss.0 > 0 && apart > share_of(greater, rules.feeder_loss);
    let evidence = Evidence::FeederMismatch { feeder: watts_signed(feeder), nodes: watts_signed(nodes), count };
    (count > 0 && is_beyond).then_some(evidence)
}

/// `nodes` with one more record: the sum of watts saturates at the type of evidence.
pub fn plus(sum: Watts, record: &EventRecord) -> Watts {
    watts_signed(i128::from(sum.0).saturating_add(delivered(record)))
}
