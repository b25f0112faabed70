//! Whatever bytes come in: no decoder panics, takes much memory, or takes in what has another encoding.
//!
//! First the kept corpus in `corpus/` is replayed. Then valid messages of every kind are made, damaged
//! and held against every decoder. `LOADSTONE_FUZZ_CASES` says how many of each kind; the run is the
//! same for the same number. What a run finds is worth keeping in the corpus, under
//! `<door>-<taken|unresolved|refused>-<what it is>.bin`.

mod corpus;
mod counting;
mod damage;
mod doors;
mod known;
mod samples;

use std::{collections::BTreeSet, fs, path::PathBuf};

use codec::Encode;
use doors::{hold_against, Outcome};
use known::{all, half, nothing, Mistaken, Sender, GENESIS};
use loadstone_dag::{
    decode_member_message, encode_history_response, encode_member_message, pack_unit, pack_witness, unpack_unit,
    unpack_witness, Decoded, MemberMessage,
};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

/// Messages of each kind.
const CASES: u32 = 1_200;

/// Runs `check` on that many values, which are the same each time.
fn for_each<S: Strategy>(strategy: S, check: impl Fn(S::Value)) {
    let asked = std::env::var("LOADSTONE_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig { cases: asked.unwrap_or(CASES), failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&strategy, |value| {
        check(value);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Holds messages, and what damage makes of them, against a door.
fn damage_at<S: Strategy<Value = Vec<u8>>>(name: &str, messages: fn() -> S) {
    for_each((messages(), messages(), prop::collection::vec(damage::damage(), 1..8)), |(bytes, other, damages)| {
        assert_eq!(hold_against(name, &bytes), Outcome::Taken);
        for damage in damages {
            hold_against(name, &damage::apply(bytes.clone(), &other, &damage));
        }
    });
}

#[test]
fn the_corpus_is_taken_or_refused_as_it_says() {
    let entries = fs::read_dir(corpus::folder()).expect("the corpus is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let paths: BTreeSet<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "bin")).collect();
    for path in &paths {
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let mut parts = name.splitn(3, '-');
        let (door, expected) = (parts.next().expect("a door"), parts.next().expect("an outcome"));
        let outcome = hold_against(door, &fs::read(path).expect("readable"));
        assert_eq!(format!("{outcome:?}").to_lowercase(), expected, "{name}");
    }
    // AND what is packed today is packed as it was
    for (name, bytes) in corpus::cases() {
        let kept = fs::read(corpus::folder().join(format!("{name}.bin"))).expect("kept");
        assert_eq!(bytes, kept, "{name}");
    }
}

#[test]
#[ignore = "writes the corpus: only when the format is meant to change, or when a case is new"]
fn writes_the_corpus() {
    corpus::write();
}

#[test]
fn device_frames_and_history_withstand_damage() {
    damage_at("unit", || samples::unit().prop_map(|unit| unit.encode()).prop_filter("short", |b| b.len() <= 1_024));
    damage_at("device", || samples::device_message().prop_map(|message| message.encode()));
    damage_at("request", || samples::history_request().prop_map(|request| request.encode()));
    damage_at("answer", || samples::history_response().prop_map(|r| encode_history_response(&r, &GENESIS)));
    damage_at("anchor", || samples::anchor_units().prop_map(|anchor| anchor.encode()));
}

#[test]
fn packed_forms_withstand_damage() {
    damage_at("member", || {
        (samples::member_message(), any::<u8>()).prop_map(|(m, seed)| encode_member_message(&m, &half(seed)))
    });
    damage_at("packedunit", || (samples::unit(), any::<u8>()).prop_map(|(unit, seed)| pack_unit(&unit, &half(seed))));
    damage_at("packedwitness", || {
        (samples::bundle(), any::<u8>()).prop_map(|((w, units), seed)| pack_witness(&w, &units, &half(seed)))
    });
}

#[test]
fn any_bytes_at_all_are_withstood() {
    for_each(prop::collection::vec(any::<u8>(), 0..300), |bytes| {
        for (name, _) in doors::DOORS {
            hold_against(name, &bytes);
        }
    });
}

#[test]
fn a_witness_comes_back_whatever_was_left_out() {
    for_each((samples::bundle(), any::<u8>()), |((witness, units), seed)| {
        let packed = [
            pack_witness(&witness, &units, &all()),
            pack_witness(&witness, &units, &half(seed)),
            pack_witness(&witness, &units, &nothing()),
            // A sender holds its own units already when it sends them.
            pack_witness(&witness, &units, &Sender::of(&units)),
        ];
        // THEN ids and signatures come back, and leaving out more never takes more bytes
        for bytes in &packed {
            assert_eq!(unpack_witness(bytes, &GENESIS, &all()), Ok((witness.clone(), units.clone())));
        }
        assert!(packed[0].len() <= packed[1].len() && packed[1].len() <= packed[2].len());
        // AND a receiver that knows nothing needs the one in full
        assert_eq!(unpack_witness(&packed[2], &GENESIS, &nothing()), Ok((witness, units)));
    });
}

#[test]
fn a_unit_comes_back_whatever_was_left_out() {
    for_each((samples::unit(), any::<u8>()), |(unit, seed)| {
        for bytes in [pack_unit(&unit, &all()), pack_unit(&unit, &half(seed)), pack_unit(&unit, &nothing())] {
            assert_eq!(unpack_unit(&bytes, &all()), Ok(unit.clone()));
        }
        assert_eq!(unpack_unit(&pack_unit(&unit, &nothing()), &nothing()), Ok(unit));
    });
}

#[test]
fn a_witness_that_can_not_be_rebuilt_says_whose_it_is() {
    for_each(samples::bundle(), |(witness, units)| {
        let content = witness.content.clone();
        let message = MemberMessage::Witness(witness, units);
        let frame = encode_member_message(&message, &all());
        let leaves_out = frame != encode_member_message(&message, &nothing());
        // GIVEN a receiver that lacks what was left out, or holds something else by that name
        for (decoded, is_lacking) in [
            (decode_member_message(&frame, &GENESIS, &nothing()), true),
            (decode_member_message(&frame, &GENESIS, &Mistaken), false),
        ] {
            match decoded.expect("it is a frame") {
                Decoded::Message(again) => assert!(!leaves_out && again == message),
                Decoded::Unresolved(unresolved) => {
                    // THEN it learns what to ask for
                    assert!(leaves_out);
                    assert_eq!((unresolved.epoch, unresolved.member), (content.epoch, content.member));
                    assert_eq!(unresolved.level, content.level);
                    assert!(unresolved.missing.is_some() == is_lacking);
                }
            }
        }
    });
}
