//! The cut-off falls where the target is expected, and nodes that apply it to themselves reach it.

use super::*;
use crate::setpoint::emergency_quota;
use loadstone_core::{AvailabilityEpoch, BasisPoints, Price};
use proptest::prelude::*;
use std::collections::BTreeMap;

const EPOCH: AvailabilityEpoch = AvailabilityEpoch(4);

fn supply(offered: i64, expected: i64) -> Supply {
    Supply { offered: Watts(offered), expected: Watts(expected) }
}

fn entry(watts: i64, price: u64, reliability: u32, response_ms: u32) -> AvailabilityEntry {
    AvailabilityEntry::new(AvailabilityEpoch(3), Watts(watts), Price(price), response_ms, BasisPoints(reliability))
}

fn rule(entries: &[AvailabilityEntry], target: Watts, limits: Limits) -> (OrderRule, Selection) {
    let mut buckets = BTreeMap::<u16, Supply>::new();
    for entry in entries {
        let bucket = buckets.entry(entry.rank).or_default();
        *bucket = bucket.plus(entry.supply());
    }
    let selection = select(buckets, target, &limits);
    let Selection { cutoff_rank, numerator, denominator, .. } = selection;
    let rule =
        OrderRule::Emergency { epoch: EPOCH, changed: EPOCH, target, limits, cutoff_rank, numerator, denominator };
    (rule, selection)
}

fn told(entry: &AvailabilityEntry, rule: &OrderRule) -> Call {
    call(&Availability::truncate_from(vec![entry.clone()]), rule).expect("an emergency order and an entry")
}

#[test]
fn the_cut_off_falls_where_the_target_is_expected() {
    let buckets = [(2, supply(200, 100)), (5, supply(0, 0)), (7, supply(400, 300))];
    let cut = |target| {
        let selection = select(buckets, Watts(target), &Limits::default());
        (selection.cutoff_rank, selection.numerator, selection.denominator)
    };
    // GIVEN a target inside the second filled bucket, one at its edge, and ones beyond both ends
    // THEN the share is exact, and shortage calls everything
    assert_eq!(cut(250), (7, 150, 300));
    assert_eq!(cut(100), (2, 100, 100));
    assert_eq!(cut(900), (7, 300, 300));
    assert_eq!(cut(0), (0, 0, 1));
    let nothing = select([], Watts(9), &Limits::default());
    assert_eq!(nothing, Selection { denominator: 1, ..Selection::default() });
}

#[test]
fn a_selection_accounts_for_all_that_stood_available() {
    // GIVEN 100 W in each of: fast and cheap, slow and cheap, fast and dear, slow and dear, and fast in between
    let fast =
        [entry(100, 1_000_000, 9_000, 500), entry(100, 2_000_000, 9_000, 500), entry(100, 9_000_000, 9_000, 500)];
    let slow = [entry(100, 1_000_000, 9_000, 20_000), entry(100, 9_000_000, 9_000, 20_000)];
    let all: Vec<_> = fast.iter().chain(&slow).cloned().collect();
    // WHEN 100 W are wanted within a second for at most 5 CNY/kWh
    let limits = Limits { response_max_ms: Some(1_000), price_max: Some(Price(5_000_000)) };
    let (rule, selection) = rule(&all, Watts(100), limits);
    // THEN 90 are expected of the cheapest and 10 of the next, and the rest is told by its reason
    assert_eq!((selection.numerator, selection.denominator), (10, 90));
    assert_eq!((selection.called, selection.spared), (supply(112, 100), supply(88, 80)));
    assert_eq!((selection.too_slow, selection.too_dear), (supply(200, 180), supply(100, 90)));
    // AND each resource gets the same answer from the order alone
    assert_eq!((told(&fast[0], &rule).reason, told(&fast[0], &rule).quota), (Reason::BelowCutOff, Watts(100)));
    assert_eq!((told(&fast[1], &rule).reason, told(&fast[1], &rule).quota), (Reason::AtCutOff, Watts(12)));
    assert_eq!(told(&fast[2], &rule).reason, Reason::LeftOut(LeftOut::TooDear));
    assert_eq!(told(&slow[0], &rule).reason, Reason::LeftOut(LeftOut::TooSlow));
    assert_eq!(
        (told(&slow[1], &rule).reason, told(&slow[1], &rule).quota),
        (Reason::LeftOut(LeftOut::TooSlow), Watts(0))
    );
    assert_eq!(told(&entry(100, 3_000_000, 10_000, 500), &rule).reason, Reason::AboveCutOff);
    assert_eq!(told(&entry(100, 0, 0, 500), &rule).reason, Reason::NothingExpected);
}

#[test]
fn shortage_calls_all_that_is_admitted() {
    // GIVEN less than is wanted
    let entries = [entry(100, 1, 10_000, 500), entry(100, 1, 0, 500)];
    let (rule, selection) = rule(&entries, Watts(500), Limits::default());
    // THEN all of it is called, but for what nothing is expected of
    assert_eq!((selection.called, selection.spared), (supply(100, 100), Supply::default()));
    assert_eq!((told(&entries[0], &rule).quota, told(&entries[1], &rule).quota), (Watts(100), Watts(0)));
}

proptest! {
    #[test]
    fn expected_delivery_reaches_the_target_within_one_watt_a_resource(
        offers in proptest::collection::vec((1i64..1_000_000, 0u64..4_000_000, 0u32..=10_000, 0u32..100_000), 1..50),
        target in 1i64..20_000_000,
        response_max_ms in proptest::option::of(0u32..100_000),
        price_max in proptest::option::of(0u64..8_000_000),
    ) {
        // GIVEN resources and the rule for a target
        let entries: Vec<_> = offers.iter().map(|(watts, price, share, ms)| entry(*watts, *price, *share, *ms)).collect();
        let limits = Limits { response_max_ms, price_max: price_max.map(Price) };
        let (rule, selection) = rule(&entries, Watts(target), limits);
        // WHEN each derives its own quota
        let quotas: Vec<Watts> = entries
            .iter()
            .map(|entry| emergency_quota(&Availability::truncate_from(vec![entry.clone()]), &rule))
            .collect();
        // THEN together they are expected to deliver the target, or all that is admitted
        let admitted = entries.iter().filter(|entry| limits.check(entry.rank).is_ok());
        let all: i64 = admitted.map(|entry| entry.supply().expected.0).sum();
        let wanted = target.min(all);
        prop_assert_eq!(selection.called.expected, Watts(wanted));
        let shares = quotas.iter().zip(&entries);
        let hopes: i128 = shares.map(|(quota, entry)| quota.0 as i128 * entry.reliability.0 as i128).sum();
        let excess = hopes - wanted as i128 * 10_000;
        prop_assert!(excess >= 0 && excess < 2 * 10_000 * offers.len() as i128);
        // AND nobody is asked for more than it offers, and the account is complete
        prop_assert!(quotas.iter().zip(&offers).all(|(quota, (watts, ..))| quota.0 <= *watts));
        let Selection { called, spared, too_slow, too_dear, .. } = selection;
        let total = entries.iter().fold(Supply::default(), |sum, entry| sum.plus(entry.supply()));
        prop_assert_eq!(called.plus(spared).plus(too_slow).plus(too_dear), total);
    }
}
