//! Why a call is refused: each error names the condition that was violated.

use frame_support::pallet_macros::pallet_section;

/// The pallet's errors, imported into its module.
#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// The account is not registered.
        NotRegistered,
        /// The regulator froze the participant.
        ParticipantIsFrozen,
        /// The participant's role may not do this.
        RoleNotHeld,
        /// The programme's numbers make no sense together.
        UnsoundProgramme,
        /// Another organisation publishes this programme.
        NotPublisher,
        /// No such programme.
        UnknownProgramme,
        /// The programme has used up its versions.
        VersionsExhausted,
        /// The numbers of events are used up.
        EventsExhausted,
        /// As many events are live as the chain bears.
        TooManyEvents,
        /// The needs are empty, one is negative, or none is positive.
        UnsoundNeeds,
        /// The window has more settlement intervals than the programme allows.
        TooManyIntervals,
        /// The programme does not buy in this area.
        AreaNotCovered,
        /// The programme does not buy in this direction.
        OtherDirection,
        /// The programme's rules are not in force during the whole window.
        NotInForce,
        /// The budget is zero.
        NoBudget,
        /// Nothing is left of the pot that all events under these rules share.
        PotSpent,
        /// Less is left of the pot that all events under these rules share than the contract may cost.
        PotTooSmall,
        /// The gate leaves no full availability epoch after opening.
        GateTooSoon,
        /// The window starts before the reveal time is over.
        StartTooSoon,
        /// Under these rules contracts are made and no bids taken.
        IsBilateral,
        /// Under these rules bids are taken and no contracts made.
        NotBilateral,
        /// The event is no contract.
        NoContract,
        /// Nobody makes a contract with itself.
        OwnResource,
        /// No such event.
        UnknownEvent,
        /// The event is in another phase.
        WrongPhase,
        /// The event was opened by another account.
        NotOpener,
        /// The gate has closed.
        GateClosed,
        /// The gate has not closed yet.
        GateStillOpen,
        /// The time to reveal is not over.
        RevealOpen,
        /// Authors of too few validators have made blocks since the gate.
        TooFewAuthors,
        /// The event's window is over.
        WindowOver,
        /// As many bidders have committed as the event bears.
        TooManyBidders,
        /// As many resources are committed as the event bears.
        TooManyResources,
        /// The bidder has committed this batch already.
        AlreadyCommitted,
        /// Batches have numbers below 2,048.
        BatchOutOfRange,
        /// The reservations of the bidder's withdrawn bid have not all fallen yet.
        WithdrawalPending,
        /// The bidder has not committed.
        NotCommitted,
        /// The bidder has revealed already.
        AlreadyRevealed,
        /// No resource is named.
        NoResources,
        /// Resources are not named in strictly rising order.
        ResourcesNotRising,
        /// No such resource.
        UnknownResource,
        /// The resource belongs to another participant.
        NotOwner,
        /// The resource lies in another area than the event.
        OtherArea,
        /// The resource's registered capacity is below the programme's least bid.
        CapacityBelowMinimum,
        /// The resource is barred after repeated default.
        ResourceBarred,
        /// The resource's credit is below the programme's gate.
        CreditTooLow,
        /// The resource's customer changed twice since the event was opened: it is not known with whom pay is shared.
        CustomerChangedTwice,
        /// The resource is bid for an overlapping window in the same direction.
        AlreadyReserved,
        /// The resource is bid in as many events as the chain bears.
        TooManyReservations,
        /// A sum exceeds its number's range.
        Overflow,
        /// The sheet and salt are not what was sealed.
        SealMismatch,
        /// The sheet names a resource that was not committed.
        ResourceNotCommitted,
        /// A resource is named without an offer.
        NoOffers,
        /// A resource's prices do not rise strictly.
        PricesNotRising,
        /// A price is below the floor or above the cap.
        PriceOutOfRange,
        /// A price is off the programme's ticks.
        PriceOffTick,
        /// An offer has no watts.
        NoWatts,
        /// A resource's offers add up to less than the programme's least bid.
        BidBelowMinimum,
        /// A resource's offers add up to more than its registered capacity.
        BidAboveCapacity,
        /// The event's clearing bought no reserve.
        NoReserve,
        /// The reserve was called before.
        ReserveCalled,
    }

    impl<T> From<loadstone_market::credit::Unfit> for Error<T> {
        fn from(unfit: loadstone_market::credit::Unfit) -> Self {
            match unfit {
                loadstone_market::credit::Unfit::Barred(_) => Self::ResourceBarred,
                loadstone_market::credit::Unfit::CreditTooLow => Self::CreditTooLow,
            }
        }
    }

    impl<T> From<loadstone_core::traits::Denial> for Error<T> {
        fn from(denial: loadstone_core::traits::Denial) -> Self {
            match denial {
                loadstone_core::traits::Denial::NotRegistered => Self::NotRegistered,
                loadstone_core::traits::Denial::Frozen => Self::ParticipantIsFrozen,
                loadstone_core::traits::Denial::OtherRole => Self::RoleNotHeld,
            }
        }
    }
}
