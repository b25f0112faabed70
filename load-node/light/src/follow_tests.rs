//! The conversation with smoldot, played by hand.

use super::*;
use crate::head::tests::header;
use loadstone_core::{AnchorNumber, ChangeNotice};
use std::time::Instant;

fn seen() -> Seen {
    Seen { instant: Instant::now(), unix_ms: 1_000 }
}

fn requests(effects: &[Effect]) -> Vec<Value> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Request(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
        .collect()
}

fn answer(follower: &mut Follower, request: &Value, result: Value) -> Vec<Effect> {
    follower.on_text(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string(), seen())
}

fn event(follower: &mut Follower, result: Value) -> Vec<Effect> {
    let params = json!({ "subscription": "sub", "result": result });
    follower.on_text(
        &json!({ "jsonrpc": "2.0", "method": "chainHead_v1_followEvent", "params": params }).to_string(),
        seen(),
    )
}

fn hash(byte: u8) -> String {
    format!("0x{}", hex::encode([byte; 32]))
}

/// A follower that has verified the head of number 10 and hash 0x0a...
fn following() -> Follower {
    let mut follower = Follower::default();
    let follow = requests(&[follower.start()]);
    answer(&mut follower, &follow[0], json!("sub"));
    let effects = event(&mut follower, json!({ "event": "initialized", "finalizedBlockHashes": [hash(9), hash(10)] }));
    let ask = requests(&effects);
    assert_eq!(ask.len(), 1);
    let effects = answer(&mut follower, &ask[0], json!(format!("0x{}", hex::encode(header(10, 50, None)))));
    assert!(matches!(&effects[..], [Effect::Head(head)] if head.number == 10 && head.after_gap));
    follower
}

#[test]
fn heads_come_in_order_with_notices_and_old_ones_are_unpinned() {
    // GIVEN a follower at head 10
    let mut follower = following();
    // WHEN two more blocks are finalised and one is pruned
    let effects = event(
        &mut follower,
        json!({ "event": "finalized", "finalizedBlockHashes": [hash(11), hash(12)], "prunedBlockHashes": [hash(99)] }),
    );
    let asked = requests(&effects);
    assert_eq!(asked[2]["params"][1], json!([hash(99)]));
    let notice = ChangeNotice::Anchor(AnchorNumber(4));
    let first = answer(&mut follower, &asked[0], json!(format!("0x{}", hex::encode(header(11, 51, Some(notice))))));
    let second = answer(&mut follower, &asked[1], json!(format!("0x{}", hex::encode(header(12, 52, None)))));
    // THEN both heads are told, the first with its notice, and each unpins the one before
    assert!(matches!(&first[0], Effect::Head(head) if head.notices == [notice] && !head.after_gap));
    assert!(matches!(&second[0], Effect::Head(head) if head.number == 12 && head.slot == Some(52)));
    assert_eq!(requests(&first)[0]["params"][1], json!([hash(10)]));
    assert_eq!(requests(&second)[0]["params"][1], json!([hash(11)]));
}

#[test]
fn a_read_takes_one_operation_a_key_and_keeps_their_order() {
    // GIVEN a follower and a read of two keys, of which the second does not exist
    let mut follower = following();
    let asked = requests(&follower.read(7, vec![vec![1], vec![2]]));
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["params"][1], json!(hash(10)));
    answer(&mut follower, &asked[1], json!({ "result": "started", "operationId": "b", "discardedItems": 0 }));
    answer(&mut follower, &asked[0], json!({ "result": "started", "operationId": "a", "discardedItems": 0 }));
    // WHEN both operations end
    let items = json!([{ "key": "0x01", "value": "0xabcd" }]);
    event(&mut follower, json!({ "event": "operationStorageItems", "operationId": "a", "items": items }));
    assert!(event(&mut follower, json!({ "event": "operationStorageDone", "operationId": "b" })).is_empty());
    let effects = event(&mut follower, json!({ "event": "operationStorageDone", "operationId": "a" }));
    // THEN the values stand in the order of the keys
    assert!(matches!(&effects[..], [Effect::Read(7, Ok((head, values)))]
        if head.number == 10 && values[..] == [Some(vec![0xab, 0xcd]), None]));
}

#[test]
fn reads_before_the_first_head_wait_for_it() {
    // GIVEN a follower without a head
    let mut follower = Follower::default();
    let follow = requests(&[follower.start()]);
    answer(&mut follower, &follow[0], json!("sub"));
    // WHEN a read is asked THEN nothing is sent
    assert!(follower.read(1, vec![vec![1]]).is_empty());
    // WHEN the head is there THEN the read goes out
    let ask = requests(&event(&mut follower, json!({ "event": "initialized", "finalizedBlockHashes": [hash(1)] })));
    let effects = answer(&mut follower, &ask[0], json!(format!("0x{}", hex::encode(header(1, 1, None)))));
    assert_eq!(requests(&effects)[0]["method"], "chainHead_v1_storage");
}

#[test]
fn a_stop_fails_the_reads_and_follows_again() {
    // GIVEN a follower with a read under way
    let mut follower = following();
    let asked = requests(&follower.read(7, vec![vec![1]]));
    answer(&mut follower, &asked[0], json!({ "result": "started", "operationId": "a" }));
    // WHEN smoldot ends the subscription
    let effects = event(&mut follower, json!({ "event": "stop" }));
    // THEN the read is interrupted and a new subscription is asked for
    assert!(matches!(&effects[0], Effect::Read(7, Err(LightError::Interrupted))));
    assert_eq!(requests(&effects)[0]["method"], "chainHead_v1_follow");
}

#[test]
fn no_free_slot_means_waiting_and_no_proof_means_failure() {
    // GIVEN a read that finds no slot
    let mut follower = following();
    let asked = requests(&follower.read(7, vec![vec![1]]));
    assert!(answer(&mut follower, &asked[0], json!({ "result": "limitReached" })).is_empty());
    // WHEN the next head comes THEN it is sent again
    let ask = requests(&event(&mut follower, json!({ "event": "finalized", "finalizedBlockHashes": [hash(11)] })));
    let effects = answer(&mut follower, &ask[0], json!(format!("0x{}", hex::encode(header(11, 51, None)))));
    let again = requests(&effects);
    assert_eq!(again[0]["params"][1], json!(hash(11)));
    // WHEN no peer proves it THEN the read fails
    answer(&mut follower, &again[0], json!({ "result": "started", "operationId": "c" }));
    let effects = event(&mut follower, json!({ "event": "operationInaccessible", "operationId": "c" }));
    assert!(matches!(&effects[..], [Effect::Read(7, Err(LightError::Inaccessible))]));
}

#[test]
fn reads_beyond_the_free_slots_wait_their_turn() {
    // GIVEN a follower WHEN twenty reads of two keys each are asked for at once
    let mut follower = following();
    let asked: Vec<_> =
        (0..20).map(|id| requests(&follower.read(id, vec![vec![1, id as u8], vec![2, id as u8]]))).collect();
    // THEN fifteen begin, as many as fit into thirty slots
    let begun = asked.iter().filter(|requests| !requests.is_empty()).count();
    assert_eq!((begun, asked.iter().flatten().count()), (15, 30));
    // WHEN the first ends THEN the sixteenth begins
    for (index, request) in asked[0].iter().enumerate() {
        answer(&mut follower, request, json!({ "result": "started", "operationId": index.to_string() }));
    }
    assert_eq!(event(&mut follower, json!({ "event": "operationStorageDone", "operationId": "0" })), []);
    let effects = event(&mut follower, json!({ "event": "operationStorageDone", "operationId": "1" }));
    assert!(matches!(&effects[0], Effect::Read(0, Ok(_))));
    assert_eq!(requests(&effects).len(), 2);
}
