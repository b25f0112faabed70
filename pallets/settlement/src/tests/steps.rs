//! Bounded work a block, in order, by itself.

use super::{free, held, spec};
use crate::WeightInfo as _;
use crate::{mock::*, Error, HoldReason, NextDue, Pass, Progress, Queue, Settling, Stage, Statements};
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use loadstone_core::{Millis, YUAN};
use loadstone_market::{traits::Market, Phase, Pricing};

#[test]
fn nothing_happens_before_the_window_ends() {
    run(|| {
        // GIVEN a scored event
        let event = scored(&[spec(bidder(0), 1_000, 500_000, 100)], 10 * YUAN, YUAN);
        // WHEN blocks begin within the dispute window
        blocks(3);
        // THEN it waits
        assert_eq!(NextDue::<Test>::get(), Some(Millis(START + DISPUTE_MS)));
        assert_eq!((Settling::<Test>::get(), phase(event)), (None, Phase::Scored));
        assert!(
            !Settlement::has_work(Millis(START + DISPUTE_MS - 1)) && Settlement::has_work(Millis(START + DISPUTE_MS))
        );
        // WHEN the window has ended
        end_windows();
        blocks(1);
        // THEN settlement begins
        assert_eq!(
            Settling::<Test>::get(),
            Some(Progress { event, stage: Stage::Statements { next: 0, pass: Pass::Sole } })
        );
        assert_eq!(NextDue::<Test>::get(), None);
        assert!(Settlement::has_work(Millis(0)));
    });
}

#[test]
fn every_block_takes_one_bounded_step() {
    run(|| {
        // GIVEN an event of 70 resources of 50 owners
        let specs: Vec<_> = (0..70).map(|index| spec(bidder(index % 50), 1_000, 500_000, 100)).collect();
        let event = scored(&specs, 100 * YUAN, YUAN);
        end_windows();
        blocks(1);
        // WHEN blocks begin THEN statements come in steps of 32
        for drawn in [32, 64, 70] {
            blocks(1);
            assert_eq!(Statements::<Test>::iter_prefix(event).count(), drawn);
        }
        // AND so do payments
        for paid in [32, 64, 70] {
            blocks(1);
            assert_eq!(Statements::<Test>::iter_prefix_values(event).filter(|one| one.paid > 0).count(), paid);
        }
        // AND bonds
        let bonded = || (0..50).filter(|index| held(HoldReason::Bond, &bidder(*index)) > 0).count();
        blocks(1);
        assert_eq!(bonded(), 18);
        blocks(1);
        assert_eq!((bonded(), phase(event)), (0, Phase::Settled));
    });
}

#[test]
fn events_are_settled_by_the_end_of_their_windows() {
    run(|| {
        // GIVEN three events scored at different times, in another order than opened
        let specs = [spec(bidder(0), 1_000, 500_000, 100)];
        let events: Vec<_> = (0..3).map(|_| measured(&specs, YUAN, YUAN, Pricing::Uniform)).collect();
        for event in [events[2], events[0], events[1]] {
            assert_ok!(Events::set_phase(event, Phase::Scored));
            Timestamp::set_timestamp(pallet_timestamp::Now::<Test>::get() + 10);
        }
        let queue: Vec<_> = Queue::<Test>::get().iter().map(|waiting| waiting.event).collect();
        assert_eq!(queue, [events[2], events[0], events[1]]);
        // WHEN a fourth is scored THEN the queue refuses it, so that it is tried again later
        let fourth = measured(&specs, YUAN, YUAN, Pricing::Uniform);
        assert_eq!(Events::set_phase(fourth, Phase::Scored), Err(Error::<Test>::QueueFull.into()));
        // WHEN the windows end THEN all are settled, one after the other
        assert_eq!(settle_all(), 3 * 4);
        assert_eq!(free(&bidder(0)), 999 * YUAN + 3 * 400_000);
    });
}

#[test]
fn a_block_with_room_takes_further_steps() {
    run(|| {
        // GIVEN an event of 70 resources that is being settled
        let specs: Vec<_> = (0..70).map(|index| spec(bidder(index % 50), 1_000, 500_000, 100)).collect();
        let event = scored(&specs, 100 * YUAN, YUAN);
        let drawn = || Statements::<Test>::iter_prefix(event).count();
        assert_eq!(Settlement::on_idle(1, Weight::MAX), Weight::zero());
        end_windows();
        blocks(1);
        // WHEN a block has room for less than the dearest step THEN none is taken
        type Weights = <Test as crate::Config>::WeightInfo;
        let dearest = Weights::statements(crate::STEP).max(Weights::payments(crate::STEP));
        assert_eq!((Settlement::on_idle(1, dearest.saturating_div(2)), drawn()), (Weight::zero(), 0));
        // WHEN it has room for one THEN one is
        assert!(Settlement::on_idle(1, dearest).all_lte(dearest));
        assert_eq!(drawn(), 32);
        // WHEN blocks are empty THEN it is soon done
        for _ in 0..20 {
            Settlement::on_idle(1, Weight::MAX);
        }
        assert_eq!(phase(event), Phase::Settled);
    });
}
