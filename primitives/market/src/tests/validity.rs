//! Doubtful data weighs less, and withholding data never pays.

use crate::{
    tests::{programme, score::record},
    validity::*,
    EventRecord, ScoreRule, Validity,
};
use loadstone_core::{BasisPoints, BoundedVec};
use proptest::prelude::*;

fn rule() -> ScoreRule {
    ScoreRule {
        valid_from: BasisPoints(9_500),
        doubtful_from: BasisPoints(5_000),
        doubtful_weight: BasisPoints(2_500),
        ..programme().score
    }
}

#[test]
fn data_falls_into_classes_by_its_readings() {
    // GIVEN records of a hundred due readings
    let of = |valid: u32| EventRecord { readings_due: 100, readings_valid: valid, ..record(&[100], &[100]) };
    let class = |valid| validity(&of(valid), &rule());
    // THEN shares at the limits belong to the better class
    assert_eq!([class(100), class(95), class(94)], [Validity::Valid, Validity::Valid, Validity::Doubtful]);
    assert_eq!([class(50), class(49), class(0)], [Validity::Doubtful, Validity::Invalid, Validity::Invalid]);
    // AND where none was due it is valid, and without a baseline never
    assert_eq!(validity(&EventRecord { readings_due: 0, ..of(0) }, &rule()), Validity::Valid);
    assert_eq!(validity(&EventRecord { baseline: BoundedVec::new(), ..of(100) }, &rule()), Validity::Invalid);
}

#[test]
fn doubtful_data_weighs_less_only_where_it_would_help() {
    let [half, full, none] = [5_000, 10_000, 0].map(BasisPoints);
    let quarter = BasisPoints(2_500);
    // GIVEN a weight of a fifth and a past of one half
    assert_eq!(learn(Some(half), full, BasisPoints::ONE, &rule()), BasisPoints(6_000));
    // THEN what raises it counts by trust, and invalid data for nothing
    assert_eq!(learn(Some(half), full, quarter, &rule()), BasisPoints(5_250));
    assert_eq!(learn(Some(half), full, none, &rule()), half);
    // AND what lowers it counts in full
    assert_eq!(learn(Some(half), none, none, &rule()), BasisPoints(4_000));
    // AND a newcomer begins with what its data is worth
    assert_eq!(learn(None, full, quarter, &rule()), quarter);
}

proptest! {
    #[test]
    fn less_valid_data_never_leaves_a_better_standing(
        past in proptest::option::of(0u32..=10_000), newest in 0u32..=10_000, trust in 0u32..=10_000, less in 0u32..=10_000,
    ) {
        // GIVEN one event with data of two worths
        let (past, newest, less) = (past.map(BasisPoints), BasisPoints(newest), BasisPoints(less.min(trust)));
        // THEN the worse leaves no better standing, and both stay within range
        let (better, worse) = (learn(past, newest, BasisPoints(trust), &rule()), learn(past, newest, less, &rule()));
        prop_assert!(worse <= better && better <= BasisPoints::ONE);
    }
}
