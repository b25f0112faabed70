//! The estimate against clocks that are off, liars, and silence.

use super::*;
use proptest::prelude::*;

/// A day in 2025.
const DAY_US: i64 = 1_750_000_000_000_000;

const fn at(monotonic_us: i64) -> Moment {
    Moment { monotonic_us, wall_us: DAY_US + monotonic_us }
}

/// A sample, taken one second after the start, of a clock that is so far ahead, with this round trip.
fn sample(ahead_us: i64, round_trip_us: i64) -> Sample {
    let sent_us = 1_000_000 - round_trip_us;
    Sample::new(sent_us, 1_000_000, DAY_US + sent_us + round_trip_us / 2 + ahead_us).unwrap()
}

/// What a node with `others` other validators makes of those that answered, each ahead by so much.
fn estimate(others: usize, answers: &[i64], round_trip_us: i64) -> Option<Estimate> {
    let mut estimator = Estimator::default();
    estimator.set_others(others, |_| true);
    for (peer, ahead_us) in answers.iter().enumerate() {
        estimator.put(peer, sample(*ahead_us, round_trip_us));
    }
    estimator.estimate(at(1_000_000))
}

fn certain(others: usize, answers: &[i64]) -> Option<i64> {
    estimate(others, answers, 2_000).map(|estimate| estimate.certain_us())
}

#[test]
fn a_clock_that_is_off_is_told_apart_from_three_that_agree() {
    // GIVEN four validators, three of which agree WHEN the fourth is 60 ms ahead, with round trips of 2 ms
    let off = estimate(3, &[-60_000; 3], 2_000);
    // THEN it knows by how much, to a millisecond
    assert_eq!(off, Some(Estimate { deviation_us: -60_000, error_us: 1_000, peers: 3 }));
    assert_eq!(off.map(|estimate| estimate.certain_us()), Some(59_000));
    // and each of the three knows that it is right, though it sees the fourth
    assert_eq!(certain(3, &[0, 0, 60_000]), Some(0));
    // WHEN one of the three is down THEN the same is true
    assert_eq!(certain(3, &[-60_000; 2]), Some(59_000));
    assert_eq!(certain(3, &[0, 60_000]), Some(0));
}

#[test]
fn too_few_answers_tell_nothing() {
    // GIVEN answers from less than two thirds of the others THEN there is no estimate
    assert_eq!(estimate(3, &[60_000], 2_000), None);
    assert_eq!(estimate(6, &[60_000; 3], 2_000), None);
    assert!(estimate(6, &[60_000; 4], 2_000).is_some());
    // GIVEN no others THEN the clock is right by definition
    assert_eq!(estimate(0, &[], 2_000), Some(Estimate { deviation_us: 0, error_us: 0, peers: 0 }));
}

#[test]
fn two_halves_that_disagree_leave_all_in_doubt_and_nobody_out() {
    // GIVEN four validators, two of which are 100 ms ahead of the other two
    for answers in [[0, 100_000, 100_000], [0, -100_000, -100_000]] {
        // THEN each knows that half of that is the least error, and is not certain that it is off
        let estimate = estimate(3, &answers, 2_000).unwrap();
        assert_eq!(estimate.certain_us(), 0);
        assert!(estimate.error_us >= 50_000);
    }
}

#[test]
fn old_answers_and_those_of_former_validators_count_no_more() {
    // GIVEN answers of three others
    let mut estimator = Estimator::default();
    estimator.set_others(3, |_| true);
    for peer in 0..3 {
        estimator.put(peer, sample(0, 2_000));
    }
    assert!(estimator.knows(&2, at(61_000_000)) && estimator.estimate(at(61_000_000)).is_some());
    // WHEN they are more than a minute old THEN they count no more
    assert!(!estimator.knows(&2, at(61_000_001)));
    assert_eq!((estimator.peers(at(61_000_001)), estimator.estimate(at(61_000_001))), (0, None));
    // WHEN two of them are validators no more THEN the third alone is too few
    estimator.set_others(3, |peer| *peer == 0);
    assert_eq!((estimator.peers(at(1_000_000)), estimator.estimate(at(1_000_000))), (1, None));
}

/// Validators of which less than a third lie, and some of which may not answer: (all others, honest answers, lies).
fn world() -> impl Strategy<Value = (usize, Vec<i64>, Vec<i64>)> {
    (1usize..40).prop_flat_map(|others| {
        let liars = others / 3;
        let answers = (others * 2).div_ceil(3)..=others;
        (answers, 0..=liars).prop_flat_map(move |(answers, lies)| {
            let lies = lies.min(answers);
            let honest = proptest::collection::vec(-300_000i64..300_000, answers - lies);
            (Just(others), honest, proptest::collection::vec(-10_000_000_000i64..10_000_000_000, lies))
        })
    })
}

proptest! {
    #[test]
    fn less_than_a_third_of_liars_moves_nothing_beyond_the_honest_extremes(
        (others, honest, lies) in world(), round_trip_us in 0i64..100_000,
    ) {
        // GIVEN honest clocks, the own one among them, and liars who say what they like
        let answers: Vec<_> = honest.iter().chain(&lies).copied().collect();
        let estimate = estimate(others, &answers, round_trip_us).unwrap();
        // THEN the estimate is within what the honest clocks show, and within the error of their round trips
        let slack = round_trip_us / 2 + 2;
        let least = honest.iter().copied().min().unwrap_or(0).min(0) - slack;
        let greatest = honest.iter().copied().max().unwrap_or(0).max(0) + slack;
        prop_assert!(estimate.deviation_us - estimate.error_us >= least);
        prop_assert!(estimate.deviation_us + estimate.error_us <= greatest);
    }

    #[test]
    fn among_honest_validators_that_see_each_other_somebody_may_always_author(
        clocks in proptest::collection::vec(-1_000_000i64..1_000_000, 1..40),
    ) {
        // GIVEN clocks that are off in any way WHEN each validator compares itself with all others
        let certain = |own: usize| {
            let others = clocks.iter().enumerate().filter(|(peer, _)| *peer != own);
            let ahead: Vec<_> = others.map(|(_, clock)| clock - clocks[own]).collect();
            estimate(ahead.len(), &ahead, 2_000).unwrap().certain_us()
        };
        // THEN the one in the middle is not off by its own estimate
        prop_assert!((0..clocks.len()).any(|own| certain(own) == 0));
    }
}
