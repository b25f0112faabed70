//! Order capsules: a proven order acts without a request, and nothing else that a gateway says does.

use crate::bench::*;
use codec::Encode;
use loadstone_core::{AnchorNumber, AreaId, ChangeNotice, Direction, Hash, Price, Watts};
use loadstone_dag::GatewayMessage;
use loadstone_evidence::{capsule::OrderCapsuleV1, testing, BrokenCapsule, OrderCapsule};
use loadstone_load_core::{Note, Query, Source};
use loadstone_market::{BaselineMethod, Order, OrderRule, Programme, ReserveMargin, Segment};

const DOWN: Direction = Direction::Down;
const SET: u64 = 3;

/// The order's capsule at a height, of the set of four that [`ready`] knows.
fn proven(bench: &Bench, number: u32, order: &Order) -> OrderCapsuleV1 {
    let slot = (START + bench.ms) / SLOT_MS;
    let (_, OrderCapsule::V1(capsule)) = testing::capsule(4, SET, number, slot, order, 3);
    capsule
}

fn say(bench: &mut Bench, gateway: usize, capsule: &OrderCapsuleV1) {
    bench.say(gateway, GatewayMessage::Capsule(OrderCapsule::V1(capsule.clone()).encode()));
}

/// A node that knows the voters and its own offer of 3,000 W of 8,000 W, in the order's epoch.
fn ready() -> (Bench, AnchorNumber) {
    let mut bench = Bench::with_disk(Disk::default(), 0);
    bench.chain.availability = Some(available(3_000, 1));
    let template = emergency(DOWN, 1, 0, 1, AnchorNumber(0));
    bench.chain.voters = Some(testing::capsule(4, SET, 0, 0, &template, 0).0);
    bench.head(&[]);
    bench.connect();
    bench.seconds(5, 8_000);
    let anchor = bench.anchor_all().number;
    bench.tick(10_000);
    bench.head(&[]);
    bench.reads.clear();
    (bench, anchor)
}

fn running(bench: &Bench, sequence: u64, anchor: AnchorNumber) -> Order {
    emergency(DOWN, sequence, bench.ms, bench.ms + 60_000, anchor)
}

type Bend = fn(&mut OrderCapsuleV1);

fn verified(bench: &Bench) -> Vec<(u64, Source)> {
    let notes = bench.notes.iter().filter_map(|note| match note {
        Note::OrderVerified { sequence, by, .. } => Some((*sequence, *by)),
        _ => None,
    });
    notes.collect()
}

fn refused(bench: &Bench) -> Vec<(usize, BrokenCapsule, u64)> {
    let notes = bench.notes.iter().filter_map(|note| match note {
        Note::CapsuleRefused { gateway, fault, count } => Some((*gateway, *fault, *count)),
        _ => None,
    });
    notes.collect()
}

fn watts(bench: &Bench) -> Option<i64> {
    bench.level.map(|level| level.watts.0)
}

#[test]
fn a_capsule_acts_at_once_and_without_a_request() {
    // GIVEN a node that has proven its own offer in the order's epoch
    let (mut bench, anchor) = ready();
    let order = running(&bench, 1, anchor);
    let capsule = proven(&bench, bench.chain.head + 1, &order);
    // WHEN a capsule comes before the light client has seen the head THEN the node acts
    say(&mut bench, 0, &capsule);
    assert_eq!(watts(&bench), Some(5_000));
    assert_eq!((verified(&bench), bench.reads.clone()), (vec![(1, Source::Capsule)], vec![]));
    // AND the head with the notice asks nothing more and changes nothing
    bench.order(order);
    bench.tick(100);
    assert_eq!((verified(&bench).len(), bench.reads.len(), watts(&bench)), (1, 0, Some(5_000)));
    // AND head and guard are on disk
    assert_eq!(bench.disk.saved.head.number, bench.chain.head);
    assert_eq!(bench.disk.saved.guards[0].sequence, 1);
}

#[test]
fn a_capsule_after_the_own_read_changes_nothing() {
    // GIVEN a node that has read an order by its light client
    let (mut bench, anchor) = ready();
    let order = running(&bench, 1, anchor);
    bench.order(order.clone());
    assert_eq!(verified(&bench), [(1, Source::Proof)]);
    // WHEN the capsule of the same head comes, twice THEN nothing happens
    let capsule = proven(&bench, bench.chain.head, &order);
    bench.reads.clear();
    say(&mut bench, 0, &capsule);
    say(&mut bench, 1, &capsule);
    assert_eq!((verified(&bench).len(), bench.reads.len(), refused(&bench).len()), (1, 0, 0));
    assert_eq!(watts(&bench), Some(5_000));
}

#[test]
fn capsules_with_any_broken_link_do_nothing_and_their_gateway_is_left() {
    let bends: [(Bend, BrokenCapsule); 4] = [
        (|capsule| capsule.finalised.justification[0] ^= 1, BrokenCapsule::Justification),
        (|capsule| capsule.finalised.header.state_root = Hash::zero(), BrokenCapsule::Justification),
        (|capsule| capsule.finalised.path.push(capsule.finalised.header.clone()), BrokenCapsule::HeaderPath),
        (|capsule| capsule.state.clear(), BrokenCapsule::StateProof),
    ];
    for (bend, fault) in bends {
        // GIVEN a capsule with a link bent
        let (mut bench, anchor) = ready();
        let order = running(&bench, 1, anchor);
        let mut capsule = proven(&bench, bench.chain.head + 1, &order);
        bend(&mut capsule);
        // WHEN the first gateway sends it THEN nothing acts, it is told, and the gateway is left
        let (primary, before) = (bench.node.primary(), bench.gateways.len());
        say(&mut bench, primary, &capsule);
        assert_eq!(refused(&bench), [(primary, fault, 1)]);
        assert_eq!((watts(&bench), verified(&bench).len(), bench.gateways.len()), (None, 0, before + 1));
    }
    // AND so it is with bytes that are none
    let (mut bench, _) = ready();
    bench.say(2, GatewayMessage::Capsule(vec![1, 2, 3]));
    bench.say(2, GatewayMessage::Capsule(vec![0; 60_000]));
    assert_eq!(refused(&bench).last(), Some(&(2, BrokenCapsule::Malformed, 2)));
}

#[test]
fn capsules_of_another_area_or_from_below_the_floor_are_passed_over() {
    // GIVEN a node that has read an order at a head
    let (mut bench, anchor) = ready();
    let old = running(&bench, 1, anchor);
    bench.order(running(&bench, 2, anchor));
    let known = bench.notes.len();
    // WHEN a capsule from before that head comes, or one of another area
    let stale = proven(&bench, bench.chain.head - 1, &old);
    say(&mut bench, 0, &stale);
    let order = Order { area: AreaId(9), ..running(&bench, 3, anchor) };
    let foreign = proven(&bench, bench.chain.head + 1, &order);
    say(&mut bench, 0, &foreign);
    // THEN nothing is done or told: both may be honest
    assert_eq!((bench.notes.len(), watts(&bench)), (known, Some(5_000)));
    // AND a foreign one under this area's name is a forgery
    let relabelled = OrderCapsuleV1 { area: AREA, ..foreign };
    say(&mut bench, 0, &relabelled);
    assert_eq!(refused(&bench), [(0, BrokenCapsule::StateProof, 1)]);
}

#[test]
fn a_later_capsule_supersedes_and_an_earlier_order_never_returns() {
    // GIVEN a node under order 2 by a capsule
    let (mut bench, anchor) = ready();
    let (second, first) = (running(&bench, 2, anchor), running(&bench, 1, anchor));
    let head = bench.chain.head;
    let capsule = proven(&bench, head + 1, &second);
    say(&mut bench, 0, &capsule);
    // WHEN a release comes by a capsule THEN the load is free, still without a request
    let release = Order { rule: OrderRule::Release, ..running(&bench, 3, anchor) };
    let capsule = proven(&bench, head + 2, &release);
    say(&mut bench, 0, &capsule);
    bench.tick(100);
    assert_eq!((watts(&bench), bench.reads.len()), (None, 0));
    // WHEN the light client is behind and reads order 2 below the capsule THEN it does not count
    bench.chain.orders.insert(DOWN, second);
    bench.head(&[ChangeNotice::Order(AREA, DOWN)]);
    bench.tick(100);
    assert_eq!((watts(&bench), verified(&bench).len()), (None, 2));
    // WHEN a proven capsule above shows an earlier sequence THEN it is refused
    let capsule = proven(&bench, head + 3, &first);
    say(&mut bench, 0, &capsule);
    assert!(bench.refusals().iter().any(|text| text.contains("sequences never go back")));
    assert_eq!(watts(&bench), None);
}

#[test]
fn a_later_order_of_the_same_event_lets_nothing_go_until_the_event_is_read_again() {
    // GIVEN a node with an award of 1,000 W and 600 W of reserve, in the first interval of the event
    let (mut bench, anchor) = ready();
    let start = bench.ms + 1_000;
    let mut facts = event(start, anchor);
    let (price, total) = (Price(20), Watts(1_000));
    facts.clearing.reserve = ReserveMargin { price, residual: total, total, awarded: total };
    let reserve = Segment { price, watts: Watts(600), before: Watts(0), ..facts.segments[0].clone() };
    facts.segments.try_push(reserve).unwrap();
    bench.chain.event = Some(facts.clone());
    bench.chain.programme =
        Some(Programme { baseline: BaselineMethod::MeterBefore { readings: 3 }, ..Programme::plain() });
    bench.order(event_order(1, start));
    bench.seconds(1, 8_000);
    assert_eq!(watts(&bench), Some(7_500));
    // WHEN the reserve is called from the second interval on, and the event can't be read for now
    facts.event.reserve_from = Some(1);
    bench.chain.event = Some(facts);
    bench.online = false;
    let capsule = proven(&bench, bench.chain.head + 1, &event_order(2, start));
    say(&mut bench, 0, &capsule);
    // THEN the load is held as before, by the new order
    assert_eq!(bench.level.map(|level| (level.sequence, level.watts.0)), Some((2, 7_500)));
    // WHEN it can be read again THEN the second interval asks for award and reserve
    bench.online = true;
    bench.seconds(10, 8_000);
    assert_eq!(watts(&bench), Some(6_400));
}

#[test]
fn without_a_proof_from_the_orders_epoch_the_share_is_read_as_ever() {
    // GIVEN a node whose offer was proven in the epoch before the order's
    let (mut bench, anchor) = ready();
    bench.ms += EPOCH_MS;
    let order = running(&bench, 1, anchor);
    let capsule = proven(&bench, bench.chain.head + 1, &order);
    // WHEN the capsule comes first THEN the order with the own offer is read, and nothing acts yet
    say(&mut bench, 0, &capsule);
    assert_eq!((bench.reads.clone(), watts(&bench)), (vec![Query::Order(DOWN)], None));
    // AND once the chain is seen to hold it, it binds
    bench.order(order);
    assert_eq!((verified(&bench), watts(&bench)), (vec![(1, Source::Proof)], Some(5_000)));
}

#[test]
fn a_capsule_of_the_next_set_waits_until_that_set_is_proven() {
    // GIVEN a node that knows the set before, and a capsule of the next one
    let (mut bench, anchor) = ready();
    let order = running(&bench, 1, anchor);
    let number = bench.chain.head + 1;
    let (next, capsule) = testing::capsule(5, SET + 1, number, (START + bench.ms) / SLOT_MS, &order, 3);
    let OrderCapsule::V1(capsule) = capsule;
    bench.online = false;
    say(&mut bench, 0, &capsule);
    // THEN it asks who votes, and does nothing until it knows
    assert_eq!((bench.reads.clone(), watts(&bench)), (vec![Query::Voters], None));
    // AND however often it comes, it asks no more than now and then
    say(&mut bench, 1, &capsule);
    assert_eq!(bench.reads.len(), 1);
    // WHEN the light client has proven the next set THEN the capsule acts
    bench.online = true;
    bench.chain.voters = Some(next);
    bench.head(&[]);
    assert_eq!((verified(&bench), watts(&bench)), (vec![(1, Source::Capsule)], Some(5_000)));
    // AND the set before is over: what it signs is passed over, unread
    let before = proven(&bench, number + 5, &running(&bench, 2, anchor));
    bench.reads.clear();
    say(&mut bench, 0, &before);
    assert_eq!((bench.reads.len(), refused(&bench).len(), verified(&bench).len()), (0, 0, 1));
}

#[test]
fn after_a_restart_a_capsule_binds_before_the_light_client_has_a_head() {
    // GIVEN a node that was killed under an order
    let (mut bench, anchor) = ready();
    let order = running(&bench, 1, anchor);
    let number = bench.chain.head + 1;
    let capsule = proven(&bench, number, &order);
    say(&mut bench, 0, &capsule);
    bench.online = false;
    let (disk, ms) = (bench.disk.clone(), bench.ms);
    let mut bench = bench.restart();
    bench.ms += 1_000;
    bench.tick(100);
    assert_eq!(watts(&bench), None);
    // WHEN a gateway shows the capsule THEN the level is held again, without a request
    say(&mut bench, 0, &capsule);
    assert_eq!((watts(&bench), bench.reads.len()), (Some(5_000), 0));
    // WHEN it restarts after the order's end by its own clock THEN the old capsule binds nothing
    let mut bench = Bench::with_disk(disk, ms + 70_000);
    say(&mut bench, 0, &capsule);
    bench.tick(100);
    assert_eq!((watts(&bench), bench.reads.len()), (None, 0));
}

#[test]
fn a_set_of_before_the_restart_proves_no_new_order_until_it_is_confirmed() {
    // GIVEN a node that starts again
    let (bench, anchor) = ready();
    let mut bench = bench.restart();
    let saved = bench.disk.saved.clone();
    // WHEN the set that it knew shows a new order, of a block far ahead
    let order = running(&bench, 9, anchor);
    let capsule = proven(&bench, bench.chain.head + 1_000, &order);
    say(&mut bench, 0, &capsule);
    bench.tick(100);
    // THEN it learns nothing of it, and nothing of it is on disk: the keys may be stolen and the set over
    assert_eq!((watts(&bench), verified(&bench).len(), bench.reads.len()), (None, 0, 0));
    assert_eq!(bench.disk.saved, saved);
    // WHEN the light client proves another set THEN the capsule counts for nothing
    let next = testing::capsule(5, SET + 1, 0, 0, &order, 0).0;
    let known = bench.chain.voters.replace(next);
    let mut other = Bench::with_disk(bench.disk.clone(), bench.ms);
    std::mem::swap(&mut other.chain, &mut bench.chain);
    say(&mut other, 0, &capsule);
    other.head(&[]);
    assert_eq!(verified(&other).len(), 0);
    // WHEN it proves the same set THEN the capsule acts
    std::mem::swap(&mut other.chain, &mut bench.chain);
    bench.chain.voters = known;
    bench.head(&[]);
    assert_eq!(verified(&bench), [(9, Source::Capsule)]);
}
