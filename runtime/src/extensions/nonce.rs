//! Order of an account's transactions, with a bound on how many may wait.

use super::Refusal;
use crate::{Nonce, Runtime, RuntimeCall, RuntimeOrigin};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
    dispatch::{DispatchInfo, PostDispatchInfo},
    pallet_prelude::TransactionSource,
    weights::Weight,
};
use frame_system::CheckNonce as Inner;
use scale_info::TypeInfo;
use sp_runtime::{
    traits::{AsSystemOriginSigner, Implication, TransactionExtension, ValidateResult},
    transaction_validity::TransactionValidityError,
    DispatchResult,
};

/// Transactions of one account that may wait in a pool. Without fees nothing else bounds them:
/// a pool checks each against the same state, in which none of the others has used quota yet.
pub const MAX_PENDING: Nonce = 256;

/// Frame's nonce check, refusing nonces more than [`MAX_PENDING`] ahead of the account's.
///
/// Encoding and identifier are those of the check that it wraps, so that every client knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CheckNonce(#[codec(compact)] Nonce);

impl From<Nonce> for CheckNonce {
    fn from(nonce: Nonce) -> Self {
        Self(nonce)
    }
}

type Wrapped = Inner<Runtime>;

impl TransactionExtension<RuntimeCall> for CheckNonce {
    const IDENTIFIER: &'static str = "CheckNonce";
    type Implicit = ();
    type Val = <Wrapped as TransactionExtension<RuntimeCall>>::Val;
    type Pre = <Wrapped as TransactionExtension<RuntimeCall>>::Pre;

    fn weight(&self, call: &RuntimeCall) -> Weight {
        Wrapped::from(self.0).weight(call)
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        len: usize,
        implicit: (),
        implication: &impl Implication,
        source: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        if let Some(who) = origin.as_system_origin_signer() {
            let next = frame_system::Pallet::<Runtime>::account_nonce(who);
            if self.0 > next.saturating_add(MAX_PENDING) {
                return Err(Refusal::TooManyPending.into());
            }
        }
        Wrapped::from(self.0).validate(origin, call, info, len, implicit, implication, source)
    }

    fn prepare(
        self,
        val: Self::Val,
        origin: &RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        len: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        Wrapped::from(self.0).prepare(val, origin, call, info, len)
    }

    fn post_dispatch_details(
        pre: Self::Pre,
        info: &DispatchInfo,
        post_info: &PostDispatchInfo,
        len: usize,
        result: &DispatchResult,
    ) -> Result<Weight, TransactionValidityError> {
        Wrapped::post_dispatch_details(pre, info, post_info, len, result)
    }
}
