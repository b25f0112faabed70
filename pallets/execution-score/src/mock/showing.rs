//! A device's anchored units, to be shown in hearings.

use super::{AccountId, AnchorNumber, EventId, Millis, EVENTS};
use crate::Pallet;
use codec::Encode;
use loadstone_core::{
    merkle_proof, BoundedVec, DeviceId, Hash, Incarnation, MemberIndex, Sequence, Signature, Signers, Watts,
};
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf, Body, LeafProof, Readings, ShownUnits, Slot, Unit, UnitContent};
use std::{cell::RefCell, collections::BTreeMap};

/// Takes part, and shows units.
pub const WITNESS: AccountId = AccountId::new([7; 32]);
/// Takes part, but is frozen.
pub const FROZEN: AccountId = AccountId::new([8; 32]);

thread_local! {
    static NOW: RefCell<u64> = const { RefCell::new(0) };
    static ACCEPTED: RefCell<BTreeMap<AnchorNumber, Hash>> = const { RefCell::new(BTreeMap::new()) };
}

/// Chain time, as tests set it.
pub struct Clock;
impl frame_support::traits::Time for Clock {
    type Moment = u64;
    fn now() -> u64 {
        NOW.with_borrow(|now| *now)
    }
}

pub fn set_time(now: Millis) {
    NOW.with_borrow_mut(|time| *time = now.0);
}

/// Forgets everything.
pub fn reset() {
    set_time(Millis(0));
    ACCEPTED.with_borrow_mut(BTreeMap::clear);
}

pub fn is_accepted(number: AnchorNumber, hash: Hash) -> bool {
    ACCEPTED.with_borrow(|accepted| accepted.get(&number) == Some(&hash))
}

#[cfg(feature = "runtime-benchmarks")]
pub fn accept(anchor: &Anchor) {
    ACCEPTED.with_borrow_mut(|accepted| accepted.insert(anchor.number, anchor.hash()));
}

/// Everybody who signed, of epoch 5.
pub fn signers(certificate: &[(MemberIndex, Signature)]) -> Signers {
    Signers { epoch: 5, members: certificate.iter().fold(0, |members, (index, _)| members | 1 << index.0) }
}

/// Member n has an account of bytes 50 + n.
pub fn accounts(signers: &Signers) -> Vec<AccountId> {
    (0..64).filter(|index| signers.has(*index)).map(|index| AccountId::new([50 + index as u8; 32])).collect()
}

/// A life of a device, with the anchor that holds each unit.
#[derive(Clone, Default)]
pub struct Life {
    device: DeviceId,
    incarnation: Incarnation,
    units: Vec<(Unit, AnchorNumber)>,
}

impl Life {
    pub fn of(device: u32, incarnation: u16) -> Self {
        Self { device: DeviceId(device), incarnation: Incarnation(incarnation), units: Vec::new() }
    }

    fn slot(&self, sequence: usize) -> Slot {
        Slot { device: self.device, incarnation: self.incarnation, sequence: Sequence(sequence as u64) }
    }

    fn id(unit: &Unit) -> Hash {
        unit.content.payload(&Pallet::<super::Test>::genesis()).hash()
    }

    /// Adds a unit of readings of `load`, one a second from `start` on.
    pub fn push(&mut self, anchor: u32, start: u64, load: i64, count: usize) {
        let readings = Readings::new(Millis(start), 1_000, None, &vec![(Watts(load), true); count]).expect("sound");
        let previous = self.units.last().map(|(unit, _)| Self::id(unit)).unwrap_or_default();
        let content = UnitContent {
            slot: self.slot(self.units.len()),
            previous,
            references: vec![],
            body: Body::Readings(readings),
        };
        self.units.push((Unit { content, signature: [0; 64] }, AnchorNumber(anchor)));
        let anchor = self.anchor(AnchorNumber(anchor));
        ACCEPTED.with_borrow_mut(|accepted| accepted.insert(anchor.number, anchor.hash()));
    }

    fn leaves(&self, number: AnchorNumber) -> Vec<AnchorLeaf> {
        let of = self.units.iter().filter(|(_, anchor)| *anchor == number);
        of.map(|(unit, _)| AnchorLeaf { slot: unit.content.slot, unit: Self::id(unit) }).collect()
    }

    fn anchor(&self, number: AnchorNumber) -> Anchor {
        let leaves = self.leaves(number);
        Anchor { number, root: leaves_root(&leaves), units: leaves.len() as u32, ..Anchor::default() }
    }

    /// Encoded units of these places.
    pub fn units(&self, places: std::ops::RangeInclusive<usize>) -> ShownUnits {
        let units = self.units[places].iter().map(|(unit, _)| BoundedVec::truncate_from(unit.encode()));
        ShownUnits::truncate_from(units.collect())
    }

    /// Proof that the unit at this place is anchored.
    pub fn proof(&self, place: usize) -> Option<Box<LeafProof>> {
        let anchor = self.anchor(self.units[place].1);
        let leaves = self.leaves(anchor.number);
        let index = leaves.iter().position(|leaf| leaf.slot == self.slot(place))?;
        let path = merkle_proof(leaves.iter().map(Encode::encode), index as u32)?;
        Some(Box::new(LeafProof { anchor, path, siblings: BoundedVec::default() }))
    }
}

/// Lets the event's baseline look at units in anchors up to `anchor`.
pub fn opened_at(event: EventId, anchor: u32) {
    EVENTS.with_borrow_mut(|events| {
        let entry = events.get_mut(&event).expect("it was opened");
        entry.event.baseline_anchor = AnchorNumber(anchor);
    });
}
