//! The consortium's council, and its levers: pausing calls and safe mode.

use crate::{
    constants::*, mandate, AccountId, Balances, BlockNumber, Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason,
    RuntimeOrigin,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, Contains, EitherOf, EitherOfDiverse, MapSuccess},
    weights::Weight,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess};
use pallet_collective::{EnsureProportionAtLeast, EnsureProportionMoreThan};
use pallet_tx_pause::RuntimeCallNameOf;
use sp_runtime::{traits::Replace, Perbill};

/// The collective of the grid companies.
pub type CouncilInstance = pallet_collective::Instance1;

/// More than half of the council.
type Majority = EnsureProportionMoreThan<AccountId, CouncilInstance, 1, 2>;

/// At least two thirds of the council.
type Supermajority = EnsureProportionAtLeast<AccountId, CouncilInstance, 2, 3>;

/// Decides on members, validators and programmes.
pub type GovernanceOrigin = EitherOfDiverse<EnsureRoot<AccountId>, Majority>;

parameter_types! {
    pub MaxProposalWeight: Weight = Perbill::from_percent(50) * MAXIMUM_BLOCK_WEIGHT;
}

impl pallet_collective::Config<CouncilInstance> for Runtime {
    type RuntimeOrigin = RuntimeOrigin;
    type Proposal = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type MotionDuration = ConstU32<{ 7 * DAYS }>;
    type MaxProposals = ConstU32<64>;
    type MaxMembers = ConstU32<32>;
    type DefaultVote = pallet_collective::MoreThanMajorityThenPrimeDefaultVote;
    type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
    type SetMembersOrigin = GovernanceOrigin;
    type MaxProposalWeight = MaxProposalWeight;
    type DisapproveOrigin = GovernanceOrigin;
    type KillOrigin = GovernanceOrigin;
    type Consideration = ();
}

impl mandate::Config for Runtime {
    type Call = RuntimeCall;
    type MandateOrigin = Supermajority;
}

/// What can never be paused: without it the chain could not be repaired.
pub struct NeverPaused;

impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
    fn contains(name: &RuntimeCallNameOf<Runtime>) -> bool {
        let repairs: [&[u8]; 8] =
            [b"System", b"Timestamp", b"Grandpa", b"Council", b"TxPause", b"SafeMode", b"Mandate", b"Session"];
        repairs.contains(&name.0.as_slice())
    }
}

/// What stays open in safe mode: repairs, ending orders, supervision, and the measurement of what already runs.
pub struct OpenInSafeMode;

impl Contains<RuntimeCall> for OpenInSafeMode {
    fn contains(call: &RuntimeCall) -> bool {
        matches!(
            call,
            RuntimeCall::System(_)
                | RuntimeCall::Timestamp(_)
                | RuntimeCall::Grandpa(_)
                | RuntimeCall::Council(_)
                | RuntimeCall::TxPause(_)
                | RuntimeCall::SafeMode(_)
                | RuntimeCall::Mandate(_)
                | RuntimeCall::Session(_)
                | RuntimeCall::Registry(pallet_registry::Call::set_frozen { .. })
                | RuntimeCall::Registry(pallet_registry::Call::revoke_device { .. })
                | RuntimeCall::Dispatch(pallet_dispatch::Call::release { .. })
                | RuntimeCall::DagAnchor(_)
                | RuntimeCall::ExecutionScore(_)
                | RuntimeCall::Supervision(_)
        )
    }
}

impl pallet_tx_pause::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PauseOrigin = GovernanceOrigin;
    type UnpauseOrigin = GovernanceOrigin;
    type WhitelistedCalls = NeverPaused;
    type MaxNameLen = ConstU32<64>;
    type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    pub const SafeModeDuration: BlockNumber = HOURS;
    pub const NoDeposit: Option<crate::Balance> = None;
    pub const NoRelease: Option<BlockNumber> = None;
}

/// Governance, which enters or extends safe mode by an hour at a time.
type SafeModeOrigin =
    EitherOf<EnsureRootWithSuccess<AccountId, SafeModeDuration>, MapSuccess<Majority, Replace<SafeModeDuration>>>;

impl pallet_safe_mode::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WhitelistedCalls = OpenInSafeMode;
    type EnterDuration = SafeModeDuration;
    type ExtendDuration = SafeModeDuration;
    type EnterDepositAmount = NoDeposit;
    type ExtendDepositAmount = NoDeposit;
    type ForceEnterOrigin = SafeModeOrigin;
    type ForceExtendOrigin = SafeModeOrigin;
    type ForceExitOrigin = GovernanceOrigin;
    type ForceDepositOrigin = GovernanceOrigin;
    type Notify = ();
    type ReleaseDelay = NoRelease;
    type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
}
