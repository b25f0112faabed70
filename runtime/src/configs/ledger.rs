//! The DAG ledger on chain: its epochs, its committee and its anchors.

use crate::{
    constants::MINUTES, extensions::HISTORY_PRIORITY, AccountId, ExecutionScore, Registry, Runtime, Supervision,
    Timestamp,
};
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
    type OnConviction = Supervision;
    /// A day at one anchor a second; older ones are proved from the range of all anchors.
    type KeepAnchors = ConstU32<86_400>;
    /// A member keeps the skeleton of an epoch's graph in memory, some hundred bytes a unit: a few
    /// hundred megabytes at a million.
    type EpochUnits = ConstU64<1_000_000>;
    /// An hour at one anchor a second. Witnesses cost memory as well, up to twenty a second and member,
    /// and where few devices write they are more than the units.
    type EpochAnchors = ConstU32<3_600>;
    /// A week at an epoch an hour, in which members that left answer for what they signed; five
    /// kilobytes a committee.
    type KeepEpochs = ConstU32<168>;
    /// Far longer than a chunk of records takes from its first signature into a block.
    type Handover = ConstU32<{ 5 * MINUTES }>;
    type Priority = ConstU64<HISTORY_PRIORITY>;
    type WeightInfo = pallet_dag_anchor::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}
