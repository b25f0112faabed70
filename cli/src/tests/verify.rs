//! A tampered bundle is told from a file that never was one, and both from a checkpoint.

use super::*;
use crate::fault;
use std::fs;

fn context() -> Context {
    Context { url: String::new(), json: true, suri: None, key_file: None }
}

fn code_of(bytes: &[u8]) -> u8 {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("file");
    fs::write(&bundle, bytes).expect("written");
    code_of_file(bundle)
}

fn code_of_file(bundle: PathBuf) -> u8 {
    let verify = Verify { bundle, genesis: Some(Hash([1; 32])), checkpoint: None, write_checkpoint: None };
    fault::code(&verify.run(&context()).expect_err("no sound bundle"))
}

#[test]
fn a_file_that_never_was_a_bundle_is_wrong_usage() {
    // GIVEN text, nothing, and other bytes THEN they are no bundle
    assert_eq!(code_of(b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon"), 2);
    assert_eq!(code_of(b""), 2);
    assert_eq!(code_of(&[0xff; 200]), 2);
    // AND a file that is not there is wrong usage too, as an archive that is not there
    assert_eq!(code_of_file("no/such/bundle".into()), 2);
}

#[test]
fn a_bundle_with_any_byte_changed_is_a_broken_one() {
    // GIVEN the beginning of a bundle and then nothing that decodes
    let mut bytes = BEGINNING.to_vec();
    bytes.extend([0xff; 100]);
    assert_eq!(code_of(&bytes), 3);
    // WHEN any byte of the beginning is changed too THEN it is still a tampered bundle
    for place in 0..BEGINNING.len() {
        let mut bent = bytes.clone();
        bent[place] ^= 1;
        assert_eq!(code_of(&bent), 3, "byte {place}");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_understood_is_wrong_usage() {
    // GIVEN a file that is no checkpoint
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint");
    fs::write(&path, "not hex").expect("written");
    // THEN that is wrong usage, as is a missing file
    assert_eq!(fault::code(&read_checkpoint(&path).expect_err("no hex")), 2);
    assert_eq!(fault::code(&read_checkpoint(&folder.path().join("missing")).expect_err("missing")), 2);
}
