//! Quotas and setpoints stay within what was awarded and what the load can do.

use crate::{setpoint::*, Availability, AvailabilityEntry, Limits, OrderRule};
use loadstone_core::{AvailabilityEpoch, BasisPoints, Direction, EventId, Price, Watts};
use proptest::prelude::*;

fn entry(from: u32, watts: i64, rank: u16) -> AvailabilityEntry {
    let from = AvailabilityEpoch(from);
    let reliability = BasisPoints(9_000);
    AvailabilityEntry { from, watts: Watts(watts), price: Price(0), response_ms: 0, reliability, rank }
}

fn emergency(epoch: u32, cutoff_rank: u16, numerator: u64, denominator: u64) -> OrderRule {
    let (epoch, target, limits) = (AvailabilityEpoch(epoch), Watts(1), Limits::default());
    OrderRule::Emergency { epoch, changed: epoch, target, limits, cutoff_rank, numerator, denominator }
}

#[test]
fn a_quota_scales_with_need_and_rounds_up() {
    // GIVEN an award of 100 W under a peak of 300 W
    // THEN each interval asks its share, never more than the award, and nothing without a need
    assert_eq!(quota(Watts(100), Watts(300), Watts(300)), Watts(100));
    assert_eq!(quota(Watts(100), Watts(100), Watts(300)), Watts(34));
    assert_eq!(quota(Watts(100), Watts(900), Watts(300)), Watts(100));
    assert_eq!(quota(Watts(100), Watts(0), Watts(300)), Watts(0));
    assert_eq!(quota(Watts(100), Watts(5), Watts(0)), Watts(0));
    assert_eq!(quota(Watts(-1), Watts(5), Watts(9)), Watts(0));
    let max = Watts(i64::MAX);
    assert_eq!(quota(max, max, max), max);
}

#[test]
fn a_setpoint_stays_in_the_loads_range() {
    let (low, high) = (Watts(50), Watts(1_000));
    // GIVEN a load of 400 W that can run from 50 W to 1,000 W
    // THEN its setpoint follows the quota up to either end
    assert_eq!(setpoint(Watts(400), Watts(100), Direction::Down, low, high), Watts(300));
    assert_eq!(setpoint(Watts(400), Watts(500), Direction::Down, low, high), low);
    assert_eq!(setpoint(Watts(400), Watts(100), Direction::Up, low, high), Watts(500));
    assert_eq!(setpoint(Watts(400), Watts(700), Direction::Up, low, high), high);
    assert_eq!(setpoint(Watts(i64::MAX), Watts(i64::MAX), Direction::Up, low, high), high);
}

#[test]
fn an_emergency_order_calls_the_entry_of_its_epoch() {
    // GIVEN availability that changes from epoch 5 on
    let availability = Availability::truncate_from(vec![entry(2, 101, 7), entry(5, 60, 3)]);
    // THEN an order of an earlier epoch sees the entry that was in force then
    assert_eq!(emergency_quota(&availability, &emergency(4, 7, 1, 2)), Watts(51));
    assert_eq!(emergency_quota(&availability, &emergency(4, 8, 1, 2)), Watts(101));
    assert_eq!(emergency_quota(&availability, &emergency(4, 6, 1, 2)), Watts(0));
    assert_eq!(emergency_quota(&availability, &emergency(5, 3, 2, 3)), Watts(40));
    assert_eq!(emergency_quota(&availability, &emergency(1, 255, 1, 1)), Watts(0));
    // AND neither a malformed share nor another rule calls anything undue
    assert_eq!(emergency_quota(&availability, &emergency(4, 7, 9, 0)), Watts(0));
    assert_eq!(emergency_quota(&availability, &emergency(4, 7, 9, 2)), Watts(101));
    assert_eq!(emergency_quota(&availability, &OrderRule::Event(EventId(1))), Watts(0));
    assert_eq!(emergency_quota(&availability, &OrderRule::Release), Watts(0));
}

proptest! {
    #[test]
    fn quotas_cover_the_need_and_round_up_by_less_than_a_watt_each(
        offered in proptest::collection::vec(0i64..1_000_000, 1..40),
        share in 0i64..=10_000,
    ) {
        // GIVEN awards that sum to the peak, and an interval with a smaller need
        let peak: i64 = offered.iter().sum();
        let need = (peak as i128 * share as i128 / 10_000) as i64;
        // WHEN each derives its quota
        let asked: i64 = offered.iter().map(|award| quota(Watts(*award), Watts(need), Watts(peak)).0).sum();
        // THEN together they meet the need and exceed it by less than a watt each
        prop_assert!(asked >= need && asked - need < offered.len() as i64);
    }
}
