//! The ledger on a real disk: what survives closing, and what is refused.

use loadstone_core::{AnchorNumber, DeviceId, Direction, Hash, Incarnation, MerkleProof, Millis, Sequence, Watts};
use loadstone_dag::{Anchor, Body, Readings, Slot, Unit, UnitContent};
use loadstone_evidence::AuthoritySet;
use loadstone_load_core::{
    Anchored, Change, Guard, Identity, Ledger, LedgerError, Reading, SavedHead, Standing, Summary, Tip, UnitState,
    Voters,
};
use loadstone_load_store::RocksLedger;
use loadstone_market::Reach;
use std::path::Path;
use tempfile::TempDir;

const GENESIS: Hash = Hash::repeat_byte(9);
const DEVICE: DeviceId = DeviceId(4);

fn open(folder: &TempDir) -> RocksLedger {
    RocksLedger::open(folder.path(), &GENESIS, DEVICE, None).unwrap()
}

fn slot(incarnation: u16, sequence: u64) -> Slot {
    Slot { device: DEVICE, incarnation: Incarnation(incarnation), sequence: Sequence(sequence) }
}

fn reading(second: u64) -> Reading {
    Reading { at: Millis(second * 1_000), watts: Watts(second as i64 * 10), doubtful: false }
}

/// A unit with readings of `count` seconds from `start` on, and its id.
fn unit(slot: Slot, start: u64, count: u64) -> (Unit, Hash) {
    let readings: Vec<_> = (start..start + count).map(|second| (Watts(second as i64 * 10), true)).collect();
    let body = Body::Readings(Readings::new(Millis(start * 1_000), 1_000, None, &readings).unwrap());
    let content = UnitContent { slot, previous: Hash::zero(), references: Vec::new(), body };
    let hash = content.payload(&GENESIS).hash();
    (Unit { content, signature: [1; 64] }, hash)
}

fn anchored(number: u32) -> Anchored {
    let anchor = Anchor { number: AnchorNumber(number), ..Anchor::default() };
    Anchored { anchor, proof: MerkleProof { index: 0, leaves: 1, siblings: Vec::new() } }
}

/// Units 0 to 2 of five readings each, of which unit 0 is in anchor 1 and unit 1 in anchor 2; one
/// reading waits.
fn filled(ledger: &RocksLedger) {
    for sequence in 0..3 {
        let start = sequence * 5;
        for second in start..start + 5 {
            ledger.apply(&[Change::Reading(reading(second))], false).unwrap();
        }
        let (unit, hash) = unit(slot(0, sequence), start, 5);
        ledger.apply(&[Change::Unit(unit, hash)], true).unwrap();
    }
    ledger.apply(&[Change::Reading(reading(15))], false).unwrap();
    ledger
        .apply(&[Change::Anchored(slot(0, 0), anchored(1)), Change::Anchored(slot(0, 1), anchored(2))], false)
        .unwrap();
}

#[test]
fn everything_is_there_after_reopening() {
    // GIVEN a ledger with units, a waiting reading, an order, a head and an identity
    let folder = tempfile::tempdir().unwrap();
    let guard = Guard { direction: Direction::Up, sequence: 12, order: None, received: true, completed: false };
    let head = SavedHead { number: 77, time: Millis(5) };
    let identity = Identity { incarnation: Incarnation(0), load_min: Watts(1), load_max: Watts(2) };
    let voters = Voters { set: AuthoritySet { id: 3, authorities: Vec::new() }, slot_ms: 200 };
    let standing = Standing { direction: Direction::Up, time: Millis(4), entries: None };
    {
        let ledger = open(&folder);
        filled(&ledger);
        let changes = [Change::Guard(guard.clone()), Change::Head(head), Change::Identity(identity)];
        ledger.apply(&changes, true).unwrap();
        ledger.apply(&[Change::Voters(voters.clone()), Change::Standing(standing.clone())], false).unwrap();
        ledger.save_light_database("database").unwrap();
    }
    // WHEN it is closed and opened again
    let ledger = open(&folder);
    let saved = ledger.saved().unwrap();
    // THEN the chain goes on after unit 2, and nothing is forgotten
    let last = unit(slot(0, 2), 10, 5).1;
    assert_eq!(saved.tip, Tip { incarnation: Incarnation(0), next: Sequence(3), previous: last });
    assert_eq!(saved.last_anchored, Some((slot(0, 1), unit(slot(0, 1), 5, 5).1)));
    assert_eq!(saved.pending, [reading(15)]);
    assert_eq!((saved.guards, saved.head, saved.identity), (vec![guard], head, Some(identity)));
    assert_eq!((saved.voters, saved.standings), (Some(voters), vec![standing]));
    assert_eq!(ledger.light_database().unwrap().as_deref(), Some("database"));
}

#[test]
fn only_open_units_are_loaded_and_only_anchored_readings_count() {
    // GIVEN units in anchors 1 and 2 and one that is open
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder);
    filled(&ledger);
    // THEN the open one is loaded, once
    let open = ledger.unanchored(None, 10).unwrap();
    assert_eq!(open.iter().map(|unit| unit.content.slot).collect::<Vec<_>>(), [slot(0, 2)]);
    assert_eq!(ledger.unanchored(Some(slot(0, 2)), 10).unwrap(), []);
    // AND the last readings up to an anchor come in the order of the chain
    let seconds = |anchor, reach| -> Vec<u64> {
        let readings = ledger.anchored_readings(AnchorNumber(anchor), reach).unwrap();
        readings.iter().map(|reading| reading.at.0 / 1_000).collect()
    };
    assert_eq!(seconds(1, Reach::Last(3)), [0, 1, 2, 3, 4]);
    assert_eq!(seconds(2, Reach::Last(6)), (0..10).collect::<Vec<_>>());
    assert_eq!(seconds(2, Reach::Whole), (0..10).collect::<Vec<_>>());
    assert_eq!(seconds(0, Reach::Last(6)), [] as [u64; 0]);
}

#[test]
fn states_only_rise_and_are_summed_up() {
    // GIVEN the filled ledger, its open unit confirmed, and an anchored one confirmed late
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder);
    filled(&ledger);
    ledger.apply(&[Change::Confirmed(slot(0, 2)), Change::Confirmed(slot(0, 0))], false).unwrap();
    // THEN the anchored unit stays anchored, with its proof
    let entries = ledger.entries(None, 10).unwrap();
    assert_eq!(entries[0].state, UnitState::Anchored(AnchorNumber(1)));
    assert_eq!((entries[0].anchored.clone(), entries[2].state), (Some(anchored(1)), UnitState::Confirmed));
    let counts = Summary {
        read: 16,
        sent: 15,
        confirmed: 15,
        anchored: 10,
        unanchored: 6,
        units: 3,
        units_anchored: 2,
        acknowledgements: 0,
    };
    assert_eq!(ledger.summary().unwrap(), counts);
    // WHEN the open unit moves to a new life THEN its readings count once
    let (moved, hash) = unit(slot(1, 0), 10, 5);
    ledger.apply(&[Change::Void(slot(0, 2)), Change::Unit(moved, hash)], true).unwrap();
    assert_eq!(ledger.summary().unwrap(), Summary { confirmed: 10, ..counts });
    assert_eq!(ledger.unanchored(None, 10).unwrap().len(), 1);
    assert_eq!(ledger.saved().unwrap().tip.incarnation, Incarnation(1));
}

#[test]
fn another_chain_device_or_format_is_refused() {
    // GIVEN a ledger WHEN another chain or device opens it THEN it is refused by name
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder));
    let wrong = |genesis, device| RocksLedger::open(folder.path(), &genesis, device, None).err();
    assert_eq!(wrong(Hash::zero(), DEVICE), Some(LedgerError::Foreign("chain")));
    assert_eq!(wrong(GENESIS, DeviceId(5)), Some(LedgerError::Foreign("device")));
    // GIVEN a ledger of another format THEN it is refused and not touched
    set_format(folder.path(), 3);
    assert_eq!(wrong(GENESIS, DEVICE), Some(LedgerError::Version { found: 3, expected: 2 }));
}

#[test]
fn a_ledger_can_be_looked_into_while_it_is_written() {
    // GIVEN a ledger that is open for writing
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder);
    filled(&ledger);
    // THEN a second program can look, but not write
    let (seen, genesis) = RocksLedger::inspect(folder.path(), None).unwrap();
    assert_eq!((genesis, seen.device(), seen.summary().unwrap().read), (GENESIS, DEVICE, 16));
    assert!(matches!(
        RocksLedger::open(folder.path(), &GENESIS, DEVICE, None).err(),
        Some(LedgerError::Unavailable { .. })
    ));
}

#[test]
fn looking_for_a_ledger_makes_none() {
    // GIVEN a folder that does not exist WHEN it is looked into THEN that is an error and it still does not
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    assert!(matches!(RocksLedger::inspect(&path, None).err(), Some(LedgerError::Missing(_))));
    assert!(!path.exists());
}

fn set_format(path: &Path, format: u32) {
    let options = rocksdb::Options::default();
    let names = rocksdb::DB::list_cf(&options, path).unwrap();
    let db = rocksdb::DB::open_cf(&options, path, names).unwrap();
    db.put_cf(db.cf_handle("meta").unwrap(), "format", format.to_le_bytes()).unwrap();
}
