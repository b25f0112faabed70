//! A runtime with the registry alone, and its people.

use crate as pallet_registry;
use frame_support::{
    derive_impl,
    pallet_prelude::ValueQuery,
    storage_alias,
    traits::{ConstU32, Contains, Time},
};
use frame_system::EnsureRoot;
use loadstone_core::{
    AccountId, AreaId, BoundedVec, Hash, OrganisationId, Participant, PublicKey, Role, ValidatorInfo, Watts,
};
use sp_runtime::{traits::IdentityLookup, BuildStorage, DispatchResult};

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(20)]
    pub type Registry = pallet_registry;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type Hash = Hash;
    type Hashing = sp_runtime::traits::BlakeTwo256;
    type Block = frame_system::mocking::MockBlockU32<Test>;
    type MaxConsumers = ConstU32<16>;
}

/// Session keys for all but [`KEYLESS`].
pub struct HasKeys;

impl Contains<AccountId> for HasKeys {
    fn contains(who: &AccountId) -> bool {
        *who != KEYLESS
    }
}

#[storage_alias]
pub type Now = StorageValue<Clock, u64, ValueQuery>;

/// Chain time as [`Now`] says.
pub struct Clock;

impl Time for Clock {
    type Moment = u64;
    fn now() -> u64 {
        Now::get()
    }
}

impl pallet_registry::Config for Test {
    type GovernanceOrigin = EnsureRoot<AccountId>;
    type SessionKeys = HasKeys;
    type Time = Clock;
    type WeightInfo = pallet_registry::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = HasKeys;
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_registry::BenchmarkHelper for HasKeys {
    fn set_session_keys(_: &AccountId) {}
}

pub const GRID: AccountId = AccountId::new([1; 32]);
pub const CITY: AccountId = AccountId::new([2; 32]);
pub const NORTH: AccountId = AccountId::new([3; 32]);
pub const SOUTH: AccountId = AccountId::new([4; 32]);
pub const REGULATOR: AccountId = AccountId::new([5; 32]);
pub const KEYLESS: AccountId = AccountId::new([6; 32]);
/// Customers: a household and a mill.
pub const HOUSE: AccountId = AccountId::new([7; 32]);
pub const MILL: AccountId = AccountId::new([8; 32]);
pub const STRANGER: AccountId = AccountId::new([9; 32]);
pub const AREA: AreaId = AreaId(7);

pub fn participant(role: Role, organisation: u16) -> Participant {
    let name = BoundedVec::truncate_from(b"of the test".to_vec());
    Participant { role, organisation: OrganisationId(organisation), name, frozen: false }
}

pub fn validator_info(organisation: u16) -> ValidatorInfo {
    let organisation = OrganisationId(organisation);
    ValidatorInfo { organisation, peer: BoundedVec::new(), gateway: BoundedVec::new() }
}

/// Registers a plausible load of 10 kW for `owner`.
pub fn register(owner: AccountId, key: PublicKey) -> DispatchResult {
    let origin = RuntimeOrigin::signed(owner);
    Registry::register_resource(origin, AREA, key, Watts(6_000), Watts(2_000), Watts(0), Watts(10_000))
}

/// The genesis that most tests start from: eight participants and four validators.
pub fn genesis() -> pallet_registry::GenesisConfig<Test> {
    pallet_registry::GenesisConfig {
        participants: vec![
            (GRID, participant(Role::GridCompany, 1)),
            (CITY, participant(Role::GridCompany, 2)),
            (NORTH, participant(Role::Aggregator, 3)),
            (SOUTH, participant(Role::Aggregator, 4)),
            (REGULATOR, participant(Role::Regulator, 5)),
            (KEYLESS, participant(Role::Aggregator, 6)),
            (HOUSE, participant(Role::Customer, 7)),
            (MILL, participant(Role::Customer, 8)),
        ],
        validators: vec![
            (GRID, validator_info(1)),
            (CITY, validator_info(2)),
            (NORTH, validator_info(3)),
            (SOUTH, validator_info(4)),
        ],
        ..Default::default()
    }
}

pub fn storage(registry: pallet_registry::GenesisConfig<Test>) -> sp_io::TestExternalities {
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().expect("system genesis");
    registry.assimilate_storage(&mut storage).expect("registry genesis");
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test and then every check of state.
pub fn run(test: impl FnOnce()) {
    storage(genesis()).execute_with(|| {
        test();
        Registry::do_try_state().expect("state holds");
    });
}

#[cfg(feature = "runtime-benchmarks")]
pub fn new_test_ext() -> sp_io::TestExternalities {
    storage(genesis())
}

/// The newest event of the registry.
pub fn last_event() -> crate::Event<Test> {
    let events = System::events().into_iter().rev();
    let mut ours = events.filter_map(|record| match record.event {
        RuntimeEvent::Registry(event) => Some(event),
        _ => None,
    });
    ours.next().expect("an event was deposited")
}
