//! Several members in one process: real databases, signatures and gateways; chain and road in memory.
//!
//! For tests, and for the benchmark that drives a committee on one machine:
//!
//! ```ignore
//! let cluster = Cluster::new(4, 4);             // four nodes, all of them members of epoch 0
//! cluster.chain.register(1);                    // device 1, whose key is `key(1)`
//! let node = cluster.start(0, folder, |_| {}).await;
//! let mut client = node.client();               // in process; `node.gateway` is the WebSocket
//! client.submit(units).await;                   // answers come out of `client.messages`
//! cluster.switchboard.sent(0);                  // messages and bytes that node 0 sent to others
//! ```

mod chain;
mod cluster;
mod event;
mod road;
mod units;

pub use chain::TestChain;
pub use cluster::{Client, Cluster, Node};
pub use event::record_inputs;
pub use road::{MemoryRoad, Sent, Switchboard};
pub use units::{chain_of, key, registered, unit, unit_id, unit_of, GENESIS};

// For tests that have the chain itself and need of a member no more than its records.
pub use crate::{
    records::{claim, compute},
    store::Store,
};
