//! Pay is split to the micro-yuan, by floor and share.

use crate::{split::*, SplitRule};
use loadstone_core::{BasisPoints, Price, BASIS_POINTS, YUAN};
use proptest::prelude::*;

/// W·ms in one kWh.
const KWH: u128 = 3_600_000_000;

fn rule(floor: u64, share: u32) -> SplitRule {
    SplitRule { floor: Price(floor), share: BasisPoints(share) }
}

#[test]
fn floor_and_share_as_a_contract_says_them() {
    // GIVEN 0.6 CNY a kWh and 30 % of the rest, for 2 kWh that were paid with 3 CNY
    let parts = split(&rule(600_000, 3_000), 2 * KWH, 3 * YUAN);
    // THEN the customer gets 1.2 CNY and 30 % of 1.8 CNY
    assert_eq!(parts, Parts { floor: 1_200_000, customer: 1_740_000, owner: 1_260_000 });
    // GIVEN a fixed price, which is a floor without a share THEN the rest is the owner's
    assert_eq!(split(&rule(600_000, 0), 2 * KWH, 3 * YUAN).customer, 1_200_000);
    // GIVEN a pot so short that less is paid than the floor THEN all of it is the customer's
    assert_eq!(split(&rule(600_000, 3_000), 2 * KWH, YUAN), Parts { floor: YUAN, customer: YUAN, owner: 0 });
    // GIVEN no rule THEN all stays with the owner
    assert!(!SplitRule::none().shares() && rule(1, 0).shares() && rule(0, 1).shares());
    assert_eq!(split(&SplitRule::none(), 2 * KWH, 3 * YUAN).customer, 0);
    // AND what does not divide stays there, too
    assert_eq!(split(&rule(1, 3_333), KWH - 1, 10), Parts { floor: 0, customer: 3, owner: 7 });
}

proptest! {
    #[test]
    fn parts_make_up_what_is_paid_and_grow_with_it(
        floor in 0u64..=1_000_000_000,
        share in 0u32..=BASIS_POINTS,
        energy in 0u128..1 << 90,
        paid in 0u128..1 << 80,
        later in 0u128..1 << 40,
    ) {
        // GIVEN any rule and payment, and one after it
        let rule = rule(floor, share);
        let (first, both) = (split(&rule, energy, paid), split(&rule, energy, paid + later));
        // THEN no micro-yuan is made or lost, and nobody has to give anything back
        prop_assert_eq!(first.customer + first.owner, paid);
        prop_assert!(first.floor <= first.customer);
        prop_assert!(first.customer <= both.customer && first.owner <= both.owner);
    }
}
