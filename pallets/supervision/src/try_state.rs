//! What must hold of the pallet's storage after every block.

use crate::{
    feeders::are_sound, AreaFeeders, CaseOf, Cases, Closed, Config, Feeders, Freeze, Freezes, NextCase, OpenCases,
    OutcomesOf, Pallet, RecentEvents, Rules, Scans, TalliesOf,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use frame_support::{ensure, traits::Get};
use loadstone_core::{traits::Directory, AccountId, CaseId};
use loadstone_market::{
    supervision::{feeder::Nodes, Case, CasePhase, Outcomes, Subject},
    traits::Market,
    Phase,
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Runs all checks of this file.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        ensure!(Rules::<T>::get().is_sound(), "a threshold is out of its range");
        Self::cases_are_counted()?;
        Self::steps_are_in_order()?;
        Self::cases_are_found_by_what_they_are_about()?;
        Self::outcomes_cover_the_decided()?;
        Self::open_freezes_are_counted()?;
        Self::walks_are_of_scored_events()?;
        Self::tallies_are_walked_or_recent()?;
        Self::feeders_are_sound()
    }

    fn cases_are_counted() -> Result<(), TryRuntimeError> {
        let (open, decided): (Vec<Case>, Vec<Case>) =
            Cases::<T>::iter_values().partition(|case| case.phase().is_open());
        ensure!(open.len() == OpenCases::<T>::get() as usize, "the open cases are miscounted");
        ensure!(open.len() <= T::MaxOpen::get() as usize, "too many cases are open");
        let closed: BTreeSet<CaseId> = Closed::<T>::get().into_iter().collect();
        ensure!(closed.len() == Closed::<T>::get().len(), "a case was decided twice");
        ensure!(decided.iter().map(|case| case.id).collect::<BTreeSet<_>>() == closed, "decided cases are not listed");
        Ok(())
    }

    fn steps_are_in_order() -> Result<(), TryRuntimeError> {
        for (id, case) in Cases::<T>::iter() {
            ensure!(id == case.id && id < NextCase::<T>::get(), "a case has another number");
            ensure!(case.steps.first().map(|step| step.phase) == Some(CasePhase::Flagged), "a case was never flagged");
            let rises = case.steps.windows(2).all(|pair| pair[0].phase < pair[1].phase && pair[0].at <= pair[1].at);
            ensure!(rises, "a case's steps are out of order");
            let decided = case.steps.iter().filter(|step| !step.phase.is_open()).count();
            ensure!(decided <= 1, "a case was decided both ways");
        }
        Ok(())
    }

    fn cases_are_found_by_what_they_are_about() -> Result<(), TryRuntimeError> {
        let mut found = 0;
        for (place, id) in CaseOf::<T>::iter() {
            let case = Cases::<T>::get(id).ok_or("what is no case is found")?;
            ensure!(Self::place_of(&case) == place, "a case is found by what it is not about");
            found += 1;
        }
        let findable = |case: &Case| case.event.is_some() || case.phase().is_open();
        ensure!(Cases::<T>::iter_values().filter(findable).count() == found, "a case is not found");
        Ok(())
    }

    fn outcomes_cover_the_decided() -> Result<(), TryRuntimeError> {
        let mut decided = BTreeMap::<Subject, Outcomes>::new();
        for case in Cases::<T>::iter_values().filter(|case| !case.phase().is_open()) {
            let outcomes = decided.entry(case.subject.clone()).or_default();
            match case.phase() {
                CasePhase::Upheld => outcomes.upheld += 1,
                _ => outcomes.cleared += 1,
            }
        }
        for (subject, kept) in decided {
            let all = OutcomesOf::<T>::get(subject);
            ensure!(kept.cleared <= all.cleared && kept.upheld <= all.upheld, "a decision is not counted");
        }
        Ok(())
    }

    fn open_freezes_are_counted() -> Result<(), TryRuntimeError> {
        let mut frozen = BTreeMap::<AccountId, u32>::new();
        for case in Cases::<T>::iter_values().filter(|case| case.phase().is_open()) {
            if case.went_through(CasePhase::Frozen) && T::Directory::participant(&case.account).is_some() {
                *frozen.entry(case.account).or_default() += 1;
            }
        }
        for (account, open) in &frozen {
            ensure!(Freezes::<T>::get(account).open == *open, "the freezes of open cases are miscounted");
        }
        for (account, kept) in Freezes::<T>::iter() {
            ensure!(kept != Freeze::default(), "a freeze is kept by no case");
            let is_known = T::Directory::participant(&account).is_some();
            ensure!(!is_known || kept.open == 0 || frozen.contains_key(&account), "a freeze is kept by no open case");
        }
        Ok(())
    }

    fn walks_are_of_scored_events() -> Result<(), TryRuntimeError> {
        let mut seen = BTreeSet::new();
        for scan in Scans::<T>::get() {
            ensure!(seen.insert(scan.event), "an event is walked over twice");
            ensure!(scan.next <= T::Market::resource_count(scan.event), "a walk ran past the last resource");
            let is_scored = T::Market::event(scan.event).is_some_and(|event| event.phase >= Phase::Scored);
            ensure!(is_scored, "an event is walked over before it is scored");
        }
        Ok(())
    }

    fn tallies_are_walked_or_recent() -> Result<(), TryRuntimeError> {
        let recent = RecentEvents::<T>::iter_values().flatten().map(|recent| recent.event);
        let known: BTreeSet<_> = recent.chain(Scans::<T>::get().into_iter().map(|scan| scan.event)).collect();
        for (event, tallies) in TalliesOf::<T>::iter() {
            ensure!(known.contains(&event), "a tally outlived its event");
            let organisations: BTreeSet<_> = tallies.iter().map(|tally| tally.organisation).collect();
            ensure!(organisations.len() == tallies.len(), "an organisation is tallied twice");
            ensure!(tallies.iter().all(|tally| tally.awarded <= tally.offered), "more is awarded than offered");
        }
        Ok(())
    }

    fn feeders_are_sound() -> Result<(), TryRuntimeError> {
        let mut of_areas = 0i32;
        for (feeder, nodes) in Feeders::<T>::iter() {
            ensure!(are_sound(feeder, &nodes), "a feeder's nodes are not sound");
            of_areas += i32::from(nodes == Nodes::Area);
        }
        for (area, feeder) in AreaFeeders::<T>::iter() {
            ensure!(Feeders::<T>::get(feeder) == Some(Nodes::Area), "an area's feeder is none");
            let own = T::Directory::resource(feeder).map(|resource| resource.area);
            ensure!(own == Some(area), "an area's feeder lies in another");
            of_areas -= 1;
        }
        ensure!(of_areas == 0, "a feeder of an area is not found by it");
        Ok(())
    }
}
