//! Keeps every accepted order until it is final.
//!
//! Substrate's pool looks at transactions per fork. When blocks come late and forks are frequent, it puts an order
//! into a view that nobody builds on any more, where it waits for the next block; and it drops transactions whose
//! predecessor waited so. An order that a grid company has been told is accepted must not get lost like this. So
//! [`OrderPool`] stands before the pool: whatever enters the node as a valid order is held here as well, offered to
//! every block that does not have it, told to the network, and reported to whoever watches it, until a final
//! block holds it or the final state refuses it.
//!
//! All other transactions are the pool's. But what it has accepted and no block has after some seconds it may have lost
//! in the same races, and whoever hands in a transaction without watching it would never know: it is held from then on
//! as orders are, and offered behind them.

mod book;
mod keep;
mod lane;
mod order;
mod pool;
mod ready;
#[cfg(test)]
mod tests;

pub use lane::{Chain, Lane, Route};
pub use order::Order;
pub use pool::OrderPool;

use std::time::Duration;

/// Orders that are held at once. A grid company gives a few a minute.
const MOST: usize = 1_024;

/// How long an order is held that never becomes valid, because one before it is missing.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where this crate logs.
const LOG: &str = "orders";
