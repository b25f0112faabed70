//! Equivocation: evidence against devices and members, counted once for each slot or level.
//!
//! Counting in rising order keeps one small entry for each signer, however many forks it made. A
//! member's stands under its account, which outlives its keys and its seats.

use crate::{committee::is_signed, Config, DeviceFaults, Error, MemberFaults, Pallet};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::ensure;
use loadstone_core::{
    traits::{Conviction, Directory, OnConviction},
    AccountId, Incarnation, Level, Sequence,
};
use loadstone_dag::{
    Slot, Unit, Witness, WitnessContent, MAX_MEMBERS, MAX_REFERENCES, MAX_UNIT_BYTES, MAX_WITNESS_UNITS,
};
use scale_info::TypeInfo;

/// A device's forks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DeviceFault {
    /// Slots reported.
    pub count: u32,
    /// Incarnation of the last slot reported.
    pub incarnation: Incarnation,
    /// Sequence of the last slot reported.
    pub sequence: Sequence,
}

/// A member's forks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct MemberFault {
    /// Levels reported.
    pub count: u32,
    /// Epoch of the last level reported.
    pub epoch: u32,
    /// The last level reported.
    pub level: Level,
}

fn is_within_limits(witness: &Witness) -> bool {
    let content = &witness.content;
    content.parents.len() <= MAX_MEMBERS
        && content.latest.len() <= MAX_MEMBERS
        && content.units.len() <= MAX_WITNESS_UNITS
}

/// Whether no honest member signs both: its witnesses form one chain, of rising level, that ends with
/// its final one.
fn exclude_each_other(first: &WitnessContent, second: &WitnessContent) -> bool {
    let goes_on = |last: &WitnessContent, other: &WitnessContent| last.last && other.level > last.level;
    let forks = first.level == second.level || first.previous == second.previous;
    (first.epoch, first.member) == (second.epoch, second.member)
        && (forks || goes_on(first, second) || goes_on(second, first))
}

impl<T: Config> Pallet<T> {
    /// Whether `who` may report.
    pub(crate) fn ensure_participant(who: &AccountId) -> Result<(), Error<T>> {
        let participant = T::Directory::participant(who).ok_or(Error::<T>::NotRegistered)?;
        ensure!(!participant.frozen, Error::<T>::ParticipantFrozen);
        Ok(())
    }

    /// Checks two units against each other and counts the fork of their slot.
    pub(crate) fn convict_device(first: &Unit, second: &Unit) -> Result<Slot, Error<T>> {
        for unit in [first, second] {
            let fits = unit.encoded_size() <= MAX_UNIT_BYTES && unit.content.references.len() <= MAX_REFERENCES;
            ensure!(fits, Error::<T>::EvidenceTooLarge);
        }
        let slot = first.content.slot;
        ensure!(slot == second.content.slot, Error::<T>::EvidenceUnrelated);
        ensure!(first.content != second.content, Error::<T>::EvidenceIdentical);
        let device = T::Directory::device(slot.device).ok_or(Error::<T>::UnknownDevice)?;
        ensure!(device.incarnation == slot.incarnation, Error::<T>::IncarnationMismatch);
        let known = DeviceFaults::<T>::get(slot.device);
        let is_new = known.is_none_or(|fault| (fault.incarnation, fault.sequence) < (slot.incarnation, slot.sequence));
        ensure!(is_new, Error::<T>::AlreadyReported);
        let genesis = Self::genesis();
        for unit in [first, second] {
            let payload = unit.content.payload(&genesis);
            ensure!(is_signed(&device.key, payload.as_bytes(), &unit.signature), Error::<T>::EvidenceSignatureInvalid);
        }
        let count = known.map_or(0, |fault| fault.count).saturating_add(1);
        let fault = DeviceFault { count, incarnation: slot.incarnation, sequence: slot.sequence };
        DeviceFaults::<T>::insert(slot.device, fault);
        T::OnConviction::on_conviction(Conviction::DeviceFork { device: slot.device, count });
        Ok(slot)
    }

    /// Checks two witnesses against each other and counts the fork at the higher one's level.
    pub(crate) fn convict_member(first: &Witness, second: &Witness) -> Result<(u32, AccountId, Level), Error<T>> {
        ensure!(is_within_limits(first) && is_within_limits(second), Error::<T>::EvidenceTooLarge);
        ensure!(exclude_each_other(&first.content, &second.content), Error::<T>::EvidenceUnrelated);
        ensure!(first.content != second.content, Error::<T>::EvidenceIdentical);
        let (epoch, level) = (first.content.epoch, first.content.level.max(second.content.level));
        let committee = Self::committee_of(epoch).ok_or(Error::<T>::UnknownEpoch)?;
        let member = committee.get(usize::from(first.content.member.0)).ok_or(Error::<T>::UnknownMember)?;
        let known = MemberFaults::<T>::get(&member.account);
        ensure!(known.is_none_or(|fault| (fault.epoch, fault.level) < (epoch, level)), Error::<T>::AlreadyReported);
        let genesis = Self::genesis();
        for witness in [first, second] {
            let payload = witness.content.payload(&genesis);
            ensure!(
                is_signed(&member.key, payload.as_bytes(), &witness.signature),
                Error::<T>::EvidenceSignatureInvalid
            );
        }
        let count = known.map_or(0, |fault| fault.count).saturating_add(1);
        MemberFaults::<T>::insert(&member.account, MemberFault { count, epoch, level });
        T::OnConviction::on_conviction(Conviction::MemberFork { member: member.account.clone(), count });
        Ok((epoch, member.account.clone(), level))
    }
}
