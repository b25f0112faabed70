//! The node by itself: without contact, with a wrong clock, and under its operator's hand.

use crate::bench::*;
use loadstone_core::{Direction, Millis, Watts};
use loadstone_dag::{AcknowledgementKind, Body};
use loadstone_load_core::*;

const DAY_MS: u64 = 86_400_000;

fn watts(bench: &Bench) -> Option<i64> {
    bench.level.map(|level| level.watts.0)
}

/// A node that offers 3,000 W of 8,000 W, under an order of an hour.
fn ordered() -> Bench {
    let mut bench = Bench::new();
    bench.chain.availability = Some(available(3_000, 1));
    bench.seconds(5, 8_000);
    let anchor = bench.anchor_all().number;
    let start = bench.ms;
    bench.order(emergency(Direction::Down, 1, start, start + 3_600_000, anchor));
    assert_eq!(watts(&bench), Some(5_000));
    bench
}

#[test]
fn an_order_is_held_through_a_short_silence_and_let_go_after_a_long_one() {
    // GIVEN a node under an order whose chain falls silent
    let mut bench = ordered();
    bench.online = false;
    // WHEN the silence lasts less than the dead-man's time THEN the order is held
    bench.tick(59_000);
    assert_eq!(watts(&bench), Some(5_000));
    // WHEN it lasts longer THEN the load is let go, told once
    bench.tick(2_000);
    bench.tick(2_000);
    assert_eq!(watts(&bench), None);
    let told = bench.notes.iter().filter(|note| matches!(note, Note::LetGo { sequence: 1, .. })).count();
    assert_eq!(told, 1);
    // WHEN the chain is heard again THEN the order binds again
    bench.online = true;
    bench.head(&[]);
    bench.tick(100);
    assert_eq!(watts(&bench), Some(5_000));
}

#[test]
fn the_operators_word_stands_above_every_order_until_it_ends() {
    // GIVEN a node under an order WHEN the operator overrides it for ten seconds
    let mut bench = ordered();
    let until = Some(Millis(bench.now().unix.0 + 10_000));
    let word = Override { reason: "people in the plant room".into(), until };
    bench.node.set_override(bench.now(), Some(word.clone()));
    bench.settle();
    // THEN the load is free at once and the word is told
    assert_eq!(watts(&bench), None);
    assert!(bench.notes.contains(&Note::Overridden(Some(word.clone()))));
    // AND it ends by itself
    bench.seconds(9, 8_000);
    assert_eq!(watts(&bench), None);
    bench.seconds(2, 8_000);
    assert_eq!(watts(&bench), Some(5_000));
    // AND one without a reason is refused
    bench.node.set_override(bench.now(), Some(Override { reason: " ".into(), ..word }));
    bench.settle();
    assert!(bench.refusals().iter().any(|text| text.contains("reason")));
    assert_eq!(watts(&bench), Some(5_000));
}

#[test]
fn an_order_that_comes_under_an_override_is_acknowledged_only_once_it_is_held() {
    // GIVEN a node whose operator has taken the load out of regulation
    let mut bench = Bench::new();
    bench.chain.availability = Some(available(3_000, 1));
    bench.seconds(5, 8_000);
    let anchor = bench.anchor_all().number;
    bench.node.set_override(bench.now(), Some(Override { reason: "maintenance".into(), until: None }));
    let start = bench.ms;
    bench.order(emergency(Direction::Down, 1, start, start + 60_000, anchor));
    let received = |bench: &Bench| {
        let is_receipt =
            |body: &Body| matches!(body, Body::Acknowledgement(ack) if ack.kind == AcknowledgementKind::Received);
        bench.disk.units.values().filter(|(unit, ..)| is_receipt(&unit.content.body)).count()
    };
    assert_eq!((watts(&bench), received(&bench)), (None, 0));
    // WHEN the operator takes the word back THEN the order is held and acknowledged
    bench.node.set_override(bench.now(), None);
    bench.settle();
    assert_eq!((watts(&bench), received(&bench)), (Some(5_000), 1));
}

#[test]
fn a_jump_of_the_system_clock_moves_no_reading() {
    // GIVEN a node in contact, whose clock agrees with the chain
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    let now = bench.now();
    assert_eq!((bench.node.wall(now), bench.node.time_source()), (now.unix, TimeSource::System));
    // WHEN the system clock jumps by a day THEN the chain's time counts, and that is told once
    for _ in 0..3 {
        let wrong = Now { unix: Millis(bench.now().unix.0 + DAY_MS), ..bench.now() };
        let trusted = bench.node.wall(wrong);
        assert!(trusted.0.abs_diff(bench.now().unix.0) <= 1_000, "{trusted:?}");
    }
    bench.settle();
    let told: Vec<_> = bench.notes.iter().filter(|note| matches!(note, Note::Clock { .. })).collect();
    assert!(matches!(told[..], [Note::Clock { source: TimeSource::Chain, off_ms }] if *off_ms >= DAY_MS as i64));
}

#[test]
fn readings_after_a_clock_was_put_right_begin_another_unit() {
    // GIVEN a node without contact that dated two readings a day ahead
    let mut bench = Bench::new();
    bench.online = false;
    for second in 1..=2 {
        let at = Millis(START + DAY_MS + second * 1_000);
        bench.node.reading(bench.now(), at, Watts(700), true);
    }
    // WHEN its clock is put right THEN later readings are taken, and none twice
    for at in [START + 1_000, START + 2_000, START + 2_000] {
        bench.node.reading(bench.now(), Millis(at), Watts(700), true);
    }
    bench.settle();
    assert_eq!(bench.refusals().iter().filter(|text| text.contains("taken already")).count(), 1);
    bench.node.flush(bench.now());
    bench.settle();
    // AND the units hold what was told, in the order in which it was told
    let starts = bench.disk.units.values().filter_map(|(unit, ..)| match &unit.content.body {
        Body::Readings(readings) => Some((readings.watts().unwrap()[0].0 .0 - START, readings.count())),
        Body::Acknowledgement(_) => None,
    });
    assert_eq!(starts.collect::<Vec<_>>(), [(DAY_MS + 1_000, 2), (1_000, 2)]);
}

#[test]
fn readings_that_nobody_can_date_are_doubtful() {
    // GIVEN a node that knows of a head and starts with a clock from before it
    let mut bench = Bench::new();
    bench.seconds(1, 700);
    let mut bench = Bench::with_disk(bench.disk, 5_000);
    bench.online = false;
    let lost = Now { mono_ms: bench.ms, unix: Millis(0) };
    let at = bench.node.wall(lost);
    assert_eq!(bench.node.time_source(), TimeSource::Nobody);
    // WHEN it reads THEN the reading is kept, and marked
    bench.node.reading(Now { unix: at, ..lost }, Millis(at.0 + 50_000), Watts(700), true);
    bench.node.flush(Now { unix: at, ..lost });
    bench.settle();
    let (unit, ..) = bench.disk.units.values().last().unwrap();
    let Body::Readings(readings) = &unit.content.body else { panic!("it holds readings") };
    assert_eq!(readings.watts().unwrap(), [(Millis(at.0 + 50_000), Watts(700), false)]);
}

#[test]
fn a_good_clock_tells_the_moment_within_a_slot_and_no_more() {
    // GIVEN a node whose last head is half a second old, with its slot's time
    let mut bench = ordered();
    bench.head(&[]);
    let (late, anchor) = (SLOT_MS, bench.chain.anchors.keys().last().copied().unwrap());
    // WHEN an order starts at the wall clock's present moment, which heads tell a slot later THEN it is held at once
    let now = Now { unix: Millis(bench.now().unix.0 + late), ..bench.now() };
    assert_eq!(bench.node.wall(now), now.unix);
    let start = bench.ms + late;
    bench.chain.orders.insert(Direction::Down, emergency(Direction::Down, 2, start, start + 60_000, anchor));
    bench.chain.orders.get_mut(&Direction::Down).unwrap().issued_at = Millis(START + bench.ms);
    bench.node.answered(now, bench.chain.head, bench.answer(Query::Order(Direction::Down)));
    bench.settle_at(now);
    assert_eq!(bench.level.map(|level| level.sequence), Some(2));
    // AND one that starts three slots later is not, whatever the wall clock says within its tolerance
    let ahead = Now { unix: Millis(bench.now().unix.0 + 4_000), ..bench.now() };
    bench.node.wall(ahead);
    let start = bench.ms + 3 * SLOT_MS;
    bench.chain.orders.insert(Direction::Down, emergency(Direction::Down, 3, start, start + 60_000, anchor));
    bench.chain.orders.get_mut(&Direction::Down).unwrap().issued_at = Millis(START + bench.ms);
    bench.node.answered(ahead, bench.chain.head, bench.answer(Query::Order(Direction::Down)));
    bench.settle_at(ahead);
    assert_eq!(bench.level, None);
}
