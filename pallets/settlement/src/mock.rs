//! A runtime with this pallet, real balances, and a market and records of its own.

pub mod court;
mod offers;

use crate as pallet_settlement;
use crate::{Bonds, Pallet};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU128, ConstU32, ConstU64, Hooks},
    PalletId,
};
use loadstone_core::{
    traits::Directory, AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, Device, DeviceId, Direction,
    EventId, Millis, Participant, Price, ProgrammeId, ProgrammeVersion, Resource, ResourceId, Watts, YUAN,
};
use loadstone_market::{
    clearing::awards,
    score::{accuracy, Histogram},
    traits::{Escrow, Market, OnPhase, Scores},
    Clearing, Event, EventRecord, Phase, Pricing, Programme, Score, Segments, SplitRule,
};
use offers::{clear_specs, record};
use sp_runtime::{BuildStorage, DispatchError};
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
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type Balances = pallet_balances::Pallet<Test>;
    #[runtime::pallet_index(3)]
    pub type Settlement = pallet_settlement::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type Block = frame_system::mocking::MockBlockU32<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

impl pallet_timestamp::Config for Test {
    type Moment = u64;
    type OnTimestampSet = ();
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = ();
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
}

pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;
pub const DISPUTE_MS: u64 = 60_000;
pub const HEARING_MS: u64 = 3_600_000;
/// What a dispute costs.
pub const BOND: Balance = 100 * YUAN;
pub const START: u64 = 1_000_000;
pub const OPENER: AccountId = AccountId::new([1; 32]);
/// Owns resources but has no account until somebody pays it at least the existential deposit.
pub const PAUPER: AccountId = AccountId::new([99; 32]);

parameter_types! {
    pub const Account: PalletId = PalletId(*b"ld/settl");
}

/// What one resource bids and does.
#[derive(Clone, Debug)]
pub struct Spec {
    pub owner: AccountId,
    /// With whom the owner shares pay.
    pub customer: Option<AccountId>,
    pub watts: i64,
    pub price: u64,
    /// Share of its quota that it delivers.
    pub percent: i64,
}

/// An event with its resources in order of reveal.
#[derive(Clone)]
struct Entry {
    event: Event,
    programme: Programme,
    clearing: Clearing,
    resources: Vec<(ResourceId, Segments, EventRecord)>,
    bond: Balance,
    scores: BTreeMap<ResourceId, Score>,
    customers: BTreeMap<ResourceId, AccountId>,
}

thread_local! {
    static EVENTS: RefCell<BTreeMap<EventId, Entry>> = const { RefCell::new(BTreeMap::new()) };
    static OWNERS: RefCell<Vec<AccountId>> = const { RefCell::new(Vec::new()) };
}

fn entry<R>(event: EventId, read: impl FnOnce(&Entry) -> R) -> Option<R> {
    EVENTS.with_borrow(|events| events.get(&event).map(read))
}

fn resource<R>(
    event: EventId,
    id: ResourceId,
    read: impl FnOnce(&(ResourceId, Segments, EventRecord)) -> R,
) -> Option<R> {
    entry(event, |entry| entry.resources.iter().find(|(other, _, _)| *other == id).map(read)).flatten()
}

/// The events of [`EVENTS`].
pub struct Events;
impl Market for Events {
    type Error = DispatchError;

    fn event(id: EventId) -> Option<Event> {
        entry(id, |entry| entry.event.clone())
    }
    fn programme_of(event: &Event) -> Option<Programme> {
        // Every event has a programme of its own, under its own number.
        entry(EventId(event.programme.0), |entry| entry.programme.clone())
    }
    fn clearing(event: EventId) -> Option<Clearing> {
        entry(event, |entry| entry.clearing.clone())
    }
    fn segments(event: EventId, id: ResourceId) -> Segments {
        resource(event, id, |(_, segments, _)| segments.clone()).unwrap_or_default()
    }
    fn resource_count(event: EventId) -> u32 {
        entry(event, |entry| entry.resources.len() as u32).unwrap_or(0)
    }
    fn resource_at(event: EventId, index: u32) -> Option<ResourceId> {
        entry(event, |entry| entry.resources.get(index as usize).map(|(id, _, _)| *id)).flatten()
    }
    fn customer(event: EventId, id: ResourceId) -> Option<AccountId> {
        entry(event, |entry| entry.customers.get(&id).cloned()).flatten()
    }
    fn bond(event: EventId, _: &AccountId) -> Balance {
        entry(event, |entry| entry.bond).unwrap_or(0)
    }
    fn set_phase(event: EventId, phase: Phase) -> Result<(), DispatchError> {
        let before = EVENTS.with_borrow_mut(|events| {
            let entry = events.get_mut(&event).ok_or(DispatchError::CannotLookup)?;
            let before = entry.event.phase;
            entry.event.phase = phase;
            Ok::<_, DispatchError>(before)
        })?;
        if before >= phase {
            return Err(DispatchError::Other("phases only move forward"));
        }
        Settlement::on_phase(event, phase, Millis(Timestamp::get()))
    }
}

/// The records of [`EVENTS`].
pub struct Meters;
impl Scores for Meters {
    fn record(event: EventId, id: ResourceId) -> Option<EventRecord> {
        resource(event, id, |(_, _, record)| record.clone())
    }
    fn score(event: EventId, id: ResourceId) -> Option<Score> {
        entry(event, |entry| entry.scores.get(&id).cloned()).flatten()
    }
    fn histogram(event: EventId) -> Histogram {
        let mut found = Histogram::default();
        let add = |(_, _, record): &(_, _, EventRecord)| accuracy(record).into_iter().for_each(|one| found.add(one));
        entry(event, |entry| entry.resources.iter().for_each(add));
        found
    }
}

/// The owners of [`OWNERS`].
pub struct Book;
impl Directory for Book {
    fn participant(_: &AccountId) -> Option<Participant> {
        None
    }
    fn resource(id: ResourceId) -> Option<Resource> {
        let owner = OWNERS.with_borrow(|owners| owners.get(id.0 as usize).cloned())?;
        Some(Resource {
            owner,
            area: AreaId(1),
            device: DeviceId(id.0),
            capacity_down: Watts(1_000_000),
            capacity_up: Watts(1_000_000),
            load_min: Watts(0),
            load_max: Watts(2_000_000),
        })
    }
    fn device(_: DeviceId) -> Option<Device> {
        None
    }
}

impl pallet_settlement::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type Directory = Book;
    type Market = Events;
    type Scores = Meters;
    type Referee = court::Court;
    type PalletId = Account;
    type MaxWaiting = ConstU32<3>;
    type WeightInfo = pallet_settlement::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Helper {
    fn recorded_event(resources: u32) -> EventId {
        let specs: Vec<_> = (0..resources)
            .map(|index| {
                let customer = Some(AccountId::new([200 + index as u8; 32]));
                Spec { owner: bidder(index as u8), customer, watts: 1_000, price: 500_000, percent: 50 }
            })
            .collect();
        let event = measured(&specs, 10 * YUAN, 10 * YUAN, Pricing::Uniform);
        share_by(event, SplitRule { floor: Price(1_000), share: BasisPoints(2_000) });
        event
    }
}

pub fn programme(pricing: Pricing) -> Programme {
    Programme {
        price_cap: Price(1_000_000),
        price_tick: Price(1_000),
        bid_min: Watts(1),
        pricing,
        settlement_interval_ms: 3_600_000,
        dispute_ms: DISPUTE_MS as u32,
        hearing_ms: HEARING_MS as u32,
        dispute_bond: BOND,
        ..Programme::plain()
    }
}

pub fn bidder(index: u8) -> AccountId {
    AccountId::new([100 + index; 32])
}

/// A recorded event of one hour at four fifths of all offers, with its budget and bonds held. Only
/// owners that can afford it post a bond.
pub fn measured(specs: &[Spec], budget: Balance, bond: Balance, pricing: Pricing) -> EventId {
    let id = EventId(EVENTS.with_borrow(|events| events.len() as u32));
    let (clearing, need, segments) = clear_specs(specs);
    let event = Event {
        programme: ProgrammeId(id.0),
        version: ProgrammeVersion(1),
        opener: OPENER,
        area: AreaId(1),
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![need]),
        start: Millis(START),
        interval_ms: 3_600_000,
        gate_closure: Millis(START - 1),
        budget,
        opened: Millis(0),
        baseline_anchor: AnchorNumber(0),
        reserve_from: None,
        phase: Phase::Recorded,
    };
    let mut customers = BTreeMap::new();
    let place = |(spec, segments): (&Spec, Segments)| {
        let id = OWNERS.with_borrow_mut(|owners| {
            owners.push(spec.owner.clone());
            ResourceId(owners.len() as u32 - 1)
        });
        customers.extend(spec.customer.clone().map(|customer| (id, customer)));
        let award = awards(&clearing, &segments);
        let record = record(id, award, &event.needs, need, spec.percent);
        (id, segments, record)
    };
    let resources = specs.iter().zip(segments).map(place).collect();
    let (programme, scores) = (programme(pricing), BTreeMap::new());
    let entry = Entry { event, programme, clearing, resources, bond, scores, customers };
    EVENTS.with_borrow_mut(|events| events.insert(id, entry));
    Settlement::hold_budget(id, &OPENER, budget).expect("the opener is funded");
    for spec in specs.iter().filter(|spec| spec.owner != PAUPER) {
        if !Bonds::<Test>::contains_key(id, &spec.owner) {
            Settlement::hold_bond(id, &spec.owner, bond).expect("bidders are funded");
        }
    }
    id
}

/// Lets pay in the event depend on the K index up to `max`, and gives one resource its own.
pub fn pay_by_performance(event: EventId, max: BasisPoints, id: ResourceId, k_index: BasisPoints) {
    EVENTS.with_borrow_mut(|events| {
        let entry = events.get_mut(&event).expect("it was opened");
        entry.programme.performance_max = max;
        entry.scores.insert(id, Score { k_index, ..Score::default() });
    });
}

/// Splits pay in the event between owners and customers.
pub fn share_by(event: EventId, rule: SplitRule) {
    EVENTS.with_borrow_mut(|events| events.get_mut(&event).expect("it was opened").programme.split = rule);
}

/// As [`measured`], and scored.
pub fn scored(specs: &[Spec], budget: Balance, bond: Balance) -> EventId {
    let event = measured(specs, budget, bond, Pricing::Uniform);
    Events::set_phase(event, Phase::Scored).expect("there is room");
    event
}

pub fn phase(event: EventId) -> Phase {
    Events::event(event).expect("it was opened").phase
}

/// Begins `count` blocks.
pub fn blocks(count: u32) {
    for _ in 0..count {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Settlement::on_initialize(next);
    }
}

/// Ends every dispute window.
pub fn end_windows() {
    Timestamp::set_timestamp(Timestamp::get() + DISPUTE_MS);
}

/// Ends every hearing.
pub fn end_hearings() {
    Timestamp::set_timestamp(Timestamp::get() + HEARING_MS);
}

/// Ends windows and hearings and begins blocks until nothing is left to do; returns how many.
pub fn settle_all() -> u32 {
    end_windows();
    for count in 1..10_000 {
        blocks(1);
        let is_idle = crate::Settling::<Test>::get().is_none() && crate::Queue::<Test>::get().is_empty();
        match crate::Heard::<Test>::get().is_empty() {
            true if is_idle => return count,
            false if is_idle => end_hearings(),
            _ => {}
        }
    }
    panic!("settlement does not end");
}

/// Makes the market forget an event's resources' owners.
pub fn forget_owners() {
    OWNERS.with_borrow_mut(Vec::clear);
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    EVENTS.with_borrow_mut(BTreeMap::clear);
    OWNERS.with_borrow_mut(Vec::clear);
    court::reset();
    let funded = (0..50).map(|index| (bidder(index), 1_000 * YUAN)).chain([(OPENER, 1_000_000 * YUAN)]);
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig { balances: funded.collect(), ..Default::default() },
        ..Default::default()
    };
    let mut ext = sp_io::TestExternalities::new(genesis.build_storage().expect("the genesis builds"));
    ext.execute_with(|| {
        System::set_block_number(1);
        Timestamp::set_timestamp(START);
    });
    ext
}

/// Runs `test` in a new state and checks the state's invariants after it.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Pallet::<Test>::do_try_state().expect("the state is sound");
    });
}
