//! A wrong record from its signing to the conviction of its signers, through the whole runtime.

use super::*;
use crate::{Bids, DagAnchor, ExecutionScore, Registry, Runtime, RuntimeOrigin, Settlement};
use frame_support::{assert_ok, dispatch::RawOrigin, pallet_prelude::Authorize, traits::Hooks};
use loadstone_core::{
    merkle_proof,
    traits::{Directory, OnAnchor},
    AnchorNumber, AreaId, BasisPoints, BoundedVec, DeviceId, Direction, EventId, Hash, Incarnation, MemberIndex,
    Millis, Price, ProgrammeId, ProgrammeVersion, ResourceId, Sequence, Watts, YUAN,
};
use loadstone_dag::{Anchor, AnchorLeaf, Body, LeafProof, Readings, RecordsClaim, ShownUnits, Slot, Unit, UnitContent};
use loadstone_market::{
    clearing::clear,
    referee::Ruling,
    traits::{Escrow, Market},
    BaselineMethod, DisputeReason, Event, EventRecord, Phase, Programme, Ranks, RecordChunk, Segment, Segments,
};

const EVENT: EventId = EventId(0);
/// Start of the event's one hour.
const START: u64 = 1_700_000_000_000;
const HOUR: u64 = 3_600_000;
/// What the event buys of its only resource.
const POWER: Watts = Watts(10_000);

fn programme() -> Programme {
    Programme {
        settlement_interval_ms: 3_600_000,
        baseline: BaselineMethod::MeterBefore { readings: 60 },
        grace_ms: 0,
        ..Programme::plain()
    }
}

/// An event of one resource, dispatched, with a budget of 100 CNY; its baseline is locked with anchor 1.
fn dispatched() -> (ResourceId, DeviceId) {
    let (owner, opener) = (account("//AggregatorNorth"), account("//ProvincialGrid"));
    let resource = pallet_registry::NextResource::<Runtime>::get();
    let origin = RuntimeOrigin::signed(owner.clone());
    let (none, load) = (Watts(0), Watts(50_000));
    assert_ok!(Registry::register_resource(origin, AreaId(1), [9; 32], load, load, none, load));
    let segment = Segment { price: Price(500_000), watts: POWER, before: none, credit: BasisPoints::ONE };
    let event = Event {
        programme: ProgrammeId(1),
        version: ProgrammeVersion(1),
        opener: opener.clone(),
        area: AreaId(1),
        direction: Direction::Down,
        needs: BoundedVec::truncate_from(vec![POWER]),
        start: Millis(START),
        interval_ms: HOUR as u32,
        gate_closure: Millis(START - 10_000),
        budget: 100 * YUAN,
        opened: Millis(START - 20_000),
        baseline_anchor: AnchorNumber(1),
        reserve_from: None,
        phase: Phase::Cleared,
    };
    pallet_bids::Programmes::<Runtime>::insert(ProgrammeId(1), ProgrammeVersion(1), programme());
    pallet_bids::Events::<Runtime>::insert(EVENT, event);
    pallet_bids::Clearings::<Runtime>::insert(
        EVENT,
        clear([(segment.price, POWER)], POWER, Watts(0), Ranks::default()),
    );
    pallet_bids::EventResourceCount::<Runtime>::insert(EVENT, 1);
    pallet_bids::EventResources::<Runtime>::insert(EVENT, 0, resource);
    pallet_bids::Segments::<Runtime>::insert(EVENT, resource, Segments::truncate_from(vec![segment]));
    assert_ok!(Settlement::hold_budget(EVENT, &opener, 100 * YUAN));
    assert_ok!(Settlement::hold_bond(EVENT, &owner, 50 * YUAN));
    assert_ok!(Bids::set_phase(EVENT, Phase::Dispatched));
    (resource, Registry::resource(resource).expect("registered").device)
}

fn genesis() -> Hash {
    System::block_hash(0)
}

/// A minute at 30 kW before the event, an hour at 20 kW in minutes, and a minute after it, in anchors 1, 2 and 3. The
/// cut-off comes with the second.
fn written(device: DeviceId) -> Vec<(Unit, Anchor)> {
    let mut previous = Hash::zero();
    let mut unit = |place: u64| {
        let (load, count) = if (1..=60).contains(&place) { (20_000, 60) } else { (30_000, 60) };
        let start = Millis(START - 60_000 + 60_000 * place);
        let readings = Readings::new(start, 1_000, None, &vec![(Watts(load), true); count]).expect("sound");
        let slot = Slot { device, incarnation: Incarnation(0), sequence: Sequence(place) };
        let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(readings) };
        previous = content.payload(&genesis()).hash();
        Unit { content, signature: [0; 64] }
    };
    let units: Vec<Unit> = (0..62).map(&mut unit).collect();
    let number_of = |place: usize| AnchorNumber(if place == 0 { 1 } else { 2 + u32::from(place == 61) });
    let anchor = |number: AnchorNumber| {
        let leaves = leaves_of(&units, number);
        let root = loadstone_dag::leaves_root(&leaves);
        let anchor = Anchor { number, root, units: leaves.len() as u32, ..Anchor::default() };
        pallet_dag_anchor::Anchors::<Runtime>::insert(number, &anchor);
        anchor
    };
    let anchors = [1, 2, 3].map(|number| anchor(AnchorNumber(number)));
    ExecutionScore::on_anchor(AnchorNumber(2), Millis(START + HOUR));
    let place = |(place, unit): (usize, &Unit)| (unit.clone(), anchors[number_of(place).0 as usize - 1].clone());
    units.iter().enumerate().map(place).collect()
}

fn leaves_of(units: &[Unit], number: AnchorNumber) -> Vec<AnchorLeaf> {
    let range = match number.0 {
        1 => 0..1,
        2 => 1..61,
        _ => 61..62,
    };
    let leaf = |unit: &Unit| AnchorLeaf { slot: unit.content.slot, unit: unit.content.payload(&genesis()).hash() };
    units[range].iter().map(leaf).collect()
}

/// Three of four members sign that nothing was delivered, and the chain takes it in.
fn sign_wrong_record(resource: ResourceId) -> Vec<AccountId> {
    let watts = |watts| BoundedVec::truncate_from(vec![Watts(watts)]);
    let record = EventRecord {
        resource,
        baseline: watts(20_000),
        quota: watts(POWER.0),
        delivered: watts(0),
        readings_due: 3_600,
        readings_valid: 3_600,
        response_time_ms: HOUR as u32,
        rate: BasisPoints(0),
        precision_error: BasisPoints(10_000),
    };
    let cutoff = pallet_execution_score::CutoffHashes::<Runtime>::get(EVENT).expect("it was cut off");
    let chunk = RecordChunk { event: EVENT, chunk: 0, cutoff, records: BoundedVec::truncate_from(vec![record]) };
    let chunk_hash = Hash(sp_io::hashing::blake2_256(&chunk.encode()));
    let payload = RecordsClaim { event: EVENT, chunk: 0, chunk_hash }.payload(&genesis());
    let organisations = ["//ProvincialGrid", "//CityGrid", "//AggregatorNorth", "//AggregatorSouth"];
    let pairs = organisations.map(|path| pair(&format!("{path}//dag")));
    let (mut signatures, mut accounts) = (vec![], vec![]);
    for (index, member) in (0u16..).zip(DagAnchor::ledger().committee).take(3) {
        let pair = pairs.iter().find(|pair| pair.public().0 == member.key).expect("a demo validator");
        signatures.push((MemberIndex(index), pair.sign(payload.as_bytes()).0));
        accounts.push(member.account);
    }
    let certificate = BoundedVec::truncate_from(signatures);
    let call = pallet_execution_score::Call::<Runtime>::submit_records {
        chunk: chunk.clone(),
        certificate: certificate.clone(),
    };
    let authorised = call.authorize(TransactionSource::External).expect("the call authorises itself");
    assert!(authorised.is_ok(), "{authorised:?}");
    assert_ok!(ExecutionScore::submit_records(RawOrigin::Authorized.into(), chunk, certificate));
    accounts
}

fn show(resource: ResourceId, units: &[(Unit, Anchor)], is_proven: bool) {
    let all: Vec<Unit> = units.iter().map(|(unit, _)| unit.clone()).collect();
    let encoded = all.iter().map(|unit| BoundedVec::truncate_from(unit.encode())).collect();
    let (newest, anchor) = units.last().expect("there are some");
    let proof = is_proven.then(|| {
        let ids = WRITTEN.with_borrow(|written| leaves_of(written, anchor.number));
        let index = ids.iter().position(|leaf| leaf.slot == newest.content.slot).expect("it is a leaf");
        let path = merkle_proof(ids.iter().map(Encode::encode), index as u32).expect("it is a leaf");
        Box::new(LeafProof { anchor: anchor.clone(), path, siblings: BoundedVec::default() })
    });
    let origin = RuntimeOrigin::signed(account("//Auditor"));
    assert_ok!(ExecutionScore::show_units(origin, EVENT, resource, ShownUnits::truncate_from(encoded), proof));
}

thread_local! {
    /// All units of the device.
    static WRITTEN: std::cell::RefCell<Vec<Unit>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Begins blocks at `now`.
fn blocks(now: u64) {
    pallet_timestamp::Now::<Runtime>::put(now);
    for block in 2..12 {
        ExecutionScore::on_initialize(block);
        Settlement::on_initialize(block);
    }
}

#[test]
fn a_wrong_record_is_replayed_corrected_paid_and_convicts_its_signers() {
    demo().execute_with(|| {
        // GIVEN an event whose resource delivered 10 kW for an hour, and members who signed that it delivered nothing
        let (owner, before) = (account("//AggregatorNorth"), pallet_balances::Pallet::<Runtime>::free_balance);
        let funds = before(account("//AggregatorNorth"));
        let (resource, device) = dispatched();
        let units = written(device);
        WRITTEN.with_borrow_mut(|written| *written = units.iter().map(|(unit, _)| unit.clone()).collect());
        let signers = sign_wrong_record(resource);
        blocks(START + HOUR);
        assert_eq!(Bids::event(EVENT).map(|event| event.phase), Some(Phase::Scored));
        // WHEN its owner disputes that, and an auditor shows what its device wrote
        let reason = DisputeReason::truncate_from(b"the meter says otherwise".to_vec());
        assert_ok!(Settlement::dispute(RuntimeOrigin::signed(owner.clone()), EVENT, resource, 0, reason));
        show(resource, &units[1..=60], true);
        show(resource, &units[61..], true);
        show(resource, &units[1..=1], true);
        show(resource, &units[..1], true);
        // THEN nothing is paid while it is heard
        blocks(START + 2 * HOUR);
        let paid = || pallet_settlement::Statements::<Runtime>::get(EVENT, resource).map(|statement| statement.paid);
        assert_eq!((paid(), pallet_settlement::Heard::<Runtime>::get().len()), (Some(0), 1));
        // AND when it was heard, the right record stands, and 10 kWh are paid at 0.5 CNY
        blocks(START + 3 * HOUR);
        let record = pallet_execution_score::Records::<Runtime>::get(EVENT, resource).expect("recorded");
        assert_eq!((record.delivered.to_vec(), record.baseline.to_vec()), (vec![POWER], vec![Watts(30_000)]));
        let dispute = pallet_settlement::Disputes::<Runtime>::get(EVENT, resource).expect("disputed");
        assert_eq!((dispute.ruling, dispute.bond), (Some(Ruling::Convicted), 0));
        assert_eq!((paid(), Bids::event(EVENT).map(|event| event.phase)), (Some(5 * YUAN), Some(Phase::Settled)));
        assert_eq!(before(owner), funds + 5 * YUAN);
        // AND exactly those who signed are convicted
        let convicted = pallet_execution_score::Convictions::<Runtime>::iter_keys();
        let mut convicted: Vec<_> = convicted.map(|(who, of)| (who, of == (EVENT, resource))).collect();
        let mut expected: Vec<_> = signers.into_iter().map(|who| (who, true)).collect();
        convicted.sort();
        expected.sort();
        assert_eq!(convicted, expected);
    });
}
