//! The market of a regulation event: programme, opening, sealed bids, clearing.
//!
//! 1. A grid company publishes a *programme*; each version stands for ever, and only the organisation
//!    that published the first may publish the next.
//! 2. It opens an *event* under the newest version, with its budget in escrow. The gate leaves at
//!    least one full availability epoch, so that what is bid is out of emergency orders when it closes.
//! 3. Until the gate an aggregator *commits*: one seal over a sheet, the resources it reserves, and a bond of cap price x
//!    registered capacity x window. One that declares for thousands seals them in *batches*. Before the gate it may
//!    *withdraw* each.
//! 4. After the gate it *reveals*; each offer joins its price bucket and remembers the bucket's total
//!    before it. A participant frozen in between can't reveal, and its bond falls to the event's opener.
//! 5. Any grid company *clears* once the reveal time is over and authors of more than two thirds of the
//!    validators have made blocks since the gate, so that no third of them can keep a reveal out.
//!    Clearing walks price buckets, never bids; each award follows from its segment.
//! 6. The opener may *cancel* until the event is dispatched.
//!
//! A version of a programme may have a *pot*: the budgets of all events under it, and of those that are over what they
//! paid, never exceed it. An event opened when less is left gets what is left.
//!
//! A commitment also writes down the *customer* of each resource, where the programme shares pay with customers: as it
//! stood when the event was opened, so that no owner redirects the pay of an event that it knows.
//!
//! A *contract* is an event of one resource that its buyer opens and the resource's owner accepts, under a programme that
//! is priced bilaterally. It takes no bids and no order.
//!
//! Bonds and reservations of many bidders are never touched in one call: withdrawing, clearing,
//! cancelling and settling queue a *sweep*, which works off a bounded number of resources in each block's spare weight.
//! Bonds of revealed bids stay held until Settlement has taken its penalties.
//!
//! No capacity is sold twice: a commitment reserves the whole resource for the event's window and
//! direction and suspends its standing availability until the reservation falls.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod clear;
mod commit;
mod contract;
mod errors;
mod events;
mod gate;
mod market;
mod open;
mod pot;
mod reservation;
mod reveal;
mod sweep;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use alloc::boxed::Box;
    use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::Time};
    use frame_system::pallet_prelude::*;
    use loadstone_core::{
        traits::{AnchorLog, Directory, StandingAvailability},
        AccountId, AreaId, Balance, Direction, EventId, Hash, Millis, OrganisationId, Price, ProgrammeId,
        ProgrammeVersion, ResourceId, Role, Watts,
    };
    use loadstone_market::{
        self as market,
        clearing::awards,
        traits::{Escrow, OnPhase, Standings},
        Batch, BidResources, BidSheet, Clearing, Commitment, Needs, Phase, Programme,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Participants and resources.
        type Directory: Directory;
        /// Newest anchor, which baselines are bound to at opening.
        type Anchors: AnchorLog;
        /// Holds budgets and bonds.
        type Escrow: Escrow<Error = DispatchError>;
        /// How resources have done so far: who may bid.
        type Standings: Standings;
        /// Leaves reserved resources out of emergency orders.
        type Availability: StandingAvailability;
        /// Told when an event moves forward.
        type OnPhase: OnPhase<DispatchError>;
        /// Author of the block under way.
        type BlockAuthor: Get<Option<AccountId>>;
        /// Number of validators whose blocks count after a gate.
        type ValidatorCount: Get<u32>;
        /// Length of an availability epoch in milliseconds.
        #[pallet::constant]
        type EpochLengthMs: Get<u64>;
        /// Most events between opening and the end of their last sweep.
        #[pallet::constant]
        type MaxEvents: Get<u32>;
        /// Most bidders in an event.
        #[pallet::constant]
        type MaxBidders: Get<u32>;
        /// Most resources committed in an event.
        #[pallet::constant]
        type MaxEventResources: Get<u32>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Registers benchmarks' participants and sets their time.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Every version of every programme.
    #[pallet::storage]
    pub type Programmes<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProgrammeId, Twox64Concat, ProgrammeVersion, Programme>;

    /// Newest version of a programme.
    #[pallet::storage]
    pub type LatestVersion<T: Config> = StorageMap<_, Twox64Concat, ProgrammeId, ProgrammeVersion>;

    /// Whose programme it is.
    #[pallet::storage]
    pub type Publishers<T: Config> = StorageMap<_, Twox64Concat, ProgrammeId, OrganisationId>;

    /// Resource and price of events that are contracts.
    #[pallet::storage]
    pub type Contracts<T: Config> = StorageMap<_, Twox64Concat, EventId, Contract>;

    /// What events under a version with a pot cost, in micro-yuan: budgets of those under way, and what the others paid.
    #[pallet::storage]
    pub type PotSpent<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProgrammeId, Twox64Concat, ProgrammeVersion, Balance, ValueQuery>;

    /// Every event.
    #[pallet::storage]
    pub type Events<T: Config> = StorageMap<_, Twox64Concat, EventId, market::Event>;

    /// Number of the next event.
    #[pallet::storage]
    pub type NextEvent<T: Config> = StorageValue<_, EventId, ValueQuery>;

    /// Events between opening and the end of their last sweep.
    #[pallet::storage]
    pub type LiveEvents<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Gates of all events that are open.
    #[pallet::storage]
    pub type Gates<T: Config> = StorageValue<_, BoundedVec<Gate, T::MaxEvents>, ValueQuery>;

    /// Authors of blocks since an event's gate, until they are a quorum.
    #[pallet::storage]
    pub type GateAuthors<T: Config> = StorageMap<_, Twox64Concat, EventId, Authors, ValueQuery>;

    /// Sealed bids, by bidder and batch.
    #[pallet::storage]
    pub type Commitments<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EventId, Blake2_128Concat, (AccountId, Batch), Commitment>;

    /// What withdrawn bids still reserve.
    #[pallet::storage]
    pub type Withdrawn<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EventId, Blake2_128Concat, (AccountId, Batch), BidResources>;

    /// What each bidder has in an event.
    #[pallet::storage]
    pub type Bidders<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EventId, Blake2_128Concat, AccountId, Bidder, ValueQuery>;

    /// How many bidders and resources are committed in an event.
    #[pallet::storage]
    pub type Committed<T: Config> = StorageMap<_, Twox64Concat, EventId, CommittedTotals, ValueQuery>;

    /// With whom the owner of a committed resource shares its pay in an event; nothing where nobody does.
    #[pallet::storage]
    pub type EventCustomers<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, AccountId>;

    /// Windows for which a resource is bid in a direction.
    #[pallet::storage]
    pub type Reserved<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ResourceId, Twox64Concat, Direction, Reservations, ValueQuery>;

    /// What was revealed for a resource.
    #[pallet::storage]
    pub type Segments<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, market::Segments, ValueQuery>;

    /// Watts revealed in a price bucket: bucket `i` holds price `price_floor + i * price_tick`.
    #[pallet::storage]
    pub type Buckets<T: Config> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, u32, Watts, ValueQuery>;

    /// Results of clearing.
    #[pallet::storage]
    pub type Clearings<T: Config> = StorageMap<_, Twox64Concat, EventId, Clearing>;

    /// Revealed resources in order of reveal, awarded or not.
    #[pallet::storage]
    pub type EventResources<T: Config> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, u32, ResourceId>;

    /// Number of revealed resources.
    #[pallet::storage]
    pub type EventResourceCount<T: Config> = StorageMap<_, Twox64Concat, EventId, u32, ValueQuery>;

    /// Bonds and reservations yet to be worked off, oldest first.
    #[pallet::storage]
    pub type Sweeps<T: Config> = StorageValue<_, BoundedVec<Sweep, SweepBound<T>>, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            // The work is done in on_finalize, when the block's time is known.
            T::WeightInfo::note_author(Gates::<T>::decode_len().unwrap_or_default() as u32)
        }

        fn on_finalize(_: BlockNumberFor<T>) {
            Self::note_author();
        }

        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            Self::sweep(remaining)
        }

        fn integrity_test() {
            assert!(T::EpochLengthMs::get() > 0, "availability epochs have a length");
            assert!(T::MaxEvents::get() > 0 && T::MaxBidders::get() > 0, "events and bids are possible");
            let limits = <T as frame_system::Config>::BlockWeights::get();
            let room = limits.get(DispatchClass::Normal).max_extrinsic.unwrap_or(limits.max_block);
            let (most, offers) = (market::MAX_BID_RESOURCES, market::MAX_BID_RESOURCES * market::MAX_SEGMENTS);
            assert!(T::WeightInfo::commit(most).all_lt(room), "a full batch fits into a block");
            assert!(T::WeightInfo::reveal(most, offers).all_lt(room), "and so does its reveal");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Publishes the next version of a programme. By a grid company; later versions by the
        /// organisation of the first.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::publish_programme())]
        pub fn publish_programme(origin: OriginFor<T>, id: ProgrammeId, programme: Box<Programme>) -> DispatchResult {
            let (_, publisher) = Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_publish_programme(publisher.organisation, id, *programme)
        }

        /// Opens an event under the newest version of a programme and holds `budget`, or what is left of the version's
        /// pot. By a grid company.
        ///
        /// One need in watts a settlement interval, from `start` on; the gate closes at `gate_closure`,
        /// and the window starts when the programme's reveal time is over, or later.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::open_event())]
        pub fn open_event(
            origin: OriginFor<T>,
            programme: ProgrammeId,
            area: AreaId,
            direction: Direction,
            needs: Needs,
            start: Millis,
            gate_closure: Millis,
            budget: Balance,
        ) -> DispatchResult {
            let (opener, _) = Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_open_event(opener, programme, Opening { area, direction, needs, start, gate_closure, budget })
        }

        /// Seals a batch of bids: reserves its resources and holds its bond. By the aggregator that owns them,
        /// before the gate, once for each number below 2,048 in an event.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::commit(resources.len() as u32))]
        pub fn commit(
            origin: OriginFor<T>,
            event: EventId,
            batch: Batch,
            seal: Hash,
            resources: BidResources,
        ) -> DispatchResult {
            let (bidder, _) = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_commit(event, (bidder, batch), seal, resources)
        }

        /// Takes a sealed batch back: its bond at once, its resources within the next blocks. By its
        /// bidder, before the gate.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>, event: EventId, batch: Batch) -> DispatchResult {
            let (bidder, _) = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_withdraw(event, (bidder, batch))
        }

        /// Opens a sealed batch. By its bidder, after the gate and before clearing.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::reveal(sheet.len() as u32, offers(sheet)))]
        pub fn reveal(
            origin: OriginFor<T>,
            event: EventId,
            batch: Batch,
            sheet: BidSheet,
            salt: [u8; 32],
        ) -> DispatchResult {
            let (bidder, _) = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_reveal(event, (bidder, batch), sheet, salt)
        }

        /// Clears an event at its peak need. By a grid company, when the reveal window is over.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::clear(market::MAX_PRICE_BUCKETS))]
        pub fn clear(origin: OriginFor<T>, event: EventId) -> DispatchResultWithPostInfo {
            Self::ensure_role(origin, Role::GridCompany)?;
            let buckets = Self::do_clear(event)?;
            Ok(Some(T::WeightInfo::clear(buckets)).into())
        }

        /// Calls an event off, or a contract; budget and bonds go back. By its opener, before dispatch or acceptance.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::cancel())]
        pub fn cancel(origin: OriginFor<T>, event: EventId) -> DispatchResult {
            let opener = Self::ensure_buyer(origin)?;
            Self::do_cancel(event, opener)
        }

        /// Offers the owner of `resource` a contract under the newest version of a bilateral programme: so many watts in each
        /// settlement interval from `start` on, at `price`. Holds what that costs at most. By a grid company or
        /// an aggregator; it may be cancelled until the owner accepts.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::offer_contract())]
        pub fn offer_contract(
            origin: OriginFor<T>,
            programme: ProgrammeId,
            resource: ResourceId,
            direction: Direction,
            needs: Needs,
            start: Millis,
            price: Price,
        ) -> DispatchResult {
            let buyer = Self::ensure_buyer(origin)?;
            Self::do_offer_contract(buyer, programme, Terms { resource, direction, needs, start, price })
        }

        /// Accepts a contract. By the resource's owner, before the window; reserves the resource, and holds a bond where the
        /// programme punishes shortfall.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::accept_contract())]
        pub fn accept_contract(origin: OriginFor<T>, event: EventId) -> DispatchResult {
            let (seller, _) = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_accept_contract(event, seller)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// An event with all that is known of its bidding.
        pub fn event_summary(event: EventId) -> Option<EventSummary> {
            Self::summary(event)
        }

        /// Watts awarded to a resource; `None` before clearing.
        pub fn award_of(event: EventId, resource: ResourceId) -> Option<Watts> {
            Some(awards(&Clearings::<T>::get(event)?, &Segments::<T>::get(event, resource)))
        }

        /// The newest version of a programme.
        pub fn latest_programme(id: ProgrammeId) -> Option<(ProgrammeVersion, Programme)> {
            let version = LatestVersion::<T>::get(id)?;
            Some((version, Programmes::<T>::get(id, version)?))
        }

        /// What is left of the pot of a programme's version, in micro-yuan; `None` where it has none.
        pub fn pot_left(id: ProgrammeId, version: ProgrammeVersion) -> Option<Balance> {
            Programmes::<T>::get(id, version)?.pot_left(PotSpent::<T>::get(id, version))
        }
    }
}
