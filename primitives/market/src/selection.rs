//! Emergency selection: one walk over rank buckets gives the rule that every node applies to itself.

use crate::math::magnitude;
use loadstone_core::Watts;

/// Cut-off (rank, numerator, denominator) that calls `target` watts from `buckets` of (rank, total),
/// which rise strictly in rank; buckets without watts are passed over.
///
/// Ranks below are called in full, the cut-off rank at numerator / denominator, so the called watts
/// reach the target to within each resource's rounding up. Where too little stands available the
/// last bucket is called in full. Without a target or an offer the share is 0 / 1 at rank 0.
pub fn cut_off(buckets: impl IntoIterator<Item = (u16, Watts)>, target: Watts) -> (u16, u64, u64) {
    let mut missing = magnitude(target);
    let mut cut_off = (0, 0, 1);
    for (rank, total) in buckets.into_iter().filter(|(_, total)| total.0 > 0) {
        if missing == 0 {
            break;
        }
        let total = magnitude(total);
        let called = missing.min(total);
        missing -= called;
        // Both came from an i64, so they fit.
        cut_off = (rank, called as u64, total as u64);
    }
    cut_off
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{setpoint::emergency_quota, Availability, AvailabilityEntry, OrderRule};
    use loadstone_core::{AvailabilityEpoch, Price};
    use proptest::prelude::*;

    fn offer(watts: i64, rank: u16) -> Availability {
        let from = AvailabilityEpoch(3);
        let entry = AvailabilityEntry { from, watts: Watts(watts), price: Price(0), response_ms: 0, rank };
        Availability::truncate_from(vec![entry])
    }

    #[test]
    fn cut_off_falls_where_the_target_is_met() {
        let buckets = [(2, Watts(100)), (5, Watts(0)), (7, Watts(300))];
        // GIVEN a target inside the second filled bucket, one at its edge, and ones beyond both ends
        // THEN the share is exact, and shortage calls everything
        assert_eq!(cut_off(buckets, Watts(250)), (7, 150, 300));
        assert_eq!(cut_off(buckets, Watts(100)), (2, 100, 100));
        assert_eq!(cut_off(buckets, Watts(900)), (7, 300, 300));
        assert_eq!(cut_off(buckets, Watts(0)), (0, 0, 1));
        assert_eq!(cut_off([], Watts(9)), (0, 0, 1));
    }

    proptest! {
        #[test]
        fn called_watts_reach_the_target_within_one_watt_a_resource(
            offers in proptest::collection::vec((1i64..1_000_000, 0u16..8), 1..50),
            target in 1i64..20_000_000,
        ) {
            // GIVEN resources in rank buckets and the cut-off for a target
            let mut totals = [0i64; 8];
            for (watts, rank) in &offers {
                totals[*rank as usize] += watts;
            }
            let buckets = totals.iter().enumerate().map(|(rank, total)| (rank as u16, Watts(*total)));
            let (cutoff_rank, numerator, denominator) = cut_off(buckets, Watts(target));
            let epoch = AvailabilityEpoch(4);
            let rule = OrderRule::Emergency { epoch, changed: epoch, target: Watts(target), cutoff_rank, numerator, denominator };
            // WHEN each derives its own quota
            let quotas: Vec<i64> =
                offers.iter().map(|(watts, rank)| emergency_quota(&offer(*watts, *rank), &rule).0).collect();
            // THEN together they call the target, or everything, and round up by less than a watt each
            let wanted = target.min(totals.iter().sum());
            let called: i64 = quotas.iter().sum();
            prop_assert!(called >= wanted && called - wanted < offers.len() as i64);
            prop_assert!(quotas.iter().zip(&offers).all(|(quota, (watts, _))| quota <= watts));
        }
    }
}
