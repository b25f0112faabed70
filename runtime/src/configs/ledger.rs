//! The DAG ledger on chain: its committee and its anchors.

use crate::{extensions::HISTORY_PRIORITY, AccountId, ExecutionScore, Registry, Runtime, Timestamp};
use frame_support::traits::{ConstU32, ConstU64};
use loadstone_core::{traits::Directory, OrganisationId};
use sp_runtime::traits::Convert;

/// Looks a validator's organisation up in the registry.
pub struct OrganisationOf;

impl Convert<AccountId, Option<OrganisationId>> for OrganisationOf {
    fn convert(who: AccountId) -> Option<OrganisationId> {
        Registry::participant(&who).map(|participant| participant.organisation)
    }
}

impl pallet_dag_anchor::Config for Runtime {
    type Time = Timestamp;
    type Directory = Registry;
    type OrganisationOf = OrganisationOf;
    type OnAnchor = ExecutionScore;
    /// A day at one anchor a second; older ones are proved from the range of all anchors.
    type KeepAnchors = ConstU32<86_400>;
    type Priority = ConstU64<HISTORY_PRIORITY>;
    type WeightInfo = pallet_dag_anchor::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}
