//! What the record takes for an unkept promise.

use loadstone_core::Hash;
use loadstone_dag::{leaves_root, Anchor, AnchorLeaf};
use loadstone_dag_sim::{
    device::slot,
    record::{Accepted, Record},
};

#[test]
fn a_unit_that_an_anchor_holds_when_an_honest_gateway_first_sees_it_is_not_waited_for() {
    // GIVEN a unit that a Byzantine gateway introduced, in an anchor that an honest member computed
    let mut record = Record::default();
    let unit = Hash::repeat_byte(1);
    let leaves = [AnchorLeaf { slot: slot(4, 0), unit }];
    let anchor = Anchor { number: 1.into(), units: 1, root: leaves_root(&leaves), ..Anchor::default() };
    record.anchor(2, &anchor, &leaves, Some(&anchor), 850);
    // WHEN an honest gateway gets it for the first time
    let accepted = |slot| Accepted { slot, at: 893, seat: 1, honest: true };
    record.accept(unit, accepted(slot(4, 0)));
    // THEN nothing is waited for
    assert_eq!(record.waiting().count(), 0);
    // AND the device's next unit is
    record.accept(Hash::repeat_byte(2), accepted(slot(4, 1)));
    assert_eq!(record.waiting().count(), 1);
    assert_eq!(record.fault, None);
}
