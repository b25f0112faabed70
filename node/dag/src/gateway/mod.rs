//! The gateway: devices hand in their units over WebSocket on a port of its own.
//!
//! Limits come before work: connections are counted before the handshake, a frame's size before it
//! is read, a connection's rate before a frame is decoded, a device's rate before a signature is
//! checked. Nothing that a gateway says is a promise; a device believes finalised anchors only.

mod connection;
mod door;
mod hub;
pub mod ingest;
mod places;
mod quota;
mod turns;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use loadstone_core::Hash;
use loadstone_dag::{Slot, Unit};
use tokio::{
    net::TcpListener,
    sync::{mpsc, Semaphore},
};

pub use door::Door;
pub use hub::{Hub, Peer};
pub use quota::Rate;

use self::places::Places;
use super::{capsules::Capsules, metrics::Counters};

/// Frames that wait for the ingest task; beyond it units are refused as busy.
const QUEUE: usize = 1_024;

/// How the gateway listens and what it admits.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Greatest number of open connections.
    pub max_connections: usize,
    /// Greatest number of open connections from one address.
    pub max_connections_per_address: usize,
    /// Units a second of one device from one address.
    pub device_rate: Rate,
    /// Frames a second of one connection.
    pub frame_rate: Rate,
    /// A connection that says nothing for so long, and answers no ping, is closed.
    pub idle: Duration,
}

impl GatewayConfig {
    /// The default limits on this address.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            max_connections: 4_096,
            max_connections_per_address: 256,
            device_rate: Rate { per_second: 50, burst: 1_000 },
            frame_rate: Rate { per_second: 200, burst: 400 },
            idle: Duration::from_secs(60),
        }
    }
}

/// What a device asked for.
pub enum Inbound {
    /// Units to take in.
    Submit(Peer, Vec<Unit>),
    /// Slots whose proofs are wanted.
    Prove(Peer, Vec<Slot>),
}

/// What every connection shares.
#[derive(Clone)]
struct Shared {
    config: Arc<GatewayConfig>,
    hub: Hub,
    counters: Arc<Counters>,
    inbound: mpsc::Sender<Inbound>,
    genesis: Hash,
    door: Door,
    capsules: Capsules,
}

/// A listener that is bound but does not accept yet.
pub struct Gateway {
    listener: TcpListener,
    shared: Shared,
}

impl Gateway {
    /// Binds the listener, within a tokio runtime. Devices' requests come out of the returned channel;
    /// whoever is in the same process may put some into it, too.
    pub fn bind(
        config: GatewayConfig,
        genesis: Hash,
        door: Door,
        hub: Hub,
        counters: Arc<Counters>,
        capsules: Capsules,
    ) -> std::io::Result<(Self, mpsc::Sender<Inbound>, mpsc::Receiver<Inbound>)> {
        let listener = std::net::TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let (inbound, requests) = mpsc::channel(QUEUE);
        let config = Arc::new(config);
        let shared = Shared { config, hub, counters, inbound: inbound.clone(), genesis, door, capsules };
        Ok((Self { listener, shared }, inbound, requests))
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts connections for as long as the node runs.
    pub async fn run(self) {
        let permits = Arc::new(Semaphore::new(self.shared.config.max_connections));
        let places = Places::default();
        loop {
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: waiting lets some close.
                    log::warn!(target: super::LOG, "the gateway can't accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let permit = permits.clone().try_acquire_owned().ok();
            let place = places.take(address.ip(), self.shared.config.max_connections_per_address);
            let (Some(permit), Some(place)) = (permit, place) else {
                log::debug!(target: super::LOG, "turned {address} away: too many connections");
                self.shared.counters.turn_away();
                continue;
            };
            let shared = self.shared.clone();
            tokio::spawn(async move {
                connection::serve(stream, address, &shared).await;
                drop((permit, place));
            });
        }
    }
}

#[cfg(test)]
mod tests;
