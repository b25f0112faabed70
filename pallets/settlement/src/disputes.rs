//! Disputes: what they hold, who hears them, and what becomes of what they held.

use crate::{Config, Disputes, Error, Event, HoldReason, Pallet, Pass, Stage, WeightInfo};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{fungible::MutateHold, Defensive},
    weights::Weight,
};
use loadstone_core::{traits::Directory, AccountId, EventId, Millis, ResourceId};
use loadstone_market::{
    referee::Ruling,
    traits::{Market, Referee, Scores},
    Dispute, DisputeReason,
};

impl<T: Config> Pallet<T> {
    /// Whether any record of the event was disputed.
    pub(crate) fn has_disputes(event: EventId) -> bool {
        Disputes::<T>::iter_key_prefix(event).next().is_some()
    }

    /// Opens a dispute and its hearing.
    pub(crate) fn open_dispute(
        by: AccountId,
        event: EventId,
        resource: ResourceId,
        place: u32,
        reason: DisputeReason,
    ) -> DispatchResult {
        let at = Self::now();
        let end = Self::window_end(event).filter(|end| at < *end).ok_or(Error::<T>::NotDisputable)?;
        let details = T::Market::event(event).ok_or(Error::<T>::UnknownEvent)?;
        let programme = T::Market::programme_of(&details).ok_or(Error::<T>::UnknownEvent)?;
        let owner = T::Directory::resource(resource).map(|resource| resource.owner);
        ensure!(owner.as_ref() == Some(&by) || details.opener == by, Error::<T>::NotParty);
        ensure!(T::Scores::record(event, resource).is_some(), Error::<T>::NoRecord);
        ensure!(T::Market::resource_at(event, place) == Some(resource), Error::<T>::NotAtPlace);
        ensure!(!Disputes::<T>::contains_key(event, resource), Error::<T>::AlreadyDisputed);
        let bond = programme.dispute_bond;
        T::Currency::hold(&HoldReason::Dispute.into(), &by, bond)?;
        let dispute = Dispute { by: by.clone(), at, bond, ruling: None, reason: reason.clone() };
        Disputes::<T>::insert(event, resource, dispute);
        T::Referee::hear(event, resource, place, end.after(programme.hearing_ms.into()));
        Self::deposit_event(Event::Disputed { event, resource, by, reason });
        Ok(())
    }

    /// When the hearings of an event whose dispute window ended at `end` are over.
    pub(crate) fn hearings_end(event: EventId, end: Millis) -> Millis {
        let programme = T::Market::event(event).and_then(|details| T::Market::programme_of(&details));
        end.after(programme.map_or(0, |programme| programme.hearing_ms.into()))
    }

    /// Has the next disputed record judged. What is to be done next, and what it weighs beside the referee's own work.
    pub(crate) fn judge_next(event: EventId, after: Option<ResourceId>) -> (Option<Stage>, Weight) {
        let mut rest = match after {
            None => Disputes::<T>::iter_prefix(event),
            Some(last) => Disputes::<T>::iter_prefix_from(event, Disputes::<T>::hashed_key_for(event, last)),
        };
        let Some((resource, dispute)) = rest.next() else {
            return (Some(Stage::Statements { next: 0, pass: Pass::Final }), T::WeightInfo::rule());
        };
        let ruling = T::Referee::judge(event, resource);
        Self::rule(event, resource, dispute, ruling);
        (Some(Stage::Judging { after: Some(resource) }), T::WeightInfo::rule())
    }

    /// Gives the dispute's bond back where it was upheld, and else to the other party. What could not be moved stays on
    /// hold and on the books.
    fn rule(event: EventId, resource: ResourceId, dispute: Dispute, ruling: Ruling) {
        let Dispute { by, bond, .. } = &dispute;
        let opener = T::Market::event(event).map(|details| details.opener).defensive();
        let owner = T::Directory::resource(resource).map(|resource| resource.owner);
        let other = if opener.as_ref() == Some(by) { owner } else { opener };
        let to = if ruling.is_upheld() { by.clone() } else { other.unwrap_or_else(|| by.clone()) };
        let moved = Self::try_give(HoldReason::Dispute, by, &to, *bond);
        let left = if moved { 0 } else { *bond };
        Disputes::<T>::insert(event, resource, Dispute { bond: left, ruling: Some(ruling), ..dispute.clone() });
        Self::deposit_event(Event::DisputeJudged { event, resource, ruling, bond_to: to });
    }
}
