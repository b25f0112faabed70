//! The committee: taken from the genesis session, asked whether it certified a message.

use crate::{AuthorityId, Committee, Config, Error, Event, Latest, Members, Pallet};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{ensure, traits::OneSessionHandler};
use loadstone_core::{quorum, traits::AnchorLog, AnchorNumber, Hash, Member, MemberIndex, PublicKey, Signature};
use loadstone_dag::MAX_MEMBERS;
use sp_core::sr25519;
use sp_runtime::{traits::Convert, BoundToRuntimeAppPublic};

/// Whether `key` signed `message` in Substrate's signing context.
pub(crate) fn is_signed(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    sp_io::crypto::sr25519_verify(&sr25519::Signature::from_raw(*signature), message, &sr25519::Public::from_raw(*key))
}

/// The weight behind `certificate`; `None` unless its members exist and rise strictly.
fn weight_behind(committee: &[Member], certificate: &[(MemberIndex, Signature)]) -> Option<u32> {
    let mut weight = 0u32;
    let mut last = None;
    for (index, _) in certificate {
        if last.is_some_and(|last| last >= *index) {
            return None;
        }
        last = Some(*index);
        weight = weight.saturating_add(committee.get(index.0 as usize)?.weight);
    }
    Some(weight)
}

/// Whether `weight` is more than two thirds of the committee's; never of an empty one.
fn is_quorum(committee: &[Member], weight: u32) -> bool {
    let total = committee.iter().fold(0u32, |sum, member| sum.saturating_add(member.weight));
    total > 0 && weight >= quorum(total)
}

fn are_signed(committee: &[Member], message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
    certificate.iter().all(|(index, signature)| {
        committee.get(index.0 as usize).is_some_and(|member| is_signed(&member.key, message, signature))
    })
}

impl<T: Config> Pallet<T> {
    /// What is cheap to check of a certificate: its members and their weight.
    pub(crate) fn check_quorum(certificate: &[(MemberIndex, Signature)]) -> Result<(), Error<T>> {
        let committee = Committee::<T>::get();
        let weight = weight_behind(&committee, certificate).ok_or(Error::<T>::CertificateMembersInvalid)?;
        ensure!(is_quorum(&committee, weight), Error::<T>::CertificateBelowQuorum);
        Ok(())
    }

    /// What is costly: every signature over `message`.
    pub(crate) fn check_signatures(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> Result<(), Error<T>> {
        ensure!(are_signed(&Committee::<T>::get(), message, certificate), Error::<T>::CertificateSignatureInvalid);
        Ok(())
    }

    /// Seats `validators`, one vote each. More than [`MAX_MEMBERS`] are not seated: the registry
    /// admits no larger set.
    fn seat<'a>(validators: impl Iterator<Item = (&'a T::AccountId, AuthorityId)>) {
        let members: Vec<Member> = validators
            .take(MAX_MEMBERS)
            .map(|(account, key)| Member {
                account: account.clone(),
                organisation: T::OrganisationOf::convert(account.clone()).unwrap_or_default(),
                key: sr25519::Public::from(key).0,
                weight: 1,
            })
            .collect();
        Self::deposit_event(Event::CommitteeFormed { members: members.len() as u32 });
        Committee::<T>::put(Members::truncate_from(members));
    }

    /// Looks the members' organisations up again. An unregistered one stays organisation 0.
    pub(crate) fn name_organisations() {
        Committee::<T>::mutate(|committee| {
            for member in committee.iter_mut() {
                if let Some(organisation) = T::OrganisationOf::convert(member.account.clone()) {
                    member.organisation = organisation;
                }
            }
        });
    }
}

impl<T: Config> BoundToRuntimeAppPublic for Pallet<T> {
    type Public = AuthorityId;
}

impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
    type Key = AuthorityId;

    fn on_genesis_session<'a, I>(validators: I)
    where
        I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
    {
        Self::seat(validators);
    }

    /// Seats a committee only where genesis had none; epoch 0's stays otherwise (see the pallet).
    fn on_new_session<'a, I>(_changed: bool, validators: I, _queued_validators: I)
    where
        I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
    {
        if Committee::<T>::decode_len().unwrap_or(0) == 0 {
            Self::seat(validators);
        }
    }

    /// A disabled validator keeps its vote: its weight counts among the third that may be faulty.
    fn on_disabled(_validator_index: u32) {}
}

impl<T: Config> AnchorLog for Pallet<T> {
    fn latest_anchor() -> AnchorNumber {
        Latest::<T>::get().map(|anchor| anchor.number).unwrap_or_default()
    }

    fn anchor_hash(number: AnchorNumber) -> Option<Hash> {
        crate::Anchors::<T>::get(number).map(|anchor| anchor.hash())
    }

    fn is_certified(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
        Self::check_quorum(certificate).and_then(|()| Self::check_signatures(message, certificate)).is_ok()
    }
}

/// The error's index as the code of an invalid transaction, so that a submitter reads which
/// condition it broke.
pub(crate) fn error_code<T: Config>(error: &Error<T>) -> u8 {
    error.using_encoded(|bytes| bytes.first().copied().unwrap_or(u8::MAX))
}
