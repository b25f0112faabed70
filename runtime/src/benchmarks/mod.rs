//! Which benchmarks the runtime offers to the tool that measures weights.

mod helper;

use crate::*;

pub use helper::Helper;

frame_benchmarking::define_benchmarks!(
    [frame_system, frame_system_benchmarking::Pallet::<Runtime>]
    [frame_system_extensions, frame_system_benchmarking::extensions::Pallet::<Runtime>]
    [pallet_balances, Balances]
    [pallet_bids, Bids]
    [pallet_collective, Council]
    [pallet_dag_anchor, DagAnchor]
    [pallet_dispatch, Dispatch]
    [pallet_execution_score, ExecutionScore]
    [pallet_registry, Registry]
    [pallet_safe_mode, SafeMode]
    [pallet_settlement, Settlement]
    [pallet_supervision, Supervision]
    [pallet_timestamp, Timestamp]
    [pallet_tx_pause, TxPause]
    [pallet_utility, Utility]
);
