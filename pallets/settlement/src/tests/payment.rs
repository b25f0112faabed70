//! Who gets how much.

use super::{free, held, spec};
use crate::{mock::*, Bonds, Escrows, Event, HoldReason, Statements, Totals};
use frame_support::assert_ok;
use loadstone_core::{BasisPoints, EventId, ResourceId, YUAN};
use loadstone_market::{self as market, traits::Market, Phase, Pricing};

#[test]
fn delivery_is_paid_shortfall_is_punished_and_the_rest_goes_back() {
    run(|| {
        let (good, bad) = (bidder(0), bidder(1));
        let opener_before = free(&OPENER);
        let issuance = Balances::total_issuance();
        // GIVEN 1,000 W from one bidder, delivered, and 1,000 W from another, half delivered, of which
        // 600 W are awarded: four fifths of all offers at 0.9 CNY/kWh
        let specs = [spec(good.clone(), 1_000, 500_000, 100), spec(bad.clone(), 1_000, 900_000, 50)];
        let event = scored(&specs, 10 * YUAN, 5 * YUAN);
        // WHEN it is settled
        settle_all();
        // THEN 1 kWh is paid with 0.90 CNY and 0.3 kWh with 0.27 CNY
        assert_eq!(free(&good), 1_000 * YUAN + 900_000);
        let first = Statements::<Test>::get(event, ResourceId(0)).expect("drawn up");
        assert_eq!((first.claim, first.penalty, first.paid), (900_000, 0, 900_000));
        // AND the shortfall of 0.24 kWh below 90 % costs 1.1 times the price: 0.2376 CNY
        let second = Statements::<Test>::get(event, ResourceId(1)).expect("drawn up");
        assert_eq!((second.claim, second.penalty, second.paid), (270_000, 237_600, 270_000));
        assert_eq!(free(&bad), 1_000 * YUAN + 270_000 - 237_600);
        // AND the opener has paid that much, less the penalty, and nothing is held any more
        assert_eq!(free(&OPENER), opener_before - 1_170_000 + 237_600);
        assert_eq!(held(HoldReason::Budget, &OPENER) + held(HoldReason::Bond, &good) + held(HoldReason::Bond, &bad), 0);
        assert_eq!(Balances::total_issuance(), issuance);
        // AND the event is settled and its books are closed
        assert_eq!(phase(event), Phase::Settled);
        assert_eq!((Escrows::<Test>::get(event), Bonds::<Test>::iter().count()), (None, 0));
        System::assert_last_event(
            Event::EventSettled { event, paid: 1_170_000, penalties: 237_600, refunded: 10 * YUAN - 1_170_000 }.into(),
        );
    });
}

#[test]
fn a_short_pot_is_shared_to_the_last_unit() {
    run(|| {
        // GIVEN three equal claims of 0.5 CNY and more, and a pot that does not divide by three
        let specs: Vec<_> = (0..3).map(|index| spec(bidder(index), 1_000, 900_000, 100)).collect();
        let event = scored(&specs, 1_000_000, YUAN);
        // WHEN it is settled
        settle_all();
        // THEN the pot is paid out exactly, and equal claims differ by one unit at most
        let paid: Vec<_> = (0..3).map(|index| free(&bidder(index)) - 1_000 * YUAN).collect();
        assert_eq!(paid.iter().sum::<u128>(), 1_000_000);
        assert!(paid.iter().all(|paid| (333_333..=333_334).contains(paid)), "{paid:?}");
        assert_eq!(Totals::<Test>::get(event).paid, 1_000_000);
    });
}

#[test]
fn penalties_of_one_owner_end_with_its_bond() {
    run(|| {
        let opener_before = free(&OPENER);
        // GIVEN an owner whose two resources deliver nothing and whose bond covers one and a half
        // penalties
        let specs = [spec(bidder(0), 1_000, 500_000, 0), spec(bidder(0), 1_000, 500_000, 0)];
        let event = scored(&specs, 10 * YUAN, 594_000);
        // WHEN it is settled
        settle_all();
        // THEN the first pays 0.9 x 0.8 kWh x 1.1 x 0.5 CNY in full and the second what is left
        let penalty = |id| Statements::<Test>::get(event, ResourceId(id)).expect("drawn up").penalty;
        assert_eq!((penalty(0), penalty(1)), (396_000, 198_000));
        // AND all of it is the opener's
        assert_eq!(free(&OPENER), opener_before + 594_000);
        assert_eq!(free(&bidder(0)), 1_000 * YUAN - 594_000);
    });
}

#[test]
fn pay_as_bid_pays_each_its_own_price() {
    run(|| {
        // GIVEN the same offers under pay-as-bid
        let specs = [spec(bidder(0), 1_000, 500_000, 100), spec(bidder(1), 1_000, 900_000, 100)];
        let event = measured(&specs, 10 * YUAN, 5 * YUAN, Pricing::PayAsBid);
        assert_ok!(Events::set_phase(event, Phase::Scored));
        // WHEN it is settled
        settle_all();
        // THEN each has its own price
        assert_eq!(free(&bidder(0)), 1_000 * YUAN + 500_000);
        assert_eq!(free(&bidder(1)), 1_000 * YUAN + 540_000);
    });
}

#[test]
fn performance_scales_pay_where_the_programme_says_so() {
    run(|| {
        // GIVEN equal deliveries of a resource with a K index of 1.5 and one without a score, under value accounting
        let specs = [spec(bidder(0), 1_000, 500_000, 100), spec(bidder(1), 1_000, 500_000, 100)];
        let event = measured(&specs, 10 * YUAN, 5 * YUAN, Pricing::Uniform);
        pay_by_performance(event, BasisPoints(20_000), ResourceId(0), BasisPoints(15_000));
        assert_ok!(Events::set_phase(event, Phase::Scored));
        // WHEN it is settled
        settle_all();
        // THEN 0.8 kWh at 0.5 CNY pay one and a half times as much, and nothing
        assert_eq!(free(&bidder(0)), 1_000 * YUAN + 600_000);
        assert_eq!(free(&bidder(1)), 1_000 * YUAN);
        let statement = Statements::<Test>::get(event, ResourceId(0)).expect("drawn up");
        assert_eq!((statement.performance, statement.claim), (BasisPoints(15_000), 600_000));
    });
}

#[test]
fn an_event_without_resources_or_owners_refunds_everything() {
    run(|| {
        let opener_before = free(&OPENER);
        // GIVEN an event in which nobody was revealed, and one whose owners are gone
        let empty = scored(&[], 10 * YUAN, 0);
        let orphaned = scored(&[spec(bidder(0), 1_000, 500_000, 100)], 10 * YUAN, YUAN);
        forget_owners();
        // WHEN both are settled
        settle_all();
        // THEN everything is back where it came from
        assert_eq!(free(&OPENER), opener_before);
        assert_eq!(free(&bidder(0)), 1_000 * YUAN);
        assert_eq!((phase(empty), phase(orphaned)), (Phase::Settled, Phase::Settled));
        assert_eq!(Totals::<Test>::get(orphaned), market::Totals::default());
        assert!(!Escrows::<Test>::contains_key(EventId(0)));
    });
}
