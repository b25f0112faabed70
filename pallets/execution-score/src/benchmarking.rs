//! Benchmarks of the calls, their authorisation and the work in blocks.

mod showing;

use crate::{
    Awaiting, Call, Config, CutoffHashes, Cutoffs, Hearings, Histograms, Pallet, Recording, Scores, Scoring, Shown,
    MAX_PAGES, PAGE_UNITS,
};
use alloc::{boxed::Box, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::TransactionSource,
    traits::{Authorize, Get},
};
use frame_system::RawOrigin;
use loadstone_core::{
    traits::OnAnchor, AccountId, AnchorNumber, BasisPoints, BoundedVec, EventId, Hash, Millis, Watts,
};
use loadstone_dag::{Anchor, BoundedCertificate, RecordsClaim, MAX_MEMBERS, MAX_SHOWN_UNITS};
use loadstone_market::{
    clearing::awards,
    referee::Ruling,
    setpoint::quota,
    traits::{Market, Referee},
    EventRecord, RecordChunk, Waiting, RECORD_CHUNK,
};

/// What the benchmarks need of other pallets.
pub trait BenchmarkHelper {
    /// A dispatched event of the greatest number of intervals with `resources` awarded resources, each
    /// with the greatest number of segments. Dispatch must have told this pallet.
    fn dispatched_event(resources: u32) -> EventId;
    /// Accepts an anchor and returns its number; its [`OnAnchor`] must not be relied on.
    fn accept_anchor() -> AnchorNumber;
    /// A registered participant who may show units.
    fn witness() -> AccountId;
    /// Keeps `anchor` as accepted.
    fn keep_anchor(anchor: &Anchor);
    /// A certificate over `message` by all of a committee of `members`, seated for it.
    fn certify(message: &[u8], members: u32) -> BoundedCertificate;
}

/// A dispatched event whose cut-off has come.
fn cut_event<T: Config>(resources: u32) -> EventId {
    let event = T::BenchmarkHelper::dispatched_event(resources);
    let anchor = T::BenchmarkHelper::accept_anchor();
    Pallet::<T>::on_anchor(anchor, Millis(u64::MAX));
    event
}

/// The first chunk of an event's records, all delivered to the watt.
pub fn chunk_of<T: Config>(event: EventId) -> RecordChunk {
    let details = T::Market::event(event).expect("the helper made it");
    let clearing = T::Market::clearing(event).expect("the helper cleared it");
    let count = T::Market::resource_count(event).min(RECORD_CHUNK);
    let record = |index| {
        let resource = T::Market::resource_at(event, index).expect("the helper revealed it");
        let award = awards(&clearing, &T::Market::segments(event, resource));
        let quotas = details.needs.iter().map(|need| quota(award, *need, details.peak_need())).collect::<Vec<_>>();
        EventRecord {
            resource,
            baseline: BoundedVec::truncate_from(alloc::vec![Watts(1_000_000); quotas.len()]),
            delivered: BoundedVec::truncate_from(quotas.clone()),
            quota: BoundedVec::truncate_from(quotas),
            readings_due: 900,
            readings_valid: 900,
            response_time_ms: 2_000,
            rate: BasisPoints(500),
            precision_error: BasisPoints(10),
        }
    };
    let records = (0..count).map(record).collect::<Vec<_>>();
    let cutoff = CutoffHashes::<T>::get(event).unwrap_or_default();
    RecordChunk { event, chunk: 0, cutoff, records: BoundedVec::truncate_from(records) }
}

fn certificate<T: Config>(chunk: &RecordChunk, members: u32) -> BoundedCertificate {
    let chunk_hash = Hash(sp_io::hashing::blake2_256(&chunk.encode()));
    let claim = RecordsClaim { event: chunk.event, chunk: chunk.chunk, chunk_hash };
    T::BenchmarkHelper::certify(claim.payload(&Pallet::<T>::genesis()).as_bytes(), members)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn submit_records(r: Linear<1, RECORD_CHUNK>) {
        let event = cut_event::<T>(r);
        let chunk = chunk_of::<T>(event);
        let certificate = certificate::<T>(&chunk, MAX_MEMBERS as u32);

        #[extrinsic_call]
        _(RawOrigin::Authorized, chunk, certificate);

        assert!(Scoring::<T>::get().iter().any(|job| job.event == event));
    }

    #[benchmark]
    fn authorize_submit_records(
        r: Linear<1, RECORD_CHUNK>,
        s: Linear<1, { MAX_MEMBERS as u32 }>,
    ) -> Result<(), BenchmarkError> {
        let event = cut_event::<T>(r);
        let chunk = chunk_of::<T>(event);
        let certificate = certificate::<T>(&chunk, s);
        let call = Call::<T>::submit_records { chunk, certificate };

        #[block]
        {
            call.authorize(TransactionSource::External).ok_or("the call must be authorised")??;
        }

        Ok(())
    }

    #[benchmark]
    fn on_anchor(e: Linear<0, { T::MaxActive::get() }>) {
        let event = T::BenchmarkHelper::dispatched_event(1);
        // Others like it: only their ids differ, which no cost depends on.
        let waiting = (0..e).map(|index| Waiting { due: Millis(0), event: EventId(event.0 + index) });
        Awaiting::<T>::put(BoundedVec::<_, T::MaxActive>::truncate_from(waiting.collect::<Vec<_>>()));
        let anchor = T::BenchmarkHelper::accept_anchor();
        // Accepting may have cut them off already.
        let waiting = (0..e).map(|index| Waiting { due: Millis(0), event: EventId(event.0 + index) });
        Awaiting::<T>::put(BoundedVec::<_, T::MaxActive>::truncate_from(waiting.collect::<Vec<_>>()));
        Recording::<T>::kill();
        Scoring::<T>::kill();
        Cutoffs::<T>::remove(event);

        #[block]
        {
            Pallet::<T>::on_anchor(anchor, Millis(1));
        }

        assert_eq!(Awaiting::<T>::decode_len().unwrap_or(0), 0);
        assert_eq!(Cutoffs::<T>::contains_key(event), e > 0);
    }

    #[benchmark]
    fn score_chunk(r: Linear<0, RECORD_CHUNK>) -> Result<(), BenchmarkError> {
        let event = cut_event::<T>(r.max(1));
        if r > 0 {
            Pallet::<T>::record_chunk(chunk_of::<T>(event))?;
        }
        let scored;

        #[block]
        {
            scored = Pallet::<T>::score_next_chunk();
        }

        assert_eq!(scored.unwrap_or(0), r);
        assert_eq!(Scores::<T>::iter_prefix(event).count() as u64, Histograms::<T>::get(event).count());
        Ok(())
    }

    #[benchmark]
    fn show_units(u: Linear<1, MAX_SHOWN_UNITS>) {
        let (event, resource) = showing::heard::<T>();
        let (units, proof) = showing::older_units::<T>(event, resource, u);

        #[extrinsic_call]
        _(RawOrigin::Signed(showing::witness::<T>()), event, resource, units, Some(Box::new(proof)));

        let hearing = Hearings::<T>::get(event, resource).expect("it is heard");
        assert_eq!(hearing.pages, 1 + u.saturating_sub(1).div_ceil(PAGE_UNITS));
    }

    #[benchmark]
    fn judge(p: Linear<0, MAX_PAGES>) {
        let (event, resource) = showing::heard::<T>();
        showing::fill_pages::<T>(event, resource, p);
        let ruling;

        #[block]
        {
            ruling = Pallet::<T>::judge(event, resource);
        }

        // The signed record says more than was shown.
        assert_eq!(ruling, Ruling::Convicted);
        assert_eq!(Shown::<T>::iter_prefix((event, resource)).count(), 0);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
