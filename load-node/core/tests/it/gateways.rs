//! Gateways promise nothing: resending, rotation, and proofs held against the chain.

use crate::bench::*;
use loadstone_core::{ChangeNotice, Hash, Level, MemberIndex, Sequence};
use loadstone_dag::{DeviceMessage, GatewayMessage, Reference, Refusal, WitnessRef};
use loadstone_load_core::{Note, UnitState};
use std::collections::BTreeSet;

fn states(bench: &Bench) -> Vec<UnitState> {
    bench.disk.units.values().map(|(.., state)| *state).collect()
}

#[test]
fn a_unit_is_sent_again_to_gateways_of_two_owners_until_it_is_anchored() {
    // GIVEN a unit that was sent once to one gateway
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    assert_eq!(bench.submitted().len(), 1);
    // WHEN nothing is heard THEN it goes to f + 1 = 2 gateways, again and again, in rotation
    let mut reached = BTreeSet::new();
    for _ in 0..40 {
        bench.tick(1_000);
        bench.head(&[]);
        let sent = bench.submitted();
        assert!(sent.is_empty() || sent.len() == 2);
        reached.extend(sent.into_iter().map(|(gateway, _)| gateway));
    }
    assert_eq!(reached.len(), 4);
    assert!(!bench.node.is_drained());
    // WHEN it is anchored THEN it is sent no more
    bench.anchor_all();
    bench.tick(60_000);
    assert_eq!((bench.submitted().len(), bench.node.is_drained()), (0, true));
}

#[test]
fn a_confirmation_is_only_a_word() {
    // GIVEN a unit that a gateway calls confirmed
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    let (unit, hash, _) = bench.disk.units.values().next().unwrap().clone();
    bench.ms += 150;
    bench.say(0, GatewayMessage::Confirmed(unit.content.slot, hash));
    bench.say(0, GatewayMessage::Confirmed(unit.content.slot, hash));
    // THEN that is told once, with the time since sending
    let confirmed: Vec<_> = bench.notes.iter().filter(|note| matches!(note, Note::Confirmed { .. })).collect();
    assert_eq!(confirmed, [&Note::Confirmed { slot: unit.content.slot, after_ms: Some(150) }]);
    bench.submitted();
    // AND without a proof the node asks for one, and later sends the unit again
    let (mut proofs, mut units) = (0, 0);
    for _ in 0..60 {
        bench.tick(1_000);
        for (_, message) in std::mem::take(&mut bench.sent) {
            match message {
                DeviceMessage::Prove(_) => proofs += 1,
                DeviceMessage::Submit(_) => units += 1,
            }
        }
    }
    assert!(proofs > 0 && units > 0, "{proofs} {units}");
    assert_eq!(states(&bench), [UnitState::Confirmed]);
}

#[test]
fn a_forged_anchor_or_path_anchors_nothing() {
    // GIVEN a right path in an anchor that is not the chain's
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    let (mut anchor, messages) = bench.make_anchor();
    anchor.readings = 77;
    bench.chain.anchors.insert(anchor.number, anchor.clone());
    bench.head(&[ChangeNotice::Anchor(anchor.number)]);
    let before = bench.gateways.len();
    let gateway = bench.node.primary();
    bench.say(gateway, messages[0].clone());
    // THEN the unit stays, the gateway is named and left
    assert_eq!(states(&bench), [UnitState::Signed]);
    assert!(bench.refusals().iter().any(|text| text.contains("not the chain's")));
    assert_eq!(bench.gateways.len(), before + 1);
    // GIVEN the chain's anchor with another unit's path THEN it is refused at once
    let GatewayMessage::Anchored { slot, unit, mut proof, .. } = messages[0].clone() else { panic!() };
    proof.siblings.push(Hash::repeat_byte(1));
    bench.say(0, GatewayMessage::Anchored { slot, unit, anchor, proof });
    assert!(bench.refusals().iter().any(|text| text.contains("Merkle path")));
    assert_eq!(states(&bench), [UnitState::Signed]);
}

#[test]
fn an_anchor_that_is_not_final_yet_waits_for_the_chain() {
    // GIVEN a proof that comes before the anchor is finalised
    let mut bench = Bench::new();
    bench.seconds(5, 700);
    let (anchor, messages) = bench.make_anchor();
    bench.say(0, messages[0].clone());
    assert_eq!(states(&bench), [UnitState::Signed]);
    // WHEN the anchor is finalised, its notice comes and then the node's moment to read it THEN the unit is anchored
    bench.chain.anchors.insert(anchor.number, anchor.clone());
    bench.head(&[ChangeNotice::Anchor(anchor.number)]);
    bench.tick(500);
    assert_eq!(states(&bench), [UnitState::Anchored(anchor.number)]);
    // AND a proof that comes after it needs no second read
    bench.reads.clear();
    bench.seconds(5, 700);
    let (next, messages) = bench.make_anchor();
    bench.chain.anchors.insert(next.number, next.clone());
    bench.say(0, messages[0].clone());
    bench.head(&[ChangeNotice::Anchor(next.number)]);
    bench.tick(500);
    let anchors = bench.reads.iter().filter(|query| matches!(query, loadstone_load_core::Query::Anchor(_)));
    assert_eq!(anchors.count(), 1);
}

#[test]
fn without_a_gateway_units_wait_and_go_out_with_the_next_connection() {
    // GIVEN a node whose gateway is lost
    let mut bench = Bench::new();
    let first = bench.node.primary();
    bench.node.lost(bench.now(), first);
    bench.settle();
    bench.seconds(10, 700);
    // THEN it wants the next gateway and has sent nothing
    assert_eq!(bench.node.primary(), (first + 1) % 4);
    assert_eq!(bench.submitted().len(), 0);
    // WHEN that one is there THEN both units go out in order
    bench.connect();
    let sent: Vec<_> =
        bench.submitted().into_iter().map(|(gateway, unit)| (gateway, unit.content.slot.sequence)).collect();
    assert_eq!(sent, [((first + 1) % 4, Sequence(0)), ((first + 1) % 4, Sequence(1))]);
}

#[test]
fn a_gap_is_filled_once_and_a_refusal_is_told() {
    // GIVEN a gateway that misses unit 0
    let mut bench = Bench::new();
    bench.seconds(10, 700);
    bench.submitted();
    bench.ms += 1_000;
    let slot = bench.disk.units.keys().last().copied().unwrap();
    // WHEN it says so for each later unit THEN the units from there are sent once
    bench.say(2, GatewayMessage::Refused(slot, Refusal::Gap(Sequence(0))));
    bench.say(2, GatewayMessage::Refused(slot, Refusal::Gap(Sequence(0))));
    let sent = bench.submitted();
    assert_eq!(
        sent.iter().map(|(gateway, unit)| (*gateway, unit.content.slot.sequence.0)).collect::<Vec<_>>(),
        [(2, 0), (2, 1)]
    );
    // AND every refusal is told with its reason
    bench.say(2, GatewayMessage::Refused(slot, Refusal::Busy));
    assert!(bench.notes.contains(&Note::UnitRefused { slot, gateway: 2, refusal: Refusal::Busy }));
}

#[test]
fn a_gateways_newest_witness_is_buried_once() {
    // GIVEN a gateway that shows its newest witness
    let mut bench = Bench::new();
    let witness = WitnessRef { member: MemberIndex(2), level: Level(9), hash: Hash::repeat_byte(3) };
    bench.say(0, GatewayMessage::Frontier(witness));
    // WHEN two units are signed THEN the first refers to it, the second to nothing
    bench.seconds(10, 700);
    let references: Vec<_> = bench.disk.units.values().map(|(unit, ..)| unit.content.references.clone()).collect();
    assert_eq!(references, [vec![Reference::Witness(MemberIndex(2), Level(9), witness.hash)], vec![]]);
}

#[test]
fn a_node_is_ready_while_it_hears_the_chain_and_a_gateway() {
    // GIVEN a registered node with a head and a gateway THEN it is ready
    let mut bench = Bench::new();
    assert!(bench.node.state(bench.now()).is_ready());
    // WHEN the chain is silent for three heartbeats THEN it is not, and is again with the next head
    bench.ms += 60_000;
    assert!(!bench.node.state(bench.now()).is_ready());
    bench.head(&[]);
    assert!(bench.node.state(bench.now()).is_ready());
    // WHEN its gateway is lost THEN it is not, and the gateway has a penalty
    let first = bench.node.primary();
    bench.node.lost(bench.now(), first);
    bench.settle();
    let state = bench.node.state(bench.now());
    assert!(!state.is_ready() && state.gateways[first].penalty > 0 && state.primary != first);
}
