//! What a gateway refuses, with which reason, and what bytes are no message.

mod common;

use codec::Encode;
use common::{
    build::{signed, slot, unit},
    crypto::{committee, device_key, sign, verify, TestCrypto, GENESIS},
};
use loadstone_core::{DeviceId, Hash, Incarnation, MemberIndex, Millis, PublicKey, Sequence, Watts};
use loadstone_dag::{
    decode_device_message, decode_member_message, decode_unit, encode_member_message, Admission, Body, CheckedUnit,
    DecodeFault, Decoded, DeviceDirectory, DeviceInfo, DeviceMessage, EpochStart, Member, MemberConfig, MemberMessage,
    NothingKnown, Readings, Reference, Refusal, Unit, UnitContent, UnitGate, MAX_DEVICE_FRAME, MAX_MEMBER_FRAME,
};

/// Device 1 is good, 2 is revoked, 3 is in its second life.
struct Registry;

impl DeviceDirectory for Registry {
    fn device(&self, id: DeviceId) -> Option<DeviceInfo> {
        (1..=3).contains(&id.0).then(|| DeviceInfo {
            key: device_key(id.0),
            incarnation: Incarnation(u16::from(id.0 == 3)),
            revoked: id.0 == 2,
            load_min: Watts(-10),
            load_max: Watts(1_000),
        })
    }
}

fn member() -> Member<TestCrypto> {
    let config = MemberConfig::new(GENESIS, MemberIndex(0), committee(4));
    Member::new(config, TestCrypto(MemberIndex(0)), EpochStart::default(), [], Millis(0))
}

fn ask(member: &Member<TestCrypto>, units: Vec<Unit>) -> Vec<Result<Admission, Refusal>> {
    let gate = UnitGate::new(GENESIS, &Registry, member);
    let answers = gate.admit_all(units, |messages| messages.iter().map(|(k, m, s)| verify(k, m, s)).collect());
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn refusal(member: &Member<TestCrypto>, unit: Unit) -> Option<Refusal> {
    ask(member, vec![unit]).remove(0).err()
}

/// A unit that is signed but not checked for form.
fn raw(content: UnitContent, key: &PublicKey) -> Unit {
    Unit { signature: sign(key, content.payload(&GENESIS).as_bytes()), content }
}

#[test]
fn every_fault_has_its_reason() {
    let member = member();
    let good = unit(1, 0, Hash::zero(), 5).into_unit();
    let other_device =
        |device: u32| raw(UnitContent { slot: slot(device, 0), ..good.content.clone() }, &device_key(device));
    // A stranger, a revoked device, a device's former life
    assert_eq!(refusal(&member, other_device(9)), Some(Refusal::UnknownDevice));
    assert_eq!(refusal(&member, other_device(2)), Some(Refusal::Revoked));
    assert_eq!(refusal(&member, other_device(3)), Some(Refusal::WrongIncarnation));
    // A signature by another key, and one over another chain
    assert_eq!(refusal(&member, raw(good.content.clone(), &device_key(2))), Some(Refusal::BadSignature));
    let elsewhere = sign(&device_key(1), good.content.payload(&Hash::zero()).as_bytes());
    assert_eq!(refusal(&member, Unit { signature: elsewhere, ..good.clone() }), Some(Refusal::BadSignature));
    // Readings outside the resource's range, unless marked doubtful
    assert_eq!(refusal(&member, unit(1, 0, Hash::zero(), 1_001).into_unit()), Some(Refusal::OutOfRange));
    let doubtful = Readings::new(Millis(1), 1_000, None, &[(Watts(1_001), false)]).expect("one reading");
    let doubtful = UnitContent { body: Body::Readings(doubtful), ..good.content.clone() };
    assert_eq!(refusal(&member, raw(doubtful, &device_key(1))), None);
    // A gap, told with the sequence to go on from
    let ahead = unit(1, 4, Hash::repeat_byte(1), 5).into_unit();
    assert_eq!(refusal(&member, ahead), Some(Refusal::Gap(Sequence(0))));
    // Too many references, a first unit with a predecessor, and bytes that are no readings
    let crowded =
        UnitContent { references: vec![Reference::Unit(slot(2, 0), Hash::zero()); 5], ..good.content.clone() };
    assert_eq!(refusal(&member, raw(crowded, &device_key(1))), Some(Refusal::Malformed));
    let rooted = UnitContent { previous: Hash::repeat_byte(1), ..good.content.clone() };
    assert_eq!(refusal(&member, raw(rooted, &device_key(1))), Some(Refusal::Malformed));
    let garbled = |deltas: Vec<u8>| {
        let readings = Readings { start: Millis(1), interval_ms: 1, event: None, doubtful: Vec::new(), deltas };
        raw(UnitContent { body: Body::Readings(readings), ..good.content.clone() }, &device_key(1))
    };
    assert_eq!(refusal(&member, garbled(vec![0x80])), Some(Refusal::Malformed));
    assert_eq!(refusal(&member, garbled(vec![0; 61])), Some(Refusal::Malformed));
    assert_eq!(refusal(&member, garbled(vec![0; 2_000])), Some(Refusal::Oversize));
    // AND the good unit is taken in
    assert_eq!(refusal(&member, good), None);
}

#[test]
fn a_batch_may_hold_a_chain_and_a_bad_link_strikes_only_what_follows() {
    let member = member();
    let mut chain: Vec<Unit> = Vec::new();
    let mut last = Hash::zero();
    for sequence in 0..4 {
        let made = unit(1, sequence, last, 5);
        last = made.id();
        chain.push(made.into_unit());
    }
    // GIVEN four consecutive units in one batch THEN all are taken in
    assert!(ask(&member, chain.clone()).iter().all(|answer| matches!(answer, Ok(Admission::New(_)))));
    // GIVEN a bad signature on the third
    chain[2].signature = [0; 64];
    let answers = ask(&member, chain);
    // THEN it is refused for that, and the fourth as resting on it
    assert!(answers[..2].iter().all(Result::is_ok));
    assert_eq!(answers[2], Err(Refusal::BadSignature));
    assert_eq!(answers[3], Err(Refusal::Gap(Sequence(2))));
}

#[test]
fn known_units_are_known_and_rivals_are_forks() {
    // GIVEN a member whose gateway took in two units
    let mut member = member();
    let first = unit(1, 0, Hash::zero(), 5);
    let second = unit(1, 1, first.id(), 6);
    member.introduce(vec![first.clone(), second.clone()], Millis(0));
    // THEN sending them again is answered as before
    let again = ask(&member, vec![first.unit().clone(), second.unit().clone()]);
    assert_eq!(again, vec![Ok(Admission::Known(first.id())), Ok(Admission::Known(second.id()))]);
    // AND another unit in such a place, or on another predecessor, is a fork
    assert_eq!(refusal(&member, unit(1, 1, first.id(), 7).into_unit()), Some(Refusal::Fork));
    assert_eq!(refusal(&member, unit(1, 2, first.id(), 7).into_unit()), Some(Refusal::Fork));
    // AND the first unknown sequence is told to one that is ahead
    assert_eq!(refusal(&member, unit(1, 5, first.id(), 7).into_unit()), Some(Refusal::Gap(Sequence(2))));
}

#[test]
fn a_second_life_starts_from_nothing() {
    let member = member();
    let start = |previous: Hash| {
        let readings = Readings::new(Millis(1), 1_000, None, &[(Watts(1), true)]).expect("one reading");
        let slot = loadstone_dag::Slot { incarnation: Incarnation(1), ..slot(3, 0) };
        UnitContent { slot, previous, references: Vec::new(), body: Body::Readings(readings) }
    };
    // GIVEN a device in its second life THEN its first unit names no unit before it
    assert_eq!(refusal(&member, signed(start(Hash::zero())).into_unit()), None);
    let linked = Unit { content: start(Hash::repeat_byte(1)), signature: [0; 64] };
    assert_eq!(refusal(&member, linked), Some(Refusal::Malformed));
}

#[test]
fn bytes_are_decoded_within_limits() {
    let good = unit(1, 0, Hash::zero(), 5).into_unit();
    assert_eq!(decode_unit(&good.encode()), Ok(good.clone()));
    // Surplus, missing, and too many bytes
    assert_eq!(decode_unit(&[good.encode(), vec![0]].concat()), Err(Refusal::Malformed));
    assert_eq!(decode_unit(&good.encode()[1..]), Err(Refusal::Malformed));
    assert_eq!(decode_unit(&[0; 1_025]), Err(Refusal::Oversize));
    // A frame that is too long, or holds too many units
    assert_eq!(decode_device_message(&vec![0; MAX_DEVICE_FRAME + 1]), Err(DecodeFault::TooLong));
    let many = DeviceMessage::Prove(vec![slot(1, 0); 257]);
    assert_eq!(decode_device_message(&many.encode()), Err(DecodeFault::TooMany));
    let some = DeviceMessage::Submit(vec![good; 3]);
    assert_eq!(decode_device_message(&some.encode()), Ok(some));
    // A length that promises more than there is allocates nothing and fails
    let member = |bytes: &[u8]| decode_member_message(bytes, &GENESIS, &NothingKnown);
    assert_eq!(member(&[0, 1, 0xff, 0xff, 0xff, 0xff]), Err(DecodeFault::Malformed));
    assert_eq!(member(&[1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(DecodeFault::TooMany));
    assert_eq!(member(&vec![1; MAX_MEMBER_FRAME + 1]), Err(DecodeFault::TooLong));
    // A witness has no second form in plain SCALE
    let witness = common::build::signed_witness(common::build::content(0, 1, None, &[]));
    let frame = encode_member_message(&MemberMessage::Witness(witness.clone(), Vec::new()), &NothingKnown);
    assert!(matches!(member(&frame), Ok(Decoded::Message(_))));
    let plain = MemberMessage::Witness(witness, Vec::new()).encode();
    assert_eq!(member(&[vec![0], plain].concat()), Err(DecodeFault::Malformed));
}

#[test]
fn a_checked_unit_is_what_was_signed() {
    let good = unit(1, 0, Hash::zero(), 5);
    let again = CheckedUnit::assume_signed(good.unit().clone(), &GENESIS);
    assert_eq!(again, Ok(good.clone()));
    assert_eq!(good.id(), good.unit().content.payload(&GENESIS).hash());
}
