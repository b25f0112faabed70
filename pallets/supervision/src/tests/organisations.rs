//! What an event says of its organisations.

use crate::{mock::*, HabitsOf, Rows};
use loadstone_core::{BasisPoints, Direction, OrganisationId, Price, ProgrammeId, Watts};
use loadstone_market::supervision::{Evidence, Subject, SupervisionRules, Suspicion};

const NORTHS: Subject = Subject::Organisation(OrganisationId(3));
const SOUTHS: Subject = Subject::Organisation(OrganisationId(4));

#[test]
fn too_much_in_one_hand_is_told_of_whoever_holds_it() {
    run(|| {
        // GIVEN two thirds of an event's awards with one organisation, and a limit of two thirds
        rule(SupervisionRules { share_max: BasisPoints(6_666), ..off() });
        let bids = [(1, 5_000, 400), (2, 5_000, 200), (101, 5_000, 300)];
        walk(open(&bids));
        // THEN that is within it
        assert_eq!(cases(), []);
        // WHEN it holds a watt more
        let event = open(&[(1, 5_000, 401), (2, 5_000, 200), (101, 5_000, 300)]);
        walk(event);
        // THEN it has a case, with the numbers
        let [case] = &cases()[..] else { panic!("one case") };
        assert_eq!((&case.subject, &case.account, case.event), (&NORTHS, &NORTH, Some(event)));
        let (awarded, total) = (Watts(601), Watts(901));
        let (share, hhi) = (BasisPoints(6_670), BasisPoints(4_449 + 1_108));
        assert_eq!(case.evidence, Evidence::Concentration { awarded, total, share, hhi });
    });
}

#[test]
fn the_same_bids_of_two_organisations_are_told_of_both() {
    run(|| {
        rule(SupervisionRules { alike_segments: 3, ..off() });
        // GIVEN three offers that two organisations share, in whatever order, over other resources
        let first = [(1, 4_000, 300), (2, 5_000, 200), (3, 6_000, 100)];
        let same = [(101, 6_000, 100), (102, 4_000, 300), (103, 5_000, 200)];
        walk(open(&[&first[..], &same[..]].concat()));
        // THEN each has a case that names the other
        let found: Vec<_> = cases().into_iter().map(|case| (case.subject, case.evidence)).collect();
        let alike = |other, mirrored| {
            let (other, segments, offered) = (OrganisationId(other), 3, Watts(600));
            Evidence::BidsAlike { other, segments, offered, mirrored }
        };
        assert_eq!(found, [(NORTHS, alike(4, false)), (SOUTHS, alike(3, false))]);
        // WHEN the same prices come with the same watts swapped THEN they are mirrored
        let swapped = [(101, 6_000, 300), (102, 4_000, 100), (103, 5_000, 200)];
        walk(open(&[&first[..], &swapped[..]].concat()));
        assert_eq!(cases().last().map(|case| case.evidence.clone()), Some(alike(3, true)));
        assert_eq!(cases().len(), 4);
        // AND one watt apart, or fewer offers, are nothing
        let apart = [(101, 6_000, 101), (102, 4_000, 300), (103, 5_000, 200)];
        walk(open(&[&first[..], &apart[..]].concat()));
        walk(open(&[&first[..2], &same[1..]].concat()));
        assert_eq!(cases().len(), 4);
    });
}

#[test]
fn where_the_price_is_fixed_bids_are_alike_by_rule() {
    run(|| {
        // GIVEN a programme that fixes the price, and equal bids of two organisations
        rule(SupervisionRules { alike_segments: 1, marginal_events: 1, ..off() });
        let event = open(&[(1, 5_000, 300), (101, 5_000, 300)]);
        change(event, |entry| entry.programme.price_floor = entry.programme.price_cap);
        walk(event);
        // THEN nothing is found, and nobody set the price
        assert_eq!((cases(), Rows::<Test>::get(AREA, ProgrammeId(1))), (vec![], None));
    });
}

#[test]
fn a_row_of_margins_in_one_hand_is_told_when_it_is_long() {
    run(|| {
        rule(SupervisionRules { marginal_events: 3, ..off() });
        let norths = [(1, 8_000, 300), (101, 5_000, 300)];
        let souths = [(1, 5_000, 300), (101, 8_000, 300)];
        // GIVEN two events whose margin NORTH holds, one of SOUTH's, and two more of NORTH's
        for bids in [norths, norths, souths, norths, norths] {
            walk(open(&bids));
        }
        // THEN the row was broken
        assert_eq!(cases(), []);
        // WHEN a third follows THEN it has a case, and the next ones don't multiply it
        walk(open(&norths));
        walk(open(&norths));
        let [case] = &cases()[..] else { panic!("one case") };
        let (price, watts) = (Price(8_000), Watts(300));
        let evidence = Evidence::MarginalSetting { events: 3, price, held: watts, bucket: watts };
        assert_eq!((&case.subject, &case.evidence), (&NORTHS, &evidence));
        assert_eq!(Rows::<Test>::get(AREA, ProgrammeId(1)).map(|row| row.events), Some(4));
    });
}

#[test]
fn an_organisation_that_offers_far_less_than_usual_withholds() {
    run(|| {
        rule(SupervisionRules { withheld_below: BasisPoints(5_000), usual_events: 2, ..off() });
        // GIVEN two events with 1,000 W of each
        let full = [(1, 5_000, 1_000), (101, 5_000, 1_000)];
        walk(open(&full));
        walk(open(&full));
        // WHEN one offers half THEN that is not far less
        walk(open(&[(1, 5_000, 500), (101, 5_000, 1_000)]));
        assert_eq!(cases(), []);
        // WHEN it offers less than half of what is now usual
        walk(open(&[(1, 5_000, 449), (101, 5_000, 1_000)]));
        let [case] = &cases()[..] else { panic!("one case") };
        let (usual, elsewhere, offered) = (Watts(900), Watts(0), Watts(449));
        assert_eq!((&case.subject, &case.evidence), (&NORTHS, &Evidence::Withholding { usual, elsewhere, offered }));
        // AND one that stays away is found, too, and its account known
        walk(open(&[(1, 5_000, 810)]));
        assert_eq!(cases().last().map(|case| (case.subject.clone(), case.account.clone())), Some((SOUTHS, SOUTH)));
    });
}

#[test]
fn what_is_offered_in_another_event_at_the_same_time_is_not_withheld() {
    run(|| {
        rule(SupervisionRules { withheld_below: BasisPoints(5_000), usual_events: 2, ..off() });
        // GIVEN what is usual
        for day in 0..2 {
            walk(open_on(day, &[(1, 5_000, 600), (2, 5_000, 400)]));
        }
        // WHEN an event takes most of it, and another one of the same hours the rest
        walk(open_on(5, &[(1, 5_000, 600)]));
        walk(open_on(5, &[(2, 5_000, 400)]));
        // THEN nothing is withheld, and what is usual counts both
        assert_eq!(cases(), []);
        let habits = HabitsOf::<Test>::get(AREA, Direction::Down);
        assert_eq!(habits.first().map(|habit| habit.usual), Some(Watts(936)));
        // WHEN the same is offered alone THEN the rest is missing
        walk(open_on(9, &[(2, 5_000, 400)]));
        assert_eq!(cases().first().map(|case| case.evidence.suspicion()), Some(Suspicion::Withholding));
    });
}
