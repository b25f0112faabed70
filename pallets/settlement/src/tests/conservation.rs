//! No market makes or loses money.

use super::{free, held};
use crate::{mock::*, Claimables, Disputes, Event, HoldReason, Pallet, Queue, Settling, Statements, Totals};
use frame_support::traits::fungible::Inspect;
use loadstone_core::{AccountId, Balance, BasisPoints, EventId, Price, YUAN};
use loadstone_market::{
    referee::Ruling, settle::share, split::split, traits::Market, DisputeReason, Phase, Pricing, SplitRule,
};
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

/// Which resource of an event is disputed, whether by the opener, how it is judged, and what it really delivered.
type Quarrel = (prop::sample::Index, bool, Ruling, i64);

fn arbitrary_quarrel() -> impl Strategy<Value = Quarrel> {
    let rulings = [Ruling::Unproven, Ruling::Confirmed, Ruling::Corrected, Ruling::Convicted];
    (any::<prop::sample::Index>(), any::<bool>(), prop::sample::select(rulings.to_vec()), -50i64..1_500)
}

/// Disputes records of the event; some disputants lack the bond, and some records are disputed already.
fn quarrel(event: EventId, specs: &[Spec], quarrels: &[Quarrel]) {
    for (index, by_opener, ruling, percent) in quarrels.iter().filter(|_| !specs.is_empty()) {
        let place = index.index(specs.len());
        let resource = Events::resource_at(event, place as u32).expect("in range");
        let by = if *by_opener { OPENER } else { specs[place].owner.clone() };
        court::will_rule(event, resource, *ruling, *percent);
        let origin = RuntimeOrigin::signed(by);
        let _ = Settlement::dispute(origin, event, resource, place as u32, DisputeReason::default());
    }
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
                (arbitrary_split(), prop::collection::vec(arbitrary_quarrel(), 0..6)),
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
                .map(|(specs, budget, bond, pricing, (rule, _))| {
                    let event = measured(specs, *budget, *bond, *pricing);
                    share_by(event, rule.clone());
                    (event, *budget)
                })
                .collect();
            for ((event, _), (specs, .., (_, quarrels))) in events.iter().zip(&markets) {
                Events::set_phase(*event, Phase::Scored).expect("the queue holds three");
                // AND random disputes that are upheld or dismissed
                quarrel(*event, specs, quarrels);
            }
            // WHEN they are settled, with the books checked after every block
            end_windows();
            while events.iter().any(|(event, _)| phase(*event) != Phase::Settled) {
                blocks(1);
                if Settling::<Test>::get().is_none() && Queue::<Test>::get().is_empty() {
                    end_hearings();
                }
                Pallet::<Test>::do_try_state().expect("the state is sound");
            }
            // THEN no unit was made or lost, and nothing is held
            assert_eq!(Balances::total_issuance(), issuance);
            assert_eq!(worth(), issuance);
            for who in everybody() {
                let reasons = [HoldReason::Budget, HoldReason::Bond, HoldReason::Dispute];
                assert_eq!(reasons.into_iter().map(|reason| held(reason, &who)).sum::<Balance>(), 0);
            }
            // AND whatever the first distribution paid, the opener is poorer by exactly what is due by the records as they
            // stand at last less penalties, and by the bonds of disputes
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
            let (won, lost) = bonds_of_disputes();
            assert_eq!(free(&OPENER) + parked_for_opener + paid + lost, opener + penalties + won);
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

/// What the opener won and lost by bonds of disputes that were dismissed.
fn bonds_of_disputes() -> (Balance, Balance) {
    let dismissed: Vec<_> = Disputes::<Test>::iter_values()
        .filter(|dispute| !dispute.ruling.expect("all are judged").is_upheld())
        .map(|dispute| dispute.by == OPENER)
        .collect();
    let lost = dismissed.iter().filter(|by_opener| **by_opener).count() as Balance;
    (BOND * (dismissed.len() as Balance - lost), BOND * lost)
}

/// Every payment is the share that anyone computes from the statements in order, and split as anyone splits it.
fn check_shares(event: EventId, pot: Balance) {
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
