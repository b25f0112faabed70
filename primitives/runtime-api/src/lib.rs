//! Runtime API: what the node's services and RPC ask of the chain's state.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use alloc::vec::Vec;
use codec::{Decode, Encode};
use loadstone_core::{AccountId, AnchorNumber, Device, DeviceId, EventId, Millis, Resource, ValidatorInfo};
use loadstone_dag::{Anchor, Certificate, LedgerState};
use loadstone_market::{RecordChunk, RecordInputs};
use scale_info::TypeInfo;

/// What a chain is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Activity {
    /// Nothing is under way: a block now and then tells that the chain lives.
    #[default]
    Resting,
    /// An order is in force or an event runs: load nodes look out for blocks.
    Alert,
    /// Work that is spread over blocks waits for the next one.
    Working,
}

sp_api::decl_runtime_apis! {
    /// What the node's DAG service asks of the chain.
    pub trait LoadstoneApi {
        /// The epoch in force, its committee, whether it closes, where it starts and how far it is.
        fn ledger() -> LedgerState;
        /// The validators and where they are found.
        fn validators() -> Vec<(AccountId, ValidatorInfo)>;
        /// A device with its resource.
        fn device(id: DeviceId) -> Option<(Device, Resource)>;
        /// Record chunks that are due and missing, with their cut-off anchors; at most 64.
        fn missing_chunks() -> Vec<(EventId, u32, AnchorNumber)>;
        /// What the chain contributes to a chunk of records.
        fn record_inputs(event: EventId, chunk: u32) -> Option<RecordInputs>;
        /// What the chain is about at Unix time `now`: a chain that makes no block without need must know.
        fn activity(now: Millis) -> Activity;
        /// Whether ordinary transactions took at least half of their room in this block: more may wait than it had room for.
        fn is_crowded() -> bool;
        /// Encodes the feeless extrinsic that submits an anchor.
        fn submit_anchor(anchor: Anchor, certificate: Certificate) -> Vec<u8>;
        /// Encodes the feeless extrinsic that submits a chunk of records.
        fn submit_records(chunk: RecordChunk, certificate: Certificate) -> Vec<u8>;
    }
}
