//! Scores compare with quota and with peers, and every edge case is decided.

use crate::{score::*, tests::programme, EventRecord};
use codec::{DecodeAll, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BoundedVec, ResourceId, Watts};
use proptest::prelude::*;

pub(super) fn record(quota: &[i64], delivered: &[i64]) -> EventRecord {
    let watts = |values: &[i64]| BoundedVec::truncate_from(values.iter().copied().map(Watts).collect());
    EventRecord {
        resource: ResourceId(1),
        baseline: watts(&vec![500; quota.len()]),
        quota: watts(quota),
        delivered: watts(delivered),
        readings_due: 8,
        readings_valid: 8,
        response_time_ms: 6_000,
        rate: BasisPoints(3_000),
        precision_error: BasisPoints(50),
    }
}

fn histogram(accuracies: &[u32]) -> Histogram {
    let mut histogram = Histogram::default();
    accuracies.iter().for_each(|accuracy| histogram.add(BasisPoints(*accuracy)));
    histogram
}

#[test]
fn hunan_k_index_vector() {
    // GIVEN K1 = 3, T = 6 s against 60 s, E = 0.5 % against 2 %
    let score = score(&record(&[100], &[100]), &programme().score, &histogram(&[10_000])).expect("has a quota");
    // THEN K = 1.2 + 0.27 + 0.225 = 1.695
    assert_eq!((score.rate.0, score.response.0, score.precision.0), (30_000, 9_000, 7_500));
    assert_eq!(score.k_index, BasisPoints(16_950));
}

#[test]
fn k_index_terms_stay_in_their_ranges() {
    let rule = programme().score;
    let indexed = |rate, time, error| {
        let record = EventRecord {
            rate: BasisPoints(rate),
            response_time_ms: time,
            precision_error: BasisPoints(error),
            ..record(&[100], &[100])
        };
        let score = score(&record, &rule, &Histogram::default()).expect("has a quota");
        (score.rate.0, score.response.0, score.precision.0)
    };
    // GIVEN a rate beyond three times the standard: K1 is capped
    assert_eq!(indexed(9_000, 0, 0), (30_000, 10_000, 10_000));
    // AND standards that are met or exceeded: K2 and K3 are zero, not negative
    assert_eq!(indexed(1_000, 60_000, 200), (10_000, 0, 0));
    assert_eq!(indexed(1_000, u32::MAX, u32::MAX), (10_000, 0, 0));
    // AND no response in a window shorter than the standard time: K2 is zero all the same
    assert_eq!(indexed(0, 8_000, 0), (0, 0, 10_000));
}

#[test]
fn accuracy_is_one_less_the_relative_deviation() {
    let of = |quota: &[i64], delivered: &[i64]| accuracy(&record(quota, delivered)).map(|accuracy| accuracy.0);
    // GIVEN exact, short, excess, absent and contrary delivery
    assert_eq!(of(&[100, 50], &[100, 50]), Some(10_000));
    assert_eq!(of(&[100, 50], &[83, 50]), Some(8_866));
    assert_eq!(of(&[100], &[130]), Some(7_000));
    assert_eq!(of(&[100], &[0]), Some(0));
    assert_eq!(of(&[100], &[250]), Some(0));
    assert_eq!(of(&[100], &[-40]), Some(0));
    // AND nothing asked: no accuracy, whatever was delivered
    assert_eq!(of(&[0, 0], &[70, 0]), None);
    assert_eq!(of(&[], &[]), None);
    // AND the greatest numbers
    assert_eq!(of(&[i64::MAX; 96], &[i64::MIN; 96]), Some(0));
    assert_eq!(of(&[i64::MAX; 96], &[i64::MAX; 96]), Some(10_000));
}

#[test]
fn the_median_is_the_lower_one() {
    // GIVEN none, one, an even and an odd number of resources
    assert_eq!(histogram(&[]).median(), None);
    assert_eq!(histogram(&[10_000]).median(), Some(BasisPoints(10_000)));
    assert_eq!(histogram(&[9_050, 2_000]).median(), Some(BasisPoints(2_000)));
    assert_eq!(histogram(&[9_050, 2_000, 9_099]).median(), Some(BasisPoints(9_000)));
    assert_eq!(histogram(&[99, 0, 50]).median(), Some(BasisPoints(0)));
    // AND one colluder that reports the extreme: the median stays
    assert_eq!(histogram(&[8_000, 8_100, 8_200, 0]).median(), Some(BasisPoints(8_000)));
    assert_eq!(histogram(&[20_000]).count(), 1);
}

#[test]
fn equals_score_one_half_against_each_other() {
    let event = histogram(&[9_000, 9_050, 3_000, 10_000]);
    // GIVEN an event whose median bin is 90 %
    assert_eq!(event.median(), Some(BasisPoints(9_000)));
    // THEN ties in the bin are equals, others differ by their distance, capped at both ends
    assert_eq!(peer(BasisPoints(9_000), &event), BasisPoints(5_000));
    assert_eq!(peer(BasisPoints(9_099), &event), BasisPoints(5_000));
    assert_eq!(peer(BasisPoints(10_000), &event), BasisPoints(6_000));
    assert_eq!(peer(BasisPoints(3_000), &event), BasisPoints(0));
    assert_eq!(peer(BasisPoints(10_000), &histogram(&[0, 0, 10_000])), BasisPoints(10_000));
}

#[test]
fn a_resource_alone_is_scored_by_its_own_accuracy() {
    // GIVEN one scored resource
    let score = score(&record(&[100], &[80]), &programme().score, &histogram(&[8_000])).expect("has a quota");
    // THEN its peer term is its accuracy, and so is its score
    assert_eq!((score.accuracy.0, score.peer.0, score.score.0), (8_000, 8_000, 8_000));
}

#[test]
fn own_accuracy_and_peers_are_weighted() {
    // GIVEN an accuracy of 80 % beside a median of 60 %, with an own weight of 60 %
    let score = score(&record(&[100], &[80]), &programme().score, &histogram(&[8_000, 6_000, 6_000]));
    // THEN 0.6 x 0.8 + 0.4 x 0.7
    assert_eq!(score.map(|score| score.score), Some(BasisPoints(7_600)));
}

proptest! {
    #[test]
    fn scores_stay_within_one_and_histograms_decode(
        others in proptest::collection::vec(0u32..=10_000, 0..40),
        quota in 1i64..1_000_000,
        delivered in -1_000_000i64..2_000_000,
    ) {
        // GIVEN any event
        let record = record(&[quota], &[delivered]);
        let mut event = histogram(&others);
        event.add(accuracy(&record).expect("has a quota"));
        let score = score(&record, &programme().score, &event).expect("has a quota");
        // THEN every share is at most one
        prop_assert!(score.accuracy.0 <= 10_000 && score.peer.0 <= 10_000 && score.score.0 <= 10_000);
        // AND the histogram survives its encoding within its bound
        let bytes = event.encode();
        prop_assert!(bytes.len() <= Histogram::max_encoded_len());
        prop_assert_eq!(Histogram::decode_all(&mut &bytes[..]), Ok(event));
    }

    #[test]
    fn the_median_is_that_of_the_sorted_list(mut values in proptest::collection::vec(0u32..=10_000, 1..80)) {
        // GIVEN any accuracies
        let median = histogram(&values).median().map(|median| median.0);
        values.sort_unstable();
        // THEN the median is the lower middle one, in whole percent
        prop_assert_eq!(median, Some(values[(values.len() - 1) / 2] / 100 * 100));
    }

    #[test]
    fn better_execution_never_scores_less(quota in 1i64..10_000, delivered in 0i64..10_000, others in 0u32..=10_000) {
        // GIVEN delivery up to the quota
        let delivered = delivered.min(quota);
        let event = histogram(&[others, others, others]);
        let of = |delivered| score(&record(&[quota], &[delivered]), &programme().score, &event).map(|s| s.score);
        // THEN one more watt never lowers the score
        prop_assert!(of((delivered + 1).min(quota)) >= of(delivered));
    }
}
