//! Market supervision: detectors with evidence, and the regulator's cases.
//!
//! # Process
//!
//! 1. A scored event is walked over by itself, [`SCAN_CHUNK`] resources a step, in blocks that have room
//!    ([`Scans`]). On the way each resource is looked at, and each organisation's part is added up; the last step looks
//!    at the organisations. What the detectors are stands in `loadstone_market::supervision`; every threshold in [`Rules`].
//! 2. What is found becomes a *case* with its evidence in numbers, at most one for each suspicion, subject and event.
//!    What would be dear to search for anybody may name ([`Call::report`]): the chain computes it itself. Convictions of
//!    devices and members become cases through [`OnConviction`](loadstone_core::traits::OnConviction).
//! 3. The regulator may freeze the account that answers for the subject ([`Call::freeze`]). The subject may appeal once,
//!    frozen or not, in its time ([`Call::appeal`]).
//! 4. The regulator clears a case at any time, which lifts a freeze that no other case keeps ([`Call::clear`]); or upholds
//!    it, once the subject has appealed or its time to do so is over ([`Call::uphold`]). An upheld case freezes the
//!    account until the regulator lifts that in the registry. Nothing is confiscated.
//!
//! Evidence is no verdict, and no rule of the market reads a case. At most [`Config::MaxOpen`] cases are open; what is found
//! beyond that is told in an event. Of the decided ones the newest [`Config::KeepClosed`] stay, and of all of them how
//! many were cleared and upheld for each subject ([`OutcomesOf`]).
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod cases;
mod convictions;
mod errors;
mod feeders;
#[cfg(test)]
mod mock;
mod organisations;
mod report;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::Time};
    use frame_system::pallet_prelude::*;
    use loadstone_core::{
        traits::{Directory, Freezing},
        AccountId, AreaId, BoundedVec, CaseId, Direction, EventId, Hash, Millis, ProgrammeId, ResourceId, Role,
    };
    use loadstone_market::{
        supervision::{
            feeder::Nodes, marginal::Row, Case, Outcomes, Reason, Report, Subject, SupervisionRules, Suspicion, Track,
            MAX_ORGANISATIONS,
        },
        traits::{Market, Scores},
    };

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
        /// Participants, resources and devices.
        type Directory: Directory;
        /// Refuses a participant's calls.
        type Freezing: Freezing<Error = DispatchError>;
        /// Events, offers and awards.
        type Market: Market<Error = DispatchError>;
        /// Records of what was delivered.
        type Scores: Scores;
        /// The grid companies' collective, which may set the rules beside the regulator.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Most events that wait to be walked over; at least 1.
        #[pallet::constant]
        type MaxScans: Get<u32>;
        /// Most cases that are open; at least 1.
        #[pallet::constant]
        type MaxOpen: Get<u32>;
        /// Decided cases that are kept; at least 1.
        #[pallet::constant]
        type KeepClosed: Get<u32>;
        /// Weights of the calls and of the work in each block.
        type WeightInfo: WeightInfo;
        /// Puts in place what the benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper;
    }

    /// What supervision goes by.
    #[pallet::storage]
    pub type Rules<T> = StorageValue<_, SupervisionRules, ValueQuery>;

    /// Scored events to be walked over; the first one's turn is next.
    #[pallet::storage]
    pub type Scans<T: Config> = StorageValue<_, BoundedVec<Scan, T::MaxScans>, ValueQuery>;

    /// Each organisation's part in the events that are walked over, and in the newest ones after that.
    #[pallet::storage]
    pub type TalliesOf<T> = StorageMap<_, Twox64Concat, EventId, Tallies, ValueQuery>;

    /// The newest events of an area and direction.
    #[pallet::storage]
    pub type RecentEvents<T> = StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, Direction, Recents, ValueQuery>;

    /// What organisations usually offer.
    #[pallet::storage]
    pub type HabitsOf<T> = StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, Direction, Habits, ValueQuery>;

    /// Who held the margin of an area and programme, and in how many events in a row.
    #[pallet::storage]
    pub type Rows<T> = StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, ProgrammeId, Row>;

    /// What is usual of a resource.
    #[pallet::storage]
    pub type Tracks<T> = StorageDoubleMap<_, Twox64Concat, ResourceId, Twox64Concat, Direction, Track, ValueQuery>;

    /// Resources whose meter measures others, too.
    #[pallet::storage]
    pub type Feeders<T> = StorageMap<_, Twox64Concat, ResourceId, Nodes>;

    /// The feeder of an area.
    #[pallet::storage]
    pub type AreaFeeders<T> = StorageMap<_, Twox64Concat, AreaId, ResourceId>;

    /// Number of the next case.
    #[pallet::storage]
    pub type NextCase<T> = StorageValue<_, CaseId, ValueQuery>;

    /// Open cases, and the newest decided ones.
    #[pallet::storage]
    pub type Cases<T> = StorageMap<_, Twox64Concat, CaseId, Case>;

    /// The case of a suspicion, subject and event, while it is kept; without an event, while it is open.
    #[pallet::storage]
    pub type CaseOf<T> = StorageMap<_, Blake2_128Concat, (Suspicion, Subject, Option<EventId>), CaseId>;

    /// How many cases are open.
    #[pallet::storage]
    pub type OpenCases<T> = StorageValue<_, u32, ValueQuery>;

    /// Decided cases that are kept, oldest first.
    #[pallet::storage]
    pub type Closed<T: Config> = StorageValue<_, BoundedVec<CaseId, T::KeepClosed>, ValueQuery>;

    /// How the cases of a subject ended.
    #[pallet::storage]
    pub type OutcomesOf<T> = StorageMap<_, Blake2_128Concat, Subject, Outcomes, ValueQuery>;

    /// Which cases keep an account frozen.
    #[pallet::storage]
    pub type Freezes<T> = StorageMap<_, Blake2_128Concat, AccountId, Freeze, ValueQuery>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// What supervision goes by.
        pub rules: SupervisionRules,
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(self.rules.is_sound(), "the rules of supervision make no sense");
            Rules::<T>::put(&self.rules);
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Supervision goes by other rules.
        RulesSet,
        /// A resource's meter was declared to measure others, too.
        FeederDeclared { feeder: ResourceId },
        /// A resource is a feeder no more.
        FeederRemoved { feeder: ResourceId },
        /// A case was opened: by the chain, or after somebody's report.
        CaseOpened {
            case: CaseId,
            suspicion: Suspicion,
            subject: Subject,
            event: Option<EventId>,
            reporter: Option<AccountId>,
        },
        /// Something was found, but too many cases are open.
        CaseDropped { suspicion: Suspicion, subject: Subject, event: Option<EventId> },
        /// The regulator froze the account that answers for a case's subject.
        CaseFrozen { case: CaseId, account: AccountId, by: AccountId },
        /// The subject of a case objected.
        CaseAppealed { case: CaseId, by: AccountId },
        /// A case was decided for its subject.
        CaseCleared { case: CaseId, by: AccountId },
        /// A case was decided against its subject.
        CaseUpheld { case: CaseId, account: AccountId, by: AccountId },
        /// An event was walked over.
        EventScanned { event: EventId, flagged: u16, spared: u32 },
        /// An event is not walked over: too many others wait.
        ScanDropped { event: EventId },
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Walks on where the block has room, up to half of it.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let half = <T as frame_system::Config>::BlockWeights::get().max_block.saturating_div(2);
            Self::scan_more(remaining.min(half))
        }

        fn integrity_test() {
            let bounds = [T::MaxScans::get(), T::MaxOpen::get(), T::KeepClosed::get()];
            assert!(bounds.iter().all(|bound| *bound > 0), "every list must admit an entry");
            let half = <T as frame_system::Config>::BlockWeights::get().max_block.saturating_div(2);
            assert!(Self::dearest_step().all_lt(half), "a step of a walk must fit into half a block");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight = <T as Config>::WeightInfo)]
    impl<T: Config> Pallet<T> {
        /// Sets what supervision goes by. By the regulator or by governance.
        #[pallet::call_index(0)]
        pub fn set_rules(origin: OriginFor<T>, rules: SupervisionRules) -> DispatchResult {
            if T::GovernanceOrigin::try_origin(origin.clone()).is_err() {
                Self::ensure_regulator(origin)?;
            }
            ensure!(rules.is_sound(), Error::<T>::UnsoundRules);
            Rules::<T>::put(rules);
            Self::deposit_event(Event::RulesSet);
            Ok(())
        }

        /// Declares that the meter of `feeder` measures others, too. By a grid company or the regulator.
        ///
        /// # Errors
        /// [`Error::AreaHasFeeder`], [`Error::UnsoundNodes`], [`Error::UnknownResource`].
        #[pallet::call_index(1)]
        pub fn declare_feeder(origin: OriginFor<T>, feeder: ResourceId, nodes: Nodes) -> DispatchResult {
            Self::ensure_grid_or_regulator(origin)?;
            Self::do_declare_feeder(feeder, nodes)
        }

        /// Takes such a declaration back. By a grid company or the regulator.
        #[pallet::call_index(2)]
        pub fn remove_feeder(origin: OriginFor<T>, feeder: ResourceId) -> DispatchResult {
            Self::ensure_grid_or_regulator(origin)?;
            Self::do_remove_feeder(feeder)
        }

        /// Names a place where something is wrong; the chain computes it and opens a case where it is. By any participant.
        ///
        /// # Errors
        /// [`Error::NothingFound`] where the chain's numbers stay within the rules; [`Error::AlreadyFlagged`],
        /// [`Error::ReportTooLate`], [`Error::NoRecord`] and others that name what can't be compared.
        #[pallet::call_index(3)]
        pub fn report(origin: OriginFor<T>, report: Report) -> DispatchResult {
            let reporter = ensure_signed(origin)?;
            let participant = T::Directory::participant(&reporter).ok_or(Error::<T>::NotRegistered)?;
            ensure!(!participant.frozen, Error::<T>::ParticipantIsFrozen);
            Self::do_report(reporter, report)
        }

        /// Freezes the account that answers for a case's subject, before it is decided. By the regulator.
        #[pallet::call_index(4)]
        pub fn freeze(origin: OriginFor<T>, case: CaseId, reason: Reason) -> DispatchResult {
            let by = Self::ensure_regulator(origin)?;
            Self::do_freeze(case, by, reason)
        }

        /// Objects to a case, once and in its time. By the organisation of the account that answers for it, frozen or not.
        #[pallet::call_index(5)]
        pub fn appeal(origin: OriginFor<T>, case: CaseId, reason: Reason) -> DispatchResult {
            let by = ensure_signed(origin)?;
            Self::do_appeal(case, by, reason)
        }

        /// Decides a case against its subject and freezes the account that answers for it. By the regulator, once the
        /// subject has appealed or its time to do so is over.
        #[pallet::call_index(6)]
        pub fn uphold(origin: OriginFor<T>, case: CaseId, reason: Reason) -> DispatchResult {
            let by = Self::ensure_regulator(origin)?;
            Self::do_uphold(case, by, reason)
        }

        /// Decides a case for its subject and lifts the freeze, unless another case keeps it. By the regulator.
        #[pallet::call_index(7)]
        pub fn clear(origin: OriginFor<T>, case: CaseId, reason: Reason) -> DispatchResult {
            let by = Self::ensure_regulator(origin)?;
            Self::do_clear(case, by, reason)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// What supervision goes by.
        pub fn rules() -> SupervisionRules {
            Rules::<T>::get()
        }

        /// A case, while it is kept.
        pub fn case(id: CaseId) -> Option<Case> {
            Cases::<T>::get(id)
        }

        /// All cases that are not decided.
        pub fn open_cases() -> Vec<Case> {
            Cases::<T>::iter_values().filter(|case| case.phase().is_open()).collect()
        }

        /// How the cases of a subject ended.
        pub fn outcomes_of(subject: Subject) -> Outcomes {
            OutcomesOf::<T>::get(subject)
        }
    }

    impl<T: Config> Pallet<T> {
        /// Chain time.
        pub(crate) fn now() -> Millis {
            Millis(T::Time::now())
        }

        /// The signer, if it is a regulator that may act.
        pub(crate) fn ensure_regulator(origin: OriginFor<T>) -> Result<AccountId, DispatchError> {
            let who = ensure_signed(origin)?;
            T::Directory::acting(&who, Role::Regulator).map_err(Error::<T>::from)?;
            Ok(who)
        }

        fn ensure_grid_or_regulator(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            if T::Directory::acting(&who, Role::GridCompany).is_err() {
                T::Directory::acting(&who, Role::Regulator).map_err(Error::<T>::from)?;
            }
            Ok(())
        }

        /// What the dearest step of a walk can weigh.
        pub(crate) fn dearest_step() -> Weight {
            let flags = |most: u32| T::WeightInfo::flag().saturating_mul(most.into());
            let most = u32::from(loadstone_market::supervision::MAX_EVENT_CASES);
            let chunk =
                T::WeightInfo::scan_chunk(SCAN_CHUNK).saturating_add(flags(most.min(SCAN_CHUNK * RESOURCE_CASES)));
            chunk.max(T::WeightInfo::finish_scan(MAX_ORGANISATIONS).saturating_add(flags(most)))
        }
    }
}
