//! Benchmarks of every call, at its worst case.

use crate::{pallet::*, types::*};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use loadstone_core::{
    AccountId, AreaId, AvailabilityEpoch, BasisPoints, Direction, EventId, Millis, Price, ResourceId, Role, Watts,
};
use loadstone_market::{Limits, Order, OrderRule, Selection, Supply};

/// What benchmarks need of the runtime around dispatch.
pub trait BenchmarkHelper {
    /// A registered account in `role`; another for each seed.
    fn participant(seed: u32, role: Role) -> AccountId;
    /// A resource of `owner` in `area` with at least 10,000 W in both directions.
    fn resource(owner: &AccountId, area: AreaId) -> ResourceId;
    /// A cleared event of `opener` with a reserve, whose window begins at `start` and lasts ten seconds or longer.
    fn cleared_event(opener: &AccountId, area: AreaId, direction: Direction, start: Millis) -> EventId;
    /// Sets chain time.
    fn set_time(now: Millis);
}

const AREA: AreaId = AreaId(1);
const DOWN: Direction = Direction::Down;
const NOW: Millis = Millis(1_700_000_000_000);

fn grid<T: Config>() -> AccountId {
    T::BenchmarkHelper::set_time(NOW);
    T::BenchmarkHelper::participant(1, Role::GridCompany)
}

fn reason() -> Reason {
    Reason::truncate_from([b'r'; 64].to_vec())
}

/// An emergency order in force since the epoch of `NOW`.
fn ordered<T: Config>() -> AccountId {
    let grid = grid::<T>();
    let epoch = Pallet::<T>::epoch();
    let (target, limits) = (Watts(1), Limits::default());
    let rule =
        OrderRule::Emergency { epoch, changed: epoch, target, limits, cutoff_rank: 0, numerator: 1, denominator: 1 };
    let called = Supply { offered: target, expected: target };
    Selections::<T>::insert(AREA, DOWN, Selection { numerator: 1, denominator: 1, called, ..Selection::default() });
    let order = Order {
        area: AREA,
        direction: DOWN,
        sequence: 1,
        rule,
        start: NOW,
        end: NOW.after(60_000),
        issued_at: NOW,
        reference_anchor: Default::default(),
        reason: reason(),
    };
    Orders::<T>::insert(AREA, DOWN, order);
    grid
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn declare_availability() {
        // An entry for the order in force, one for the current epoch and one to replace, in other buckets.
        ordered::<T>();
        let owner = T::BenchmarkHelper::participant(2, Role::Aggregator);
        let resource = T::BenchmarkHelper::resource(&owner, AREA);
        for step in 0u64..3 {
            let offer = Offer { watts: Watts(1_000), price: Price(step * 1_000_000), response_ms: 0 };
            T::BenchmarkHelper::set_time(NOW.after(step * 20_000));
            assert!(Pallet::<T>::do_declare(owner.clone(), resource, DOWN, offer).is_ok());
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), resource, DOWN, Watts(9_000), Price(900_000_000), 50_000);
        let last = Availabilities::<T>::get(resource, DOWN).last().map(|entry| entry.watts);
        assert_eq!(last, Some(Watts(9_000)));
    }

    #[benchmark]
    fn dispatch_event() {
        let grid = ordered::<T>();
        let event = T::BenchmarkHelper::cleared_event(&grid, AREA, DOWN, NOW.after(1_000));
        #[extrinsic_call]
        _(RawOrigin::Signed(grid), event);
        assert_eq!(Orders::<T>::get(AREA, DOWN).map(|order| order.rule), Some(OrderRule::Event(event)));
    }

    #[benchmark]
    fn call_reserve() {
        let grid = ordered::<T>();
        let event = T::BenchmarkHelper::cleared_event(&grid, AREA, DOWN, NOW.after(1_000));
        assert!(Pallet::<T>::dispatch_event(RawOrigin::Signed(grid.clone()).into(), event).is_ok());
        #[extrinsic_call]
        _(RawOrigin::Signed(grid), event);
        assert_eq!(Orders::<T>::get(AREA, DOWN).map(|order| order.sequence), Some(3));
    }

    #[benchmark]
    fn dispatch_emergency() {
        // Something on offer at every rank, all of it called.
        let grid = ordered::<T>();
        let later = Supply { offered: Watts(10), expected: Watts(10) };
        let totals = BucketTotals { from: AvailabilityEpoch(0), earlier: Supply::default(), later };
        for number in 0..PAGES {
            let page = vec![totals; usize::from(PAGE_RANKS)];
            RankPages::<T>::insert((AREA, DOWN), number, Page::truncate_from(page));
        }
        let target = Watts(i64::from(RANKS) * 10);
        let limits = Limits { response_max_ms: Some(MAX_RESPONSE_MS), price_max: Some(Price(u64::MAX)) };
        #[extrinsic_call]
        _(RawOrigin::Signed(grid), AREA, DOWN, target, limits, NOW, NOW.after(10_000), reason());
        assert_eq!(Orders::<T>::get(AREA, DOWN).map(|order| order.sequence), Some(2));
    }

    #[benchmark]
    fn refresh_availability() {
        // An entry that was made of another standing than the newcomer's that stands.
        ordered::<T>();
        let owner = T::BenchmarkHelper::participant(2, Role::Aggregator);
        let resource = T::BenchmarkHelper::resource(&owner, AREA);
        let offer = Offer { watts: Watts(1_000), price: Price(1_000_000), response_ms: 0 };
        assert!(Pallet::<T>::do_declare(owner.clone(), resource, DOWN, offer).is_ok());
        Availabilities::<T>::mutate(resource, DOWN, |entries| {
            for entry in entries.iter_mut() {
                entry.reliability = BasisPoints(1);
            }
        });
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), resource, DOWN);
        let last = Availabilities::<T>::get(resource, DOWN).last().map(|entry| entry.reliability);
        assert_ne!(last, Some(BasisPoints(1)));
    }

    #[benchmark]
    fn release() {
        let grid = ordered::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(grid), AREA, DOWN, reason());
        assert_eq!(Orders::<T>::get(AREA, DOWN).map(|order| order.rule), Some(OrderRule::Release));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
