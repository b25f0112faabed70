//! Who is connected: finds the connection that last submitted for a device.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use loadstone_core::{AreaId, DeviceId};
use loadstone_dag::GatewayMessage;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

/// Messages that may wait for a slow device; what is more is dropped, and the device asks again.
pub const OUTBOX: usize = 4_096;

/// Greatest number of devices that push messages through one connection.
const MAX_DEVICES_PER_CONNECTION: usize = 4_096;

/// Greatest number of areas whose orders one connection is told of.
const MAX_AREAS_PER_CONNECTION: usize = 64;

/// One open connection.
#[derive(Clone)]
pub struct Peer {
    id: u64,
    /// Where it comes from.
    pub address: IpAddr,
    outbox: mpsc::Sender<GatewayMessage>,
    /// Areas that its devices' resources lie in, as far as it has said so.
    areas: Arc<watch::Sender<BTreeSet<AreaId>>>,
}

impl Peer {
    /// A device that submits through it belongs to `area`. Unchecked: it only tells what the peer wants.
    pub fn lies_in(&self, area: AreaId) {
        self.areas.send_if_modified(|areas| areas.len() < MAX_AREAS_PER_CONNECTION && areas.insert(area));
    }

    /// The areas, and when they change.
    pub(super) fn areas(&self) -> watch::Receiver<BTreeSet<AreaId>> {
        self.areas.subscribe()
    }

    /// Queues a message. Nothing here is a promise: a full or closed outbox drops it.
    pub fn send(&self, message: GatewayMessage) {
        drop(self.outbox.try_send(message));
    }
}

#[derive(Default)]
struct State {
    next: u64,
    routes: BTreeMap<DeviceId, Peer>,
    devices: BTreeMap<u64, BTreeSet<DeviceId>>,
}

/// All open connections; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

impl Hub {
    /// A new connection and the messages for it.
    pub fn join(&self, address: IpAddr) -> (Peer, mpsc::Receiver<GatewayMessage>) {
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let mut state = self.0.lock();
        state.next += 1;
        let id = state.next;
        state.devices.insert(id, BTreeSet::new());
        (Peer { id, address, outbox, areas: Arc::default() }, messages)
    }

    /// The connection is gone.
    pub fn leave(&self, peer: &Peer) {
        let mut state = self.0.lock();
        for device in state.devices.remove(&peer.id).unwrap_or_default() {
            if state.routes.get(&device).is_some_and(|route| route.id == peer.id) {
                state.routes.remove(&device);
            }
        }
    }

    /// From now on messages for `device` go to `peer`. Called only for units whose signature holds,
    /// so a stranger can't draw a device's messages away.
    pub fn route(&self, device: DeviceId, peer: &Peer) {
        let mut state = self.0.lock();
        if state.routes.get(&device).is_some_and(|route| route.id == peer.id) {
            return;
        }
        let Some(devices) = state.devices.get_mut(&peer.id) else { return };
        if devices.len() < MAX_DEVICES_PER_CONNECTION {
            devices.insert(device);
            state.routes.insert(device, peer.clone());
        }
    }

    /// The connection that last submitted for the device.
    pub fn find(&self, device: DeviceId) -> Option<Peer> {
        self.0.lock().routes.get(&device).cloned()
    }

    /// Sends messages to the connections that last submitted for their devices.
    pub fn send_all(&self, messages: impl Iterator<Item = (DeviceId, GatewayMessage)>) {
        let state = self.0.lock();
        if state.routes.is_empty() {
            return;
        }
        for (device, message) in messages {
            if let Some(peer) = state.routes.get(&device) {
                peer.send(message);
            }
        }
    }

    /// Whether no device has a connection.
    pub fn is_empty(&self) -> bool {
        self.0.lock().routes.is_empty()
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.0.lock().devices.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{Hash, MemberIndex};

    fn hello() -> GatewayMessage {
        GatewayMessage::Hello { version: 1, genesis: Hash::zero(), member: MemberIndex(0) }
    }

    #[test]
    fn messages_go_to_the_last_submitter_until_it_leaves() {
        // GIVEN two connections that both submit for device 1
        let hub = Hub::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let ((first, mut first_messages), (second, mut second_messages)) = (hub.join(address), hub.join(address));
        hub.route(DeviceId(1), &first);
        hub.route(DeviceId(1), &second);
        // THEN the later one is found, also after the earlier one has left
        hub.leave(&first);
        hub.find(DeviceId(1)).expect("connected").send(hello());
        assert!(second_messages.try_recv().is_ok());
        assert!(first_messages.try_recv().is_err());
        // WHEN it leaves THEN there is no route
        hub.leave(&second);
        assert!(hub.find(DeviceId(1)).is_none());
        assert_eq!(hub.connections(), 0);
        // THEN a connection that is gone gets no route again
        hub.route(DeviceId(1), &second);
        assert!(hub.find(DeviceId(1)).is_none());
    }
}
