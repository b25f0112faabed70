//! A runtime with dispatch alone. Its neighbours are small doubles kept in storage, so that a refused
//! call rolls them back too.

use crate as pallet_dispatch;
use frame_support::{
    derive_impl, pallet_prelude::ValueQuery, parameter_types, storage_alias, traits::Time, Blake2_128Concat,
    Twox64Concat,
};
use loadstone_core::{
    traits::{AnchorLog, Directory},
    AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, ChangeNotice, Device, DeviceId, Direction,
    EventId, Hash, MemberIndex, Millis, Name, OrganisationId, Participant, Price, ProgrammeId, ProgrammeVersion,
    Resource, ResourceId, Role, Signature, Watts, CHANGE_ENGINE_ID,
};
use loadstone_market::{
    traits::{Market, Reserve, Standings},
    Clearing, Credit, Event, Limits, Order, Phase, Programme, Segments,
};
use sp_runtime::{traits::IdentityLookup, BuildStorage, DigestItem, DispatchError, DispatchResult};

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
    #[runtime::pallet_index(22)]
    pub type Dispatch = pallet_dispatch;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type Hash = Hash;
    type Hashing = sp_runtime::traits::BlakeTwo256;
    type Block = frame_system::mocking::MockBlockU32<Test>;
}

parameter_types! {
    pub const EpochLengthMs: u64 = 2_000;
    pub const MaxOrderMs: u64 = 3_600_000;
    pub const StartLenienceMs: u64 = 5_000;
}

#[storage_alias]
pub type Now = StorageValue<World, u64, ValueQuery>;
#[storage_alias]
pub type People = StorageMap<World, Blake2_128Concat, AccountId, Participant>;
#[storage_alias]
pub type Loads = StorageMap<World, Twox64Concat, ResourceId, Resource>;
#[storage_alias]
pub type LoadCount = StorageValue<World, u32, ValueQuery>;
#[storage_alias]
pub type Reliabilities = StorageMap<World, Twox64Concat, ResourceId, BasisPoints>;
#[storage_alias]
pub type MarketEvents = StorageMap<World, Twox64Concat, EventId, Event>;

/// All that surrounds dispatch.
pub struct World;

impl Time for World {
    type Moment = u64;
    fn now() -> u64 {
        Now::get()
    }
}

impl Directory for World {
    fn participant(who: &AccountId) -> Option<Participant> {
        People::get(who)
    }
    fn resource(id: ResourceId) -> Option<Resource> {
        Loads::get(id)
    }
    fn device(_: DeviceId) -> Option<Device> {
        None
    }
}

impl AnchorLog for World {
    fn latest_anchor() -> AnchorNumber {
        AnchorNumber(5)
    }
    fn anchor_hash(_: AnchorNumber) -> Option<Hash> {
        None
    }
    fn is_certified(_: &[u8], _: &[(MemberIndex, Signature)]) -> bool {
        false
    }
}

impl Market for World {
    type Error = DispatchError;
    fn event(id: EventId) -> Option<Event> {
        MarketEvents::get(id)
    }
    fn programme_of(_: &Event) -> Option<Programme> {
        None
    }
    fn clearing(_: EventId) -> Option<Clearing> {
        None
    }
    fn segments(_: EventId, _: ResourceId) -> Segments {
        Segments::new()
    }
    fn resource_count(_: EventId) -> u32 {
        0
    }
    fn resource_at(_: EventId, _: u32) -> Option<ResourceId> {
        None
    }
    fn customer(_: EventId, _: ResourceId) -> Option<AccountId> {
        None
    }
    fn bond(_: EventId, _: &AccountId) -> Balance {
        0
    }
    fn set_phase(id: EventId, phase: Phase) -> DispatchResult {
        frame_support::ensure!(id != STUCK_EVENT, "the queue is full");
        MarketEvents::mutate(id, |event| {
            let event = event.as_mut().ok_or("no such event")?;
            frame_support::ensure!(event.phase < phase, "not forward");
            event.phase = phase;
            Ok(())
        })
    }
}

impl Reserve for World {
    type Error = DispatchError;
    fn call_reserve(id: EventId, from: u8) -> DispatchResult {
        MarketEvents::mutate(id, |event| {
            let event = event.as_mut().ok_or("no such event")?;
            frame_support::ensure!(event.reserve_from.is_none(), "called before");
            event.reserve_from = Some(from);
            Ok(())
        })
    }
}

impl Standings for World {
    fn credit(_: ResourceId) -> Option<Credit> {
        None
    }
    fn reliability(resource: ResourceId) -> Option<BasisPoints> {
        Reliabilities::get(resource)
    }
}

impl pallet_dispatch::Config for Test {
    type Time = World;
    type Directory = World;
    type Standings = World;
    type Market = World;
    type Anchors = World;
    type EpochLengthMs = EpochLengthMs;
    type MaxOrderMs = MaxOrderMs;
    type StartLenienceMs = StartLenienceMs;
    type WeightInfo = pallet_dispatch::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = World;
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_dispatch::BenchmarkHelper for World {
    fn participant(seed: u32, role: Role) -> AccountId {
        let who = AccountId::new([100u8.saturating_add(seed as u8); 32]);
        People::insert(&who, participant(role, 100));
        who
    }
    fn resource(owner: &AccountId, area: AreaId) -> ResourceId {
        load(owner, area, 10_000)
    }
    fn cleared_event(opener: &AccountId, area: AreaId, direction: Direction, start: Millis) -> EventId {
        let event = Event { opener: opener.clone(), area, direction, start, ..cleared() };
        MarketEvents::insert(EventId(50), event);
        EventId(50)
    }
    fn set_time(now: Millis) {
        Now::put(now.0);
    }
}

pub const GRID: AccountId = AccountId::new([1; 32]);
pub const CITY: AccountId = AccountId::new([2; 32]);
pub const NORTH: AccountId = AccountId::new([3; 32]);
pub const SOUTH: AccountId = AccountId::new([4; 32]);
pub const FROZEN: AccountId = AccountId::new([5; 32]);
/// A second account of GRID's organisation.
pub const DESK: AccountId = AccountId::new([6; 32]);
pub const STRANGER: AccountId = AccountId::new([9; 32]);

pub const AREA: AreaId = AreaId(7);
pub const DOWN: Direction = Direction::Down;
pub const EVENT: EventId = EventId(1);
pub const OTHER_EVENT: EventId = EventId(2);
/// An event whose change of phase a listener refuses.
pub const STUCK_EVENT: EventId = EventId(3);
/// Chain time when a test begins: the start of epoch 500.
pub const BEGIN: u64 = 1_000_000;
pub const EPOCH: u32 = 500;

pub fn participant(role: Role, organisation: u16) -> Participant {
    let organisation = OrganisationId(organisation);
    Participant { role, organisation, name: Name::default(), frozen: false }
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// Registers a load with `capacity` watts in both directions.
pub fn load(owner: &AccountId, area: AreaId, capacity: i64) -> ResourceId {
    let id = LoadCount::get();
    LoadCount::put(id + 1);
    let (capacity_down, capacity_up) = (Watts(capacity), Watts(capacity));
    let (load_min, load_max) = (Watts(0), Watts(capacity));
    let (owner, device) = (owner.clone(), DeviceId(id));
    let resource = Resource { owner, area, device, capacity_down, capacity_up, load_min, load_max };
    Loads::insert(ResourceId(id), resource);
    ResourceId(id)
}

/// A load of NORTH's in [`AREA`] that has always delivered.
pub fn norths(capacity: i64) -> ResourceId {
    let id = load(&NORTH, AREA, capacity);
    Reliabilities::insert(id, BasisPoints::ONE);
    id
}

/// A cleared event of GRID's that begins in 10 s and lasts 20 s.
pub fn cleared() -> Event {
    Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: GRID,
        area: AREA,
        direction: DOWN,
        needs: BoundedVec::truncate_from(vec![Watts(500), Watts(1_000)]),
        start: Millis(BEGIN + 10_000),
        interval_ms: 10_000,
        gate_closure: Millis(BEGIN),
        budget: 1,
        opened: Millis(BEGIN),
        baseline_anchor: AnchorNumber(3),
        reserve_from: None,
        phase: Phase::Cleared,
    }
}

/// Declares `watts` down at `price`, with a response of half a second.
pub fn declare(resource: ResourceId, watts: i64, price: u64) -> DispatchResult {
    Dispatch::declare_availability(signed(NORTH), resource, DOWN, Watts(watts), Price(price), 500)
}

/// Calls `target` watts down in [`AREA`] from now on for a minute.
pub fn emergency(target: i64) -> DispatchResult {
    emergency_within(target, Limits::default())
}

/// Calls `target` watts down in [`AREA`] within `limits` from now on for a minute.
pub fn emergency_within(target: i64, limits: Limits) -> DispatchResult {
    let (start, end) = (Millis(Now::get()), Millis(Now::get() + 60_000));
    let reason = BoundedVec::truncate_from(b"line 4 tripped".to_vec());
    Dispatch::dispatch_emergency(signed(GRID), AREA, DOWN, Watts(target), limits, start, end, reason)
}

pub fn order() -> Order {
    Dispatch::current_order(AREA, DOWN).expect("an order is in force")
}

/// Watts on offer down in [`AREA`] now.
pub fn offered() -> Watts {
    Dispatch::available(AREA, DOWN).offered
}

/// Sets chain time.
pub fn at(now: u64) {
    Now::put(now);
}

/// Moves on to the next availability epoch.
pub fn next_epoch() {
    Now::mutate(|now| *now += EpochLengthMs::get());
}

/// Notices of orders in the header so far.
pub fn notices() -> usize {
    let notice = ChangeNotice::Order(AREA, DOWN);
    let expected = DigestItem::Consensus(CHANGE_ENGINE_ID, codec::Encode::encode(&notice));
    System::digest().logs.iter().filter(|log| **log == expected).count()
}

/// The newest event of dispatch.
pub fn last_event() -> crate::Event<Test> {
    let events = System::events().into_iter().rev();
    let mut ours = events.filter_map(|record| match record.event {
        RuntimeEvent::Dispatch(event) => Some(event),
        _ => None,
    });
    ours.next().expect("an event was deposited")
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = frame_system::GenesisConfig::<Test>::default().build_storage().expect("system genesis");
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| {
        System::set_block_number(1);
        at(BEGIN);
        let people = [
            (GRID, Role::GridCompany, 1),
            (DESK, Role::GridCompany, 1),
            (CITY, Role::GridCompany, 2),
            (NORTH, Role::Aggregator, 3),
            (SOUTH, Role::Aggregator, 4),
            (FROZEN, Role::GridCompany, 5),
        ];
        for (who, role, organisation) in people {
            People::insert(&who, Participant { frozen: who == FROZEN, ..participant(role, organisation) });
        }
        for event in [EVENT, OTHER_EVENT, STUCK_EVENT] {
            MarketEvents::insert(event, cleared());
        }
    });
    externalities
}

/// Runs a test and then every check of state.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Dispatch::do_try_state().expect("state holds");
    });
}
