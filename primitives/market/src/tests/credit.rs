//! Credit follows scores, repeated default bars, and time and delivery heal.

use crate::{
    credit::*,
    tests::{event, programme},
    Credit, Event, Programme, Score, ScoreRule, Validity,
};
use loadstone_core::{BasisPoints, Direction, Millis};
use proptest::prelude::*;

const DAY_MS: u64 = 86_400_000;
const END: Millis = Millis(1_000);

fn judged(accuracy: u32, score: u32) -> Score {
    Score { accuracy: BasisPoints(accuracy), score: BasisPoints(score), ..Score::default() }
}

/// Barred for two days after three defaults in a row.
fn rule() -> ScoreRule {
    ScoreRule { default_below: BasisPoints(1_000), bar_after: 3, bar_days: 2, ..programme().score }
}

fn after(accuracies: &[u32]) -> Credit {
    let step = |before: Option<Credit>, accuracy: &u32| {
        Some(credit(before.as_ref(), &judged(*accuracy, *accuracy), Validity::Valid, &rule(), END))
    };
    accuracies.iter().fold(None, step).expect("something was scored")
}

#[test]
fn credit_follows_scores_exponentially() {
    // GIVEN a first event of 80 %
    let first = after(&[8_000]);
    assert_eq!(first, Credit { credit: BasisPoints(8_000), events: 1, ..Credit::default() });
    // WHEN a default follows THEN a fifth of the credit is lost and the default counted
    let second = after(&[8_000, 0]);
    let expected = Credit { credit: BasisPoints(6_400), events: 2, defaults: 1, in_a_row: 1, ..Credit::default() };
    assert_eq!(second, expected);
    // WHEN it delivers again THEN credit recovers and the row ends
    let third = after(&[8_000, 0, 10_000]);
    assert_eq!((third.credit, third.defaults, third.in_a_row), (BasisPoints(7_120), 1, 0));
}

#[test]
fn repeated_default_bars_for_a_time() {
    // GIVEN two defaults, a delivery, and two more THEN nothing happens
    assert_eq!(after(&[999, 999, 1_000, 0, 0]).barred_until, Millis(0));
    // GIVEN three in a row THEN the resource is barred for two days, and the row begins anew
    let barred = after(&[0, 0, 0]);
    assert_eq!((barred.barred_until, barred.in_a_row, barred.defaults), (END.after(2 * DAY_MS), 0, 3));
    // AND an event that ended earlier and is scored later does not shorten that
    let later =
        credit(Some(&Credit { in_a_row: 2, ..barred.clone() }), &judged(0, 0), Validity::Valid, &rule(), Millis(0));
    assert_eq!(later.barred_until, barred.barred_until);
    // GIVEN a programme without the rule THEN nobody is barred
    let lenient = ScoreRule { bar_after: 0, ..rule() };
    assert_eq!(
        credit(Some(&Credit { in_a_row: 255, ..Credit::default() }), &judged(0, 0), Validity::Valid, &lenient, END)
            .barred_until,
        Millis(0)
    );
}

#[test]
fn the_barred_and_those_below_the_gate_do_not_bid() {
    // GIVEN an event and a gate of 30 %
    let event: Event = event(Direction::Down, &[1], 1_000);
    let gated = Programme { credit_min: BasisPoints(3_000), ..programme() };
    let with = |credit: u32, barred_until| Credit { credit: BasisPoints(credit), barred_until, ..Credit::default() };
    // THEN newcomers and those at the gate bid, and those below it do not
    assert_eq!(admit(None, &event, &gated), Ok(()));
    assert_eq!(admit(Some(&with(3_000, Millis(0))), &event, &gated), Ok(()));
    assert_eq!(admit(Some(&with(2_999, Millis(0))), &event, &gated), Err(Unfit::CreditTooLow));
    assert_eq!(admit(Some(&with(2_999, Millis(0))), &event, &programme()), Ok(()));
    // AND who is barred waits until its time is over, whatever the gate
    let (over, still) = (event.start, event.start.after(1));
    assert_eq!(admit(Some(&with(9_000, over)), &event, &gated), Ok(()));
    assert_eq!(admit(Some(&with(9_000, still)), &event, &programme()), Err(Unfit::Barred(still)));
}

proptest! {
    #[test]
    fn credit_stays_within_its_scores(scores in proptest::collection::vec(0u32..=10_000, 1..30)) {
        // GIVEN any scores THEN credit lies between the least and the greatest of them, but for rounding
        let credit = after(&scores);
        let (least, most) = (scores.iter().min(), scores.iter().max());
        prop_assert!(Some(&credit.credit.0) <= most && Some(&(credit.credit.0 + 30)) >= least);
        prop_assert_eq!(credit.events as usize, scores.len());
    }
}
