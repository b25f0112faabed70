//! Nodes of one process.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use loadstone_core::{AccountId, Member, OrganisationId};
use loadstone_dag::{GatewayMessage, Slot, Unit};
use loadstone_keystore::SessionKeystore;
use parking_lot::Mutex;
use sp_keystore::Keystore;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use super::{Switchboard, TestChain};
use crate::{
    assemble::{assemble, Assembly, Service, Spawn},
    chain::{BlockRef, Chain},
    crypto::KEY_TYPE,
    gateway::{GatewayConfig, Hub, Inbound, Peer},
    keeping::Keeping,
    metrics::Counters,
    status::DagHandle,
    store::Store,
};

/// Time between two finalised blocks.
const BLOCK: Duration = Duration::from_millis(40);

/// Nodes that may be started, on one chain and one switchboard.
pub struct Cluster {
    /// The chain.
    pub chain: Arc<TestChain>,
    /// The road between them.
    pub switchboard: Switchboard,
    keystores: Vec<Arc<SessionKeystore>>,
    identities: Vec<Member>,
}

/// A running node.
pub struct Node {
    /// Where devices are served over WebSocket.
    pub gateway: SocketAddr,
    /// Status, database and figures.
    pub handle: DagHandle,
    /// History and the gateway's inside.
    pub service: Service,
    tasks: Vec<JoinHandle<()>>,
}

/// A connection of devices within the process: no socket, the same rules from the quota on.
pub struct Client {
    peer: Peer,
    hub: Hub,
    inbound: mpsc::Sender<Inbound>,
    /// What the gateway says to the devices that submit here.
    pub messages: mpsc::Receiver<GatewayMessage>,
}

impl Client {
    /// Hands units in; waits while the gateway's queue is full. `false` when the node is gone.
    pub async fn submit(&self, units: Vec<Unit>) -> bool {
        self.inbound.send(Inbound::Submit(self.peer.clone(), units)).await.is_ok()
    }

    /// Asks for proofs.
    pub async fn prove(&self, slots: Vec<Slot>) -> bool {
        self.inbound.send(Inbound::Prove(self.peer.clone(), slots)).await.is_ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.hub.leave(&self.peer);
    }
}

impl Node {
    /// A new connection within the process, if the node has a gateway.
    pub fn client(&self) -> Option<Client> {
        let (hub, inbound) = self.service.door.clone()?;
        let (peer, messages) = hub.join(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Some(Client { peer, hub, inbound, messages })
    }
}

impl Cluster {
    /// `nodes` validators with keys of their own, of which the first `members` are the committee of epoch 0,
    /// each with weight 1.
    pub fn new(nodes: u8, members: usize) -> Self {
        let chain = Arc::new(TestChain::default());
        let keystores: Vec<_> = (0..nodes).map(|_| Arc::new(SessionKeystore::in_memory())).collect();
        let identity = |(index, keystore): (u8, &Arc<SessionKeystore>)| Member {
            account: AccountId::new([index; 32]),
            organisation: OrganisationId(index.into()),
            key: keystore.sr25519_generate_new(KEY_TYPE, None).expect("a keystore in memory takes keys").0,
            weight: 1,
        };
        let identities: Vec<_> = (0u8..).zip(&keystores).map(identity).collect();
        for (index, identity) in (0u8..).zip(&identities) {
            chain.announce(identity.account.clone(), index);
        }
        chain.ledger.lock().committee = identities.iter().take(members).cloned().collect();
        Self { chain, switchboard: Switchboard::default(), keystores, identities }
    }

    /// These nodes as a committee.
    pub fn committee(&self, nodes: impl IntoIterator<Item = u8>) -> Vec<Member> {
        nodes.into_iter().filter_map(|node| self.identities.get(usize::from(node)).cloned()).collect()
    }

    /// Starts a node on its folder; `change` may set the gateway's limits.
    pub async fn start(&self, index: u8, folder: &Path, change: impl FnOnce(&mut GatewayConfig)) -> Node {
        let genesis = self.chain.genesis();
        // A node that was killed lets go of its database a moment later.
        let mut store = Store::open(&folder.join("dag"), &genesis);
        for _ in 0..500 {
            if store.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            store = Store::open(&folder.join("dag"), &genesis);
        }
        let handle = DagHandle::new(genesis, Arc::new(store.expect("the database opens")), Counters::default());
        let free = TcpListener::bind("127.0.0.1:0").await.expect("the machine has a free port");
        let gateway = free.local_addr().expect("a bound socket has an address");
        drop(free);
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let spawned = tasks.clone();
        let spawn: Spawn = Box::new(move |_, task| spawned.lock().push(tokio::spawn(task)));
        let blocks = futures::stream::iter(1u32..).then(move |number| async move {
            tokio::time::sleep(BLOCK).await;
            BlockRef { hash: genesis, number }
        });
        let mut config = GatewayConfig::new(gateway);
        change(&mut config);
        let service = assemble(Assembly {
            chain: self.chain.clone(),
            finalised: blocks.boxed(),
            keystore: self.keystores[usize::from(index)].clone(),
            counter: folder.join("dag-counter"),
            gateway: Some(config),
            keeping: Keeping::default(),
            handle: handle.clone(),
            road: Box::new(self.switchboard.join(index)),
            spawn,
        });
        let service = service.expect("the service starts");
        self.switchboard.serve(index, service.history.clone());
        let tasks = std::mem::take(&mut *tasks.lock());
        Node { gateway, handle, service, tasks }
    }

    /// As `kill -9` does: nothing is closed in order.
    pub async fn kill(&self, index: u8, node: Node) {
        node.tasks.iter().for_each(JoinHandle::abort);
        self.switchboard.leave(index);
        for task in node.tasks {
            // Cancelled, or ended because its counterpart was.
            drop(task.await);
        }
    }
}
