//! The committee's own protocols over sc-network: notifications, and requests for missing history.
//!
//! Only the peer ids that stand on chain are admitted. Notifications may be lost; whatever is
//! missing is asked for by request-response.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use codec::Encode;
use futures::{future::BoxFuture, FutureExt};
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

/// The way to the other members: messages that may be lost, and questions that may go unanswered.
#[async_trait]
pub trait Road: Send {
    /// This node's own peer id.
    fn own_peer(&self) -> PeerId;
    /// Admits exactly the roster's peers from now on.
    fn set_roster(&mut self, roster: Roster);
    /// Members with an open stream.
    fn connected(&self) -> Vec<MemberIndex>;
    /// Sends to every member with an open stream.
    fn broadcast(&mut self, message: &MemberMessage);
    /// Asks `member` for history. `None` when it can't be asked, or its answer does not come or decode.
    fn request(&self, member: MemberIndex, request: HistoryRequest) -> BoxFuture<'static, Option<HistoryResponse>>;
    /// The next event; `None` when the network has stopped. Loses nothing when it is dropped.
    async fn next(&mut self) -> Option<LinkEvent>;
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

#[async_trait]
impl Road for Links {
    fn own_peer(&self) -> PeerId {
        self.network.local_peer_id()
    }

    fn set_roster(&mut self, roster: Roster) {
        if *self.roster.read() == roster {
            return;
        }
        let addresses = roster.peers.keys().map(|peer| Multiaddr::empty().with(Protocol::P2p((*peer).into())));
        if let Err(error) = self.network.set_reserved_peers(self.service.protocol().clone(), addresses.collect()) {
            log::warn!(target: super::LOG, "the committee's peers can't be reserved: {error}");
        }
        *self.roster.write() = roster;
    }

    fn connected(&self) -> Vec<MemberIndex> {
        let roster = self.roster.read();
        self.open.iter().filter_map(|peer| roster.member(peer)).collect()
    }

    fn broadcast(&mut self, message: &MemberMessage) {
        let bytes = message.encode();
        for peer in &self.open {
            self.service.send_sync_notification(peer, bytes.clone());
        }
    }

    async fn next(&mut self) -> Option<LinkEvent> {
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

    fn request(&self, member: MemberIndex, request: HistoryRequest) -> BoxFuture<'static, Option<HistoryResponse>> {
        let peer = self.roster.read().members.get(&member).copied();
        let (network, protocol) = (self.network.clone(), self.history.clone());
        let ask = async move {
            let answer = network.request(peer?, protocol, request.encode(), None, IfDisconnected::ImmediateError).await;
            let (bytes, _) = answer.ok()?;
            decode_history_response(&bytes).ok()
        };
        ask.boxed()
    }
}
