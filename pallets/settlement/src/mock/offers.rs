//! What the market and the meters say of a list of offers.

use super::Spec;
use loadstone_core::{BasisPoints, BoundedVec, Price, ResourceId, Watts};
use loadstone_market::{clearing::clear, setpoint::quota, Clearing, EventRecord, Ranks, Segment, Segments};
use std::collections::BTreeMap;

/// Segments in buckets by price, and the clearing at 80 % of all that is offered.
pub fn clear_specs(specs: &[Spec]) -> (Clearing, Watts, Vec<Segments>) {
    let mut buckets = BTreeMap::<u64, i64>::new();
    let segments = specs
        .iter()
        .map(|spec| {
            let total = buckets.entry(spec.price).or_default();
            let segment = Segment {
                price: Price(spec.price),
                watts: Watts(spec.watts),
                before: Watts(*total),
                credit: BasisPoints::ONE,
            };
            *total += spec.watts;
            Segments::truncate_from(vec![segment])
        })
        .collect();
    let offered: i64 = buckets.values().sum();
    let need = Watts((offered * 4 / 5).max(1));
    let clearing =
        clear(buckets.into_iter().map(|(price, watts)| (Price(price), Watts(watts))), need, Watts(0), Ranks::default());
    (clearing, need, segments)
}

/// The record of a resource that delivered `percent` of its quotas.
pub fn record(id: ResourceId, award: Watts, needs: &[Watts], peak: Watts, percent: i64) -> EventRecord {
    let quotas: Vec<_> = needs.iter().map(|need| quota(award, *need, peak)).collect();
    let delivered: Vec<_> = quotas.iter().map(|quota| Watts(quota.0 * percent / 100)).collect();
    EventRecord {
        resource: id,
        baseline: BoundedVec::truncate_from(vec![Watts(50_000); quotas.len()]),
        quota: BoundedVec::truncate_from(quotas),
        delivered: BoundedVec::truncate_from(delivered),
        readings_due: 3_600,
        readings_valid: 3_600,
        response_time_ms: 6_000,
        rate: BasisPoints(1_500),
        precision_error: BasisPoints(250),
    }
}
