//! The gateway over real WebSockets on the loopback interface.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use codec::{Decode, Encode};
use futures::{SinkExt, StreamExt};
use loadstone_core::{AreaId, BlockNumber, DeviceId, Direction, Hash, Incarnation, MemberIndex, Millis, Sequence};
use loadstone_dag::{Body, DeviceChains, DeviceMessage, GatewayMessage, Refusal, Slot, MAX_DEVICE_FRAME, WIRE_VERSION};
use parking_lot::Mutex;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_tungstenite::{connect_async, tungstenite::Message, MaybeTlsStream, WebSocketStream};

use super::{
    door::Doorplate,
    ingest::{Ingest, Introduction},
    Door, Gateway, GatewayConfig, Hub, Inbound, Rate,
};
use crate::{
    capsules::Capsules,
    chain::BlockRef,
    crypto::Checker,
    directory::Directory,
    metrics::Counters,
    proofs::Proofs,
    store::Store,
    testing::{registered, unit, unit_id, TestChain, GENESIS},
    vouched::Vouched,
};

const WAIT: Duration = Duration::from_secs(10);

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Running {
    url: String,
    counters: Arc<Counters>,
    inbound: mpsc::Receiver<Inbound>,
    hub: Hub,
    door: Door,
    capsules: Capsules,
}

async fn start(change: impl FnOnce(&mut GatewayConfig)) -> Running {
    let mut config = GatewayConfig::new(([127, 0, 0, 1], 0).into());
    change(&mut config);
    let (hub, counters) = (Hub::default(), Arc::new(Counters::default()));
    let (door, capsules) = (Door::default(), Capsules::default());
    door.change(|plate| *plate = Doorplate { member: Some(MemberIndex(3)), is_open: true, ..Doorplate::default() });
    let (gateway, _, inbound) =
        Gateway::bind(config, GENESIS, door.clone(), hub.clone(), counters.clone(), capsules.clone())
            .expect("a free port");
    let url = format!("ws://{}", gateway.address().expect("bound"));
    tokio::spawn(gateway.run());
    Running { url, counters, inbound, hub, door, capsules }
}

async fn next(client: &mut Client) -> Option<GatewayMessage> {
    loop {
        match timeout(WAIT, client.next()).await.expect("in time")? {
            Ok(Message::Binary(bytes)) => return Some(GatewayMessage::decode(&mut &bytes[..]).expect("it decodes")),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn connect(url: &str) -> Client {
    let (mut client, _) = connect_async(url).await.expect("it listens");
    let hello = GatewayMessage::Hello { version: WIRE_VERSION, genesis: GENESIS, member: MemberIndex(3) };
    assert_eq!(next(&mut client).await, Some(hello));
    client
}

async fn send(client: &mut Client, message: &DeviceMessage) {
    client.send(Message::Binary(message.encode().into())).await.expect("open");
}

fn refused(counters: &Counters, reason: &str) -> u64 {
    counters.refusals().get(reason).copied().unwrap_or_default()
}

#[tokio::test]
async fn frames_that_break_the_rules_close_the_connection_and_disturb_nobody() {
    // GIVEN a gateway and an honest device
    let mut running = start(|_| {}).await;
    let mut honest = connect(&running.url).await;
    // WHEN others send text, rubbish, and a frame beyond the limit
    let frames = [
        (Message::text("hello"), "malformed", 1),
        (Message::Binary(vec![0xff; 100].into()), "malformed", 2),
        (Message::Binary(vec![0; MAX_DEVICE_FRAME + 1].into()), "oversize", 1),
    ];
    for (frame, reason, count) in frames {
        let mut other = connect(&running.url).await;
        // The gateway may close while a large frame is still on its way.
        drop(other.send(frame).await);
        // THEN each is closed and counted
        assert_eq!(next(&mut other).await, None);
        assert_eq!(refused(&running.counters, reason), count);
    }
    // THEN the honest device is served as before
    let sent = vec![unit(1, 0, Hash::zero(), 5)];
    send(&mut honest, &DeviceMessage::Submit(sent.clone())).await;
    let Some(Inbound::Submit(_, units)) = timeout(WAIT, running.inbound.recv()).await.expect("in time") else {
        panic!("units were sent")
    };
    assert_eq!(units, sent);
}

#[tokio::test]
async fn connections_beyond_the_cap_are_turned_away_until_one_leaves() {
    // GIVEN a gateway for one device
    let running = start(|config| config.max_connections = 1).await;
    let first = connect(&running.url).await;
    // THEN the second is turned away
    assert!(connect_async(&running.url).await.is_err());
    // WHEN the first leaves THEN another is served
    drop(first);
    let again = async {
        while running.hub.connections() > 0 || connect_async(&running.url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(WAIT, again).await.expect("in time");
}

#[tokio::test]
async fn a_connection_that_sends_too_many_frames_is_closed() {
    // GIVEN a gateway that admits three frames at once
    let running = start(|config| config.frame_rate = Rate { per_second: 1, burst: 3 }).await;
    let mut client = connect(&running.url).await;
    // WHEN a device sends four
    for _ in 0..4 {
        drop(client.send(Message::Binary(DeviceMessage::Prove(vec![]).encode().into())).await);
    }
    // THEN it is closed
    assert_eq!(next(&mut client).await, None);
    assert_eq!(refused(&running.counters, "busy"), 1);
}

/// Units in memory, as the member would keep them.
#[derive(Clone, Default)]
struct Units(Arc<Mutex<BTreeMap<Slot, Hash>>>);

impl DeviceChains for Units {
    fn units_at(&self, slot: &Slot) -> Vec<Hash> {
        self.0.lock().get(slot).copied().into_iter().collect()
    }

    fn next_sequence(&self, device: DeviceId, incarnation: Incarnation) -> Sequence {
        let is_mine = |slot: &&Slot| slot.device == device && slot.incarnation == incarnation;
        Sequence(self.0.lock().keys().filter(is_mine).count() as u64)
    }
}

/// Takes in what the gateway hands on.
async fn introduce(ledger: Units, mut introductions: mpsc::Receiver<Introduction>) {
    while let Some((units, done)) = introductions.recv().await {
        ledger.0.lock().extend(units.iter().map(|unit| (unit.unit().content.slot, unit.id())));
        done.send(()).expect("the gateway waits");
    }
}

async fn start_with_ingest(folder: &std::path::Path, device_rate: Rate) -> Running {
    let mut running = start(|_| {}).await;
    let chain = Arc::new(TestChain::default());
    for device in [registered(1, false), registered(2, true), registered(3, false)] {
        chain.devices.lock().insert(device.1.device, device);
    }
    let store = Arc::new(Store::open(folder, &GENESIS).expect("a new database"));
    let head = BlockRef { hash: GENESIS, number: BlockNumber::default() };
    let (_, head) = watch::channel(head);
    let ledger = Units::default();
    let (introduced, introductions) = mpsc::channel(1);
    tokio::spawn(introduce(ledger.clone(), introductions));
    let ingest = Ingest {
        genesis: GENESIS,
        chains: ledger,
        directory: Arc::new(Directory::new(chain)),
        head,
        proofs: Arc::new(Proofs::new(store)),
        hub: running.hub.clone(),
        counters: running.counters.clone(),
        door: running.door.clone(),
        vouched: Vouched::default(),
        checker: Checker::default(),
        introductions: introduced,
    };
    let (_, unused) = mpsc::channel(1);
    let inbound = std::mem::replace(&mut running.inbound, unused);
    tokio::spawn(ingest.run(device_rate, inbound));
    running
}

#[tokio::test]
async fn every_bad_unit_is_refused_with_its_reason_and_the_good_ones_pass() {
    // GIVEN a gateway that knows device 1, device 2 (revoked) and device 3
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = start_with_ingest(folder.path(), Rate { per_second: 100, burst: 100 }).await;
    let mut client = connect(&running.url).await;
    let good = [unit(1, 0, Hash::zero(), 10), unit(1, 1, unit_id(&unit(1, 0, Hash::zero(), 10)), 20)];
    let mut badly_signed = unit(3, 0, Hash::zero(), 1);
    badly_signed.signature[0] ^= 1;
    let mut reborn = unit(1, 0, Hash::zero(), 10);
    reborn.content.slot.incarnation = Incarnation(1);
    let mut huge = unit(3, 0, Hash::zero(), 1);
    if let Body::Readings(readings) = &mut huge.content.body {
        readings.deltas = vec![0; 2_000];
    }
    let bad = [
        (unit(9, 0, Hash::zero(), 1), Refusal::UnknownDevice),
        (unit(2, 0, Hash::zero(), 1), Refusal::Revoked),
        (reborn, Refusal::WrongIncarnation),
        (badly_signed, Refusal::BadSignature),
        (unit(3, 5, Hash::repeat_byte(1), 1), Refusal::Gap(Sequence(0))),
        (unit(1, 0, Hash::zero(), 11), Refusal::Fork),
        (unit(3, 0, Hash::zero(), 1_001), Refusal::OutOfRange),
        (huge, Refusal::Oversize),
    ];
    // WHEN the good ones are sent THEN they are accepted, in one frame and in order
    send(&mut client, &DeviceMessage::Submit(good.to_vec())).await;
    for unit in &good {
        assert_eq!(next(&mut client).await, Some(GatewayMessage::Accepted(unit.content.slot, unit_id(unit))));
    }
    // WHEN the bad ones are sent THEN each is refused for its reason, and counted
    for (unit, refusal) in bad {
        let slot = unit.content.slot;
        send(&mut client, &DeviceMessage::Submit(vec![unit])).await;
        assert_eq!(next(&mut client).await, Some(GatewayMessage::Refused(slot, refusal)));
    }
    let refusals = running.counters.refusals();
    assert!(refusals.iter().all(|(reason, count)| *count == u64::from(reason != "busy" && reason != "malformed")));
    // WHEN a unit is sent again THEN it is accepted again, and the device has its route
    send(&mut client, &DeviceMessage::Submit(vec![good[1].clone()])).await;
    assert_eq!(next(&mut client).await, Some(GatewayMessage::Accepted(good[1].content.slot, unit_id(&good[1]))));
    assert!(running.hub.find(DeviceId(1)).is_some());
    assert!(running.hub.find(DeviceId(3)).is_none());
}

#[tokio::test]
async fn a_device_beyond_its_quota_is_told_to_wait() {
    // GIVEN a gateway that admits two units of a device at once
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = start_with_ingest(folder.path(), Rate { per_second: 1, burst: 2 }).await;
    let mut client = connect(&running.url).await;
    // WHEN it sends three
    let mut units = vec![unit(1, 0, Hash::zero(), 1)];
    for sequence in 1..3 {
        units.push(unit(1, sequence, unit_id(&units[units.len() - 1]), 1));
    }
    send(&mut client, &DeviceMessage::Submit(units.clone())).await;
    // THEN two are accepted and one is refused as busy
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(next(&mut client).await.expect("an answer"));
    }
    assert!(answers.contains(&GatewayMessage::Refused(units[2].content.slot, Refusal::Busy)));
    assert_eq!(answers.iter().filter(|answer| matches!(answer, GatewayMessage::Accepted(..))).count(), 2);
}

#[tokio::test]
async fn a_shut_door_is_said_to_be_busy_and_a_node_without_a_seat_points_elsewhere() {
    // GIVEN a gateway that takes nothing in for the moment
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = start_with_ingest(folder.path(), Rate { per_second: 100, burst: 100 }).await;
    running.door.change(|plate| plate.is_open = false);
    // WHEN a device sends a unit THEN it may come again later
    let mut client = connect(&running.url).await;
    let sent = unit(1, 0, Hash::zero(), 1);
    send(&mut client, &DeviceMessage::Submit(vec![sent.clone()])).await;
    assert_eq!(next(&mut client).await, Some(GatewayMessage::Refused(sent.content.slot, Refusal::Busy)));
    // WHEN the node is no member any more THEN new connections are told who is, and end
    running.door.change(|plate| {
        plate.member = None;
        plate.elsewhere = vec!["ws://one".into(), "x".repeat(200)];
    });
    let (mut turned_away, _) = connect_async(&running.url).await.expect("it listens");
    let Ok(Some(Ok(Message::Close(Some(frame))))) = timeout(WAIT, turned_away.next()).await else {
        panic!("the gateway closes with a reason")
    };
    assert!(frame.reason.ends_with("members' gateways: ws://one"), "{}", frame.reason);
}

#[tokio::test]
async fn capsules_reach_devices_at_once_and_whoever_connects_later() {
    // GIVEN a device that is connected
    let running = start(|_| {}).await;
    let mut early = connect(&running.url).await;
    // WHEN a capsule is put up THEN the device has it, and so has one that comes later
    let place = (AreaId(1), Direction::Down);
    running.capsules.put(place, 5, Millis(9_000), vec![1, 2, 3], Millis(0));
    assert_eq!(next(&mut early).await, Some(GatewayMessage::Capsule(vec![1, 2, 3])));
    let mut late = connect(&running.url).await;
    assert_eq!(next(&mut late).await, Some(GatewayMessage::Capsule(vec![1, 2, 3])));
    // WHEN a later one is put up THEN both get that
    running.capsules.put(place, 6, Millis(9_000), vec![4], Millis(0));
    for device in [&mut early, &mut late] {
        assert_eq!(next(device).await, Some(GatewayMessage::Capsule(vec![4])));
    }
}
