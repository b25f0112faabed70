//! Levels, not edges: which order binds and what level follows.

use crate::bench::*;
use loadstone_core::{AnchorNumber, ChangeNotice, Direction, Incarnation};
use loadstone_dag::{Acknowledgement, AcknowledgementKind, Body};
use loadstone_load_core::{Note, Query};
use loadstone_market::{BaselineMethod, Order, OrderRule, Programme};

fn programme() -> Programme {
    Programme { baseline: BaselineMethod::MeterBefore { readings: 3 }, ..Programme::plain() }
}

/// A node with a load of 8,000 W, anchored, that offers 3,000 W.
fn measured() -> (Bench, AnchorNumber) {
    let mut bench = Bench::new();
    bench.chain.availability = Some(available(3_000, 1));
    bench.seconds(5, 8_000);
    let anchor = bench.anchor_all().number;
    (bench, anchor)
}

fn acknowledgements(bench: &Bench) -> Vec<Acknowledgement> {
    let bodies = bench.disk.units.values().filter_map(|(unit, ..)| match &unit.content.body {
        Body::Acknowledgement(acknowledgement) => Some(acknowledgement.clone()),
        Body::Readings(_) => None,
    });
    bodies.collect()
}

fn watts(bench: &Bench) -> Option<i64> {
    bench.level.map(|level| level.watts.0)
}

#[test]
fn an_emergency_order_is_held_while_it_is_valid_and_released_at_its_end() {
    // GIVEN a node that offers 3,000 W of 8,000 W
    let (mut bench, anchor) = measured();
    // WHEN an order that begins in two seconds and lasts five comes
    let start = bench.ms + 2_000;
    bench.order(emergency(Direction::Down, 1, start, start + 5_000, anchor));
    // THEN nothing is asserted before its start
    assert_eq!(watts(&bench), None);
    // AND from its start on the level is the reference less the offer, whatever the load does
    bench.seconds(2, 8_000);
    assert_eq!(watts(&bench), Some(5_000));
    bench.seconds(4, 6_000);
    assert_eq!(watts(&bench), Some(5_000));
    // AND it is released at the end, with one acknowledgement of each kind
    bench.seconds(1, 5_000);
    assert_eq!(watts(&bench), None);
    let kinds: Vec<_> = acknowledgements(&bench).into_iter().map(|ack| (ack.kind, ack.setpoint.0)).collect();
    assert_eq!(kinds, [(AcknowledgementKind::Received, 5_000), (AcknowledgementKind::Completed, 5_000)]);
}

#[test]
fn an_event_order_follows_the_award_by_interval_against_the_anchored_baseline() {
    // GIVEN a node that won 1,000 W at a peak need of 2,000 W
    let (mut bench, anchor) = measured();
    // AND readings after the baseline's anchor, which must not count
    bench.seconds(5, 9_999);
    bench.anchor_all();
    let start = bench.ms + 1_000;
    bench.chain.event = Some(event(start, anchor));
    bench.chain.programme = Some(programme());
    // WHEN the event is dispatched
    bench.order(event_order(1, start));
    bench.seconds(1, 8_000);
    // THEN the first interval asks half of the award, the second all of it, against 8,000 W
    assert_eq!(watts(&bench), Some(7_500));
    bench.seconds(10, 8_000);
    assert_eq!(watts(&bench), Some(7_000));
    bench.seconds(10, 8_000);
    assert_eq!(watts(&bench), None);
    // AND each unit in the window holds one reading of the event
    let singles = bench.disk.units.values().filter(|(unit, ..)| match &unit.content.body {
        Body::Readings(readings) => readings.event.is_some() && readings.count() == 1,
        Body::Acknowledgement(_) => false,
    });
    assert_eq!(singles.count(), 20);
}

#[test]
fn a_later_order_supersedes_and_an_earlier_one_never_returns() {
    // GIVEN a node under order 2
    let (mut bench, anchor) = measured();
    let (start, end) = (bench.ms, bench.ms + 60_000);
    bench.order(emergency(Direction::Down, 2, start, end, anchor));
    assert_eq!(watts(&bench), Some(5_000));
    // WHEN order 3 calls only half of the cut-off rank
    bench.chain.availability = Some(available(3_000, 5));
    bench.order(emergency(Direction::Down, 3, start, end, anchor));
    // THEN it holds the new level, and order 2 is completed
    assert_eq!(watts(&bench), Some(6_500));
    assert_eq!(acknowledgements(&bench)[1].sequence, 2);
    assert_eq!(acknowledgements(&bench)[1].kind, AcknowledgementKind::Completed);
    // WHEN a head shows order 2 again THEN it is refused and order 3 stays
    bench.order(emergency(Direction::Down, 2, start, end, anchor));
    assert!(bench.refusals().iter().any(|text| text.contains("sequences never go back")));
    bench.tick(100);
    assert_eq!(bench.level.map(|level| level.sequence), Some(3));
    // WHEN order 4 releases THEN the load returns to normal
    let release = Order { rule: OrderRule::Release, ..emergency(Direction::Down, 4, start, end, anchor) };
    bench.order(release);
    bench.tick(100);
    assert_eq!(watts(&bench), None);
}

#[test]
fn an_expired_order_and_one_above_the_cut_off_ask_nothing() {
    // GIVEN an order whose end lies before chain time
    let (mut bench, anchor) = measured();
    bench.order(emergency(Direction::Down, 1, 0, bench.ms - 1_000, anchor));
    // THEN it is refused by name and nothing is acknowledged
    assert!(bench.refusals().iter().any(|text| text.contains("expired")));
    assert_eq!((watts(&bench), acknowledgements(&bench).len()), (None, 0));
    // GIVEN an order that ends below this node's rank THEN it is not called
    bench.chain.availability = Some(available(3_000, 9));
    bench.order(emergency(Direction::Down, 2, bench.ms, bench.ms + 9_000, anchor));
    assert!(bench.notes.contains(&Note::NotCalled { direction: Direction::Down, sequence: 2 }));
    assert_eq!(watts(&bench), None);
}

#[test]
fn a_restart_in_mid_order_keeps_the_sequence_and_acknowledges_once() {
    // GIVEN a node under order 7
    let (mut bench, anchor) = measured();
    bench.order(emergency(Direction::Down, 7, bench.ms, bench.ms + 60_000, anchor));
    bench.seconds(2, 6_000);
    // WHEN it is killed and starts again
    let mut bench = bench.restart();
    // THEN it asserts nothing before a verified head, and the same level after it
    bench.tick(100);
    assert_eq!(watts(&bench), None);
    bench.head(&[]);
    assert_eq!(watts(&bench), Some(5_000));
    let received = acknowledgements(&bench).into_iter().filter(|ack| ack.kind == AcknowledgementKind::Received);
    assert_eq!(received.count(), 1);
    // AND an order below the saved sequence is refused
    bench.order(emergency(Direction::Down, 6, bench.ms, bench.ms + 60_000, anchor));
    assert!(bench.refusals().iter().any(|text| text.contains("sequences never go back")));
    // AND an order that ended while the node was down is completed
    let mut bench = bench.restart();
    bench.ms += 120_000;
    bench.head(&[]);
    bench.tick(100);
    assert_eq!(acknowledgements(&bench).last().map(|ack| ack.kind), Some(AcknowledgementKind::Completed));
}

#[test]
fn heads_below_the_saved_one_are_never_used() {
    // GIVEN a node that has taken an order at a head
    let (mut bench, anchor) = measured();
    bench.order(emergency(Direction::Down, 1, bench.ms, bench.ms + 60_000, anchor));
    let saved = bench.disk.saved.head.number;
    assert_eq!(saved, bench.chain.head);
    // WHEN it restarts and its light client begins at an older head
    let mut bench = bench.restart();
    bench.chain.head = saved - 20;
    bench.head(&[]);
    bench.tick(100);
    // THEN nothing is asked and nothing asserted
    assert_eq!((bench.reads.len(), watts(&bench)), (0, None));
    // WHEN the light client has caught up THEN the order binds again
    bench.chain.head = saved;
    bench.head(&[]);
    assert_eq!(watts(&bench), Some(5_000));
}

#[test]
fn without_heads_an_order_is_held_to_its_end_by_the_own_clock_and_no_longer() {
    // GIVEN a node under an order of 30 seconds
    let (mut bench, anchor) = measured();
    bench.order(emergency(Direction::Down, 1, bench.ms, bench.ms + 30_000, anchor));
    let before = bench.gateways.len();
    // WHEN it sees no head for three heartbeats
    bench.online = false;
    bench.seconds(7, 6_000);
    // THEN it tries another gateway and holds the level
    assert!(bench.notes.iter().any(|note| matches!(note, Note::Silence(ms) if *ms >= 6_000)));
    assert!(bench.gateways.len() > before);
    assert_eq!(watts(&bench), Some(5_000));
    // AND at the order's end it returns to normal
    bench.seconds(23, 6_000);
    assert_eq!(watts(&bench), None);
}

#[test]
fn an_idle_node_asks_only_at_notices_and_as_a_safety_net() {
    // GIVEN an idle node
    let mut bench = Bench::new();
    bench.reads.clear();
    // WHEN heads without notices come for nine seconds THEN nothing is read
    for _ in 0..45 {
        bench.ms += 200;
        bench.head(&[ChangeNotice::Order(loadstone_core::AreaId(99), Direction::Down)]);
        bench.tick(0);
    }
    assert_eq!(bench.reads, []);
    // WHEN a notice for its area comes THEN the order is read
    bench.head(&[ChangeNotice::Order(AREA, Direction::Up)]);
    assert_eq!(bench.reads, [Query::Order(Direction::Up)]);
    // WHEN ten seconds have passed THEN both directions are read
    bench.tick(2_000);
    assert!(bench.reads.contains(&Query::Order(Direction::Down)));
}

#[test]
fn a_reference_that_is_proven_later_changes_the_level() {
    // GIVEN a node with no anchored reading
    let mut bench = Bench::new();
    bench.chain.availability = Some(available(3_000, 1));
    bench.seconds(5, 8_000);
    // WHEN an order refers to anchor 1, which it has not seen yet
    bench.order(emergency(Direction::Down, 1, bench.ms, bench.ms + 60_000, AnchorNumber(1)));
    // THEN it has no reference and says so
    assert_eq!(watts(&bench), None);
    assert!(bench.refusals().iter().any(|text| text.contains("no reference load yet")));
    // WHEN the anchor is proven THEN the level follows
    bench.anchor_all();
    assert_eq!(watts(&bench), Some(5_000));
}

#[test]
fn a_revoked_or_foreign_key_signs_nothing_and_says_why() {
    // GIVEN a node whose device is revoked
    let mut bench = Bench::with_disk(Disk::default(), 0);
    if let Some(device) = bench.chain.device.as_mut() {
        device.revoked = true;
    }
    bench.head(&[]);
    bench.seconds(10, 5_000);
    // THEN no unit is signed, all readings wait, and the remedy is named
    assert_eq!((bench.disk.units.len(), bench.disk.saved.pending.len()), (0, 10));
    assert!(bench.refusals().iter().any(|text| text.contains("revoked")));
    // WHEN its owner renews it THEN everything is signed in the new life
    if let Some(device) = bench.chain.device.as_mut() {
        (device.revoked, device.incarnation) = (false, Incarnation(1));
    }
    bench.seconds(11, 5_000);
    assert!(bench.disk.units.keys().all(|slot| slot.incarnation == Incarnation(1)));
    assert!(bench.disk.saved.pending.len() < 5);
}
