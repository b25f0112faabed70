//! What a resource's customer gets of its pay.

use crate::{math::mul_div_floor, settle::WATT_MS_PER_KWH, SplitRule};
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{Balance, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One resource's pay in two parts, in micro-yuan.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct Parts {
    /// What the customer gets before anything is shared: min(paid, floor(paid energy x floor price)).
    pub floor: Balance,
    /// What it gets in all: that, and floor(share x (paid - floor)).
    pub customer: Balance,
    /// What stays with the owner.
    pub owner: Balance,
}

/// Splits `paid` micro-yuan for `energy` W·ms that count (Sichuan: floor + share; a fixed price is a floor without a
/// share). Rounds toward the owner. Either part grows with what is paid, so what is paid later adds to both.
pub fn split(rule: &SplitRule, energy: u128, paid: Balance) -> Parts {
    let floor = mul_div_floor(&[energy, rule.floor.0 as u128], &[WATT_MS_PER_KWH]).min(paid);
    let rest = paid.saturating_sub(floor);
    let shared = mul_div_floor(&[rest, rule.share.0 as u128], &[BASIS_POINTS as u128]).min(rest);
    Parts { floor, customer: floor.saturating_add(shared), owner: rest.saturating_sub(shared) }
}
