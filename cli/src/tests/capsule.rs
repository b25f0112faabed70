//! A capsule's order is told, and one that was tampered with is told from another set's and from other files.

use super::*;
use crate::fault;
use codec::Encode;
use loadstone_core::{AnchorNumber, AvailabilityEpoch, BoundedVec, Millis};
use loadstone_evidence::{keys, testing};
use loadstone_market::Limits;
use std::{collections::BTreeMap, fs};
use tempfile::TempDir;

fn context() -> Context {
    Context { url: String::new(), json: true, suri: None, key_file: None }
}

fn emergency() -> Order {
    let (epoch, target) = (AvailabilityEpoch(6), Watts(40_000));
    Order {
        area: AreaId(3),
        direction: Direction::Down,
        sequence: 9,
        rule: OrderRule::Emergency {
            epoch,
            changed: epoch,
            target,
            limits: Limits::default(),
            cutoff_rank: 2,
            numerator: 1,
            denominator: 2,
        },
        start: Millis(10_000),
        end: Millis(70_000),
        issued_at: Millis(9_900),
        reference_anchor: AnchorNumber(2),
        reason: BoundedVec::try_from(b"frequency".to_vec()).expect("it is short"),
    }
}

/// A folder with the raw spec of a chain of four validators and a capsule of its first set.
struct Files(TempDir);

impl Files {
    fn new() -> (Self, Vec<u8>, AuthoritySet) {
        let (set, capsule) = testing::capsule(4, 0, 77, 123_456, &emergency(), 10);
        let files = Self(tempfile::tempdir().expect("a folder"));
        let top = BTreeMap::from([(hexed(&keys::grandpa_authorities()), hexed(&set.authorities.encode()))]);
        files.write("spec.json", json!({ "genesis": { "raw": { "top": top, "childrenDefault": {} } } }).to_string());
        (files, capsule.encode(), set)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    /// Verification of these bytes by the spec.
    fn by_spec(&self, bytes: &[u8]) -> Verify {
        let capsule = self.write("order.capsule", bytes);
        Verify { capsule, chain_spec: Some(self.0.path().join("spec.json")), genesis: None, checkpoint: None }
    }

    /// Verification of these bytes by a checkpoint.
    fn by_checkpoint(&self, bytes: &[u8], checkpoint: &Checkpoint) -> Verify {
        let checkpoint = Some(self.write("checkpoint", hexed(&checkpoint.encode())));
        Verify { chain_spec: None, checkpoint, ..self.by_spec(bytes) }
    }
}

/// The exit code's number, and what is said.
fn refused(verify: Verify) -> (u8, String) {
    let error = verify.run(&context()).expect_err("it is refused");
    (fault::code(&error), error.to_string())
}

#[test]
fn a_good_capsule_tells_its_order_and_who_signed_it() {
    // GIVEN a capsule of the first set WHEN it is verified by the chain's spec THEN it holds
    let (files, bytes, set) = Files::new();
    let verify = files.by_spec(&bytes);
    let trust = verify.trust().expect("the spec names voters");
    assert_eq!(trust.set, set);
    verify.run(&context()).expect("it holds");
    // THEN it tells place, order, block and signers, to programs and to people
    let proof = Proof::of(&bytes, set).expect("it holds");
    let origin = Origin { number: 0, hash: trust.hash, given: false };
    let value = proof.shown(&origin);
    assert_eq!((&value["area"], &value["direction"], &value["sequence"]), (&json!(3), &json!("down"), &json!(9)));
    assert_eq!(
        (&value["target_w"], &value["start_ms"], &value["end_ms"]),
        (&json!(40_000), &json!(10_000), &json!(70_000))
    );
    assert_eq!(
        (&value["block"]["number"], &value["set_id"], &value["reason"]),
        (&json!(77), &json!(0), &json!("frequency"))
    );
    assert_eq!(value["signers"].as_array().map(Vec::len), Some(4));
    let text = proof.people(&origin);
    for wanted in [
        "40000 W of what stands ready in epoch 6",
        "1970-01-01 00:00:10 UTC to 1970-01-01 00:01:10 UTC",
        "4 of 4 in set 0",
        "compare it",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn a_changed_byte_is_a_broken_link() {
    // GIVEN a capsule WHEN any byte changes, or some are lost or added THEN that is a mismatch which names a link
    let (files, bytes, _) = Files::new();
    for place in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[place] ^= 1;
        let (code, text) = refused(files.by_spec(&bent));
        assert!(code == 3 && text.starts_with("broken link: "), "byte {place}: {code} {text}");
    }
    assert_eq!(refused(files.by_spec(&bytes[..bytes.len() - 1])).0, 3);
    assert_eq!(refused(files.by_spec(&[bytes, vec![0; MAX_CAPSULE_BYTES]].concat())).0, 3);
}

#[test]
fn a_file_that_is_not_there_or_never_was_a_capsule_is_wrong_usage() {
    // GIVEN a spec, and other files in the capsule's place
    let (files, bytes, _) = Files::new();
    let bundle = [&[1][..], &[0; 200], &[7; 50]].concat();
    for other in [&b"root:x:0:0:root:/root:/bin/bash"[..], b"", &[0; 500], &[0xff; 500], &bundle] {
        assert_eq!(refused(files.by_spec(other)).0, 2);
    }
    assert_eq!(refused(Verify { capsule: "no/such/capsule".into(), ..files.by_spec(&bytes) }).0, 2);
    // GIVEN a spec that is not there, not raw, or no spec THEN that is wrong usage too
    let specs =
        [json!({ "genesis": { "runtimeGenesis": {} } }), json!({ "genesis": { "raw": { "top": {} } } }), json!(7)];
    for spec in specs {
        let chain_spec = Some(files.write("other.json", spec.to_string()));
        assert_eq!(refused(Verify { chain_spec, ..files.by_spec(&bytes) }).0, 2);
    }
    assert_eq!(refused(Verify { chain_spec: Some("no/such/spec".into()), ..files.by_spec(&bytes) }).0, 2);
}

#[test]
fn another_chain_than_the_one_asked_for_is_told() {
    // GIVEN the hash of the spec's block 0 THEN it verifies with it, and with no other
    let (files, bytes, set) = Files::new();
    let own = files.by_spec(&bytes).trust().expect("the spec names voters").hash;
    let asked = |genesis: Hash| Verify { genesis: Some(genesis), ..files.by_spec(&bytes) };
    asked(own).run(&context()).expect("it is that chain");
    let (code, text) = refused(asked(Hash::repeat_byte(1)));
    assert!(code == 2 && text.contains(&format!("{own:?}")), "{code}: {text}");
    // GIVEN a checkpoint of the capsule's height and of another block THEN they disagree
    let trust = |number, set| Checkpoint { number, hash: Hash::repeat_byte(2), set };
    let (code, text) = refused(files.by_checkpoint(&bytes, &trust(77, set.clone())));
    assert!(code == 3 && text.contains("checkpoint"), "{code}: {text}");
    files.by_checkpoint(&bytes, &trust(70, set)).run(&context()).expect("it is later");
}

#[test]
fn a_capsule_of_a_later_set_needs_that_sets_checkpoint() {
    // GIVEN a capsule of set 2
    let (files, ..) = Files::new();
    let (set, capsule) = testing::capsule(4, 2, 99, 1, &emergency(), 1);
    let bytes = capsule.encode();
    // WHEN it is verified by the first set THEN the text says which sets these are
    let (code, text) = refused(files.by_spec(&bytes));
    assert!(code == 3 && text.contains("of set 2") && text.contains("are set 0"), "{code}: {text}");
    // WHEN it is verified by a checkpoint of its set THEN it holds
    let checkpoint = Checkpoint { number: 90, hash: Hash::repeat_byte(2), set };
    files.by_checkpoint(&bytes, &checkpoint).run(&context()).expect("it holds");
}
