//! All events under a version of a programme share its pot.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{Balance, EventId, ProgrammeVersion};
use loadstone_market::{traits::Market, Phase, Programme};
use proptest::prelude::*;

const VERSION: ProgrammeVersion = ProgrammeVersion(2);

fn with_pot(pot: Balance) {
    publish(Programme { pot, ..programme() });
}

fn left() -> Option<Balance> {
    Bids::pot_left(PROGRAMME, VERSION)
}

fn budget(event: u32) -> Option<Balance> {
    Events::<Test>::get(EventId(event)).map(|event| event.budget)
}

/// Takes an event to its settlement, in which `paid` is paid.
fn settle(event: EventId, paid: Balance) {
    at(GATE + 5_000);
    blocks();
    assert_ok!(Bids::clear(signed(GRID), event));
    PaidOut::insert(event, paid);
    assert_ok!(Bids::set_phase(event, Phase::Settled));
    blocks();
    at(BEGIN);
}

#[test]
fn an_event_gets_what_is_left_of_the_pot() {
    run(|| {
        // GIVEN a pot of 1 CNY
        with_pot(1_000_000);
        assert_eq!(left(), Some(1_000_000));
        // WHEN an event takes 0.7 CNY and the next asks for as much
        assert_ok!(open_for(&[1_000], 700_000));
        assert_ok!(open_for(&[1_000], 700_000));
        // THEN it gets 0.3 CNY, which alone are held, and a third nothing
        assert_eq!((budget(1), Budgets::get(EventId(1)), left()), (Some(300_000), Some(300_000), Some(0)));
        assert_noop!(open_for(&[1_000], 1), Error::<Test>::PotSpent);
        // WHEN the first is called off and the second settled with 0.1 CNY
        assert_ok!(Bids::cancel(signed(GRID), EVENT));
        settle(EventId(1), 100_000);
        // THEN all that was not paid is back
        assert_eq!(left(), Some(900_000));
        assert_ok!(open_for(&[1_000], 2_000_000));
        assert_eq!((budget(2), left()), (Some(900_000), Some(0)));
    });
}

#[test]
fn a_pot_belongs_to_one_version() {
    run(|| {
        // GIVEN a pot that is spent
        with_pot(1_000);
        assert_ok!(open_for(&[1_000], 1_000));
        assert_noop!(open_for(&[1_000], 1), Error::<Test>::PotSpent);
        // WHEN the next version fills another THEN it lasts for events under that one
        with_pot(500);
        assert_ok!(open_for(&[1_000], 1_000));
        assert_eq!((budget(1), left()), (Some(500), Some(0)));
        // AND one without a pot has no limit
        with_pot(0);
        assert_ok!(open_for(&[1_000], 1_000_000));
        assert_eq!(Bids::pot_left(PROGRAMME, ProgrammeVersion(4)), None);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_series_of_events_costs_more_than_the_pot(
        pot in 1u128..10_000,
        // What each asks for, whether it is called off, and the share that it pays of its budget.
        series in prop::collection::vec((1u128..6_000, any::<bool>(), 0u128..=100), 1..12),
    ) {
        run(|| {
            with_pot(pot);
            let mut paid = 0;
            for (wanted, cancelled, percent) in series {
                // GIVEN what is left WHEN an event asks for more or less of it
                let before = left().expect("it has a pot");
                let event = NextEvent::<Test>::get();
                if before == 0 {
                    assert_noop!(open_for(&[1_000], wanted), Error::<Test>::PotSpent);
                    break;
                }
                assert_ok!(open_for(&[1_000], wanted));
                let budget = budget(event.0).expect("it is open");
                assert_eq!(budget, wanted.min(before));
                // THEN it takes its budget, and what it does not cost in the end comes back
                assert_eq!(left(), Some(before - budget));
                if cancelled {
                    assert_ok!(Bids::cancel(signed(GRID), event));
                    blocks();
                } else {
                    settle(event, budget * percent / 100);
                    paid += budget * percent / 100;
                }
                assert_eq!(left(), Some(pot - paid));
                Bids::do_try_state().expect("state holds");
            }
        });
    }
}
