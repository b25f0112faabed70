//! Numbers that the pallets' set-up shares: time, money and the size of a block.

use crate::{Balance, BlockNumber};
use frame_support::weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight};
use sp_runtime::Perbill;

/// Length of a slot in milliseconds; one block a slot.
pub const MILLISECS_PER_BLOCK: u64 = 200;

/// Blocks in a minute.
pub const MINUTES: BlockNumber = (60_000 / MILLISECS_PER_BLOCK) as BlockNumber;
/// Blocks in an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day.
pub const DAYS: BlockNumber = 24 * HOURS;

/// Least balance of an account, in micro-yuan.
pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;

/// Computing time of a full block. The author has half a slot to propose and every other
/// validator executes the block again before it votes, so 60 of 200 ms leave room for both.
pub const BLOCK_MILLIS: u64 = 60;

/// Weight of a full block; its proof size is not limited, since no relay chain reads it.
pub const MAXIMUM_BLOCK_WEIGHT: Weight = Weight::from_parts(BLOCK_MILLIS * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);

/// Share of a block that ordinary transactions may fill; the rest is for operational ones.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);

/// Bytes in a full block.
pub const MAXIMUM_BLOCK_LENGTH: u32 = 1024 * 1024;

/// Most validators that the chain is set up for.
pub const MAX_VALIDATORS: u32 = 64;

/// Prefix of addresses; also in the chain spec's properties.
pub const SS58_PREFIX: u8 = 42;
