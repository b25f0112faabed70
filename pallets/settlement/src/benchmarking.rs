//! Benchmarks of every call and of each kind of step in a block.

use crate::{
    Bonds, Call, Claimables, Config, Disputes, Escrows, NextDue, Pallet, Pass, Progress, Queue, Settling, Stage,
    Statements, STEP,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    Get,
};
use frame_system::RawOrigin;
use loadstone_core::{traits::Directory, AccountId, Balance, BoundedVec, EventId, Millis, YUAN};
use loadstone_market::{
    traits::{Escrow, Market},
    Phase, Waiting,
};

/// What the benchmarks need of other pallets.
pub trait BenchmarkHelper {
    /// An event in phase recorded, of the greatest number of intervals, with `resources` awarded
    /// resources that each have the greatest number of segments, a record in which half the quota is
    /// delivered, and an owner of its own whose bond is held here. Its budget is held here too. This
    /// pallet was not yet told that it is scored.
    fn recorded_event(resources: u32) -> EventId;
}

/// The event of the helper, whose settlement has begun.
fn settling<T: Config>(resources: u32, stage: Stage) -> EventId {
    let event = T::BenchmarkHelper::recorded_event(resources);
    let _ = T::Market::set_phase(event, Phase::Scored);
    Queue::<T>::kill();
    NextDue::<T>::kill();
    Settling::<T>::put(Progress { event, stage });
    event
}

fn full_queue<T: Config>(first: EventId, due: Millis) {
    let waiting = (0..T::MaxWaiting::get()).map(|index| Waiting { due, event: EventId(first.0 + index) });
    Queue::<T>::put(BoundedVec::<_, T::MaxWaiting>::truncate_from(waiting.collect::<Vec<_>>()));
    NextDue::<T>::put(due);
}

fn funded<T: Config>(index: u32) -> AccountId {
    let who: AccountId = account("bidder", index, 0);
    T::Currency::set_balance(&who, 1_000 * YUAN);
    who
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn claim() {
        let who: AccountId = whitelisted_caller();
        let amount: Balance = T::Currency::minimum_balance() + 1_000 * YUAN;
        T::Currency::set_balance(&Pallet::<T>::account(), amount + T::Currency::minimum_balance());
        Claimables::<T>::insert(&who, amount);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert_eq!(T::Currency::balance(&who), amount);
        assert_eq!(Claimables::<T>::get(&who), 0);
    }

    #[benchmark]
    fn dispute() {
        let event = T::BenchmarkHelper::recorded_event(1);
        let resource = T::Market::resource_at(event, 0).expect("the helper revealed it");
        let owner = T::Directory::resource(resource).expect("the helper registered it").owner;
        full_queue::<T>(event, Millis(u64::MAX));
        T::Currency::set_balance(&owner, 1_000 * YUAN);
        let reason = BoundedVec::truncate_from(vec![b'r'; 128]);

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), event, resource, 0, reason);

        assert!(Disputes::<T>::contains_key(event, resource));
    }

    #[benchmark]
    fn begin() {
        full_queue::<T>(EventId(7), Millis(0));

        #[block]
        {
            Pallet::<T>::settle_step();
        }

        assert_eq!(Settling::<T>::get().map(|progress| progress.event), Some(EventId(7)));
    }

    #[benchmark]
    fn rule() {
        let event = T::BenchmarkHelper::recorded_event(1);
        let resource = T::Market::resource_at(event, 0).expect("the helper revealed it");
        let owner = T::Directory::resource(resource).expect("the helper registered it").owner;
        full_queue::<T>(event, Millis(u64::MAX));
        T::Currency::set_balance(&owner, 1_000 * YUAN);
        let origin = RawOrigin::Signed(owner).into();
        Pallet::<T>::dispute(origin, event, resource, 0, BoundedVec::default()).expect("the window is open");
        Queue::<T>::kill();
        NextDue::<T>::kill();
        Settling::<T>::put(Progress { event, stage: Stage::Judging { after: None } });

        #[block]
        {
            Pallet::<T>::settle_step();
        }

        assert!(Disputes::<T>::get(event, resource).is_some_and(|heard| heard.ruling.is_some()));
    }

    #[benchmark]
    fn statements(r: Linear<0, STEP>) {
        let event = settling::<T>(r, Stage::Statements { next: 0, pass: Pass::Final });

        #[block]
        {
            Pallet::<T>::settle_step();
        }

        assert_eq!(Statements::<T>::iter_prefix(event).count() as u32, r);
    }

    #[benchmark]
    fn payments(r: Linear<0, STEP>) {
        let event = settling::<T>(r, Stage::Statements { next: 0, pass: Pass::Final });
        Pallet::<T>::settle_step();

        #[block]
        {
            Pallet::<T>::settle_step();
        }

        assert_eq!(Settling::<T>::get(), Some(Progress { event, stage: Stage::Bonds { after: None } }));
    }

    #[benchmark]
    fn bonds(b: Linear<0, STEP>) -> Result<(), BenchmarkError> {
        let event = settling::<T>(0, Stage::Bonds { after: None });
        let present = Bonds::<T>::iter_prefix(event).count() as u32;
        for index in present..b {
            let bidder = funded::<T>(index);
            Pallet::<T>::hold_bond(event, &bidder, 100 * YUAN).map_err(|_| BenchmarkError::Stop("no bond"))?;
        }
        // Each loses a part of its bond: two transfers a bidder.
        let bidders: Vec<_> = Bonds::<T>::iter_prefix(event).collect();
        for (bidder, mut bond) in bidders {
            bond.penalty = bond.held / 3;
            Bonds::<T>::insert(event, bidder, bond);
        }

        #[block]
        {
            Pallet::<T>::settle_step();
            // A full step leaves the closing to the next one: it weighs here.
            if Settling::<T>::exists() {
                Pallet::<T>::settle_step();
            }
        }

        assert!(!Escrows::<T>::contains_key(event));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
