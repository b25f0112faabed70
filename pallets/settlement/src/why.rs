//! Why a resource is paid what it is paid, for whoever asks a node.

use crate::{Config, Pallet, Statements, Totals};
use loadstone_core::{traits::Directory, AccountId, EventId, ResourceId};
use loadstone_market::{
    self as market,
    explain::{explain, Explanation, Facts, Shared},
    traits::{Market, Scores},
    Phase,
};

impl<T: Config> Pallet<T> {
    /// Every step of a resource in a cleared event, as far as the event has come.
    pub(crate) fn explained(id: EventId, resource_id: ResourceId) -> Option<Explanation> {
        let event = T::Market::event(id)?;
        let (programme, clearing) = (T::Market::programme_of(&event)?, T::Market::clearing(id)?);
        let (resource, segments) = (T::Directory::resource(resource_id)?, T::Market::segments(id, resource_id));
        if segments.is_empty() {
            return None;
        }
        let record = T::Scores::record(id, resource_id);
        let is_recorded = event.phase >= Phase::Recorded && event.phase != Phase::Cancelled;
        let histogram = is_recorded.then(|| T::Scores::histogram(id));
        let is_settled = event.phase == Phase::Settled;
        let shared = is_settled.then(|| Self::shared(id, &event, resource_id, &resource.owner));
        Some(explain(&Facts {
            event: &event,
            programme: &programme,
            clearing: &clearing,
            resource: &resource,
            segments: &segments,
            record: record.as_ref(),
            histogram: histogram.as_ref(),
            shared,
            has_customer: T::Market::customer(id, resource_id).is_some(),
        }))
    }

    /// Pot, claims and bond. Walks the resources before this one where they matter, which only a query may do.
    fn shared(id: EventId, event: &market::Event, resource: ResourceId, owner: &AccountId) -> Shared {
        let totals = Totals::<T>::get(id);
        let mut shared = Shared::new(event.budget, &totals, T::Market::bond(id, owner));
        if !shared.depends_on_others(&totals) {
            return shared;
        }
        let places = (0..T::Market::resource_count(id)).filter_map(|index| T::Market::resource_at(id, index));
        for earlier in places.take_while(|earlier| *earlier != resource) {
            let Some(statement) = Statements::<T>::get(id, earlier) else { continue };
            shared.pass(&statement, T::Directory::resource(earlier).is_some_and(|earlier| earlier.owner == *owner));
        }
        shared
    }
}
