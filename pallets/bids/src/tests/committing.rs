//! Sealed bids before the gate.

use crate::{commit::bond, mock::*, pallet::*, types::CommittedTotals};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AreaId, BasisPoints, Direction, EventId, Hash, Millis, Price, ResourceId, Watts};
use loadstone_market::{seal, traits::Market, BidResources, Credit, Programme, MAX_BATCHES};
use sp_runtime::{DispatchError, DispatchResult};

fn commit_resources(who: loadstone_core::AccountId, ids: &[ResourceId]) -> DispatchResult {
    Bids::commit(signed(who), EVENT, 0, Hash::repeat_byte(1), resources(ids))
}

#[test]
fn a_commitment_reserves_its_resources_and_holds_its_bond() {
    run(|| {
        // GIVEN an event of 10 s and two loads of 3 kW and 1 kW
        let ids = [load(&NORTH, AREA, 3_000), load(&NORTH, AREA, 1_000)];
        assert_ok!(open(&[1_000]));
        // WHEN their owner commits
        assert_ok!(commit_resources(NORTH, &ids));
        // THEN the bond is 1 CNY/kWh x 4 kW x 10 s, rounded up
        assert_eq!(Bonds::get((EVENT, NORTH)), Some(11_112));
        let committed = Event::BidCommitted { event: EVENT, bidder: NORTH, batch: 0, resources: 2, bond: 11_112 };
        assert_eq!(last_event(), committed);
        // AND both resources are reserved for the window and out of emergency orders
        for id in ids {
            let reserved = Reserved::<Test>::get(id, Direction::Down);
            let windows: Vec<_> = reserved.iter().map(|window| (window.event, window.start, window.end)).collect();
            assert_eq!(windows, [(EVENT, Millis(START), Millis(START + 10_000))]);
            assert!(Suspended::contains_key((id, Direction::Down)));
        }
    });
}

#[test]
fn bonds_round_up_and_never_overflow_in_silence() {
    // GIVEN the smallest and the greatest of everything
    // THEN any part of a micro-yuan is a whole one, and what has no number has no bond
    assert_eq!(bond(Price(1), Watts(1), 1), Some(1));
    assert_eq!(bond(Price(0), Watts(1), 1), Some(0));
    assert_eq!(bond(Price(2_000_000), Watts(1_000), 3_600_000), Some(2_000_000));
    assert_eq!(bond(Price(1), Watts(-1), 1), None);
    assert_eq!(bond(Price(u64::MAX), Watts(i64::MAX), u64::MAX), None);
}

#[test]
fn resources_must_be_the_bidders_and_fit_the_event() {
    run(|| {
        let small = load(&NORTH, AREA, 99);
        let own = load(&NORTH, AREA, 1_000);
        let rivals = load(&SOUTH, AREA, 1_000);
        let elsewhere = load(&NORTH, AreaId(8), 1_000);
        assert_ok!(open(&[1_000]));
        // GIVEN lists with each fault THEN each refusal names its condition
        assert_noop!(commit_resources(NORTH, &[]), Error::<Test>::NoResources);
        assert_noop!(commit_resources(NORTH, &[own, own]), Error::<Test>::ResourcesNotRising);
        assert_noop!(commit_resources(NORTH, &[own, small]), Error::<Test>::ResourcesNotRising);
        assert_noop!(commit_resources(NORTH, &[ResourceId(77)]), Error::<Test>::UnknownResource);
        assert_noop!(commit_resources(NORTH, &[own, rivals]), Error::<Test>::NotOwner);
        assert_noop!(commit_resources(NORTH, &[elsewhere]), Error::<Test>::OtherArea);
        assert_noop!(commit_resources(NORTH, &[small]), Error::<Test>::CapacityBelowMinimum);
    });
}

#[test]
fn bidders_must_be_admitted_in_time_and_solvent() {
    run(|| {
        let own = load(&NORTH, AREA, 1_000);
        let poor = load(&POOR, AREA, 1_000);
        assert_noop!(commit_resources(NORTH, &[own]), Error::<Test>::UnknownEvent);
        assert_ok!(open(&[1_000]));
        // GIVEN a grid company, a frozen aggregator, a stranger and one without money
        assert_noop!(commit_resources(GRID, &[own]), Error::<Test>::RoleNotHeld);
        assert_noop!(commit_resources(FROZEN, &[own]), Error::<Test>::ParticipantIsFrozen);
        assert_noop!(commit_resources(STRANGER, &[own]), Error::<Test>::NotRegistered);
        assert_noop!(commit_resources(POOR, &[poor]), DispatchError::Other("no money"));
        // WHEN one commits twice THEN the second is refused
        assert_ok!(commit_resources(NORTH, &[own]));
        assert_noop!(commit_resources(NORTH, &[own]), Error::<Test>::AlreadyCommitted);
        // WHEN the gate closes THEN nobody commits or withdraws
        at(GATE);
        let souths = load(&SOUTH, AREA, 1_000);
        assert_noop!(commit_resources(SOUTH, &[souths]), Error::<Test>::GateClosed);
        assert_noop!(Bids::withdraw(signed(NORTH), EVENT, 0), Error::<Test>::GateClosed);
    });
}

#[test]
fn the_barred_and_those_of_little_credit_do_not_bid() {
    run(|| {
        // GIVEN a programme that asks for a credit of 30 %, and loads below that, barred beyond START, and new
        let gated = Programme { credit_min: BasisPoints(3_000), ..programme() };
        assert_ok!(Bids::publish_programme(signed(GRID), PROGRAMME, Box::new(gated)));
        let (low, barred, new) = (load(&NORTH, AREA, 1_000), load(&NORTH, AREA, 1_000), load(&NORTH, AREA, 1_000));
        let standing =
            |credit, until| Credit { credit: BasisPoints(credit), barred_until: Millis(until), ..Credit::default() };
        Standing::insert(low, standing(2_999, 0));
        Standing::insert(barred, standing(9_000, START + 1));
        assert_ok!(open(&[1_000]));
        // THEN each refusal says why
        assert_noop!(commit_resources(NORTH, &[low]), Error::<Test>::CreditTooLow);
        assert_noop!(commit_resources(NORTH, &[barred, new]), Error::<Test>::ResourceBarred);
        // WHEN time has healed the one, and the other has proven itself THEN all bid
        Standing::insert(low, standing(3_000, 0));
        Standing::insert(barred, standing(9_000, START));
        assert_ok!(commit_resources(NORTH, &[low, barred, new]));
    });
}

#[test]
fn no_capacity_is_bid_twice() {
    run(|| {
        // GIVEN a load committed in one of two events with the same window
        let id = load(&NORTH, AREA, 1_000);
        assert_ok!(open(&[1_000]));
        assert_ok!(open(&[1_000]));
        assert_ok!(commit_resources(NORTH, &[id]));
        // THEN it can't be committed in the other
        let second = || Bids::commit(signed(NORTH), EventId(1), 0, Hash::zero(), resources(&[id]));
        assert_noop!(second(), Error::<Test>::AlreadyReserved);
        // WHEN it is withdrawn from the first and swept THEN it can
        assert_ok!(Bids::withdraw(signed(NORTH), EVENT, 0));
        assert_noop!(second(), Error::<Test>::AlreadyReserved);
        blocks();
        assert_ok!(second());
        // AND a window that begins when the other ends does not overlap
        let (start, gate) = (Millis(START + 10_000), Millis(GATE));
        let needs = needs(&[1_000]);
        assert_ok!(Bids::open_event(signed(GRID), PROGRAMME, AREA, Direction::Down, needs, start, gate, 1));
        assert_ok!(Bids::commit(signed(NORTH), EventId(2), 0, Hash::zero(), resources(&[id])));
    });
}

#[test]
fn a_withdrawn_bid_leaves_nothing_behind() {
    run(|| {
        // GIVEN a commitment
        let id = load(&NORTH, AREA, 1_000);
        assert_ok!(open(&[1_000]));
        assert_ok!(commit_resources(NORTH, &[id]));
        // WHEN it is withdrawn
        assert_ok!(Bids::withdraw(signed(NORTH), EVENT, 0));
        // THEN the bond is back at once, and the resource soon after
        assert_eq!(last_event(), Event::BidWithdrawn { event: EVENT, bidder: NORTH, batch: 0 });
        assert_eq!(Bonds::get((EVENT, NORTH)), None);
        assert_noop!(Bids::withdraw(signed(NORTH), EVENT, 0), Error::<Test>::NotCommitted);
        assert_noop!(commit_resources(NORTH, &[id]), Error::<Test>::WithdrawalPending);
        assert_ok!(Bids::do_try_state());
        blocks();
        assert!(!Reserved::<Test>::contains_key(id, Direction::Down));
        assert!(!Suspended::contains_key((id, Direction::Down)));
        assert_eq!((Withdrawn::<Test>::iter().count(), Sweeps::<Test>::get().len()), (0, 0));
        // AND the bidder may commit again
        assert_ok!(commit_resources(NORTH, &[id]));
    });
}

#[test]
fn an_event_bears_a_bounded_number_of_bids() {
    run(|| {
        // GIVEN three aggregators with 48 resources each, in an event for three bidders and 1,000
        assert_ok!(open(&[1_000]));
        let bidder = |seed: u8, count: u32| {
            let who = loadstone_core::AccountId::new([seed; 32]);
            People::insert(&who, participant(loadstone_core::Role::Aggregator, seed.into()));
            let ids = (0..count).map(|_| load(&who, AREA, 100)).collect();
            (who, BidResources::truncate_from(ids))
        };
        let commit = |(who, ids): (_, BidResources)| Bids::commit(signed(who), EVENT, 0, Hash::zero(), ids);
        for seed in 20..23 {
            assert_ok!(commit(bidder(seed, 48)));
        }
        // THEN a fourth bidder is one too many
        let fourth = bidder(23, 1);
        assert_noop!(commit(fourth), Error::<Test>::TooManyBidders);
        // AND after one left, resources are bounded too
        Committed::<Test>::mutate(EVENT, |totals| (totals.bidders, totals.resources) = (2, 999));
        let another = bidder(24, 2);
        assert_noop!(commit(another), Error::<Test>::TooManyResources);
        Committed::<Test>::mutate(EVENT, |totals| (totals.bidders, totals.resources) = (3, 144));
    });
}

#[test]
fn large_bids_are_withdrawn_in_bounded_steps() {
    run(|| {
        // GIVEN two bids of 48 resources each
        assert_ok!(open(&[1_000]));
        let ids = |who| (0..48).map(|_| load(who, AREA, 100)).collect::<Vec<_>>();
        let (norths, souths) = (ids(&NORTH), ids(&SOUTH));
        assert_ok!(commit_resources(NORTH, &norths));
        assert_ok!(commit_resources(SOUTH, &souths));
        // WHEN both are withdrawn in one block
        assert_ok!(Bids::withdraw(signed(NORTH), EVENT, 0));
        assert_ok!(Bids::withdraw(signed(SOUTH), EVENT, 0));
        // THEN one sweep works both off, part of them in each block
        assert_eq!(Sweeps::<Test>::get().len(), 1);
        let reserved = || Reserved::<Test>::iter().count();
        block_by(NORTH);
        assert!((1..96).contains(&reserved()));
        blocks();
        blocks();
        assert_eq!((reserved(), Sweeps::<Test>::get().len()), (0, 0));
    });
}

#[test]
fn an_aggregator_of_thousands_bids_in_batches() {
    run(|| {
        // GIVEN a bidder with three batches of loads
        let own: Vec<_> = (0..3).map(|_| load(&NORTH, AREA, 1_000)).collect();
        let batch = |number: usize| sheet(vec![bid(own[number], &[(200_000, 1_000)])]);
        let commit = |number: u16| {
            let sealed = seal(&Bids::genesis_hash(), EVENT, &NORTH, &batch(number.into()), &SALT);
            Bids::commit(signed(NORTH), EVENT, number, sealed, resources(&[own[usize::from(number)]]))
        };
        assert_ok!(open(&[3_000]));
        for number in 0..3 {
            assert_ok!(commit(number));
        }
        assert_noop!(
            Bids::commit(signed(NORTH), EVENT, MAX_BATCHES, Hash::zero(), resources(&own)),
            Error::<Test>::BatchOutOfRange
        );
        // THEN it is one bidder, with the bonds of all three
        assert_eq!(Committed::<Test>::get(EVENT), CommittedTotals { bidders: 1, resources: 3 });
        assert_eq!(Bonds::get((EVENT, NORTH)), Some(3 * 2_778));
        // WHEN one is withdrawn, one revealed and one not
        assert_ok!(Bids::withdraw(signed(NORTH), EVENT, 1));
        assert_noop!(Bids::withdraw(signed(NORTH), EVENT, 1), Error::<Test>::NotCommitted);
        at(GATE);
        assert_ok!(Bids::reveal(signed(NORTH), EVENT, 2, batch(2), SALT));
        assert_noop!(Bids::reveal(signed(NORTH), EVENT, 0, batch(2), SALT), Error::<Test>::SealMismatch);
        // THEN the bond of the one counts, and after clearing that of the other is lost
        assert_eq!(<Bids as Market>::bond(EVENT, &NORTH), 2_778);
        at(GATE + 5_000);
        blocks();
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        blocks();
        assert_eq!((Bonds::get((EVENT, NORTH)), Forfeits::get((EVENT, NORTH))), (Some(2_778), Some(2_778)));
        assert!(Reserved::<Test>::contains_key(own[2], Direction::Down));
        assert!(!Reserved::<Test>::contains_key(own[0], Direction::Down));
    });
}
