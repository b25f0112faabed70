//! The walk of an event: bids, orders, scores, payment and supervision.

use super::GovernanceOrigin;
use crate::{
    constants::MAX_VALIDATORS, extensions::HISTORY_PRIORITY, AccountId, Authorship, Balances, Bids, DagAnchor,
    Dispatch, ExecutionScore, Registry, Runtime, RuntimeHoldReason, Settlement, Supervision, Timestamp,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, Get},
    PalletId,
};

/// Length of an availability epoch: standing availability changes from one to the next only.
type EpochLengthMs = ConstU64<2_000>;

/// Who makes the block under way.
pub struct BlockAuthor;

impl Get<Option<AccountId>> for BlockAuthor {
    fn get() -> Option<AccountId> {
        Authorship::author()
    }
}

/// How many validators take turns.
pub struct ValidatorCount;

impl Get<u32> for ValidatorCount {
    fn get() -> u32 {
        pallet_session::Validators::<Runtime>::decode_len().map_or(0, |count| count as u32).min(MAX_VALIDATORS)
    }
}

impl pallet_bids::Config for Runtime {
    type Time = Timestamp;
    type Directory = Registry;
    type Anchors = DagAnchor;
    type Escrow = Settlement;
    type Standings = ExecutionScore;
    type Availability = Dispatch;
    type OnPhase = ((ExecutionScore, Settlement), Supervision);
    type BlockAuthor = BlockAuthor;
    type ValidatorCount = ValidatorCount;
    type EpochLengthMs = EpochLengthMs;
    type MaxEvents = ConstU32<64>;
    type MaxBidders = ConstU32<1_024>;
    type MaxEventResources = ConstU32<100_000>;
    type WeightInfo = pallet_bids::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_execution_score::Config for Runtime {
    type Time = Timestamp;
    type Directory = Registry;
    type Market = Bids;
    type AnchorLog = DagAnchor;
    type OnConviction = Supervision;
    type MaxActive = ConstU32<64>;
    type Priority = ConstU64<HISTORY_PRIORITY>;
    type WeightInfo = pallet_execution_score::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_dispatch::Config for Runtime {
    type Time = Timestamp;
    type Directory = Registry;
    type Market = Bids;
    type Standings = ExecutionScore;
    type Anchors = DagAnchor;
    type EpochLengthMs = EpochLengthMs;
    /// Four hours: a longer need is an event.
    type MaxOrderMs = ConstU64<14_400_000>;
    /// Two seconds: what a call may take to reach the chain.
    type StartLenienceMs = ConstU64<2_000>;
    type WeightInfo = pallet_dispatch::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

parameter_types! {
    pub const SettlementId: PalletId = PalletId(*b"ld/money");
}

impl pallet_settlement::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type Directory = Registry;
    type Market = Bids;
    type Scores = ExecutionScore;
    type Referee = ExecutionScore;
    type PalletId = SettlementId;
    type MaxWaiting = ConstU32<64>;
    type WeightInfo = pallet_settlement::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_supervision::Config for Runtime {
    type Time = Timestamp;
    type Directory = Registry;
    type Freezing = Registry;
    type Market = Bids;
    type Scores = ExecutionScore;
    type GovernanceOrigin = GovernanceOrigin;
    type MaxScans = ConstU32<64>;
    type MaxOpen = ConstU32<256>;
    type KeepClosed = ConstU32<256>;
    type WeightInfo = pallet_supervision::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}
