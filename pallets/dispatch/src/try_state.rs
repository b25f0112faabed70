//! What must hold of availability and orders in every block.

use crate::{pallet::*, types::*};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use loadstone_core::{traits::Directory, AreaId, AvailabilityEpoch, Direction, Watts};
use loadstone_market::{rank::availability_rank, Availability, OrderRule, Supply};
use sp_runtime::TryRuntimeError;

type Totals = BTreeMap<(AreaId, Direction, u16), Supply>;

impl<T: Config> Pallet<T> {
    /// Runs every check.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_entries_rise_and_follow_declarations()?;
        Self::check_buckets_are_sums_of_entries(Self::epoch())?;
        Self::check_buckets_are_sums_of_entries(Self::epoch().next())?;
        Self::check_orders_are_well_formed()
    }

    fn check_entries_rise_and_follow_declarations() -> Result<(), TryRuntimeError> {
        let next = Self::epoch().next();
        for (id, direction, entries) in Availabilities::<T>::iter() {
            let rising = entries.windows(2).all(|pair| matches!(pair, [a, b] if a.from < b.from));
            ensure!(rising, "entries do not rise");
            let last = entries.last().ok_or("an empty availability is kept")?;
            ensure!(last.from <= next, "an entry lies beyond the next epoch");
            let rank = availability_rank(last.price, last.reliability, last.response_ms);
            ensure!(last.rank == rank, "a rank does not follow");
            let Declaration { offer, suspended } = Declared::<T>::get(id, direction);
            let expected = if suspended { Watts(0) } else { offer.watts };
            ensure!(last.watts == expected, "the last entry is not what was declared");
            let capacity = T::Directory::resource(id).map(|resource| resource.capacity(direction));
            ensure!(capacity.is_some_and(|capacity| offer.watts <= capacity), "more is declared than registered");
        }
        Ok(())
    }

    fn check_buckets_are_sums_of_entries(epoch: AvailabilityEpoch) -> Result<(), TryRuntimeError> {
        let mut expected = Totals::new();
        for (id, direction, entries) in Availabilities::<T>::iter() {
            let area = T::Directory::resource(id).ok_or("an unknown resource is available")?.area;
            if let Some((rank, supply)) = in_force(&entries, epoch) {
                let total = expected.entry((area, direction, rank)).or_default();
                *total = total.plus(supply);
            }
        }
        expected.retain(|_, total| *total != Supply::default());
        let mut totals = Totals::new();
        for (area, direction) in RankPages::<T>::iter_keys().map(|(place, _)| place) {
            let buckets = Self::buckets(area, direction, epoch).filter(|(_, supply)| *supply != Supply::default());
            totals.extend(buckets.map(|(rank, supply)| ((area, direction, rank), supply)));
        }
        ensure!(totals == expected, "rank buckets and entries differ");
        ensure!(RankPages::<T>::iter_keys().all(|(_, number)| number < PAGES), "a page is out of range");
        Ok(())
    }

    fn check_orders_are_well_formed() -> Result<(), TryRuntimeError> {
        for (area, direction, order) in Orders::<T>::iter() {
            ensure!(order.area == area && order.direction == direction, "an order stands under another place");
            ensure!(order.sequence >= 1 && order.start <= order.end, "an order's numbers are out of range");
            let selection = Selections::<T>::get(area, direction);
            let is_emergency = matches!(order.rule, OrderRule::Emergency { .. });
            ensure!(is_emergency == selection.is_some(), "an order and its selection differ");
            if let OrderRule::Emergency { epoch, changed, target, cutoff_rank, numerator, denominator, .. } = order.rule
            {
                let called = selection.map(|selection| selection.called.expected);
                ensure!(called.is_some_and(|called| called <= target), "more is called than the target");
                ensure!(changed <= epoch, "an emergency order's entries changed after its epoch");
                ensure!(epoch <= Self::epoch() && target.0 > 0, "an emergency order calls the future or nothing");
                let fraction = 0 < numerator && numerator <= denominator;
                ensure!(fraction && cutoff_rank < RANKS, "an emergency order's cut-off is out of range");
            }
        }
        Ok(())
    }
}

/// Rank and supply that count in `epoch`.
fn in_force(entries: &Availability, epoch: AvailabilityEpoch) -> Option<(u16, Supply)> {
    let entry = entries.iter().rev().find(|entry| entry.from <= epoch)?;
    Some((entry.rank, entry.supply()))
}
