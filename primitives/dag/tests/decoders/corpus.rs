//! The corpus: bytes that every later version must take, leave or refuse as this one does.

use std::{fs, path::PathBuf};

use codec::Encode;
use loadstone_core::{
    AnchorNumber, AreaId, DeviceId, Direction, EventId, Hash, Incarnation, Level, MemberIndex, Millis, Sequence, Watts,
};
use loadstone_dag::{
    encode_history_response, encode_member_message, pack_unit, pack_witness, Acknowledgement, AcknowledgementKind,
    AnchorUnits, Body, DeviceMessage, HistoryRequest, HistoryResponse, MemberMessage, Named, Readings, Reference, Slot,
    Unit, UnitContent, Witness, WitnessContent, WitnessRef,
};

use super::known::{all, known_hash, nothing, Mistaken, GENESIS};

/// Door, outcome and what it is; and the bytes.
type Case = (String, Vec<u8>);

pub fn folder() -> PathBuf {
    // Tests run in their package's folder, in whichever clone they were compiled.
    PathBuf::from("corpus")
}

/// Writes anew what can be made; other files stay.
pub fn write() {
    fs::create_dir_all(folder()).expect("a folder");
    for (name, bytes) in cases() {
        fs::write(folder().join(format!("{name}.bin")), bytes).expect("written");
    }
}

/// Everything in the corpus that can be made.
pub fn cases() -> Vec<Case> {
    let mut cases = good_units();
    cases.extend(bad_units());
    cases.extend(good_witnesses());
    cases.extend(bad_witnesses());
    cases.extend(second_forms());
    cases.extend(frames());
    cases
}

fn case(name: &str, bytes: Vec<u8>) -> Case {
    (name.into(), bytes)
}

fn slot(device: u32, sequence: u64) -> Slot {
    Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) }
}

/// After the unit that everybody knows in the slot before.
fn unit(slot: Slot, body: Body) -> Unit {
    let before = slot.sequence.0.checked_sub(1).map(|sequence| Slot { sequence: Sequence(sequence), ..slot });
    let previous = before.map_or(Hash::zero(), |before| known_hash(Named::Unit(before)));
    let mut signature = [0x5a; 64];
    signature[0] = slot.sequence.0 as u8;
    Unit { content: UnitContent { slot, previous, references: Vec::new(), body }, signature }
}

fn readings(watts: &[i64]) -> Readings {
    let readings: Vec<_> = watts.iter().map(|watts| (Watts(*watts), true)).collect();
    Readings::new(Millis(1_760_000_000_000), 1_000, None, &readings).expect("within limits")
}

fn measured(slot: Slot, watts: &[i64]) -> Unit {
    unit(slot, Body::Readings(readings(watts)))
}

fn wandering() -> Vec<i64> {
    (0..60i64).map(|second| 200_000 + (second * 7_919) % 2_401 - 1_200).collect()
}

fn acknowledgement() -> Body {
    Body::Acknowledgement(Acknowledgement {
        area: AreaId(1),
        direction: Direction::Up,
        sequence: 300,
        kind: AcknowledgementKind::Completed,
        at: Millis(1_760_000_012_345),
        setpoint: Watts(-7),
    })
}

fn good_units() -> Vec<Case> {
    let one = measured(slot(7, 41), &[31_337]);
    let mut marked = readings(&[5; 9]);
    marked = Readings { doubtful: vec![0x80, 0x01], event: Some(EventId(3)), interval_ms: 60_000, ..marked };
    let mut reborn = one.clone();
    reborn.content.slot = Slot { incarnation: Incarnation(2), sequence: Sequence(0), ..reborn.content.slot };
    let mut referring = one.clone();
    let known = Reference::Unit(slot(9, 1), known_hash(Named::Unit(slot(9, 1))));
    let other = Reference::Witness(MemberIndex(3), Level(12), Hash::repeat_byte(3));
    referring.content.references = vec![known, other, known, other];
    let mut odd = readings(&[1, 2]);
    odd = Readings { interval_ms: 1_234, start: Millis(u64::MAX - 7), ..odd };
    let misshapen = unit(slot(7, 41), Body::Readings(Readings { deltas: vec![0x80], ..readings(&[1]) }));
    vec![
        case("packedunit-taken-one-reading", pack_unit(&one, &all())),
        case("packedunit-taken-one-reading-in-full", pack_unit(&one, &nothing())),
        case("packedunit-taken-first-of-all", pack_unit(&measured(slot(7, 0), &[0]), &nothing())),
        case("packedunit-taken-second-life", pack_unit(&reborn, &all())),
        case("packedunit-taken-sixty-readings", pack_unit(&measured(slot(7, 41), &wandering()), &all())),
        case("packedunit-taken-flat-load", pack_unit(&measured(slot(7, 41), &[0; 60]), &all())),
        case("packedunit-taken-leap", pack_unit(&measured(slot(7, 41), &[9, 9, 9, 90_000, 90_001, 9]), &all())),
        case(
            "packedunit-taken-extremes",
            pack_unit(&measured(slot(7, 41), &[i64::MIN, i64::MAX, 0, i64::MIN]), &all()),
        ),
        case("packedunit-taken-marks-and-event", pack_unit(&unit(slot(7, 41), Body::Readings(marked)), &all())),
        case("packedunit-taken-odd-times", pack_unit(&unit(slot(7, 41), Body::Readings(odd)), &all())),
        case("packedunit-taken-acknowledgement", pack_unit(&unit(slot(7, 41), acknowledgement()), &all())),
        case("packedunit-taken-references", pack_unit(&referring, &all())),
        case("packedunit-taken-misshapen", pack_unit(&misshapen, &all())),
        case("unit-taken-one-reading", one.encode()),
        case("unit-taken-acknowledgement", unit(slot(7, 0), acknowledgement()).encode()),
    ]
}

/// `bytes` with another byte at a place.
fn with(mut bytes: Vec<u8>, place: usize, byte: u8) -> Vec<u8> {
    bytes[place] = byte;
    bytes
}

fn with_more(mut bytes: Vec<u8>, place: usize, more: &[u8]) -> Vec<u8> {
    bytes.splice(place..place, more.iter().copied());
    bytes
}

/// A unit of one reading: flags, device 14, sequence 82, start in five bytes, count 0, one number.
fn bad_units() -> Vec<Case> {
    let one = pack_unit(&measured(slot(7, 41), &[3]), &all());
    let two = pack_unit(&measured(slot(7, 41), &[3, 3]), &all());
    let plain = measured(slot(7, 41), &[3]);
    let end = one.len() - 64;
    vec![
        case("packedunit-refused-empty", Vec::new()),
        case("packedunit-refused-cut", one[..one.len() - 1].to_vec()),
        case("packedunit-refused-surplus", with_more(one.clone(), one.len(), &[0])),
        case("packedunit-refused-follows-nothing", with(one.clone(), 0, 0)),
        case("packedunit-refused-earlier-in-nothing", with(one.clone(), 0, 2)),
        case("packedunit-refused-incarnation-zero", with_more(with(one.clone(), 0, 0b101), 2, &[0])),
        case("packedunit-refused-long-number", with_more(with(one.clone(), 1, 0x8e), 2, &[0])),
        case("packedunit-refused-device-below-zero", with(one.clone(), 1, 1)),
        case("packedunit-refused-interval-repeated", with_more(with(one.clone(), 0, 0x81), 3, &[0])),
        case("packedunit-refused-interval-written-out", with_more(with(one.clone(), 0, 0x81), 3, &[0xe8, 0xd4, 3])),
        case("packedunit-refused-marks-all-good", with_more(with(one.clone(), 0, 0x41), end - 1, &[0])),
        case("packedunit-refused-marks-beyond", with_more(with(one.clone(), 0, 0x41), end - 1, &[2])),
        case("packedunit-refused-sixty-one-readings", with(one.clone(), end - 2, 60)),
        case("packedunit-refused-no-references", with_more(with(one.clone(), 0, 0x11), 3, &[0])),
        case("packedunit-refused-five-references", with_more(with(one.clone(), 0, 0x11), 3, &[5])),
        case("packedunit-refused-repeats-no-reference", with_more(with(one, 0, 0x11), 3, &[1, 0])),
        case("packedunit-refused-other-parameter", with(two.clone(), two.len() - 65, 1)),
        case("packedunit-refused-padding", with(two.clone(), two.len() - 65, 0x80)),
        case("packedunit-refused-plain-though-good", [vec![0x88], plain.encode()].concat()),
        case("packedunit-refused-unknown-kind", vec![0x8c; 80]),
        case("unit-refused-cut", plain.encode()[..80].to_vec()),
        case("unit-refused-oversize", vec![0; 1_025]),
    ]
}

fn named(member: u16, level: u32) -> WitnessRef {
    let hash = known_hash(Named::Witness(MemberIndex(member), Level(level)));
    WitnessRef { member: MemberIndex(member), level: Level(level), hash }
}

fn witness(units: &[Unit]) -> Witness {
    let content = WitnessContent {
        epoch: 2,
        member: MemberIndex(1),
        level: Level(300),
        previous: Some(named(1, 299)),
        parents: vec![named(0, 299), named(2, 299)],
        latest: vec![WitnessRef { hash: Hash::repeat_byte(4), ..named(3, 290) }],
        units: units.iter().map(|unit| unit.content.payload(&GENESIS).hash()).collect(),
        base: AnchorNumber(17),
        last: false,
    };
    Witness { content, signature: [0xa5; 64] }
}

/// Two devices' chains among each other: nobody knows what the second units follow.
fn interleaved() -> Vec<Unit> {
    let mut units: Vec<Unit> = [1, 2].map(|device| measured(slot(device, 5), &[700, 701, 699])).into();
    for at in 0..2 {
        let mut next = measured(slot(1 + at as u32, 6), &[700, 800]);
        next.content.previous = units[at].content.payload(&GENESIS).hash();
        units.push(next);
    }
    units
}

fn chain() -> Vec<Unit> {
    let mut units = interleaved();
    units.sort_by_key(|unit| unit.content.slot);
    units
}

fn good_witnesses() -> Vec<Case> {
    let empty = witness(&[]);
    let content = WitnessContent { parents: Vec::new(), last: true, ..empty.content.clone() };
    let last = Witness { content, ..empty.clone() };
    let content = WitnessContent { latest: vec![named(3, 290), named(0, 280)], ..empty.content.clone() };
    let disordered = Witness { content, ..empty.clone() };
    vec![
        case("packedwitness-taken-no-units", pack_witness(&empty, &[], &all())),
        case("packedwitness-taken-in-full", pack_witness(&witness(&chain()), &chain(), &nothing())),
        case("packedwitness-taken-chains", pack_witness(&witness(&chain()), &chain(), &all())),
        case("packedwitness-taken-interleaved", pack_witness(&witness(&interleaved()), &interleaved(), &all())),
        case("packedwitness-taken-last-of-epoch", pack_witness(&last, &[], &all())),
        case("packedwitness-taken-disordered", pack_witness(&disordered, &[], &all())),
        case("packedwitness-taken-without-bodies", pack_witness(&witness(&chain()), &chain()[..1], &all())),
    ]
}

fn bad_witnesses() -> Vec<Case> {
    let empty = pack_witness(&witness(&[]), &[], &all());
    let chains = pack_witness(&witness(&chain()), &chain(), &nothing());
    let plain = witness(&[]);
    let count = empty.len() - 69;
    vec![
        case("packedwitness-refused-cut", chains[..chains.len() - 70].to_vec()),
        case("packedwitness-refused-great-count", with_more(with(empty.clone(), count, 0xff), count + 1, &[7])),
        case("packedwitness-refused-too-many", with_more(with(empty.clone(), count, 0xff), count + 1, &[0xff, 0x7f])),
        case("packedwitness-refused-check", with(chains.clone(), chains.len() - 65, !chains[chains.len() - 65])),
        case("packedwitness-refused-unknown-flag", with(empty, 0, 0x09)),
        case(
            "packedwitness-refused-plain-though-regular",
            [vec![0x80], plain.content.encode(), vec![0], plain.signature.to_vec()].concat(),
        ),
    ]
}

/// Where the last of these units begins in a packed witness of them.
fn place_of_last(units: &[Unit]) -> usize {
    let before = &units[..units.len() - 1];
    // After the unit before there would be check and signature.
    pack_witness(&witness(before), before, &all()).len() - 68
}

/// Values that are packed otherwise than they must be, each with the check that belongs to it.
fn second_forms() -> Vec<Case> {
    let pack = |units: &[Unit]| pack_witness(&witness(units), units, &all());
    // What stands in the message is left out as if it were known.
    let mut here = vec![measured(slot(1, 5), &[1]), measured(slot(2, 5), &[1]), measured(slot(1, 6), &[1])];
    let at = place_of_last(&here);
    let mut known_here = with(pack(&here), at, 1);
    known_here.drain(at + 3..at + 35);
    // Of two units after the same one, the second says in full what the first leaves out.
    here[0] = measured(slot(1, 6), &[2]);
    let at = place_of_last(&here);
    let said_again = with_more(with(pack(&here), at, 3), at + 3, here[2].content.previous.as_bytes());
    // What stands earlier is in full; what stands just before is sought earlier; an incarnation for nothing.
    let earlier = &interleaved()[..3];
    let at = place_of_last(earlier);
    let earlier_in_full = with_more(with(pack(earlier), at, 3), at + 3, earlier[2].content.previous.as_bytes());
    let chain = &chain()[..2];
    let at = place_of_last(chain);
    let neighbour_sought = with_more(with(with(pack(chain), at, 2), at + 1, 0), at + 1, &[0, 2]);
    let reborn_neighbour = with(pack(chain), at, 4);
    // A reference is named a second time; a start has milliseconds of zero, or a needless byte.
    let mut referring = measured(slot(7, 41), &[3]);
    let reference = Reference::Unit(slot(9, 1), known_hash(Named::Unit(slot(9, 1))));
    referring.content.references = vec![reference; 2];
    let repeated = with_more(with(pack_unit(&referring, &all()), 8, 16), 9, &[9, 0, 1]);
    let one = pack_unit(&measured(slot(7, 41), &[3]), &all());
    let at_zero = Body::Readings(Readings { start: Millis(0), ..readings(&[3]) });
    let at_zero = pack_unit(&unit(slot(7, 41), at_zero), &all());
    // A small step as if it were a large one: sixteen ones, width 1.
    let falling = pack_unit(&measured(slot(7, 41), &[3, 2]), &all());
    let step = falling.len() - 65;
    vec![
        case("packedwitness-refused-known-here", known_here),
        case("packedwitness-refused-said-again", said_again),
        case("packedwitness-refused-earlier-in-full", earlier_in_full),
        case("packedwitness-refused-neighbour-sought", neighbour_sought),
        case("packedwitness-refused-reborn-neighbour", reborn_neighbour),
        case("packedunit-refused-reference-again", repeated),
        case("packedunit-refused-start-with-nothing", with_more(with(one.clone(), 3, one[3] | 1), 8, &[0])),
        case("packedunit-refused-start-too-long", with_more(with(at_zero, 3, 0x80), 4, &[0])),
        case("packedunit-refused-small-step-escaped", with_more(with(falling, step, 0xe0), step + 1, &[0xff, 0x1f, 0])),
    ]
}

fn frames() -> Vec<Case> {
    let units = chain();
    let message = MemberMessage::Witness(witness(&units), units.clone());
    let mut strange = witness(&[]);
    strange.content.previous =
        strange.content.previous.map(|p| WitnessRef { hash: p.hash ^ Hash::repeat_byte(1), ..p });
    let strange = MemberMessage::Witness(strange, Vec::new());
    let mut second = witness(&[]);
    second.content.level = Level(301);
    second.content.parents = Vec::new();
    let first = (witness(&units), units.clone());
    let id = first.0.content.payload(&GENESIS).hash();
    second.content.previous = Some(WitnessRef { hash: id, ..named(1, 300) });
    let answer = encode_history_response(&HistoryResponse::Witnesses(vec![first, (second, Vec::new())]), &GENESIS);
    let request =
        HistoryRequest::Witnesses { epoch: 1, wanted: vec![Hash::zero()], known: vec![(MemberIndex(2), Level(9))] };
    let submit = DeviceMessage::Submit(units.clone()).encode();
    let anchor = AnchorUnits { number: AnchorNumber(4), units }.encode();
    vec![
        case("member-taken-witness", encode_member_message(&message, &all())),
        case(
            "member-taken-signature",
            encode_member_message(&MemberMessage::SignAnchor(id, MemberIndex(1), [7; 64]), &all()),
        ),
        case("member-unresolved-known-otherwise", encode_member_message(&strange, &Mistaken)),
        case("member-refused-witness-in-scale", [vec![0], message.encode()].concat()),
        case("member-refused-unknown-frame", vec![2, 0, 0]),
        case("answer-taken-two-witnesses", answer.clone()),
        case("answer-refused-too-many", with_more(with(answer, 1, 0xff), 2, &[0xff, 0x7f])),
        case("answer-refused-great-count", vec![1, 0x80, 0x10, 0, 0]),
        case("answer-taken-units", encode_history_response(&HistoryResponse::Units(Vec::new()), &GENESIS)),
        case("request-taken-witnesses", request.encode()),
        case("request-refused-length", vec![0, 1, 0, 0, 0, 0x03, 0xff, 0xff, 0xff, 0xff]),
        case("device-refused-length", [vec![0, 0xfe, 0xff, 0xff, 0xff], submit[2..].to_vec()].concat()),
        case("device-taken-submit", submit),
        case("anchor-refused-cut", anchor[..anchor.len() - 1].to_vec()),
        case("anchor-taken-units", anchor),
    ]
}
