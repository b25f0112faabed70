//! Judging disputed records: replaying them, putting wrong ones right, convicting who signed them.

use crate::{
    Config, Convictions, Credits, Event, Hearings, Histograms, Pallet, Profiles, Records, Replaced, Scores, Shown,
    Signatures, WeightInfo,
};
use alloc::vec::Vec;
use codec::{DecodeAll, Encode};
use frame_support::dispatch::DispatchClass;
use loadstone_core::{
    traits::{Conviction, Directory, OnConviction, Testimony},
    EventId, Hash, Millis, ResourceId, Sequence,
};
use loadstone_dag::{BoundedCertificate, Hearing, Readings, RecordsClaim};
use loadstone_market::{
    baseline::Reading,
    credit::amend,
    profile::profile,
    record::Recorder,
    referee::{judge, Finding, Ruling, Showing},
    score::score,
    traits::{Market, Referee},
    validity::validity,
    EventRecord, Pricing, RecordChunk, RecordInput, RECORD_CHUNK,
};

impl<T: Config> Referee for Pallet<T> {
    fn hear(event: EventId, resource: ResourceId, place: u32, until: Millis) {
        Self::open_hearing(event, resource, place, until);
    }

    fn judge(event: EventId, resource: ResourceId) -> Ruling {
        let Some(hearing) = Hearings::<T>::take(event, resource) else { return Ruling::Unproven };
        frame_system::Pallet::<T>::register_extra_weight_unchecked(
            T::WeightInfo::judge(hearing.written),
            DispatchClass::Mandatory,
        );
        let finding = Self::find(event, resource, &hearing);
        (0..hearing.written).for_each(|page| Shown::<T>::remove((event, resource), page));
        match finding {
            None | Some(Finding::Incomplete) => Ruling::Unproven,
            Some(Finding::Confirmed) => Ruling::Confirmed,
            Some(Finding::Wrong { record, is_proven }) => {
                Self::put_right(event, resource, record);
                match is_proven && Self::convict(event, resource, hearing.place) {
                    true => Ruling::Convicted,
                    false => Ruling::Corrected,
                }
            }
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Remembers who vouches for a chunk.
    pub(crate) fn note_signers(chunk: &RecordChunk, certificate: &BoundedCertificate) {
        let payload = Self::claim(chunk).payload(&Self::genesis());
        if let Some(signers) = T::AnchorLog::signers(payload.as_bytes(), certificate) {
            Signatures::<T>::insert(chunk.event, chunk.chunk, signers);
        }
    }

    /// What members sign for a chunk.
    pub(crate) fn claim(chunk: &RecordChunk) -> RecordsClaim {
        let chunk_hash = Hash(sp_io::hashing::blake2_256(&chunk.encode()));
        RecordsClaim { event: chunk.event, chunk: chunk.chunk, chunk_hash }
    }

    /// What follows from what was shown; `None` where nothing was.
    fn find(event: EventId, resource: ResourceId, hearing: &Hearing) -> Option<Finding> {
        let chain = hearing.chain.as_ref()?;
        let details = T::Market::event(event)?;
        let (programme, clearing) = (T::Market::programme_of(&details)?, T::Market::clearing(event)?);
        let input = RecordInput {
            resource,
            device: T::Directory::resource(resource)?.device,
            segments: T::Market::segments(event, resource),
            past: crate::Past::<T>::get(resource),
        };
        let showing = Showing {
            readings: Self::shown_readings(event, resource, hearing.pages),
            before: chain.before,
            reaches_opening: chain.reaches_opening(),
            is_whole: chain.is_whole(),
            is_exact: chain.is_exact(),
        };
        let recorder = Recorder::new(&details, &programme, &clearing);
        let certified = Records::<T>::get(event, resource)?;
        Some(judge(&recorder, (&details, &programme), &input, &showing, &certified))
    }

    /// What the pages hold, in chain order.
    fn shown_readings(event: EventId, resource: ResourceId, pages: u32) -> Vec<(Sequence, Reading)> {
        let units = (0..pages).rev().flat_map(|page| Shown::<T>::get((event, resource), page).into_iter().rev());
        let told = units.flat_map(|(place, encoded)| {
            let decoded = Readings::decode_all(&mut &encoded[..]).ok().and_then(|readings| readings.watts().ok());
            let reading = move |(at, load, valid)| (place, Reading { at, load, valid });
            decoded.unwrap_or_default().into_iter().map(reading)
        });
        told.collect()
    }

    /// Puts the right record in the wrong one's place, and what follows from it. The event's accuracies count the wrong
    /// one still: others were scored against them.
    fn put_right(id: EventId, resource: ResourceId, record: EventRecord) {
        if let Some(wrong) = Records::<T>::get(id, resource) {
            Replaced::<T>::insert(id, resource, wrong);
        }
        Records::<T>::insert(id, resource, &record);
        Self::deposit_event(Event::RecordCorrected { event: id, resource });
        let Some(event) = T::Market::event(id) else { return };
        let Some(programme) = T::Market::programme_of(&event) else { return };
        let rule = &programme.score;
        let Some(result) = score(&record, rule, &Histograms::<T>::get(id)) else { return };
        if programme.pricing != Pricing::Bilateral {
            let amended = Credits::<T>::get(resource).unwrap_or_default();
            let amended = amend(&amended, &result, validity(&record, rule), rule, event.end());
            Credits::<T>::insert(resource, amended);
            Profiles::<T>::mutate(resource, |known| *known = profile(known.as_ref(), &event, &record, rule));
        }
        Scores::<T>::insert(id, resource, result);
    }

    /// Convicts who signed the record at `place`; tells whether anybody was.
    fn convict(event: EventId, resource: ResourceId, place: u32) -> bool {
        let chunk = place.checked_div(RECORD_CHUNK).unwrap_or_default();
        let Some(signers) = Signatures::<T>::get(event, chunk) else { return false };
        let accounts = T::AnchorLog::accounts(&signers);
        for who in &accounts {
            Convictions::<T>::insert(who, (event, resource), signers.epoch);
            Self::deposit_event(Event::SignerConvicted { who: who.clone(), event, resource });
            T::OnConviction::on_conviction(Conviction::WrongRecord { member: who.clone(), event, resource });
        }
        !accounts.is_empty()
    }
}
