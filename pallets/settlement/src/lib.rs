//! Money for events: holds, statements, payment, penalties, and what goes back.
//!
//! # Process
//!
//! 1. Bids holds the opener's budget and each bidder's bond here, through the trait `Escrow`. All
//!    money stays in its owner's account under a [`HoldReason`] until it is moved.
//! 2. A scored event waits for its programme's dispute window. Meanwhile a resource's owner or the event's opener may
//!    [`Call::dispute`] the resource's record, for a bond. The referee hears what is shown of the resource's device until
//!    the programme's hearing time after the window.
//! 3. Then every block takes a step of at most [`STEP`] entries, and more where it has room, one event at a time:
//!    statements (claim, and the penalty as far as the owner's bond reaches); payments from the pot,
//!    which is the budget, by cumulative floor where claims exceed it, split between a resource's owner and its customer
//!    where the programme says so; bonds: the penalty goes to the
//!    opener, the rest back to the bidder. What is left of the budget goes back to the opener.
//!
//!    An event with disputes is paid in two distributions. The first sets disputed claims aside at the most that they can
//!    be, and pays the others their plain share of the pot. When the hearings are over every dispute is judged, statements
//!    are drawn up again, and the second distribution tops everybody up to the share that there would have been without
//!    disputes. Penalties, bonds and the rest of the budget wait until then.
//! 4. A payment that its receiver can't take (an account below the existential deposit) is kept in the
//!    pallet's own account until the receiver calls [`Call::claim`]. It holds nobody else up.
//!
//! Every micro-yuan that was held for an event ends with the opener, an owner, a customer, a bidder, or is
//! claimable by one of them; nothing is made or lost. The checks of `try_state` compare each hold
//! with the books.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod disputes;
mod escrow;
#[cfg(test)]
mod mock;
mod pay;
mod queue;
mod steps;
#[cfg(test)]
mod tests;
mod transfer;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;
mod why;

pub use pallet::*;
pub use steps::{Pass, Progress, Stage, STEP};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{Inspect, Mutate, MutateHold},
            tokens::Preservation,
            Time,
        },
        PalletId,
    };
    use frame_system::pallet_prelude::*;
    use loadstone_core::{traits::Directory, AccountId, Balance, BoundedVec, EventId, Hash, Millis, ResourceId};
    use loadstone_market::{
        explain::Explanation,
        referee::Ruling,
        traits::{Market, Referee, Scores},
        Bond, Dispute, DisputeReason, EscrowState, Statement, Waiting,
    };
    use sp_runtime::traits::AccountIdConversion;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
    {
        /// Money in micro-yuan.
        type Currency: Mutate<AccountId, Balance = Balance>
            + MutateHold<AccountId, Balance = Balance, Reason = Self::RuntimeHoldReason>;
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// Chain time in Unix milliseconds.
        type Time: Time<Moment = u64>;
        /// Resources with their owners.
        type Directory: Directory;
        /// Events, awards and phases.
        type Market: Market<Error = DispatchError>;
        /// Records of what was delivered.
        type Scores: Scores;
        /// Hears and judges disputes over records.
        type Referee: Referee;
        /// Names the account that keeps claimable payments.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Greatest number of scored events that are not settled; at least 1.
        #[pallet::constant]
        type MaxWaiting: Get<u32>;
        /// Weights of the calls and of the work in each block.
        type WeightInfo: WeightInfo;
        /// Puts in place what the benchmarks need of other pallets.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: benchmarking::BenchmarkHelper;
    }

    /// Why money is held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The most that an opener pays for its events.
        Budget,
        /// What a bidder loses when it does not deliver.
        Bond,
        /// What whoever disputes a record loses where it stands.
        Dispute,
    }

    /// What is held for each event that is not settled.
    #[pallet::storage]
    pub type Escrows<T> = StorageMap<_, Twox64Concat, EventId, EscrowState>;

    /// Each bidder's bond in an event that is not settled.
    #[pallet::storage]
    pub type Bonds<T> = StorageDoubleMap<_, Twox64Concat, EventId, Blake2_128Concat, AccountId, Bond>;

    /// Scored events by the end of their dispute window, soonest first.
    #[pallet::storage]
    pub type Queue<T: Config> = StorageValue<_, BoundedVec<Waiting, T::MaxWaiting>, ValueQuery>;

    /// Events with disputes, paid for the first time, by the end of their hearings, soonest first.
    #[pallet::storage]
    pub type Heard<T: Config> = StorageValue<_, BoundedVec<Waiting, T::MaxWaiting>, ValueQuery>;

    /// When the first event of either list is due, so that a block without work reads little.
    #[pallet::storage]
    pub type NextDue<T> = StorageValue<_, Millis>;

    /// The event that is being settled, and how far.
    #[pallet::storage]
    pub type Settling<T> = StorageValue<_, Progress>;

    /// What each resource's owner is due for an event.
    #[pallet::storage]
    pub type Statements<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, Statement>;

    /// Sums over an event's statements.
    #[pallet::storage]
    pub type Totals<T> = StorageMap<_, Twox64Concat, EventId, loadstone_market::Totals, ValueQuery>;

    /// Payments that their receivers could not take, kept in the pallet's account.
    #[pallet::storage]
    pub type Claimables<T> = StorageMap<_, Blake2_128Concat, AccountId, Balance, ValueQuery>;

    /// Disputes, at most one for each resource in an event.
    #[pallet::storage]
    pub type Disputes<T> = StorageDoubleMap<_, Twox64Concat, EventId, Twox64Concat, ResourceId, Dispute>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        #[serde(skip)]
        #[doc(hidden)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        /// Endows the pallet's account with the existential deposit, so that it can take any amount.
        fn build(&self) {
            let account = Pallet::<T>::account();
            if T::Currency::balance(&account) < T::Currency::minimum_balance() {
                T::Currency::set_balance(&account, T::Currency::minimum_balance());
            }
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An opener's budget was held.
        BudgetHeld { event: EventId, opener: AccountId, amount: Balance },
        /// A bidder's bond was held.
        BondHeld { event: EventId, bidder: AccountId, amount: Balance },
        /// A bond was given back.
        BondReleased { event: EventId, bidder: AccountId, amount: Balance },
        /// Penalties, or a whole bond that was forfeited, went to the opener.
        PenaltyTaken { event: EventId, bidder: AccountId, amount: Balance },
        /// A budget, or what was left of it, was given back.
        BudgetReleased { event: EventId, opener: AccountId, amount: Balance },
        /// A resource's customer was paid its part.
        CustomerPaid { event: EventId, resource: ResourceId, customer: AccountId, amount: Balance },
        /// A resource's owner was paid, with a customer its part.
        Paid { event: EventId, resource: ResourceId, owner: AccountId, amount: Balance },
        /// A receiver could not take a payment: it waits to be claimed.
        PaymentParked { who: AccountId, amount: Balance },
        /// Not even the pallet's account could take a payment: it stayed where it was held.
        PaymentRefused { who: AccountId, amount: Balance },
        /// A parked payment was fetched.
        Claimed { who: AccountId, amount: Balance },
        /// A resource's owner, or the event's opener, objected to its record.
        Disputed { event: EventId, resource: ResourceId, by: AccountId, reason: DisputeReason },
        /// A dispute was judged, and its bond given to one of its parties.
        DisputeJudged { event: EventId, resource: ResourceId, ruling: Ruling, bond_to: AccountId },
        /// A scored event waits for the end of its dispute window.
        SettlementQueued { event: EventId, due: Millis },
        /// The dispute window is over and statements are drawn up.
        SettlementStarted { event: EventId },
        /// The first distribution is made; the rest waits until disputes are heard.
        SettlementAdjourned { event: EventId, until: Millis },
        /// The hearings are over and disputes are judged.
        HearingsEnded { event: EventId },
        /// All claims are known, or set aside where they are disputed, and payment begins.
        StatementsDrawn { event: EventId, claims: Balance, pot: Balance },
        /// Everything held for the event was moved.
        EventSettled { event: EventId, paid: Balance, penalties: Balance, refunded: Balance },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// Money is held for the event already.
        AlreadyHeld,
        /// No budget is held for the event, or none was offered.
        NoBudget,
        /// The bidder has no bond in the event.
        NoBond,
        /// The event is being settled: its bonds are no longer the market's.
        SettlementUnderWay,
        /// The market knows no such event.
        UnknownEvent,
        /// As many scored events as allowed wait for settlement.
        QueueFull,
        /// Nothing is claimable by the caller.
        NothingToClaim,
        /// The event's dispute window is not open.
        NotDisputable,
        /// The caller neither owns the resource nor opened the event.
        NotParty,
        /// The resource does not stand at this place in the event's order.
        NotAtPlace,
        /// The resource has no record in the event.
        NoRecord,
        /// The resource's record is disputed already.
        AlreadyDisputed,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Takes the next step of settlement, however full the block will be.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::settle_step()
        }

        /// Takes further steps where the block has room, up to half of it: an event of 100,000 resources has thousands.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let half = <T as frame_system::Config>::BlockWeights::get().max_block.saturating_div(2);
            Self::settle_more(remaining.min(half))
        }

        fn integrity_test() {
            assert!(T::MaxWaiting::get() > 0, "MaxWaiting must admit an event");
            let room = <T as frame_system::Config>::BlockWeights::get().max_block;
            for step in [T::WeightInfo::statements, T::WeightInfo::payments, T::WeightInfo::bonds] {
                assert!(step(STEP).all_lt(room), "a step of settlement must fit into a block");
            }
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight = T::WeightInfo)]
    impl<T: Config> Pallet<T> {
        /// Fetches payments that the caller could not take when they were made.
        ///
        /// # Errors
        /// [`Error::NothingToClaim`]; a token error while the account still can't take the amount, which
        /// then stays claimable.
        #[pallet::call_index(0)]
        pub fn claim(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let amount = Claimables::<T>::take(&who);
            ensure!(amount > 0, Error::<T>::NothingToClaim);
            T::Currency::transfer(&Self::account(), &who, amount, Preservation::Preserve)?;
            Self::deposit_event(Event::Claimed { who, amount });
            Ok(())
        }

        /// Disputes the record of `resource`, which stands at `place` in a scored event's order, within the dispute window.
        /// By the resource's owner or the event's opener. Holds the programme's dispute bond, which comes back where the
        /// record turns out to be wrong, and else falls to the other of the two. At most one dispute a record.
        ///
        /// # Errors
        /// [`Error::NotDisputable`] before scoring and once the window has ended; [`Error::NotParty`],
        /// [`Error::NoRecord`], [`Error::NotAtPlace`], [`Error::AlreadyDisputed`]; a token error without the bond.
        #[pallet::call_index(1)]
        pub fn dispute(
            origin: OriginFor<T>,
            event: EventId,
            resource: ResourceId,
            place: u32,
            reason: DisputeReason,
        ) -> DispatchResult {
            let by = ensure_signed(origin)?;
            Self::open_dispute(by, event, resource, place, reason)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// What is held for an event; nothing once it is settled.
        pub fn escrow_of(event: EventId) -> Option<EscrowState> {
            Escrows::<T>::get(event)
        }

        /// What a resource's owner is due for an event.
        pub fn statement_of(event: EventId, resource: ResourceId) -> Option<Statement> {
            Statements::<T>::get(event, resource)
        }

        /// Every step from a resource's bid to its pay, as far as the event has come; `None` before it is cleared, and
        /// where nothing was revealed for the resource.
        pub fn why(event: EventId, resource: ResourceId) -> Option<Explanation> {
            Self::explained(event, resource)
        }

        /// A record's dispute, heard or judged.
        pub fn dispute_of(event: EventId, resource: ResourceId) -> Option<Dispute> {
            Disputes::<T>::get(event, resource)
        }

        /// What an account may claim.
        pub fn claimable_by(who: AccountId) -> Balance {
            Claimables::<T>::get(who)
        }
    }

    impl<T: Config> Pallet<T> {
        /// The account that keeps claimable payments.
        pub fn account() -> AccountId {
            T::PalletId::get().into_account_truncating()
        }

        /// Chain time.
        pub(crate) fn now() -> Millis {
            Millis(T::Time::now())
        }
    }
}
