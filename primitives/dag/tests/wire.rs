//! What the packed form costs: bytes a reading and time a unit. Prints figures, asserts only the goal for bytes.

use std::{hint::black_box, path::Path, time::Instant};

use codec::Encode;
use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Level, MemberIndex, Millis, Sequence, Watts};
use loadstone_dag::{
    encode_member_message, pack_unit, pack_witness, unpack_unit, unpack_witness, Body, Known, MemberMessage,
    NothingKnown, Readings, Slot, Unit, UnitContent, Witness, WitnessContent, WitnessRef,
};
use rand::{seq::SliceRandom, Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

const GENESIS: Hash = Hash::repeat_byte(7);

/// The demo's replay: 07:00 p.m. of the profile, twice as fast as life, sixty-fold, 60 basis points of noise.
const ORIGIN_S: f64 = 68_400.0;
const SPEED: f64 = 2.0;
const SCALE: f64 = 60.0;
const NOISE: f64 = 0.006;

/// Moment of the first reading; devices read on whole seconds.
const BEGIN_MS: u64 = 1_760_000_000_000;

/// The demo's loads, each as (second, watts).
fn profiles() -> Vec<Vec<(f64, f64)>> {
    let path = Path::new("../../scripts/data/uk-winter-days.csv");
    let text = std::fs::read_to_string(path).expect("the profile is there");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
        .collect();
    (1..rows[0].len()).map(|column| rows.iter().map(|row| (row[0], row[column])).collect()).collect()
}

fn watts(profile: &[(f64, f64)], device: u32, at_ms: u64) -> Watts {
    let length = profile.last().expect("rows").0;
    let second = (ORIGIN_S + (at_ms - BEGIN_MS) as f64 / 1_000.0 * SPEED).rem_euclid(length);
    let next = profile.partition_point(|(point, _)| *point <= second).clamp(1, profile.len() - 1);
    let ((s0, v0), (s1, v1)) = (profile[next - 1], profile[next]);
    let value = v0 + (v1 - v0) * (second - s0) / (s1 - s0);
    let mut generator = ChaCha8Rng::seed_from_u64(u64::from(device).rotate_left(32) ^ at_ms);
    Watts((value * SCALE * (1.0 + generator.gen_range(-1.0..=1.0) * NOISE)).round() as i64)
}

/// The hash of whatever is in a slot.
struct Settled;

fn id_in(slot: &Slot) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(&slot.encode()))
}

fn id_of(member: MemberIndex, level: Level) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(&(member, level).encode()))
}

impl Known for Settled {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        Some(id_in(slot))
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        Some(id_of(member, level))
    }
}

/// As [`Settled`], but with the witnesses of others in full: the cautious sender.
struct OnlyOwn;

impl Known for OnlyOwn {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        Some(id_in(slot))
    }

    fn witness(&self, member: MemberIndex, level: Level) -> Option<Hash> {
        (member.0 == 0).then(|| id_of(member, level))
    }
}

/// A unit a device, in the order of arrival: anywhere in a chain, readings that ended within one unit's time.
fn units(devices: u32, readings_each: usize, id_in: impl Fn(&Slot) -> Hash) -> Vec<Unit> {
    let profiles = profiles();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut order: Vec<u32> = (0..devices).collect();
    order.shuffle(&mut random);
    let unit = |device: u32| {
        let sequence = random.gen_range(1_000..50_000);
        let slot = Slot { device: DeviceId(device), incarnation: Incarnation(0), sequence: Sequence(sequence) };
        let start = BEGIN_MS + 1_000 * random.gen_range(0..readings_each as u64);
        let profile = &profiles[device as usize % profiles.len()];
        let at = |position: usize| watts(profile, device, start + 1_000 * position as u64);
        let readings: Vec<_> = (0..readings_each).map(|position| (at(position), true)).collect();
        let body = Body::Readings(Readings::new(Millis(start), 1_000, None, &readings).expect("within limits"));
        let previous = id_in(&Slot { sequence: Sequence(sequence - 1), ..slot });
        let mut signature = [0; 64];
        random.fill_bytes(&mut signature);
        Unit { content: UnitContent { slot, previous, references: Vec::new(), body }, signature }
    };
    order.into_iter().map(unit).collect()
}

/// A witness of member 0 of 4 that introduces them.
fn witness(units: &[Unit]) -> Witness {
    let named = |member: u16, level: u32| WitnessRef {
        member: MemberIndex(member),
        level: Level(level),
        hash: id_of(MemberIndex(member), Level(level)),
    };
    let content = WitnessContent {
        epoch: 3,
        member: MemberIndex(0),
        level: Level(5_000),
        previous: Some(named(0, 4_999)),
        parents: (1..4).map(|member| named(member, 4_999)).collect(),
        latest: Vec::new(),
        units: units.iter().map(|unit| unit.content.payload(&GENESIS).hash()).collect(),
        base: AnchorNumber(120),
        last: false,
    };
    Witness { content, signature: [9; 64] }
}

/// Bytes of the readings alone: what a unit takes more than one with a single reading of zero, which takes two.
fn readings_bytes(unit: &Unit) -> usize {
    let Body::Readings(readings) = &unit.content.body else { return 0 };
    let mut bare = unit.clone();
    bare.content.body = Body::Readings(Readings { deltas: vec![0], ..readings.clone() });
    pack_unit(unit, &Settled).len() - pack_unit(&bare, &Settled).len() + 2
}

#[test]
fn prints_bytes_a_reading() {
    println!("bytes a reading on the wire, 4 members, the demo's series");
    println!("units  readings  SCALE   packed  = signatures + readings + rest   cautious");
    for each in [1usize, 10, 60] {
        for devices in [1u32, 12, 100, 1_000] {
            let units = units(devices, each, id_in);
            let witness = witness(&units);
            let plain = (&witness, &units).encoded_size();
            let packed = pack_witness(&witness, &units, &Settled).len();
            let cautious = pack_witness(&witness, &units, &OnlyOwn).len();
            let series: usize = units.iter().map(readings_bytes).sum();
            let signatures = 64 * units.len();
            let rest = packed - signatures - series;
            let a_reading = |bytes: usize| bytes as f64 / (units.len() * each) as f64;
            println!(
                "{devices:>5}  {each:>8}  {:>6.2}  {:>6.2}  = {:>10.2} + {:>8.2} + {:>5.2}   {:>8.2}",
                a_reading(plain),
                a_reading(packed),
                a_reading(signatures),
                a_reading(series),
                a_reading(rest),
                a_reading(cautious)
            );
            // The goal is 4; what else travels (other members' witnesses, signatures under anchors) needs room too.
            assert!(each < 60 || devices < 12 || a_reading(cautious) < 3.2);
        }
    }
}

#[test]
fn prints_bytes_by_itself() {
    println!("bytes of a unit by itself, hash of the unit before left out and in full");
    for each in [1usize, 10, 60] {
        let units = units(1_000, each, id_in);
        let mean = |known: &dyn Fn(&Unit) -> usize| units.iter().map(known).sum::<usize>() as f64 / units.len() as f64;
        let out = mean(&|unit| pack_unit(unit, &Settled).len());
        let full = mean(&|unit| pack_unit(unit, &NothingKnown).len());
        println!("{each:>3} readings: {out:>7.1} {full:>7.1}, SCALE {:>7.1}", mean(&|unit| unit.encoded_size()));
    }
}

/// Nanoseconds a unit, the best of several rounds.
fn time(units: usize, mut work: impl FnMut()) -> f64 {
    let round = |work: &mut dyn FnMut()| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_nanos() as f64 / units as f64
    };
    (0..200).map(|_| round(&mut work)).fold(f64::MAX, f64::min)
}

#[test]
#[ignore = "a measurement"]
fn prints_time_a_unit() {
    println!("nanoseconds a unit: in a witness of 1000 units, and alone");
    for each in [1usize, 10, 60] {
        // Looking an id up is the driver's cost: here it takes next to nothing.
        let id_in = |slot: &Slot| Hash::from_low_u64_be(slot.sequence.0);
        let known = |slot: &Slot| Some(id_in(slot));
        let units = units(1_000, each, id_in);
        let witness = witness(&units);
        let packed = pack_witness(&witness, &units, &known);
        let frames: Vec<_> = units.iter().map(|unit| pack_unit(unit, &known)).collect();
        let message = MemberMessage::Witness(witness.clone(), units.clone());
        let ids = || units.iter().map(|unit| unit.content.payload(&GENESIS).hash()).collect::<Vec<_>>();
        println!(
            "{each:>3} readings: pack {:>5.0}, unpack {:>5.0}, of that ids {:>5.0}; alone {:>5.0}, {:>5.0}",
            time(units.len(), || drop(black_box(encode_member_message(&message, &known)))),
            time(units.len(), || drop(black_box(unpack_witness(&packed, &GENESIS, &known)))),
            time(units.len(), || drop(black_box(ids()))),
            time(units.len(), || units.iter().for_each(|unit| drop(black_box(pack_unit(unit, &known))))),
            time(units.len(), || frames.iter().for_each(|frame| drop(black_box(unpack_unit(frame, &known))))),
        );
    }
}
