//! The load node's own ledger in RocksDB: units, readings that wait, proofs, how far orders have come.
//!
//! Written for flash: one write batch a step, synced only where a promise depends on it (a signed
//! unit, a new order); readings go to the write-ahead log at once, which survives a killed process.

mod columns;
mod counts;
mod ledger;
mod lock;
mod options;
mod seal;

pub use ledger::{RocksLedger, FORMAT, FORMAT_SEALED};
pub use lock::Lock;
