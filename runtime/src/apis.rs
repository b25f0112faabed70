//! What the node, its clients and light clients may ask of the chain's state.

use crate::{
    configs::{EndSession, RuntimeBlockWeights},
    constants::{MAXIMUM_BLOCK_WEIGHT, MAX_VALIDATORS},
    extensions, genesis, AccountId, Aura, Balance, Bids, Block, DagAnchor, Dispatch, ExecutionScore, Executive,
    Grandpa, InherentDataExt, Nonce, Registry, Runtime, RuntimeCall, RuntimeGenesisConfig, Session, SessionKeys,
    Settlement, Supervision, System, TransactionPayment, UncheckedExtrinsic, VERSION,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
    dispatch::DispatchClass,
    genesis_builder_helper::{build_state, get_preset},
    view_functions::{ViewFunctionDispatchError, ViewFunctionId},
    weights::Weight,
};
use loadstone_core::{
    traits::Directory, AnchorNumber, BoundedVec, Device, DeviceId, EventId, Millis, Resource, ValidatorInfo,
};
use loadstone_dag::{Anchor, Certificate, LedgerState};
use loadstone_market::{RecordChunk, RecordInputs};
use loadstone_runtime_api::Activity;
use pallet_grandpa::AuthorityId as GrandpaId;
use pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo};
use sp_api::impl_runtime_apis;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, SlotDuration};
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_genesis_builder::PresetId;
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::{
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
    ApplyExtrinsicResult, ExtrinsicInclusionMode,
};
use sp_session::{MembershipProof, OpaqueGeneratedSessionKeys};
use sp_version::RuntimeVersion;

/// Every call is free; the weight is kept, since clients show it.
fn free(mut info: RuntimeDispatchInfo<Balance>) -> RuntimeDispatchInfo<Balance> {
    info.partial_fee = 0;
    info
}

/// The parts of no fee.
fn no_fee() -> FeeDetails<Balance> {
    FeeDetails { inclusion_fee: None, tip: 0 }
}

/// Encodes a call that authorises itself as the transaction that carries it.
fn feeless(call: RuntimeCall) -> Vec<u8> {
    UncheckedExtrinsic::new_transaction(call, extensions::feeless()).encode()
}

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(id: ViewFunctionId, input: Vec<u8>) -> Result<Vec<u8>, ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(block: <Block as BlockT>::LazyBlock, data: InherentData) -> CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> SlotDuration {
            SlotDuration::from_millis(Aura::slot_duration())
        }

        fn authorities() -> Vec<AuraId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            proof: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
            owner: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Grandpa::submit_unsigned_equivocation_report(proof, owner.decode()?)
        }

        // The owner stands in state, so the proof holds nothing.
        fn generate_key_ownership_proof(
            _: sp_consensus_grandpa::SetId,
            key: GrandpaId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            Session::key_owner(sp_consensus_grandpa::KEY_TYPE, key.as_ref())?;
            let session = Session::current_index();
            let proof = MembershipProof { session, trie_nodes: Vec::new(), validator_count: MAX_VALIDATORS };
            Some(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(xt: <Block as BlockT>::Extrinsic, len: u32) -> RuntimeDispatchInfo<Balance> {
            free(TransactionPayment::query_info(xt, len))
        }

        fn query_fee_details(_: <Block as BlockT>::Extrinsic, _: u32) -> FeeDetails<Balance> {
            no_fee()
        }

        fn query_weight_to_fee(_: Weight) -> Balance {
            0
        }

        fn query_length_to_fee(_: u32) -> Balance {
            0
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall>
        for Runtime
    {
        fn query_call_info(call: RuntimeCall, len: u32) -> RuntimeDispatchInfo<Balance> {
            free(TransactionPayment::query_call_info(call, len))
        }

        fn query_call_fee_details(_: RuntimeCall, _: u32) -> FeeDetails<Balance> {
            no_fee()
        }

        fn query_weight_to_fee(_: Weight) -> Balance {
            0
        }

        fn query_length_to_fee(_: u32) -> Balance {
            0
        }
    }

    impl loadstone_runtime_api::LoadstoneApi<Block> for Runtime {
        fn ledger() -> LedgerState {
            DagAnchor::ledger()
        }

        fn validators() -> Vec<(AccountId, ValidatorInfo)> {
            pallet_registry::Validators::<Runtime>::iter().collect()
        }

        fn device(id: DeviceId) -> Option<(Device, Resource)> {
            let device = Registry::device(id)?;
            let resource = Registry::resource(device.resource)?;
            Some((device, resource))
        }

        fn missing_chunks() -> Vec<(EventId, u32, AnchorNumber)> {
            ExecutionScore::missing_chunks()
        }

        fn record_inputs(event: EventId, chunk: u32) -> Option<RecordInputs> {
            ExecutionScore::record_inputs(event, chunk)
        }

        fn activity(now: Millis) -> Activity {
            let works = Bids::has_work(now)
                || ExecutionScore::has_work()
                || Settlement::has_work(now)
                || Supervision::has_work()
                || EndSession::is_due();
            match works {
                true => Activity::Working,
                false if Bids::has_live_events() || Dispatch::has_live_orders(now) => Activity::Alert,
                false => Activity::Resting,
            }
        }

        fn is_crowded() -> bool {
            let room = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total.unwrap_or(MAXIMUM_BLOCK_WEIGHT);
            let taken = System::block_weight().get(DispatchClass::Normal).ref_time();
            taken >= room.ref_time() / 2
        }

        fn submit_anchor(anchor: Anchor, certificate: Certificate) -> Vec<u8> {
            let certificate = BoundedVec::truncate_from(certificate);
            feeless(pallet_dag_anchor::Call::submit_anchor { anchor, certificate }.into())
        }

        fn submit_records(chunk: RecordChunk, certificate: Certificate) -> Vec<u8> {
            let certificate = BoundedVec::truncate_from(certificate);
            feeless(pallet_execution_score::Call::submit_records { chunk, certificate }.into())
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(
            extra: bool,
        ) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
            use frame_benchmarking::BenchmarkList;
            use frame_support::traits::StorageInfoTrait;

            use crate::*;

            let mut list = Vec::<BenchmarkList>::new();
            list_benchmarks!(list, extra);
            (list, AllPalletsWithSystem::storage_info())
        }

        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            use frame_benchmarking::BenchmarkBatch;
            use frame_support::traits::WhitelistedStorageKeys;

            use crate::*;

            impl frame_system_benchmarking::Config for Runtime {}

            let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
            let mut batches = Vec::<BenchmarkBatch>::new();
            let params = (&config, &whitelist);
            add_benchmarks!(params, batches);
            Ok(batches)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(json: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(json)
        }

        fn get_preset(id: &Option<PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
        }

        fn preset_names() -> Vec<PresetId> {
            genesis::names()
        }
    }
}
