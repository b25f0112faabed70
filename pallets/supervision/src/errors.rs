//! Why a call is refused: each error names the condition that was violated.

use frame_support::pallet_macros::pallet_section;

/// The pallet's errors, imported into its module.
#[pallet_section]
mod errors {
    #[pallet::error]
    #[derive(PartialEq, Eq)]
    pub enum Error<T> {
        /// The account is not registered.
        NotRegistered,
        /// The regulator froze the participant.
        ParticipantIsFrozen,
        /// The participant's role may not do this.
        RoleNotHeld,
        /// A threshold is out of its range.
        UnsoundRules,
        /// No such case is kept.
        UnknownCase,
        /// The case is decided.
        CaseClosed,
        /// The case has come too far for this step.
        WrongPhase,
        /// The subject may still appeal, and has not.
        AppealOpen,
        /// The time to appeal is over.
        AppealOver,
        /// Only the organisation that answers for the case may appeal.
        NotSubject,
        /// The account is frozen for another reason than a case, which lifting this case's freeze must not lift.
        AlreadyFrozen,
        /// A step needs a reason.
        NoReason,
        /// There is a case of this suspicion, subject and event already.
        AlreadyFlagged,
        /// As many cases as allowed are open.
        TooManyCases,
        /// No such event or programme.
        UnknownEvent,
        /// The event ended too long ago to be reported on.
        ReportTooLate,
        /// No such resource, or it has no record in the event.
        NoRecord,
        /// The resources have different owners, or are one.
        NotTwoOfOneOwner,
        /// The resource is not declared to be a feeder.
        NoFeeder,
        /// The feeder of an area is compared by the walk over each event.
        FeederOfArea,
        /// The chain's own numbers bear nothing out.
        NothingFound,
        /// No such resource.
        UnknownResource,
        /// The area has another feeder.
        AreaHasFeeder,
        /// Nodes are not named in strictly rising order, none is, or the feeder is among them.
        UnsoundNodes,
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
