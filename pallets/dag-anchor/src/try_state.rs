//! What must hold of the pallet's storage after every block.

use crate::{
    Anchors, Committee, Config, DeviceFaults, Epoch, EpochStart, EpochUnits, HandoverEnd, Latest, MemberFaults,
    NextCommittee, Pallet, PastCommittees, Peaks,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{ensure, traits::Get};
use loadstone_core::{AnchorNumber, Member};
use loadstone_dag::Anchor;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs all checks of this file.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        members_are_distinct_and_weighted(&Committee::<T>::get())?;
        NextCommittee::<T>::get().map_or(Ok(()), |next| members_are_distinct_and_weighted(&next))?;
        Self::past_committees_are_the_newest()?;
        Self::kept_anchors_form_the_newest_chain()?;
        Self::epochs_follow_each_other()?;
        Self::epoch_counts_its_units()?;
        Self::range_counts_every_anchor()?;
        Self::faults_are_counted()
    }

    fn past_committees_are_the_newest() -> Result<(), TryRuntimeError> {
        let epoch = Epoch::<T>::get();
        let mut kept: Vec<u32> = PastCommittees::<T>::iter_keys().collect();
        kept.sort_unstable();
        let newest: Vec<u32> = (epoch.saturating_sub(T::KeepEpochs::get())..epoch).collect();
        ensure!(kept == newest, "other past committees are kept than the newest");
        ensure!(epoch > 0 || HandoverEnd::<T>::get().is_none(), "nobody hands over to the first committee");
        PastCommittees::<T>::iter_values().try_for_each(|members| members_are_distinct_and_weighted(&members))
    }

    fn epochs_follow_each_other() -> Result<(), TryRuntimeError> {
        let (epoch, start, latest) = (Epoch::<T>::get(), EpochStart::<T>::get(), Latest::<T>::get());
        let mut anchors: Vec<Anchor> = Anchors::<T>::iter_values().collect();
        anchors.sort_unstable_by_key(|anchor| anchor.number);
        for pair in anchors.windows(2) {
            let may_follow =
                if pair[0].closes_epoch() { pair[0].epoch < pair[1].epoch } else { pair[0].epoch <= pair[1].epoch };
            ensure!(may_follow, "an anchor is of an epoch that was over");
        }
        let end = latest.as_ref().map_or(0, |latest| latest.epoch.saturating_add(latest.closes_epoch().into()));
        ensure!(end <= epoch, "the latest anchor is of an epoch to come, or closed the one in force");
        let Some(start) = start else {
            let first_here = anchors.first().is_none_or(|anchor| anchor.number.0 > 1 || anchor.epoch == epoch);
            ensure!(first_here, "the epoch has forgotten where it starts");
            return Ok(());
        };
        ensure!(start.epoch < epoch, "the epoch starts within itself");
        ensure!(latest.is_some_and(|latest| start.number <= latest.number), "the epoch starts after the latest anchor");
        Ok(())
    }

    /// As far as the epoch's anchors are all kept.
    fn epoch_counts_its_units() -> Result<(), TryRuntimeError> {
        let (epoch, units) = (Epoch::<T>::get(), EpochUnits::<T>::get());
        let of_epoch = Anchors::<T>::iter_values().filter(|anchor| anchor.epoch == epoch);
        let (count, sum) = of_epoch.fold((0u32, 0u64), |(count, sum), anchor| {
            (count.saturating_add(1), sum.saturating_add(anchor.units.into()))
        });
        let before = EpochStart::<T>::get().map_or(0, |anchor| anchor.number.0);
        let all = Latest::<T>::get().map_or(0, |anchor| anchor.number.0.saturating_sub(before));
        ensure!(count == all || count == T::KeepAnchors::get(), "an anchor after the epoch's start is of another");
        ensure!(if count == all { sum == units } else { sum <= units }, "the epoch miscounts its units");
        let full = units >= T::EpochUnits::get() || all >= T::EpochAnchors::get();
        ensure!(!full || NextCommittee::<T>::exists(), "a full epoch is not closing");
        Ok(())
    }

    fn kept_anchors_form_the_newest_chain() -> Result<(), TryRuntimeError> {
        let Some(latest) = Latest::<T>::get() else {
            ensure!(Anchors::<T>::iter_keys().next().is_none(), "anchors without a latest one");
            return Ok(());
        };
        let first = latest.number.0.saturating_sub(T::KeepAnchors::get()).saturating_add(1);
        ensure!(Anchors::<T>::iter_keys().count() as u32 == latest.number.0 - first + 1, "wrong number of anchors");
        ensure!(Anchors::<T>::get(latest.number).as_ref() == Some(&latest), "the latest anchor is not kept");
        for number in first..=latest.number.0 {
            let anchor = Anchors::<T>::get(AnchorNumber(number)).ok_or("a kept anchor is missing")?;
            ensure!(anchor.number.0 == number, "an anchor stands under another number");
            let parent = number.checked_sub(1).and_then(|parent| Anchors::<T>::get(AnchorNumber(parent)));
            ensure!(parent.is_none_or(|parent| parent.hash() == anchor.parent), "an anchor skips its parent");
        }
        Ok(())
    }

    fn range_counts_every_anchor() -> Result<(), TryRuntimeError> {
        let peaks = Peaks::<T>::get();
        let latest = Latest::<T>::get().map(|anchor| anchor.number).unwrap_or_default();
        ensure!(peaks.leaves == latest.0, "the range does not count the anchors");
        ensure!(peaks.peaks.len() as u32 == peaks.leaves.count_ones(), "the range has the wrong peaks");
        Ok(())
    }

    fn faults_are_counted() -> Result<(), TryRuntimeError> {
        ensure!(DeviceFaults::<T>::iter_values().all(|fault| fault.count > 0), "a device fault counts nothing");
        ensure!(MemberFaults::<T>::iter_values().all(|fault| fault.count > 0), "a member fault counts nothing");
        let epoch = Epoch::<T>::get();
        ensure!(MemberFaults::<T>::iter_values().all(|fault| fault.epoch <= epoch), "a fault of an epoch to come");
        Ok(())
    }
}

fn members_are_distinct_and_weighted(committee: &[Member]) -> Result<(), TryRuntimeError> {
    let accounts: BTreeSet<_> = committee.iter().map(|member| &member.account).collect();
    let keys: BTreeSet<_> = committee.iter().map(|member| &member.key).collect();
    ensure!(accounts.len() == committee.len(), "a member sits twice in a committee");
    ensure!(keys.len() == committee.len(), "two members share a key");
    ensure!(committee.iter().all(|member| member.weight > 0), "a member has no weight");
    Ok(())
}
