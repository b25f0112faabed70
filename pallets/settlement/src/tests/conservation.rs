//! No market makes or loses money.

use super::{free, held};
use crate::{mock::*, Claimables, HoldReason, Pallet, Statements, Totals};
use frame_support::traits::fungible::Inspect;
use loadstone_core::{AccountId, Balance, YUAN};
use loadstone_market::{settle::share, traits::Market, Phase, Pricing};
use proptest::prelude::*;

fn arbitrary_spec() -> impl Strategy<Value = Spec> {
    (0u8..12, 1i64..5_000, 1u64..1_000, -50i64..200).prop_map(|(owner, watts, tick, percent)| Spec {
        // One owner in twelve has no account.
        owner: if owner == 11 { PAUPER } else { bidder(owner) },
        watts,
        price: tick * 1_000,
        percent,
    })
}

fn arbitrary_pricing() -> impl Strategy<Value = Pricing> {
    prop_oneof![Just(Pricing::Uniform), Just(Pricing::PayAsBid)]
}

fn everybody() -> impl Iterator<Item = AccountId> {
    (0..50).map(bidder).chain([OPENER, PAUPER, Pallet::<Test>::account()])
}

fn worth() -> Balance {
    everybody().map(|who| Balances::total_balance(&who)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_markets_conserve_every_unit(
        markets in prop::collection::vec(
            (
                prop::collection::vec(arbitrary_spec(), 0..80),
                1u128..40 * YUAN,
                0u128..20 * YUAN,
                arbitrary_pricing(),
            ),
            1..=3,
        ),
    ) {
        run(|| {
            let (issuance, opener) = (Balances::total_issuance(), free(&OPENER));
            assert_eq!(worth(), issuance);
            // GIVEN up to three events with random offers, deliveries, budgets and bonds
            let events: Vec<_> = markets
                .iter()
                .map(|(specs, budget, bond, pricing)| (measured(specs, *budget, *bond, *pricing), *budget))
                .collect();
            for (event, _) in &events {
                Events::set_phase(*event, Phase::Scored).expect("the queue holds three");
            }
            // WHEN they are settled, with the books checked after every block
            end_windows();
            while events.iter().any(|(event, _)| phase(*event) != Phase::Settled) {
                blocks(1);
                Pallet::<Test>::do_try_state().expect("the state is sound");
            }
            // THEN no unit was made or lost, and nothing is held
            assert_eq!(Balances::total_issuance(), issuance);
            assert_eq!(worth(), issuance);
            for who in everybody() {
                assert_eq!(held(HoldReason::Budget, &who) + held(HoldReason::Bond, &who), 0);
            }
            // AND the opener is poorer by exactly what was paid less penalties
            let (mut paid, mut penalties) = (0, 0);
            for (event, budget) in &events {
                let totals = Totals::<Test>::get(event);
                assert_eq!(totals.paid, totals.claims.min(*budget));
                paid += totals.paid;
                penalties += totals.penalties;
                check_shares(*event, *budget);
            }
            let parked_for_opener = Claimables::<Test>::get(OPENER);
            assert_eq!(free(&OPENER) + parked_for_opener + paid, opener + penalties);
        });
    }
}

/// Every payment is the share that anyone computes from the statements in order.
fn check_shares(event: loadstone_core::EventId, pot: Balance) {
    let claims = Totals::<Test>::get(event).claims;
    let mut served = 0;
    for index in 0..Events::resource_count(event) {
        let resource = Events::resource_at(event, index).expect("in range");
        let statement = Statements::<Test>::get(event, resource).expect("drawn up");
        assert_eq!(statement.paid, share(pot, claims, served, statement.claim));
        served += statement.claim;
    }
}
