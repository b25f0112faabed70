//! Over a protocol whose events the test makes, and whose messages it reads.

use super::*;
use std::sync::{Arc, Mutex};

type Sent = Arc<Mutex<Vec<(PeerId, Vec<u8>)>>>;

#[derive(Debug)]
struct Wire {
    events: mpsc::UnboundedReceiver<NotificationEvent>,
    sent: Sent,
    protocol: ProtocolName,
}

#[async_trait]
impl NotificationService for Wire {
    async fn open_substream(&mut self, _: PeerId) -> Result<(), ()> {
        Err(())
    }

    async fn close_substream(&mut self, _: PeerId) -> Result<(), ()> {
        Err(())
    }

    fn send_sync_notification(&mut self, peer: &PeerId, notification: Vec<u8>) {
        self.sent.lock().expect("no test panics holding it").push((*peer, notification));
    }

    async fn send_async_notification(&mut self, _: &PeerId, _: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    async fn set_handshake(&mut self, _: Vec<u8>) -> Result<(), ()> {
        Ok(())
    }

    fn try_set_handshake(&mut self, _: Vec<u8>) -> Result<(), ()> {
        Ok(())
    }

    async fn next_event(&mut self) -> Option<NotificationEvent> {
        self.events.recv().await
    }

    fn clone(&mut self) -> Result<Box<dyn NotificationService>, ()> {
        Err(())
    }

    fn protocol(&self) -> &ProtocolName {
        &self.protocol
    }

    fn message_sink(&self, peer: &PeerId) -> Option<Box<dyn MessageSink>> {
        Some(Box::new(Sink { peer: *peer, sent: self.sent.clone() }))
    }
}

struct Sink {
    peer: PeerId,
    sent: Sent,
}

#[async_trait]
impl MessageSink for Sink {
    fn send_sync_notification(&self, notification: Vec<u8>) {
        self.sent.lock().expect("no test panics holding it").push((self.peer, notification));
    }

    async fn send_async_notification(&self, _: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}

fn opened(peer: PeerId) -> NotificationEvent {
    opened_by(peer, 4)
}

fn opened_by(peer: PeerId, roles: u8) -> NotificationEvent {
    NotificationEvent::NotificationStreamOpened {
        peer,
        direction: Direction::Outbound,
        handshake: vec![roles],
        negotiated_fallback: None,
    }
}

fn received(peer: PeerId, notification: &[u8]) -> NotificationEvent {
    NotificationEvent::NotificationReceived { peer, notification: notification.to_vec() }
}

/// What an event says, in short.
fn told(event: Option<NotificationEvent>) -> (&'static str, Option<PeerId>, Vec<u8>) {
    match event {
        Some(NotificationEvent::NotificationStreamOpened { peer, handshake, .. }) => ("opened", Some(peer), handshake),
        Some(NotificationEvent::NotificationStreamClosed { peer }) => ("closed", Some(peer), Vec::new()),
        Some(NotificationEvent::NotificationReceived { peer, notification }) => ("received", Some(peer), notification),
        Some(NotificationEvent::ValidateInboundSubstream { peer, .. }) => ("asked", Some(peer), Vec::new()),
        None => ("end", None, Vec::new()),
    }
}

#[tokio::test]
async fn open_streams_say_their_last_announcement_again_and_closed_ones_nothing() {
    // GIVEN two peers that announced rounds and voted, of which one has left
    let (events, source) = mpsc::unbounded_channel();
    let wire = Wire { events: source, sent: Sent::default(), protocol: "/votes/1".into() };
    let (mut service, renewal) = renewable(Box::new(wire), LightPeers::default());
    let (here, gone) = (PeerId::random(), PeerId::random());
    let history = [
        opened(here),
        opened(gone),
        received(here, &[2, 1, 7]),
        received(here, &[2, 1, 8]),
        received(here, &[0, 9]),
        received(gone, &[2, 1, 5]),
        NotificationEvent::NotificationStreamClosed { peer: gone },
    ];
    let count = history.len();
    history.into_iter().for_each(|event| events.send(event).expect("the service listens"));
    for _ in 0..count {
        service.next_event().await.expect("an event");
    }
    // WHEN it begins anew, asked twice
    renewal.begin_anew();
    renewal.begin_anew();
    // THEN the one that is here closes, opens as it was, and announces what it did last
    assert_eq!(told(service.next_event().await), ("closed", Some(here), vec![]));
    assert_eq!(told(service.next_event().await), ("opened", Some(here), vec![4]));
    assert_eq!(told(service.next_event().await), ("received", Some(here), vec![2, 1, 8]));
    // THEN what comes next is the wire's
    events.send(received(here, &[0, 1])).expect("the service listens");
    assert_eq!(told(service.next_event().await), ("received", Some(here), vec![0, 1]));
    drop(events);
    assert_eq!(told(service.next_event().await).0, "end");
}

#[tokio::test]
async fn an_announcement_goes_to_a_peer_once_and_votes_as_often_as_they_are_sent() {
    // GIVEN an open stream
    let (events, source) = mpsc::unbounded_channel();
    let sent = Sent::default();
    let wire = Wire { events: source, sent: sent.clone(), protocol: "/votes/1".into() };
    let (mut service, _renewal) = renewable(Box::new(wire), LightPeers::default());
    let peer = PeerId::random();
    events.send(opened(peer)).expect("the service listens");
    service.next_event().await.expect("an event");
    // WHEN announcements and votes go out twice each
    for message in [&[2, 1, 7][..], &[2, 1, 7], &[0, 5], &[0, 5], &[2, 1, 8]] {
        service.send_sync_notification(&peer, message.to_vec());
    }
    // THEN the announcement that was made is not repeated
    let messages: Vec<_> = sent.lock().expect("unharmed").iter().map(|(_, message)| message.clone()).collect();
    assert_eq!(messages, [vec![2, 1, 7], vec![0, 5], vec![0, 5], vec![2, 1, 8]]);
}

#[tokio::test]
async fn a_light_client_gets_commits_from_the_courier_alone() {
    // GIVEN a light client and a validator
    let (events, source) = mpsc::unbounded_channel();
    let sent = Sent::default();
    let wire = Wire { events: source, sent: sent.clone(), protocol: "/votes/1".into() };
    let light_peers = LightPeers::default();
    let (mut service, _renewal) = renewable(Box::new(wire), light_peers.clone());
    let (light, validator) = (PeerId::random(), PeerId::random());
    for event in [opened_by(light, 2), opened_by(validator, 4)] {
        events.send(event).expect("the service listens");
        service.next_event().await.expect("an event");
    }
    assert_eq!(light_peers.count(), 1);
    // WHEN GRANDPA's gossip sends a commit and an announcement to both
    for peer in [light, validator] {
        service.send_sync_notification(&peer, vec![1, 9]);
        service.send_sync_notification(&peer, vec![2, 9]);
    }
    // THEN the light client gets no commit by this way
    let expected = [(light, vec![2, 9]), (validator, vec![1, 9]), (validator, vec![2, 9])];
    assert_eq!(*sent.lock().expect("unharmed"), expected);
    // WHEN it leaves THEN it is forgotten
    events.send(NotificationEvent::NotificationStreamClosed { peer: light }).expect("the service listens");
    service.next_event().await.expect("an event");
    assert_eq!(light_peers.count(), 0);
}
