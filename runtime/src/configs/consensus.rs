//! Who makes and finalises blocks.

use crate::{
    constants::*, AccountId, Aura, Balances, BlockNumber, Pace, Registry, Runtime, RuntimeEvent, Session, SessionKeys,
};
use frame_support::traits::{ConstBool, ConstU128, ConstU32, ConstU64};
use pallet_session::ShouldEndSession;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type SlotDuration = Pace;
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Runtime, Aura>;
    type EventHandler = ();
}

// Equivocations are not reported on chain: the consortium removes a validator by a vote of
// its council, and there is no stake that could be slashed.
impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

/// A day.
type Daily = pallet_session::PeriodicSessions<ConstU32<DAYS>, ConstU32<0>>;

/// Ends a session after a day, or at once when governance has appointed other validators.
pub struct EndSession;

impl ShouldEndSession<BlockNumber> for EndSession {
    /// One rotation plans a new set, the next one puts it in force.
    fn should_end_session(now: BlockNumber) -> bool {
        Daily::should_end_session(now) || Self::is_due()
    }
}

impl EndSession {
    /// Whether other validators have been appointed and are not in force yet.
    pub fn is_due() -> bool {
        pallet_registry::SetPending::<Runtime>::get()
            || pallet_session::QueuedKeys::<Runtime>::get().iter().map(|(who, _)| who).ne(Session::validators().iter())
    }
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = EndSession;
    type NextSessionRotation = Daily;
    type SessionManager = Registry;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = ();
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = ConstU128<0>;
}

impl crate::pace::Config for Runtime {}
