//! Members in one process: real databases, gateways and signatures, a road in memory.

use std::{collections::BTreeSet, future::Future, net::SocketAddr, time::Duration};

use codec::{Decode, Encode};
use futures::{SinkExt, StreamExt};
use loadstone_core::{verify_merkle, AnchorNumber, Hash, MemberIndex};
use loadstone_dag::{AnchorLeaf, DeviceMessage, GatewayMessage, PersistItem, Refusal, Unit};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    store::Store,
    testing::{chain_of, unit_id, Cluster, Node},
};

const WAIT: Duration = Duration::from_secs(60);

/// Waits for `work`; says where everyone stands when it takes too long.
async fn within<T>(cluster: &Cluster, nodes: &[&Node], what: &str, work: impl Future<Output = T>) -> T {
    match timeout(WAIT, work).await {
        Ok(done) => done,
        Err(_) => {
            let standing: Vec<_> = nodes.iter().map(|node| node.handle.status()).collect();
            panic!("{what} took too long; on chain: {:#?}; nodes: {standing:#?}", cluster.chain.ledger.lock());
        }
    }
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends units to a gateway, and again and again, until each is anchored; checks every proof.
async fn submit_until_anchored(gateway: SocketAddr, units: Vec<Unit>) {
    let (mut socket, _) = connect_async(format!("ws://{gateway}")).await.expect("it listens");
    let mut open: BTreeSet<Hash> = units.iter().map(unit_id).collect();
    let mut again = tokio::time::interval(Duration::from_secs(1));
    while !open.is_empty() {
        tokio::select! {
            _ = again.tick() => {
                let message = DeviceMessage::Submit(units.clone());
                socket.send(Message::Binary(message.encode().into())).await.expect("open");
            }
            frame = socket.next() => {
                let bytes = match frame {
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    Some(Ok(Message::Ping(_))) => continue,
                    // It has just started and has no seat yet.
                    Some(Ok(Message::Close(_))) | None => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        socket = connect_async(format!("ws://{gateway}")).await.expect("it listens").0;
                        again.reset_immediately();
                        continue;
                    }
                    other => panic!("the gateway hung up: {other:?}"),
                };
                match GatewayMessage::decode(&mut &bytes[..]).expect("it decodes") {
                    GatewayMessage::Anchored { slot, unit, anchor, proof } => {
                        let leaf = AnchorLeaf { slot, unit };
                        assert!(verify_merkle(&anchor.root, &leaf.encode(), &proof) && proof.leaves == anchor.units);
                        open.remove(&unit);
                    }
                    // It has just come back and catches up.
                    GatewayMessage::Refused(_, Refusal::Busy) => {}
                    GatewayMessage::Refused(slot, refusal) => panic!("{slot:?} was refused: {refusal:?}"),
                    _ => {}
                }
            }
        }
    }
}

/// Epoch and level of the witnesses that the member at `index` made, in order of its journal.
fn own_levels(store: &Store, index: u16) -> Vec<(u32, u32)> {
    let journal = store.journal().expect("read").collect::<Result<Vec<_>, _>>().expect("whole");
    let own = journal.into_iter().filter_map(|item| match item {
        PersistItem::Witness(witness, _) if witness.content.member == MemberIndex(index) => Some(witness.content),
        _ => None,
    });
    own.map(|content| (content.epoch, content.level.0)).collect()
}

fn held(node: &Node) -> AnchorNumber {
    let last = node.handle.store.last_anchor().expect("read");
    last.map(|stored| stored.anchor.number).unwrap_or_default()
}

/// Waits until all hold the chain's newest anchor, and checks that they hold the same ones.
async fn agree(cluster: &Cluster, nodes: &[&Node]) {
    let newest = cluster.chain.latest().expect("anchored");
    within(cluster, nodes, "catching up", until(|| nodes.iter().all(|node| held(node) >= newest.number))).await;
    let hashes = |node: &Node| node.handle.store.anchor_hashes(newest.number.0).expect("read");
    assert!(nodes.iter().all(|node| hashes(node) == hashes(nodes[0])));
    assert_eq!(hashes(nodes[0]).last(), Some(&newest.hash()));
}

fn folders(count: usize) -> Vec<TempDir> {
    (0..count).map(|_| tempfile::tempdir().expect("a temporary folder")).collect()
}

async fn start_all(cluster: &Cluster, folders: &[TempDir]) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (index, folder) in (0u8..).zip(folders) {
        nodes.push(cluster.start(index, folder.path(), |_| {}).await);
    }
    nodes
}

fn health(node: &Node) -> &'static str {
    node.handle.status().expect("read").health
}

/// Closes the epoch in force and waits until these nodes have taken up the next one.
async fn change_epoch(cluster: &Cluster, nodes: &[&Node], next: impl IntoIterator<Item = u8>) {
    let epoch = cluster.chain.epoch() + 1;
    cluster.chain.close(cluster.committee(next));
    let taken_up = || nodes.iter().all(|node| node.handle.status().expect("read").epoch == epoch);
    within(cluster, nodes, "the next epoch", until(taken_up)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_anchored_while_one_member_dies_and_comes_back() {
    // GIVEN four members and a device at each of the first two gateways
    let cluster = Cluster::new(4, 4);
    (1..=2).for_each(|device| cluster.chain.register(device));
    let folders = folders(4);
    let mut nodes = start_all(&cluster, &folders).await;
    // WHEN both send THEN their units come back anchored, with proofs
    let both = async {
        let first = submit_until_anchored(nodes[0].gateway, chain_of(1, 0..5));
        let second = submit_until_anchored(nodes[1].gateway, chain_of(2, 0..5));
        futures::join!(first, second)
    };
    within(&cluster, &nodes.iter().collect::<Vec<_>>(), "anchoring by four", both).await;
    // WHEN member 3 is killed THEN the others go on
    let before = own_levels(&nodes[3].handle.store, 3).len();
    cluster.kill(3, nodes.pop().expect("four")).await;
    let both = async {
        let first = submit_until_anchored(nodes[0].gateway, chain_of(1, 5..10));
        let second = submit_until_anchored(nodes[1].gateway, chain_of(2, 5..10));
        futures::join!(first, second)
    };
    within(&cluster, &nodes.iter().collect::<Vec<_>>(), "anchoring by three", both).await;
    // WHEN it is started again THEN it catches up, serves a device itself, and signs on
    let back = cluster.start(3, folders[3].path(), |_| {}).await;
    let work = submit_until_anchored(back.gateway, chain_of(1, 10..15));
    within(&cluster, &[&back], "anchoring at the restarted one", work).await;
    nodes.push(back);
    let all: Vec<&Node> = nodes.iter().collect();
    // WHEN devices go on at another gateway, unit by unit
    for sequence in 10..20 {
        let work = submit_until_anchored(nodes[1].gateway, chain_of(2, sequence..sequence + 1));
        within(&cluster, &all, "anchoring unit by unit", work).await;
    }
    // THEN all hold the same anchors, and no level was signed twice
    agree(&cluster, &all).await;
    let levels = own_levels(&nodes[3].handle.store, 3);
    assert!(levels.len() > before && levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
    let status = nodes[3].handle.status().expect("read");
    assert!(status.signing && status.member == Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_committee_with_one_member_replaced_goes_on_where_the_last_one_ended() {
    // GIVEN members 0 to 3, a validator 4 that is none yet, and anchored units
    let cluster = Cluster::new(5, 4);
    (1..=2).for_each(|device| cluster.chain.register(device));
    let folders = folders(5);
    let nodes = start_all(&cluster, &folders).await;
    let all: Vec<&Node> = nodes.iter().collect();
    let work = submit_until_anchored(nodes[0].gateway, chain_of(1, 0..5));
    within(&cluster, &all, "anchoring in epoch 0", work).await;
    assert_eq!(health(&nodes[4]), "no_member");
    // WHEN the next committee has 4 in the place of 1, in another order, while a device goes on
    let work = submit_until_anchored(nodes[0].gateway, chain_of(1, 5..30));
    let change = change_epoch(&cluster, &all, [4, 3, 2, 0]);
    within(&cluster, &all, "anchoring across the change", async { futures::join!(work, change) }).await;
    // THEN the new member signs and serves devices, the old one does neither
    let work = submit_until_anchored(nodes[4].gateway, chain_of(2, 0..5));
    within(&cluster, &all, "anchoring at the new member", work).await;
    let status = |node: usize| nodes[node].handle.status().expect("read");
    assert_eq!((status(4).member, status(0).member, status(1).member), (Some(0), Some(3), None));
    assert!(status(4).signing && !status(1).signing && status(1).health == "no_member");
    // THEN all hold the same anchors, one of them the closing one
    agree(&cluster, &all).await;
    assert_eq!(cluster.chain.closings.lock().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_late_fetches_two_epochs_and_takes_part() {
    // GIVEN two epochs of members 0 to 3, each with units, and validator 4 that was never there
    let cluster = Cluster::new(5, 4);
    (1..=2).for_each(|device| cluster.chain.register(device));
    let folders = folders(5);
    let mut nodes = start_all(&cluster, &folders[..4]).await;
    for epoch in 0..2u64 {
        let all: Vec<&Node> = nodes.iter().collect();
        let work = submit_until_anchored(nodes[0].gateway, chain_of(1, epoch * 5..epoch * 5 + 5));
        within(&cluster, &all, "anchoring before", work).await;
        let next = if epoch == 0 { [0, 1, 2, 3] } else { [0, 1, 2, 4] };
        change_epoch(&cluster, &all, next).await;
    }
    // WHEN it is started as a member of the third
    nodes.push(cluster.start(4, folders[4].path(), |_| {}).await);
    let all: Vec<&Node> = nodes.iter().collect();
    // THEN it serves a device, which goes on where another left off
    let work = submit_until_anchored(nodes[4].gateway, chain_of(1, 10..15));
    within(&cluster, &all, "anchoring at the late one", work).await;
    // THEN it holds all anchors with their units, and signs
    agree(&cluster, &all).await;
    let status = nodes[4].handle.status().expect("read");
    assert!(status.signing && status.epoch == 2, "{status:?}");
    let mut sequences = Vec::new();
    let each = |slot: loadstone_dag::Slot, _, _| {
        sequences.push(slot.sequence.0);
        true
    };
    nodes[4].handle.store.anchored_backwards(1.into(), each).expect("read");
    assert_eq!(sequences, (0..15).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_its_counter_is_mute_until_the_next_epoch() {
    // GIVEN four members of which the last is killed, and its counter lost
    let cluster = Cluster::new(4, 4);
    cluster.chain.register(1);
    let folders = folders(4);
    let mut nodes = start_all(&cluster, &folders).await;
    let work = submit_until_anchored(nodes[3].gateway, chain_of(1, 0..5));
    within(&cluster, &nodes.iter().collect::<Vec<_>>(), "anchoring before", work).await;
    let before = own_levels(&nodes[3].handle.store, 3);
    cluster.kill(3, nodes.pop().expect("four")).await;
    std::fs::remove_file(folders[3].path().join("dag-counter")).expect("it has one");
    // WHEN it is started again THEN it follows, says that it is mute and why, and signs nothing
    nodes.push(cluster.start(3, folders[3].path(), |_| {}).await);
    let all: Vec<&Node> = nodes.iter().collect();
    within(&cluster, &all, "being mute", until(|| health(&nodes[3]) == "mute")).await;
    let work = submit_until_anchored(nodes[0].gateway, chain_of(1, 5..10));
    within(&cluster, &all, "anchoring without it", work).await;
    agree(&cluster, &all).await;
    let status = nodes[3].handle.status().expect("read");
    assert!(!status.signing && status.reason.is_some_and(|reason| reason.contains("counter")));
    assert_eq!(own_levels(&nodes[3].handle.store, 3), before);
    // WHEN the next epoch begins THEN it signs again, with the same key
    change_epoch(&cluster, &all, [0, 1, 2, 3]).await;
    let work = submit_until_anchored(nodes[3].gateway, chain_of(1, 10..15));
    within(&cluster, &all, "anchoring at the member that was mute", work).await;
    assert!(own_levels(&nodes[3].handle.store, 3).iter().all(|(epoch, _)| *epoch == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_whose_disk_fails_stops_and_recovers_without_a_fork() {
    // GIVEN four members with anchored units
    let cluster = Cluster::new(4, 4);
    (1..=2).for_each(|device| cluster.chain.register(device));
    let folders = folders(4);
    let mut nodes = start_all(&cluster, &folders).await;
    let work = submit_until_anchored(nodes[3].gateway, chain_of(1, 0..5));
    within(&cluster, &nodes.iter().collect::<Vec<_>>(), "anchoring before", work).await;
    // WHEN the disk of one fails under load
    nodes[3].handle.store.fail_writes(true);
    let work = submit_until_anchored(nodes[0].gateway, chain_of(2, 0..5));
    within(&cluster, &nodes.iter().collect::<Vec<_>>(), "anchoring without it", work).await;
    within(&cluster, &[&nodes[3]], "failing", until(|| health(&nodes[3]) == "failed")).await;
    // THEN it says why, and devices are told to come again later
    assert!(nodes[3].handle.status().expect("read").reason.is_some());
    let mut client = nodes[3].client().expect("it has a gateway");
    let unit = chain_of(1, 5..6).remove(0);
    assert!(client.submit(vec![unit.clone()]).await);
    let answer = timeout(WAIT, client.messages.recv()).await.expect("in time");
    assert_eq!(answer, Some(GatewayMessage::Refused(unit.content.slot, Refusal::Busy)));
    // WHEN it is started again with a disk that works THEN it catches up and signs, and nobody saw a fork
    drop(client);
    cluster.kill(3, nodes.pop().expect("four")).await;
    nodes.push(cluster.start(3, folders[3].path(), |_| {}).await);
    let all: Vec<&Node> = nodes.iter().collect();
    let work = submit_until_anchored(nodes[3].gateway, chain_of(1, 5..10));
    within(&cluster, &all, "anchoring after", work).await;
    agree(&cluster, &all).await;
    assert!(all.iter().all(|node| health(node) == "good"));
    let levels = own_levels(&nodes[0].handle.store, 3);
    assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
}
