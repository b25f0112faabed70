//! The explanation gives what was paid and taken.

use super::spec;
use crate::{mock::*, Statements};
use loadstone_core::{ResourceId, YUAN};
use loadstone_market::Pricing;

#[test]
fn what_is_explained_is_what_was_paid_and_taken() {
    run(|| {
        // GIVEN an owner of two resources that fall short beyond its bond, another's between them, and a short pot
        let (short, other) = (bidder(0), bidder(1));
        let specs = [
            spec(short.clone(), 1_000, 500_000, 20),
            spec(other, 1_000, 500_000, 100),
            spec(short, 1_000, 500_000, 30),
        ];
        let event = scored(&specs, 400_001, 400_000);
        let before = Settlement::why(event, ResourceId(2)).expect("it is recorded").pay.expect("all records are there");
        assert_eq!((before.shared, before.paid, before.penalty), (None, None, None));
        // WHEN it is settled
        settle_all();
        // THEN each explanation ends with the statement's numbers
        let mut limited = 0;
        for id in (0..3).map(ResourceId) {
            let statement = Statements::<Test>::get(event, id).expect("drawn up");
            let pay = Settlement::why(event, id).and_then(|told| told.pay).expect("it is settled");
            assert_eq!((pay.claim, pay.paid), (statement.claim, Some(statement.paid)));
            assert_eq!(pay.penalty, Some(statement.penalty));
            limited += u32::from(pay.penalty_due > statement.penalty) + u32::from(statement.paid < statement.claim);
        }
        // AND both bond and pot were limits
        assert_eq!(limited, 4);
    });
}

#[test]
fn what_never_took_part_is_not_explained() {
    run(|| {
        // GIVEN an event THEN neither another event nor another's resource is explained in it
        let event = measured(&[spec(bidder(0), 1_000, 500_000, 100)], YUAN, YUAN, Pricing::Uniform);
        assert!(Settlement::why(event, ResourceId(0)).is_some());
        assert!(Settlement::why(event, ResourceId(9)).is_none());
        assert!(Settlement::why(event.next(), ResourceId(0)).is_none());
    });
}
