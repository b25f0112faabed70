//! Standing availability and dispatch orders.
//!
//! - **Availability.** An owner declares watts, price and response time of a resource; they count from
//!   the next *availability epoch* on (chain time divided by the epoch's length). A resource's entries
//!   keep what was in force in the epoch of a live emergency order, so a node that holds a proof of its
//!   entry needs no other. Totals by rank stand in buckets, one an (area, direction, rank).
//! - **Suspension.** The market suspends what is reserved in an event: its entry falls to zero from the
//!   next epoch on. What is declared meanwhile counts when the suspension ends.
//! - **Orders.** One order per area and direction, under 300 bytes for any number of nodes; each node
//!   derives its own setpoint from it. A later sequence supersedes the earlier ones. An *event order*
//!   binds the awards of a cleared event over its window. An *emergency order* walks at most 256 rank
//!   buckets for its cut-off rank and fraction. A *release* ends an emergency order before its time.
//! - **Event orders stand.** While one is in force, its area and direction take no emergency order, no
//!   release and no other event's order (`EventOrderInForce`); only the same event's order may be
//!   issued again. So what an event's resources were asked for, and are paid for, is never in doubt.
//!   An event order is in force from its issue to its window's end: dispatch close to the start.
//! - **Notice.** Each order leaves a notice in the block's header, so that nodes read state only when
//!   something changed for them.
//!
//! Orders stay in state until they are superseded; acknowledgements are signed units in the DAG.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod availability;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod order;
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

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::Time};
    use frame_system::pallet_prelude::*;
    use loadstone_core::{
        traits::{AnchorLog, Denial, Directory},
        AccountId, AreaId, AvailabilityEpoch, Direction, EventId, Hash, Millis, Price, ResourceId, Role, Watts,
    };
    use loadstone_market::{traits::Market, Availability, Order};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Participants and resources.
        type Directory: Directory;
        /// Events to dispatch.
        type Market: Market<Error = DispatchError>;
        /// Newest anchor, which an order's reference loads are bound to.
        type Anchors: AnchorLog;
        /// Length of an availability epoch in milliseconds; at least 1,000.
        #[pallet::constant]
        type EpochLengthMs: Get<u64>;
        /// Longest emergency order in milliseconds.
        #[pallet::constant]
        type MaxOrderMs: Get<u64>;
        /// How far an emergency order's start may lie in the past when it reaches the chain, in
        /// milliseconds.
        #[pallet::constant]
        type StartLenienceMs: Get<u64>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Registers benchmarks' participants, clears their event and sets their time.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The current order of each area and direction.
    #[pallet::storage]
    pub type Orders<T: Config> = StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, Direction, Order>;

    /// What each resource offers, by rising epoch: in a live order's epoch, now, and next.
    #[pallet::storage]
    pub type Availabilities<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ResourceId, Twox64Concat, Direction, Availability, ValueQuery>;

    /// What each owner declared last, in force or suspended.
    #[pallet::storage]
    pub type Declared<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ResourceId, Twox64Concat, Direction, Declaration, ValueQuery>;

    /// Watts on offer at a rank, now and next.
    #[pallet::storage]
    pub type RankBuckets<T: Config> =
        StorageDoubleMap<_, Twox64Concat, (AreaId, Direction), Twox64Concat, u16, BucketTotals, ValueQuery>;

    /// When what an area and direction offer changed last: until then, what a resource has proven stays true.
    #[pallet::storage]
    pub type LastChanges<T: Config> =
        StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, Direction, LastChange, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An owner declared what its resource offers.
        AvailabilityDeclared {
            resource: ResourceId,
            direction: Direction,
            watts: Watts,
            price: Price,
            response_ms: u32,
            /// When it counts; `None` while the resource is suspended.
            from: Option<AvailabilityEpoch>,
        },
        /// A resource was left out of emergency orders.
        AvailabilitySuspended { resource: ResourceId, direction: Direction, from: AvailabilityEpoch },
        /// A resource was taken back into emergency orders.
        AvailabilityResumed { resource: ResourceId, direction: Direction, from: AvailabilityEpoch },
        /// An order for a cleared event was issued.
        EventDispatched { event: EventId, area: AreaId, direction: Direction, sequence: u64 },
        /// An emergency order was issued; it calls `target` less `shortfall` watts.
        EmergencyDispatched {
            area: AreaId,
            direction: Direction,
            sequence: u64,
            target: Watts,
            shortfall: Watts,
            cutoff_rank: u16,
            start: Millis,
            end: Millis,
        },
        /// An emergency order was ended before its time.
        OrderReleased { area: AreaId, direction: Direction, sequence: u64 },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account is not registered.
        NotRegistered,
        /// The regulator froze the participant.
        ParticipantIsFrozen,
        /// The participant's role may not do this.
        RoleNotHeld,
        /// No such resource.
        UnknownResource,
        /// The resource belongs to another participant.
        NotOwner,
        /// The watts are negative or exceed the registered capacity.
        WattsOutOfRange,
        /// The price exceeds the greatest admissible one.
        PriceOutOfRange,
        /// The response takes longer than an hour.
        ResponseTooSlow,
        /// No such event.
        UnknownEvent,
        /// The event was opened by another organisation.
        NotOpenersOrganisation,
        /// The event is neither cleared nor dispatched.
        EventNotCleared,
        /// The event is a contract between two parties: nobody orders it.
        ContractTakesNoOrder,
        /// The event's window is over.
        WindowOver,
        /// An event's order is in force in this area and direction.
        EventOrderInForce,
        /// No watts are asked for.
        NoTarget,
        /// The order ends before it starts.
        EndNotAfterStart,
        /// The order lasts longer than the chain allows.
        OrderTooLong,
        /// The order starts too far in the past.
        StartInPast,
        /// The order is over before it is issued.
        OrderExpired,
        /// Nothing stands available in this area and direction.
        NothingAvailable,
        /// There is no order to end.
        NoOrderInForce,
        /// The sequences of this area and direction are used up.
        SequencesExhausted,
    }

    impl<T> From<Denial> for Error<T> {
        fn from(denial: Denial) -> Self {
            match denial {
                Denial::NotRegistered => Self::NotRegistered,
                Denial::Frozen => Self::ParticipantIsFrozen,
                Denial::OtherRole => Self::RoleNotHeld,
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            // With a second or more an epoch's number fits for longer than this chain will live.
            assert!(T::EpochLengthMs::get() >= 1_000, "availability epochs last a second or more");
            assert!(T::MaxOrderMs::get() > 0, "orders have a length");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Declares what a resource offers at any time, from the next availability epoch on; zero watts
        /// withdraw it. By the aggregator that owns it.
        ///
        /// `price` in micro-yuan per kWh up to 1,000 CNY; `response_ms` to full response, up to an hour.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::declare_availability())]
        pub fn declare_availability(
            origin: OriginFor<T>,
            resource: ResourceId,
            direction: Direction,
            watts: Watts,
            price: Price,
            response_ms: u32,
        ) -> DispatchResult {
            let (owner, _) = Self::ensure_role(origin, Role::Aggregator)?;
            Self::do_declare(owner, resource, direction, Offer { watts, price, response_ms })
        }

        /// Issues the order of a cleared event over its window, or issues it again. By a grid company of
        /// the opener's organisation, before the window's end.
        #[pallet::call_index(1)]
        #[pallet::weight((T::WeightInfo::dispatch_event(), DispatchClass::Operational))]
        pub fn dispatch_event(origin: OriginFor<T>, event: EventId) -> DispatchResult {
            let (_, dispatcher) = Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_dispatch_event(dispatcher.organisation, event)
        }

        /// Calls `target` watts of standing availability in an area from `start` to `end`, cheapest and
        /// fastest first; all there is when that is less. By a grid company.
        #[pallet::call_index(2)]
        #[pallet::weight((T::WeightInfo::dispatch_emergency(u32::from(RANKS)), DispatchClass::Operational))]
        pub fn dispatch_emergency(
            origin: OriginFor<T>,
            area: AreaId,
            direction: Direction,
            target: Watts,
            start: Millis,
            end: Millis,
            reason: Reason,
        ) -> DispatchResultWithPostInfo {
            Self::ensure_role(origin, Role::GridCompany)?;
            let walked = Self::do_dispatch_emergency(area, direction, target, start, end, reason)?;
            Ok(Some(T::WeightInfo::dispatch_emergency(walked)).into())
        }

        /// Ends an emergency order before its time. By a grid company.
        #[pallet::call_index(3)]
        #[pallet::weight((T::WeightInfo::release(), DispatchClass::Operational))]
        pub fn release(origin: OriginFor<T>, area: AreaId, direction: Direction, reason: Reason) -> DispatchResult {
            Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_release(area, direction, reason)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The order of an area and direction, if it binds at chain time or will.
        pub fn current_order(area: AreaId, direction: Direction) -> Option<Order> {
            Self::live_order(area, direction)
        }

        /// What a resource offers, by rising epoch.
        pub fn availability_of(resource: ResourceId, direction: Direction) -> Availability {
            Availabilities::<T>::get(resource, direction)
        }

        /// Watts that an emergency order could call in an area now.
        pub fn available(area: AreaId, direction: Direction) -> Watts {
            Self::on_offer(area, direction, Self::epoch())
        }

        /// The availability epoch of chain time.
        pub fn current_epoch() -> AvailabilityEpoch {
            Self::epoch()
        }
    }
}
