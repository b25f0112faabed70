//! What the pallet keeps beside the market's records.

use crate::pallet::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::{traits::Get, BoundedBTreeSet};
use loadstone_core::{AccountId, AreaId, Balance, BoundedVec, ConstU32, Direction, EventId, Millis, Price, ResourceId};
use loadstone_market::{Batch, BidSheet, Clearing, Event, Needs};
use scale_info::TypeInfo;

/// Most events in which one resource may be reserved in one direction.
pub const MAX_RESERVATIONS: u32 = 8;

/// Most authors counted after a gate: as many as there can be validators.
pub const MAX_AUTHORS: u32 = 64;

/// Authors of blocks since a gate.
pub type Authors = BoundedBTreeSet<AccountId, ConstU32<MAX_AUTHORS>>;

/// Windows for which one resource is bid in one direction.
pub type Reservations = BoundedVec<Reservation, ConstU32<MAX_RESERVATIONS>>;

/// When an open event's gate closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Gate {
    /// Whose gate.
    pub event: EventId,
    /// From this moment on no commitment is taken.
    pub closes: Millis,
}

/// A window for which a resource is bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reservation {
    /// In which event.
    pub event: EventId,
    /// Start of the window.
    pub start: Millis,
    /// End of the window.
    pub end: Millis,
}

/// What one bidder has in an event.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Bidder {
    /// Batches committed.
    pub batches: u16,
    /// Bonds of those that were revealed, in micro-yuan.
    pub revealed_bond: Balance,
}

/// How much is committed in an event.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CommittedTotals {
    /// Bidders with a commitment.
    pub bidders: u32,
    /// Resources under their commitments.
    pub resources: u32,
}

/// Why an event's commitments are worked off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SweepReason {
    /// Bids were withdrawn: their reservations fall.
    Withdrawn,
    /// The event was cleared: what is not revealed forfeits its bond.
    Cleared,
    /// The event was cancelled: bonds go back, but for those that clearing forfeited.
    Cancelled,
    /// The event was settled: reservations fall; Settlement has the bonds.
    Settled,
}

/// Bonds and reservations of one event yet to be worked off.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Sweep {
    /// Whose commitments.
    pub event: EventId,
    /// What happens to them.
    pub reason: SweepReason,
    /// The last bidder's batch that is done with, in the map's order of keys.
    pub done: Option<(AccountId, Batch)>,
    /// How many resources of the batch after it are done with.
    pub resources: u32,
}

/// An event is in the queue at most three times: with withdrawn bids, cleared, and cancelled or settled.
pub struct SweepBound<T>(PhantomData<T>);

impl<T: Config> Get<u32> for SweepBound<T> {
    fn get() -> u32 {
        T::MaxEvents::get().saturating_mul(3)
    }
}

/// What a grid company asks for when it opens an event.
pub(crate) struct Opening {
    pub area: AreaId,
    pub direction: Direction,
    pub needs: Needs,
    pub start: Millis,
    pub gate_closure: Millis,
    pub budget: Balance,
}

/// What a buyer agrees on with a resource's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Contract {
    /// Whose energy.
    pub resource: ResourceId,
    /// For how much.
    pub price: Price,
}

/// What a buyer offers.
pub(crate) struct Terms {
    pub resource: ResourceId,
    pub direction: Direction,
    pub needs: Needs,
    pub start: Millis,
    pub price: Price,
}

/// An event with all that is known of its bidding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct EventSummary {
    /// The event.
    pub event: Event,
    /// Its clearing, once cleared.
    pub clearing: Option<Clearing>,
    /// Bidders with a commitment.
    pub bidders: u32,
    /// Resources committed.
    pub committed: u32,
    /// Resources revealed.
    pub revealed: u32,
    /// Authors that have made blocks since the gate; zero once cleared.
    pub authors: u32,
    /// Authors that must have before the event can be cleared.
    pub authors_needed: u32,
}

/// Offers in a sheet, which bound the work of revealing it.
pub(crate) fn offers(sheet: &BidSheet) -> u32 {
    sheet.iter().fold(0, |sum, bid| sum.saturating_add(bid.offers.len() as u32))
}
