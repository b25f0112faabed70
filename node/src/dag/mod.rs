//! The DAG service on this node's client, network and keystore.
//!
//! `protocols` makes the network configuration before the network starts, `start` runs the service on it.

mod chain;
mod history;
mod network;
mod orders;
mod start;

pub use network::protocols;
pub use start::{start, DagParams};

/// Log target of the service.
const LOG: &str = "dag";
