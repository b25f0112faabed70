//! What must hold of the pallet's storage after every block.

use crate::{Anchors, Committee, Config, DeviceFaults, Latest, MemberFaults, Pallet, Peaks};
use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get};
use loadstone_core::AnchorNumber;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs all checks of this file.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::members_are_distinct_and_weighted()?;
        Self::kept_anchors_form_the_newest_chain()?;
        Self::range_counts_every_anchor()?;
        Self::faults_are_counted()
    }

    fn members_are_distinct_and_weighted() -> Result<(), TryRuntimeError> {
        let committee = Committee::<T>::get();
        let accounts: BTreeSet<_> = committee.iter().map(|member| member.account.clone()).collect();
        let keys: BTreeSet<_> = committee.iter().map(|member| member.key).collect();
        ensure!(accounts.len() == committee.len(), "a member sits twice in the committee");
        ensure!(keys.len() == committee.len(), "two members share a key");
        ensure!(committee.iter().all(|member| member.weight > 0), "a member has no weight");
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
        let members = Committee::<T>::decode_len().unwrap_or(0);
        ensure!(
            MemberFaults::<T>::iter_keys().all(|index| (index.0 as usize) < members),
            "a fault of nobody in the committee"
        );
        Ok(())
    }
}
