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
mod supervision;

use crate::{
    extensions, genesis as presets, AccountId, Executive, Nonce, RuntimeCall, SignedPayload, System, UncheckedExtrinsic,
};
use codec::Encode;
use sp_core::{sr25519, Pair, H256};
use sp_io::TestExternalities;
use sp_runtime::{
    generic::Era,
    transaction_validity::{TransactionSource, TransactionValidity},
};

/// Externalities with the genesis of a preset, in block 1.
fn preset(name: &str) -> TestExternalities {
    let mut externalities: TestExternalities = presets::storage(name).expect("the preset builds").into();
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
