//! Old epochs leave, and only those that may.

use super::*;

/// Four epochs of ten anchors and a closing one each; the fifth is in force.
fn four_epochs(store: &Store, ledger: &mut Ledger) {
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    for epoch in 0..4 {
        for _ in 0..10 {
            let units: Vec<_> = (1..=50)
                .map(|device| ledger.unit(device, series(9, (0..60).map(|w| w * w * w * 37 % 9_000))))
                .collect();
            ledger.write(store, &units);
        }
        let start = ledger.close(store);
        store.begin_epoch(epoch + 1, &start).expect("it begins");
    }
}

#[test]
fn whole_epochs_are_pruned_as_far_as_they_are_archived() {
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    four_epochs(&store, &mut ledger);
    let prune = |below: u32, archived: Option<u32>| {
        store.prune(AnchorNumber(below), archived.map(AnchorNumber)).expect("it is pruned").0
    };
    // THEN an epoch stays while any of it is wanted, or is not in the archive
    assert_eq!(store.pruned().expect("it can be read"), AnchorNumber(1));
    assert_eq!(prune(11, None), 1);
    assert_eq!(prune(40, Some(0)), 1);
    assert_eq!(prune(40, Some(10)), 1);
    // WHEN the first is in the archive THEN it goes, and no more
    assert_eq!(prune(40, Some(11)), 12);
    assert_eq!(store.anchor(AnchorNumber(11)).expect("it can be read"), None);
    assert_eq!(store.anchor_by_hash(&ledger.anchors[3].0.hash()).expect("it can be read"), None);
    assert_eq!(store.leaves(AnchorNumber(3)).expect("it can be read"), None);
    assert_eq!(store.place(&slot(1, 9)).expect("it can be read"), None);
    assert!(store.anchor(AnchorNumber(12)).expect("it can be read").is_some());
    assert!(store.place(&slot(1, 10)).expect("it can be read").is_some());
    // THEN what is left is proven as before
    let hashes: Vec<_> = ledger.anchors.iter().map(|(anchor, _)| anchor.hash()).collect();
    let proof = loadstone_core::MmrProof::new(&hashes, 20);
    assert_eq!(store.range_proof(AnchorNumber(21), hashes.len() as u32).expect("it can be read"), proof);
    // WHEN the same is asked again, or after a restart THEN nothing changes
    assert_eq!(prune(40, Some(11)), 12);
    drop(store);
    let store = open(&folder);
    assert_eq!(store.pruned().expect("it can be read"), AnchorNumber(12));
    // WHEN everything may go THEN the epoch in force stays, with what it began from
    assert_eq!(store.prune(AnchorNumber(u32::MAX), None).expect("it is pruned"), AnchorNumber(45));
    assert_eq!(store.last_anchor().expect("it can be read"), None);
    assert_eq!(store.epoch().expect("it can be read").map(|(epoch, start)| (epoch, start.heads.len())), Some((4, 50)));
    let mut walked = 0;
    store
        .anchored_backwards(DeviceId(1), |_, _, _| {
            walked += 1;
            true
        })
        .expect("it can be read");
    assert_eq!(walked, 0);
}

#[test]
fn pruning_gives_space_back() {
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    four_epochs(&store, &mut ledger);
    store.compact().expect("it is written");
    let before = store.bytes().expect("it can be read");
    store.prune(AnchorNumber(34), None).expect("it is pruned");
    let after = store.bytes().expect("it can be read");
    assert!(after * 2 < before, "{before} bytes became {after}");
}
