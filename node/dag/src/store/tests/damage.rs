//! Damage on disk is told by column, and a torn end of the log is cut off.

use std::{fs, path::PathBuf};

use codec::Encode;
use rocksdb::{Options, DB};

use super::*;
use crate::store::{
    columns::{COLUMNS, JOURNAL, LEAVES, META, PLACES, UNITS},
    StoreError, ORIGIN, VERSION,
};

fn files(folder: &TempDir, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder.path().join("dag")).expect("the folder is there");
    let paths = all.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files
}

/// Writes a value where the database is closed.
fn overwrite(folder: &TempDir, column: &str, key: &[u8], value: &[u8]) {
    let db = DB::open_cf(&Options::default(), folder.path().join("dag"), COLUMNS).expect("it opens");
    db.put_cf(db.cf_handle(column).expect("it is there"), key, value).expect("it is written");
}

#[test]
fn another_version_layout_or_chain_is_refused() {
    // GIVEN a database of one chain
    let folder = folder();
    drop(open(&folder));
    let reopen = |genesis: &Hash| Store::open(&folder.path().join("dag"), genesis).map(drop);
    // THEN another chain's node refuses it
    assert!(matches!(reopen(&Hash::repeat_byte(2)), Err(StoreError::Mismatch)));
    // WHEN its version is another THEN it is refused
    overwrite(&folder, META, ORIGIN, &(VERSION + 1, GENESIS).encode());
    assert!(matches!(reopen(&GENESIS), Err(StoreError::Mismatch)));
    overwrite(&folder, META, ORIGIN, &(VERSION, GENESIS).encode());
    assert!(reopen(&GENESIS).is_ok());
    // WHEN it holds something but says no version THEN it is refused
    overwrite(&folder, JOURNAL, &[0; 8], &[2]);
    let db = DB::open_cf(&Options::default(), folder.path().join("dag"), COLUMNS).expect("it opens");
    db.delete_cf(db.cf_handle(META).expect("it is there"), ORIGIN).expect("it is deleted");
    drop(db);
    assert!(matches!(reopen(&GENESIS), Err(StoreError::Mismatch)));
    overwrite(&folder, META, ORIGIN, &(VERSION, GENESIS).encode());
    // WHEN it has columns that nobody knows THEN it is refused
    let mut db = DB::open_cf(&Options::default(), folder.path().join("dag"), COLUMNS).expect("it opens");
    db.create_cf("slots", &Options::default()).expect("it is made");
    drop(db);
    assert!(matches!(reopen(&GENESIS), Err(StoreError::Mismatch)));
}

#[test]
fn a_value_that_does_not_decode_is_told_by_column() {
    // GIVEN a database in which one value of a column is not what it should be
    let damaged = |column: &'static str, key: &[u8]| {
        let (folder, mut ledger) = (folder(), Ledger::default());
        let units = ledger.units(3);
        ledger.write(&open(&folder), &units);
        overwrite(&folder, column, key, &[0xff; 5]);
        let store = open(&folder);
        let mut errors = Vec::new();
        errors.extend(store.journal().expect("it begins").find_map(Result::err));
        errors.extend(store.leaves(AnchorNumber(1)).err());
        errors.extend(store.place(&slot(1, 0)).err());
        errors.extend(store.units_page(AnchorNumber(1), 0, usize::MAX).err());
        errors.extend(store.write(&[Write::Item(&ledger.witness(&units))], true).err());
        let named = |error: &StoreError| matches!(error, StoreError::Damaged(named) if *named == column);
        assert!(!errors.is_empty() && errors.iter().all(named), "{column}: {errors:?}");
    };
    // THEN whoever reads it is told the column, and nothing panics
    damaged(UNITS, &crate::store::keys::unit(0, &slot(1, 0)));
    damaged(PLACES, &crate::store::keys::unit(0, &slot(1, 0)));
    damaged(LEAVES, &1u32.to_be_bytes());
    damaged(JOURNAL, &0u64.to_be_bytes());
}

#[test]
fn a_missing_body_is_told_by_column() {
    let (folder, mut ledger) = (folder(), Ledger::default());
    let units = ledger.units(3);
    ledger.write(&open(&folder), &units);
    let db = DB::open_cf(&Options::default(), folder.path().join("dag"), COLUMNS).expect("it opens");
    let key = crate::store::keys::unit(0, &slot(2, 0));
    db.delete_cf(db.cf_handle(UNITS).expect("it is there"), key).expect("it is deleted");
    drop(db);
    let store = open(&folder);
    assert!(matches!(store.leaves(AnchorNumber(1)), Err(StoreError::Damaged(UNITS))));
    assert!(matches!(store.journal().expect("it begins").next(), Some(Err(StoreError::Damaged(UNITS)))));
}

#[test]
fn changed_bytes_of_a_file_are_noticed() {
    // GIVEN a database whose files were changed after they were written
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    for _ in 0..20 {
        let units = ledger.units(200);
        ledger.write(&store, &units);
    }
    store.compact().expect("it is written");
    drop(store);
    let largest = files(&folder, "sst").into_iter().max_by_key(|path| path.metadata().map_or(0, |about| about.len()));
    let largest = largest.expect("there are files");
    let mut bytes = fs::read(&largest).expect("it can be read");
    let position = bytes.len() / 3;
    bytes[position] ^= 0xff;
    fs::write(&largest, bytes).expect("it is written");
    // THEN a read that meets the place says which column it is, and others go on
    let store = open(&folder);
    let mut errors = Vec::new();
    for device in 1..=200 {
        errors.extend(store.anchored_backwards(DeviceId(device), |_, _, _| true).err());
    }
    assert!(!errors.is_empty() && errors.len() < 20);
    assert!(errors.iter().all(|error| matches!(error, StoreError::Damaged(UNITS))), "{errors:?}");
}

#[test]
fn a_torn_end_of_the_log_is_cut_off() {
    // GIVEN two writes, the second of which did not get to disk whole
    let (folder, mut ledger) = (folder(), Ledger::default());
    let (first, second) = (ledger.witness(&[]), {
        let units = ledger.units(5);
        ledger.witness(&units)
    });
    let store = open(&folder);
    store.write(&[Write::Item(&first)], true).expect("it is written");
    store.write(&[Write::Item(&second)], false).expect("it is written");
    drop(store);
    let newest = files(&folder, "log").pop().expect("there is a log");
    let length = newest.metadata().expect("it can be read").len();
    fs::OpenOptions::new().write(true).open(&newest).and_then(|file| file.set_len(length - 9)).expect("it is cut");
    // WHEN it is opened THEN the first is there and nothing of the second
    let store = open(&folder);
    assert_eq!(journal(&store), vec![first.clone()]);
    assert_eq!(store.unit(&slot(1, 0), &Hash::zero()).expect("it can be read"), None);
    // THEN it can be written again
    store.write(&[Write::Item(&second)], true).expect("it is written");
    drop(store);
    assert_eq!(journal(&open(&folder)), vec![first, second]);
}
