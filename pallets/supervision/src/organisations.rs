//! The last step of a walk: what an event says of its organisations.

use crate::{scan::Walk, Config, HabitsOf, Pallet, Recent, RecentEvents, Rows, Scan, Tallies, TalliesOf, WeightInfo};
use alloc::vec::Vec;
use frame_support::weights::Weight;
use loadstone_core::{traits::Directory, OrganisationId, ResourceId, Watts};
use loadstone_market::supervision::{
    alike::alike,
    concentration::concentration,
    feeder::feeder,
    marginal::{holder, marginal},
    withholding::Habit,
    Evidence, Subject, Tally,
};

impl<T: Config> Pallet<T> {
    /// Looks at the organisations of an event that was walked over; returns what that weighs without its cases.
    pub(crate) fn finish_scan(scan: &mut Scan, walk: &Walk) -> Weight {
        if let (Some(id), Some(own)) = (walk.feeder, scan.feeder) {
            Self::compare_feeder(scan, walk, id, own);
        }
        if walk.is_contract() {
            return T::WeightInfo::finish_scan(0);
        }
        let tallies = TalliesOf::<T>::get(scan.event);
        // Where the programme fixes the price, all offers stand at the margin, and prices say nothing.
        if walk.programme.price_floor < walk.programme.price_cap {
            Self::compare_bids(scan, walk, &tallies);
            Self::look_at_margin(scan, walk, &tallies);
        }
        if let Some((tally, evidence)) = concentration(&tallies, scan.awarded, &walk.rules) {
            Self::raise_against(scan, walk, tally, evidence);
        }
        Self::compare_habits(scan, walk, &tallies);
        Self::remember(scan, walk);
        T::WeightInfo::finish_scan(tallies.len() as u32)
    }

    fn raise_against(scan: &mut Scan, walk: &Walk, tally: &Tally, evidence: Evidence) {
        let subject = Subject::Organisation(tally.organisation);
        Self::raise(scan, &walk.rules, subject, tally.account.clone(), evidence);
    }

    fn compare_feeder(scan: &mut Scan, walk: &Walk, id: ResourceId, own: Watts) {
        let evidence = feeder(own.0.into(), scan.nodes.0.into(), scan.count, &walk.rules);
        if let (Some(evidence), Some(resource)) = (evidence, T::Directory::resource(id)) {
            Self::raise(scan, &walk.rules, Subject::Resource(id), resource.owner, evidence);
        }
    }

    /// Each organisation against the first other one with the same bids; both of them answer for it.
    fn compare_bids(scan: &mut Scan, walk: &Walk, tallies: &Tallies) {
        for tally in tallies {
            if let Some(evidence) = tallies.iter().find_map(|other| alike(tally, other, &walk.rules)) {
                Self::raise_against(scan, walk, tally, evidence);
            }
        }
    }

    fn look_at_margin(scan: &mut Scan, walk: &Walk, tallies: &Tallies) {
        let (area, programme) = (walk.event.area, walk.event.programme);
        let holder = holder(tallies, &walk.clearing, &walk.rules);
        let (row, evidence) = marginal(Rows::<T>::get(area, programme), holder, &walk.clearing, &walk.rules);
        Rows::<T>::set(area, programme, row);
        if let (Some(tally), Some(evidence)) = (holder, evidence) {
            Self::raise_against(scan, walk, tally, evidence);
        }
    }

    /// Watts that each organisation offers in events which overlap this one and were walked over before it.
    fn offered_elsewhere(scan: &Scan, walk: &Walk) -> Vec<(OrganisationId, Watts)> {
        let (start, end) = (walk.event.start, walk.event.end());
        let recent = RecentEvents::<T>::get(walk.event.area, walk.event.direction).into_iter();
        recent
            .filter(|other| other.event != scan.event && other.start < end && start < other.end)
            .flat_map(|other| TalliesOf::<T>::get(other.event))
            .map(|tally| (tally.organisation, tally.offered))
            .collect()
    }

    /// What each organisation offers against what it usually does. One that offers nothing any more is forgotten in time; one
    /// that is new is not followed while the list is full.
    fn compare_habits(scan: &mut Scan, walk: &Walk, tallies: &Tallies) {
        let elsewhere = Self::offered_elsewhere(scan, walk);
        let mut habits = HabitsOf::<T>::get(walk.event.area, walk.event.direction);
        for Tally { organisation, account, .. } in tallies {
            if !habits.iter().any(|habit| habit.organisation == *organisation) {
                let _ = habits.try_push(Habit::new(*organisation, account.clone()));
            }
        }
        for habit in &mut habits {
            let own = |organisation: &OrganisationId| *organisation == habit.organisation;
            let offered = tallies.iter().find(|tally| own(&tally.organisation)).map_or(Watts(0), |tally| tally.offered);
            let others = elsewhere.iter().filter(|(organisation, _)| own(organisation));
            let others = others.fold(0i64, |sum, (_, watts)| sum.saturating_add(watts.0));
            if let Some(evidence) = habit.withholding(offered, Watts(others), &walk.rules) {
                let subject = Subject::Organisation(habit.organisation);
                Self::raise(scan, &walk.rules, subject, habit.account.clone(), evidence);
            }
        }
        habits.retain(|habit| habit.usual.0 > 0);
        HabitsOf::<T>::insert(walk.event.area, walk.event.direction, habits);
    }

    /// Keeps the event's tallies, for which those of the oldest of its area and direction give way.
    fn remember(scan: &Scan, walk: &Walk) {
        RecentEvents::<T>::mutate(walk.event.area, walk.event.direction, |recents| {
            let recent = Recent { event: scan.event, start: walk.event.start, end: walk.event.end() };
            if recents.is_full() {
                TalliesOf::<T>::remove(recents.remove(0).event);
            }
            // There is room now.
            let _ = recents.try_push(recent);
        });
    }
}
