//! What this chain's own machine costs: its database, and every transaction.
//!
//! Substrate's constants are of a database far larger than its caches, and of a transaction whose only cost is the
//! block's. Here all state of a season lies in the node's trie cache, and a transaction is checked in the pools of all
//! validators before it gets into a block. `scripts/bench market` measures how near weights are to the time that blocks
//! take, and to all that a validator's processor does for them.

use frame_support::{
    parameter_types,
    weights::{
        constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_NANOS},
        RuntimeDbWeight, Weight,
    },
};

parameter_types! {
    /// A value read from the state, and one written: with its part of the state's root and of the database's commit.
    pub const DatabaseWeight: RuntimeDbWeight =
        RuntimeDbWeight { read: 10 * WEIGHT_REF_TIME_PER_MICROS, write: 30 * WEIGHT_REF_TIME_PER_MICROS };
}

/// A transaction beside its call and its extensions: signature, ways into wasm and back, pools.
pub const EXTRINSIC_WEIGHT: Weight = Weight::from_parts(600_000 * WEIGHT_REF_TIME_PER_NANOS, 0);
