//! The verdicts notice when safety or liveness breaks: with a third of liars they do.

use loadstone_dag_sim::{
    kind::Kind,
    plan::Order,
    runner::{play, run_all},
    verdict::Verdict,
};

fn canary(kind: Kind, seed: u64, members: u16) -> Verdict {
    let order = Order { seed, kind: Some(kind), members: Some(members), devices: Some(8), canary: true };
    play(&order, false).1.verdict
}

#[test]
fn a_third_of_liars_in_both_halves_of_a_divided_committee_breaks_agreement() {
    // GIVEN as many members of 4 or 7 as make a quorum with either half of the rest
    let verdicts: Vec<Verdict> =
        (0..10).map(|seed| canary(Kind::Collude, seed, if seed % 2 == 0 { 4 } else { 7 })).collect();
    // THEN honest members confirm different units in one place
    let diverged = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Diverged(_))).count();
    assert!(diverged >= 5, "{verdicts:?}");
}

#[test]
fn a_third_that_says_nothing_stops_everything() {
    for seed in 0..3 {
        // GIVEN so many silent members that the rest is no quorum
        let verdict = canary(Kind::Silent, seed, 7);
        // THEN nothing is anchored
        assert!(matches!(verdict, Verdict::Stuck(_)), "{verdict}");
    }
}

#[test]
fn the_same_seeds_below_a_third_end_well() {
    for kind in [Kind::Collude, Kind::Silent, Kind::Withhold] {
        let report = run_all(&Order { kind: Some(kind), ..Order::default() }, 0, 6, 1);
        assert!(report.is_ok(), "{:?}", report.failures);
    }
}
