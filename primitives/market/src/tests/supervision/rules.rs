//! Rules have ranges, and evidence has a name.

use super::*;
use codec::{DecodeAll, Encode, MaxEncodedLen};
use loadstone_core::{BoundedVec, CaseId, Millis};

#[test]
fn rules_to_begin_with_are_sound_and_others_have_their_ranges() {
    assert!(SupervisionRules::plain().is_sound());
    // GIVEN each rule just beyond its range THEN it is unsound
    type Change = fn(&mut SupervisionRules);
    let beyond: [Change; 8] = [
        |rules| rules.usual_weight = BasisPoints(0),
        |rules| rules.capacity_share = BasisPoints(0),
        |rules| rules.marginal_share = BasisPoints(5_000),
        |rules| rules.marginal_share = BasisPoints(10_001),
        |rules| rules.baseline_ratio = BasisPoints(9_999),
        |rules| rules.baseline_ratio = BasisPoints(100_001),
        |rules| rules.cases_max = MAX_EVENT_CASES + 1,
        |rules| rules.appeal_ms = u64::MAX,
    ];
    assert!(beyond.iter().all(|change| !rules(change).is_sound()));
    // AND zero switches detectors off and is sound
    assert!(rules(|rules| (rules.baseline_ratio, rules.share_max) = (bp(0), bp(0))).is_sound());
}

#[test]
fn a_case_is_of_its_evidence_and_fits_its_bound() {
    // GIVEN a case with as many steps as there can be
    let step = |phase, at| Step { phase, by: None, at: Millis(at), reason: Reason::truncate_from(vec![b'r'; 256]) };
    let steps = [
        step(CasePhase::Flagged, 1),
        step(CasePhase::Frozen, 5),
        step(CasePhase::Appealed, 7),
        step(CasePhase::Cleared, 9),
    ];
    let mut case = Case {
        id: CaseId(1),
        subject: Subject::Organisation(OrganisationId(1)),
        account: AccountId::new([1; 32]),
        event: None,
        evidence: Evidence::LoadOutOfRange { interval: 1, load: Watts(1), load_min: Watts(2), load_max: Watts(3) },
        steps: BoundedVec::truncate_from(steps.to_vec()),
    };
    // THEN it says what it is about and how far it is, within its bound
    assert_eq!(case.evidence.suspicion(), Suspicion::ImprobableReadings);
    assert_eq!((case.phase(), case.went_through(CasePhase::Frozen)), (CasePhase::Cleared, true));
    let bytes = case.encode();
    assert!(bytes.len() <= Case::max_encoded_len());
    assert_eq!(Case::decode_all(&mut &bytes[..]), Ok(case.clone()));
    // AND the time to appeal runs from the last thing that the subject was told before it did
    let rules = rules(|rules| rules.appeal_ms = 100);
    assert_eq!(case.appeal_until(&rules), Millis(105));
    case.steps.truncate(1);
    assert_eq!((case.appeal_until(&rules), case.phase().is_open()), (Millis(101), true));
}
