//! Scoring by itself, one chunk a block.

use crate::{Config, Credits, Event, Histograms, Pallet, Profiles, Records, Scores, Scoring, WeightInfo};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    storage::with_storage_layer,
    weights::{Weight, WeightMeter},
};
use loadstone_core::EventId;
use loadstone_market::{
    self as market,
    credit::credit,
    profile::profile,
    score::{score, Histogram},
    traits::Market,
    validity::validity,
    Phase, Pricing, Programme, RECORD_CHUNK,
};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// An event that is being scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ScoringJob {
    /// Which.
    pub event: EventId,
    /// Index of its next resource.
    pub next: u32,
}

impl<T: Config> Pallet<T> {
    /// Whether events wait to be scored.
    pub fn has_work() -> bool {
        Scoring::<T>::decode_len().unwrap_or(0) > 0
    }

    /// Scores up to [`RECORD_CHUNK`] resources of the event whose turn it is; returns how many, or
    /// `None` when no event waits.
    pub(crate) fn score_next_chunk() -> Option<u32> {
        if !Self::has_work() {
            return None;
        }
        Scoring::<T>::mutate(|jobs| {
            let job = jobs.iter_mut().next()?;
            let event = job.event;
            let scored = Self::score_chunk(job);
            if job.next < T::Market::resource_count(event) {
                return Some(scored);
            }
            match with_storage_layer(|| Self::hand_on(event)) {
                Ok(()) => {
                    jobs.remove(0);
                    Self::deposit_event(Event::EventScored { event });
                }
                // Settlement may be full: the others go on meanwhile.
                Err(reason) => {
                    jobs.as_mut().rotate_left(1);
                    Self::deposit_event(Event::ScoringDelayed { event, reason });
                }
            }
            Some(scored)
        })
    }

    /// Scores chunks while a full one fits into `limit`; returns what they weigh.
    pub(crate) fn score_more(limit: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(limit);
        while meter.can_consume(T::WeightInfo::score_chunk(RECORD_CHUNK)) {
            let Some(scored) = Self::score_next_chunk() else { break };
            meter.consume(T::WeightInfo::score_chunk(scored));
        }
        meter.consumed()
    }

    /// Scores the next chunk of `job`; returns how many resources it holds.
    fn score_chunk(job: &mut ScoringJob) -> u32 {
        let count = T::Market::resource_count(job.event);
        let (first, end) = (job.next, job.next.saturating_add(RECORD_CHUNK).min(count));
        job.next = end;
        let details = T::Market::event(job.event);
        let programme = details.as_ref().and_then(T::Market::programme_of);
        // Programmes are never removed, so that events without one do not exist; nothing could be
        // scored in them.
        let (Some(details), Some(programme)) = (details, programme) else { return 0 };
        let histogram = Histograms::<T>::get(job.event);
        for index in first..end {
            Self::score_resource(job.event, index, &programme, &histogram, &details);
        }
        end.saturating_sub(first)
    }

    /// Scores one resource, if anything was asked of it. What it does under a contract says nothing of its standing.
    fn score_resource(id: EventId, index: u32, programme: &Programme, histogram: &Histogram, event: &market::Event) {
        let Some(resource) = T::Market::resource_at(id, index) else { return };
        let (Some(record), rule) = (Records::<T>::get(id, resource), &programme.score) else { return };
        let Some(result) = score(&record, rule, histogram) else { return };
        let before = Credits::<T>::get(resource);
        let standing = match programme.pricing {
            Pricing::Bilateral => before.unwrap_or_default(),
            Pricing::Uniform | Pricing::PayAsBid => {
                let standing = credit(before.as_ref(), &result, validity(&record, rule), rule, event.end());
                Credits::<T>::insert(resource, &standing);
                Profiles::<T>::mutate(resource, |known| *known = profile(known.as_ref(), event, &record, rule));
                standing
            }
        };
        let (score, credit) = (result.score, standing.credit);
        Self::deposit_event(Event::ResourceScored { event: id, resource, score, credit });
        Scores::<T>::insert(id, resource, result);
    }

    /// Moves a scored event on. One without resources was never recorded before.
    fn hand_on(event: EventId) -> Result<(), DispatchError> {
        if T::Market::event(event).is_some_and(|event| event.phase < Phase::Recorded) {
            T::Market::set_phase(event, Phase::Recorded)?;
        }
        T::Market::set_phase(event, Phase::Scored)
    }
}
