//! Benchmarks of every call and hook, at their worst cases.

use crate::{pallet::*, sweep::SWEEP_RESOURCES, types::*};
use alloc::{boxed::Box, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, BoundedVec};
use frame_system::RawOrigin;
use loadstone_core::{
    AccountId, AreaId, Balance, BasisPoints, Direction, EventId, Millis, Name, Price, ProgrammeId, ResourceId, Role,
    Watts, YUAN,
};
use loadstone_market::{
    seal, Areas, BidSheet, Needs, Offer, Phase, Pricing, Programme, ResourceBid, SplitRule, MAX_BID_RESOURCES,
    MAX_INTERVALS, MAX_PROGRAMME_AREAS, MAX_SEGMENTS,
};

/// What benchmarks need of the runtime around the market.
pub trait BenchmarkHelper {
    /// A registered account in `role` with at least ten million yuan; another for each seed.
    fn participant(seed: u32, role: Role) -> AccountId;
    /// A resource of `owner` in `area` with at least 10,000 W in both directions, standing
    /// availability in the direction down, and a customer since ever.
    fn resource(owner: &AccountId, area: AreaId) -> ResourceId;
    /// Sets chain time.
    fn set_time(now: Millis);
}

const AREA: AreaId = AreaId(1);
const ID: ProgrammeId = ProgrammeId(77);
const OPENED: Millis = Millis(1_700_000_000_000);
const GATE: Millis = OPENED.after(60_000);
const START: Millis = GATE.after(60_000);
const BUDGET: Balance = 1_000 * YUAN;

fn programme() -> Programme {
    Programme {
        name: Name::truncate_from([b'p'; 64].to_vec()),
        areas: Areas::truncate_from((0..MAX_PROGRAMME_AREAS as u16).map(AreaId).collect()),
        price_cap: Price(1_023),
        price_tick: Price(1),
        bid_min: Watts(1),
        settlement_interval_ms: 1_000,
        reveal_ms: 1_000,
        split: SplitRule { floor: Price(1), share: BasisPoints(1) },
        pot: 1_000 * BUDGET,
        ..Programme::plain()
    }
}

/// A grid company whose programme is published.
fn published<T: Config>() -> AccountId {
    T::BenchmarkHelper::set_time(OPENED);
    let opener = T::BenchmarkHelper::participant(1, Role::GridCompany);
    assert!(Pallet::<T>::publish_programme(RawOrigin::Signed(opener.clone()).into(), ID, Box::new(programme())).is_ok());
    opener
}

fn needs() -> Needs {
    Needs::truncate_from([Watts(1_000_000); MAX_INTERVALS as usize].to_vec())
}

/// An open event and its opener.
fn opened<T: Config>() -> (EventId, AccountId) {
    let opener = published::<T>();
    let event = NextEvent::<T>::get();
    let origin = RawOrigin::Signed(opener.clone()).into();
    let opening = Pallet::<T>::open_event(origin, ID, AREA, Direction::Down, needs(), START, GATE, BUDGET);
    assert!(opening.is_ok());
    (event, opener)
}

/// A sheet over `resources` with `offers` offers in all, each in a bucket of its own as far as there
/// are any.
fn sheet(resources: &[ResourceId], offers: u32) -> BidSheet {
    let each = (offers / resources.len().max(1) as u32).clamp(1, 4);
    let bids = resources.iter().zip(0u32..).map(|(resource, place)| {
        let offers = (0..each).map(|step| Offer { price: Price(u64::from(place * each + step)), watts: Watts(10) });
        ResourceBid { resource: *resource, offers: BoundedVec::truncate_from(offers.collect()) }
    });
    BidSheet::truncate_from(bids.collect())
}

/// A bidder with `count` resources, and its sheet.
fn bidder<T: Config>(count: u32, offers: u32) -> (AccountId, Vec<ResourceId>, BidSheet) {
    let who = T::BenchmarkHelper::participant(2, Role::Aggregator);
    let resources: Vec<_> = (0..count).map(|_| T::BenchmarkHelper::resource(&who, AREA)).collect();
    let sheet = sheet(&resources, offers);
    (who, resources, sheet)
}

/// An open event in which one bidder has committed.
fn committed<T: Config>(count: u32, offers: u32) -> (EventId, AccountId, BidSheet) {
    let (event, _) = opened::<T>();
    let (who, resources, sheet) = bidder::<T>(count, offers);
    let seal = seal(&Pallet::<T>::genesis_hash(), event, &who, &sheet, &[7; 32]);
    let origin = RawOrigin::Signed(who.clone()).into();
    assert!(Pallet::<T>::commit(origin, event, 0, seal, BoundedVec::truncate_from(resources)).is_ok());
    (event, who, sheet)
}

/// Enough authors since the gate.
fn fill_authors<T: Config>(event: EventId) {
    let mut authors = Authors::new();
    for seed in 0..MAX_AUTHORS {
        assert!(authors.try_insert(account("author", seed, 0)).is_ok());
    }
    GateAuthors::<T>::insert(event, authors);
}

/// A buyer under a programme of contracts, and a resource to buy from.
fn bilateral<T: Config>() -> (AccountId, ResourceId) {
    let buyer = published::<T>();
    let version = loadstone_core::ProgrammeVersion(1);
    Programmes::<T>::insert(ID, version, Programme { pricing: Pricing::Bilateral, ..programme() });
    let seller = T::BenchmarkHelper::participant(2, Role::Aggregator);
    (buyer, T::BenchmarkHelper::resource(&seller, AREA))
}

fn contract_needs() -> Needs {
    Needs::truncate_from([Watts(1_000); MAX_INTERVALS as usize].to_vec())
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn publish_programme() {
        let publisher = published::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(publisher), ID, Box::new(programme()));
        assert_eq!(LatestVersion::<T>::get(ID).map(|version| version.0), Some(2));
    }

    #[benchmark]
    fn open_event() {
        let opener = published::<T>();
        let event = NextEvent::<T>::get();
        #[extrinsic_call]
        _(RawOrigin::Signed(opener), ID, AREA, Direction::Down, needs(), START, GATE, BUDGET);
        assert!(Events::<T>::contains_key(event));
    }

    #[benchmark]
    fn commit(r: Linear<1, MAX_BID_RESOURCES>) {
        let (event, _) = opened::<T>();
        let (who, resources, _) = bidder::<T>(r, r);
        let resources = BoundedVec::truncate_from(resources);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), event, 0, T::Hash::default(), resources);
        assert!(Commitments::<T>::contains_key(event, (who, 0)));
        assert_eq!(EventCustomers::<T>::iter_prefix(event).count() as u32, r);
    }

    #[benchmark]
    fn withdraw() {
        let (event, who, _) = committed::<T>(MAX_BID_RESOURCES, MAX_BID_RESOURCES);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), event, 0);
        assert!(!Commitments::<T>::contains_key(event, (who, 0)));
    }

    #[benchmark]
    fn reveal(r: Linear<1, MAX_BID_RESOURCES>, s: Linear<1, { MAX_BID_RESOURCES * MAX_SEGMENTS }>) {
        let (event, who, sheet) = committed::<T>(r, s);
        T::BenchmarkHelper::set_time(GATE);
        #[extrinsic_call]
        _(RawOrigin::Signed(who), event, 0, sheet, [7; 32]);
        assert_eq!(EventResourceCount::<T>::get(event), r);
    }

    #[benchmark]
    fn clear(b: Linear<1, 1_024>) {
        let (event, opener) = opened::<T>();
        let version = loadstone_core::ProgrammeVersion(1);
        Programmes::<T>::insert(ID, version, Programme { price_cap: Price(u64::from(b) - 1), ..programme() });
        (0..b).for_each(|bucket| Buckets::<T>::insert(event, bucket, Watts(10)));
        fill_authors::<T>(event);
        T::BenchmarkHelper::set_time(START);
        #[extrinsic_call]
        _(RawOrigin::Signed(opener), event);
        assert!(Clearings::<T>::contains_key(event));
    }

    #[benchmark]
    fn cancel() {
        let (event, opener) = opened::<T>();
        fill_authors::<T>(event);
        #[extrinsic_call]
        _(RawOrigin::Signed(opener), event);
        assert_eq!(Events::<T>::get(event).map(|event| event.phase), Some(Phase::Cancelled));
    }

    #[benchmark]
    fn offer_contract() {
        let (buyer, resource) = bilateral::<T>();
        let event = NextEvent::<T>::get();
        #[extrinsic_call]
        _(RawOrigin::Signed(buyer), ID, resource, Direction::Up, contract_needs(), START, Price(1));
        assert!(Contracts::<T>::contains_key(event));
    }

    #[benchmark]
    fn accept_contract() {
        let (buyer, resource) = bilateral::<T>();
        let (event, origin) = (NextEvent::<T>::get(), RawOrigin::Signed(buyer).into());
        let offer = Pallet::<T>::offer_contract(origin, ID, resource, Direction::Up, contract_needs(), START, Price(1));
        assert!(offer.is_ok());
        let seller = T::BenchmarkHelper::participant(2, Role::Aggregator);
        #[extrinsic_call]
        _(RawOrigin::Signed(seller), event);
        assert_eq!(Events::<T>::get(event).map(|event| event.phase), Some(Phase::Dispatched));
    }

    #[benchmark]
    fn note_author(g: Linear<0, 64>) {
        // Each gate has all authors but one: the greatest set that is read and written again.
        let g = g.min(T::MaxEvents::get());
        let gates = (0..g).map(|event| Gate { event: EventId(event), closes: Millis(0) });
        Gates::<T>::put(BoundedVec::truncate_from(gates.collect()));
        let mut authors = Authors::new();
        for seed in 1..MAX_AUTHORS {
            assert!(authors.try_insert(account("author", seed, 0)).is_ok());
        }
        (0..g).for_each(|event| GateAuthors::<T>::insert(EventId(event), &authors));
        #[block]
        {
            Pallet::<T>::note_author();
        }
        assert_eq!(Gates::<T>::get().len() as u32, g);
    }

    #[benchmark]
    fn sweep_step(r: Linear<1, SWEEP_RESOURCES>) {
        let (event, who, _) = committed::<T>(r, r);
        assert!(Pallet::<T>::enter(event, Phase::Cancelled).is_ok());
        #[block]
        {
            Pallet::<T>::sweep_step();
        }
        let resources =
            Commitments::<T>::get(event, (who, 0)).map(|commitment| commitment.resources).unwrap_or_default();
        assert!(resources.iter().all(|resource| !Reserved::<T>::contains_key(resource, Direction::Down)));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
