//! The database and its archive together.

use std::sync::Arc;

use loadstone_archive::{open_store, verify, Archive, Trust};

use super::*;
use crate::store::keeper::{KeepError, Keeper, Retention};

#[tokio::test]
async fn anchors_are_archived_before_they_are_pruned() {
    // GIVEN three epochs of eleven anchors, and some more
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = Arc::new(open(&folder));
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    for epoch in 0..4 {
        for _ in 0..10 {
            let mut units = ledger.units(5);
            units.push(ledger.unit(3, series(9, 0..7)));
            ledger.write(&store, &units);
        }
        if epoch < 3 {
            let start = ledger.close(&store);
            store.begin_epoch(epoch + 1, &start).expect("it begins");
        }
    }
    let place = folder.path().join("archive").display().to_string();
    let open_archive = || async { Archive::open(open_store(&place).expect("a folder"), GENESIS).await };
    let archive = open_archive().await.expect("it opens");
    let retention = Retention { anchors: 20, segment: 8 };
    let mut keeper = Keeper::new(store.clone(), Some(archive), retention);
    // WHEN it is kept THEN whole segments are archived, and whole epochs of what may go are pruned
    assert_eq!(keeper.keep().await.expect("it is kept"), AnchorNumber(23));
    assert_eq!(keeper.archived(), Some(AnchorNumber(40)));
    assert_eq!(store.pruned().expect("it can be read"), AnchorNumber(23));
    // THEN the archive is proven by the chain
    let last = &ledger.anchors[39].0;
    let trust = Trust { hashes: [(last.number, last.hash())].into(), ..Trust::default() };
    let report = verify(&open_archive().await.expect("it opens"), &trust, &mut ()).await.expect("it can be read");
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.proven, report.anchors), (Some(AnchorNumber(40)), 40));
    // WHEN a program starts anew THEN it goes on where the archive ends
    for _ in 0..7 {
        let units = ledger.units(5);
        ledger.write(&store, &units);
    }
    let archive = open_archive().await.expect("it opens");
    let mut keeper = Keeper::new(store.clone(), Some(archive), retention);
    assert_eq!(keeper.keep().await.expect("it is kept"), AnchorNumber(23));
    assert_eq!(keeper.archived(), Some(AnchorNumber(48)));
}

#[tokio::test]
async fn what_the_archive_lacks_and_is_not_here_is_told() {
    // GIVEN a database whose second anchor came without units
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = Arc::new(open(&folder));
    for round in 0..3 {
        let units = ledger.units(3);
        let (proposal, leaves) = ledger.anchor(&units);
        let count = if round == 1 { 0 } else { 3 };
        store.put_history(&proposal.anchor, &units[..count], &leaves[..count], BLOCK).expect("it is written");
    }
    let place = folder.path().join("archive").display().to_string();
    let archive = Archive::open(open_store(&place).expect("a folder"), GENESIS).await.expect("it opens");
    // WHEN it is kept THEN the gap is told, and nothing is pruned
    let mut keeper = Keeper::new(store.clone(), Some(archive), Retention { anchors: 0, segment: 1 });
    assert!(matches!(keeper.keep().await, Err(KeepError::Gap(AnchorNumber(2)))));
    assert_eq!(keeper.archived(), Some(AnchorNumber(1)));
    assert_eq!(store.pruned().expect("it can be read"), AnchorNumber(1));
}
