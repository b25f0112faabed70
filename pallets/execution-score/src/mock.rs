//! A runtime with this pallet between a market and an anchor log of its own.

pub mod showing;

use crate as pallet_execution_score;
use crate::Pallet;
use codec::Encode;
use frame_support::{derive_impl, traits::ConstU32, traits::ConstU64};
use loadstone_core::{
    traits::{AnchorLog, Directory, OnAnchor, Testimony},
    AccountId, AnchorNumber, AreaId, Balance, BasisPoints, BoundedVec, Device, DeviceId, Direction, EventId, Hash,
    MemberIndex, Millis, Name, OrganisationId, Participant, Price, ProgrammeId, ProgrammeVersion, Resource, ResourceId,
    Role, Signature, Signers, Watts,
};
use loadstone_dag::{BoundedCertificate, RecordsClaim};
use loadstone_market::{
    clearing::{awards, clear},
    setpoint::quota,
    traits::{Market, OnPhase},
    Clearing, Event, EventRecord, Phase, Programme, Ranks, RecordChunk, ScoreRule, Segment, Segments, RECORD_CHUNK,
};
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
    pub type ExecutionScore = pallet_execution_score::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type Block = frame_system::mocking::MockBlockU32<Test>;
}

pub const MAX_ACTIVE: u32 = 3;
/// End of every event's window plus its programme's grace.
pub const DUE: Millis = Millis(1_000_000 + 4 * 60_000 + 5_000);

/// An event with its resources in order of reveal.
#[derive(Clone)]
pub struct Entry {
    pub event: Event,
    pub clearing: Clearing,
    pub resources: Vec<(ResourceId, Segments)>,
}

thread_local! {
    static EVENTS: RefCell<BTreeMap<EventId, Entry>> = const { RefCell::new(BTreeMap::new()) };
    static ANCHORS: RefCell<u32> = const { RefCell::new(0) };
    static REFUSING: RefCell<Option<EventId>> = const { RefCell::new(None) };
}

/// The events of [`EVENTS`].
pub struct Events;
impl Market for Events {
    type Error = DispatchError;

    fn event(id: EventId) -> Option<Event> {
        EVENTS.with_borrow(|events| events.get(&id).map(|entry| entry.event.clone()))
    }
    fn programme_of(_: &Event) -> Option<Programme> {
        Some(programme())
    }
    fn clearing(event: EventId) -> Option<Clearing> {
        EVENTS.with_borrow(|events| events.get(&event).map(|entry| entry.clearing.clone()))
    }
    fn segments(event: EventId, resource: ResourceId) -> Segments {
        let find = |entry: &Entry| entry.resources.iter().find(|(id, _)| *id == resource).map(|(_, of)| of.clone());
        EVENTS.with_borrow(|events| events.get(&event).and_then(find)).unwrap_or_default()
    }
    fn resource_count(event: EventId) -> u32 {
        EVENTS.with_borrow(|events| events.get(&event).map_or(0, |entry| entry.resources.len() as u32))
    }
    fn resource_at(event: EventId, index: u32) -> Option<ResourceId> {
        EVENTS.with_borrow(|events| events.get(&event)?.resources.get(index as usize).map(|(id, _)| *id))
    }
    fn customer(_: EventId, _: ResourceId) -> Option<AccountId> {
        None
    }
    fn bond(_: EventId, _: &AccountId) -> Balance {
        0
    }
    fn set_phase(event: EventId, phase: Phase) -> Result<(), DispatchError> {
        if phase == Phase::Scored && REFUSING.with_borrow(|refusing| *refusing == Some(event)) {
            return Err(DispatchError::Exhausted);
        }
        EVENTS.with_borrow_mut(|events| {
            let entry = events.get_mut(&event).ok_or(DispatchError::CannotLookup)?;
            if entry.event.phase >= phase {
                return Err(DispatchError::Other("phases only move forward"));
            }
            entry.event.phase = phase;
            Ok(())
        })?;
        Pallet::<Test>::on_phase(event, phase, Millis(0))
    }
}

/// Anchor n has hash n. Members of three seats certify by the hash of the message, twice.
pub struct Log;
impl AnchorLog for Log {
    fn latest_anchor() -> AnchorNumber {
        AnchorNumber(ANCHORS.with_borrow(|anchors| *anchors))
    }
    fn anchor_hash(number: AnchorNumber) -> Option<Hash> {
        (number <= Self::latest_anchor()).then(|| anchor_hash(number.0))
    }
    fn is_certified(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
        certificate.len() >= 3 && certificate.iter().all(|(_, signature)| *signature == signature_of(message))
    }
}

impl Testimony for Log {
    fn signers(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> Option<Signers> {
        Self::is_certified(message, certificate).then(|| showing::signers(certificate))
    }
    fn accounts(signers: &Signers) -> Vec<AccountId> {
        showing::accounts(signers)
    }
    fn is_accepted(number: AnchorNumber, hash: Hash, _: &[Hash]) -> bool {
        showing::is_accepted(number, hash)
    }
}

/// Every resource is metered by the device of its number.
pub struct Book;
impl Directory for Book {
    fn participant(who: &AccountId) -> Option<Participant> {
        let (role, organisation, name) = (Role::Auditor, OrganisationId(1), Name::default());
        let frozen = *who == showing::FROZEN;
        (frozen || *who == showing::WITNESS).then_some(Participant { role, organisation, name, frozen })
    }
    fn resource(id: ResourceId) -> Option<Resource> {
        Some(Resource {
            owner: AccountId::new([1; 32]),
            area: AreaId(1),
            device: DeviceId(id.0),
            capacity_down: Watts(10_000),
            capacity_up: Watts(10_000),
            load_min: Watts(0),
            load_max: Watts(100_000),
        })
    }
    fn device(_: DeviceId) -> Option<Device> {
        None
    }
}

impl pallet_execution_score::Config for Test {
    type Time = showing::Clock;
    type Directory = Book;
    type Market = Events;
    type AnchorLog = Log;
    type OnConviction = ();
    type MaxActive = ConstU32<MAX_ACTIVE>;
    type Priority = ConstU64<100>;
    type WeightInfo = pallet_execution_score::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Helper {
    fn dispatched_event(resources: u32) -> EventId {
        dispatch(resources)
    }
    fn accept_anchor() -> AnchorNumber {
        AnchorNumber(ANCHORS.with_borrow_mut(|anchors| {
            *anchors += 1;
            *anchors
        }))
    }
    fn witness() -> AccountId {
        showing::WITNESS
    }
    fn keep_anchor(anchor: &loadstone_dag::Anchor) {
        showing::accept(anchor);
    }
    fn certify(message: &[u8], members: u32) -> BoundedCertificate {
        certify(message, members.max(3) as u16)
    }
}

pub fn programme() -> Programme {
    Programme {
        price_cap: Price(1_000_000),
        price_tick: Price(1_000),
        bid_min: Watts(1),
        settlement_interval_ms: 60_000,
        score: ScoreRule {
            own_weight: BasisPoints(6_000),
            response_standard_ms: 60_000,
            rate_standard: BasisPoints(500),
            precision_standard: BasisPoints(1_000),
            credit_weight: BasisPoints(2_000),
            ..ScoreRule::plain()
        },
        grace_ms: 5_000,
        dispute_ms: 60_000,
        ..Programme::plain()
    }
}

/// Opens and clears an event in which each of `resources` resources is awarded 1,000 W, except the
/// last, which asked too much and gets nothing.
pub fn open(resources: u32) -> EventId {
    let id = EventId(EVENTS.with_borrow(|events| events.len() as u32));
    let price_of = |index: u32| Price(if index + 1 == resources && resources > 1 { 9_000 } else { 5_000 });
    let segments = |index: u32| {
        let segment = Segment {
            price: price_of(index),
            watts: Watts(1_000),
            before: Watts(index as i64 * 1_000),
            credit: BasisPoints::ONE,
        };
        Segments::truncate_from(vec![segment])
    };
    let awarded = if resources > 1 { resources as i64 - 1 } else { resources as i64 };
    let peak = Watts((awarded * 1_000).max(1_000));
    let buckets = [(Price(5_000), Watts(awarded * 1_000)), (Price(9_000), Watts((resources as i64 - awarded) * 1_000))];
    let event = Event {
        programme: ProgrammeId(0),
        version: ProgrammeVersion(1),
        opener: AccountId::new([2; 32]),
        area: AreaId(1),
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![peak, Watts(peak.0 / 2), peak, Watts(0)]),
        start: Millis(1_000_000),
        interval_ms: 60_000,
        gate_closure: Millis(900_000),
        budget: 1_000_000,
        opened: Millis(800_000),
        baseline_anchor: AnchorNumber(0),
        reserve_from: None,
        phase: Phase::Cleared,
    };
    let resources = (0..resources).map(|index| (ResourceId(100 + index), segments(index))).collect();
    let entry = Entry { event, clearing: clear(buckets, peak, Watts(0), Ranks::default()), resources };
    EVENTS.with_borrow_mut(|events| events.insert(id, entry));
    id
}

/// An event that was dispatched.
pub fn dispatch(resources: u32) -> EventId {
    let event = open(resources);
    Events::set_phase(event, Phase::Dispatched).expect("there is room");
    event
}

/// An event that was dispatched and cut off.
pub fn cut(resources: u32) -> EventId {
    let event = dispatch(resources);
    accept_anchor(DUE);
    event
}

/// Accepts the next anchor at `now`.
pub fn accept_anchor(now: Millis) {
    let number = ANCHORS.with_borrow_mut(|anchors| {
        *anchors += 1;
        *anchors
    });
    Pallet::<Test>::on_anchor(AnchorNumber(number), now);
}

pub fn anchor_hash(number: u32) -> Hash {
    Hash::from_low_u64_be(number.into())
}

fn signature_of(message: &[u8]) -> Signature {
    let hash = sp_io::hashing::blake2_256(message);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&hash);
    signature[32..].copy_from_slice(&hash);
    signature
}

pub fn certify(message: &[u8], members: u16) -> BoundedCertificate {
    let signatures = (0..members).map(|index| (MemberIndex(index), signature_of(message))).collect();
    BoundedCertificate::truncate_from(signatures)
}

/// The honest chunk of an event, in which each resource delivers `percent` of its quota.
pub fn chunk(event: EventId, index: u32, percent: impl Fn(u32) -> i64) -> RecordChunk {
    let entry = EVENTS.with_borrow(|events| events[&event].clone());
    let first = index * RECORD_CHUNK;
    let end = (first + RECORD_CHUNK).min(entry.resources.len() as u32);
    let record = |at: u32| {
        let (resource, segments) = &entry.resources[at as usize];
        let award = awards(&entry.clearing, segments);
        let quotas: Vec<_> =
            entry.event.needs.iter().map(|need| quota(award, *need, entry.event.peak_need())).collect();
        let delivered: Vec<_> = quotas.iter().map(|quota| Watts(quota.0 * percent(at) / 100)).collect();
        EventRecord {
            resource: *resource,
            baseline: BoundedVec::truncate_from(vec![Watts(50_000); quotas.len()]),
            quota: BoundedVec::truncate_from(quotas),
            delivered: BoundedVec::truncate_from(delivered),
            readings_due: 240,
            readings_valid: 240,
            response_time_ms: 6_000,
            rate: BasisPoints(1_500),
            precision_error: BasisPoints(250),
        }
    };
    let records = (first..end).map(record).collect();
    let cutoff = crate::CutoffHashes::<Test>::get(event).unwrap_or_default();
    RecordChunk { event, chunk: index, cutoff, records: BoundedVec::truncate_from(records) }
}

pub fn certificate(chunk: &RecordChunk, members: u16) -> BoundedCertificate {
    let chunk_hash = Hash(sp_io::hashing::blake2_256(&chunk.encode()));
    let claim = RecordsClaim { event: chunk.event, chunk: chunk.chunk, chunk_hash };
    certify(claim.payload(&Pallet::<Test>::genesis()).as_bytes(), members)
}

/// Submits a certified chunk as a block would: authorised first, then dispatched.
pub fn submit(chunk: RecordChunk) -> Result<(), DispatchError> {
    use frame_support::{dispatch::RawOrigin, pallet_prelude::TransactionSource};
    let certificate = certificate(&chunk, 3);
    Pallet::<Test>::authorize_records(TransactionSource::External, &chunk, &certificate)
        .map_err(|_| DispatchError::BadOrigin)?;
    Pallet::<Test>::submit_records(RawOrigin::Authorized.into(), chunk, certificate)
}

/// Begins `count` blocks.
pub fn blocks(count: u32) {
    use frame_support::traits::Hooks;
    for _ in 0..count {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        ExecutionScore::on_initialize(next);
    }
}

pub fn phase(event: EventId) -> Phase {
    Events::event(event).expect("it was opened").phase
}

/// Refuses to take `event` over as scored.
pub fn refuse_scored(event: Option<EventId>) {
    REFUSING.with_borrow_mut(|refusing| *refusing = event);
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    EVENTS.with_borrow_mut(BTreeMap::clear);
    ANCHORS.with_borrow_mut(|anchors| *anchors = 0);
    refuse_scored(None);
    showing::reset();
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
