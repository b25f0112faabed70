//! A notification protocol that can begin anew with all peers, without a connection being lost.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use sc_network::{
    error::Error,
    service::traits::{Direction, MessageSink, NotificationEvent, NotificationService},
    types::ProtocolName,
};
use sc_network_types::PeerId;
use tokio::sync::mpsc;

use crate::commits::{is_light, LightPeers};

/// First byte of an announcement of round and finalised height: the variant of GRANDPA's gossip message.
const ANNOUNCEMENT: u8 = 2;

/// A peer that hears one announcement twice within its two minutes thinks badly of us.
const REPEAT: Duration = Duration::from_secs(120);

/// What is known of an open stream.
struct Stream {
    direction: Direction,
    handshake: Vec<u8>,
    negotiated_fallback: Option<ProtocolName>,
    /// The last announcement that came.
    heard: Option<Vec<u8>>,
    /// The last announcement that went, and when.
    told: Option<(Instant, Vec<u8>)>,
}

/// The protocol's events and messages as they are, and all of them anew when that is wanted.
pub struct Renewable {
    inner: Box<dyn NotificationService>,
    wanted: mpsc::Receiver<()>,
    streams: BTreeMap<PeerId, Stream>,
    queue: VecDeque<NotificationEvent>,
    light_peers: LightPeers,
}

/// Makes the protocol begin anew; cheap to clone.
#[derive(Clone)]
pub struct Renewal(mpsc::Sender<()>);

impl Renewal {
    /// Begins anew with all peers. Asking again before that happened changes nothing.
    pub fn begin_anew(&self) {
        // Full means that it is asked for already, closed that the voter is gone.
        let _ = self.0.try_send(());
    }
}

/// `inner` as it is, but that commits reach `light_peers` otherwise, and the means to make it begin anew.
pub fn renewable(inner: Box<dyn NotificationService>, light_peers: LightPeers) -> (Renewable, Renewal) {
    let (want, wanted) = mpsc::channel(1);
    (Renewable { inner, wanted, streams: BTreeMap::new(), queue: VecDeque::new(), light_peers }, Renewal(want))
}

impl Renewable {
    fn note(&mut self, event: &NotificationEvent) {
        match event {
            NotificationEvent::NotificationStreamOpened { peer, direction, handshake, negotiated_fallback } => {
                let stream = Stream {
                    direction: *direction,
                    handshake: handshake.clone(),
                    negotiated_fallback: negotiated_fallback.clone(),
                    heard: None,
                    told: None,
                };
                self.streams.insert(*peer, stream);
                if let Some(sink) = self.inner.message_sink(peer).filter(|_| is_light(handshake)) {
                    self.light_peers.add(*peer, sink);
                }
            }
            NotificationEvent::NotificationStreamClosed { peer } => {
                self.streams.remove(peer);
                self.light_peers.remove(peer);
            }
            NotificationEvent::NotificationReceived { peer, notification } => {
                if let Some(stream) = self.streams.get_mut(peer).filter(|_| is_announcement(notification)) {
                    stream.heard = Some(notification.clone());
                }
            }
            NotificationEvent::ValidateInboundSubstream { .. } => {}
        }
    }

    /// Every stream closes and opens, and says again what it said last.
    fn begin_anew(&mut self) {
        for (peer, stream) in &self.streams {
            self.queue.push_back(NotificationEvent::NotificationStreamClosed { peer: *peer });
            self.queue.push_back(NotificationEvent::NotificationStreamOpened {
                peer: *peer,
                direction: stream.direction,
                handshake: stream.handshake.clone(),
                negotiated_fallback: stream.negotiated_fallback.clone(),
            });
            let heard = stream.heard.clone();
            let again = heard.map(|notification| NotificationEvent::NotificationReceived { peer: *peer, notification });
            self.queue.extend(again);
        }
    }

    /// Whether the peer was told the same a moment ago.
    fn is_repetition(&mut self, peer: &PeerId, notification: &[u8]) -> bool {
        let Some(stream) = self.streams.get_mut(peer).filter(|_| is_announcement(notification)) else { return false };
        if stream.told.as_ref().is_some_and(|(at, told)| told == notification && at.elapsed() < REPEAT) {
            return true;
        }
        stream.told = Some((Instant::now(), notification.to_vec()));
        false
    }
}

fn is_announcement(notification: &[u8]) -> bool {
    notification.first() == Some(&ANNOUNCEMENT)
}

impl std::fmt::Debug for Renewable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewable").field("inner", &self.inner).field("streams", &self.streams.len()).finish()
    }
}

#[async_trait]
impl NotificationService for Renewable {
    async fn open_substream(&mut self, peer: PeerId) -> Result<(), ()> {
        self.inner.open_substream(peer).await
    }

    async fn close_substream(&mut self, peer: PeerId) -> Result<(), ()> {
        self.inner.close_substream(peer).await
    }

    fn send_sync_notification(&mut self, peer: &PeerId, notification: Vec<u8>) {
        if !self.light_peers.covers(peer, &notification) && !self.is_repetition(peer, &notification) {
            self.inner.send_sync_notification(peer, notification);
        }
    }

    async fn send_async_notification(&mut self, peer: &PeerId, notification: Vec<u8>) -> Result<(), Error> {
        self.inner.send_async_notification(peer, notification).await
    }

    async fn set_handshake(&mut self, handshake: Vec<u8>) -> Result<(), ()> {
        self.inner.set_handshake(handshake).await
    }

    fn try_set_handshake(&mut self, handshake: Vec<u8>) -> Result<(), ()> {
        self.inner.try_set_handshake(handshake)
    }

    /// Loses nothing when it is dropped while it waits: the voter polls it so.
    async fn next_event(&mut self) -> Option<NotificationEvent> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            tokio::select! {
                biased;
                event = self.inner.next_event() => {
                    let event = event?;
                    self.note(&event);
                    return Some(event);
                }
                Some(()) = self.wanted.recv() => self.begin_anew(),
            }
        }
    }

    fn clone(&mut self) -> Result<Box<dyn NotificationService>, ()> {
        self.inner.clone()
    }

    fn protocol(&self) -> &ProtocolName {
        self.inner.protocol()
    }

    fn message_sink(&self, peer: &PeerId) -> Option<Box<dyn MessageSink>> {
        self.inner.message_sink(peer)
    }
}

#[cfg(test)]
mod tests;
