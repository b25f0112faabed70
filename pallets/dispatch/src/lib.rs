//! Standing availability and dispatch orders.
//!
//! - **Availability.** An owner declares watts, price and response time of a resource; they count from
//!   the next *availability epoch* on (chain time divided by the epoch's length). A resource's entries
//!   keep what was in force in the epoch of a live emergency order, so a node that holds a proof of its
//!   entry needs no other. Totals by rank stand in buckets, in pages of consecutive ranks.
//! - **Expected delivery.** An entry takes the reliability that its resource's standing shows when the
//!   entry is made, and keeps it while it stands: scores move nothing within an epoch. A later standing
//!   counts with the next declaration, with the end of a suspension, or with a *refresh*, which any
//!   participant may ask for. Rank is by price of an expected watt, so what is cheap and fails falls back.
//! - **Suspension.** The market suspends what is reserved in an event: its entry falls to zero from the
//!   next epoch on. What is declared meanwhile counts when the suspension ends.
//! - **Orders.** One order per area and direction, under 300 bytes for any number of nodes; each node
//!   derives its own setpoint from it. A later sequence supersedes the earlier ones. An *event order*
//!   binds the awards of a cleared event over its window. An *emergency order* walks all rank buckets
//!   for the cut-off rank and fraction at which expected delivery reaches its target; what it calls, what
//!   it spares and what its limits leave out stays in state beside it. A *release* ends an emergency order before its time.
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
        AccountId, AreaId, AvailabilityEpoch, BasisPoints, Direction, EventId, Hash, Millis, Price, ResourceId, Role,
        Watts,
    };
    use loadstone_market::{
        traits::{Market, Reserve, Standings},
        Availability, Limits, Order, Selection, Supply,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Participants and resources.
        type Directory: Directory;
        /// Events to dispatch.
        type Market: Market<Error = DispatchError> + Reserve<Error = DispatchError>;
        /// How reliable resources have shown themselves.
        type Standings: Standings;
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

    /// What is on offer at each rank, now and next, by pages of [`PAGE_RANKS`] ranks.
    #[pallet::storage]
    pub type RankPages<T: Config> =
        StorageDoubleMap<_, Twox64Concat, (AreaId, Direction), Twox64Concat, u16, Page, ValueQuery>;

    /// How the current order of an area and direction chose, if it is an emergency order.
    #[pallet::storage]
    pub type Selections<T: Config> = StorageDoubleMap<_, Twox64Concat, AreaId, Twox64Concat, Direction, Selection>;

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
        /// A resource's offer takes the rank that its standing gives it now.
        AvailabilityRefreshed {
            resource: ResourceId,
            direction: Direction,
            reliability: BasisPoints,
            from: AvailabilityEpoch,
        },
        /// An emergency order was issued; `selection` tells what it calls and what it left out. It falls short where
        /// fewer watts than `target` are expected of what is called.
        EmergencyDispatched {
            area: AreaId,
            direction: Direction,
            sequence: u64,
            target: Watts,
            limits: Limits,
            selection: Selection,
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
        /// The event is not dispatched, or no longer.
        EventNotDispatched,
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
        /// Nothing stands available in this area and direction within the order's limits.
        NothingAvailable,
        /// There is no order to end.
        NoOrderInForce,
        /// The sequences of this area and direction are used up.
        SequencesExhausted,
        /// The resource offers nothing, or what it offers has the rank that its standing gives it.
        NothingToRefresh,
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

        /// Calls so much standing availability in an area from `start` to `end` that `target` watts are expected to be
        /// delivered, the cheapest expected watts first and then the fastest, within `limits`; all there is when that
        /// is less. By a grid company.
        #[pallet::call_index(2)]
        #[pallet::weight((T::WeightInfo::dispatch_emergency(), DispatchClass::Operational))]
        #[allow(clippy::too_many_arguments)]
        pub fn dispatch_emergency(
            origin: OriginFor<T>,
            area: AreaId,
            direction: Direction,
            target: Watts,
            limits: Limits,
            start: Millis,
            end: Millis,
            reason: Reason,
        ) -> DispatchResult {
            Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_dispatch_emergency(area, direction, Emergency { target, limits, start, end, reason })
        }

        /// Ends an emergency order before its time. By a grid company.
        #[pallet::call_index(3)]
        #[pallet::weight((T::WeightInfo::release(), DispatchClass::Operational))]
        pub fn release(origin: OriginFor<T>, area: AreaId, direction: Direction, reason: Reason) -> DispatchResult {
            Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_release(area, direction, reason)
        }

        /// Gives what a resource offers the reliability and rank of its present standing, from the next availability
        /// epoch on. By any participant, for a standing that fell concerns others than the owner.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::refresh_availability())]
        pub fn refresh_availability(
            origin: OriginFor<T>,
            resource: ResourceId,
            direction: Direction,
        ) -> DispatchResult {
            Self::ensure_registered(origin)?;
            Self::do_refresh(resource, direction)
        }

        /// Calls the reserve that an event's clearing bought, from its next settlement interval on, by another order of the
        /// event. Once, by a grid company of the opener's organisation.
        #[pallet::call_index(5)]
        #[pallet::weight((T::WeightInfo::call_reserve(), DispatchClass::Operational))]
        pub fn call_reserve(origin: OriginFor<T>, event: EventId) -> DispatchResult {
            let (_, dispatcher) = Self::ensure_role(origin, Role::GridCompany)?;
            Self::do_call_reserve(dispatcher.organisation, event)
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

        /// What an emergency order without limits could call in an area now, and what is expected of that.
        pub fn available(area: AreaId, direction: Direction) -> Supply {
            Self::on_offer(area, direction, Self::epoch())
        }

        /// How the current order of an area and direction chose; `None` unless it is an emergency order.
        pub fn selection_of(area: AreaId, direction: Direction) -> Option<Selection> {
            Selections::<T>::get(area, direction)
        }

        /// The availability epoch of chain time.
        pub fn current_epoch() -> AvailabilityEpoch {
            Self::epoch()
        }
    }
}
