//! The Loadstone runtime: the chain's state transition as the validators execute it in wasm.
//!
//! The pallets are composed here; how each is set up stands in `configs`, by theme.
#![cfg_attr(not(feature = "std"), no_std)]
// The runtime macros nest deeper than the default limit allows.
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod constants;
pub mod equivocation;
pub mod extensions;
pub mod genesis;
pub mod mandate;
pub mod pace;
#[cfg(test)]
mod tests;
mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{generic, impl_opaque_keys, traits::BlakeTwo256, MultiAddress, MultiSignature};
use sp_version::RuntimeVersion;

pub use extensions::TxExtension;
pub use loadstone_core::{AccountId, Balance, BlockNumber, Hash};

/// Signature of a transaction.
pub type Signature = MultiSignature;
/// Number of an account's transactions so far.
pub type Nonce = u32;
/// How callers name accounts.
pub type Address = MultiAddress<AccountId, ()>;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Transaction as it stands in a block.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a signer signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// Block with decoded transactions.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Runs blocks through the pallets.
pub type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// What the node knows of the chain without knowing its calls.
pub mod opaque {
    use super::*;

    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// Block whose transactions are bytes.
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
}

impl_opaque_keys! {
    /// A validator's keys for one session.
    pub struct SessionKeys {
        /// Signs blocks.
        pub aura: Aura,
        /// Votes for finality.
        pub grandpa: Grandpa,
        /// Signs witnesses, anchors and records of the DAG ledger.
        pub dag: DagAnchor,
    }
}

/// Identity of this runtime.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("loadstone"),
    impl_name: Cow::Borrowed("loadstone"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

// Session stands last, since its genesis asks the registry and the committee, which
// must have built theirs.
#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Aura = pallet_aura;
    #[runtime::pallet_index(3)]
    pub type Authorship = pallet_authorship;
    #[runtime::pallet_index(4)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(6)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(7)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(8)]
    pub type OriginRestriction = pallet_origin_restriction;
    #[runtime::pallet_index(9)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(10)]
    pub type Council = pallet_collective<Instance1>;
    #[runtime::pallet_index(11)]
    pub type TxPause = pallet_tx_pause;
    #[runtime::pallet_index(12)]
    pub type SafeMode = pallet_safe_mode;
    #[runtime::pallet_index(13)]
    pub type Mandate = mandate;
    #[runtime::pallet_index(14)]
    pub type Pace = pace;
    #[runtime::pallet_index(15)]
    pub type Equivocation = equivocation;
    #[runtime::pallet_index(20)]
    pub type Registry = pallet_registry;
    #[runtime::pallet_index(21)]
    pub type Bids = pallet_bids;
    #[runtime::pallet_index(22)]
    pub type Dispatch = pallet_dispatch;
    #[runtime::pallet_index(23)]
    pub type DagAnchor = pallet_dag_anchor;
    #[runtime::pallet_index(24)]
    pub type ExecutionScore = pallet_execution_score;
    #[runtime::pallet_index(25)]
    pub type Settlement = pallet_settlement;
    #[runtime::pallet_index(26)]
    pub type Supervision = pallet_supervision;
    #[runtime::pallet_index(30)]
    pub type Session = pallet_session;
}
