//! The committee: follows the sessions' validators, asked whether it certified a message.

use crate::{AuthorityId, Committee, Config, Epoch, Error, Event, Latest, Members, NextCommittee, Pallet, Peaks};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use codec::Encode;
use frame_support::{ensure, traits::OneSessionHandler};
use loadstone_core::{
    quorum,
    traits::{AnchorLog, Testimony},
    AccountId, AnchorNumber, Hash, Member, MemberIndex, OrganisationId, PublicKey, Signature, Signers,
};
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

/// Whether the certificate's members exist, rise and have more than two thirds of the weight.
fn has_quorum(committee: &[Member], certificate: &[(MemberIndex, Signature)]) -> bool {
    weight_behind(committee, certificate).is_some_and(|weight| is_quorum(committee, weight))
}

fn key_of(committee: &[Member], index: MemberIndex) -> Option<&PublicKey> {
    committee.get(usize::from(index.0)).map(|member| &member.key)
}

fn are_signed(committee: &[Member], message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
    certificate
        .iter()
        .all(|(index, signature)| key_of(committee, *index).is_some_and(|key| is_signed(key, message, signature)))
}

/// Whether `one` rather than `other` signed, as far as one signature tells: the first at whose index
/// they have different keys. So telling two committees apart costs one signature, not all of them.
fn is_of(one: &[Member], other: &[Member], message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
    let differing = certificate.iter().find(|(index, _)| key_of(one, *index) != key_of(other, *index));
    differing
        .is_some_and(|(index, signature)| key_of(one, *index).is_some_and(|key| is_signed(key, message, signature)))
}

/// Who sits, whatever the order and whatever is known of their organisations.
fn seats(members: &[Member]) -> BTreeSet<(&AccountId, &PublicKey)> {
    members.iter().map(|member| (&member.account, &member.key)).collect()
}

/// Whether some organisation has a third or more of the weight. Members without one count as one
/// organisation together.
fn is_lopsided(members: &[Member]) -> bool {
    let total: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
    let mut held = BTreeMap::<OrganisationId, u64>::new();
    for member in members {
        *held.entry(member.organisation).or_default() += u64::from(member.weight);
    }
    held.values().any(|held| held.saturating_mul(3) >= total)
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

    /// `validators` as members, one vote each. More than [`MAX_MEMBERS`] are not seated: the registry
    /// admits no larger set.
    fn members_of<'a>(validators: impl Iterator<Item = (&'a T::AccountId, AuthorityId)>) -> Members {
        let members: Vec<Member> = validators
            .take(MAX_MEMBERS)
            .map(|(account, key)| Member {
                account: account.clone(),
                organisation: T::OrganisationOf::convert(account.clone()).unwrap_or_default(),
                key: sr25519::Public::from(key).0,
                weight: 1,
            })
            .collect();
        Members::truncate_from(members)
    }

    /// Seats the chain's first committee.
    fn form(members: Members) {
        Self::deposit_event(Event::CommitteeFormed { members: members.len() as u32 });
        Committee::<T>::put(members);
    }

    /// Has the epoch close for the sake of `next`, if these are others than sit now.
    ///
    /// The registry appoints no set in which an organisation holds a third, but a session may begin
    /// with fewer than were appointed, where some have no keys any more. Such a set is not seated, and
    /// every later session tries again. A development chain's committee is too small for any set to be
    /// better, and is not held to this.
    fn follow(next: Members) {
        let present = Committee::<T>::get();
        if next.is_empty() || (is_lopsided(&next) && !is_lopsided(&present)) {
            Self::deposit_event(Event::CommitteeRefused { members: next.len() as u32 });
        } else if NextCommittee::<T>::exists() || seats(&next) != seats(&present) {
            // Members back in their seats do not undo a closing: some may have made their final witness.
            Self::open_closing(next);
        }
    }

    /// The committee with whose weight the certificate comes, and its epoch: of that in force and the one handing over.
    fn committee_behind(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> Option<(u32, Members)> {
        let (epoch, present) = (Epoch::<T>::get(), Committee::<T>::get());
        let by_present = has_quorum(&present, certificate);
        let before = Self::handing_over().filter(|before| has_quorum(before, certificate));
        match before {
            Some(before) if !by_present || is_of(&before, &present, message, certificate) => {
                Some((epoch.checked_sub(1)?, before))
            }
            _ => by_present.then_some((epoch, present)),
        }
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
        Self::form(Self::members_of(validators));
    }

    /// Each session is looked at, whether or not it changed anything: a set that was refused may be
    /// sound by now.
    fn on_new_session<'a, I>(_changed: bool, validators: I, _queued_validators: I)
    where
        I: Iterator<Item = (&'a T::AccountId, AuthorityId)> + 'a,
    {
        let members = Self::members_of(validators);
        match Committee::<T>::decode_len().unwrap_or(0) {
            0 => Self::form(members),
            _ => Self::follow(members),
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

    /// By the committee in force, or by the one before until [`Config::Handover`] blocks after its end:
    /// a claim that members sign about something anchored names no epoch, and one may be on its way to
    /// the chain while an epoch ends.
    ///
    /// The one before was trusted with the same claims a moment ago, and the time is too short to collect
    /// the keys of who left. After [`Pallet::force_epoch`] there is no such time: Root ends an epoch
    /// because of its committee. Anchors do name their epoch and never come this way.
    fn is_certified(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool {
        Self::committee_behind(message, certificate)
            .is_some_and(|(_, committee)| are_signed(&committee, message, certificate))
    }
}

impl<T: Config> Testimony for Pallet<T> {
    fn signers(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> Option<Signers> {
        let (epoch, _) = Self::committee_behind(message, certificate)?;
        let bit = |index: &MemberIndex| 1u64.checked_shl(index.0.into()).unwrap_or_default();
        let members = certificate.iter().fold(0, |members, (index, _)| members | bit(index));
        Some(Signers { epoch, members })
    }

    fn accounts(signers: &Signers) -> Vec<AccountId> {
        let committee = Self::committee_of(signers.epoch).unwrap_or_default();
        let signed = (0u16..).zip(committee).filter(|(index, _)| signers.has(*index));
        signed.map(|(_, member)| member.account).collect()
    }

    fn is_accepted(number: AnchorNumber, hash: Hash, siblings: &[Hash]) -> bool {
        match Self::anchor_hash(number) {
            Some(kept) => kept == hash,
            None => number.0.checked_sub(1).is_some_and(|index| Peaks::<T>::get().holds(index, hash, siblings)),
        }
    }
}

/// The error's index as the code of an invalid transaction, so that a submitter reads which
/// condition it broke.
pub(crate) fn error_code<T: Config>(error: &Error<T>) -> u8 {
    error.using_encoded(|bytes| bytes.first().copied().unwrap_or(u8::MAX))
}
