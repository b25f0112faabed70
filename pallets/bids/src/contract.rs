//! Bilateral contracts: a buyer offers one resource's owner a price for energy, and the meter settles it.
//!
//! A contract is an event of one resource. It is cleared when its owner accepts, needs no order, and goes through records,
//! settlement and disputes like every other event. So neighbours trade what their meters show, and a charging session
//! is billed by what the charger drew.

use crate::{pallet::*, types::*};
use alloc::vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use loadstone_core::{
    traits::{AnchorLog, Directory},
    AccountId, Balance, BasisPoints, BoundedVec, Direction, EventId, Hash, Price, ProgrammeId, Resource, ResourceId,
    Role, Watts,
};
use loadstone_market::{
    self as market, clearing, settle, traits::Escrow, BidResources, Commitment, Offer, Phase, Pricing, Programme,
    ResourceBid,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// The signer, if it may buy now: a grid company or an aggregator.
    pub(crate) fn ensure_buyer(origin: OriginFor<T>) -> Result<AccountId, DispatchError> {
        let who = ensure_signed(origin)?;
        let is_grid = T::Directory::acting(&who, Role::GridCompany).is_ok();
        if !is_grid {
            T::Directory::acting(&who, Role::Aggregator).map_err(Error::<T>::from)?;
        }
        Ok(who)
    }

    pub(crate) fn do_offer_contract(buyer: AccountId, id: ProgrammeId, terms: Terms) -> DispatchResult {
        let version = LatestVersion::<T>::get(id).ok_or(Error::<T>::UnknownProgramme)?;
        let programme = Programmes::<T>::get(id, version).ok_or(Error::<T>::UnknownProgramme)?;
        ensure!(programme.pricing == Pricing::Bilateral, Error::<T>::NotBilateral);
        let resource = T::Directory::resource(terms.resource).ok_or(Error::<T>::UnknownResource)?;
        ensure!(resource.owner != buyer, Error::<T>::OwnResource);
        Self::ensure_sound_terms(&terms, &programme, &resource)?;

        let event = Self::next_event()?;
        let Terms { resource: of, direction, needs, start, price } = terms;
        let record = market::Event {
            programme: id,
            version,
            opener: buyer.clone(),
            area: resource.area,
            direction,
            needs,
            start,
            interval_ms: programme.settlement_interval_ms,
            gate_closure: start,
            budget: 0,
            opened: Self::now(),
            baseline_anchor: T::Anchors::latest_anchor(),
            reserve_from: None,
            phase: Phase::Open,
        };
        let record = market::Event { budget: cost(&record, price), ..record };
        Self::ensure_pot_covers(&record, &programme)?;
        T::Escrow::hold_budget(event, &buyer, record.budget)?;
        Self::take_from_pot(&record, &programme);
        Events::<T>::insert(event, record);
        Contracts::<T>::insert(event, Contract { resource: of, price });
        Self::deposit_event(Event::ContractOffered { event, buyer, resource: of, price });
        Ok(())
    }

    fn ensure_sound_terms(terms: &Terms, programme: &Programme, resource: &Resource) -> DispatchResult {
        Self::ensure_covered_window(programme, (resource.area, terms.direction), &terms.needs, terms.start)?;
        ensure!(Self::now() < terms.start, Error::<T>::StartTooSoon);
        Self::ensure_price(terms.price, programme)?;
        let peak = terms.needs.iter().copied().max().unwrap_or_default();
        ensure!(peak >= programme.bid_min, Error::<T>::BidBelowMinimum);
        // What a load can feed in or draw is its range, which may be more than it can be regulated by.
        ensure!(peak <= reach(resource, terms.direction), Error::<T>::BidAboveCapacity);
        Ok(())
    }

    pub(crate) fn do_accept_contract(id: EventId, seller: AccountId) -> DispatchResult {
        let event = Events::<T>::get(id).ok_or(Error::<T>::UnknownEvent)?;
        let Contract { resource, price } = Contracts::<T>::get(id).ok_or(Error::<T>::NoContract)?;
        ensure!(event.phase == Phase::Open, Error::<T>::WrongPhase);
        ensure!(Self::now() < event.start, Error::<T>::GateClosed);
        let owner = T::Directory::resource(resource).ok_or(Error::<T>::UnknownResource)?.owner;
        ensure!(owner == seller, Error::<T>::NotOwner);
        let programme = Programmes::<T>::get(event.programme, event.version).ok_or(Error::<T>::UnknownProgramme)?;
        let window = Reservation { event: id, start: event.start, end: event.end() };
        Self::reserve(resource, event.direction, window)?;
        Self::pin_customer(id, &event, resource, &programme)?;
        Self::count_in(id, &seller, 1)?;
        Self::seal_open(id, &seller, &event, (resource, price), &programme)?;

        let peak = event.peak_need();
        Clearings::<T>::insert(id, clearing::clear([(price, peak)], peak, Watts(0), programme.ranks()));
        Self::deposit_event(Event::ContractAccepted { event: id, seller, resource });
        Self::enter(id, Phase::Cleared)?;
        Self::enter(id, Phase::Dispatched)
    }

    /// Enters the contract's one offer as if it had been sealed and revealed.
    fn seal_open(
        id: EventId,
        seller: &AccountId,
        event: &market::Event,
        (resource, price): (ResourceId, Price),
        programme: &Programme,
    ) -> DispatchResult {
        let peak = event.peak_need();
        let is_punished = programme.deviation.penalty_below.0 > 0;
        let bond = if is_punished { settle::bond(price, peak, event.end().since(event.start)) } else { 0 };
        T::Escrow::hold_bond(id, seller, bond)?;
        Bidders::<T>::mutate(id, seller, |own| own.revealed_bond = own.revealed_bond.saturating_add(bond));
        let resources = BidResources::truncate_from(vec![resource]);
        let commitment = Commitment { seal: Hash::zero(), resources, credits: BoundedVec::new(), bond, revealed: true };
        Commitments::<T>::insert(id, (seller.clone(), 0), commitment);
        let offers = BoundedVec::truncate_from(vec![Offer { price, watts: peak }]);
        Self::enter_bid(id, &ResourceBid { resource, offers }, BasisPoints::ONE, programme)
    }
}

/// All that the window's needs may cost at `price`, in micro-yuan, rounded up.
fn cost(event: &market::Event, price: Price) -> Balance {
    let power = event.needs.iter().fold(0i64, |sum, need| sum.saturating_add(need.0));
    settle::bond(price, Watts(power), event.interval_ms.into())
}

/// What a load may feed in (downward) or draw (upward).
fn reach(resource: &Resource, direction: Direction) -> Watts {
    match direction {
        Direction::Down => Watts(resource.load_min.0.saturating_neg().max(0)),
        Direction::Up => resource.load_max,
    }
}
