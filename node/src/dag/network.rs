//! The committee's own protocols over sc-network: notifications, and requests for missing history.
//!
//! Only the peer ids that stand on chain are admitted. Notifications may be lost; whatever is
//! missing is asked for by request-response.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use codec::Encode;
use loadstone_core::{AccountId, Hash, Member, MemberIndex, ValidatorInfo};
use loadstone_dag::{
    decode_history_response, decode_member_message, HistoryRequest, HistoryResponse, MemberMessage, MAX_MEMBER_FRAME,
};
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

/// For a node that is no member: turns everyone away for as long as the network runs.
pub async fn refuse_all(protocols: DagProtocols) {
    let mut service = protocols.notifications;
    while let Some(event) = service.next_event().await {
        if let NotificationEvent::ValidateInboundSubstream { result_tx, .. } = event {
            // The network may have given up meanwhile.
            drop(result_tx.send(ValidationResult::Reject));
        }
    }
}

/// Which member speaks through which peer id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    members: BTreeMap<MemberIndex, PeerId>,
    peers: BTreeMap<PeerId, MemberIndex>,
}

impl Roster {
    /// The committee's peer ids as they stand on chain, without this node's own. A peer id that two
    /// members announce counts for the first.
    pub fn new(committee: &[Member], validators: &[(AccountId, ValidatorInfo)], own: &PeerId) -> Self {
        let mut roster = Self::default();
        for (index, member) in (0u16..).zip(committee) {
            let info = validators.iter().find(|(account, _)| *account == member.account).map(|(_, info)| info);
            let Some(peer) = info.and_then(|info| PeerId::from_bytes(&info.peer).ok()) else { continue };
            if peer != *own && !roster.peers.contains_key(&peer) {
                roster.members.insert(MemberIndex(index), peer);
                roster.peers.insert(peer, MemberIndex(index));
            }
        }
        roster
    }

    /// The member behind a peer id.
    pub fn member(&self, peer: &PeerId) -> Option<MemberIndex> {
        self.peers.get(peer).copied()
    }
}

/// What happened on the notification protocol.
#[derive(Debug)]
pub enum LinkEvent {
    /// A member's stream is open.
    Opened(MemberIndex),
    /// A member said something.
    Message(MemberIndex, Box<MemberMessage>),
}

/// The streams to the other members.
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

    /// This node's own peer id.
    pub fn own_peer(&self) -> PeerId {
        self.network.local_peer_id()
    }

    /// Admits exactly the roster's peers from now on.
    pub fn set_roster(&mut self, roster: Roster) {
        if *self.roster.read() == roster {
            return;
        }
        let addresses = roster.peers.keys().map(|peer| Multiaddr::empty().with(Protocol::P2p((*peer).into())));
        if let Err(error) = self.network.set_reserved_peers(self.service.protocol().clone(), addresses.collect()) {
            log::warn!(target: super::LOG, "the committee's peers can't be reserved: {error}");
        }
        *self.roster.write() = roster;
    }

    /// Members with an open stream.
    pub fn connected(&self) -> Vec<MemberIndex> {
        let roster = self.roster.read();
        self.open.iter().filter_map(|peer| roster.member(peer)).collect()
    }

    /// Sends to every member with an open stream.
    pub fn broadcast(&mut self, message: &MemberMessage) {
        let bytes = message.encode();
        for peer in &self.open {
            self.service.send_sync_notification(peer, bytes.clone());
        }
    }

    /// Sends to one member, if its stream is open.
    pub fn send(&mut self, member: MemberIndex, message: &MemberMessage) {
        let peer = self.roster.read().members.get(&member).copied();
        if let Some(peer) = peer.filter(|peer| self.open.contains(peer)) {
            self.service.send_sync_notification(&peer, message.encode());
        }
    }

    /// The next event; `None` when the network has stopped.
    pub async fn next(&mut self) -> Option<LinkEvent> {
        loop {
            match self.service.next_event().await? {
                NotificationEvent::ValidateInboundSubstream { peer, result_tx, .. } => {
                    let known = self.roster.read().member(&peer).is_some();
                    let verdict = if known { ValidationResult::Accept } else { ValidationResult::Reject };
                    // The network may have given up meanwhile.
                    drop(result_tx.send(verdict));
                }
                NotificationEvent::NotificationStreamOpened { peer, .. } => {
                    self.open.insert(peer);
                    if let Some(member) = self.roster.read().member(&peer) {
                        return Some(LinkEvent::Opened(member));
                    }
                }
                NotificationEvent::NotificationStreamClosed { peer } => {
                    self.open.remove(&peer);
                }
                NotificationEvent::NotificationReceived { peer, notification } => {
                    let Some(member) = self.roster.read().member(&peer) else { continue };
                    match decode_member_message(&notification) {
                        Ok(message) => return Some(LinkEvent::Message(member, Box::new(message))),
                        Err(fault) => log::debug!(target: super::LOG, "member {member} sent no message: {fault:?}"),
                    }
                }
            }
        }
    }

    /// Asks `member`, or any connected one, for history. `None` when nobody can be asked, or the
    /// answer does not come or decode.
    pub fn request(
        &self,
        member: MemberIndex,
        request: HistoryRequest,
    ) -> impl std::future::Future<Output = Option<HistoryResponse>> + Send + 'static {
        let peer = self.roster.read().members.get(&member).copied();
        let (network, protocol) = (self.network.clone(), self.history.clone());
        async move {
            let answer = network.request(peer?, protocol, request.encode(), None, IfDisconnected::ImmediateError).await;
            let (bytes, _) = answer.ok()?;
            decode_history_response(&bytes).ok()
        }
    }
}
