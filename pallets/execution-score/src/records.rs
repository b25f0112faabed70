//! Taking chunks of records in: what makes one due, what it must say, who vouches for it.

use crate::{
    Bitmap, ChunksDone, Config, Credits, CutoffHashes, Cutoffs, Error, Event, Histograms, Pallet, Past, Profiles,
    Recording, Records, Scores, Scoring, ScoringJob,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, TransactionSource, TransactionValidityWithRefund, Weight},
    traits::Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use loadstone_core::{
    traits::{AnchorLog, Directory},
    AnchorNumber, BasisPoints, EventId, Hash, ResourceId, HOUR_MS,
};
use loadstone_dag::BoundedCertificate;
use loadstone_market::{
    score::{accuracy, Histogram},
    setpoint::Ask,
    traits::Market,
    Credit, EventRecord, PastEvent, PastEvents, Phase, Pricing, RecordChunk, RecordInput, RecordInputs, Score,
    MAX_LOOK_BACK, RECORD_CHUNK,
};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionLongevity, ValidTransaction};

/// Greatest number of chunks that are named as missing at once.
const MAX_NAMED: usize = 64;

/// Age at which no baseline asks for an event any more: the longest look back and the event before it, with room for
/// events that are recorded out of order.
const PAST_REACH_MS: u64 = (MAX_LOOK_BACK as u64 + 10) * 24 * HOUR_MS;

/// Blocks for which a chunk may wait in the pool; members submit it again while it is missing.
const LONGEVITY: TransactionLongevity = 64;

fn has(bitmap: &[u8], chunk: u32) -> bool {
    bitmap.get(chunk as usize / 8).is_some_and(|byte| byte & (1 << (chunk % 8)) != 0)
}

/// Puts an event behind the others. Those too old for any baseline give way, and no others, so that all who compute
/// one baseline see the same; while none can, the new event is not remembered.
pub(crate) fn remember(events: &mut PastEvents, past: PastEvent) {
    events.retain(|other| past.start.since(other.start) <= PAST_REACH_MS);
    let _ = events.try_push(past);
}

fn invalid<T: Config>(error: Error<T>) -> InvalidTransaction {
    match error {
        Error::RecordsNotDue | Error::ChunkAlreadyRecorded => InvalidTransaction::Stale,
        Error::NotCertified => InvalidTransaction::BadProof,
        // The error's index tells the submitter which condition it broke.
        other => InvalidTransaction::Custom(other.using_encoded(|bytes| bytes.first().copied().unwrap_or(u8::MAX))),
    }
}

impl<T: Config> Pallet<T> {
    /// Hash of the chain's first block, which every signature binds.
    pub(crate) fn genesis() -> Hash {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default())
    }

    /// Admits a chunk into pool and block: what is cheap first, the signatures last.
    pub(crate) fn authorize_records(
        _source: TransactionSource,
        chunk: &RecordChunk,
        certificate: &BoundedCertificate,
    ) -> TransactionValidityWithRefund {
        Self::ensure_due(chunk)
            .and_then(|()| Self::check_records(chunk))
            .and_then(|()| Self::check_certificate(chunk, certificate))
            .map_err(invalid)?;
        ValidTransaction::with_tag_prefix("records")
            .priority(T::Priority::get())
            .and_provides((chunk.event, chunk.chunk))
            .longevity(LONGEVITY)
            .propagate(true)
            .build()
            .map(|validity| (validity, Weight::zero()))
    }

    /// Whether the chunk is one that the chain waits for.
    pub(crate) fn ensure_due(chunk: &RecordChunk) -> Result<(), Error<T>> {
        ensure!(Recording::<T>::get().contains(&chunk.event), Error::<T>::RecordsNotDue);
        ensure!(chunk.chunk < Self::chunk_count(chunk.event), Error::<T>::UnknownChunk);
        ensure!(!has(&ChunksDone::<T>::get(chunk.event), chunk.chunk), Error::<T>::ChunkAlreadyRecorded);
        ensure!(CutoffHashes::<T>::get(chunk.event) == Some(chunk.cutoff), Error::<T>::CutoffMismatch);
        Ok(())
    }

    /// The resources of a chunk in the event's order.
    fn chunk_resources(event: EventId, chunk: u32) -> impl Iterator<Item = ResourceId> {
        let first = chunk.saturating_mul(RECORD_CHUNK);
        let end = first.saturating_add(RECORD_CHUNK).min(T::Market::resource_count(event));
        (first..end).filter_map(move |index| T::Market::resource_at(event, index))
    }

    /// Whether the records say of the chunk's resources what the chain can check by itself.
    pub(crate) fn check_records(chunk: &RecordChunk) -> Result<(), Error<T>> {
        let resources: Vec<ResourceId> = Self::chunk_resources(chunk.event, chunk.chunk).collect();
        ensure!(resources.iter().eq(chunk.records.iter().map(|record| &record.resource)), Error::<T>::ResourceMismatch);
        let event = T::Market::event(chunk.event).ok_or(Error::<T>::UnknownEvent)?;
        let clearing = T::Market::clearing(chunk.event).ok_or(Error::<T>::UnknownEvent)?;
        for record in &chunk.records {
            let intervals = event.needs.len();
            let fits = record.quota.len() == intervals && record.delivered.len() == intervals;
            ensure!(fits, Error::<T>::IntervalMismatch);
            ensure!([0, intervals].contains(&record.baseline.len()), Error::<T>::IntervalMismatch);
            ensure!(record.readings_valid <= record.readings_due, Error::<T>::ReadingsExceedDue);
            let ask = Ask::new(&clearing, &T::Market::segments(chunk.event, record.resource));
            ensure!(ask.quotas(&event).eq(record.quota.iter().copied()), Error::<T>::QuotaMismatch);
        }
        Ok(())
    }

    fn check_certificate(chunk: &RecordChunk, certificate: &BoundedCertificate) -> Result<(), Error<T>> {
        let payload = Self::claim(chunk).payload(&Self::genesis());
        ensure!(T::AnchorLog::is_certified(payload.as_bytes(), certificate), Error::<T>::NotCertified);
        Ok(())
    }

    /// Stores a chunk that was found good.
    pub(crate) fn record_chunk(chunk: RecordChunk) -> DispatchResult {
        let (event, index, count) = (chunk.event, chunk.chunk, chunk.records.len() as u32);
        let details = T::Market::event(event).ok_or(Error::<T>::UnknownEvent)?;
        let is_contract = T::Market::programme_of(&details).is_some_and(|rules| rules.pricing == Pricing::Bilateral);
        let past = PastEvent { start: details.start, recorded: T::AnchorLog::latest_anchor() };
        Histograms::<T>::mutate(event, |histogram| {
            chunk.records.iter().filter_map(accuracy).for_each(|accuracy| histogram.add(accuracy));
        });
        for record in chunk.records {
            // What a resource trades is its usual load.
            if !is_contract && record.quota.iter().any(|quota| quota.0 > 0) {
                Past::<T>::mutate(record.resource, |events| remember(events, past));
            }
            Records::<T>::insert(event, record.resource, record);
        }
        let done = ChunksDone::<T>::mutate(event, |bitmap| {
            Self::mark(bitmap, index);
            bitmap.iter().map(|byte| byte.count_ones()).sum::<u32>()
        });
        Self::deposit_event(Event::ChunkRecorded { event, chunk: index, records: count });
        if done == Self::chunk_count(event) {
            Self::finish_recording(event)?;
        }
        Ok(())
    }

    fn mark(bitmap: &mut Bitmap, chunk: u32) {
        let byte = chunk as usize / 8;
        // `ensure_due` and `await_cutoff` keep every chunk within the bitmap.
        while bitmap.len() <= byte && bitmap.try_push(0).is_ok() {}
        if let Some(bits) = bitmap.get_mut(byte) {
            *bits |= 1 << (chunk % 8);
        }
    }

    fn finish_recording(event: EventId) -> DispatchResult {
        T::Market::set_phase(event, Phase::Recorded)?;
        Recording::<T>::mutate(|recording| recording.retain(|other| *other != event));
        Scoring::<T>::try_append(ScoringJob { event, next: 0 }).map_err(|()| Error::<T>::TooManyActiveEvents)?;
        Self::deposit_event(Event::EventRecorded { event, median: Histograms::<T>::get(event).median() });
        Ok(())
    }

    /// Chunks that are due and missing, with their cut-off anchors, oldest event first; at most 64.
    pub fn missing_chunks() -> Vec<(EventId, u32, AnchorNumber)> {
        let mut missing = vec![];
        for event in Recording::<T>::get() {
            let done = ChunksDone::<T>::get(event);
            let cutoff = Cutoffs::<T>::get(event).unwrap_or_default();
            let chunks = (0..Self::chunk_count(event)).filter(|chunk| !has(&done, *chunk));
            missing.extend(chunks.take(MAX_NAMED.saturating_sub(missing.len())).map(|chunk| (event, chunk, cutoff)));
        }
        missing
    }

    /// What the chain contributes to a chunk of records; `None` before the event's cut-off, and for a
    /// chunk that it does not have.
    pub fn record_inputs(event: EventId, chunk: u32) -> Option<RecordInputs> {
        let cutoff = Cutoffs::<T>::get(event)?;
        let cutoff_hash = CutoffHashes::<T>::get(event)?;
        let details = T::Market::event(event)?;
        let resources: Vec<_> = Self::chunk_resources(event, chunk)
            .filter_map(|id| {
                let device = T::Directory::resource(id)?.device;
                let (segments, past) = (T::Market::segments(event, id), Past::<T>::get(id));
                Some(RecordInput { resource: id, device, segments, past })
            })
            .collect();
        (!resources.is_empty()).then_some(())?;
        Some(RecordInputs {
            programme: T::Market::programme_of(&details)?,
            clearing: T::Market::clearing(event)?,
            event: details,
            cutoff,
            cutoff_hash,
            resources,
        })
    }
}

impl<T: Config> loadstone_market::traits::Scores for Pallet<T> {
    fn record(event: EventId, resource: ResourceId) -> Option<EventRecord> {
        Records::<T>::get(event, resource)
    }

    fn score(event: EventId, resource: ResourceId) -> Option<Score> {
        Scores::<T>::get(event, resource)
    }

    fn histogram(event: EventId) -> Histogram {
        Histograms::<T>::get(event)
    }
}

impl<T: Config> loadstone_market::traits::Standings for Pallet<T> {
    fn credit(resource: ResourceId) -> Option<Credit> {
        Credits::<T>::get(resource)
    }

    fn reliability(resource: ResourceId) -> Option<BasisPoints> {
        Profiles::<T>::get(resource).map(|profile| profile.reliability)
    }
}
