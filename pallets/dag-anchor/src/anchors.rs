//! Taking the next anchor in.

use crate::{
    committee::error_code, Anchors, Config, Epoch, Error, Event, HandoverEnd, Latest, NextCommittee, Pallet, Peaks,
    WeightInfo,
};
use codec::Encode;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, TransactionSource, TransactionValidityWithRefund, Weight},
    traits::{Get, Time},
};
use loadstone_core::{traits::OnAnchor, AnchorNumber, ChangeNotice, Hash, Millis, CHANGE_ENGINE_ID};
use loadstone_dag::{Anchor, BoundedCertificate, MAX_READINGS};
use sp_runtime::{
    traits::Saturating,
    transaction_validity::{InvalidTransaction, TransactionLongevity, ValidTransaction},
    DigestItem,
};

/// Blocks for which an anchor may wait in the pool: a later one can't be valid before it, and its
/// submitter sends it again when it is dropped.
const LONGEVITY: TransactionLongevity = 32;

fn invalid<T: Config>(error: Error<T>) -> InvalidTransaction {
    match error {
        Error::AnchorNumberStale => InvalidTransaction::Stale,
        Error::AnchorNumberAhead => InvalidTransaction::Future,
        Error::CertificateSignatureInvalid => InvalidTransaction::BadProof,
        other => InvalidTransaction::Custom(error_code(&other)),
    }
}

impl<T: Config> Pallet<T> {
    /// Hash of the chain's first block, which every signature binds.
    pub(crate) fn genesis() -> Hash {
        frame_system::Pallet::<T>::block_hash(frame_system::pallet_prelude::BlockNumberFor::<T>::default())
    }

    /// Admits the call into pool and block: what is cheap first, the signatures last.
    pub(crate) fn authorize_anchor(
        _source: TransactionSource,
        anchor: &Anchor,
        certificate: &BoundedCertificate,
    ) -> TransactionValidityWithRefund {
        Self::check_anchor(anchor)
            .and_then(|()| Self::check_quorum(certificate))
            .and_then(|()| Self::check_signatures(anchor.payload(&Self::genesis()).as_bytes(), certificate))
            .map_err(invalid)?;
        ValidTransaction::with_tag_prefix("anchor")
            .priority(T::Priority::get())
            .and_provides(anchor.number)
            .longevity(LONGEVITY)
            .propagate(true)
            .build()
            .map(|validity| (validity, Weight::zero()))
    }

    /// Whether `anchor` may follow the latest one.
    pub(crate) fn check_anchor(anchor: &Anchor) -> Result<(), Error<T>> {
        let (latest, parent) =
            Latest::<T>::get().map_or((AnchorNumber(0), Hash::zero()), |latest| (latest.number, latest.hash()));
        ensure!(anchor.number > latest, Error::<T>::AnchorNumberStale);
        ensure!(anchor.number == latest.next(), Error::<T>::AnchorNumberAhead);
        ensure!(anchor.parent == parent, Error::<T>::ParentMismatch);
        ensure!(anchor.epoch == Epoch::<T>::get(), Error::<T>::EpochMismatch);
        if anchor.closes_epoch() {
            // It may come right after an ordinary one, with nothing left to anchor.
            ensure!(NextCommittee::<T>::exists(), Error::<T>::NotClosing);
        } else {
            ensure!(anchor.units > 0, Error::<T>::NoUnits);
        }
        // A unit holds readings or one acknowledgement, never both.
        let acknowledgements = u64::from(anchor.received).saturating_add(u64::from(anchor.completed));
        let carriers = u64::from(anchor.units).checked_sub(acknowledgements).ok_or(Error::<T>::CountsExceedUnits)?;
        ensure!(anchor.readings <= carriers.saturating_mul(MAX_READINGS as u64), Error::<T>::CountsExceedUnits);
        Ok(())
    }

    /// Weight of taking `anchor` in.
    pub(crate) fn weight_of(anchor: &Anchor) -> Weight {
        match anchor.closes_epoch() {
            true => T::WeightInfo::submit_closing_anchor(),
            false => T::WeightInfo::submit_anchor(),
        }
    }

    /// Makes `anchor` the latest one and tells everybody.
    pub(crate) fn accept(anchor: Anchor) -> DispatchResult {
        let (number, hash, closes) = (anchor.number, anchor.hash(), anchor.closes_epoch());
        let (units, readings) = (anchor.units, anchor.readings);
        Peaks::<T>::try_mutate(|peaks| peaks.push(hash).then_some(()).ok_or(Error::<T>::RangeFull))?;
        if let Some(old) = number.0.checked_sub(T::KeepAnchors::get()) {
            Anchors::<T>::remove(AnchorNumber(old));
        }
        Anchors::<T>::insert(number, &anchor);
        Latest::<T>::put(anchor);
        frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(
            CHANGE_ENGINE_ID,
            ChangeNotice::Anchor(number).encode(),
        ));
        Self::deposit_event(Event::AnchorAccepted { number, hash, units, readings });
        if closes {
            Self::begin_epoch();
            let now = frame_system::Pallet::<T>::block_number();
            HandoverEnd::<T>::put(now.saturating_add(T::Handover::get()));
        } else {
            Self::count(units);
        }
        T::OnAnchor::on_anchor(number, Millis(T::Time::now()));
        Ok(())
    }
}
