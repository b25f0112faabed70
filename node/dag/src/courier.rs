//! Owns the road: takes messages in for the verifier, and carries messages and questions out.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    Arc,
};

use codec::Encode;
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use loadstone_core::MemberIndex;
use loadstone_dag::{HistoryRequest, MAX_MEMBERS};
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    road::{LinkEvent, Road, Roster},
    verifier::Incoming,
};

/// Errands that may wait for the road.
const ERRANDS: usize = 1_024;

/// Bytes of one member's messages that may wait for the verifier: what one member sends can't push the
/// others' aside.
const MAX_WAITING_BYTES: usize = 16 * 1_024 * 1_024;

enum Errand {
    Broadcast(Vec<u8>),
    Ask(MemberIndex, Vec<u8>, oneshot::Sender<Vec<u8>>),
}

/// Bytes that wait for the verifier, by member.
#[derive(Clone)]
pub struct Waiting(Arc<Vec<AtomicUsize>>);

impl Default for Waiting {
    fn default() -> Self {
        Self(Arc::new((0..MAX_MEMBERS).map(|_| AtomicUsize::new(0)).collect()))
    }
}

impl Waiting {
    fn of(&self, member: MemberIndex) -> Option<&AtomicUsize> {
        self.0.get(usize::from(member.0))
    }

    /// Counts a message in, unless too much waits.
    pub fn put(&self, member: MemberIndex, bytes: usize) -> bool {
        let Some(waiting) = self.of(member) else { return false };
        if waiting.load(Ordering::Relaxed).saturating_add(bytes) > MAX_WAITING_BYTES {
            return false;
        }
        waiting.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Counts a message out.
    pub fn take(&self, member: MemberIndex, bytes: usize) {
        if let Some(waiting) = self.of(member) {
            waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// Everybody's way to the courier; cheap to clone.
#[derive(Clone)]
pub struct Messenger {
    errands: mpsc::Sender<Errand>,
    roster: Arc<watch::Sender<Roster>>,
    connected: Arc<RwLock<Vec<MemberIndex>>>,
}

impl Messenger {
    /// Sends an encoded message to every member. May be lost.
    pub fn broadcast(&self, message: Vec<u8>) {
        if self.errands.try_send(Errand::Broadcast(message)).is_err() {
            log::debug!(target: crate::LOG, "a message to the members was dropped: too many wait");
        }
    }

    /// Asks a member for history; `None` when no answer comes.
    pub async fn ask(&self, member: MemberIndex, request: &HistoryRequest) -> Option<Vec<u8>> {
        let (answered, answer) = oneshot::channel();
        self.errands.send(Errand::Ask(member, request.encode(), answered)).await.ok()?;
        answer.await.ok()
    }

    /// Admits the roster's peers from now on.
    pub fn set_roster(&self, roster: Roster) {
        self.roster.send_if_modified(|now| {
            let changed = *now != roster;
            *now = roster;
            changed
        });
    }

    /// Members with an open stream, as of a moment ago.
    pub fn connected(&self) -> Vec<MemberIndex> {
        self.connected.read().clone()
    }
}

/// The task that owns the road.
pub struct Courier {
    road: Box<dyn Road>,
    errands: mpsc::Receiver<Errand>,
    roster: watch::Receiver<Roster>,
    connected: Arc<RwLock<Vec<MemberIndex>>>,
    incoming: mpsc::Sender<(MemberIndex, Incoming)>,
    waiting: Waiting,
    asked: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl Courier {
    /// Over `road`; what members say goes to `incoming`.
    pub fn new(
        road: Box<dyn Road>,
        incoming: mpsc::Sender<(MemberIndex, Incoming)>,
        waiting: Waiting,
    ) -> (Self, Messenger) {
        let (errands, received) = mpsc::channel(ERRANDS);
        let (roster, changes) = watch::channel(Roster::default());
        let connected = Arc::new(RwLock::new(Vec::new()));
        let messenger = Messenger { errands, roster: Arc::new(roster), connected: connected.clone() };
        let asked = FuturesUnordered::new();
        (Self { road, errands: received, roster: changes, connected, incoming, waiting, asked }, messenger)
    }

    /// Runs until the network stops or nobody has errands any more.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                event = self.road.next() => match event {
                    Some(LinkEvent::Opened(member)) => {
                        log::info!(target: crate::LOG, "connected with member {member}");
                    }
                    Some(LinkEvent::Message(from, bytes)) => self.heard(from, bytes),
                    None => return,
                },
                errand = self.errands.recv() => match errand {
                    Some(Errand::Broadcast(message)) => self.road.broadcast(message),
                    Some(Errand::Ask(member, request, answered)) => self.ask(member, request, answered),
                    None => return,
                },
                Ok(()) = self.roster.changed() => {
                    let roster = self.roster.borrow_and_update().clone();
                    self.road.set_roster(roster);
                }
                Some(()) = self.asked.next() => {}
            }
            let connected = self.road.connected();
            if *self.connected.read() != connected {
                *self.connected.write() = connected;
            }
        }
    }

    /// What does not fit is lost; the state machine asks for it again.
    fn heard(&self, from: MemberIndex, bytes: Vec<u8>) {
        let length = bytes.len();
        if !self.waiting.put(from, length) {
            log::debug!(target: crate::LOG, "dropped a message of member {from}: too much waits");
        } else if self.incoming.try_send((from, Incoming::Message(bytes))).is_err() {
            self.waiting.take(from, length);
            log::debug!(target: crate::LOG, "dropped a message of member {from}: too many wait");
        }
    }

    fn ask(&self, member: MemberIndex, request: Vec<u8>, answered: oneshot::Sender<Vec<u8>>) {
        let answer = self.road.request(member, request);
        let pass_on = async move {
            if let Some(answer) = answer.await {
                // Whoever asked may have gone meanwhile.
                drop(answered.send(answer));
            }
        };
        self.asked.push(pass_on.boxed());
    }
}
