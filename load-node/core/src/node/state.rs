//! How the node stands, for its own health check and for people; no rule reads it.

use super::LoadNode;
use crate::{
    types::{Now, Override},
    wall::TimeSource,
};
use loadstone_core::BlockNumber;
use serde::Serialize;

/// How a gateway stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GatewayState {
    /// Whether it is connected.
    pub connected: bool,
    /// What it did lately, as a penalty that halves every minute; a good gateway has 0.
    pub penalty: u32,
}

/// How the node stands at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeState {
    /// Whether the registry, as last read, lets this node sign.
    pub admitted: bool,
    /// Height of the newest verified head, saved ones included.
    pub head: BlockNumber,
    /// Milliseconds since a head was verified; `None` before the first since the start.
    pub silent_ms: Option<u64>,
    /// Whether that is longer than the chain should ever be silent.
    pub is_silent: bool,
    /// Where the time of readings comes from.
    pub time_source: TimeSource,
    /// The gateway that takes the units first.
    pub primary: usize,
    /// All gateways.
    pub gateways: Vec<GatewayState>,
    /// Readings without a unit.
    pub waiting_readings: usize,
    /// Whether units wait to be proven anchored.
    pub has_waiting_units: bool,
    /// The operator's word, where one stands.
    #[serde(rename = "override")]
    pub override_: Option<Override>,
}

impl NodeState {
    /// Whether the node can follow orders and hand in readings now: it may sign, hears the chain, and a gateway takes its
    /// units.
    pub fn is_ready(&self) -> bool {
        let is_connected = self.gateways.iter().any(|gateway| gateway.connected);
        self.admitted && self.silent_ms.is_some() && !self.is_silent && is_connected
    }
}

impl LoadNode {
    /// How the node stands.
    pub fn state(&self, now: Now) -> NodeState {
        let silent_ms = self.clock.silence(now);
        let gateway = |(gateway, connected): (usize, &bool)| GatewayState {
            connected: *connected,
            penalty: self.health.penalty(now, gateway),
        };
        NodeState {
            admitted: self.admitted,
            head: self.head.number,
            silent_ms,
            is_silent: silent_ms.is_some_and(|silent_ms| silent_ms >= self.config.silence_ms(false)),
            time_source: self.wall.source(),
            primary: self.primary,
            gateways: self.connected.iter().enumerate().map(gateway).collect(),
            waiting_readings: self.writer.pending(),
            has_waiting_units: !self.outbox.is_empty(),
            override_: self.override_.clone(),
        }
    }
}
