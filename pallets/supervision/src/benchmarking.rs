//! Benchmarks of every call, of a case that is opened, and of each kind of step of a walk.

use crate::{cases::Find, *};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::Get;
use frame_system::RawOrigin;
use loadstone_core::{
    traits::Directory, AccountId, BasisPoints, BoundedVec, CaseId, EventId, Millis, OrganisationId, ResourceId, Role,
    Watts,
};
use loadstone_market::{
    supervision::{
        feeder::{Nodes, MAX_NODES},
        Evidence, Reason, Report, Subject, SupervisionRules, Tally, MAX_ORGANISATIONS,
    },
    traits::Market,
};

/// What the benchmarks need of other pallets.
pub trait BenchmarkHelper {
    /// A registered account in this role.
    fn participant(role: Role) -> AccountId;
    /// A scored event of the greatest number of intervals with `resources` awarded resources of one owner, each with the
    /// greatest number of segments and a record. This pallet was not yet told that it is scored.
    fn scored_event(resources: u32) -> EventId;
}

fn reason() -> Reason {
    Reason::truncate_from(vec![b'r'; 256])
}

/// A case against an aggregator about no event, numbered by `count`.
fn case<T: Config>(count: u32) -> (CaseId, AccountId) {
    let account = T::BenchmarkHelper::participant(Role::Aggregator);
    let subject = Subject::Organisation(OrganisationId(count as u16));
    let evidence = Evidence::Equivocation { count };
    let find = Find { subject, account: account.clone(), event: Some(EventId(count)), evidence };
    (Pallet::<T>::open_case(find, None).expect("there is room"), account)
}

/// As many decided cases as are kept.
fn full_of_decided<T: Config>() {
    let regulator = T::BenchmarkHelper::participant(Role::Regulator);
    for count in 1..=T::KeepClosed::get() {
        let (id, _) = case::<T>(count);
        Pallet::<T>::do_clear(id, regulator.clone(), reason()).expect("it is open");
    }
}

fn scanned<T: Config>(resources: u32) -> EventId {
    let event = T::BenchmarkHelper::scored_event(resources);
    Scans::<T>::put(BoundedVec::<_, T::MaxScans>::truncate_from(vec![Scan::new(event)]));
    event
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_rules() {
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);
        let rules = SupervisionRules { cases_max: 1, ..SupervisionRules::plain() };

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), rules.clone());

        assert_eq!(Rules::<T>::get(), rules);
    }

    #[benchmark]
    fn declare_feeder() {
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);
        let event = T::BenchmarkHelper::scored_event(1);
        let feeder = T::Market::resource_at(event, 0).expect("the helper revealed it");

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), feeder, Nodes::Area);

        assert!(Feeders::<T>::contains_key(feeder));
    }

    #[benchmark]
    fn remove_feeder() {
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);
        let event = T::BenchmarkHelper::scored_event(1);
        let feeder = T::Market::resource_at(event, 0).expect("the helper revealed it");
        Pallet::<T>::do_declare_feeder(feeder, Nodes::Area).expect("it is sound");

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), feeder);

        assert!(!Feeders::<T>::contains_key(feeder));
    }

    #[benchmark]
    fn report() {
        let event = T::BenchmarkHelper::scored_event(MAX_NODES + 1);
        let mut ids: Vec<ResourceId> =
            (0..=MAX_NODES).filter_map(|index| T::Market::resource_at(event, index)).collect();
        ids.sort();
        let feeder = ids.remove(0);
        let owner = T::Directory::resource(feeder).expect("the helper registered it").owner;
        Pallet::<T>::do_declare_feeder(feeder, Nodes::Named(BoundedVec::truncate_from(ids))).expect("they are sound");
        Rules::<T>::put(SupervisionRules { feeder_loss: BasisPoints(1), ..SupervisionRules::plain() });

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), Report::Feeder { event, feeder });

        assert_eq!(OpenCases::<T>::get(), 1);
    }

    #[benchmark]
    fn freeze() {
        let (id, account) = case::<T>(0);
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), id, reason());

        assert_eq!(Freezes::<T>::get(account).open, 1);
    }

    #[benchmark]
    fn appeal() {
        let (id, account) = case::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(account), id, reason());

        assert_eq!(Cases::<T>::get(id).map(|case| case.steps.len()), Some(2));
    }

    #[benchmark]
    fn uphold() {
        full_of_decided::<T>();
        let (id, account) = case::<T>(0);
        Pallet::<T>::do_appeal(id, account.clone(), reason()).expect("it is the subject");
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), id, reason());

        assert_eq!((OpenCases::<T>::get(), Freezes::<T>::get(account).upheld), (0, true));
    }

    #[benchmark]
    fn clear() {
        full_of_decided::<T>();
        let (id, account) = case::<T>(0);
        let regulator = T::BenchmarkHelper::participant(Role::Regulator);
        Pallet::<T>::do_freeze(id, regulator.clone(), reason()).expect("it is flagged");

        #[extrinsic_call]
        _(RawOrigin::Signed(regulator), id, reason());

        assert_eq!((OpenCases::<T>::get(), Freezes::<T>::contains_key(account)), (0, false));
    }

    #[benchmark]
    fn flag() {
        #[block]
        {
            case::<T>(1);
        }

        assert_eq!(OpenCases::<T>::get(), 1);
    }

    #[benchmark]
    fn scan_chunk(r: Linear<0, SCAN_CHUNK>) {
        let event = scanned::<T>(r);
        // Without its cases, which weigh by themselves.
        Rules::<T>::put(SupervisionRules { cases_max: 0, ..SupervisionRules::plain() });

        #[block]
        {
            Pallet::<T>::scan_step();
        }

        assert!(r == 0 || TalliesOf::<T>::contains_key(event));
    }

    #[benchmark]
    fn finish_scan(o: Linear<0, MAX_ORGANISATIONS>) {
        let event = scanned::<T>(1);
        Rules::<T>::put(SupervisionRules { cases_max: 0, ..SupervisionRules::plain() });
        Pallet::<T>::scan_step();
        let details = T::Market::event(event).expect("the helper made it");
        let account: AccountId = account("organisation", 0, 0);
        let tally = |index: u32| Tally {
            offered: Watts(1_000),
            awarded: Watts(500),
            ..Tally::new(OrganisationId(index as u16), account.clone())
        };
        let tallies = |count: u32| Tallies::truncate_from((0..count).map(tally).collect());
        TalliesOf::<T>::insert(event, tallies(o));
        // Other events at the same time, each with as many organisations as can be.
        let others = (1..=KEEP_EVENTS).map(|index| EventId(event.0.saturating_add(index))).collect::<Vec<_>>();
        others.iter().for_each(|other| TalliesOf::<T>::insert(other, tallies(MAX_ORGANISATIONS)));
        let recent = |event: &EventId| Recent { event: *event, start: Millis(0), end: Millis(u64::MAX) };
        let recents = Recents::truncate_from(others.iter().map(recent).collect());
        RecentEvents::<T>::insert(details.area, details.direction, recents);

        #[block]
        {
            Pallet::<T>::scan_step();
        }

        assert!(!Pallet::<T>::has_work());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
