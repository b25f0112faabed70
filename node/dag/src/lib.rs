//! The DAG ledger as a service: drives the sans-IO member over database, keystore, chain and network.
//!
//! Nothing here knows Substrate's client or its network: the chain comes in behind [`Chain`], the way to
//! the other members behind [`Road`], so that the same service runs in the node, in tests of several
//! members in one process, and under a benchmark.

mod assemble;
mod bundles;
mod capsules;
mod catch_up;
mod chain;
#[cfg(test)]
mod cluster_tests;
mod counter;
mod courier;
mod crypto;
mod decoder;
mod directory;
mod epochs;
mod error;
mod faults;
mod gateway;
mod health;
mod history;
mod keeping;
mod metrics;
mod options;
mod outlets;
mod pipeline;
mod proofs;
mod recent;
mod recording;
mod records;
mod road;
mod rpc;
mod seat;
mod standing;
mod status;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verifier;
mod vouched;
mod worker;
mod writer;

pub use assemble::{assemble, Assembly, Service, Spawn};
pub use capsules::{make as make_capsules, Capsules, Justified, OrderSource, Place};
pub use chain::{BlockRef, Chain, ChainError};
pub use counter::CounterError;
pub use crypto::KEY_TYPE;
pub use error::DagError;
pub use gateway::{GatewayConfig, Hub, Inbound, Peer, Rate};
pub use health::Health;
pub use history::HistoryServer;
pub use keeping::Keeping;
pub use metrics::{Counters, Totals};
pub use options::{GatewayArgs, KeepingArgs};
pub use road::{LinkEvent, PeerKey, Road, Roster};
pub use rpc::{DagApiServer, DagRpc};
pub use status::{DagHandle, Status};
pub use store::{KeepError, Keeper, Retention, Store, StoreError};

/// Log target of the service.
const LOG: &str = "dag";
