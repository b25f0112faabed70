//! Epochs begin, and the journal of the one before goes.

use super::*;
use crate::store::StoreError;

#[test]
fn an_epoch_begins_with_an_empty_journal_and_its_start() {
    // GIVEN an epoch with more devices than a chunk of heads has
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    assert!(store.epoch().expect("it can be read").is_none());
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    assert_eq!(store.epoch().expect("it can be read"), Some((0, EpochStart::default())));
    let units = ledger.units(2_500);
    ledger.write(&store, &units);
    assert_eq!(journal(&store).len(), 4);
    // WHEN the next begins
    let start = ledger.close(&store);
    store.begin_epoch(1, &start).expect("it begins");
    // THEN the journal is empty and starts anew, also after a restart; anchors and units stay
    drop(store);
    let store = open(&folder);
    assert!(journal(&store).is_empty());
    assert_eq!(store.epoch().expect("it can be read"), Some((1, start.clone())));
    assert_eq!(
        store.heads_of(&start.anchor.as_ref().expect("closed").hash()).expect("read"),
        Some(start.heads.clone())
    );
    assert_eq!(store.heads_of(&Hash::zero()).expect("it can be read"), None);
    assert!(store.place(&slot(2_500, 0)).expect("it can be read").is_some());
    let units = ledger.units(2);
    ledger.write(&store, &units);
    assert_eq!(journal(&store).len(), 2);
    // WHEN an epoch begins again THEN nothing changes; an older one can't begin
    store.begin_epoch(1, &start).expect("it has begun");
    assert_eq!(journal(&store).len(), 2);
    let refused = store.begin_epoch(0, &EpochStart::default());
    assert!(matches!(refused, Err(StoreError::Epoch { held: 1, given: 0 })));
    // WHEN two more begin THEN the heads of the last two are served
    let second = ledger.close(&store);
    store.begin_epoch(2, &second).expect("it begins");
    let third = ledger.close(&store);
    store.begin_epoch(3, &third).expect("it begins");
    let served = |start: &EpochStart| {
        let closing = start.anchor.as_ref().expect("closed").hash();
        store.heads_of(&closing).expect("it can be read").is_some()
    };
    assert_eq!((served(&start), served(&second), served(&third)), (false, true, true));
}

#[test]
fn units_of_an_ended_epoch_may_come_again() {
    // GIVEN a unit that the epoch did not anchor
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    let units = ledger.units(2);
    store.write(&[Write::Item(&ledger.witness(&units))], true).expect("it is written");
    let start = ledger.close(&store);
    store.begin_epoch(1, &start).expect("it begins");
    assert_eq!(store.place(&slot(1, 0)).expect("it can be read"), None);
    // WHEN it is introduced again THEN it is in the new epoch's journal and can be anchored
    ledger.write(&store, &units);
    assert_eq!(journal(&store).len(), 2);
    assert_eq!(store.place(&slot(1, 0)).expect("it can be read").map(|place| place.anchor), Some(AnchorNumber(2)));
}

#[test]
fn after_a_failed_write_nothing_is_written() {
    // GIVEN a disk that is full for one write
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    let (first, second, third) = (ledger.witness(&[]), ledger.witness(&[]), ledger.witness(&[]));
    store.write(&[Write::Item(&first)], true).expect("it is written");
    store.fail_writes(true);
    assert!(matches!(store.write(&[Write::Item(&second)], true), Err(StoreError::Full(_))));
    store.fail_writes(false);
    // THEN what was to follow is refused, until the database is opened again
    assert!(matches!(store.write(&[Write::Item(&third)], true), Err(StoreError::Stopped)));
    assert!(matches!(store.begin_epoch(1, &EpochStart::default()), Err(StoreError::Stopped)));
    drop(store);
    let store = open(&folder);
    assert_eq!(journal(&store), vec![first]);
    store.write(&[Write::Item(&second)], true).expect("it is written");
}
