//! Puts the node together: client, pool, network, consensus, RPC and the DAG ledger.

mod consensus;
mod full;
mod genesis;
mod orders;
mod partial;
mod tuning;

pub use consensus::slot_duration;
pub use full::new_full;
pub use partial::{new_partial, FullBackend, FullClient, FullPool};
pub use tuning::TuningParams;
