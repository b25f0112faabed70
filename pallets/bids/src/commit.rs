//! Sealed bids: what they reserve, what they cost, and how they are taken back.

use crate::{pallet::*, types::*};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use loadstone_core::{
    traits::Directory, AccountId, Balance, BasisPoints, BoundedVec, ChangedTwice, EventId, Hash, Price, ResourceId,
    Watts, HOUR_MS,
};
use loadstone_market::{
    self as market,
    credit::admit,
    traits::{Escrow, Standings},
    Batch, BidResources, Commitment, Programme, MAX_BATCHES,
};
use sp_runtime::DispatchError;

/// Watts in a kilowatt, the unit that prices are for.
const KILOWATT: u128 = 1_000;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit(
        id: EventId,
        (bidder, batch): (AccountId, Batch),
        seal: Hash,
        resources: BidResources,
    ) -> DispatchResult {
        let place = (bidder.clone(), batch);
        let event = Self::open_event_of(id)?;
        ensure!(Self::now() < event.gate_closure, Error::<T>::GateClosed);
        ensure!(batch < MAX_BATCHES, Error::<T>::BatchOutOfRange);
        ensure!(!Commitments::<T>::contains_key(id, &place), Error::<T>::AlreadyCommitted);
        ensure!(!Withdrawn::<T>::contains_key(id, &place), Error::<T>::WithdrawalPending);
        ensure!(!resources.is_empty(), Error::<T>::NoResources);
        ensure!(is_rising(&resources), Error::<T>::ResourcesNotRising);
        Self::count_in(id, &bidder, resources.len() as u32)?;

        let programme = Programmes::<T>::get(event.programme, event.version).ok_or(Error::<T>::UnknownProgramme)?;
        let window = Reservation { event: id, start: event.start, end: event.end() };
        let (mut capacity, mut credits) = (Watts(0), BoundedVec::new());
        for resource in &resources {
            let (own, credit) = Self::biddable(&bidder, *resource, &event, &programme)?;
            if programme.credit_rank_floor.0 > 0 {
                // As many as resources, which have the same bound.
                credits.try_push(credit).map_err(|_| Error::<T>::Overflow)?;
            }
            capacity = Watts(capacity.0.checked_add(own.0).ok_or(Error::<T>::Overflow)?);
            Self::reserve(*resource, event.direction, window)?;
            Self::pin_customer(id, &event, *resource, &programme)?;
        }
        let bond = bond(programme.price_cap, capacity, window.end.since(window.start)).ok_or(Error::<T>::Overflow)?;
        T::Escrow::hold_bond(id, &bidder, bond)?;
        let committed = resources.len() as u32;
        Commitments::<T>::insert(id, place, Commitment { seal, resources, credits, bond, revealed: false });
        Self::deposit_event(Event::BidCommitted { event: id, bidder, batch, resources: committed, bond });
        Ok(())
    }

    /// Registered capacity of a resource that `bidder` may bid in `event`, and the credit that ranks it there.
    fn biddable(
        bidder: &AccountId,
        id: ResourceId,
        event: &market::Event,
        programme: &Programme,
    ) -> Result<(Watts, BasisPoints), DispatchError> {
        let resource = T::Directory::resource(id).ok_or(Error::<T>::UnknownResource)?;
        ensure!(resource.owner == *bidder, Error::<T>::NotOwner);
        ensure!(resource.area == event.area, Error::<T>::OtherArea);
        let capacity = resource.capacity(event.direction);
        ensure!(capacity >= programme.bid_min, Error::<T>::CapacityBelowMinimum);
        let standing = T::Standings::credit(id);
        admit(standing.as_ref(), event, programme).map_err(Error::<T>::from)?;
        Ok((capacity, programme.ranking_credit(standing.map(|standing| standing.credit))))
    }

    /// Writes down with whom a resource's pay is shared in an event, as it stood when the event was opened: whatever
    /// its owner names later, this customer is paid. Nothing is written where the programme shares nothing.
    pub(crate) fn pin_customer(
        id: EventId,
        event: &market::Event,
        resource: ResourceId,
        programme: &Programme,
    ) -> DispatchResult {
        if programme.split.shares() {
            let customer = T::Directory::customer_at(resource, event.opened);
            let customer = customer.map_err(|ChangedTwice| Error::<T>::CustomerChangedTwice)?;
            customer.into_iter().for_each(|customer| EventCustomers::<T>::insert(id, resource, customer));
        }
        Ok(())
    }

    pub(crate) fn count_in(event: EventId, bidder: &AccountId, more: u32) -> DispatchResult {
        let CommittedTotals { mut bidders, resources } = Committed::<T>::get(event);
        let mut own = Bidders::<T>::get(event, bidder);
        if own.batches == 0 {
            ensure!(bidders < T::MaxBidders::get(), Error::<T>::TooManyBidders);
            bidders = bidders.saturating_add(1);
        }
        let resources = resources.checked_add(more).filter(|sum| *sum <= T::MaxEventResources::get());
        let resources = resources.ok_or(Error::<T>::TooManyResources)?;
        Committed::<T>::insert(event, CommittedTotals { bidders, resources });
        // At most MAX_BATCHES, since each number comes once.
        own.batches = own.batches.saturating_add(1);
        Bidders::<T>::insert(event, bidder, own);
        Ok(())
    }

    /// Takes a batch back: the bond at once, the reservations by a sweep.
    pub(crate) fn do_withdraw(id: EventId, (bidder, batch): (AccountId, Batch)) -> DispatchResult {
        let place = (bidder.clone(), batch);
        let event = Self::open_event_of(id)?;
        ensure!(Self::now() < event.gate_closure, Error::<T>::GateClosed);
        let commitment = Commitments::<T>::take(id, &place).ok_or(Error::<T>::NotCommitted)?;
        Self::count_out(id, &bidder, commitment.resources.len() as u32);
        Withdrawn::<T>::insert(id, place, commitment.resources);
        Self::queue_sweep(id, SweepReason::Withdrawn)?;
        T::Escrow::release_bond(id, &bidder, commitment.bond)?;
        Self::deposit_event(Event::BidWithdrawn { event: id, bidder, batch });
        Ok(())
    }

    /// All of it was counted in when the batch was committed.
    fn count_out(event: EventId, bidder: &AccountId, resources: u32) {
        let mut own = Bidders::<T>::get(event, bidder);
        own.batches = own.batches.saturating_sub(1);
        let is_last = own.batches == 0;
        Committed::<T>::mutate(event, |totals| {
            totals.bidders = totals.bidders.saturating_sub(u32::from(is_last));
            totals.resources = totals.resources.saturating_sub(resources);
        });
        if is_last {
            Bidders::<T>::remove(event, bidder);
        } else {
            Bidders::<T>::insert(event, bidder, own);
        }
    }
}

/// Whether each resource has a greater number than the one before.
pub(crate) fn is_rising(resources: &[ResourceId]) -> bool {
    resources.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
}

/// Bond in micro-yuan: cap price x capacity x window, rounded up, toward the escrow. `None` beyond
/// the range of money.
pub(crate) fn bond(cap: Price, capacity: Watts, window_ms: u64) -> Option<Balance> {
    let capacity = u128::try_from(capacity.0).ok()?;
    let product = u128::from(cap.0).checked_mul(capacity)?.checked_mul(u128::from(window_ms))?;
    Some(product.div_ceil(KILOWATT * u128::from(HOUR_MS)))
}
