//! A road in memory that carries the same bytes as a network would, and counts them.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use futures::{future::BoxFuture, FutureExt};
use loadstone_core::MemberIndex;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::{
    history::HistoryServer,
    road::{LinkEvent, PeerKey, Road, Roster},
};

/// What a node has put on the road.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Messages to members, each counted once a receiver.
    pub messages: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Answers to requests for history.
    pub answers: u64,
    /// Bytes of these.
    pub answer_bytes: u64,
}

/// What others reach of a running node.
#[derive(Clone)]
struct Reach {
    inbox: mpsc::UnboundedSender<(u8, Vec<u8>)>,
    served: Option<HistoryServer>,
}

#[derive(Default)]
struct Lines {
    reach: Vec<Option<Reach>>,
    sent: Vec<Sent>,
    cut: BTreeSet<u8>,
}

impl Lines {
    fn between(&self, from: u8, to: u8) -> Option<Reach> {
        let is_cut = self.cut.contains(&from) != self.cut.contains(&to);
        self.reach.get(usize::from(to)).cloned().flatten().filter(|_| !is_cut)
    }

    fn sent(&mut self, node: u8) -> &mut Sent {
        let place = usize::from(node);
        if self.sent.len() <= place {
            self.sent.resize(place + 1, Sent::default());
        }
        &mut self.sent[place]
    }
}

/// Connects the nodes of one process; cheap to clone.
#[derive(Clone, Default)]
pub struct Switchboard(Arc<Mutex<Lines>>);

impl Switchboard {
    /// The road of a node, which is reached from now on.
    pub fn join(&self, node: u8) -> MemoryRoad {
        let (inbox, messages) = mpsc::unbounded_channel();
        let mut lines = self.0.lock();
        let place = usize::from(node);
        if lines.reach.len() <= place {
            lines.reach.resize(place + 1, None);
        }
        lines.reach[place] = Some(Reach { inbox, served: None });
        MemoryRoad { node, inbox: messages, switchboard: self.clone(), roster: Roster::default() }
    }

    /// The node answers questions from now on.
    pub fn serve(&self, node: u8, server: HistoryServer) {
        if let Some(Some(reach)) = self.0.lock().reach.get_mut(usize::from(node)) {
            reach.served = Some(server);
        }
    }

    /// The node is gone.
    pub fn leave(&self, node: u8) {
        if let Some(reach) = self.0.lock().reach.get_mut(usize::from(node)) {
            *reach = None;
        }
    }

    /// From now on these nodes and the others do not hear each other.
    pub fn cut(&self, nodes: impl IntoIterator<Item = u8>) {
        self.0.lock().cut = nodes.into_iter().collect();
    }

    /// What a node has sent so far.
    pub fn sent(&self, node: u8) -> Sent {
        *self.0.lock().sent(node)
    }
}

/// One node's road.
pub struct MemoryRoad {
    node: u8,
    inbox: mpsc::UnboundedReceiver<(u8, Vec<u8>)>,
    switchboard: Switchboard,
    roster: Roster,
}

fn node_of(peer: &PeerKey) -> Option<u8> {
    peer.0.first().copied()
}

#[async_trait]
impl Road for MemoryRoad {
    fn own_peer(&self) -> PeerKey {
        PeerKey(vec![self.node])
    }

    fn set_roster(&mut self, roster: Roster) {
        self.roster = roster;
    }

    fn connected(&self) -> Vec<MemberIndex> {
        let lines = self.switchboard.0.lock();
        let is_there = |peer: &&PeerKey| node_of(peer).is_some_and(|to| lines.between(self.node, to).is_some());
        self.roster.peers().filter(is_there).filter_map(|peer| self.roster.member(peer)).collect()
    }

    fn broadcast(&mut self, message: Vec<u8>) {
        let mut lines = self.switchboard.0.lock();
        let members = self.roster.peers().filter(|peer| self.roster.member(peer).is_some());
        for to in members.filter_map(node_of) {
            let Some(reach) = lines.between(self.node, to) else { continue };
            let sent = lines.sent(self.node);
            sent.messages += 1;
            sent.bytes += message.len() as u64;
            drop(reach.inbox.send((self.node, message.clone())));
        }
    }

    fn request(&self, member: MemberIndex, request: Vec<u8>) -> BoxFuture<'static, Option<Vec<u8>>> {
        let to = self.roster.peer(member).and_then(node_of);
        let (from, switchboard) = (self.node, self.switchboard.clone());
        async move {
            let to = to?;
            let server = switchboard.0.lock().between(from, to)?.served?;
            let answer = tokio::task::spawn_blocking(move || server.answer(&request)).await.ok()??;
            let mut lines = switchboard.0.lock();
            let sent = lines.sent(to);
            sent.answers += 1;
            sent.answer_bytes += answer.len() as u64;
            Some(answer)
        }
        .boxed()
    }

    async fn next(&mut self) -> Option<LinkEvent> {
        loop {
            let (from, message) = self.inbox.recv().await?;
            if let Some(member) = self.roster.member(&PeerKey(vec![from])) {
                return Some(LinkEvent::Message(member, message));
            }
        }
    }
}
