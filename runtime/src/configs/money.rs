//! Money in micro-yuan, and the unit in which call quotas are counted.

use crate::{constants::*, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason, System};
use frame_support::{
    traits::{ConstU128, ConstU32, ConstU8, VariantCountOf},
    weights::{ConstantMultiplier, IdentityFee},
};
use pallet_transaction_payment::FungibleAdapter;

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<16>;
    type MaxReserves = ConstU32<0>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

/// Quota units that a byte of a transaction costs: 10 ns of computing time.
type LengthQuota = ConstantMultiplier<Balance, ConstU128<10_000>>;

// No fee is ever taken: no extension charges one. These functions only say how much of its
// caller's quota a call uses up, in picoseconds of computing time.
impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, ()>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = LengthQuota;
    type FeeMultiplierUpdate = ();
    type OperationalFeeMultiplier = ConstU8<1>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
