//! A runtime with the market alone. Its neighbours are small doubles kept in storage, so that a
//! refused call rolls them back too.

use crate as pallet_bids;
use frame_support::{derive_impl, parameter_types, storage_alias, traits::Time, Blake2_128Concat, Twox64Concat};
use frame_support::{pallet_prelude::ValueQuery, traits::Hooks, weights::Weight};
use loadstone_core::{
    traits::{AnchorLog, Directory, StandingAvailability},
    AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, ChangedTwice, Customer, Device, DeviceId,
    Direction, EventId, Hash, MemberIndex, Millis, Name, OrganisationId, Participant, Price, ProgrammeId, Resource,
    ResourceId, Role, Signature, Watts,
};
use loadstone_market::{
    seal,
    traits::{Escrow, OnPhase, Standings},
    BidResources, BidSheet, Credit, Needs, Offer, Phase, Programme, ResourceBid,
};
use sp_runtime::{traits::IdentityLookup, BuildStorage, DispatchError, DispatchResult};

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
    #[runtime::pallet_index(21)]
    pub type Bids = pallet_bids;
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
    pub const MaxEvents: u32 = 64;
    pub const MaxBidders: u32 = 3;
    pub const MaxEventResources: u32 = 1_000;
    pub const ValidatorCount: u32 = 4;
}

#[storage_alias]
pub type Now = StorageValue<World, u64, ValueQuery>;
#[storage_alias]
pub type Author = StorageValue<World, AccountId>;
#[storage_alias]
pub type People = StorageMap<World, Blake2_128Concat, AccountId, Participant>;
#[storage_alias]
pub type Loads = StorageMap<World, Twox64Concat, ResourceId, Resource>;
#[storage_alias]
pub type Standing = StorageMap<World, Twox64Concat, ResourceId, Credit>;
#[storage_alias]
pub type LoadCount = StorageValue<World, u32, ValueQuery>;
#[storage_alias]
pub type Suspended = StorageMap<World, Twox64Concat, (ResourceId, Direction), ()>;
#[storage_alias]
pub type Budgets = StorageMap<World, Twox64Concat, EventId, Balance>;
/// What settlement has paid of an event's budget.
#[storage_alias]
pub type PaidOut = StorageMap<World, Twox64Concat, EventId, Balance, ValueQuery>;
#[storage_alias]
pub type Customers = StorageMap<World, Twox64Concat, ResourceId, Customer, ValueQuery>;
#[storage_alias]
pub type Bonds = StorageMap<World, Blake2_128Concat, (EventId, AccountId), Balance>;
#[storage_alias]
pub type Forfeits = StorageMap<World, Blake2_128Concat, (EventId, AccountId), Balance>;
#[storage_alias]
pub type Phases = StorageValue<World, Vec<(EventId, Phase)>, ValueQuery>;

/// All that surrounds the market.
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
    fn customer_at(id: ResourceId, opened: Millis) -> Result<Option<AccountId>, ChangedTwice> {
        Customers::get(id).at(opened)
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

impl Standings for World {
    fn credit(resource: ResourceId) -> Option<Credit> {
        Standing::get(resource)
    }
    fn reliability(_: ResourceId) -> Option<BasisPoints> {
        None
    }
}

impl StandingAvailability for World {
    fn suspend(resource: ResourceId, direction: Direction) {
        Suspended::insert((resource, direction), ());
    }
    fn resume(resource: ResourceId, direction: Direction) {
        Suspended::remove((resource, direction));
    }
}

impl Escrow for World {
    type Error = DispatchError;
    fn hold_budget(event: EventId, _: &AccountId, amount: Balance) -> DispatchResult {
        Budgets::insert(event, amount);
        Ok(())
    }
    fn hold_bond(event: EventId, bidder: &AccountId, amount: Balance) -> DispatchResult {
        frame_support::ensure!(*bidder != POOR, "no money");
        Bonds::mutate((event, bidder.clone()), |held| *held = Some(held.unwrap_or_default() + amount));
        Ok(())
    }
    fn release_bond(event: EventId, bidder: &AccountId, amount: Balance) -> DispatchResult {
        let left = Bonds::take((event, bidder.clone())).and_then(|held| held.checked_sub(amount)).ok_or("no bond")?;
        if left > 0 {
            Bonds::insert((event, bidder.clone()), left);
        }
        Ok(())
    }
    fn forfeit_bond(event: EventId, bidder: &AccountId, amount: Balance) -> DispatchResult {
        Self::release_bond(event, bidder, amount)?;
        Forfeits::mutate((event, bidder.clone()), |lost| *lost = Some(lost.unwrap_or_default() + amount));
        Ok(())
    }
    fn release_budget(event: EventId) -> DispatchResult {
        Budgets::take(event).map(|_| ()).ok_or("no budget".into())
    }
    fn paid(event: EventId) -> Balance {
        PaidOut::get(event)
    }
}

impl OnPhase<DispatchError> for World {
    fn on_phase(event: EventId, phase: Phase, _: Millis) -> DispatchResult {
        Phases::append((event, phase));
        Ok(())
    }
}

pub struct BlockAuthor;

impl frame_support::traits::Get<Option<AccountId>> for BlockAuthor {
    fn get() -> Option<AccountId> {
        Author::get()
    }
}

impl pallet_bids::Config for Test {
    type Time = World;
    type Directory = World;
    type Anchors = World;
    type Escrow = World;
    type Standings = World;
    type Availability = World;
    type OnPhase = World;
    type BlockAuthor = BlockAuthor;
    type ValidatorCount = ValidatorCount;
    type EpochLengthMs = EpochLengthMs;
    type MaxEvents = MaxEvents;
    type MaxBidders = MaxBidders;
    type MaxEventResources = MaxEventResources;
    type WeightInfo = pallet_bids::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = World;
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_bids::BenchmarkHelper for World {
    fn participant(seed: u32, role: Role) -> AccountId {
        let who = AccountId::new([100u8.saturating_add(seed as u8); 32]);
        People::insert(&who, participant(role, 100));
        who
    }
    fn resource(owner: &AccountId, area: AreaId) -> ResourceId {
        let id = load(owner, area, 10_000);
        Customers::insert(id, Customer::default().change(Some(STRANGER), Millis(0)));
        id
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
pub const POOR: AccountId = AccountId::new([6; 32]);
pub const STRANGER: AccountId = AccountId::new([9; 32]);

pub const AREA: AreaId = AreaId(7);
pub const PROGRAMME: ProgrammeId = ProgrammeId(1);
pub const EVENT: EventId = EventId(0);
/// Chain time when a test begins; the start of an availability epoch.
pub const BEGIN: u64 = 1_000_000;
pub const GATE: u64 = BEGIN + 10_000;
pub const START: u64 = GATE + 20_000;
pub const SALT: [u8; 32] = [42; 32];

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

/// Ten-second intervals, prices 100,000 to 1,000,000 micro-yuan in ticks of 100,000, at least 100 W.
pub fn programme() -> Programme {
    Programme {
        price_floor: Price(100_000),
        price_cap: Price(1_000_000),
        price_tick: Price(100_000),
        bid_min: Watts(100),
        settlement_interval_ms: 10_000,
        reveal_ms: 5_000,
        ..Programme::plain()
    }
}

pub fn needs(watts: &[i64]) -> Needs {
    BoundedVec::truncate_from(watts.iter().copied().map(Watts).collect())
}

/// Opens an event of GRID's for `needs`, down in [`AREA`].
pub fn open(watts: &[i64]) -> DispatchResult {
    open_for(watts, 1_000_000)
}

/// As [`open`], with a budget in micro-yuan.
pub fn open_for(watts: &[i64], budget: Balance) -> DispatchResult {
    let (start, gate) = (Millis(START), Millis(GATE));
    Bids::open_event(signed(GRID), PROGRAMME, AREA, Direction::Down, needs(watts), start, gate, budget)
}

/// With whom a resource's pay is shared in an event.
pub fn customer_in(event: EventId, resource: ResourceId) -> Option<AccountId> {
    <Bids as loadstone_market::traits::Market>::customer(event, resource)
}

/// Publishes the next version of GRID's programme.
pub fn publish(rules: Programme) {
    frame_support::assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(rules)));
}

pub fn bid(resource: ResourceId, offers: &[(u64, i64)]) -> ResourceBid {
    let offers = offers.iter().map(|(price, watts)| Offer { price: Price(*price), watts: Watts(*watts) });
    ResourceBid { resource, offers: BoundedVec::truncate_from(offers.collect()) }
}

pub fn sheet(bids: Vec<ResourceBid>) -> BidSheet {
    BidSheet::truncate_from(bids)
}

pub fn resources(ids: &[ResourceId]) -> BidResources {
    BidResources::truncate_from(ids.to_vec())
}

/// Commits `sheet` in `event`, reserving the resources that it names.
pub fn commit_to(event: EventId, who: AccountId, sheet: &BidSheet) -> DispatchResult {
    let named: Vec<_> = sheet.iter().map(|bid| bid.resource).collect();
    let sealed = seal(&Bids::genesis_hash(), event, &who, sheet, &SALT);
    Bids::commit(signed(who), event, 0, sealed, resources(&named))
}

pub fn commit(who: AccountId, sheet: &BidSheet) -> DispatchResult {
    commit_to(EVENT, who, sheet)
}

pub fn reveal(who: AccountId, sheet: &BidSheet) -> DispatchResult {
    Bids::reveal(signed(who), EVENT, 0, sheet.clone(), SALT)
}

/// Sets chain time.
pub fn at(now: u64) {
    Now::put(now);
}

/// Ends the block under way, made by `author`, and all its sweeps' turns.
pub fn block_by(author: AccountId) {
    Author::put(author);
    let number = System::block_number();
    Bids::on_idle(number, Weight::MAX);
    Bids::on_finalize(number);
    System::set_block_number(number + 1);
    Bids::on_initialize(number + 1);
}

/// Lets three of the four validators make blocks, and the sweeps come to their end.
pub fn blocks() {
    (51..54).for_each(|author| block_by(AccountId::new([author; 32])));
}

pub fn phase() -> Option<Phase> {
    crate::Events::<Test>::get(EVENT).map(|event| event.phase)
}

/// The newest event of the market.
pub fn last_event() -> crate::Event<Test> {
    let events = System::events().into_iter().rev();
    let mut ours = events.filter_map(|record| match record.event {
        RuntimeEvent::Bids(event) => Some(event),
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
            (CITY, Role::GridCompany, 2),
            (NORTH, Role::Aggregator, 3),
            (SOUTH, Role::Aggregator, 4),
            (FROZEN, Role::Aggregator, 5),
            (POOR, Role::Aggregator, 6),
        ];
        for (who, role, organisation) in people {
            People::insert(&who, Participant { frozen: who == FROZEN, ..participant(role, organisation) });
        }
    });
    externalities
}

/// Runs a test with GRID's programme published, and then every check of state.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(programme())).expect("published");
        test();
        Bids::do_try_state().expect("state holds");
    });
}
