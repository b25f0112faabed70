//! A sealed ledger on a real disk: what its files tell, which locks open it, and that none loses anything.

use loadstone_core::{DeviceId, Hash, Millis, Watts};
use loadstone_load_core::{Change, Ledger, LedgerError, Reading};
use loadstone_load_store::{Lock, RocksLedger};
use std::{fs, path::Path};

const GENESIS: Hash = Hash::repeat_byte(9);
const DEVICE: DeviceId = DeviceId(4);
const DATABASE: &str = "a text that would be seen in the files";

fn open(store: &Path, lock: Option<&Lock>) -> Result<RocksLedger, LedgerError> {
    RocksLedger::open(store, &GENESIS, DEVICE, lock)
}

/// A lock with this text in a file of its own.
fn passphrase(folder: &Path, text: &str) -> Lock {
    let file = folder.join(text.replace(' ', "-"));
    fs::write(&file, text).unwrap();
    Lock::PassphraseFile(file)
}

fn key_file(folder: &Path, byte: &str) -> Lock {
    let file = folder.join(format!("key-{byte}"));
    fs::write(&file, format!("{}\n", byte.repeat(32))).unwrap();
    Lock::KeyFile(file)
}

fn prints(text: &str) -> Lock {
    Lock::Command(["printf", "%s", text].map(str::to_owned).to_vec())
}

fn fill(ledger: &RocksLedger) -> Reading {
    let reading = Reading { at: Millis(5_000), watts: Watts(50), doubtful: false };
    ledger.apply(&[Change::Reading(reading)], true).unwrap();
    ledger.save_light_database(DATABASE).unwrap();
    reading
}

/// Whether a file of the store holds `text`.
fn tells(store: &Path, text: &[u8]) -> bool {
    fs::read_dir(store).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text)
    })
}

fn is_locked(result: Result<RocksLedger, LedgerError>, reason: &str) {
    match result.err() {
        Some(error @ LedgerError::Locked { .. }) => {
            let text = error.to_string();
            assert!(text.contains(reason) && text.contains("Remedy"), "{text}");
        }
        other => panic!("not locked: {other:?}"),
    }
}

#[test]
fn each_lock_opens_what_it_locked_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = passphrase(folder.path(), "wrong words");
    let good = [passphrase(folder.path(), "right words"), key_file(folder.path(), "0a"), prints(&"0b".repeat(32))];
    for (number, lock) in good.iter().enumerate() {
        // GIVEN a ledger with this lock
        let store = folder.path().join(format!("store-{number}"));
        let reading = fill(&open(&store, Some(lock)).unwrap());
        assert!(!tells(&store, DATABASE.as_bytes()));
        // WHEN another secret or none is given THEN it is refused
        is_locked(open(&store, Some(&wrong)), "is not the right one");
        is_locked(open(&store, Some(&prints(&"0c".repeat(32)))), "is not the right one");
        is_locked(open(&store, None), "no lock was given");
        // AND nothing was lost
        let ledger = open(&store, Some(lock)).unwrap();
        assert_eq!(ledger.saved().unwrap().pending, [reading]);
        assert_eq!(ledger.light_database().unwrap().as_deref(), Some(DATABASE));
        let (seen, genesis) = RocksLedger::inspect(&store, Some(lock)).unwrap();
        assert_eq!((seen.device(), genesis), (DEVICE, GENESIS));
    }
}

#[test]
fn an_unsealed_ledger_tells_its_values_and_wants_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    fill(&open(&store, None).unwrap());
    assert!(tells(&store, DATABASE.as_bytes()));
    let refused = open(&store, Some(&key_file(folder.path(), "0a"))).err();
    assert!(matches!(refused, Some(LedgerError::Unsealed(_))), "{refused:?}");
    assert_eq!(open(&store, None).unwrap().saved().unwrap().pending.len(), 1);
}

#[test]
fn rekey_takes_the_old_lock_off() {
    // GIVEN a ledger under a passphrase
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let (old, new) = (passphrase(folder.path(), "old"), key_file(folder.path(), "0d"));
    let reading = fill(&open(&store, Some(&old)).unwrap());
    // WHEN the wrong lock is to be replaced THEN nothing changes
    assert!(matches!(RocksLedger::rekey(&store, &new, &old), Err(LedgerError::Locked { .. })));
    // WHEN the right one is THEN only the new one opens it
    RocksLedger::rekey(&store, &old, &new).unwrap();
    is_locked(open(&store, Some(&old)), "is not the right one");
    assert_eq!(open(&store, Some(&new)).unwrap().saved().unwrap().pending, [reading]);
}

#[test]
fn secrets_that_cannot_be_had_are_named_and_make_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let (missing, empty) = (Lock::KeyFile(folder.path().join("missing")), folder.path().join("empty"));
    fs::write(&empty, " \n").unwrap();
    let shell = |line: &str| Lock::Command(["sh", "-c", line].map(str::to_owned).to_vec());
    for (lock, reason) in [
        (missing, "No such file"),
        (Lock::PassphraseFile(empty), "is empty"),
        (prints("0b0b"), "32 bytes in hexadecimal"),
        (Lock::Command(Vec::new()), "command is empty"),
        (shell("exit 3"), "exit status: 3"),
        (shell("exec yes"), "longer than"),
    ] {
        is_locked(open(&store, Some(&lock)), reason);
    }
    // THEN a good lock still makes it
    fill(&open(&store, Some(&key_file(folder.path(), "0e"))).unwrap());
}

#[test]
fn a_value_that_lies_in_another_place_is_damage() {
    // GIVEN a sealed ledger whose reading was moved to another moment by hand
    let folder = tempfile::tempdir().unwrap();
    let (store, lock) = (folder.path().join("store"), key_file(folder.path(), "0f"));
    fill(&open(&store, Some(&lock)).unwrap());
    let options = rocksdb::Options::default();
    {
        let names = rocksdb::DB::list_cf(&options, &store).unwrap();
        let db = rocksdb::DB::open_cf(&options, &store, names).unwrap();
        let readings = db.cf_handle("readings").unwrap();
        let value = db.get_cf(readings, 5_000u64.to_be_bytes()).unwrap().unwrap();
        db.put_cf(readings, 6_000u64.to_be_bytes(), value).unwrap();
    }
    // THEN it is not taken for one
    let saved = open(&store, Some(&lock)).unwrap().saved();
    assert_eq!(saved.err(), Some(LedgerError::Damaged("readings")));
}
