//! A runtime with this pallet between a registry, a market and records of its own.

use crate as pallet_supervision;
use crate::Pallet;
use frame_support::{
    derive_impl,
    traits::{ConstU32, Hooks, Time},
    weights::Weight,
};
use loadstone_core::{
    traits::{Directory, Freezing},
    AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, Device, DeviceId, Direction, EventId, Hash,
    Incarnation, Millis, Name, OrganisationId, Participant, Price, ProgrammeId, ProgrammeVersion, Resource, ResourceId,
    Role, Watts,
};
use loadstone_market::{
    clearing::{awards, clear},
    score::Histogram,
    setpoint::quota,
    supervision::{Case, Reason, SupervisionRules},
    traits::{Market, OnPhase, Scores},
    Clearing, Event, EventRecord, Phase, Pricing, Programme, Ranks, Score, Segment, Segments,
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::{cell::RefCell, collections::BTreeMap};

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
    #[runtime::pallet_index(1)]
    pub type Supervision = pallet_supervision;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type Hash = Hash;
    type Hashing = sp_runtime::traits::BlakeTwo256;
    type Block = frame_system::mocking::MockBlockU32<Test>;
}

pub const MAX_OPEN: u32 = 4;
pub const KEEP_CLOSED: u32 = 2;
pub const REGULATOR: AccountId = AccountId::new([1; 32]);
pub const GRID: AccountId = AccountId::new([2; 32]);
pub const NORTH: AccountId = AccountId::new([3; 32]);
pub const SOUTH: AccountId = AccountId::new([4; 32]);
/// Another account of NORTH's organisation.
pub const NORTHERN: AccountId = AccountId::new([5; 32]);
pub const STRANGER: AccountId = AccountId::new([9; 32]);
pub const AREA: AreaId = AreaId(7);
/// Start of the first event; each later one starts a day after.
pub const START: u64 = 1_700_000_000_000;
const DAY_MS: u64 = 86_400_000;

/// An event with its resources in order of reveal, and their records.
#[derive(Clone)]
pub struct Entry {
    pub event: Event,
    pub programme: Programme,
    pub clearing: Clearing,
    pub resources: Vec<(ResourceId, Segments)>,
    pub records: BTreeMap<ResourceId, EventRecord>,
}

thread_local! {
    static EVENTS: RefCell<BTreeMap<EventId, Entry>> = const { RefCell::new(BTreeMap::new()) };
    static FROZEN: RefCell<Vec<AccountId>> = const { RefCell::new(Vec::new()) };
    static NOW: RefCell<u64> = const { RefCell::new(START) };
}

pub struct Clock;
impl Time for Clock {
    type Moment = u64;
    fn now() -> u64 {
        NOW.with_borrow(|now| *now)
    }
}

pub fn wait(ms: u64) {
    NOW.with_borrow_mut(|now| *now += ms);
}

/// Resources below 100 are NORTH's, the others SOUTH's; each is metered by the device of its number.
pub struct Book;
impl Directory for Book {
    fn participant(who: &AccountId) -> Option<Participant> {
        let (role, organisation) = match who {
            who if *who == REGULATOR => (Role::Regulator, 1),
            who if *who == GRID => (Role::GridCompany, 2),
            who if *who == NORTH => (Role::Aggregator, 3),
            who if *who == SOUTH => (Role::Aggregator, 4),
            who if *who == NORTHERN => (Role::Auditor, 3),
            _ => return None,
        };
        let frozen = FROZEN.with_borrow(|frozen| frozen.contains(who));
        Some(Participant { role, organisation: OrganisationId(organisation), name: Name::new(), frozen })
    }
    fn resource(id: ResourceId) -> Option<Resource> {
        (id.0 < 200).then_some(Resource {
            owner: if id.0 < 100 { NORTH } else { SOUTH },
            area: AREA,
            device: DeviceId(id.0),
            capacity_down: Watts(1_000),
            capacity_up: Watts(1_000),
            load_min: Watts(0),
            load_max: Watts(10_000),
        })
    }
    fn device(id: DeviceId) -> Option<Device> {
        let resource = ResourceId(id.0);
        Self::resource(resource)?;
        Some(Device { resource, key: [0; 32], incarnation: Incarnation(0), revoked: false })
    }
}
impl Freezing for Book {
    type Error = DispatchError;
    fn set_frozen(_: &AccountId, who: &AccountId, frozen: bool) -> DispatchResult {
        FROZEN.with_borrow_mut(|all| {
            all.retain(|other| other != who);
            if frozen {
                all.push(who.clone());
            }
        });
        Ok(())
    }
}

pub fn is_frozen(who: &AccountId) -> bool {
    FROZEN.with_borrow(|frozen| frozen.contains(who))
}

/// The events of [`EVENTS`].
pub struct Events;
impl Events {
    fn of<T>(event: EventId, read: impl FnOnce(&Entry) -> T) -> Option<T> {
        EVENTS.with_borrow(|events| events.get(&event).map(read))
    }
}
impl Market for Events {
    type Error = DispatchError;

    fn event(id: EventId) -> Option<Event> {
        Self::of(id, |entry| entry.event.clone())
    }
    fn programme_of(event: &Event) -> Option<Programme> {
        EVENTS
            .with_borrow(|events| events.values().find(|entry| entry.event == *event).map(|one| one.programme.clone()))
    }
    fn clearing(event: EventId) -> Option<Clearing> {
        Self::of(event, |entry| entry.clearing.clone())
    }
    fn segments(event: EventId, resource: ResourceId) -> Segments {
        let find = |entry: &Entry| entry.resources.iter().find(|(id, _)| *id == resource).map(|(_, of)| of.clone());
        Self::of(event, find).flatten().unwrap_or_default()
    }
    fn resource_count(event: EventId) -> u32 {
        Self::of(event, |entry| entry.resources.len() as u32).unwrap_or(0)
    }
    fn resource_at(event: EventId, index: u32) -> Option<ResourceId> {
        Self::of(event, |entry| entry.resources.get(index as usize).map(|(id, _)| *id)).flatten()
    }
    fn customer(_: EventId, _: ResourceId) -> Option<AccountId> {
        None
    }
    fn bond(_: EventId, _: &AccountId) -> Balance {
        0
    }
    fn set_phase(_: EventId, _: Phase) -> DispatchResult {
        Ok(())
    }
}
impl Scores for Events {
    fn record(event: EventId, resource: ResourceId) -> Option<EventRecord> {
        Self::of(event, |entry| entry.records.get(&resource).cloned()).flatten()
    }
    fn score(_: EventId, _: ResourceId) -> Option<Score> {
        None
    }
    fn histogram(_: EventId) -> Histogram {
        Histogram::default()
    }
}

impl pallet_supervision::Config for Test {
    type Time = Clock;
    type Directory = Book;
    type Freezing = Book;
    type Market = Events;
    type Scores = Events;
    type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
    type MaxScans = ConstU32<2>;
    type MaxOpen = ConstU32<MAX_OPEN>;
    type KeepClosed = ConstU32<KEEP_CLOSED>;
    type WeightInfo = pallet_supervision::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Helper {
    fn participant(role: Role) -> AccountId {
        match role {
            Role::Regulator => REGULATOR,
            Role::GridCompany => GRID,
            Role::Aggregator => NORTH,
            Role::Auditor | Role::Customer => NORTHERN,
        }
    }
    fn scored_event(resources: u32) -> EventId {
        let bids: Vec<_> = (0..resources).map(|id| (id, 5_000, 100 + i64::from(id))).collect();
        open(&bids)
    }
}

/// A scored event at `day`'s noon in which each of `bids` (resource, price, watts) is revealed; all is awarded that is cheaper
/// than 9,000. Every resource delivers nine tenths of its quota, a bit more in each interval, from a load of 5,000 W.
pub fn open_on(day: u64, bids: &[(u32, u64, i64)]) -> EventId {
    let id = EventId(EVENTS.with_borrow(|events| events.len() as u32));
    let mut buckets = BTreeMap::<Price, Watts>::new();
    let mut resources = Vec::new();
    for (resource, price, watts) in bids {
        let bucket = buckets.entry(Price(*price)).or_default();
        let segment = Segment { price: Price(*price), watts: Watts(*watts), before: *bucket, credit: BasisPoints::ONE };
        bucket.0 += watts;
        resources.push((ResourceId(*resource), Segments::truncate_from(vec![segment])));
    }
    let peak = buckets.iter().filter(|(price, _)| price.0 < 9_000).map(|(_, watts)| watts.0).sum::<i64>().max(1);
    let start = Millis(START + day * DAY_MS);
    let event = Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: GRID,
        area: AREA,
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![Watts(peak); 4]),
        start,
        interval_ms: 60_000,
        gate_closure: Millis(start.0 - 1_000),
        budget: 1,
        opened: Millis(start.0 - 2_000),
        baseline_anchor: AnchorNumber(id.0),
        reserve_from: None,
        phase: Phase::Scored,
    };
    let clearing = clear(buckets, Watts(peak), Watts(0), Ranks::default());
    let records = resources.iter().map(|(id, segments)| (*id, record(*id, awards(&clearing, segments)))).collect();
    let programme = Programme { settlement_interval_ms: 60_000, ..Programme::plain() };
    let entry = Entry { event, programme, clearing, resources, records };
    EVENTS.with_borrow_mut(|events| events.insert(id, entry));
    id
}

/// The next day's event.
pub fn open(bids: &[(u32, u64, i64)]) -> EventId {
    let day = EVENTS.with_borrow(|events| events.len() as u64);
    open_on(day, bids)
}

fn record(resource: ResourceId, award: Watts) -> EventRecord {
    let asked = quota(award, Watts(1), Watts(1));
    let delivered = (0..4).map(|interval| Watts(if asked.0 == 0 { 0 } else { asked.0 * 9 / 10 + interval })).collect();
    EventRecord {
        resource,
        baseline: BoundedVec::truncate_from(vec![Watts(5_000 + i64::from(resource.0)); 4]),
        quota: BoundedVec::truncate_from(vec![asked; 4]),
        delivered: BoundedVec::truncate_from(delivered),
        readings_due: 240,
        readings_valid: 240,
        response_time_ms: 6_000,
        rate: BasisPoints(1_500),
        precision_error: BasisPoints(250),
    }
}

/// Changes what stands of an event.
pub fn change(event: EventId, change: impl FnOnce(&mut Entry)) {
    EVENTS.with_borrow_mut(|events| change(events.get_mut(&event).expect("it was opened")));
}

/// Changes a record.
pub fn bend(event: EventId, resource: u32, bend: impl FnOnce(&mut EventRecord)) {
    change(event, |entry| bend(entry.records.get_mut(&ResourceId(resource)).expect("it is recorded")));
}

/// Makes an event a contract.
pub fn as_contract(event: EventId) {
    change(event, |entry| entry.programme.pricing = Pricing::Bilateral);
}

/// Tells that the event was scored, and walks it over to its end.
pub fn walk(event: EventId) {
    Pallet::<Test>::on_phase(event, Phase::Scored, Millis(0)).expect("supervision refuses nothing");
    idle();
}

/// A block with all the room there is.
pub fn idle() {
    while Supervision::has_work() {
        Supervision::on_idle(1, Weight::MAX);
    }
}

/// Rules by which nothing is found.
pub fn off() -> SupervisionRules {
    let none = BasisPoints(0);
    SupervisionRules {
        capacity_events: 0,
        withheld_below: none,
        marginal_events: 0,
        alike_segments: 0,
        share_max: none,
        hhi_max: none,
        baseline_ratio: none,
        feeder_loss: none,
        range_slack: none,
        constant_intervals: 0,
        readings_below: none,
        identical_intervals: 0,
        ..SupervisionRules::plain()
    }
}

/// Sets these rules.
pub fn rule(rules: SupervisionRules) {
    Supervision::set_rules(RuntimeOrigin::root(), rules).expect("they are sound");
}

pub fn why(text: &str) -> Reason {
    Reason::truncate_from(text.as_bytes().to_vec())
}

/// All cases in order of their numbers.
pub fn cases() -> Vec<Case> {
    let mut all: Vec<_> = crate::Cases::<Test>::iter_values().collect();
    all.sort_by_key(|case| case.id);
    all
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    EVENTS.with_borrow_mut(BTreeMap::clear);
    FROZEN.with_borrow_mut(Vec::clear);
    NOW.with_borrow_mut(|now| *now = START);
    let storage = RuntimeGenesisConfig::default().build_storage().expect("an empty genesis builds");
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs `test` in a new state and checks the state's invariants after it.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Pallet::<Test>::do_try_state().expect("the state is sound");
    });
}
