//! Equivocation evidence against devices and members.

use crate::{mock::*, DeviceFaults, Error, Event, MemberFault, MemberFaults, Pallet};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{traits::Conviction, DeviceId, Hash, Incarnation, Level, Sequence};
use loadstone_dag::{Unit, Witness, WitnessContent};

const DEVICE: DeviceId = DeviceId(0);

fn report_units(first: Unit, second: Unit) -> frame_support::dispatch::DispatchResultWithPostInfo {
    Pallet::<Test>::report_device_fork(RuntimeOrigin::signed(REPORTER), Box::new(first), Box::new(second))
}

fn report_witnesses(first: Witness, second: Witness) -> frame_support::dispatch::DispatchResultWithPostInfo {
    Pallet::<Test>::report_member_fork(RuntimeOrigin::signed(REPORTER), Box::new(first), Box::new(second))
}

#[test]
fn two_units_in_one_slot_convict_the_device_once() {
    run(|| {
        // GIVEN two units of one device in one slot
        let signer = pair("device0");
        let fork = || (unit(DEVICE, 7, 1, &signer), unit(DEVICE, 7, 2, &signer));
        // WHEN a participant reports them
        let (first, second) = fork();
        let paid = report_units(first, second).expect("evidence holds").pays_fee;
        // THEN the fork is counted and announced, and costs the reporter nothing
        assert_eq!(paid, frame_support::dispatch::Pays::No);
        assert_eq!(DeviceFaults::<Test>::get(DEVICE).map(|fault| fault.count), Some(1));
        System::assert_last_event(
            Event::DeviceForkReported {
                device: DEVICE,
                incarnation: Incarnation(0),
                sequence: Sequence(7),
                reporter: REPORTER,
            }
            .into(),
        );
        // AND who listens hears of it
        assert_eq!(last_conviction(), Some(Conviction::DeviceFork { device: DEVICE, count: 1 }));
        // AND neither the same slot, in either order, nor an earlier one counts again
        let (first, second) = fork();
        assert_noop!(report_units(second, first), Error::<Test>::AlreadyReported);
        let earlier = (unit(DEVICE, 6, 1, &signer), unit(DEVICE, 6, 2, &signer));
        assert_noop!(report_units(earlier.0, earlier.1), Error::<Test>::AlreadyReported);
        // AND a later one does
        assert_ok!(report_units(unit(DEVICE, 8, 1, &signer), unit(DEVICE, 8, 2, &signer)));
        assert_eq!(DeviceFaults::<Test>::get(DEVICE).map(|fault| fault.count), Some(2));
    });
}

#[test]
fn false_evidence_against_a_device_is_refused() {
    run(|| {
        let (signer, other) = (pair("device0"), pair("device1"));
        let good = || unit(DEVICE, 7, 1, &signer);
        // GIVEN evidence that is no fork, or is not signed by the device
        // THEN each is refused for its reason
        assert_noop!(report_units(good(), good()), Error::<Test>::EvidenceIdentical);
        assert_noop!(report_units(good(), unit(DEVICE, 8, 2, &signer)), Error::<Test>::EvidenceUnrelated);
        assert_noop!(report_units(good(), unit(DEVICE, 7, 2, &other)), Error::<Test>::EvidenceSignatureInvalid);
        let unknown = DeviceId(9);
        assert_noop!(
            report_units(unit(unknown, 7, 1, &signer), unit(unknown, 7, 2, &signer)),
            Error::<Test>::UnknownDevice
        );
        let later = |watts| {
            let mut unit = unit(DEVICE, 7, watts, &signer);
            unit.content.slot.incarnation = Incarnation(1);
            unit
        };
        assert_noop!(report_units(later(1), later(2)), Error::<Test>::IncarnationMismatch);
        let mut large = good();
        large.content.references = vec![loadstone_dag::Reference::Unit(large.content.slot, Hash::zero()); 5];
        assert_noop!(report_units(large, good()), Error::<Test>::EvidenceTooLarge);
    });
}

/// Member 2's witness with something changed.
fn altered(level: u32, change: fn(&mut WitnessContent)) -> Witness {
    let signer = member_pair(2);
    let mut content = witness(2, level, 0, &signer).content;
    change(&mut content);
    sign_witness(content, &signer)
}

#[test]
fn two_witnesses_at_one_level_convict_the_member_once() {
    run(|| {
        // GIVEN two witnesses of one member at one level
        let signer = member_pair(2);
        // WHEN a participant reports them
        assert_ok!(report_witnesses(witness(2, 5, 0, &signer), witness(2, 5, 1, &signer)));
        // THEN the fork is counted and announced, once
        let (epoch, member, level) = (0, member_account(2), Level(5));
        System::assert_last_event(
            Event::MemberForkReported { epoch, member: member.clone(), level, reporter: REPORTER }.into(),
        );
        assert_eq!(MemberFaults::<Test>::get(&member), Some(MemberFault { count: 1, epoch, level }));
        assert_eq!(last_conviction(), Some(Conviction::MemberFork { member, count: 1 }));
        assert_noop!(
            report_witnesses(witness(2, 5, 1, &signer), witness(2, 5, 2, &signer)),
            Error::<Test>::AlreadyReported
        );
    });
}

#[test]
fn witnesses_that_leave_their_chain_convict_the_member() {
    run(|| {
        // GIVEN two witnesses after the same one, at levels 5 and 7
        let sibling = || altered(7, |content| content.previous = witness(2, 5, 0, &member_pair(2)).content.previous);
        // WHEN they are reported THEN the member is convicted at the higher level
        assert_ok!(report_witnesses(altered(5, |_| ()), sibling()));
        let fault = |count, level| Some(MemberFault { count, epoch: 0, level: Level(level) });
        assert_eq!(MemberFaults::<Test>::get(member_account(2)), fault(1, 7));
        // GIVEN a final witness and one above it WHEN they are reported THEN the member is convicted again
        let last = || altered(8, |content| content.last = true);
        assert_ok!(report_witnesses(altered(9, |_| ()), last()));
        assert_eq!(MemberFaults::<Test>::get(member_account(2)), fault(2, 9));
        // AND a final witness above another is no offence
        assert_noop!(report_witnesses(altered(7, |_| ()), last()), Error::<Test>::EvidenceUnrelated);
    });
}

#[test]
fn members_of_past_epochs_are_convicted_while_they_are_known() {
    run(|| {
        // GIVEN a committee that left, and the forks of its member 2 at levels 5 and 6
        let signer = member_pair(2);
        let report = |level| report_witnesses(witness(2, level, 0, &signer), witness(2, level, 1, &signer));
        start_session(&[validator(5), validator(6), validator(7), validator(8)]);
        let closing = closing_anchor();
        assert_ok!(submit(closing.clone(), certificate(&closing, &[0, 1, 2])));
        // WHEN the first is reported THEN it counts for the account
        assert_ok!(report(5));
        assert_eq!(MemberFaults::<Test>::get(member_account(2)).map(|fault| (fault.epoch, fault.count)), Some((0, 1)));
        // AND the same signatures say nothing of an epoch in which somebody else has that seat
        let later = |base| {
            let content = WitnessContent { epoch: 1, ..witness(2, 6, base, &signer).content };
            sign_witness(content, &signer)
        };
        assert_noop!(report_witnesses(later(0), later(1)), Error::<Test>::EvidenceSignatureInvalid);
        // WHEN the epoch is forgotten THEN the other is heard no more
        for _ in 0..KEEP_EPOCHS {
            assert_ok!(Pallet::<Test>::force_epoch(RuntimeOrigin::root()));
        }
        assert_noop!(report(6), Error::<Test>::UnknownEpoch);
    });
}

#[test]
fn false_evidence_against_a_member_is_refused() {
    run(|| {
        let (signer, other) = (member_pair(2), member_pair(3));
        let good = || witness(2, 5, 0, &signer);
        // GIVEN evidence that is no fork, or is not signed by the member
        // THEN each is refused for its reason
        assert_noop!(report_witnesses(good(), good()), Error::<Test>::EvidenceIdentical);
        assert_noop!(report_witnesses(good(), witness(2, 6, 1, &signer)), Error::<Test>::EvidenceUnrelated);
        assert_noop!(report_witnesses(good(), witness(3, 5, 1, &other)), Error::<Test>::EvidenceUnrelated);
        let elsewhere =
            |base| sign_witness(WitnessContent { epoch: 1, ..witness(2, 5, base, &signer).content }, &signer);
        assert_noop!(report_witnesses(good(), elsewhere(1)), Error::<Test>::EvidenceUnrelated);
        assert_noop!(report_witnesses(elsewhere(0), elsewhere(1)), Error::<Test>::UnknownEpoch);
        assert_noop!(report_witnesses(good(), witness(2, 5, 1, &other)), Error::<Test>::EvidenceSignatureInvalid);
        assert_noop!(
            report_witnesses(witness(8, 5, 0, &signer), witness(8, 5, 1, &signer)),
            Error::<Test>::UnknownMember
        );
        let mut large = good();
        large.content.units = vec![Hash::zero(); 1_025];
        assert_noop!(report_witnesses(large, good()), Error::<Test>::EvidenceTooLarge);
    });
}

#[test]
fn only_participants_in_good_standing_report() {
    run(|| {
        let signer = pair("device0");
        let report = |who| {
            Pallet::<Test>::report_device_fork(
                RuntimeOrigin::signed(who),
                Box::new(unit(DEVICE, 7, 1, &signer)),
                Box::new(unit(DEVICE, 7, 2, &signer)),
            )
        };
        // GIVEN true evidence from a stranger and from a frozen participant
        // THEN neither is heard
        assert_noop!(report(STRANGER), Error::<Test>::NotRegistered);
        assert_noop!(report(FROZEN), Error::<Test>::ParticipantFrozen);
    });
}
