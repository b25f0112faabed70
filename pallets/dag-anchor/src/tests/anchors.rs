//! Accepting anchors, and refusing every kind of bad one.

use crate::{mock::*, Anchors, Call, Error, Event, Latest, Pallet, Peaks};
use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::RawOrigin,
    pallet_prelude::{Authorize, TransactionSource},
};
use loadstone_core::{traits::AnchorLog, AnchorNumber, ChangeNotice, Hash, Millis, MmrProof, CHANGE_ENGINE_ID};
use loadstone_dag::Anchor;
use sp_runtime::{
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    DigestItem, DispatchError,
};

fn refusal(anchor: &Anchor, members: &[u16]) -> Option<InvalidTransaction> {
    let call = Call::<Test>::submit_anchor { anchor: anchor.clone(), certificate: certificate(anchor, members) };
    match call.authorize(TransactionSource::External)? {
        Err(TransactionValidityError::Invalid(invalid)) => Some(invalid),
        _ => None,
    }
}

fn code(error: Error<Test>) -> Option<InvalidTransaction> {
    Some(InvalidTransaction::Custom(crate::committee::error_code(&error)))
}

#[test]
fn a_certified_anchor_becomes_the_latest() {
    run(|| {
        // GIVEN the first anchor, signed by three of four members
        let anchor = next_anchor();
        // WHEN it is submitted
        assert_ok!(submit(anchor.clone(), certificate(&anchor, &[0, 1, 3])));
        // THEN it is the latest, is kept, stands in the range, and everybody was told
        let (number, hash) = (AnchorNumber(1), anchor.hash());
        assert_eq!(Latest::<Test>::get(), Some(anchor.clone()));
        assert_eq!(Pallet::<Test>::anchor_hash(number), Some(hash));
        assert_eq!(Peaks::<Test>::get().leaves, 1);
        assert_eq!(told(), [(number, Millis(50_000))]);
        System::assert_last_event(Event::AnchorAccepted { number, hash, units: 10, readings: 100 }.into());
        let notice = DigestItem::Consensus(CHANGE_ENGINE_ID, ChangeNotice::Anchor(number).encode());
        assert_eq!(System::digest().logs, [notice]);
    });
}

#[test]
fn the_pool_holds_one_candidate_for_each_number() {
    run(|| {
        // GIVEN two candidates for the first anchor, with different certificates
        let (one, mut other) = (next_anchor(), next_anchor());
        other.units = 11;
        // WHEN both are validated
        let validity = |anchor: &Anchor, members: &[u16]| {
            let certificate = certificate(anchor, members);
            Pallet::<Test>::authorize_anchor(TransactionSource::External, anchor, &certificate).map(|(valid, _)| valid)
        };
        let one = validity(&one, &[0, 1, 2]).expect("valid");
        let other = validity(&other, &[1, 2, 3]).expect("valid");
        // THEN both provide the same tag, go before ordinary calls, spread, and do not linger
        assert_eq!(one.provides, vec![("anchor", AnchorNumber(1)).encode()]);
        assert_eq!(one.provides, other.provides);
        assert_eq!((one.priority, one.propagate, one.longevity), (1_000, true, 32));
    });
}

#[test]
fn numbers_have_no_gap_and_never_repeat() {
    run(|| {
        // GIVEN one accepted anchor
        let first = next_anchor();
        assert_ok!(submit(first.clone(), certificate(&first, &[0, 1, 2])));
        // WHEN it comes again, or one after the next comes
        let mut ahead = next_anchor();
        ahead.number = AnchorNumber(3);
        // THEN the first is stale and the other is ahead
        assert_eq!(refusal(&first, &[0, 1, 2]), Some(InvalidTransaction::Stale));
        assert_eq!(refusal(&ahead, &[0, 1, 2]), Some(InvalidTransaction::Future));
        assert_noop!(
            Pallet::<Test>::submit_anchor(RawOrigin::Authorized.into(), ahead.clone(), certificate(&ahead, &[0, 1, 2])),
            Error::<Test>::AnchorNumberAhead
        );
    });
}

#[test]
fn an_anchor_must_extend_the_latest_and_count_soundly() {
    run(|| {
        let with = |change: fn(&mut Anchor)| {
            let mut anchor = next_anchor();
            change(&mut anchor);
            refusal(&anchor, &[0, 1, 2])
        };
        // GIVEN anchors that each break one condition
        // THEN each is refused with that condition's code
        assert_eq!(with(|anchor| anchor.parent = Hash::repeat_byte(1)), code(Error::ParentMismatch));
        assert_eq!(with(|anchor| anchor.epoch = 1), code(Error::EpochMismatch));
        assert_eq!(with(|anchor| (anchor.units, anchor.readings) = (0, 0)), code(Error::NoUnits));
        assert_eq!(with(|anchor| anchor.heads = Some(Hash::zero())), code(Error::NotClosing));
        assert_eq!(with(|anchor| anchor.readings = 601), code(Error::CountsExceedUnits));
        assert_eq!(with(|anchor| (anchor.received, anchor.completed) = (6, 5)), code(Error::CountsExceedUnits));
        assert_eq!(with(|anchor| (anchor.received, anchor.completed) = (5, 4)), code(Error::CountsExceedUnits));
        assert_eq!(with(|anchor| anchor.readings = 600), None);
    });
}

#[test]
fn a_certificate_needs_more_than_two_thirds_of_distinct_members() {
    run(|| {
        let anchor = next_anchor();
        // GIVEN certificates of too few, of one member twice, out of order and of a stranger
        // THEN each is refused for its reason
        assert_eq!(refusal(&anchor, &[]), code(Error::CertificateBelowQuorum));
        assert_eq!(refusal(&anchor, &[0, 1]), code(Error::CertificateBelowQuorum));
        assert_eq!(refusal(&anchor, &[0, 1, 1]), code(Error::CertificateMembersInvalid));
        assert_eq!(refusal(&anchor, &[0, 2, 1]), code(Error::CertificateMembersInvalid));
        assert_eq!(refusal(&anchor, &[0, 1, 4]), code(Error::CertificateMembersInvalid));
    });
}

#[test]
fn one_bad_signature_spoils_a_certificate() {
    run(|| {
        // GIVEN a certificate whose last signature is over another anchor
        let anchor = next_anchor();
        let mut other = anchor.clone();
        other.units = 12;
        let mut signatures = certificate(&anchor, &[0, 1, 2, 3]);
        signatures[3].1 = certificate(&other, &[3])[0].1;
        // WHEN it is validated
        let result = Pallet::<Test>::authorize_anchor(TransactionSource::External, &anchor, &signatures);
        // THEN its proof is bad
        assert_eq!(result.err(), Some(InvalidTransaction::BadProof.into()));
    });
}

#[test]
fn nobody_submits_without_authorisation() {
    run(|| {
        // GIVEN a certified anchor
        let anchor = next_anchor();
        // WHEN a signed account or an unchecked origin dispatches it
        // THEN the origin is refused
        for origin in [RawOrigin::Signed(REPORTER), RawOrigin::None, RawOrigin::Root] {
            let signatures = certificate(&anchor, &[0, 1, 2]);
            assert_noop!(
                Pallet::<Test>::submit_anchor(origin.into(), anchor.clone(), signatures),
                DispatchError::BadOrigin
            );
        }
    });
}

#[test]
fn old_anchors_are_pruned_and_stay_provable() {
    run(|| {
        // GIVEN more anchors than are kept
        let mut hashes = Vec::new();
        for _ in 0..KEEP + 3 {
            let anchor = next_anchor();
            hashes.push(anchor.hash());
            assert_ok!(submit(anchor.clone(), certificate(&anchor, &[1, 2, 3])));
        }
        // THEN only the newest are kept
        assert_eq!(Anchors::<Test>::iter().count() as u32, KEEP);
        assert_eq!(Pallet::<Test>::anchor_hash(AnchorNumber(3)), None);
        assert_eq!(Pallet::<Test>::latest_anchor(), AnchorNumber(KEEP + 3));
        // AND the first is still proved by the range
        let proof = MmrProof::new(&hashes, 0).expect("a leaf");
        assert!(loadstone_core::verify_mmr(&Pallet::<Test>::range_root(), hashes[0], &proof));
    });
}
