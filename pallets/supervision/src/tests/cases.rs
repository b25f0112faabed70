//! The way of a case: flagged, frozen, appealed, decided.

use crate::{cases::Find, mock::*, CaseOf, Cases, Error, Event, Freezes, OpenCases, OutcomesOf, Pallet};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{CaseId, EventId, OrganisationId};
use loadstone_market::supervision::{CasePhase, Evidence, Outcomes, Subject, SupervisionRules, Suspicion};

/// A case against NORTH about event `event`.
fn flag(event: u32) -> CaseId {
    let subject = Subject::Organisation(OrganisationId(3));
    let evidence = Evidence::Equivocation { count: 1 };
    let find = Find { subject, account: NORTH, event: Some(EventId(event)), evidence };
    Pallet::<Test>::open_case(find, None).expect("there is room")
}

fn by(who: loadstone_core::AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

fn phase(id: CaseId) -> Option<CasePhase> {
    Supervision::case(id).map(|case| case.phase())
}

#[test]
fn a_case_goes_from_flag_to_an_upheld_decision() {
    run(|| {
        // GIVEN a case
        let id = flag(0);
        assert_eq!((phase(id), OpenCases::<Test>::get()), (Some(CasePhase::Flagged), 1));
        // WHEN the regulator freezes, the subject appeals though frozen, and the regulator upholds
        assert_ok!(Supervision::freeze(by(REGULATOR), id, why("it goes on")));
        assert!(is_frozen(&NORTH));
        wait(1_000);
        assert_ok!(Supervision::appeal(by(NORTH), id, why("our meter was changed")));
        assert_ok!(Supervision::uphold(by(REGULATOR), id, why("it was not")));
        // THEN each step stands with who, when and why
        let case = Supervision::case(id).expect("it is kept");
        let steps: Vec<_> = case.steps.iter().map(|step| (step.phase, step.by.clone(), step.at.0 - START)).collect();
        assert_eq!(
            steps,
            [
                (CasePhase::Flagged, None, 0),
                (CasePhase::Frozen, Some(REGULATOR), 0),
                (CasePhase::Appealed, Some(NORTH), 1_000),
                (CasePhase::Upheld, Some(REGULATOR), 1_000),
            ]
        );
        assert_eq!(case.steps[2].reason, why("our meter was changed"));
        // AND the account stays frozen, and the outcome is counted
        assert!(is_frozen(&NORTH));
        let outcomes = OutcomesOf::<Test>::get(Subject::Organisation(OrganisationId(3)));
        assert_eq!((outcomes, OpenCases::<Test>::get()), (Outcomes { cleared: 0, upheld: 1 }, 0));
        System::assert_last_event(Event::CaseUpheld { case: id, account: NORTH, by: REGULATOR }.into());
        // AND no step follows a decision
        assert_noop!(Supervision::clear(by(REGULATOR), id, why("sorry")), Error::<Test>::CaseClosed);
        assert_noop!(Supervision::appeal(by(NORTH), id, why("again")), Error::<Test>::CaseClosed);
    });
}

#[test]
fn a_case_that_is_cleared_lifts_its_freeze() {
    run(|| {
        // GIVEN two cases that keep an account frozen
        let (first, second) = (flag(0), flag(1));
        assert_ok!(Supervision::freeze(by(REGULATOR), first, why("it goes on")));
        assert_ok!(Supervision::freeze(by(REGULATOR), second, why("this, too")));
        // WHEN one is cleared THEN the other keeps it frozen
        assert_ok!(Supervision::clear(by(REGULATOR), first, why("a broken line")));
        assert!(is_frozen(&NORTH));
        // WHEN the other is, too THEN it is free
        assert_ok!(Supervision::clear(by(REGULATOR), second, why("the same line")));
        assert!(!is_frozen(&NORTH) && !Freezes::<Test>::contains_key(NORTH));
        // AND a case that froze nobody releases nobody
        let third = flag(2);
        let upheld = flag(3);
        assert_ok!(Supervision::appeal(by(NORTH), upheld, why("no")));
        assert_ok!(Supervision::uphold(by(REGULATOR), upheld, why("yes")));
        assert_ok!(Supervision::clear(by(REGULATOR), third, why("nothing in it")));
        assert!(is_frozen(&NORTH));
    });
}

#[test]
fn a_freeze_lifted_by_hand_counts_for_nothing_later() {
    run(|| {
        // GIVEN an upheld case, whose freeze the regulator lifted in the registry
        let upheld = flag(0);
        assert_ok!(Supervision::appeal(by(NORTH), upheld, why("no")));
        assert_ok!(Supervision::uphold(by(REGULATOR), upheld, why("yes")));
        use loadstone_core::traits::Freezing;
        assert_ok!(Book::set_frozen(&REGULATOR, &NORTH, false));
        // WHEN another case freezes the account and is cleared
        let other = flag(1);
        assert_ok!(Supervision::freeze(by(REGULATOR), other, why("it goes on")));
        assert_ok!(Supervision::clear(by(REGULATOR), other, why("a broken line")));
        // THEN the account is free
        assert!(!is_frozen(&NORTH));
    });
}

#[test]
fn a_freeze_for_another_reason_is_no_cases() {
    run(|| {
        // GIVEN an account that the regulator froze in the registry
        use loadstone_core::traits::Freezing;
        assert_ok!(Book::set_frozen(&REGULATOR, &NORTH, true));
        // WHEN a case would freeze it, too THEN that is refused, so that clearing the case lifts nothing
        let id = flag(0);
        assert_noop!(Supervision::freeze(by(REGULATOR), id, why("it goes on")), Error::<Test>::AlreadyFrozen);
        assert_ok!(Supervision::clear(by(REGULATOR), id, why("nothing in it")));
        assert!(is_frozen(&NORTH));
    });
}

#[test]
fn a_freeze_lifted_by_hand_and_renewed_ends_with_the_last_open_case() {
    run(|| {
        // GIVEN two cases that froze an account, between which the regulator lifted it by hand
        use loadstone_core::traits::Freezing;
        let (first, second) = (flag(0), flag(1));
        assert_ok!(Supervision::freeze(by(REGULATOR), first, why("it goes on")));
        assert_ok!(Book::set_frozen(&REGULATOR, &NORTH, false));
        assert_ok!(Supervision::freeze(by(REGULATOR), second, why("again")));
        // WHEN the first is cleared THEN the second keeps it frozen, and only then is it free
        assert_ok!(Supervision::clear(by(REGULATOR), first, why("a broken line")));
        assert!(is_frozen(&NORTH));
        assert_ok!(Supervision::clear(by(REGULATOR), second, why("the same")));
        assert!(!is_frozen(&NORTH));
    });
}

#[test]
fn only_the_regulator_decides_and_only_the_subject_appeals() {
    run(|| {
        // GIVEN a case
        let id = flag(0);
        // THEN others may not take these steps
        assert_noop!(Supervision::freeze(by(GRID), id, why("no")), Error::<Test>::RoleNotHeld);
        assert_noop!(Supervision::uphold(by(NORTH), id, why("no")), Error::<Test>::RoleNotHeld);
        assert_noop!(Supervision::clear(by(STRANGER), id, why("no")), Error::<Test>::NotRegistered);
        assert_noop!(Supervision::appeal(by(SOUTH), id, why("no")), Error::<Test>::NotSubject);
        assert_noop!(Supervision::appeal(by(STRANGER), id, why("no")), Error::<Test>::NotSubject);
        // AND a step needs a reason and a case
        assert_noop!(Supervision::freeze(by(REGULATOR), id, why("")), Error::<Test>::NoReason);
        assert_noop!(Supervision::freeze(by(REGULATOR), CaseId(9), why("no")), Error::<Test>::UnknownCase);
        // AND another account of the subject's organisation speaks for it, once
        assert_ok!(Supervision::appeal(by(NORTHERN), id, why("we object")));
        assert_noop!(Supervision::appeal(by(NORTH), id, why("so do I")), Error::<Test>::WrongPhase);
        assert_noop!(Supervision::freeze(by(REGULATOR), id, why("too late")), Error::<Test>::WrongPhase);
    });
}

#[test]
fn the_subject_is_heard_in_its_time() {
    run(|| {
        // GIVEN a case and a day to appeal
        rule(SupervisionRules { appeal_ms: 86_400_000, ..off() });
        let id = flag(0);
        // WHEN the regulator upholds at once THEN it must wait for the subject
        assert_noop!(Supervision::uphold(by(REGULATOR), id, why("clear enough")), Error::<Test>::AppealOpen);
        wait(86_400_000);
        assert_noop!(Supervision::uphold(by(REGULATOR), id, why("clear enough")), Error::<Test>::AppealOpen);
        // WHEN the time is over THEN the subject is too late, unless a freeze gives it new time
        wait(1);
        assert_noop!(Supervision::appeal(by(NORTH), id, why("wait")), Error::<Test>::AppealOver);
        assert_ok!(Supervision::freeze(by(REGULATOR), id, why("it goes on")));
        assert_noop!(Supervision::uphold(by(REGULATOR), id, why("clear enough")), Error::<Test>::AppealOpen);
        wait(86_400_001);
        assert_ok!(Supervision::uphold(by(REGULATOR), id, why("clear enough")));
        assert_eq!(phase(id), Some(CasePhase::Upheld));
    });
}

#[test]
fn one_find_is_one_case_and_old_decisions_are_counts() {
    run(|| {
        // GIVEN a case about an event
        let first = flag(0);
        let again = Find {
            subject: Subject::Organisation(OrganisationId(3)),
            account: NORTH,
            event: Some(EventId(0)),
            evidence: Evidence::Equivocation { count: 2 },
        };
        // WHEN the same is found again THEN there is no second case
        assert_eq!(Pallet::<Test>::open_case(again, None), Err(Error::<Test>::AlreadyFlagged));
        // WHEN it and two more are decided, and two decisions are kept
        for id in [first, flag(1), flag(2)] {
            assert_ok!(Supervision::clear(by(REGULATOR), id, why("nothing in it")));
        }
        // THEN the oldest is a count only
        assert_eq!((phase(first), Cases::<Test>::iter().count()), (None, KEEP_CLOSED as usize));
        let subject = Subject::Organisation(OrganisationId(3));
        assert_eq!(Supervision::outcomes_of(subject.clone()), Outcomes { cleared: 3, upheld: 0 });
        let place = |event| (Suspicion::Equivocation, subject.clone(), Some(EventId(event)));
        assert!(!CaseOf::<Test>::contains_key(place(0)) && CaseOf::<Test>::contains_key(place(1)));
    });
}

#[test]
fn no_more_cases_are_open_than_allowed() {
    run(|| {
        // GIVEN as many open cases as allowed
        for event in 0..MAX_OPEN {
            flag(event);
        }
        assert_eq!(Supervision::open_cases().len(), MAX_OPEN as usize);
        // WHEN one more is found THEN it is told and not opened
        let subject = Subject::Organisation(OrganisationId(3));
        let (event, evidence) = (Some(EventId(9)), Evidence::Equivocation { count: 1 });
        let find = Find { subject: subject.clone(), account: NORTH, event, evidence };
        assert_eq!(Pallet::<Test>::open_case(find, None), Err(Error::<Test>::TooManyCases));
        System::assert_last_event(Event::CaseDropped { suspicion: Suspicion::Equivocation, subject, event }.into());
    });
}
