//! A disputed record whose signers are the largest committee, and what is shown of its device's units.

use super::{certificate, chunk_of, cut_event, BenchmarkHelper};
use crate::{Config, Cutoffs, Hearings, Page, Pallet, Shown, MAX_HEARD_READINGS, MAX_PAGES, PAGE_UNITS};
use alloc::{vec, vec::Vec};
use codec::Encode;
use loadstone_core::{
    merkle_proof, traits::Directory, AccountId, AnchorNumber, BoundedVec, EventId, Hash, Incarnation, Millis,
    ResourceId, Sequence, Watts,
};
use loadstone_dag::{
    leaves_root, Anchor, AnchorLeaf, Body, LeafProof, Readings, ShownChain, ShownUnits, Slot, Unit, UnitContent,
    MAX_MEMBERS, MAX_READINGS,
};
use loadstone_market::traits::Market;

/// Place of the oldest unit that was shown before.
const SHOWN: u64 = 1_000_000;

/// How long before the event the readings begin that its baseline is computed from.
const HOUR_MS: u64 = 3_600_000;

/// Units in the anchor that holds what is shown.
const ANCHORED: u64 = 1_024;

/// Who shows units.
pub fn witness<T: Config>() -> AccountId {
    T::BenchmarkHelper::witness()
}

/// A scored event of one resource whose record all of the largest committee have signed, and which is heard.
pub fn heard<T: Config>() -> (EventId, ResourceId) {
    let event = cut_event::<T>(1);
    let chunk = chunk_of::<T>(event);
    let certificate = certificate::<T>(&chunk, MAX_MEMBERS as u32);
    Pallet::<T>::note_signers(&chunk, &certificate);
    Pallet::<T>::record_chunk(chunk).expect("it is the only chunk");
    Pallet::<T>::score_next_chunk();
    let resource = T::Market::resource_at(event, 0).expect("it has a resource");
    Pallet::<T>::open_hearing(event, resource, 0, Millis(u64::MAX));
    (event, resource)
}

/// What was shown so far, back to the unit at `first`, which names `previous`: both ends are proven, and the event was
/// opened after the newest unit.
fn shown(first: u64, previous: Hash) -> ShownChain {
    let last = Sequence(2 * SHOWN);
    ShownChain {
        incarnation: Incarnation(0),
        first: Sequence(first),
        previous,
        last,
        hash: Hash::repeat_byte(3),
        before: Some(last),
        since: Some(last.next()),
        is_closed: true,
    }
}

/// Full units that end where the showing begins, with a proof that the newest is anchored. One more reading
/// unit fits into the hearing's only page, so that a second one begins.
pub fn older_units<T: Config>(event: EventId, resource: ResourceId, count: u32) -> (ShownUnits, LeafProof) {
    let device = T::Directory::resource(resource).expect("it is registered").device;
    let start = start_of::<T>(event);
    let mut previous = Hash::repeat_byte(1);
    let mut units = Vec::new();
    let mut slot = Slot { device, incarnation: Incarnation(0), sequence: Sequence(0) };
    for place in SHOWN - u64::from(count)..SHOWN {
        slot.sequence = Sequence(place);
        let unit = unit(slot, previous, start);
        previous = unit.content.payload(&Pallet::<T>::genesis()).hash();
        units.push(BoundedVec::truncate_from(unit.encode()));
    }
    Hearings::<T>::mutate(event, resource, |hearing| {
        let hearing = hearing.as_mut().expect("it is heard");
        (hearing.chain, hearing.pages, hearing.written) = (Some(shown(SHOWN, previous)), 1, 1);
    });
    Shown::<T>::insert((event, resource), 0, page(PAGE_UNITS - 1, MAX_READINGS, start));
    let cutoff = Cutoffs::<T>::get(event).expect("it was cut off");
    (ShownUnits::truncate_from(units), proof_of::<T>(cutoff, AnchorLeaf { slot, unit: previous }))
}

/// That an anchor of very many units holds this one as its first.
fn proof_of<T: Config>(number: AnchorNumber, leaf: AnchorLeaf) -> LeafProof {
    let others = (1..ANCHORED).map(|place| AnchorLeaf { unit: Hash::repeat_byte(place as u8), ..leaf });
    let leaves: Vec<AnchorLeaf> = core::iter::once(leaf).chain(others).collect();
    let path = merkle_proof(leaves.iter().map(Encode::encode), 0).expect("the leaf is there");
    let anchor = Anchor { number, root: leaves_root(&leaves), units: leaves.len() as u32, ..Anchor::default() };
    T::BenchmarkHelper::keep_anchor(&anchor);
    LeafProof { anchor, path, siblings: BoundedVec::default() }
}

/// Fills `count` pages as far as their units may be, with readings as many as a hearing may keep, all of them from the
/// hour before the event, and lets them be all that the device ever told, so that the record is replayed.
pub fn fill_pages<T: Config>(event: EventId, resource: ResourceId, count: u32) {
    let before = Millis(start_of::<T>(event).0.saturating_sub(HOUR_MS));
    for number in 0..count {
        Shown::<T>::insert(
            (event, resource),
            number,
            page(PAGE_UNITS, (MAX_HEARD_READINGS / MAX_PAGES / PAGE_UNITS) as usize, before),
        );
    }
    Hearings::<T>::mutate(event, resource, |hearing| {
        let hearing = hearing.as_mut().expect("it is heard");
        (hearing.chain, hearing.pages, hearing.written) = (Some(shown(0, Hash::default())), count, count);
    });
}

fn start_of<T: Config>(event: EventId) -> Millis {
    T::Market::event(event).expect("the helper made it").start
}

/// A page of so many units, each with so many readings from `start` on.
fn page(units: u32, readings: usize, start: Millis) -> Page {
    let told = BoundedVec::truncate_from(told(readings, start).encode());
    let units = (0..units).map(|unit| (Sequence(2 * SHOWN - u64::from(unit)), told.clone()));
    Page::truncate_from(units.collect())
}

fn unit(slot: Slot, previous: Hash, start: Millis) -> Unit {
    let content = UnitContent { slot, previous, references: vec![], body: Body::Readings(told(MAX_READINGS, start)) };
    Unit { content, signature: [0; 64] }
}

/// Readings of a load that swings from nothing to a hundred megawatts, one a second from `start` on.
fn told(count: usize, start: Millis) -> Readings {
    let swing = |place: usize| (Watts(if place % 2 == 0 { 0 } else { 100_000_000 }), true);
    let swings: Vec<_> = (0..count).map(swing).collect();
    Readings::new(start, 1_000, None, &swings).expect("it is sound")
}
