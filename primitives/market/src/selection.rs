//! Emergency selection: one walk over rank buckets gives the rule that every node applies to itself.
//!
//! The target is *expected* delivery: watts times reliability. The walk goes by the price of an expected watt, so it
//! costs what the least cost of such a delivery is, but for the width of a price class at the margin; an exact solver
//! says by how much (`tests/selection-oracle`).

use crate::{
    math::{magnitude, mul_div_ceil, watts},
    setpoint::entry_at,
    Availability, AvailabilityEntry, LeftOut, Limits, OrderRule, Selection, Supply,
};
use loadstone_core::Watts;
use serde::{Deserialize, Serialize};

/// Selection that is expected to deliver `target` watts out of `buckets` of (rank, supply), which rise strictly in
/// rank and are those of one area, direction and epoch.
///
/// Ranks below the cut-off are called in full, the cut-off rank at numerator / denominator, so the expected delivery
/// reaches the target to within each resource's rounding up. Where too little is admitted all of it is called. Without
/// a target or an offer the share is 0 / 1 at rank 0.
pub fn select(buckets: impl IntoIterator<Item = (u16, Supply)>, target: Watts, limits: &Limits) -> Selection {
    let mut missing = magnitude(target);
    let mut selection = Selection { denominator: 1, ..Selection::default() };
    for (rank, supply) in buckets {
        match limits.check(rank) {
            Ok(()) => missing = selection.take(rank, supply, missing),
            Err(LeftOut::TooSlow) => selection.too_slow = selection.too_slow.plus(supply),
            Err(LeftOut::TooDear) => selection.too_dear = selection.too_dear.plus(supply),
        }
    }
    selection
}

impl Selection {
    /// Calls of a bucket what is `missing` in expected watts; returns what is missing still.
    fn take(&mut self, rank: u16, supply: Supply, missing: u128) -> u128 {
        let (offered, expected) = (magnitude(supply.offered), magnitude(supply.expected));
        let needed = missing.min(expected);
        if needed > 0 {
            // Both came from an i64, so they fit.
            (self.cutoff_rank, self.numerator, self.denominator) = (rank, needed as u64, expected as u64);
        }
        let share = mul_div_ceil(&[offered, needed], &[expected]);
        let called = Supply { offered: watts(share), expected: watts(needed) };
        self.called = self.called.plus(called);
        self.spared = self.spared.plus(supply.less(called));
        missing.saturating_sub(needed)
    }
}

/// Why an emergency order calls a resource or leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its rank lies below the cut-off: it is called in full.
    BelowCutOff,
    /// Its rank is the cut-off: it is called in part.
    AtCutOff,
    /// Its rank lies above the cut-off: it is not needed.
    AboveCutOff,
    /// The order's limits leave it out.
    LeftOut(LeftOut),
    /// No watt is expected of what it offers.
    NothingExpected,
}

/// What an emergency order asks of a resource, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The resource's entry in the order's epoch.
    pub entry: AvailabilityEntry,
    /// What it adds to its bucket.
    pub supply: Supply,
    /// Why.
    pub reason: Reason,
    /// Watts asked of it.
    pub quota: Watts,
}

/// What an emergency order asks of a resource: all it offers below the cut-off rank, ceil(watts x numerator /
/// denominator) at it, nothing above, beyond the limits, or where nothing is expected of it. `None` for any other rule,
/// and where the resource has no entry in the order's epoch.
pub fn call(availability: &Availability, rule: &OrderRule) -> Option<Call> {
    let OrderRule::Emergency { epoch, cutoff_rank, numerator, denominator, limits, .. } = rule else { return None };
    let entry = entry_at(availability, *epoch)?;
    let supply = entry.supply();
    let reason = reason(entry.rank, supply, *cutoff_rank, limits);
    let offered = magnitude(supply.offered);
    let quota = match reason {
        Reason::BelowCutOff => offered,
        Reason::AtCutOff => mul_div_ceil(&[offered, (*numerator).into()], &[(*denominator).into()]).min(offered),
        Reason::AboveCutOff | Reason::LeftOut(_) | Reason::NothingExpected => 0,
    };
    Some(Call { entry: entry.clone(), supply, reason, quota: watts(quota) })
}

fn reason(rank: u16, supply: Supply, cutoff_rank: u16, limits: &Limits) -> Reason {
    if supply.expected.0 == 0 {
        return Reason::NothingExpected;
    }
    if let Err(left_out) = limits.check(rank) {
        return Reason::LeftOut(left_out);
    }
    match rank.cmp(&cutoff_rank) {
        core::cmp::Ordering::Less => Reason::BelowCutOff,
        core::cmp::Ordering::Equal => Reason::AtCutOff,
        core::cmp::Ordering::Greater => Reason::AboveCutOff,
    }
}

#[cfg(test)]
#[path = "tests/selection.rs"]
mod tests;
