//! What was written is there after reopening, and is found by every name.

use super::*;

#[test]
fn the_journal_comes_back_in_its_order() {
    // GIVEN witnesses, one of which names a unit that another brought, a mute, a candidate, and its anchor
    let (folder, mut ledger) = (folder(), Ledger::default());
    let units = ledger.units(3);
    let bursts: Vec<_> = (0..5).map(|second| ledger.unit(8, series(second, 0..4))).collect();
    let mut shared = ledger.witness(&[]);
    if let PersistItem::Witness(witness, _) = &mut shared {
        witness.content.units = vec![id_of(&units[1])];
    }
    let (first, last) = (ledger.witness(&units), ledger.witness(&bursts));
    let (proposal, leaves) = ledger.anchor(&units);
    let items = [first, shared, last, PersistItem::Mute, PersistItem::Candidate(proposal.clone())];
    {
        let store = open(&folder);
        store.begin_epoch(0, &EpochStart::default()).expect("it begins");
        store.write(&[Write::Item(&items[0]), Write::Item(&items[1])], false).expect("it is written");
        store.write(&items[2..].iter().map(Write::Item).collect::<Vec<_>>(), true).expect("it is written");
        store.write(&[Write::Anchor { proposal: &proposal, leaves: &leaves, block: BLOCK }], true).expect("written");
    }
    // WHEN it is opened again THEN the journal is the same, and goes on at its end
    let mut expected = items.to_vec();
    expected.push(PersistItem::Anchor(proposal));
    let store = open(&folder);
    assert_eq!(journal(&store), expected);
    let next = ledger.witness(&[]);
    store.write(&[Write::Item(&next)], true).expect("it is written");
    assert_eq!(journal(&store).last(), Some(&next));
    // THEN witnesses are found by id, with the ids of their units
    for item in &items[..3] {
        let PersistItem::Witness(witness, _) = item else { continue };
        assert_eq!(Archive::witness(&store, &witness_id(witness)).as_ref(), Some(witness));
    }
    assert_eq!(Archive::witness(&store, &Hash::zero()), None);
    // THEN units are found by slot and id, and by id alone
    for unit in units.iter().chain(&bursts) {
        let found = store.unit(&unit.content.slot, &id_of(unit)).expect("it can be read");
        assert_eq!(found.as_ref(), Some(unit));
        assert_eq!(Archive::unit(&store, &unit.content.slot, &id_of(unit)).as_ref(), Some(unit));
        assert_eq!(store.unit(&unit.content.slot, &Hash::zero()).expect("it can be read"), None);
    }
}

#[test]
fn anchored_units_are_found_by_slot_and_walked_along_their_chain() {
    // GIVEN two epochs of anchors with bursts of one device among others
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    store.begin_epoch(0, &EpochStart::default()).expect("it begins");
    let mut written = Vec::new();
    for round in 0..6 {
        let mut units = ledger.units(4);
        units.extend((0..round).map(|second| ledger.unit(2, series(second, 0..3))));
        ledger.write(&store, &units);
        written.push(units);
        if round == 2 {
            let start = ledger.close(&store);
            store.begin_epoch(1, &start).expect("it begins");
        }
    }
    drop(store);
    let store = open(&folder);
    // THEN anchors, leaves and units are what they were
    for (anchor, leaves) in &ledger.anchors {
        let stored = store.anchor(anchor.number).expect("it can be read").expect("it is here");
        assert_eq!((&stored.anchor, stored.block), (anchor, BLOCK));
        assert_eq!(store.anchor_by_hash(&anchor.hash()).expect("it can be read"), Some(stored));
        assert_eq!(store.leaves(anchor.number).expect("it can be read").as_ref(), Some(leaves));
        let slots: Vec<_> = leaves.iter().map(|leaf| leaf.slot).collect();
        assert_eq!(store.slots(anchor.number).expect("it can be read"), Some(slots));
        for (index, leaf) in leaves.iter().enumerate() {
            let (place, unit) = store.anchored(&leaf.slot).expect("it can be read").expect("it is anchored");
            assert_eq!((place.unit, place.anchor, place.index), (leaf.unit, anchor.number, index as u32));
            assert_eq!(id_of(&unit), leaf.unit);
        }
    }
    assert_eq!(store.last_anchor().expect("it can be read").map(|stored| stored.anchor.number), Some(AnchorNumber(7)));
    assert_eq!(store.anchor_by_hash(&Hash::zero()).expect("it can be read"), None);
    let hashes: Vec<_> = ledger.anchors.iter().map(|(anchor, _)| anchor.hash()).collect();
    assert_eq!(store.anchor_hashes(3).expect("it can be read"), hashes[..3]);
    assert_eq!(store.anchor_hashes(99).expect("it can be read"), hashes);
    // THEN slots that are not anchored have no place
    for missing in [slot(2, 99), slot(9, 0), slot(0, 0)] {
        assert_eq!(store.place(&missing).expect("it can be read"), None);
    }
    // THEN a device's chain is walked from its newest unit
    let mut sequences = Vec::new();
    let mut walk = |most: usize| {
        sequences.clear();
        store
            .anchored_backwards(DeviceId(2), |slot, place, unit| {
                assert_eq!((slot, place.unit), (unit.content.slot, id_of(&unit)));
                sequences.push(slot.sequence.0);
                sequences.len() < most
            })
            .expect("it can be read");
        sequences.clone()
    };
    assert_eq!(walk(usize::MAX), (0..21).rev().collect::<Vec<_>>());
    assert_eq!(walk(2), vec![20, 19]);
    store.anchored_backwards(DeviceId(7), |_, _, _| panic!("device 7 has no units")).expect("it can be read");
}

#[test]
fn an_anchors_units_are_served_in_pages() {
    // GIVEN an anchor of seven units, two of them in a run
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    let mut units = ledger.units(6);
    units.push(ledger.unit(3, series(0, 0..3)));
    ledger.write(&store, &units);
    units.sort_by_key(|unit| unit.content.slot);
    let page = |from, bytes| store.units_page(AnchorNumber(1), from, bytes).expect("it can be read");
    // THEN pages are as large as they may be, and go on where the one before ended
    assert_eq!(page(0, usize::MAX), units);
    assert_eq!(page(3, usize::MAX), units[3..]);
    assert_eq!(page(2, 0), units[2..3]);
    let two = codec::Encode::encoded_size(&units[0]) + codec::Encode::encoded_size(&units[1]);
    assert_eq!(page(0, two), units[..2]);
    assert!(page(7, usize::MAX).is_empty());
    assert!(store.units_page(AnchorNumber(2), 0, usize::MAX).expect("it can be read").is_empty());
}

#[test]
fn history_that_was_caught_up_with_is_no_part_of_the_journal() {
    // GIVEN anchors of an epoch that this node was not in, one of them without its units
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    for round in 0..3 {
        let mut units = ledger.units(3);
        let (proposal, leaves) = ledger.anchor(&units);
        if round == 1 {
            units.clear();
        }
        store.put_history(&proposal.anchor, &units, &leaves[..units.len()], BLOCK).expect("it is written");
    }
    // THEN they are found like others, and only units that are here
    assert!(journal(&store).is_empty());
    assert!(store.epoch().expect("it can be read").is_none());
    assert_eq!(store.anchor_hashes(5).expect("it can be read").len(), 3);
    let here = |number| store.leaves(AnchorNumber(number)).expect("it can be read").map(|leaves| leaves.len());
    assert_eq!((here(1), here(2), here(3)), (Some(3), None, Some(3)));
    assert!(store.place(&slot(1, 0)).expect("it can be read").is_some());
    assert_eq!(store.place(&slot(1, 1)).expect("it can be read"), None);
    assert_eq!(store.place(&slot(1, 2)).expect("it can be read").map(|place| place.index), Some(0));
}

#[test]
fn an_anchor_is_proven_among_all_anchors() {
    use crate::store::ranges::BLOCK as BLOCK_ANCHORS;
    use loadstone_core::{verify_mmr, MmrPeaks, MmrProof};
    // GIVEN more anchors than a block has, in writes of many
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    let count = 2 * BLOCK_ANCHORS + 37;
    let proposals: Vec<_> = (0..count).map(|_| ledger.anchor(&[]).0).collect();
    for some in proposals.chunks(1_000) {
        let writes: Vec<_> =
            some.iter().map(|proposal| Write::Anchor { proposal, leaves: &[], block: BLOCK }).collect();
        store.write(&writes, false).expect("it is written");
    }
    let hashes: Vec<_> = proposals.iter().map(|proposal| proposal.anchor.hash()).collect();
    // THEN proofs are those that all hashes together give
    for (number, leaves) in [(1, 1), (1, 7), (6, 7), (5, 4_096), (4_097, 4_097), (4_000, count), (count, count)] {
        let proof = store.range_proof(AnchorNumber(number), leaves).expect("it can be read").expect("it is proven");
        assert_eq!(Some(&proof), MmrProof::new(&hashes[..leaves as usize], number - 1).as_ref());
        let mut range = MmrPeaks::default();
        hashes[..leaves as usize].iter().for_each(|hash| assert!(range.push(*hash)));
        assert!(verify_mmr(&range.root(), hashes[number as usize - 1], &proof));
    }
    // THEN others are not
    for (number, leaves) in [(0, 5), (6, 5), (1, count + 1)] {
        assert_eq!(store.range_proof(AnchorNumber(number), leaves).expect("it can be read"), None);
    }
}
