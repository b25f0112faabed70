//! Disputed records: what is taken in a hearing, and how it is judged.

use crate::{
    mock::*, Convictions, Credits, Error, Event, Hearings, Pallet, Profiles, Records, Replaced, Scores, Shown,
};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{AccountId, EventId, Millis, ResourceId, Sequence, Watts};
use loadstone_dag::{LeafProof, ShownUnits};
use loadstone_market::{
    referee::Ruling,
    traits::{Market, Referee},
    EventRecord,
};
use showing::{opened_at, set_time, Life, FROZEN, WITNESS};
use sp_runtime::DispatchResult;

const RESOURCE: ResourceId = ResourceId(100);
/// End of the hearing.
const UNTIL: Millis = Millis(2_000_000);

/// A scored event of one resource. The record that its members signed says that it delivered `percent` of its quota.
/// Its device wrote:
/// place 0: a minute of 90 kW, in the first anchor; 1: a minute of 50 kW, in the second, with which the event was
/// opened; 2 to 5: a minute of each interval with the quota delivered, in anchors 3 and 4; 6: a minute after it, in
/// anchor 5, which is the cut-off; 7: later, in anchor 6.
fn disputed(percent: i64) -> (EventId, Life) {
    let event = dispatch(1);
    opened_at(event, 2);
    for _ in 0..4 {
        accept_anchor(Millis(0));
    }
    accept_anchor(DUE);
    accept_anchor(DUE);
    assert_ok!(submit(chunk(event, 0, |_| percent)));
    blocks(1);
    let mut life = Life::of(100, 0);
    life.push(1, 800_000, 90_000, 60);
    life.push(2, 900_000, 50_000, 60);
    let quotas = Records::<Test>::get(event, RESOURCE).expect("recorded").quota;
    for (interval, quota) in quotas.iter().enumerate() {
        life.push(3 + interval as u32 / 2, 1_000_000 + 60_000 * interval as u64, 50_000 - quota.0, 60);
    }
    life.push(5, 1_240_000, 50_000, 60);
    life.push(6, 1_300_000, 50_000, 60);
    Pallet::<Test>::hear(event, RESOURCE, 0, UNTIL);
    (event, life)
}

fn show(event: EventId, units: ShownUnits, proof: Option<Box<LeafProof>>) -> DispatchResult {
    ExecutionScore::show_units(RuntimeOrigin::signed(WITNESS), event, RESOURCE, units, proof)
}

/// Shows everything that counts, and that nothing is missing.
fn show_all(event: EventId, life: &Life) {
    assert_ok!(show(event, life.units(4..=6), life.proof(6)));
    assert_ok!(show(event, life.units(7..=7), life.proof(7)));
    assert_ok!(show(event, life.units(2..=2), life.proof(2)));
    assert_ok!(show(event, life.units(1..=3), None));
    assert_ok!(show(event, life.units(1..=1), life.proof(1)));
}

fn record(event: EventId) -> EventRecord {
    Records::<Test>::get(event, RESOURCE).expect("recorded")
}

fn judge(event: EventId) -> Ruling {
    let ruling = Pallet::<Test>::judge(event, RESOURCE);
    // Nothing of a hearing outlasts it.
    assert_eq!((Hearings::<Test>::iter().count(), Shown::<Test>::iter().count()), (0, 0));
    ruling
}

#[test]
fn a_wrong_record_is_put_right_and_convicts_its_signers() {
    run(|| {
        // GIVEN a delivery in full that was recorded as nothing at all, a default
        let (event, life) = disputed(0);
        let wrong = record(event);
        assert_eq!(Credits::<Test>::get(RESOURCE).map(|credit| credit.defaults), Some(1));
        // WHEN all its units are shown
        show_all(event, &life);
        assert_eq!(judge(event), Ruling::Convicted);
        // THEN the right record stands in its place, scored, and the wrong one is kept
        assert_eq!(record(event).delivered, record(event).quota);
        assert_eq!(record(event).baseline.to_vec(), vec![Watts(50_000); 4]);
        assert_eq!(Replaced::<Test>::get(event, RESOURCE), Some(wrong));
        assert_eq!(Scores::<Test>::get(event, RESOURCE).map(|score| score.accuracy.0), Some(10_000));
        // AND its standing has learnt of it
        let credit = Credits::<Test>::get(RESOURCE).expect("it was scored");
        assert_eq!((credit.events, credit.in_a_row, credit.barred_until), (2, 0, Millis(0)));
        assert_eq!(Profiles::<Test>::get(RESOURCE).map(|profile| profile.events), Some(2));
        // AND each of the three members that signed is convicted
        let convicted = |index: u8| Convictions::<Test>::get(AccountId::new([50 + index; 32]), (event, RESOURCE));
        assert_eq!([0, 1, 2, 3].map(convicted), [Some(5), Some(5), Some(5), None]);
        let who = AccountId::new([50; 32]);
        System::assert_has_event(Event::SignerConvicted { who, event, resource: RESOURCE }.into());
    });
}

#[test]
fn a_right_record_stands_whatever_is_shown() {
    run(|| {
        // GIVEN a record that the referee has put right
        let (event, life) = disputed(0);
        show_all(event, &life);
        assert_eq!(judge(event), Ruling::Convicted);
        // WHEN it is heard again
        Pallet::<Test>::hear(event, RESOURCE, 0, UNTIL);
        show_all(event, &life);
        // THEN it is confirmed
        let right = record(event);
        assert_eq!((judge(event), record(event)), (Ruling::Confirmed, right));
        // AND without a showing, or with one that ends before the opening, nothing is proven
        Pallet::<Test>::hear(event, RESOURCE, 0, UNTIL);
        assert_eq!(judge(event), Ruling::Unproven);
        Pallet::<Test>::hear(event, RESOURCE, 0, UNTIL);
        assert_ok!(show(event, life.units(3..=6), life.proof(6)));
        assert_eq!(judge(event), Ruling::Unproven);
    });
}

#[test]
fn a_showing_without_its_ends_convicts_nobody() {
    run(|| {
        // GIVEN a showing that keeps the last interval back, and nobody who shows more
        let (event, life) = disputed(0);
        assert_ok!(show(event, life.units(0..=4), life.proof(4)));
        assert_ok!(show(event, life.units(1..=1), life.proof(1)));
        // THEN the record is replaced by what was shown, and nobody is convicted
        assert_eq!(judge(event), Ruling::Corrected);
        assert_eq!(record(event).readings_valid, 180);
        assert_eq!(Convictions::<Test>::iter().count(), 0);
    });
}

#[test]
fn whoever_shows_a_later_end_supersedes_what_was_shown() {
    run(|| {
        // GIVEN a showing that keeps the last interval back
        let (event, life) = disputed(0);
        assert_ok!(show(event, life.units(0..=4), life.proof(4)));
        let first = Hearings::<Test>::get(event, RESOURCE).expect("it is heard");
        assert_eq!((first.readings, first.pages), (300, 1));
        // WHEN another shows the whole
        show_all(event, &life);
        // THEN that is what counts, and the shorter one is not taken again
        let heard = Hearings::<Test>::get(event, RESOURCE).and_then(|hearing| hearing.chain).expect("shown");
        assert_eq!((heard.first, heard.last, heard.is_exact()), (Sequence(1), Sequence(6), true));
        assert_ok!(show(event, life.units(0..=4), life.proof(4)));
        assert_eq!(Hearings::<Test>::get(event, RESOURCE).and_then(|hearing| hearing.chain), Some(heard));
        assert_eq!(judge(event), Ruling::Convicted);
        assert_eq!(record(event).readings_valid, 240);
    });
}

#[test]
fn readings_that_cannot_matter_are_not_kept() {
    run(|| {
        // GIVEN a showing of which it is known where the opening lies
        let (event, life) = disputed(0);
        assert_ok!(show(event, life.units(6..=6), life.proof(6)));
        assert_ok!(show(event, life.units(2..=2), life.proof(2)));
        // WHEN the rest follows THEN the minute after the window takes no room
        assert_ok!(show(event, life.units(1..=5), None));
        assert_eq!(Hearings::<Test>::get(event, RESOURCE).map(|hearing| hearing.readings), Some(300));
        // AND the record follows all the same
        assert_ok!(show(event, life.units(7..=7), life.proof(7)));
        assert_ok!(show(event, life.units(1..=1), life.proof(1)));
        assert_eq!(judge(event), Ruling::Convicted);
    });
}

#[test]
fn what_is_wrong_with_a_showing_is_told() {
    run(|| {
        let (event, life) = disputed(0);
        let by = |who| ExecutionScore::show_units(RuntimeOrigin::signed(who), event, RESOURCE, life.units(1..=6), None);
        // GIVEN strangers, no hearing, and no units THEN each is refused
        assert_noop!(by(AccountId::new([99; 32])), Error::<Test>::NotRegistered);
        assert_noop!(by(FROZEN), Error::<Test>::ParticipantFrozen);
        let other =
            ExecutionScore::show_units(RuntimeOrigin::signed(WITNESS), event, ResourceId(101), life.units(1..=6), None);
        assert_noop!(other, Error::<Test>::NotHeard);
        assert_noop!(show(event, ShownUnits::default(), None), Error::<Test>::NoUnits);
        // AND so are bytes, units of others, and units that do not follow each other
        let mut garbled = life.units(1..=2);
        garbled[1].truncate(9);
        assert_noop!(show(event, garbled, None), Error::<Test>::MalformedUnit);
        let mut stranger = Life::of(7, 0);
        stranger.push(20, 0, 1, 1);
        assert_noop!(show(event, stranger.units(0..=0), stranger.proof(0)), Error::<Test>::OtherChain);
        let mut gap = life.units(1..=3);
        gap.remove(1);
        assert_noop!(show(event, gap, life.proof(3)), Error::<Test>::BrokenChain);
        // AND so are proofs that do not hold
        let mut anchor = life.proof(6).expect("anchored");
        anchor.anchor.frontier = anchor_hash(1);
        assert_noop!(show(event, life.units(6..=6), Some(anchor)), Error::<Test>::AnchorUnproven);
        assert_noop!(show(event, life.units(5..=5), life.proof(6)), Error::<Test>::UnitUnproven);
        // AND so are units that are not linked to what was shown, too late, or of an earlier life
        assert_noop!(show(event, life.units(1..=2), None), Error::<Test>::NotLinked);
        assert_noop!(show(event, life.units(7..=7), life.proof(7)), Error::<Test>::AfterCutoff);
        assert_ok!(show(event, life.units(4..=6), life.proof(6)));
        assert_noop!(show(event, life.units(1..=2), None), Error::<Test>::NotLinked);
        let mut renewed = Life::of(100, 1);
        renewed.push(5, 1_240_000, 1, 1);
        assert_ok!(show(event, renewed.units(0..=0), renewed.proof(0)));
        assert_noop!(show(event, life.units(0..=0), life.proof(0)), Error::<Test>::EarlierLife);
        // WHEN the hearing is over THEN nothing more is taken
        set_time(UNTIL);
        assert_noop!(by(WITNESS), Error::<Test>::HearingOver);
    });
}

#[test]
fn a_hearing_takes_no_more_than_it_can_hold() {
    run(|| {
        // GIVEN a device that writes for a day and longer
        let (event, _) = disputed(0);
        let mut life = Life::of(100, 0);
        for unit in 0..1_500 {
            life.push(2, unit * 60_000, 50_000, 60);
        }
        // WHEN all of it is shown
        assert_ok!(show(event, life.units(1_372..=1_499), life.proof(1_499)));
        let mut end = 1_371usize;
        let refused = loop {
            match show(event, life.units(end.saturating_sub(127)..=end), None) {
                Ok(()) => end -= 128,
                Err(error) => break error,
            }
        };
        // THEN a day is taken and no more
        assert_eq!(refused, Error::<Test>::TooManyReadings.into());
        let hearing = Hearings::<Test>::get(event, RESOURCE).expect("it is heard");
        assert!((78_720..=86_400).contains(&hearing.readings), "{hearing:?}");
        assert!(Events::event(event).is_some());
    });
}
