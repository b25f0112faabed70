//! Opening a sealed bid: checks of the sheet, and its offers' places in their price buckets.

use crate::{commit::is_rising, pallet::*};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use frame_system::pallet_prelude::BlockNumberFor;
use loadstone_core::{traits::Directory, AccountId, BasisPoints, EventId, Hash, Price, Watts};
use loadstone_market::{self as market, clearing::rank, seal, Batch, BidSheet, Offer, Programme, ResourceBid, Segment};
use sp_runtime::{traits::Zero, DispatchError};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_reveal(
        id: EventId,
        (bidder, batch): (AccountId, Batch),
        sheet: BidSheet,
        salt: [u8; 32],
    ) -> DispatchResult {
        let place = (bidder.clone(), batch);
        let event = Self::open_event_of(id)?;
        ensure!(Self::now() >= event.gate_closure, Error::<T>::GateStillOpen);
        let mut commitment = Commitments::<T>::get(id, &place).ok_or(Error::<T>::NotCommitted)?;
        ensure!(!commitment.revealed, Error::<T>::AlreadyRevealed);
        let sealed = seal(&Self::genesis_hash(), id, &bidder, &sheet, &salt);
        ensure!(sealed == commitment.seal, Error::<T>::SealMismatch);
        Self::ensure_in_order(&sheet)?;

        let programme = Programmes::<T>::get(event.programme, event.version).ok_or(Error::<T>::UnknownProgramme)?;
        let mut offered = Watts(0);
        for bid in &sheet {
            let place =
                commitment.resources.binary_search(&bid.resource).map_err(|_| Error::<T>::ResourceNotCommitted)?;
            let watts = Self::ensure_admissible(bid, &event, &programme)?;
            offered = plus(offered, watts).ok_or(Error::<T>::Overflow)?;
            let credit = commitment.credits.get(place).copied().unwrap_or(BasisPoints::ONE);
            Self::enter_bid(id, bid, credit, &programme)?;
        }
        commitment.revealed = true;
        Bidders::<T>::mutate(id, &bidder, |own| {
            own.revealed_bond = own.revealed_bond.saturating_add(commitment.bond);
        });
        Commitments::<T>::insert(id, place, commitment);
        let resources = sheet.len() as u32;
        Self::deposit_event(Event::BidRevealed { event: id, bidder, batch, resources, watts: offered });
        Ok(())
    }

    /// Hash of the first block, which every signature and seal is bound to.
    pub(crate) fn genesis_hash() -> Hash {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    /// The sheet names at least one resource, each once, in rising order.
    fn ensure_in_order(sheet: &BidSheet) -> DispatchResult {
        let named: Vec<_> = sheet.iter().map(|bid| bid.resource).collect();
        ensure!(!named.is_empty(), Error::<T>::NoResources);
        ensure!(is_rising(&named), Error::<T>::ResourcesNotRising);
        Ok(())
    }

    /// Watts of one resource's offers, which must obey the programme and the registered capacity.
    fn ensure_admissible(
        bid: &ResourceBid,
        event: &market::Event,
        programme: &Programme,
    ) -> Result<Watts, DispatchError> {
        ensure!(!bid.offers.is_empty(), Error::<T>::NoOffers);
        let mut sum = Watts(0);
        let mut below: Option<Price> = None;
        for Offer { price, watts } in &bid.offers {
            ensure!(below.is_none_or(|below| below < *price), Error::<T>::PricesNotRising);
            ensure!(watts.0 > 0, Error::<T>::NoWatts);
            below = Some(*price);
            sum = plus(sum, *watts).ok_or(Error::<T>::Overflow)?;
        }
        ensure!(sum >= programme.bid_min, Error::<T>::BidBelowMinimum);
        let resource = T::Directory::resource(bid.resource).ok_or(Error::<T>::UnknownResource)?;
        ensure!(sum <= resource.capacity(event.direction), Error::<T>::BidAboveCapacity);
        Ok(sum)
    }

    /// Puts one resource's offers into their buckets and the resource on the event's list.
    pub(crate) fn enter_bid(
        id: EventId,
        bid: &ResourceBid,
        credit: BasisPoints,
        programme: &Programme,
    ) -> DispatchResult {
        let mut segments = market::Segments::new();
        for Offer { price, watts } in bid.offers.iter().cloned() {
            Self::ensure_price(price, programme)?;
            let bucket = Self::bucket_of(rank(price, credit, &programme.ranks()), programme)?;
            let before = Buckets::<T>::get(id, bucket);
            Buckets::<T>::insert(id, bucket, plus(before, watts).ok_or(Error::<T>::Overflow)?);
            // As many segments as offers, which have the same bound.
            segments.try_push(Segment { price, watts, before, credit }).map_err(|_| Error::<T>::Overflow)?;
        }
        Segments::<T>::insert(id, bid.resource, segments);
        let place = EventResourceCount::<T>::get(id);
        EventResources::<T>::insert(id, place, bid.resource);
        EventResourceCount::<T>::insert(id, place.checked_add(1).ok_or(Error::<T>::Overflow)?);
        Ok(())
    }

    /// A price lies within floor and cap and on a tick.
    pub(crate) fn ensure_price(price: Price, programme: &Programme) -> DispatchResult {
        ensure!(programme.price_floor <= price && price <= programme.price_cap, Error::<T>::PriceOutOfRange);
        Self::bucket_of(price, programme).map(drop)
    }

    /// Index of the bucket of a rank, which lies on a tick.
    fn bucket_of(rank: Price, programme: &Programme) -> Result<u32, DispatchError> {
        let above = rank.0.saturating_sub(programme.price_floor.0);
        ensure!(above.checked_rem(programme.price_tick.0) == Some(0), Error::<T>::PriceOffTick);
        let bucket = above.checked_div(programme.price_tick.0).and_then(|bucket| u32::try_from(bucket).ok());
        Ok(bucket.ok_or(Error::<T>::PriceOffTick)?)
    }
}

fn plus(a: Watts, b: Watts) -> Option<Watts> {
    a.0.checked_add(b.0).map(Watts)
}
