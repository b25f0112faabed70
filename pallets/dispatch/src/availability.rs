//! Standing availability: declarations, their epochs, and totals by rank.

use crate::{pallet::*, types::*};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{Get, Time},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use loadstone_core::{
    traits::{Directory, StandingAvailability},
    AccountId, AreaId, AvailabilityEpoch, BasisPoints, Direction, Millis, Participant, ResourceId, Role, Watts,
};
use loadstone_market::{
    rank::UNSCORED_RELIABILITY, traits::Standings, Availability, AvailabilityEntry, OrderRule, Supply, MAX_PRICE,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Chain time.
    pub(crate) fn now() -> Millis {
        Millis(T::Time::now())
    }

    /// The availability epoch of chain time; saturates at the last, some thousand years from now.
    pub(crate) fn epoch() -> AvailabilityEpoch {
        let epoch = Self::now().0.checked_div(T::EpochLengthMs::get()).unwrap_or_default();
        AvailabilityEpoch(u32::try_from(epoch).unwrap_or(u32::MAX))
    }

    /// The signer and its record, if it may act in `role` now.
    pub(crate) fn ensure_role(origin: OriginFor<T>, role: Role) -> Result<(AccountId, Participant), DispatchError> {
        let who = ensure_signed(origin)?;
        let participant = T::Directory::acting(&who, role).map_err(Error::<T>::from)?;
        Ok((who, participant))
    }

    pub(crate) fn do_declare(owner: AccountId, id: ResourceId, direction: Direction, offer: Offer) -> DispatchResult {
        let resource = T::Directory::resource(id).ok_or(Error::<T>::UnknownResource)?;
        ensure!(resource.owner == owner, Error::<T>::NotOwner);
        let capacity = resource.capacity(direction);
        ensure!(offer.watts.0 >= 0 && offer.watts <= capacity, Error::<T>::WattsOutOfRange);
        ensure!(offer.price.0 <= MAX_PRICE, Error::<T>::PriceOutOfRange);
        ensure!(offer.response_ms <= MAX_RESPONSE_MS, Error::<T>::ResponseTooSlow);

        let suspended = Declared::<T>::get(id, direction).suspended;
        Declared::<T>::insert(id, direction, Declaration { offer, suspended });
        let from = (!suspended).then(|| Self::schedule(id, resource.area, direction, offer));
        let Offer { watts, price, response_ms } = offer;
        Self::deposit_event(Event::AvailabilityDeclared { resource: id, direction, watts, price, response_ms, from });
        Ok(())
    }

    /// The signer, if it is registered and not frozen.
    pub(crate) fn ensure_registered(origin: OriginFor<T>) -> DispatchResult {
        let who = ensure_signed(origin)?;
        let participant = T::Directory::participant(&who).ok_or(Error::<T>::NotRegistered)?;
        ensure!(!participant.frozen, Error::<T>::ParticipantIsFrozen);
        Ok(())
    }

    /// What is expected of a resource now: as its events show, or what those without any are believed.
    pub(crate) fn reliability(id: ResourceId) -> BasisPoints {
        T::Standings::reliability(id).unwrap_or(UNSCORED_RELIABILITY).min(BasisPoints::ONE)
    }

    pub(crate) fn do_refresh(id: ResourceId, direction: Direction) -> DispatchResult {
        let resource = T::Directory::resource(id).ok_or(Error::<T>::UnknownResource)?;
        let reliability = Self::reliability(id);
        let entries = Availabilities::<T>::get(id, direction);
        let is_stale = |entry: &AvailabilityEntry| entry.watts.0 > 0 && entry.reliability != reliability;
        ensure!(entries.last().is_some_and(is_stale), Error::<T>::NothingToRefresh);
        // A suspended resource's last entry offers nothing, so this one's declaration is in force.
        let offer = Declared::<T>::get(id, direction).offer;
        let from = Self::schedule(id, resource.area, direction, offer);
        Self::deposit_event(Event::AvailabilityRefreshed { resource: id, direction, reliability, from });
        Ok(())
    }

    /// Lets `offer` count from the next epoch on, which is returned.
    fn schedule(id: ResourceId, area: AreaId, direction: Direction, offer: Offer) -> AvailabilityEpoch {
        let now = Self::epoch();
        let from = now.next();
        let mut entries = Availabilities::<T>::get(id, direction);
        let last = entries.last().cloned();
        if last.is_none() && offer.watts.0 == 0 {
            return from;
        }
        let Offer { watts, price, response_ms } = offer;
        let entry = AvailabilityEntry::new(from, watts, price, response_ms, Self::reliability(id));
        if let Some(last) = last {
            Self::change_bucket((area, direction), last.rank, now, last.supply(), Supply::default());
        }
        Self::change_bucket((area, direction), entry.rank, now, Supply::default(), entry.supply());

        entries.retain(|entry| entry.from < from);
        Self::forget_stale(&mut entries, area, direction, now);
        // At most two entries are left: the live order's and the one in force.
        if entries.try_push(entry).is_err() {
            frame_support::defensive!("an availability holds more entries than epochs need");
        }
        Availabilities::<T>::insert(id, direction, entries);
        LastChanges::<T>::mutate(area, direction, |change| change.change(from));
        from
    }

    /// Drops entries that count neither in a live emergency order's epoch nor from now on.
    fn forget_stale(entries: &mut Availability, area: AreaId, direction: Direction, now: AvailabilityEpoch) {
        let in_force = |at: AvailabilityEpoch| entries.iter().rev().map(|entry| entry.from).find(|from| *from <= at);
        let current = in_force(now);
        let ordered = Self::ordered_epoch(area, direction).and_then(in_force);
        entries.retain(|entry| Some(entry.from) == current || Some(entry.from) == ordered);
    }

    /// Epoch of the emergency order that is in force, if one is.
    pub(crate) fn ordered_epoch(area: AreaId, direction: Direction) -> Option<AvailabilityEpoch> {
        match Self::live_order(area, direction)?.rule {
            OrderRule::Emergency { epoch, .. } => Some(epoch),
            OrderRule::Event(_) | OrderRule::Release => None,
        }
    }

    /// Puts `new` in the place of `old` at a rank from the next epoch on.
    fn change_bucket(place: (AreaId, Direction), rank: u16, now: AvailabilityEpoch, old: Supply, new: Supply) {
        if old == new {
            return;
        }
        let at = usize::from(rank % PAGE_RANKS);
        RankPages::<T>::mutate_exists(place, rank / PAGE_RANKS, |stored| {
            let mut page = stored.take().unwrap_or_default();
            while page.len() <= at && page.try_push(BucketTotals::default()).is_ok() {}
            if let Some(bucket) = page.get_mut(at) {
                bucket.replace(now, old, new);
            }
            while page.last().is_some_and(BucketTotals::is_empty) {
                page.pop();
            }
            *stored = (!page.is_empty()).then_some(page);
        });
    }

    /// What an area offers at each rank in the current epoch or the next, by rising rank.
    pub(crate) fn buckets(
        area: AreaId,
        direction: Direction,
        epoch: AvailabilityEpoch,
    ) -> impl Iterator<Item = (u16, Supply)> {
        let page = move |number| RankPages::<T>::get((area, direction), number);
        let ranked = move |number: u16| (number.saturating_mul(PAGE_RANKS)..RANKS).zip(page(number));
        (0..PAGES).flat_map(ranked).map(move |(rank, totals)| (rank, totals.at(epoch)))
    }

    /// What is on offer in an area in the current epoch or the next.
    pub(crate) fn on_offer(area: AreaId, direction: Direction, epoch: AvailabilityEpoch) -> Supply {
        Self::buckets(area, direction, epoch).fold(Supply::default(), |sum, (_, supply)| sum.plus(supply))
    }

    /// Marks a resource suspended or not; its area and declaration when that changed something.
    fn set_suspended(id: ResourceId, direction: Direction, suspended: bool) -> Option<(AreaId, Declaration)> {
        let area = T::Directory::resource(id)?.area;
        let mut declaration = Declared::<T>::get(id, direction);
        if declaration.suspended == suspended {
            return None;
        }
        declaration.suspended = suspended;
        if declaration == Declaration::default() {
            Declared::<T>::remove(id, direction);
        } else {
            Declared::<T>::insert(id, direction, declaration);
        }
        Some((area, declaration))
    }
}

impl<T: Config> StandingAvailability for Pallet<T> {
    fn suspend(resource: ResourceId, direction: Direction) {
        if let Some((area, Declaration { offer, .. })) = Self::set_suspended(resource, direction, true) {
            let from = Self::schedule(resource, area, direction, Offer { watts: Watts(0), ..offer });
            Self::deposit_event(Event::AvailabilitySuspended { resource, direction, from });
        }
    }

    fn resume(resource: ResourceId, direction: Direction) {
        if let Some((area, Declaration { offer, .. })) = Self::set_suspended(resource, direction, false) {
            let from = Self::schedule(resource, area, direction, offer);
            Self::deposit_event(Event::AvailabilityResumed { resource, direction, from });
        }
    }
}
