//! Authors since the gate: reveals can't be censored by a third of the validators.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use loadstone_core::{AccountId, Millis};

fn author(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

#[test]
fn only_distinct_authors_after_the_gate_count() {
    run(|| {
        // GIVEN an event with its gate open, and blocks by all validators
        assert_ok!(open(&[1_000]));
        (50..54).for_each(|seed| block_by(author(seed)));
        assert_eq!(Bids::event_summary(EVENT).map(|summary| summary.authors), Some(0));
        // WHEN the gate is closed and two of four make blocks, again and again
        at(GATE + 5_000);
        (0..3).for_each(|_| (50..52).for_each(|seed| block_by(author(seed))));
        // THEN two are counted, and the event can't be cleared
        assert_eq!(Bids::event_summary(EVENT).map(|summary| summary.authors), Some(2));
        assert_noop!(Bids::clear(signed(GRID), EVENT), Error::<Test>::TooFewAuthors);
        // WHEN a third makes a block THEN it can
        block_by(author(52));
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        // AND the count, no longer wanted, is dropped
        assert!(!GateAuthors::<Test>::contains_key(EVENT));
    });
}

#[test]
fn a_full_quorum_is_not_counted_on() {
    run(|| {
        // GIVEN a quorum since the gate
        assert_ok!(open(&[1_000]));
        at(GATE);
        blocks();
        // WHEN more authors follow THEN state does not grow
        block_by(author(60));
        assert_eq!(GateAuthors::<Test>::get(EVENT).len(), 3);
    });
}

#[test]
fn blocks_are_wanted_while_authors_are_missing_and_while_bonds_wait() {
    run(|| {
        // GIVEN an event THEN an open gate needs no blocks
        assert_ok!(open(&[1_000]));
        assert!(!Bids::has_work(Millis(GATE - 1)));
        // WHEN it closes THEN blocks are wanted until enough authors have made one
        assert!(Bids::has_work(Millis(GATE)));
        at(GATE);
        blocks();
        assert!(!Bids::has_work(Millis(GATE)));
        // WHEN the event is cleared THEN they are wanted until its bonds are worked off
        at(GATE + 5_000);
        assert_ok!(Bids::clear(signed(GRID), EVENT));
        assert!(Bids::has_work(Millis(GATE)));
        Bids::sweep(Weight::MAX);
        assert!(!Bids::has_work(Millis(GATE)));
    });
}

#[test]
fn blocks_without_an_author_count_for_nothing() {
    run(|| {
        // GIVEN a closed gate
        assert_ok!(open(&[1_000]));
        at(GATE);
        // WHEN a block has no known author THEN nothing is counted
        Author::kill();
        Bids::note_author();
        assert!(!GateAuthors::<Test>::contains_key(EVENT));
    });
}
