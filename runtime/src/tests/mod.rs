//! Tests of what only the whole runtime has.

mod admission;
mod epochs;
mod equivocation;
mod genesis;
mod governance;
mod keys;
mod metadata;
mod pace;
mod referee;

use crate::{
    extensions, genesis as presets, AccountId, Executive, Nonce, RuntimeCall, RuntimeGenesisConfig, SignedPayload,
    System, UncheckedExtrinsic,
};
use codec::Encode;
use serde_json::Value;
use sp_core::{sr25519, Pair, H256};
use sp_io::TestExternalities;
use sp_runtime::{
    generic::Era,
    transaction_validity::{TransactionSource, TransactionValidity},
    BuildStorage,
};

/// Lays `patch` over `base`, as chain specs do.
fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// Externalities with the genesis of a preset, in block 1.
fn preset(name: &str) -> TestExternalities {
    let patch = presets::preset(&name.into()).expect("the preset exists");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default encodes");
    merge(&mut config, serde_json::from_slice(&patch).expect("the preset is JSON"));
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits the runtime");
    let mut externalities: TestExternalities = config.build_storage().expect("the preset builds").into();
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Externalities with the demo's genesis.
fn demo() -> TestExternalities {
    preset(presets::DEMO_PRESET)
}

/// The key pair at a development path.
fn pair(path: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(path, None).expect("a valid path")
}

/// The account at a development path.
fn account(path: &str) -> AccountId {
    AccountId::new(pair(path).public().0)
}

/// `call`, signed with the key at `path`.
fn signed(path: &str, nonce: Nonce, call: RuntimeCall) -> UncheckedExtrinsic {
    let pair = pair(path);
    let payload = SignedPayload::new(call, extensions::signed(nonce, Era::Immortal)).expect("the pipeline is complete");
    let signature = payload.using_encoded(|bytes| pair.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(call, account(path).into(), signature.into(), extension)
}

/// What a pool would say of `call`, signed with the key at `path`.
fn validate(path: &str, nonce: Nonce, call: RuntimeCall) -> TransactionValidity {
    Executive::validate_transaction(TransactionSource::External, signed(path, nonce, call), H256::zero())
}

/// A harmless call.
fn remark() -> RuntimeCall {
    RuntimeCall::System(frame_system::Call::remark { remark: vec![1, 2, 3] })
}
