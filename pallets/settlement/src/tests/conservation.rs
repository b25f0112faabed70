//! No market makes or loses money.

use super::{free, held};
use crate::{mock::*, Claimables, Event, HoldReason, Pallet, Statements, Totals};
use frame_support::traits::fungible::Inspect;
use loadstone_core::{AccountId, Balance, BasisPoints, Price, YUAN};
use loadstone_market::{settle::share, split::split, traits::Market, Phase, Pricing, SplitRule};
use proptest::prelude::*;

/// One account in twelve is none.
fn anybody(index: u8) -> AccountId {
    if index == 11 {
        PAUPER
    } else {
        bidder(index)
    }
}

fn arbitrary_spec() -> impl Strategy<Value = Spec> {
    let customer = prop::option::of((0u8..12).prop_map(anybody));
    let spec = (0u8..12, customer, 1i64..5_000, 1u64..1_000, -50i64..200);
    spec.prop_map(|(owner, customer, watts, tick, percent)| Spec {
        owner: anybody(owner),
        customer,
        watts,
        price: tick * 1_000,
        percent,
    })
}

fn arbitrary_pricing() -> impl Strategy<Value = Pricing> {
    prop_oneof![Just(Pricing::Uniform), Just(Pricing::PayAsBid)]
}

/// Splits of every kind: none, fixed prices above and below what is paid, and shares up to all.
fn arbitrary_split() -> impl Strategy<Value = SplitRule> {
    let rule = (0u64..2_000_000, 0u32..=10_000);
    prop_oneof![
        Just(SplitRule::none()),
        rule.prop_map(|(floor, share)| SplitRule { floor: Price(floor), share: BasisPoints(share) }),
    ]
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
                arbitrary_split(),
            ),
            1..=3,
        ),
    ) {
        run(|| {
            let (issuance, opener) = (Balances::total_issuance(), free(&OPENER));
            assert_eq!(worth(), issuance);
            // GIVEN up to three events with random offers, customers, deliveries, budgets, bonds and splits
            let events: Vec<_> = markets
                .iter()
                .map(|(specs, budget, bond, pricing, rule)| {
                    let event = measured(specs, *budget, *bond, *pricing);
                    share_by(event, rule.clone());
                    (event, *budget)
                })
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
            // AND what events tell of payments adds up to that
            assert_eq!(told(), paid);
            let parked_for_opener = Claimables::<Test>::get(OPENER);
            assert_eq!(free(&OPENER) + parked_for_opener + paid, opener + penalties);
        });
    }
}

/// Sum of all payments to owners and customers, by the chain's events.
fn told() -> Balance {
    let amount = |event| match event {
        RuntimeEvent::Settlement(Event::Paid { amount, .. } | Event::CustomerPaid { amount, .. }) => amount,
        _ => 0,
    };
    System::events().into_iter().map(|record| amount(record.event)).sum()
}

/// Every payment is the share that anyone computes from the statements in order, and split as anyone splits it.
fn check_shares(event: loadstone_core::EventId, pot: Balance) {
    let (claims, rule) = (Totals::<Test>::get(event).claims, Pallet::<Test>::split_rule(event));
    let mut served = 0;
    for index in 0..Events::resource_count(event) {
        let resource = Events::resource_at(event, index).expect("in range");
        let statement = Statements::<Test>::get(event, resource).expect("drawn up");
        assert_eq!(statement.paid, share(pot, claims, served, statement.claim));
        let parts = split(&rule, statement.paid_energy, statement.paid);
        let has_customer = Events::customer(event, resource).is_some();
        assert_eq!(statement.customer, if has_customer { parts.customer } else { 0 });
        served += statement.claim;
    }
}
