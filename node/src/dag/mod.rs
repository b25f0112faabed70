//! The DAG ledger in the node: drives the sans-IO member over network, database, keystore and chain.
//!
//! `protocols` makes the network configuration before the network starts, `start` runs the service
//! on it. One worker task owns the order of effects; signatures and proofs are worked out on the
//! blocking pool, and devices are served by tasks of their own.

mod assemble;
mod chain;
#[cfg(test)]
mod cluster_tests;
mod counter;
mod crypto;
mod directory;
mod faults;
mod gateway;
mod history;
mod metrics;
mod network;
mod options;
mod proofs;
mod recording;
mod records;
mod rpc;
mod start;
mod status;
mod store;
#[cfg(test)]
mod testing;
mod verifier;
mod worker;

pub use gateway::{GatewayConfig, Rate};
pub use network::protocols;
pub use options::GatewayArgs;
pub use rpc::{DagApiServer, DagRpc};
pub use start::{start, DagParams};
pub use status::DagHandle;

/// Log target of the service.
const LOG: &str = "dag";
