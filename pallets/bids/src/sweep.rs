//! Working off the bonds and reservations of an event, a bounded number in each block.
//!
//! Commitments stay on chain for auditors, so a sweep walks them by the map's own order of keys and
//! remembers where it stopped. None is added or removed meanwhile: every sweep follows the gate or a
//! cancellation.

use crate::{pallet::*, types::*, weights::WeightInfo};
use frame_support::{
    pallet_prelude::DispatchResult,
    storage::with_storage_layer,
    weights::{Weight, WeightMeter},
};
use loadstone_core::{AccountId, Balance, EventId};
use loadstone_market::{self as market, traits::Escrow, Batch, Commitment};

/// Most resources released in one step.
pub(crate) const SWEEP_RESOURCES: u32 = 16;

/// Most steps in one block: spare weight is left to others.
const SWEEP_STEPS: u32 = 4;

impl<T: Config> Pallet<T> {
    /// Queues the work that an event's new phase or a withdrawn bid leaves.
    pub(crate) fn queue_sweep(event: EventId, reason: SweepReason) -> DispatchResult {
        let mut sweeps = Sweeps::<T>::get();
        // Withdrawn bids of one event share a sweep; every other reason comes once.
        if !sweeps.iter().any(|sweep| sweep.event == event && sweep.reason == reason) {
            // The bound holds three sweeps for every live event, and no event has more.
            let sweep = Sweep { event, reason, done: None, resources: 0 };
            sweeps.try_push(sweep).map_err(|_| Error::<T>::TooManyEvents)?;
            Sweeps::<T>::put(sweeps);
        }
        Ok(())
    }

    /// Takes steps of the oldest sweep while weight and the block's allowance last.
    pub(crate) fn sweep(limit: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(limit);
        let step = T::WeightInfo::sweep_step(SWEEP_RESOURCES);
        for _ in 0..SWEEP_STEPS {
            if !meter.can_consume(step) || Sweeps::<T>::decode_len().unwrap_or_default() == 0 {
                break;
            }
            meter.consume(step);
            Self::sweep_step();
        }
        meter.consumed()
    }

    /// One step of the oldest sweep.
    pub(crate) fn sweep_step() {
        let mut sweeps = Sweeps::<T>::get();
        let Some(sweep) = sweeps.iter_mut().next() else { return };
        if Self::advance(sweep).is_none() {
            let Sweep { reason, .. } = sweeps.remove(0);
            if matches!(reason, SweepReason::Cancelled | SweepReason::Settled) {
                // It was counted in when it was opened.
                LiveEvents::<T>::mutate(|live| *live = live.saturating_sub(1));
            }
        }
        Sweeps::<T>::put(sweeps);
    }

    /// Works off the next resources or the bond of the sweep's next batch; `None` after the last.
    fn advance(sweep: &mut Sweep) -> Option<()> {
        let event = Events::<T>::get(sweep.event)?;
        if sweep.reason == SweepReason::Withdrawn {
            return Self::release_withdrawn(&event, sweep.event);
        }
        let place = Self::place_after(sweep)?;
        let commitment = Commitments::<T>::get(sweep.event, &place)?;
        if Self::concerns(sweep, &commitment) {
            if !Self::release_some(sweep, &event, &commitment) {
                return Some(());
            }
            Self::free_bond(sweep, &place, commitment.bond);
        }
        sweep.done = Some(place);
        sweep.resources = 0;
        Some(())
    }

    /// Releases the next resources of some withdrawn bid; `None` when there is none.
    fn release_withdrawn(event: &market::Event, id: EventId) -> Option<()> {
        let (place, mut resources) = Withdrawn::<T>::iter_prefix(id).next()?;
        let kept = resources.len().saturating_sub(SWEEP_RESOURCES as usize);
        for resource in resources.iter().skip(kept) {
            Self::release(*resource, event.direction, id);
            EventCustomers::<T>::remove(id, resource);
        }
        resources.truncate(kept);
        if resources.is_empty() {
            Withdrawn::<T>::remove(id, place);
        } else {
            Withdrawn::<T>::insert(id, place, resources);
        }
        Some(())
    }

    fn place_after(sweep: &Sweep) -> Option<(AccountId, Batch)> {
        match &sweep.done {
            None => Commitments::<T>::iter_key_prefix(sweep.event).next(),
            Some(last) => {
                let key = Commitments::<T>::hashed_key_for(sweep.event, last);
                Commitments::<T>::iter_key_prefix_from(sweep.event, key).next()
            }
        }
    }

    /// An event cancelled after clearing has its unrevealed bids worked off by the sweep before.
    fn concerns(sweep: &Sweep, commitment: &Commitment) -> bool {
        match sweep.reason {
            SweepReason::Withdrawn => false,
            SweepReason::Cleared => !commitment.revealed,
            SweepReason::Settled => commitment.revealed,
            SweepReason::Cancelled => commitment.revealed || !Clearings::<T>::contains_key(sweep.event),
        }
    }

    /// Releases the batch's next resources; tells whether it was the last of them.
    fn release_some(sweep: &mut Sweep, event: &market::Event, commitment: &Commitment) -> bool {
        let next = commitment.resources.iter().skip(sweep.resources as usize).take(SWEEP_RESOURCES as usize);
        for resource in next {
            Self::release(*resource, event.direction, sweep.event);
        }
        sweep.resources = sweep.resources.saturating_add(SWEEP_RESOURCES);
        sweep.resources as usize >= commitment.resources.len()
    }

    /// A bond that escrow can't move stays where it is and holds up nobody else.
    fn free_bond(sweep: &Sweep, (bidder, batch): &(AccountId, Batch), bond: Balance) {
        let (event, bidder, batch) = (sweep.event, bidder.clone(), *batch);
        let moved = with_storage_layer(|| match sweep.reason {
            SweepReason::Cleared => T::Escrow::forfeit_bond(event, &bidder, bond),
            SweepReason::Cancelled => T::Escrow::release_bond(event, &bidder, bond),
            SweepReason::Withdrawn | SweepReason::Settled => Ok(()),
        });
        match (moved, sweep.reason) {
            (Err(error), _) => Self::deposit_event(Event::BondStuck { event, bidder, batch, error }),
            (Ok(()), SweepReason::Cleared) => Self::deposit_event(Event::BondForfeited { event, bidder, batch }),
            (Ok(()), SweepReason::Cancelled) => Self::deposit_event(Event::BondReleased { event, bidder, batch }),
            (Ok(()), SweepReason::Withdrawn | SweepReason::Settled) => {}
        }
    }
}
