//! Numbers that the pallets' set-up shares: time, money and the size of a block.

use crate::{Balance, BlockNumber};
use frame_support::weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight};
use sp_runtime::Perbill;

/// Length of a slot in milliseconds where genesis names none; at most one block a slot.
pub const DEFAULT_SLOT_MILLIS: u64 = 200;
/// Shortest slot in milliseconds.
pub const MIN_SLOT_MILLIS: u64 = 50;
/// Longest slot in milliseconds.
pub const MAX_SLOT_MILLIS: u64 = 60_000;

/// Blocks in a minute of a busy chain. A silent one makes a block every twenty seconds, so what is counted in
/// blocks lasts up to a hundred times as long there: nothing that must end in time may be counted so.
pub const MINUTES: BlockNumber = (60_000 / DEFAULT_SLOT_MILLIS) as BlockNumber;
/// Blocks in an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day.
pub const DAYS: BlockNumber = 24 * HOURS;

/// Least balance of an account, in micro-yuan.
pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;

/// Computing time of a full block. Of a slot of 200 ms the author fills its block in 60, and every other
/// validator executes it again before it votes; longer slots have blocks of the same size.
pub const BLOCK_MILLIS: u64 = 60;

/// Weight of a full block; its proof size is not limited, since no relay chain reads it.
pub const MAXIMUM_BLOCK_WEIGHT: Weight = Weight::from_parts(BLOCK_MILLIS * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);

/// Share of a block that ordinary transactions may fill; the rest is for operational ones.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);

/// Share of a block that hooks usually take before its first transaction.
pub const HOOKS_RATIO: Perbill = Perbill::from_percent(10);

/// Bytes in a full block.
pub const MAXIMUM_BLOCK_LENGTH: u32 = 1024 * 1024;

/// Most validators that the chain is set up for.
pub const MAX_VALIDATORS: u32 = 64;

/// Prefix of addresses; also in the chain spec's properties.
pub const SS58_PREFIX: u8 = 42;
