//! What pallets ask of each other about events, money and scores.
//!
//! Implemented in one pallet, consumed in others through `Config`. Primitives know no FRAME, so
//! fallible traits carry their error as a type: pallets bind `Market<Error = DispatchError>`,
//! `Escrow<Error = DispatchError>` and `OnPhase<DispatchError>`. A failed call must be rolled back by
//! its caller, as a dispatchable's transaction does.

use crate::{
    referee::Ruling, score::Histogram, Clearing, Credit, Event, EventRecord, Phase, Programme, Score, Segments,
};
use loadstone_core::{AccountId, Balance, BasisPoints, EventId, Millis, ResourceId};

/// Events and what was bid in them. Implemented by Bids.
pub trait Market {
    /// Why a phase change was refused; `DispatchError` in the runtime.
    type Error;

    /// The event of this id.
    fn event(id: EventId) -> Option<Event>;
    /// The programme of the event in the version that it was opened with.
    fn programme_of(event: &Event) -> Option<Programme>;
    /// The event's clearing, once cleared.
    fn clearing(event: EventId) -> Option<Clearing>;
    /// What was revealed for the resource in the event; empty when nothing was.
    fn segments(event: EventId, resource: ResourceId) -> Segments;
    /// Number of resources revealed in the event, awarded or not.
    fn resource_count(event: EventId) -> u32;
    /// The resource at `index` in order of reveal, `0..resource_count`.
    fn resource_at(event: EventId, index: u32) -> Option<ResourceId>;
    /// With whom the resource's owner shares its pay in the event, as it stood when the event was opened; `None` where
    /// nobody does.
    fn customer(event: EventId, resource: ResourceId) -> Option<AccountId>;
    /// The bonds of all that the bidder revealed in the event, held or not; zero without.
    fn bond(event: EventId, bidder: &AccountId) -> Balance;
    /// Moves the event forward to `phase` and tells [`OnPhase`]. Refused when the event is unknown,
    /// is in that phase or a later one already, or when a listener refuses.
    fn set_phase(event: EventId, phase: Phase) -> Result<(), Self::Error>;
}

/// Calling the reserve of a dispatched event. Implemented by Bids, which keeps events.
pub trait Reserve {
    /// Why it can't be called; `DispatchError` in the runtime.
    type Error;

    /// Calls the event's reserve from settlement interval `from` on. Refused when it was called already.
    fn call_reserve(event: EventId, from: u8) -> Result<(), Self::Error>;
}

/// Told when an event moves forward, so that no pallet searches for work. Called by Bids, after the
/// event is stored in its new phase: ExecutionScore queues events that were dispatched, Settlement
/// those that were scored or cancelled.
pub trait OnPhase<Error> {
    /// `event` entered `phase` in a block of chain time `now`. An error refuses the change, for
    /// instance when a bounded queue is full.
    fn on_phase(event: EventId, phase: Phase, now: Millis) -> Result<(), Error>;
}

impl<Error> OnPhase<Error> for () {
    fn on_phase(_: EventId, _: Phase, _: Millis) -> Result<(), Error> {
        Ok(())
    }
}

impl<Error, A: OnPhase<Error>, B: OnPhase<Error>> OnPhase<Error> for (A, B) {
    fn on_phase(event: EventId, phase: Phase, now: Millis) -> Result<(), Error> {
        A::on_phase(event, phase, now)?;
        B::on_phase(event, phase, now)
    }
}

/// Money held for an event. Implemented by Settlement, which owns all holds.
pub trait Escrow {
    /// Why money could not be held or moved; `DispatchError` in the runtime.
    type Error;

    /// Holds the event's budget from its opener, once an event.
    fn hold_budget(event: EventId, opener: &AccountId, amount: Balance) -> Result<(), Self::Error>;
    /// Holds more of a bidder's bond in an event.
    fn hold_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), Self::Error>;
    /// Gives so much of a bond back: the bidder withdrew before the gate, or the event was cancelled.
    fn release_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), Self::Error>;
    /// Moves so much of a bond to the event's opener: the bidder did not reveal.
    fn forfeit_bond(event: EventId, bidder: &AccountId, amount: Balance) -> Result<(), Self::Error>;
    /// Gives the budget back in full to the opener: the event was cancelled.
    fn release_budget(event: EventId) -> Result<(), Self::Error>;
    /// What was paid from the event's budget so far; final once the event is settled.
    fn paid(event: EventId) -> Balance;
}

/// What was measured and how it was judged. Implemented by ExecutionScore.
pub trait Scores {
    /// The record of the resource in the event, once on chain.
    fn record(event: EventId, resource: ResourceId) -> Option<EventRecord>;
    /// Its score; `None` before scoring and for a resource with no quota.
    fn score(event: EventId, resource: ResourceId) -> Option<Score>;
    /// Accuracies of the event's resources, of all of them once it is recorded.
    fn histogram(event: EventId) -> Histogram;
}

/// Hears disputes over records. Implemented by ExecutionScore.
pub trait Referee {
    /// Hears what is shown of a resource's device until `until`. The resource stands at `place` in the event's order. A
    /// record has one hearing at most.
    fn hear(event: EventId, resource: ResourceId, place: u32, until: Millis);
    /// Ends the hearing: puts the record right where it was shown wrong, and convicts its signers where that is proven.
    /// Registers what it weighs by itself.
    fn judge(event: EventId, resource: ResourceId) -> Ruling;
}

/// How resources have done so far. Implemented by ExecutionScore.
pub trait Standings {
    /// The resource's standing; `None` before its first scored event.
    fn credit(resource: ResourceId) -> Option<Credit>;
    /// Share of a quota that the resource is expected to deliver, at most 10,000; `None` before its first scored event.
    fn reliability(resource: ResourceId) -> Option<BasisPoints>;
}
