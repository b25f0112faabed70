//! Which rules are sound, and which events they cover.

use crate::*;
use loadstone_core::{AreaId, BasisPoints, Direction, Millis, Price};

#[test]
fn rules_that_make_no_sense_are_unsound() {
    // GIVEN the plain rules, which are sound, with one of them bent
    assert!(Programme::plain().is_sound());
    let deviation = DeviationRule::sichuan;
    let bent = [
        Programme { price_floor: Price(3_000_001), ..Programme::plain() },
        Programme { price_tick: Price(0), ..Programme::plain() },
        Programme { intervals_max: 0, ..Programme::plain() },
        Programme { intervals_max: 97, ..Programme::plain() },
        Programme { from: Millis(2), until: Millis(2), ..Programme::plain() },
        Programme { areas: Areas::truncate_from(vec![AreaId(2), AreaId(2)]), ..Programme::plain() },
        Programme { performance_max: BasisPoints(100_001), ..Programme::plain() },
        Programme { baseline: BaselineMethod::MeterBefore { readings: 0 }, ..Programme::plain() },
        Programme { score: ScoreRule { own_weight: BasisPoints(10_001), ..ScoreRule::plain() }, ..Programme::plain() },
        Programme { deviation: DeviationRule { over_until: BasisPoints(10_999), ..deviation() }, ..Programme::plain() },
        Programme {
            deviation: DeviationRule { penalty_below: BasisPoints(9_001), ..deviation() },
            ..Programme::plain()
        },
        Programme { deviation: DeviationRule { deep_below: BasisPoints(9_001), ..deviation() }, ..Programme::plain() },
        Programme { deviation: DeviationRule { deep_factor: BasisPoints(1), ..deviation() }, ..Programme::plain() },
    ];
    // THEN none of them is sound
    for (place, rules) in bent.iter().enumerate() {
        assert!(!rules.is_sound(), "{place}: {rules:?}");
    }
}

#[test]
fn rules_hold_in_their_areas_and_their_time() {
    // GIVEN rules for two areas from 10 to 20
    let areas = Areas::truncate_from(vec![AreaId(1), AreaId(3)]);
    let rules = Programme { areas, from: Millis(10), until: Millis(20), ..Programme::plain() };
    // THEN they cover these and no other, and windows inside their time alone
    assert!(rules.covers(AreaId(3)) && !rules.covers(AreaId(2)));
    assert!(rules.is_in_force(Millis(10), Millis(20)));
    assert!(!rules.is_in_force(Millis(9), Millis(20)) && !rules.is_in_force(Millis(10), Millis(21)));
    // AND the plain ones cover everything for ever
    assert!(Programme::plain().covers(AreaId(9)) && Programme::plain().is_in_force(Millis(0), Millis(u64::MAX)));
}

#[test]
fn a_pot_has_left_what_is_not_spent() {
    // GIVEN rules with a pot of 10, and without one THEN the first has a rest, and the others no limit
    let rules = Programme { pot: 10, ..Programme::plain() };
    assert_eq!((rules.pot_left(0), rules.pot_left(9), rules.pot_left(10)), (Some(10), Some(1), Some(0)));
    assert_eq!(Programme::plain().pot_left(9), None);
}

#[test]
fn valley_filling_raises_load() {
    // GIVEN both products THEN only the one for valleys has a direction of its own
    let valley = Programme { product: Product::ValleyFilling, ..Programme::plain() };
    assert!(valley.regulates(Direction::Up) && !valley.regulates(Direction::Down));
    assert!(Programme::plain().regulates(Direction::Up) && Programme::plain().regulates(Direction::Down));
}
