//! Epochs close and begin in order, and by force.

use crate::{
    mock::*, Committee, Epoch, EpochStart, EpochUnits, Error, Event, HandoverEnd, Latest, NextCommittee, Pallet,
    PastCommittees,
};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AnchorNumber, Member, OrganisationId};
use loadstone_dag::{Anchor, LedgerState};
use sp_core::Pair;
use sp_runtime::DispatchError;

const QUORUM: [u16; 3] = [0, 1, 2];

fn closing_for() -> Option<usize> {
    NextCommittee::<Test>::get().map(|next| next.len())
}

fn accounts(committee: &[Member]) -> Vec<u8> {
    committee.iter().map(|member| AsRef::<[u8]>::as_ref(&member.account)[0]).collect()
}

fn anchor_units(units: u32) {
    let anchor = Anchor { units, readings: units.into(), ..next_anchor() };
    assert_ok!(submit(anchor.clone(), certificate(&anchor, &QUORUM)));
}

fn close() -> Anchor {
    let closing = closing_anchor();
    assert_ok!(submit(closing.clone(), certificate(&closing, &QUORUM)));
    closing
}

#[test]
fn other_validators_close_the_epoch_and_sit_in_the_next() {
    run(|| {
        // GIVEN an epoch with an anchor
        anchor_units(10);
        let before = Committee::<Test>::get();
        // WHEN a session begins with more validators
        start_session(&validators(7));
        // THEN the epoch is closing, and who sits in it goes on, also with ordinary anchors
        System::assert_last_event(Event::EpochClosing { epoch: 0 }.into());
        assert_eq!(Committee::<Test>::get(), before);
        anchor_units(10);
        // WHEN the closing anchor comes, with nothing left to anchor
        let closing = close();
        // THEN the next epoch begins from it under the session's validators
        System::assert_has_event(Event::EpochBegan { epoch: 1, members: 7 }.into());
        let committee = Committee::<Test>::get();
        assert_eq!(accounts(&committee), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(committee[6].organisation, OrganisationId(7));
        assert_eq!((PastCommittees::<Test>::get(0), EpochUnits::<Test>::get()), (Some(before), 0));
        let (start, latest) = (Some(closing.clone()), Some(closing));
        let ledger = LedgerState { epoch: 1, committee: committee.into_inner(), closing: false, start, latest };
        assert_eq!(Pallet::<Test>::ledger(), ledger);
        assert_eq!(told().len(), 3);
    });
}

#[test]
fn another_key_of_a_member_closes_the_epoch() {
    run(|| {
        // GIVEN the same validators, one with a new key
        let mut session = validators(4);
        session[3].1 = pair("new").public().into();
        // WHEN the session begins and the epoch closes
        start_session(&session);
        close();
        // THEN the new key sits
        assert_eq!(Committee::<Test>::get()[3].key, pair("new").public().0);
    });
}

#[test]
fn the_same_validators_in_any_order_close_nothing() {
    run(|| {
        // GIVEN the same validators in another order
        let mut session = validators(4);
        session.reverse();
        // WHEN a session begins with them THEN nothing closes
        start_session(&session);
        assert_eq!(closing_for(), None);
    });
}

#[test]
fn a_later_session_decides_who_sits_next() {
    run(|| {
        // GIVEN an epoch that closes for five validators
        start_session(&validators(5));
        System::reset_events();
        // WHEN a session of six begins, then one of the four that sit
        start_session(&validators(6));
        assert_eq!(closing_for(), Some(6));
        start_session(&validators(4));
        // THEN the epoch is closing all the same, which was said once, and the four sit again
        assert_eq!((closing_for(), System::events().len()), (Some(4), 0));
        close();
        assert_eq!((Epoch::<Test>::get(), Committee::<Test>::decode_len()), (1, Some(4)));
    });
}

#[test]
fn a_full_epoch_closes_for_the_same_committee() {
    run(|| {
        let before = Committee::<Test>::get();
        // GIVEN an epoch one unit short of full
        anchor_units(EPOCH_UNITS as u32 - 1);
        assert_eq!(closing_for(), None);
        // WHEN one more is anchored
        anchor_units(1);
        // THEN the epoch is closing, and the committee sits again
        System::assert_has_event(Event::EpochClosing { epoch: 0 }.into());
        assert_eq!(NextCommittee::<Test>::get(), Some(before.clone()));
        anchor_units(1);
        close();
        assert_eq!((Epoch::<Test>::get(), Committee::<Test>::get()), (1, before));
        // AND the next epoch closes for its number of anchors, counted from its start
        for _ in 1..EPOCH_ANCHORS {
            anchor_units(1);
        }
        assert_eq!(closing_for(), None);
        anchor_units(1);
        assert_eq!(closing_for(), Some(4));
    });
}

#[test]
fn an_epoch_closes_once_and_when_it_is_time() {
    run(|| {
        let late = |anchor: &Anchor| Pallet::<Test>::check_anchor(anchor);
        // GIVEN an epoch in its midst THEN no anchor closes it
        assert_eq!(late(&closing_anchor()), Err(Error::NotClosing));
        // GIVEN a closed epoch
        start_session(&validators(5));
        let mut straggler = next_anchor();
        close();
        // WHEN an ordinary or a closing anchor of it comes after that
        straggler.number = AnchorNumber(2);
        straggler.parent = next_anchor().parent;
        // THEN it is refused, and the next epoch does not close by itself
        assert_eq!(late(&straggler), Err(Error::EpochMismatch));
        assert_eq!(late(&Anchor { epoch: 0, ..closing_anchor() }), Err(Error::EpochMismatch));
        assert_eq!(late(&closing_anchor()), Err(Error::NotClosing));
        assert_eq!(late(&next_anchor()), Ok(()));
    });
}

#[test]
fn a_set_in_which_an_organisation_holds_a_third_is_not_seated() {
    run(|| {
        // GIVEN sessions of too few, of two members of one organisation among five, of strangers, of nobody
        let one_organisation_twice = [validator(0), validator(1), validator(2), validator(3), validator(40)];
        let stranger = (STRANGER, pair("stranger").public().into());
        let another = (STRANGER, pair("another").public().into());
        let strangers = [validator(0), validator(1), validator(2), stranger, another];
        for session in [&validators(3)[..], &one_organisation_twice, &strangers, &[]] {
            // WHEN one begins
            start_session(session);
            // THEN the committee stays, and that is announced
            System::assert_last_event(Event::CommitteeRefused { members: session.len() as u32 }.into());
            assert_eq!(closing_for(), None);
        }
        // WHEN a sound one begins THEN it is seated, and an unsound one after it does not take its place
        start_session(&validators(5));
        start_session(&validators(3));
        assert_eq!(closing_for(), Some(5));
    });
}

#[test]
fn a_development_chain_changes_its_only_key() {
    run(|| {
        // GIVEN a committee of one
        Committee::<Test>::kill();
        start_session(&validators(1));
        assert_eq!(Committee::<Test>::decode_len(), Some(1));
        // WHEN a session begins with another key of it THEN it sits next
        start_session(&[(member_account(0), pair("new").public().into())]);
        assert_eq!(closing_for(), Some(1));
    });
}

#[test]
fn committees_are_forgotten_in_their_order() {
    run(|| {
        // GIVEN more epochs than are kept, each of another committee
        for first in 1..=KEEP_EPOCHS as u8 + 2 {
            start_session(&[validator(first), validator(first + 1), validator(first + 2), validator(first + 3)]);
            let closing = closing_anchor();
            let sitting = Committee::<Test>::get();
            let signatures: Vec<_> = (0..3u16)
                .map(|index| {
                    let member = u16::from(accounts(&sitting)[usize::from(index)]);
                    (loadstone_core::MemberIndex(index), certificate(&closing, &[member])[0].1)
                })
                .collect();
            assert_ok!(submit(closing, signatures.try_into().expect("few members")));
        }
        // THEN the newest are kept, each under its epoch
        let epoch = Epoch::<Test>::get();
        assert_eq!(epoch, KEEP_EPOCHS + 2);
        for past in epoch - KEEP_EPOCHS..epoch {
            let committee = PastCommittees::<Test>::get(past).expect("it is kept");
            assert_eq!(u32::from(accounts(&committee)[0]), past);
        }
        assert_eq!(PastCommittees::<Test>::iter().count() as u32, KEEP_EPOCHS);
    });
}

#[test]
fn root_opens_closing_once() {
    run(|| {
        // GIVEN an epoch in its midst
        // WHEN anyone but Root asks for its end THEN it is refused
        let signed = RuntimeOrigin::signed(REPORTER);
        assert_noop!(Pallet::<Test>::force_close(signed), DispatchError::BadOrigin);
        // WHEN Root does THEN it is closing for the same committee, which can't be asked twice
        assert_ok!(Pallet::<Test>::force_close(RuntimeOrigin::root()));
        System::assert_last_event(Event::EpochClosing { epoch: 0 }.into());
        assert_eq!(NextCommittee::<Test>::get(), Some(Committee::<Test>::get()));
        assert_noop!(Pallet::<Test>::force_close(RuntimeOrigin::root()), Error::<Test>::AlreadyClosing);
    });
}

#[test]
fn root_begins_an_epoch_that_nobody_can_close() {
    run(|| {
        // GIVEN an anchored epoch that closes for other validators, in vain
        anchor_units(10);
        let latest = Latest::<Test>::get();
        start_session(&[validator(3), validator(4), validator(5), validator(6)]);
        assert_noop!(Pallet::<Test>::force_epoch(RuntimeOrigin::signed(REPORTER)), DispatchError::BadOrigin);
        // WHEN Root begins the next epoch
        assert_ok!(Pallet::<Test>::force_epoch(RuntimeOrigin::root()));
        // THEN it starts from the latest anchor under the others, and nobody hands over
        System::assert_last_event(Event::EpochBegan { epoch: 1, members: 4 }.into());
        assert_eq!(accounts(&Committee::<Test>::get()), [3, 4, 5, 6]);
        assert_eq!((EpochStart::<Test>::get(), closing_for()), (latest, None));
        assert_eq!((EpochUnits::<Test>::get(), HandoverEnd::<Test>::get()), (0, None));
        assert!(Pallet::<Test>::handing_over().is_none());
    });
}

#[test]
fn root_begins_an_epoch_before_any_anchor() {
    run(|| {
        // GIVEN an epoch without anchors WHEN Root ends it, even twice
        assert_ok!(Pallet::<Test>::force_epoch(RuntimeOrigin::root()));
        assert_ok!(Pallet::<Test>::force_epoch(RuntimeOrigin::root()));
        // THEN the same committee sits, and the first anchor is of the epoch in force
        assert_eq!((Epoch::<Test>::get(), EpochStart::<Test>::get()), (2, None));
        anchor_units(10);
        assert_eq!(Latest::<Test>::get().map(|anchor| (anchor.number, anchor.epoch)), Some((AnchorNumber(1), 2)));
    });
}
