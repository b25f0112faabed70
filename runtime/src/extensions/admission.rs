//! Who may send transactions, how many, and which come first.
//!
//! The chain takes no fees. So whoever is not registered, is frozen or has used up its quota is
//! refused here, in validation: a free call that only failed in dispatch would congest the chain.

use crate::{AccountId, Registry, Runtime, RuntimeCall, RuntimeOrigin};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
    dispatch::{DispatchClass, DispatchInfo, PostDispatchInfo},
    pallet_prelude::TransactionSource,
    weights::Weight,
};
use frame_system::Config;
use loadstone_core::{traits::Directory, Role};
use pallet_origin_restriction::RestrictOrigin;
use scale_info::TypeInfo;
use sp_runtime::{
    traits::{AsSystemOriginSigner, Implication, TransactionExtension, ValidateResult},
    transaction_validity::{InvalidTransaction, TransactionPriority, TransactionValidityError},
    DispatchResult,
};

/// Why a transaction is not admitted; the number that clients see as a custom invalidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// The sender is not registered.
    NotRegistered = 1,
    /// The regulator has frozen the sender.
    Frozen = 2,
    /// Too many of the sender's transactions wait already.
    TooManyPending = 3,
    /// The sender's quota is used up; it recovers with the blocks.
    QuotaUsedUp = 4,
    /// Only a grid company gives orders.
    NoDispatcher = 5,
}

impl From<Refusal> for TransactionValidityError {
    fn from(refusal: Refusal) -> Self {
        InvalidTransaction::Custom(refusal as u8).into()
    }
}

/// Admits registered participants, of the frozen ones their appeals only, charges their quota and ranks their calls.
///
/// Zero-sized, so that clients that have never heard of it can sign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CheckAdmission;

type Quota = RestrictOrigin<Runtime>;

/// Orders come before everything else, since load waits for them.
pub const ORDER_PRIORITY: TransactionPriority = 3 << 60;
/// Anchors and records come next, since scores and payments wait for them. They are not signed:
/// their pallets set it when they authorise them.
pub const HISTORY_PRIORITY: TransactionPriority = 2 << 60;
/// Everything else.
pub const OTHER_PRIORITY: TransactionPriority = 1 << 60;

fn is_order(call: &RuntimeCall) -> bool {
    use pallet_dispatch::Call::{declare_availability, refresh_availability};
    matches!(call, RuntimeCall::Dispatch(inner)
        if !matches!(inner, declare_availability { .. } | refresh_availability { .. }))
}

/// Rank of a participant's call in the pool.
pub fn priority(call: &RuntimeCall) -> TransactionPriority {
    if is_order(call) {
        ORDER_PRIORITY
    } else {
        OTHER_PRIORITY
    }
}

/// Whether a call takes of the part of the block that is kept for orders: an order, or a batch of nothing else.
/// Whoever may not give orders must not fill it with calls that fail.
fn takes_orders_room(call: &RuntimeCall, class: DispatchClass) -> bool {
    is_order(call) || (class == DispatchClass::Operational && matches!(call, RuntimeCall::Utility(_)))
}

/// Whoever is frozen over a case may still appeal, in its name and nobody else's.
fn is_appeal(call: &RuntimeCall) -> bool {
    matches!(call, RuntimeCall::Supervision(pallet_supervision::Call::appeal { .. }))
}

fn admit(who: &AccountId, call: &RuntimeCall, class: DispatchClass) -> Result<(), Refusal> {
    match Registry::participant(who) {
        None => Err(Refusal::NotRegistered),
        Some(participant) if participant.frozen && !is_appeal(call) => Err(Refusal::Frozen),
        Some(participant) if participant.role != Role::GridCompany && takes_orders_room(call, class) => {
            Err(Refusal::NoDispatcher)
        }
        Some(_) => Ok(()),
    }
}

impl TransactionExtension<RuntimeCall> for CheckAdmission {
    const IDENTIFIER: &'static str = "CheckAdmission";
    type Implicit = ();
    type Val = <Quota as TransactionExtension<RuntimeCall>>::Val;
    type Pre = <Quota as TransactionExtension<RuntimeCall>>::Pre;

    fn weight(&self, call: &RuntimeCall) -> Weight {
        // The participant is read once more by the quota itself.
        Quota::new(true).weight(call).saturating_add(<Runtime as Config>::DbWeight::get().reads(2))
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
        let Some(who) = origin.as_system_origin_signer() else {
            return Quota::new(true).validate(origin, call, info, len, implicit, implication, source);
        };
        admit(who, call, info.class)?;
        let (mut valid, val, origin) = Quota::new(true)
            .validate(origin, call, info, len, implicit, implication, source)
            .map_err(|error| match error {
                TransactionValidityError::Invalid(InvalidTransaction::Payment) => Refusal::QuotaUsedUp.into(),
                other => other,
            })?;
        valid.priority = priority(call);
        Ok((valid, val, origin))
    }

    fn prepare(
        self,
        val: Self::Val,
        origin: &RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        len: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        Quota::new(true).prepare(val, origin, call, info, len)
    }

    fn post_dispatch_details(
        pre: Self::Pre,
        info: &DispatchInfo,
        post_info: &PostDispatchInfo,
        len: usize,
        result: &DispatchResult,
    ) -> Result<Weight, TransactionValidityError> {
        Quota::post_dispatch_details(pre, info, post_info, len, result)
    }
}
