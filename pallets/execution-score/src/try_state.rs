//! What must hold of the pallet's storage after every block.

use crate::{
    Awaiting, ChunksDone, Config, Credits, CutoffHashes, Cutoffs, Histograms, Pallet, Profiles, Recording, Records,
    Scores, Scoring,
};
use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get};
use loadstone_core::EventId;
use loadstone_market::{score::accuracy, traits::Market, Phase, RECORD_CHUNK};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs all checks of this file.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::each_active_event_is_in_one_list()?;
        Self::every_cutoff_has_its_hash()?;
        Self::lists_follow_phases()?;
        Self::bitmaps_count_the_records()?;
        Self::histograms_count_the_asked()?;
        Self::scores_stand_on_records()?;
        Self::profiles_follow_credits()
    }

    fn profiles_follow_credits() -> Result<(), TryRuntimeError> {
        ensure!(
            Profiles::<T>::iter().count() == Credits::<T>::iter().count(),
            "a profile without a credit, or the reverse"
        );
        for (resource, profile) in Profiles::<T>::iter() {
            let counted = Credits::<T>::get(resource).map(|credit| credit.events);
            ensure!(counted == Some(profile.events), "a profile counts other events than the credit");
        }
        Ok(())
    }

    fn each_active_event_is_in_one_list() -> Result<(), TryRuntimeError> {
        let mut seen = BTreeSet::new();
        let awaiting = Awaiting::<T>::get().into_iter().map(|waiting| waiting.event);
        let scoring = Scoring::<T>::get().into_iter().map(|job| job.event);
        let all = awaiting.chain(Recording::<T>::get()).chain(scoring);
        ensure!(all.into_iter().all(|event| seen.insert(event)), "an event is in two lists");
        ensure!(seen.len() <= T::MaxActive::get() as usize, "too many events are active");
        Ok(())
    }

    fn every_cutoff_has_its_hash() -> Result<(), TryRuntimeError> {
        for waiting in Awaiting::<T>::get() {
            ensure!(!Cutoffs::<T>::contains_key(waiting.event), "an awaiting event has a cut-off");
        }
        for event in Cutoffs::<T>::iter_keys() {
            ensure!(CutoffHashes::<T>::contains_key(event), "a cut-off has no hash");
        }
        let hashes = CutoffHashes::<T>::iter_keys().count();
        ensure!(hashes == Cutoffs::<T>::iter_keys().count(), "a hash has no cut-off");
        Ok(())
    }

    fn lists_follow_phases() -> Result<(), TryRuntimeError> {
        let is_in = |event, phase| T::Market::event(event).is_some_and(|event| event.phase == phase);
        for event in Awaiting::<T>::get().into_iter().map(|waiting| waiting.event).chain(Recording::<T>::get()) {
            ensure!(is_in(event, Phase::Dispatched), "an event without complete records is not in phase dispatched");
        }
        for job in Scoring::<T>::get() {
            let count = T::Market::resource_count(job.event);
            ensure!(count == 0 || is_in(job.event, Phase::Recorded), "an event is scored outside its phase");
            ensure!(job.next <= count, "scoring ran past the last resource");
        }
        Ok(())
    }

    fn bitmaps_count_the_records() -> Result<(), TryRuntimeError> {
        for (event, bitmap) in ChunksDone::<T>::iter() {
            let chunks: u32 = bitmap.iter().map(|byte| byte.count_ones()).sum();
            let records = Records::<T>::iter_prefix(event).count() as u32;
            ensure!(chunks <= Self::chunk_count(event), "more chunks than the event has");
            ensure!(records <= chunks * RECORD_CHUNK, "records without a chunk");
            let complete = chunks == Self::chunk_count(event);
            ensure!(!complete || records == T::Market::resource_count(event), "a complete event lacks records");
            ensure!(complete != Recording::<T>::get().contains(&event), "a complete event still records");
        }
        Ok(())
    }

    fn histograms_count_the_asked() -> Result<(), TryRuntimeError> {
        for (event, histogram) in Histograms::<T>::iter() {
            let asked = Records::<T>::iter_prefix_values(event).filter_map(|record| accuracy(&record)).count();
            ensure!(histogram.count() == asked as u64, "a histogram does not count the resources asked");
        }
        Ok(())
    }

    fn scores_stand_on_records() -> Result<(), TryRuntimeError> {
        for (event, resource, score) in Scores::<T>::iter() {
            let record = Records::<T>::get(event, resource).ok_or("a score without a record")?;
            ensure!(accuracy(&record) == Some(score.accuracy), "a score does not follow from its record");
        }
        let scoring: BTreeSet<EventId> = Scoring::<T>::get().into_iter().map(|job| job.event).collect();
        for event in Histograms::<T>::iter_keys() {
            let finished = !scoring.contains(&event) && !Recording::<T>::get().contains(&event);
            let scored = Scores::<T>::iter_prefix(event).count() as u64;
            ensure!(!finished || scored == Histograms::<T>::get(event).count(), "a finished event lacks scores");
        }
        Ok(())
    }
}
