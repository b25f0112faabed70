//! What the pallets' benchmarks need of the pallets around them.
//!
//! Benchmarks run without an operator who could answer an error, so what can't be set up panics.

use crate::{Balances, Dispatch, Registry, Runtime, RuntimeOrigin, SessionKeys, Settlement};
use alloc::{vec, vec::Vec};
use frame_benchmarking::account;
use frame_support::traits::fungible::Mutate;
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, Customer, DeviceId, Direction, EventId, Millis,
    Name, OrganisationId, Participant, Price, ProgrammeId, ProgrammeVersion, PublicKey, ResourceId, Role, Watts, YUAN,
};
use loadstone_dag::{Anchor, BoundedCertificate};
use loadstone_market::{
    setpoint::Ask, traits::Escrow, Areas, Clearing, DeviationRule, Event, EventRecord, Phase, Programme, ReserveMargin,
    Segment, Segments, SplitRule, MAX_INTERVALS, MAX_PROGRAMME_AREAS, MAX_SEGMENTS,
};
use sp_core::{ed25519, sr25519};

const AREA: AreaId = AreaId(1);
const PROGRAMME: ProgrammeId = ProgrammeId(1);
const VERSION: ProgrammeVersion = ProgrammeVersion(1);
const START: Millis = Millis(1_700_000_000_000);
const SEGMENT_WATTS: i64 = 1_000;
const BOND: Balance = 100 * YUAN;
const BUDGET: Balance = 1_000_000 * YUAN;

/// Sets up what a benchmark needs of other pallets.
pub struct Helper;

fn participant(seed: u32, role: Role) -> AccountId {
    let who: AccountId = account("helper", seed, role as u32);
    let organisation = OrganisationId(20_000u16.saturating_add(seed as u16));
    let participant = Participant { role, organisation, name: Name::truncate_from([b'x'; 64].to_vec()), frozen: false };
    if !pallet_registry::Participants::<Runtime>::contains_key(&who) {
        Registry::register_participant(RuntimeOrigin::root(), who.clone(), participant).expect("it is not registered");
        Balances::set_balance(&who, 20_000_000 * YUAN);
    }
    who
}

fn resource_with_key(owner: &AccountId, area: AreaId, key: PublicKey) -> ResourceId {
    let id = pallet_registry::NextResource::<Runtime>::get();
    let (capacity, load_max) = (Watts(1_000_000), Watts(2_000_000));
    let origin = RuntimeOrigin::signed(owner.clone());
    Registry::register_resource(origin, area, key, capacity, capacity, Watts(0), load_max).expect("it is sound");
    id
}

fn resource(owner: &AccountId, area: AreaId) -> ResourceId {
    let number = pallet_registry::NextResource::<Runtime>::get().0;
    resource_with_key(owner, area, sp_io::hashing::blake2_256(&number.to_le_bytes()))
}

fn set_time(now: Millis) {
    pallet_timestamp::Now::<Runtime>::put(now.0);
}

fn programme() -> Programme {
    Programme {
        name: Name::truncate_from([b'p'; 64].to_vec()),
        areas: Areas::truncate_from((0..MAX_PROGRAMME_AREAS as u16).map(AreaId).collect()),
        price_cap: Price(1_000_000),
        price_tick: Price(1_000),
        bid_min: Watts(1),
        performance_max: BasisPoints(20_000),
        settlement_interval_ms: 60_000,
        deviation: DeviationRule {
            deep_below: BasisPoints(7_000),
            deep_factor: BasisPoints(20_000),
            ..DeviationRule::sichuan()
        },
        split: SplitRule { floor: Price(1_000), share: BasisPoints(2_000) },
        pot: 1_000 * BUDGET,
        ..Programme::plain()
    }
}

/// Names a customer of the resource's, since ever.
fn with_customer(id: ResourceId) -> AccountId {
    let customer = participant(id.0, Role::Customer);
    let entry = Customer::default().change(Some(customer.clone()), Millis(0));
    pallet_registry::Customers::<Runtime>::insert(id, entry);
    customer
}

/// Every resource's segments: as many as there can be, all awarded in full.
fn segments() -> Segments {
    let segment = |price: u32| Segment {
        price: Price(price as u64),
        watts: Watts(SEGMENT_WATTS),
        before: Watts(0),
        credit: BasisPoints::ONE,
    };
    Segments::truncate_from((0..MAX_SEGMENTS).map(segment).collect())
}

/// A cleared event of `opener` with the greatest number of intervals; each of `resources` is awarded.
fn cleared(opener: &AccountId, area: AreaId, direction: Direction, start: Millis, resources: &[ResourceId]) -> EventId {
    let id = pallet_bids::NextEvent::<Runtime>::mutate(|next| core::mem::replace(next, next.next()));
    let offered = Watts(SEGMENT_WATTS * i64::from(MAX_SEGMENTS) * resources.len() as i64);
    let needs = BoundedVec::truncate_from(vec![Watts(offered.0.max(1)); MAX_INTERVALS as usize]);
    let event = Event {
        programme: PROGRAMME,
        version: VERSION,
        opener: opener.clone(),
        area,
        direction,
        needs,
        start,
        interval_ms: 60_000,
        gate_closure: Millis(start.0.saturating_sub(10_000)),
        budget: BUDGET,
        opened: Millis(start.0.saturating_sub(20_000)),
        baseline_anchor: AnchorNumber(0),
        reserve_from: None,
        phase: Phase::Cleared,
    };
    let clearing = Clearing {
        marginal_price: Price(900_000),
        residual: Watts(0),
        marginal_total: Watts(0),
        awarded: offered,
        offered,
        reserve: ReserveMargin { price: Price(900_000), residual: Watts(0), total: Watts(1), awarded: Watts(1) },
        ..Clearing::default()
    };
    pallet_bids::Programmes::<Runtime>::insert(PROGRAMME, VERSION, programme());
    pallet_bids::PotSpent::<Runtime>::insert(PROGRAMME, VERSION, BUDGET);
    pallet_bids::Events::<Runtime>::insert(id, event);
    pallet_bids::Clearings::<Runtime>::insert(id, clearing);
    pallet_bids::EventResourceCount::<Runtime>::insert(id, resources.len() as u32);
    for (index, resource) in (0u32..).zip(resources) {
        pallet_bids::EventResources::<Runtime>::insert(id, index, resource);
        pallet_bids::Segments::<Runtime>::insert(id, resource, segments());
    }
    Settlement::hold_budget(id, opener, BUDGET).expect("the opener is rich");
    id
}

/// Half the quota, delivered in every interval.
fn half_delivered(event: EventId, resource: ResourceId) -> EventRecord {
    let details = pallet_bids::Events::<Runtime>::get(event).expect("it was opened");
    let clearing = pallet_bids::Clearings::<Runtime>::get(event).expect("it was cleared");
    let ask = Ask::new(&clearing, &segments());
    let quotas: Vec<_> = (0..details.needs.len()).map(|interval| ask.quota(&details, interval)).collect();
    let delivered = quotas.iter().map(|quota| Watts(quota.0 / 2)).collect();
    EventRecord {
        resource,
        baseline: BoundedVec::truncate_from(vec![Watts(1_000_000); quotas.len()]),
        quota: BoundedVec::truncate_from(quotas),
        delivered: BoundedVec::truncate_from(delivered),
        readings_due: 900,
        readings_valid: 900,
        response_time_ms: 2_000,
        rate: BasisPoints(500),
        precision_error: BasisPoints(5_000),
    }
}

impl pallet_registry::BenchmarkHelper for Helper {
    fn set_session_keys(who: &AccountId) {
        let raw: [u8; 32] = who.clone().into();
        let keys = SessionKeys {
            aura: sr25519::Public::from_raw(raw).into(),
            grandpa: ed25519::Public::from_raw(raw).into(),
            dag: sr25519::Public::from_raw(raw).into(),
        };
        pallet_session::NextKeys::<Runtime>::insert(who, keys);
    }
}

impl pallet_dag_anchor::benchmarking::BenchmarkHelper for Helper {
    fn participant() -> AccountId {
        participant(1, Role::Auditor)
    }

    fn device(key: PublicKey) -> DeviceId {
        DeviceId(resource_with_key(&participant(1, Role::Aggregator), AREA, key).0)
    }
}

impl pallet_bids::BenchmarkHelper for Helper {
    fn participant(seed: u32, role: Role) -> AccountId {
        participant(seed, role)
    }

    fn resource(owner: &AccountId, area: AreaId) -> ResourceId {
        let id = resource(owner, area);
        let origin = RuntimeOrigin::signed(owner.clone());
        Dispatch::declare_availability(origin, id, Direction::Down, Watts(5_000), Price(1_000), 2_000)
            .expect("it is within the capacity");
        with_customer(id);
        id
    }

    fn set_time(now: Millis) {
        set_time(now);
    }
}

impl pallet_dispatch::BenchmarkHelper for Helper {
    fn participant(seed: u32, role: Role) -> AccountId {
        participant(seed, role)
    }

    fn resource(owner: &AccountId, area: AreaId) -> ResourceId {
        resource(owner, area)
    }

    fn cleared_event(opener: &AccountId, area: AreaId, direction: Direction, start: Millis) -> EventId {
        let resource = resource(&participant(1, Role::Aggregator), area);
        cleared(opener, area, direction, start, &[resource])
    }

    fn set_time(now: Millis) {
        set_time(now);
    }
}

impl pallet_execution_score::benchmarking::BenchmarkHelper for Helper {
    fn dispatched_event(resources: u32) -> EventId {
        let owner = participant(1, Role::Aggregator);
        let ids: Vec<_> = (0..resources).map(|_| resource(&owner, AREA)).collect();
        let event = cleared(&participant(1, Role::GridCompany), AREA, Direction::Down, START, &ids);
        <crate::Bids as loadstone_market::traits::Market>::set_phase(event, Phase::Dispatched)
            .expect("it is cleared and there is room");
        event
    }

    fn accept_anchor() -> AnchorNumber {
        let latest = pallet_dag_anchor::Latest::<Runtime>::get().map_or(0, |anchor| anchor.number.0);
        pallet_dag_anchor::benchmarking::accept_anchors::<Runtime>(latest + 1).expect("it is the next one");
        AnchorNumber(latest + 1)
    }

    fn witness() -> AccountId {
        participant(1, Role::Auditor)
    }

    fn keep_anchor(anchor: &Anchor) {
        pallet_dag_anchor::Anchors::<Runtime>::insert(anchor.number, anchor);
    }

    fn certify(message: &[u8], members: u32) -> BoundedCertificate {
        pallet_dag_anchor::benchmarking::seat_committee::<Runtime>(members);
        pallet_dag_anchor::benchmarking::certify::<Runtime>(message)
    }
}

impl pallet_settlement::benchmarking::BenchmarkHelper for Helper {
    fn recorded_event(resources: u32) -> EventId {
        let owners: Vec<_> = (0..resources).map(|index| participant(100 + index, Role::Aggregator)).collect();
        let ids: Vec<_> = owners.iter().map(|owner| resource(owner, AREA)).collect();
        let event = cleared(&participant(1, Role::GridCompany), AREA, Direction::Down, START, &ids);
        for (owner, id) in owners.iter().zip(ids) {
            Settlement::hold_bond(event, owner, BOND).expect("the owner is rich");
            pallet_bids::EventCustomers::<Runtime>::insert(event, id, with_customer(id));
            pallet_execution_score::Records::<Runtime>::insert(event, id, half_delivered(event, id));
        }
        pallet_bids::Events::<Runtime>::mutate(event, |details| {
            if let Some(details) = details {
                details.phase = Phase::Recorded;
            }
        });
        event
    }
}

impl pallet_supervision::benchmarking::BenchmarkHelper for Helper {
    fn participant(role: Role) -> AccountId {
        participant(1, role)
    }

    fn scored_event(resources: u32) -> EventId {
        let owner = participant(1, Role::Aggregator);
        let ids: Vec<_> = (0..resources).map(|_| resource(&owner, AREA)).collect();
        let event = cleared(&participant(1, Role::GridCompany), AREA, Direction::Down, START, &ids);
        for id in ids {
            pallet_execution_score::Records::<Runtime>::insert(event, id, half_delivered(event, id));
        }
        pallet_bids::Events::<Runtime>::mutate(event, |details| {
            if let Some(details) = details {
                details.phase = Phase::Scored;
            }
        });
        event
    }
}
