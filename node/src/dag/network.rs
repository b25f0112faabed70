//! The committee's own protocols over sc-network: notifications, and requests for missing history.
//!
//! Only the validators' peer ids that stand on chain are admitted. Notifications may be lost; whatever is
//! missing is asked for by request-response.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{future::BoxFuture, FutureExt};
use loadstone_core::{Hash, MemberIndex};
use loadstone_dag::MAX_MEMBER_FRAME;
use loadstone_dag_node::{LinkEvent, PeerKey, Road, Roster};
use parking_lot::RwLock;
use sc_network::{
    config::{IncomingRequest, NonReservedPeerMode, NotificationMetrics, SetConfig},
    multiaddr::{Multiaddr, Protocol},
    peer_store::PeerStoreProvider,
    request_responses::IfDisconnected,
    service::traits::{NetworkService, NotificationEvent, NotificationService, ValidationResult},
    NetworkBackend, PeerId, ProtocolName,
};
use sp_runtime::traits::Block as BlockT;

/// Greatest request for history in bytes.
const MAX_REQUEST: u64 = 64 * 1_024;

/// Requests of all members that may wait for an answer.
const REQUEST_QUEUE: usize = 64;

/// Time that a member has to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// This node's ends of the two protocols, for [`super::spawn`].
pub struct DagProtocols {
    pub(super) notifications: Box<dyn NotificationService>,
    pub(super) requests: async_channel::Receiver<IncomingRequest>,
    pub(super) history: ProtocolName,
}

/// The two protocols' configurations, for `FullNetworkConfiguration`, and this node's ends of them.
pub fn protocols<Block: BlockT<Hash = Hash>, N: NetworkBackend<Block, Hash>>(
    genesis: Hash,
    metrics: NotificationMetrics,
    peer_store: Arc<dyn PeerStoreProvider>,
) -> (N::NotificationProtocolConfig, N::RequestResponseProtocolConfig, DagProtocols) {
    let chain = hex::encode(genesis);
    let history: ProtocolName = format!("/{chain}/loadstone/dag-history/1").into();
    let set = SetConfig {
        in_peers: 0,
        out_peers: 0,
        reserved_nodes: Vec::new(),
        non_reserved_mode: NonReservedPeerMode::Deny,
    };
    let (notification_config, notifications) = N::notification_config(
        format!("/{chain}/loadstone/dag/1").into(),
        Vec::new(),
        MAX_MEMBER_FRAME as u64,
        None,
        set,
        metrics,
        peer_store,
    );
    let (inbound, requests) = async_channel::bounded(REQUEST_QUEUE);
    let request_config = N::request_response_config(
        history.clone(),
        Vec::new(),
        MAX_REQUEST,
        MAX_MEMBER_FRAME as u64,
        REQUEST_TIMEOUT,
        Some(inbound),
    );
    (notification_config, request_config, DagProtocols { notifications, requests, history })
}

/// [`Road`] over the two protocols.
pub struct Links {
    service: Box<dyn NotificationService>,
    network: Arc<dyn NetworkService>,
    history: ProtocolName,
    roster: Arc<RwLock<Roster>>,
    open: BTreeSet<PeerId>,
}

impl Links {
    /// Over the network, with nobody admitted yet. The roster is shared with the history server.
    pub fn new(
        notifications: Box<dyn NotificationService>,
        history: ProtocolName,
        network: Arc<dyn NetworkService>,
    ) -> (Self, Arc<RwLock<Roster>>) {
        let roster = Arc::new(RwLock::new(Roster::default()));
        let links = Self { service: notifications, network, history, roster: roster.clone(), open: BTreeSet::new() };
        (links, roster)
    }
}

fn key(peer: &PeerId) -> PeerKey {
    PeerKey(peer.to_bytes())
}

#[async_trait]
impl Road for Links {
    fn own_peer(&self) -> PeerKey {
        key(&self.network.local_peer_id())
    }

    fn set_roster(&mut self, roster: Roster) {
        if *self.roster.read() == roster {
            return;
        }
        let peers = roster.peers().filter_map(|peer| PeerId::from_bytes(&peer.0).ok());
        let addresses = peers.map(|peer| Multiaddr::empty().with(Protocol::P2p(peer.into())));
        if let Err(error) = self.network.set_reserved_peers(self.service.protocol().clone(), addresses.collect()) {
            log::warn!(target: super::LOG, "the validators' peers can't be reserved: {error}");
        }
        *self.roster.write() = roster;
    }

    fn connected(&self) -> Vec<MemberIndex> {
        let roster = self.roster.read();
        self.open.iter().filter_map(|peer| roster.member(&key(peer))).collect()
    }

    fn broadcast(&mut self, message: Vec<u8>) {
        let roster = self.roster.read();
        for peer in self.open.iter().filter(|peer| roster.member(&key(peer)).is_some()) {
            self.service.send_sync_notification(peer, message.clone());
        }
    }

    fn request(&self, member: MemberIndex, request: Vec<u8>) -> BoxFuture<'static, Option<Vec<u8>>> {
        let peer = self.roster.read().peer(member).and_then(|peer| PeerId::from_bytes(&peer.0).ok());
        let (network, protocol) = (self.network.clone(), self.history.clone());
        let ask = async move {
            let answer = network.request(peer?, protocol, request, None, IfDisconnected::ImmediateError).await;
            answer.ok().map(|(bytes, _)| bytes)
        };
        ask.boxed()
    }

    async fn next(&mut self) -> Option<LinkEvent> {
        loop {
            match self.service.next_event().await? {
                NotificationEvent::ValidateInboundSubstream { peer, result_tx, .. } => {
                    let is_known = self.roster.read().admits(&key(&peer));
                    let verdict = if is_known { ValidationResult::Accept } else { ValidationResult::Reject };
                    // The network may have given up meanwhile.
                    drop(result_tx.send(verdict));
                }
                NotificationEvent::NotificationStreamOpened { peer, .. } => {
                    self.open.insert(peer);
                    if let Some(member) = self.roster.read().member(&key(&peer)) {
                        return Some(LinkEvent::Opened(member));
                    }
                }
                NotificationEvent::NotificationStreamClosed { peer } => {
                    self.open.remove(&peer);
                }
                NotificationEvent::NotificationReceived { peer, notification } => {
                    if let Some(member) = self.roster.read().member(&key(&peer)) {
                        return Some(LinkEvent::Message(member, notification));
                    }
                }
            }
        }
    }
}
