//! Units and witnesses written by hand.

use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Level, MemberIndex, Millis, Sequence, Watts};
use loadstone_dag::{
    Body, CheckedUnit, CheckedWitness, Committee, Readings, Slot, Unit, UnitContent, Witness, WitnessContent,
    WitnessRef,
};

use super::crypto::{device_key, member_key, sign, verify, GENESIS};

pub fn slot(device: u32, sequence: u64) -> Slot {
    Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) }
}

/// A unit of one reading of `watts`.
pub fn unit(device: u32, sequence: u64, previous: Hash, watts: i64) -> CheckedUnit {
    let readings = Readings::new(Millis(1_000 * sequence), 1_000, None, &[(Watts(watts), true)]).expect("one reading");
    signed(UnitContent {
        slot: slot(device, sequence),
        previous,
        references: Vec::new(),
        body: Body::Readings(readings),
    })
}

pub fn signed(content: UnitContent) -> CheckedUnit {
    let key = device_key(content.slot.device.0);
    let signature = sign(&key, content.payload(&GENESIS).as_bytes());
    CheckedUnit::check(Unit { content, signature }, &GENESIS, &key, verify).expect("well formed and signed")
}

/// The content of a witness that names nothing but what is given.
pub fn content(
    member: u16,
    level: u32,
    previous: Option<&CheckedWitness>,
    parents: &[&CheckedWitness],
) -> WitnessContent {
    WitnessContent {
        epoch: 0,
        member: MemberIndex(member),
        level: Level(level),
        previous: previous.map(CheckedWitness::reference),
        parents: references(parents),
        latest: Vec::new(),
        units: Vec::new(),
        base: AnchorNumber(0),
        last: false,
    }
}

pub fn references(witnesses: &[&CheckedWitness]) -> Vec<WitnessRef> {
    witnesses.iter().map(|witness| witness.reference()).collect()
}

pub fn signed_witness(content: WitnessContent) -> Witness {
    let signature = sign(&member_key(content.member.0), content.payload(&GENESIS).as_bytes());
    Witness { content, signature }
}

pub fn witness(content: WitnessContent, committee: &Committee) -> CheckedWitness {
    CheckedWitness::check(signed_witness(content), &GENESIS, committee, verify).expect("well formed and signed")
}
