//! What must hold of the market's storage in every block.

use crate::{
    clear::{bucket_count, bucket_rank},
    commit::is_rising,
    pallet::*,
    types::*,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use loadstone_core::{AccountId, Balance, EventId, Watts};
use loadstone_market::{self as market, clearing, traits::Escrow, Clearing, Phase};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs every check.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_programmes_are_sound()?;
        Self::check_gates_are_those_of_open_events()?;
        Self::check_live_events_are_counted()?;
        Self::check_pots_hold_what_events_cost()?;
        Self::check_customers_are_of_committed_resources()?;
        for event in Events::<T>::iter_keys() {
            Self::check_commitments_are_counted(event)?;
            Self::check_segments_add_up_to_their_buckets(event)?;
            Self::check_clearing_follows_from_buckets(event)?;
        }
        Self::check_reservations_do_not_overlap()
    }

    fn check_programmes_are_sound() -> Result<(), TryRuntimeError> {
        for (id, version, programme) in Programmes::<T>::iter() {
            ensure!(programme.is_sound(), "a programme is unsound");
            ensure!(LatestVersion::<T>::get(id) >= Some(version), "a programme has a version after its latest");
            ensure!(Publishers::<T>::contains_key(id), "a programme has no publisher");
        }
        Ok(())
    }

    fn check_gates_are_those_of_open_events() -> Result<(), TryRuntimeError> {
        let gates: BTreeMap<_, _> = Gates::<T>::get().into_iter().map(|gate| (gate.event, gate.closes)).collect();
        let takes_bids =
            |id: EventId, event: &market::Event| event.phase == Phase::Open && !Contracts::<T>::contains_key(id);
        let open = Events::<T>::iter().filter(|(id, event)| takes_bids(*id, event));
        let expected: BTreeMap<_, _> = open.map(|(id, event)| (id, event.gate_closure)).collect();
        ensure!(gates == expected, "gates and open events differ");
        ensure!(GateAuthors::<T>::iter_keys().all(|event| gates.contains_key(&event)), "authors without a gate");
        Ok(())
    }

    fn check_live_events_are_counted() -> Result<(), TryRuntimeError> {
        let ending = |sweep: &Sweep| matches!(sweep.reason, SweepReason::Cancelled | SweepReason::Settled);
        let sweeping: BTreeSet<_> = Sweeps::<T>::get().iter().filter(|s| ending(s)).map(|s| s.event).collect();
        let over = |phase| matches!(phase, Phase::Settled | Phase::Cancelled);
        let live = Events::<T>::iter().filter(|(id, event)| !over(event.phase) || sweeping.contains(id)).count();
        ensure!(live == LiveEvents::<T>::get() as usize, "live events are miscounted");
        ensure!(Events::<T>::iter_keys().all(|id| id < NextEvent::<T>::get()), "an event's number is not given yet");
        Ok(())
    }

    fn check_pots_hold_what_events_cost() -> Result<(), TryRuntimeError> {
        let mut spent = BTreeMap::<_, Balance>::new();
        for (id, event) in Events::<T>::iter() {
            let programme = Programmes::<T>::get(event.programme, event.version).ok_or("an event has no programme")?;
            if programme.pot > 0 {
                let is_over = matches!(event.phase, Phase::Settled | Phase::Cancelled);
                let cost = if is_over { T::Escrow::paid(id) } else { event.budget };
                *spent.entry((event.programme, event.version)).or_default() += cost;
            }
        }
        let kept: BTreeMap<_, _> = PotSpent::<T>::iter().map(|(id, version, spent)| ((id, version), spent)).collect();
        ensure!(spent == kept, "a pot is not what its events cost");
        for ((id, version), spent) in spent {
            let pot = Programmes::<T>::get(id, version).map(|programme| programme.pot);
            ensure!(pot >= Some(spent), "events cost more than their pot");
        }
        Ok(())
    }

    fn check_customers_are_of_committed_resources() -> Result<(), TryRuntimeError> {
        for (event, resource, _) in EventCustomers::<T>::iter() {
            let committed = Commitments::<T>::iter_prefix_values(event).map(|commitment| commitment.resources);
            let mut named = committed.chain(Withdrawn::<T>::iter_prefix_values(event));
            ensure!(named.any(|resources| resources.contains(&resource)), "a customer of what nobody committed");
        }
        Ok(())
    }

    fn check_commitments_are_counted(event: EventId) -> Result<(), TryRuntimeError> {
        let mut totals = CommittedTotals::default();
        let mut bidders = BTreeMap::<AccountId, Bidder>::new();
        for ((bidder, _), commitment) in Commitments::<T>::iter_prefix(event) {
            ensure!(is_rising(&commitment.resources), "committed resources do not rise");
            let own = bidders.entry(bidder).or_default();
            own.batches += 1;
            own.revealed_bond += if commitment.revealed { commitment.bond } else { 0 };
            totals.resources += commitment.resources.len() as u32;
        }
        totals.bidders = bidders.len() as u32;
        ensure!(bidders == Bidders::<T>::iter_prefix(event).collect(), "a bidder's batches are miscounted");
        ensure!(totals == Committed::<T>::get(event), "commitments are miscounted");
        let swept = Sweeps::<T>::get().iter().any(|s| s.event == event && s.reason == SweepReason::Withdrawn);
        let withdrawn = Withdrawn::<T>::iter_key_prefix(event).next().is_some();
        ensure!(swept || !withdrawn, "a withdrawn bid has no sweep");
        Ok(())
    }

    fn check_segments_add_up_to_their_buckets(event: EventId) -> Result<(), TryRuntimeError> {
        let record = Events::<T>::get(event).ok_or("an event is gone")?;
        let programme = Programmes::<T>::get(record.programme, record.version).ok_or("an event has no programme")?;
        let ranks: BTreeMap<_, _> =
            (0..bucket_count(&programme)).map(|bucket| (bucket_rank(&programme, bucket), bucket)).collect();
        let mut totals = BTreeMap::<u32, i64>::new();
        let count = EventResourceCount::<T>::get(event);
        for place in 0..count {
            let resource = EventResources::<T>::get(event, place).ok_or("a revealed resource is not listed")?;
            for segment in Segments::<T>::get(event, resource) {
                let bucket = ranks.get(&clearing::rank(segment.price, segment.credit, &programme.ranks()));
                let bucket = bucket.ok_or("a segment's rank has no bucket")?;
                *totals.entry(*bucket).or_default() += segment.watts.0;
            }
        }
        ensure!(Segments::<T>::iter_key_prefix(event).count() == count as usize, "segments without a place");
        let buckets: BTreeMap<_, _> = Buckets::<T>::iter_prefix(event).map(|(at, Watts(sum))| (at, sum)).collect();
        ensure!(buckets == totals, "buckets and segments differ");
        Ok(())
    }

    fn check_clearing_follows_from_buckets(event: EventId) -> Result<(), TryRuntimeError> {
        let record = Events::<T>::get(event).ok_or("an event is gone")?;
        let Some(clearing) = Clearings::<T>::get(event) else {
            ensure!(matches!(record.phase, Phase::Open | Phase::Cancelled), "an event has no clearing");
            return Ok(());
        };
        let programme = Programmes::<T>::get(record.programme, record.version).ok_or("an event has no programme")?;
        let buckets =
            (0..bucket_count(&programme)).map(|at| (bucket_rank(&programme, at), Buckets::<T>::get(event, at)));
        let peak = record.peak_need();
        let again = clearing::clear(buckets, peak, programme.reserve_of(peak), programme.ranks());
        ensure!(clearing == again, "a clearing does not follow");
        let sum = |of: fn(&Clearing, &market::Segments) -> Watts| -> i64 {
            Segments::<T>::iter_prefix_values(event).map(|segments| of(&clearing, &segments).0).sum()
        };
        ensure!(clearing.awarded.0 == sum(clearing::awards), "awards do not add up");
        ensure!(clearing.reserve.awarded.0 == sum(clearing::reserves), "reserves do not add up");
        ensure!(record.reserve_from.is_none() || clearing.reserve.awarded.0 > 0, "a reserve was called that is none");
        Ok(())
    }

    fn check_reservations_do_not_overlap() -> Result<(), TryRuntimeError> {
        for (_, _, reservations) in Reserved::<T>::iter() {
            let mut windows = reservations.into_inner();
            ensure!(!windows.is_empty(), "an empty list of reservations is kept");
            windows.sort_by_key(|reservation| reservation.start);
            let apart = windows.windows(2).all(|pair| matches!(pair, [a, b] if a.end <= b.start));
            ensure!(apart, "two reservations overlap");
        }
        Ok(())
    }
}
