//! Records of what anchored units say, the scores that follow, and the credit after them.
//!
//! # Process
//!
//! 1. A dispatched event waits in [`Awaiting`] until its window's end plus its programme's grace.
//! 2. The first anchor accepted from then on is its cut-off ([`Cutoffs`]): units in it and in the
//!    anchors before it count, later ones do not. The anchor's hash stays here, since anchors are pruned.
//! 3. Committee members compute the records of all the event's resources, in chunks of
//!    [`RECORD_CHUNK`] in the event's order, and submit the missing ones as unsigned calls under
//!    signatures of more than two thirds of the weight ([`Call::submit_records`]). What the chain can
//!    check it checks: the cut-off, the resources, and quotas against the clearing.
//! 4. Each record's accuracy goes into the event's histogram as it comes. With the last chunk the event
//!    is recorded, the median stands, and every block scores one chunk by itself: score, credit and
//!    profile.
//!    After the last one the event is scored and Settlement takes over.
//!
//! 5. Settlement may open a hearing of a record that is disputed. Until it ends any participant may show units of the
//!    resource's device ([`Call::show_units`]): consecutive ones, the newest first, of which only that one needs a proof
//!    that it is anchored. Whoever shows a newer one up to the cut-off begins anew in place of what was shown before. Then
//!    Settlement has the record judged: it is replayed by the very code that members run. A wrong one is replaced, and
//!    where the ends of the showing are proven its signers are convicted ([`Convictions`]).
//!
//! Nobody pushes and nothing grows without a bound: at most [`Config::MaxActive`] events are between
//! dispatch and score, one chunk is scored a block, and dispatch is refused beyond that.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod cutoff;
mod hearing;
mod judging;
#[cfg(test)]
mod mock;
mod records;
mod scoring;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

pub use hearing::{Page, MAX_HEARD_READINGS, MAX_PAGES, PAGE_UNITS};
pub use pallet::*;
pub use scoring::ScoringJob;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::Time};
    use frame_system::{ensure_authorized, pallet_prelude::*};
    use loadstone_core::{
        traits::{Directory, OnConviction, Testimony},
        AccountId, AnchorNumber, BasisPoints, BoundedVec, EventId, Hash, Millis, ResourceId, Sequence, Signers,
    };
    use loadstone_dag::{BoundedCertificate, Hearing, LeafProof, ShownUnits, MAX_MEMBERS, MAX_SHOWN_UNITS};
    use loadstone_market::{
        score::Histogram, traits::Market, Credit, EventRecord, PastEvents, Profile, RecordChunk, Score, Waiting,
        RECORD_CHUNK,
    };

    /// Greatest number of chunks of one event: a million resources.
    pub const MAX_CHUNKS: u32 = 32_768;

    /// One bit a chunk, least significant first.
    pub type Bitmap = BoundedVec<u8, ConstU32<{ MAX_CHUNKS / 8 }>>;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Participants, and resources with their devices.
        type Directory: Directory;
        /// Events, awards and phases.
        type Market: Market<Error = DispatchError>;
        /// Anchors and certificates.
        type AnchorLog: Testimony;
        /// Told of each member that signed a wrong record.
        type OnConviction: OnConviction;
        /// Greatest number of events between dispatch and score; at least 1.
        #[pallet::constant]
        type MaxActive: Get<u32>;
        /// Priority of a chunk of records in the transaction pool.
        #[pallet::constant]
        type Priority: Get<TransactionPriority>;
        /// Weights of the calls and of the work in each block.
        type WeightInfo: WeightInfo;
        /// Puts in place what the benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper;
    }

    /// Dispatched events without a cut-off, and when each is due for one.
    #[pallet::storage]
    pub type Awaiting<T: Config> = StorageValue<_, BoundedVec<Waiting, T::MaxActive>, ValueQuery>;

    /// Events with a cut-off whose records are not complete.
    #[pallet::storage]
    pub type Recording<T: Config> = StorageValue<_, BoundedVec<EventId, T::MaxActive>, ValueQuery>;

    /// Events with complete records, each with the next resource to score; the first one's turn is next.
    #[pallet::storage]
    pub type Scoring<T: Config> = StorageValue<_, BoundedVec<ScoringJob, T::MaxActive>, ValueQuery>;

    /// The last anchor whose units count in an event.
    #[pallet::storage]
    pub type Cutoffs<T> = StorageMap<_, Twox64Concat, EventId, AnchorNumber>;

    /// Hash of that anchor.
    #[pallet::storage]
    pub type CutoffHashes<T> = StorageMap<_, Twox64Concat, EventId, Hash>;

    /// Which chunks of an event's records are on chain.
    #[pallet::storage]
    pub type ChunksDone<T> = StorageMap<_, Twox64Concat, EventId, Bitmap, ValueQuery>;

    /// What anchored units say of each resource in an event.
    #[pallet::storage]
    pub type Records<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, EventRecord>;

    /// How many resources of an event reached each percent of accuracy.
    #[pallet::storage]
    pub type Histograms<T> = StorageMap<_, Twox64Concat, EventId, Histogram, ValueQuery>;

    /// Scores of the resources of which something was asked.
    #[pallet::storage]
    pub type Scores<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, Score>;

    /// Each resource's standing over its events.
    #[pallet::storage]
    pub type Credits<T> = StorageMap<_, Twox64Concat, ResourceId, Credit>;

    /// How each resource behaves over its events.
    #[pallet::storage]
    pub type Profiles<T> = StorageMap<_, Twox64Concat, ResourceId, Profile>;

    /// Each resource's newest events, which days of baselines leave out.
    #[pallet::storage]
    pub type Past<T> = StorageMap<_, Twox64Concat, ResourceId, PastEvents, ValueQuery>;

    /// Who signed each chunk of an event's records.
    #[pallet::storage]
    pub type Signatures<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, u32, Signers>;

    /// Disputed records that are heard.
    #[pallet::storage]
    pub type Hearings<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, Hearing>;

    /// Readings that were shown in a hearing, newest first over all its pages.
    #[pallet::storage]
    pub type Shown<T> = StorageDoubleMap<_, Twox64Concat, (EventId, ResourceId), Twox64Concat, u32, Page, ValueQuery>;

    /// Wrong records, as members had signed them; the right one stands in [`Records`].
    #[pallet::storage]
    pub type Replaced<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, EventRecord>;

    /// Who signed a wrong record, of whom and in which event, and in which epoch of the committee.
    #[pallet::storage]
    pub type Convictions<T> =
        StorageDoubleMap<_, Blake2_128Concat, AccountId, Twox64Concat, (EventId, ResourceId), u32>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The units that count in an event were fixed.
        CutoffSet { event: EventId, anchor: AnchorNumber },
        /// A chunk of records was taken in.
        ChunkRecorded { event: EventId, chunk: u32, records: u32 },
        /// The last chunk of an event's records was taken in.
        EventRecorded { event: EventId, median: Option<BasisPoints> },
        /// A resource was scored.
        ResourceScored { event: EventId, resource: ResourceId, score: BasisPoints, credit: BasisPoints },
        /// All resources of an event were scored.
        EventScored { event: EventId },
        /// A disputed record is heard.
        HearingOpened { event: EventId, resource: ResourceId, until: Millis },
        /// Units of the resource's device were shown in a hearing.
        UnitsShown { event: EventId, resource: ResourceId, by: AccountId, first: Sequence, last: Sequence },
        /// A wrong record was replaced, and its score with it.
        RecordCorrected { event: EventId, resource: ResourceId },
        /// A member signed a wrong record.
        SignerConvicted { who: AccountId, event: EventId, resource: ResourceId },
        /// A finished event could not be handed on and is tried again.
        ScoringDelayed { event: EventId, reason: DispatchError },
    }

    #[pallet::error]
    #[derive(PartialEq, Eq)]
    pub enum Error<T> {
        /// As many events as allowed are between dispatch and score.
        TooManyActiveEvents,
        /// The market knows no such event or programme.
        UnknownEvent,
        /// The event has more resources than records can be kept of.
        TooManyResources,
        /// No records of the event are due: it has no cut-off yet, or all are there.
        RecordsNotDue,
        /// The event has no such chunk.
        UnknownChunk,
        /// The chunk is on chain already.
        ChunkAlreadyRecorded,
        /// The records were computed with another cut-off.
        CutoffMismatch,
        /// The records are not those of the chunk's resources, in the event's order.
        ResourceMismatch,
        /// A record's intervals are not the event's.
        IntervalMismatch,
        /// A record's quota does not follow from the clearing.
        QuotaMismatch,
        /// A record claims more valid readings than were due.
        ReadingsExceedDue,
        /// The certificate is not that of more than two thirds of the committee over these records.
        NotCertified,
        /// The caller is not registered.
        NotRegistered,
        /// The caller is frozen.
        ParticipantFrozen,
        /// The record is not heard: it is not disputed, or was judged.
        NotHeard,
        /// The hearing is over.
        HearingOver,
        /// No such resource is registered.
        UnknownResource,
        /// No unit was shown.
        NoUnits,
        /// What was shown is no unit.
        MalformedUnit,
        /// A unit is not of the resource's device, or of another life than the others.
        OtherChain,
        /// A unit does not follow the one before it.
        BrokenChain,
        /// The chain accepted no such anchor, or the path to it does not hold.
        AnchorUnproven,
        /// The newest unit is not in the anchor.
        UnitUnproven,
        /// The units neither end where those shown begin nor are proven to end later.
        NotLinked,
        /// Units of a later life of the device were shown already.
        EarlierLife,
        /// A unit anchored after the cut-off counts only to show that none before it follows: alone, and right after the
        /// newest one shown.
        AfterCutoff,
        /// More readings than a hearing can take: a baseline of days needs a young chain.
        TooManyReadings,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Scores the next chunk, however full the block will be.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            match Self::score_next_chunk() {
                Some(scored) => T::WeightInfo::score_chunk(scored),
                None => T::DbWeight::get().reads(1),
            }
        }

        /// Scores further chunks where the block has room, up to half of it.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let half = <T as frame_system::Config>::BlockWeights::get().max_block.saturating_div(2);
            Self::score_more(remaining.min(half))
        }

        fn integrity_test() {
            assert!(T::MaxActive::get() > 0, "MaxActive must admit an event");
            let room = <T as frame_system::Config>::BlockWeights::get().max_block;
            let submit = T::WeightInfo::submit_records(RECORD_CHUNK)
                .saturating_add(T::WeightInfo::authorize_submit_records(RECORD_CHUNK, MAX_MEMBERS as u32));
            assert!(submit.all_lt(room), "a chunk of records must fit into a block");
            assert!(T::WeightInfo::score_chunk(RECORD_CHUNK).all_lt(room), "scoring a chunk must fit into a block");
            assert!(T::WeightInfo::show_units(MAX_SHOWN_UNITS).all_lt(room), "a showing must fit into a block");
            assert!(T::WeightInfo::judge(MAX_PAGES).all_lt(room), "judging a record must fit into a block");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Takes in one missing chunk of an event's records under a certificate of the committee.
        ///
        /// Unsigned and free: [`frame_system::AuthorizeCall`] admits it after the chunk, its records and
        /// then its signatures were checked against this very state; only what makes a chunk due is
        /// checked again.
        ///
        /// # Errors
        /// Those of the chunk, its records and its certificate, see [`Error`].
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::submit_records(chunk.records.len() as u32))]
        #[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_submit_records(
            chunk.records.len() as u32,
            certificate.len() as u32
        ))]
        #[pallet::authorize(Pallet::<T>::authorize_records)]
        pub fn submit_records(
            origin: OriginFor<T>,
            chunk: RecordChunk,
            certificate: BoundedCertificate,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::ensure_due(&chunk)?;
            // The certificate was verified by authorisation; who gave it answers for the records.
            Self::note_signers(&chunk, &certificate);
            Self::record_chunk(chunk)
        }

        /// Shows consecutive `units` of the device of a disputed record, oldest first, while it is heard. By any
        /// participant that is not frozen.
        ///
        /// `proof` is for the newest of them. With it they begin a new showing where they end later than what was shown, up
        /// to the event's cut-off; else they must end where that begins, and without one always. Units that were shown
        /// already may come again with a proof, to show where the newest of them stands: up to the event's opening, or
        /// after it. The one unit after the newest one, proven to be anchored after the cut-off, shows that nothing is
        /// missing.
        ///
        /// # Errors
        /// What is wrong with the units or their proof, see [`Error`].
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::show_units(units.len() as u32))]
        pub fn show_units(
            origin: OriginFor<T>,
            event: EventId,
            resource: ResourceId,
            units: ShownUnits,
            proof: Option<Box<LeafProof>>,
        ) -> DispatchResult {
            let by = ensure_signed(origin)?;
            Self::ensure_participant(&by)?;
            Self::take_shown(by, event, resource, &units, proof.as_deref())
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// Chunks that are due and missing, with their cut-off anchors, oldest event first; at most 64.
        pub fn missing() -> Vec<(EventId, u32, AnchorNumber)> {
            Self::missing_chunks()
        }

        /// The record of a resource in an event.
        pub fn record_of(event: EventId, resource: ResourceId) -> Option<EventRecord> {
            Records::<T>::get(event, resource)
        }

        /// The score of a resource in an event.
        pub fn score_of(event: EventId, resource: ResourceId) -> Option<Score> {
            Scores::<T>::get(event, resource)
        }

        /// A resource's standing.
        pub fn credit_of(resource: ResourceId) -> Option<Credit> {
            Credits::<T>::get(resource)
        }

        /// What was shown of a disputed record's device while it is heard.
        pub fn hearing_of(event: EventId, resource: ResourceId) -> Option<Hearing> {
            Hearings::<T>::get(event, resource)
        }

        /// How a resource behaves over its events.
        pub fn profile_of(resource: ResourceId) -> Option<Profile> {
            Profiles::<T>::get(resource)
        }
    }
}
