//! What anybody may point at: the chain computes it again from its own records.

use crate::{cases::Find, Config, Error, Feeders, Pallet, Rules};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use loadstone_core::{traits::Directory, AccountId, EventId, Resource, ResourceId};
use loadstone_market::{
    self as market,
    supervision::{
        feeder::{self, Nodes},
        readings::{identical, improbable},
        Evidence, Report, Subject, SupervisionRules,
    },
    traits::{Market, Scores},
    BaselineMethod, EventRecord,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_report(reporter: AccountId, report: Report) -> DispatchResult {
        let (id, rules) = (report.event(), Rules::<T>::get());
        let event = T::Market::event(id).ok_or(Error::<T>::UnknownEvent)?;
        ensure!(Self::now() <= event.end().after(rules.report_ms), Error::<T>::ReportTooLate);
        let (subject, evidence) = match report {
            Report::Readings { resource, .. } => (resource, Self::find_improbable(id, &event, resource, &rules)?),
            Report::Identical { first, second, .. } => (first, Self::find_identical(id, first, second, &rules)?),
            Report::Feeder { feeder, .. } => (feeder, Self::find_mismatch(id, feeder, &rules)?),
        };
        let evidence = evidence.ok_or(Error::<T>::NothingFound)?;
        let account = Self::resource(subject)?.owner;
        let find = Find { subject: Subject::Resource(subject), account, event: Some(id), evidence };
        Self::open_case(find, Some(reporter))?;
        Ok(())
    }

    fn resource(id: ResourceId) -> Result<Resource, Error<T>> {
        T::Directory::resource(id).ok_or(Error::<T>::UnknownResource)
    }

    fn record(event: EventId, resource: ResourceId) -> Result<EventRecord, Error<T>> {
        T::Scores::record(event, resource).ok_or(Error::<T>::NoRecord)
    }

    fn find_improbable(
        id: EventId,
        event: &market::Event,
        resource: ResourceId,
        rules: &SupervisionRules,
    ) -> Result<Option<Evidence>, Error<T>> {
        let programme = T::Market::programme_of(event).ok_or(Error::<T>::UnknownEvent)?;
        let metered = matches!(programme.baseline, BaselineMethod::Metered {});
        let record = Self::record(id, resource)?;
        Ok(improbable(&Self::resource(resource)?, event.direction, metered, &record, rules))
    }

    fn find_identical(
        id: EventId,
        first: ResourceId,
        second: ResourceId,
        rules: &SupervisionRules,
    ) -> Result<Option<Evidence>, Error<T>> {
        let owners = (Self::resource(first)?.owner, Self::resource(second)?.owner);
        ensure!(first != second && owners.0 == owners.1, Error::<T>::NotTwoOfOneOwner);
        Ok(identical(&Self::record(id, first)?, &Self::record(id, second)?, rules))
    }

    /// Nodes without a record took no part in the event, and their load counts for nothing.
    fn find_mismatch(id: EventId, feeder: ResourceId, rules: &SupervisionRules) -> Result<Option<Evidence>, Error<T>> {
        let Nodes::Named(nodes) = Feeders::<T>::get(feeder).ok_or(Error::<T>::NoFeeder)? else {
            return Err(Error::<T>::FeederOfArea);
        };
        let own = feeder::delivered(&Self::record(id, feeder)?);
        let records = nodes.iter().filter_map(|node| T::Scores::record(id, *node));
        // At most 64 nodes of 96 intervals: no sum of so many 64-bit numbers leaves 128 bits.
        let (sum, count) = records.fold((0i128, 0u32), |(sum, count), record| {
            (sum.saturating_add(feeder::delivered(&record)), count.saturating_add(1))
        });
        Ok(feeder::feeder(own, sum, count, rules))
    }
}
