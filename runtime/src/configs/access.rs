//! Who is registered, and how much of the chain's computing time each may use without fees.

use super::GovernanceOrigin;
use crate::{constants::*, weights, AccountId, Balance, OriginCaller, Registry, Runtime, RuntimeEvent, Timestamp};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{Contains, Nothing};
use loadstone_core::{traits::Directory, Role};
use pallet_origin_restriction::{Allowance, RestrictedEntity};
use scale_info::TypeInfo;

/// Computing time of ordinary transactions in a block, in picoseconds.
const NORMAL_BLOCK_TIME: Balance = MAXIMUM_BLOCK_WEIGHT.ref_time() as Balance * 3 / 4;

/// An account whose calls are counted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Caller(pub AccountId);

/// How much computing time a participant may use, in picoseconds.
pub struct CallQuota {
    /// At once, after a rest.
    pub burst: Balance,
    /// Won back with each block.
    pub per_block: Balance,
}

impl CallQuota {
    /// What each role needs: a dispatch centre sends orders in series, an aggregator registers and
    /// bids for many resources, the others seldom send anything.
    pub const fn of(role: Role) -> Self {
        let (blocks, percent) = match role {
            Role::GridCompany => (50, 20),
            Role::Aggregator => (20, 5),
            Role::Regulator | Role::Auditor | Role::Customer => (2, 1),
        };
        Self { burst: blocks * NORMAL_BLOCK_TIME, per_block: NORMAL_BLOCK_TIME * percent / 100 }
    }
}

impl RestrictedEntity<OriginCaller, Balance> for Caller {
    fn allowance(&self) -> Allowance<Balance> {
        let quota = Registry::participant(&self.0).map(|participant| CallQuota::of(participant.role));
        let CallQuota { burst, per_block } = quota.unwrap_or(CallQuota { burst: 0, per_block: 0 });
        Allowance { max: burst, recovery_per_block: per_block }
    }

    fn restricted_entity(caller: &OriginCaller) -> Option<Self> {
        match caller {
            OriginCaller::system(frame_system::RawOrigin::Signed(who)) => Some(Self(who.clone())),
            _ => None,
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn benchmarked_restricted_origin() -> OriginCaller {
        OriginCaller::system(frame_system::RawOrigin::Signed(AccountId::new([1; 32])))
    }
}

/// Accounts that have set session keys.
pub struct WithSessionKeys;

impl Contains<AccountId> for WithSessionKeys {
    fn contains(who: &AccountId) -> bool {
        pallet_session::NextKeys::<Runtime>::contains_key(who)
    }
}

impl pallet_registry::Config for Runtime {
    type GovernanceOrigin = GovernanceOrigin;
    type SessionKeys = WithSessionKeys;
    type Time = Timestamp;
    type WeightInfo = pallet_registry::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_origin_restriction::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = weights::origin_restriction::WeightInfo;
    type RestrictedEntity = Caller;
    type OperationAllowedOneTimeExcess = Nothing;
}
