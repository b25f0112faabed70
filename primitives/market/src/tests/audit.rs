//! A whole event recomputed: one bidder delivers, one falls short, one is not needed.

use crate::{
    audit::*,
    tests::{before, during, event, programme},
    PastEvents, Programme, Segment, Segments, SplitRule,
};
use loadstone_core::{BasisPoints, Direction, Price, ResourceId, Watts};

fn input(id: u32, price: u64, watts: i64, bought_before: i64, load: i64) -> AuditInput {
    let segment =
        Segment { price: Price(price), watts: Watts(watts), before: Watts(bought_before), credit: BasisPoints::ONE };
    AuditInput {
        resource: ResourceId(id),
        segments: Segments::truncate_from(vec![segment]),
        has_customer: id == 2,
        past: PastEvents::new(),
        before: before(5_000_000),
        during: during(&[load; 4]),
        replaced: None,
    }
}

/// Need 3 MW: 1 MW at 0.5 CNY delivered in full, 4 MW at 1 CNY bought by half and delivered by
/// half, 1 MW at 2 CNY left out.
fn inputs() -> [AuditInput; 3] {
    [
        input(1, 500_000, 1_000_000, 0, 4_000_000),
        input(2, 1_000_000, 4_000_000, 0, 4_000_000),
        input(3, 2_000_000, 1_000_000, 0, 5_000_000),
    ]
}

#[test]
fn an_event_is_recomputed_from_bids_and_readings() {
    // GIVEN the event with a pot that suffices
    let event = event(Direction::Down, &[3_000_000], 4_000);
    let audit = audit(&event, &programme(), &inputs(), 10_000_000);
    // THEN the margin is at 1 CNY and awards sum to the need
    assert_eq!(audit.clearing.marginal_price, Price(1_000_000));
    let awards: Vec<i64> = audit.rows.iter().map(|row| row.ask.award.0).collect();
    assert_eq!(awards, [1_000_000, 2_000_000, 0]);
    // AND only those that were asked are scored, against each other
    assert_eq!(audit.histogram.count(), 2);
    let scores: Vec<_> = audit.rows.iter().map(|row| row.score.as_ref().map(|s| (s.accuracy.0, s.peer.0))).collect();
    assert_eq!(scores, [Some((10_000, 10_000)), Some((5_000, 5_000)), None]);
    // AND each delivered 1 MW for 4 s at 1 CNY/kWh: 1.111111 CNY
    let paid: Vec<u128> = audit.rows.iter().map(|row| row.statement.paid).collect();
    assert_eq!(paid, [1_111_111, 1_111_111, 0]);
    // AND the second owes 1.1 x (1.8 - 1) MW x 4 s = 0.977778 CNY
    assert_eq!(audit.rows[1].statement.penalty, 977_778);
    assert_eq!((audit.claims, audit.paid, audit.residue), (2_222_222, 2_222_222, 7_777_778));
}

#[test]
fn a_short_pot_is_shared_and_used_up() {
    // GIVEN a pot of a little less than half the claims
    let event = event(Direction::Down, &[3_000_000], 4_000);
    let audit = audit(&event, &programme(), &inputs(), 1_000_001);
    // THEN it is handed out to the last unit
    let paid: Vec<u128> = audit.rows.iter().map(|row| row.statement.paid).collect();
    assert_eq!(paid, [500_000, 500_001, 0]);
    assert_eq!((audit.paid, audit.residue), (1_000_001, 0));
}

#[test]
fn a_customer_gets_its_part_where_there_is_one() {
    // GIVEN the event under a rule of 0.25 CNY a kWh and a tenth of the rest, and a customer of the second alone
    let event = event(Direction::Down, &[3_000_000], 4_000);
    let split = SplitRule { floor: Price(250_000), share: BasisPoints(1_000) };
    let audit = audit(&event, &Programme { split, ..programme() }, &inputs(), 10_000_000);
    // THEN of 1.111111 CNY for 1.111 kWh it gets 0.277777 and 0.083333, and the others' pay is not split
    let customers: Vec<u128> = audit.rows.iter().map(|row| row.statement.customer).collect();
    assert_eq!(customers, [0, 361_110, 0]);
    assert_eq!(audit.paid, 2_222_222);
}

#[test]
fn one_changed_reading_changes_the_audit() {
    // GIVEN the event as it was and with one reading lowered by a kilowatt
    let event = event(Direction::Down, &[3_000_000], 4_000);
    let mut changed = inputs();
    changed[0].during[2].load.0 -= 1_000;
    let (told, found) = (audit(&event, &programme(), &inputs(), 1), audit(&event, &programme(), &changed, 1));
    // THEN that resource's record differs and no other
    let differs: Vec<bool> = told.rows.iter().zip(&found.rows).map(|(a, b)| a.record != b.record).collect();
    assert_eq!(differs, [true, false, false]);
    assert_eq!(told.rows[0].record.precision_error, BasisPoints(0));
}
