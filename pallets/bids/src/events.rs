//! What the pallet tells of.

use frame_support::pallet_macros::pallet_section;

/// The pallet's events, imported into its module.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A version of a programme was published.
        ProgrammePublished { programme: ProgrammeId, version: ProgrammeVersion },
        /// An event was opened; its budget is in escrow.
        EventOpened { event: EventId, opener: AccountId, area: AreaId, direction: Direction, gate_closure: Millis },
        /// A bidder sealed its bid; its bond is held.
        BidCommitted { event: EventId, bidder: AccountId, batch: Batch, resources: u32, bond: Balance },
        /// A bidder took its sealed bid back before the gate.
        BidWithdrawn { event: EventId, bidder: AccountId, batch: Batch },
        /// A bidder revealed its sheet.
        BidRevealed { event: EventId, bidder: AccountId, batch: Batch, resources: u32, watts: Watts },
        /// A buyer offered a contract; what it may cost is in escrow.
        ContractOffered { event: EventId, buyer: AccountId, resource: ResourceId, price: Price },
        /// The resource's owner accepted it.
        ContractAccepted { event: EventId, seller: AccountId, resource: ResourceId },
        /// An event was cleared.
        EventCleared { event: EventId, marginal_price: Price, awarded: Watts, reserved: Watts, offered: Watts },
        /// The reserve was called from a settlement interval on.
        ReserveCalled { event: EventId, from: u8, watts: Watts },
        /// An event entered a phase.
        PhaseEntered { event: EventId, phase: Phase },
        /// A bond fell to the opener: its bidder did not reveal.
        BondForfeited { event: EventId, bidder: AccountId, batch: Batch },
        /// A bond was given back: its event was cancelled.
        BondReleased { event: EventId, bidder: AccountId, batch: Batch },
        /// Escrow refused to move a bond; it stays held.
        BondStuck { event: EventId, bidder: AccountId, batch: Batch, error: DispatchError },
    }
}
