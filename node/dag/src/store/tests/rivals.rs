//! Several units in one slot.

use super::*;

/// Two units of device 1 in its first slot.
fn forked(ledger: &mut Ledger) -> [Unit; 2] {
    let one = ledger.unit(1, series(1, 0..3));
    let mut other = one.clone();
    other.content.body = Body::Readings(series(2, 0..3));
    [one, other]
}

#[test]
fn each_of_several_units_in_a_slot_is_kept() {
    for anchored in [0, 1] {
        // GIVEN two units in one slot, which came with different witnesses, and either of them anchored
        let (folder, mut ledger) = (folder(), Ledger::default());
        let units = forked(&mut ledger);
        let others = ledger.units(3);
        let items = [ledger.witness(&units[..1]), ledger.witness(&units[1..]), ledger.witness(&others)];
        let mut all = others.clone();
        all.push(units[anchored].clone());
        let (proposal, leaves) = ledger.anchor(&all);
        {
            let store = open(&folder);
            store.write(&items.each_ref().map(Write::Item), true).expect("it is written");
        }
        // WHEN the anchor comes after a restart
        let store = open(&folder);
        store.write(&[Write::Anchor { proposal: &proposal, leaves: &leaves, block: BLOCK }], true).expect("written");
        // THEN both are in the journal, and the anchored one has the place
        let store = {
            drop(store);
            open(&folder)
        };
        assert_eq!(journal(&store)[..3], items);
        let (place, unit) = store.anchored(&slot(1, 0)).expect("it can be read").expect("it is anchored");
        assert_eq!((&unit, place.unit, place.anchor), (&units[anchored], id_of(&units[anchored]), AnchorNumber(1)));
        assert_eq!(store.leaves(AnchorNumber(1)).expect("it can be read"), Some(leaves));
        for unit in &units {
            assert_eq!(store.unit(&slot(1, 0), &id_of(unit)).expect("it can be read").as_ref(), Some(unit));
            assert_eq!(Archive::unit(&store, &unit.content.slot, &id_of(unit)).as_ref(), Some(unit));
        }
        let mut walked = Vec::new();
        store
            .anchored_backwards(DeviceId(1), |slot, place, _| {
                walked.push((slot.sequence.0, place.unit));
                true
            })
            .expect("it can be read");
        assert_eq!(walked, vec![(1, id_of(&others[0])), (0, id_of(&units[anchored]))]);
    }
}

#[test]
fn a_unit_that_comes_again_is_kept_once() {
    // GIVEN a unit that comes with two witnesses, the second time under another signature
    let (folder, mut ledger) = (folder(), Ledger::default());
    let store = open(&folder);
    let unit = ledger.unit(1, series(1, 0..3));
    let again = Unit { signature: [9; 64], ..unit.clone() };
    store.write(&[Write::Item(&ledger.witness(std::slice::from_ref(&unit)))], true).expect("it is written");
    store.write(&[Write::Item(&ledger.witness(&[again]))], true).expect("it is written");
    // THEN the first stays
    assert_eq!(store.unit(&slot(1, 0), &id_of(&unit)).expect("it can be read"), Some(unit.clone()));
    ledger.write(&store, &[unit]);
    assert!(store.place(&slot(1, 0)).expect("it can be read").is_some());
}
