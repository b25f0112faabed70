//! Four members in one process: real databases, gateways and signatures, a road in memory.

use std::{collections::BTreeSet, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use codec::{Decode, Encode};
use futures::{future::BoxFuture, FutureExt, SinkExt, StreamExt};
use loadstone_core::{verify_merkle, AccountId, DeviceId, Hash, Member, MemberIndex, OrganisationId};
use loadstone_dag::{
    AnchorLeaf, Committee, DeviceMessage, GatewayMessage, HistoryRequest, HistoryResponse, MemberMessage, PersistItem,
    Refusal, Unit,
};
use parking_lot::{Mutex, RwLock};
use sc_network::PeerId;
use sp_keystore::{testing::MemoryKeystore, Keystore};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle, time::timeout};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{
    assemble::{assemble, Assembly, Spawn},
    chain::{BlockRef, Chain},
    crypto::{Signer, KEY_TYPE},
    gateway::GatewayConfig,
    metrics::Counters,
    network::{LinkEvent, Road, Roster},
    proofs::Proofs,
    status::{DagHandle, View},
    store::Store,
    testing::{registered, unit, unit_id, TestChain},
    worker::NodeMember,
};

const MEMBERS: u16 = 4;
const WAIT: Duration = Duration::from_secs(60);

/// What others reach of a running member.
#[derive(Clone)]
struct Reach {
    inbox: mpsc::UnboundedSender<(MemberIndex, MemberMessage)>,
    served: Option<(Arc<Mutex<NodeMember>>, Arc<Store>)>,
}

type Switchboard = Arc<Mutex<Vec<Option<Reach>>>>;

struct MemoryRoad {
    me: MemberIndex,
    inbox: mpsc::UnboundedReceiver<(MemberIndex, MemberMessage)>,
    switchboard: Switchboard,
}

#[async_trait]
impl Road for MemoryRoad {
    fn own_peer(&self) -> PeerId {
        PeerId::random()
    }

    fn set_roster(&mut self, _: Roster) {}

    fn connected(&self) -> Vec<MemberIndex> {
        Vec::new()
    }

    fn broadcast(&mut self, message: &MemberMessage) {
        for (index, reach) in self.switchboard.lock().iter().enumerate() {
            if let Some(reach) = reach.as_ref().filter(|_| index != usize::from(self.me.0)) {
                drop(reach.inbox.send((self.me, message.clone())));
            }
        }
    }

    fn request(&self, member: MemberIndex, request: HistoryRequest) -> BoxFuture<'static, Option<HistoryResponse>> {
        let reach = self.switchboard.lock()[usize::from(member.0)].clone();
        async move {
            let (served, store) = reach?.served?;
            let answer = served.lock().serve(&request, &*store);
            Some(answer)
        }
        .boxed()
    }

    async fn next(&mut self) -> Option<LinkEvent> {
        let (from, message) = self.inbox.recv().await?;
        Some(LinkEvent::Message(from, Box::new(message)))
    }
}

struct Node {
    gateway: SocketAddr,
    handle: DagHandle,
    tasks: Vec<JoinHandle<()>>,
}

struct Cluster {
    chain: Arc<TestChain>,
    keystores: Vec<Arc<MemoryKeystore>>,
    switchboard: Switchboard,
}

impl Cluster {
    fn new() -> Self {
        let chain = Arc::new(TestChain::default());
        let keystores: Vec<_> = (0..MEMBERS).map(|_| Arc::new(MemoryKeystore::new())).collect();
        let member = |(index, keystore): (u8, &Arc<MemoryKeystore>)| Member {
            account: AccountId::new([index; 32]),
            organisation: OrganisationId(index.into()),
            key: keystore.sr25519_generate_new(KEY_TYPE, None).expect("in memory").0,
            weight: 1,
        };
        *chain.committee.lock() = (0u8..).zip(&keystores).map(member).collect();
        Self { chain, keystores, switchboard: Arc::new(Mutex::new(vec![None; usize::from(MEMBERS)])) }
    }

    async fn start(&self, index: u16, folder: &Path) -> Node {
        let genesis = self.chain.genesis();
        // A node that was killed lets go of its database a moment later.
        let mut store = Store::open(&folder.join("dag"), &genesis);
        while store.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            store = Store::open(&folder.join("dag"), &genesis);
        }
        let store = Arc::new(store.expect("it is open"));
        let handle = DagHandle {
            genesis,
            proofs: Arc::new(Proofs::new(store.clone())),
            store: store.clone(),
            counters: Arc::new(Counters::default()),
            view: Arc::new(RwLock::new(View::default())),
        };
        let members = self.chain.committee.lock().clone();
        let committee = Committee::new(members.iter().map(|member| (member.key, member.weight)).collect());
        let signer = Signer::find(&(self.keystores[usize::from(index)].clone() as _), members.iter().map(|m| m.key));
        let (place, signer) = signer.expect("it has a key");
        assert_eq!(place, usize::from(index));
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let gateway = free.local_addr().expect("bound");
        drop(free);
        let (inbox, messages) = mpsc::unbounded_channel();
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let spawned = tasks.clone();
        let spawn: Spawn = Box::new(move |_, task| spawned.lock().push(tokio::spawn(task)));
        let blocks = futures::stream::iter(1u32..).then(move |number| async move {
            tokio::time::sleep(Duration::from_millis(40)).await;
            BlockRef { hash: genesis, number }
        });
        let member = assemble(Assembly {
            chain: self.chain.clone(),
            finalised: blocks.boxed(),
            head: self.chain.finalised(),
            members,
            committee: committee.expect("sound"),
            me: MemberIndex(index),
            signer: Some(signer),
            counter: folder.join("dag-counter"),
            gateway: Some(GatewayConfig::new(gateway)),
            handle: handle.clone(),
            road: Box::new(MemoryRoad {
                me: MemberIndex(index),
                inbox: messages,
                switchboard: self.switchboard.clone(),
            }),
            spawn,
        });
        let member = member.expect("it starts");
        self.switchboard.lock()[usize::from(index)] = Some(Reach { inbox, served: Some((member, store)) });
        let tasks = std::mem::take(&mut *tasks.lock());
        Node { gateway, handle, tasks }
    }

    /// Waits for `work`; says where everyone stands when it takes too long.
    async fn within<T>(&self, what: &str, work: impl std::future::Future<Output = T>) -> T {
        match timeout(WAIT, work).await {
            Ok(done) => done,
            Err(_) => {
                let latest = self.chain.latest.lock().as_ref().map(|anchor| anchor.number);
                let reached: Vec<_> = self.switchboard.lock().iter().flatten().cloned().collect();
                let standing: Vec<_> =
                    reached.iter().flat_map(|reach| &reach.served).map(|(member, _)| member.lock().status()).collect();
                panic!("{what} took too long; on chain: {latest:?}; members: {standing:#?}");
            }
        }
    }

    /// As `kill -9` does: nothing is closed in order.
    async fn kill(&self, index: u16, node: Node) {
        node.tasks.iter().for_each(JoinHandle::abort);
        self.switchboard.lock()[usize::from(index)] = None;
        for task in node.tasks {
            // Cancelled, or ended because its counterpart was.
            drop(task.await);
        }
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

fn chain_of(device: u32, sequences: std::ops::Range<u64>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for sequence in 0..sequences.end {
        let previous = units.last().map(unit_id).unwrap_or_default();
        units.push(unit(device, sequence, previous, 100));
    }
    units.split_off(usize::try_from(sequences.start).expect("small"))
}

/// Levels of the witnesses that the member at `index` made, in order of its journal.
fn own_levels(store: &Store, index: u16) -> Vec<u32> {
    let journal = store.journal().expect("read").collect::<Result<Vec<_>, _>>().expect("whole");
    let own = journal.into_iter().filter_map(|item| match item {
        PersistItem::Witness(witness, _) if witness.content.member == MemberIndex(index) => Some(witness),
        _ => None,
    });
    own.map(|witness| witness.content.level.0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_anchored_while_one_member_dies_and_comes_back() {
    // GIVEN four members and a device at each of the first two gateways
    let cluster = Cluster::new();
    for device in 1..=2 {
        cluster.chain.devices.lock().insert(DeviceId(device), registered(device, false));
    }
    let folders: Vec<_> = (0..MEMBERS).map(|_| tempfile::tempdir().expect("a temporary folder")).collect();
    let mut nodes = Vec::new();
    for index in 0..MEMBERS {
        nodes.push(cluster.start(index, folders[usize::from(index)].path()).await);
    }
    // WHEN both send THEN their units come back anchored, with proofs
    let both = async {
        let first = submit_until_anchored(nodes[0].gateway, chain_of(1, 0..5));
        let second = submit_until_anchored(nodes[1].gateway, chain_of(2, 0..5));
        futures::join!(first, second)
    };
    cluster.within("anchoring by four", both).await;
    // WHEN member 3 is killed THEN the others go on
    let before = own_levels(&nodes[3].handle.store, 3).len();
    cluster.kill(3, nodes.pop().expect("four")).await;
    let both = async {
        let first = submit_until_anchored(nodes[0].gateway, chain_of(1, 5..10));
        let second = submit_until_anchored(nodes[1].gateway, chain_of(2, 5..10));
        futures::join!(first, second)
    };
    cluster.within("anchoring by three", both).await;
    // WHEN it is started again THEN it catches up, serves a device itself, and signs on
    let back = cluster.start(3, folders[3].path()).await;
    cluster.within("anchoring at the restarted one", submit_until_anchored(back.gateway, chain_of(1, 10..15))).await;
    nodes.push(back);
    // WHEN devices go on at another gateway, unit by unit
    for sequence in 10..20 {
        let work = submit_until_anchored(nodes[1].gateway, chain_of(2, sequence..sequence + 1));
        cluster.within("anchoring unit by unit", work).await;
    }
    let newest = cluster.chain.latest.lock().clone().expect("anchored");
    let caught_up = async {
        let held = |node: &Node| node.handle.store.last_anchor().expect("read").map(|stored| stored.anchor.number);
        while nodes.iter().any(|node| held(node) < Some(newest.number)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    cluster.within("catching up", caught_up).await;
    // THEN all hold the same anchors, and no level was signed twice
    let hashes = |node: &Node| node.handle.store.anchor_hashes(newest.number.0).expect("read");
    assert!(nodes.iter().all(|node| hashes(node) == hashes(&nodes[0])));
    assert_eq!(hashes(&nodes[0]).last(), Some(&newest.hash()));
    let levels = own_levels(&nodes[3].handle.store, 3);
    assert!(levels.len() > before && levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
    let status = nodes[3].handle.status().expect("read");
    assert!(status.signing && status.member == Some(3));
}
