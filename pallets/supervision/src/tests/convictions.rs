//! What other pallets found proven becomes a case by itself.

use crate::mock::*;
use frame_support::assert_ok;
use loadstone_core::{
    traits::{Conviction, OnConviction},
    AccountId, DeviceId, EventId, ResourceId,
};
use loadstone_market::supervision::{CasePhase, Evidence, Subject};

const MEMBER: AccountId = NORTHERN;

#[test]
fn forks_of_a_device_are_one_open_case_that_counts() {
    run(|| {
        // GIVEN a device that is convicted twice
        for count in [1, 2] {
            Supervision::on_conviction(Conviction::DeviceFork { device: DeviceId(5), count });
        }
        // THEN its resource has one case, for which the owner answers
        let [case] = &cases()[..] else { panic!("one case") };
        assert_eq!((&case.subject, &case.account), (&Subject::Resource(ResourceId(5)), &NORTH));
        assert_eq!((case.event, &case.evidence), (None, &Evidence::Equivocation { count: 2 }));
        // WHEN it is decided and the device forks again THEN that is a new case
        assert_ok!(Supervision::clear(RuntimeOrigin::signed(REGULATOR), case.id, why("restored from a copy")));
        Supervision::on_conviction(Conviction::DeviceFork { device: DeviceId(5), count: 3 });
        let phases: Vec<_> = cases().iter().map(|case| case.phase()).collect();
        assert_eq!(phases, [CasePhase::Cleared, CasePhase::Flagged]);
        // AND a device that is not registered has none
        Supervision::on_conviction(Conviction::DeviceFork { device: DeviceId(999), count: 1 });
        assert_eq!(cases().len(), 2);
    });
}

#[test]
fn members_answer_for_forks_and_for_wrong_records() {
    run(|| {
        // GIVEN a member that is convicted of a fork, and of one event's wrong records twice
        Supervision::on_conviction(Conviction::MemberFork { member: MEMBER, count: 1 });
        for resource in [1, 2] {
            let (event, resource) = (EventId(7), ResourceId(resource));
            Supervision::on_conviction(Conviction::WrongRecord { member: MEMBER, event, resource });
        }
        // THEN there is a case of each, with the first record named
        let found: Vec<_> = cases().into_iter().map(|case| (case.subject, case.event, case.evidence)).collect();
        let subject = Subject::Participant(MEMBER);
        let wrong = Evidence::WrongRecord { resource: ResourceId(1) };
        assert_eq!(
            found,
            [(subject.clone(), None, Evidence::Equivocation { count: 1 }), (subject, Some(EventId(7)), wrong)]
        );
    });
}

#[test]
fn the_weight_of_a_conviction_is_accounted_for() {
    run(|| {
        // GIVEN a block WHEN somebody is convicted THEN it is heavier by what a case costs
        let before = System::block_weight().total();
        Supervision::on_conviction(Conviction::MemberFork { member: MEMBER, count: 1 });
        let expected = <<Test as crate::Config>::WeightInfo as crate::WeightInfo>::flag();
        assert_eq!(System::block_weight().total(), before.saturating_add(expected));
    });
}
