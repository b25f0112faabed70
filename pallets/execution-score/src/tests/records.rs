//! Taking chunks of records in, and refusing every kind of bad one.

use crate::{mock::*, Call, ChunksDone, Error, Event, Pallet, Records};
use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::RawOrigin,
    pallet_prelude::{Authorize, TransactionSource},
};
use loadstone_core::{AnchorNumber, BasisPoints, DeviceId, Hash, ResourceId, Watts};
use loadstone_market::{Phase, RecordChunk};
use sp_runtime::{
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    DispatchError,
};

fn refusal(chunk: &RecordChunk, members: u16) -> Option<InvalidTransaction> {
    let call = Call::<Test>::submit_records { chunk: chunk.clone(), certificate: certificate(chunk, members) };
    match call.authorize(TransactionSource::External)? {
        Err(TransactionValidityError::Invalid(invalid)) => Some(invalid),
        _ => None,
    }
}

fn code(error: Error<Test>) -> Option<InvalidTransaction> {
    error.using_encoded(|bytes| Some(InvalidTransaction::Custom(bytes[0])))
}

#[test]
fn chunks_come_in_any_order_and_complete_the_event() {
    run(|| {
        // GIVEN a cut-off event of 70 resources: three chunks
        let event = cut(70);
        let cutoff = AnchorNumber(1);
        assert_eq!(Pallet::<Test>::missing_chunks(), [(event, 0, cutoff), (event, 1, cutoff), (event, 2, cutoff)]);
        // WHEN the last and the first come
        assert_ok!(submit(chunk(event, 2, |_| 100)));
        assert_ok!(submit(chunk(event, 0, |_| 100)));
        // THEN the middle one is missing and the event is not recorded yet
        assert_eq!(Pallet::<Test>::missing_chunks(), [(event, 1, cutoff)]);
        assert_eq!(phase(event), Phase::Dispatched);
        // WHEN it comes
        assert_ok!(submit(chunk(event, 1, |_| 100)));
        // THEN all records stand on chain and the event is recorded, with its median
        assert_eq!(Records::<Test>::iter_prefix(event).count(), 70);
        assert_eq!(ChunksDone::<Test>::get(event).into_inner(), [0b111]);
        assert_eq!(Pallet::<Test>::missing_chunks(), []);
        assert_eq!(phase(event), Phase::Recorded);
        System::assert_last_event(Event::EventRecorded { event, median: Some(BasisPoints(10_000)) }.into());
    });
}

#[test]
fn a_chunk_is_taken_once() {
    run(|| {
        // GIVEN an event of two chunks, of which one is on chain
        let event = cut(40);
        let first = chunk(event, 0, |_| 100);
        assert_ok!(submit(first.clone()));
        // WHEN it comes again
        // THEN it is stale in the pool and refused in a block
        assert_eq!(refusal(&first, 3), Some(InvalidTransaction::Stale));
        let signatures = certificate(&first, 3);
        assert_noop!(
            Pallet::<Test>::submit_records(RawOrigin::Authorized.into(), first, signatures),
            Error::<Test>::ChunkAlreadyRecorded
        );
    });
}

#[test]
fn records_are_due_only_between_cutoff_and_completion() {
    run(|| {
        // GIVEN an event without a cut-off and one with all its records
        let early = dispatch(3);
        let early_chunk = chunk(early, 0, |_| 100);
        assert_eq!(refusal(&early_chunk, 3), Some(InvalidTransaction::Stale));
        accept_anchor(DUE);
        assert_ok!(submit(chunk(early, 0, |_| 100)));
        // THEN neither takes a chunk
        assert_eq!(refusal(&chunk(early, 0, |_| 100), 3), Some(InvalidTransaction::Stale));
    });
}

#[test]
fn what_the_chain_can_check_it_checks() {
    run(|| {
        let event = cut(40);
        let with = |change: fn(&mut RecordChunk)| {
            let mut chunk = chunk(event, 0, |_| 100);
            change(&mut chunk);
            refusal(&chunk, 3)
        };
        // GIVEN certified chunks that each say one thing that cannot be
        // THEN each is refused for that
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|chunk| chunk.chunk = 2), code(Error::UnknownChunk));
        assert_eq!(with(|chunk| chunk.cutoff = Hash::repeat_byte(7)), code(Error::CutoffMismatch));
        assert_eq!(with(|chunk| chunk.records.truncate(31)), code(Error::ResourceMismatch));
        assert_eq!(with(|chunk| chunk.records.as_mut().swap(0, 1)), code(Error::ResourceMismatch));
        assert_eq!(with(|chunk| chunk.records[3].resource = ResourceId(1)), code(Error::ResourceMismatch));
        assert_eq!(with(|chunk| chunk.records[0].delivered.truncate(3)), code(Error::IntervalMismatch));
        assert_eq!(with(|chunk| chunk.records[0].baseline.truncate(3)), code(Error::IntervalMismatch));
        assert_eq!(with(|chunk| chunk.records[0].quota[1] = Watts(0)), code(Error::QuotaMismatch));
        assert_eq!(with(|chunk| chunk.records[0].readings_valid = 241), code(Error::ReadingsExceedDue));
    });
}

#[test]
fn records_need_the_committee() {
    run(|| {
        // GIVEN a good chunk under too few signatures, or under those of another chunk
        let event = cut(40);
        let good = chunk(event, 0, |_| 100);
        let other = chunk(event, 0, |_| 50);
        // THEN its proof is bad
        assert_eq!(refusal(&good, 2), Some(InvalidTransaction::BadProof));
        let call = Call::<Test>::submit_records { chunk: good.clone(), certificate: certificate(&other, 3) };
        let result = call.authorize(TransactionSource::External).expect("the call is authorised by its content");
        assert_eq!(result.err(), Some(InvalidTransaction::BadProof.into()));
        // AND nobody submits it without authorisation
        assert_noop!(
            Pallet::<Test>::submit_records(RuntimeOrigin::root(), good.clone(), certificate(&good, 3)),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn the_pool_holds_each_chunk_once() {
    run(|| {
        // GIVEN a due chunk
        let event = cut(40);
        let good = chunk(event, 1, |_| 100);
        // WHEN it is validated
        let result = Pallet::<Test>::authorize_records(TransactionSource::External, &good, &certificate(&good, 4));
        // THEN it provides its place
        let validity = result.expect("it is good").0;
        assert_eq!(validity.provides, vec![("records", (event, 1u32)).encode()]);
        assert_eq!((validity.priority, validity.propagate), (100, true));
    });
}

#[test]
fn members_get_all_that_the_chain_knows_of_a_chunk() {
    run(|| {
        // GIVEN an event of 40 resources
        let event = dispatch(40);
        // WHEN it has no cut-off THEN nothing is to be computed
        assert!(Pallet::<Test>::record_inputs(event, 0).is_none());
        // WHEN it has one
        accept_anchor(DUE);
        // THEN the inputs name the chunk's resources with their devices and segments
        let inputs = Pallet::<Test>::record_inputs(event, 1).expect("the chunk is due");
        assert_eq!((inputs.cutoff, inputs.cutoff_hash), (AnchorNumber(1), anchor_hash(1)));
        assert_eq!(inputs.resources.len(), 8);
        assert_eq!((inputs.resources[0].resource, inputs.resources[0].device), (ResourceId(132), DeviceId(132)));
        assert!(Pallet::<Test>::record_inputs(event, 2).is_none());
    });
}
