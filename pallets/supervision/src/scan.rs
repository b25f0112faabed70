//! The walk over a scored event, a few resources a step.

use crate::{
    cases::Find, AreaFeeders, Config, Error, Event, Pallet, Rules, Scan, Scans, Tallies, TalliesOf, Tracks, WeightInfo,
    SCAN_CHUNK,
};
use alloc::vec::Vec;
use frame_support::{
    dispatch::DispatchClass,
    traits::Get,
    weights::{Weight, WeightMeter},
};
use loadstone_core::{traits::Directory, AccountId, EventId, Millis, Resource, ResourceId, Watts};
use loadstone_market::{
    self as market,
    clearing::{awards, reserves},
    supervision::{
        baseline::baseline, capacity::capacity, feeder, readings::improbable, Evidence, Subject, SupervisionRules,
        Tally,
    },
    traits::{Market, OnPhase, Scores},
    BaselineMethod, Clearing, EventRecord, Phase, Pricing, Programme, Segments,
};
use sp_runtime::DispatchError;

/// What every step of a walk goes by.
pub(crate) struct Walk {
    pub event: market::Event,
    pub programme: Programme,
    pub clearing: Clearing,
    pub rules: SupervisionRules,
    /// The area's feeder.
    pub feeder: Option<ResourceId>,
}

impl Walk {
    /// Contracts are no bids, and what a resource does under them is nothing to learn from.
    pub fn is_contract(&self) -> bool {
        self.programme.pricing == Pricing::Bilateral
    }

    fn is_metered(&self) -> bool {
        matches!(self.programme.baseline, BaselineMethod::Metered {})
    }
}

impl<T: Config> Pallet<T> {
    /// Whether events wait to be walked over.
    pub fn has_work() -> bool {
        Scans::<T>::decode_len().unwrap_or(0) > 0
    }

    /// Walks on while the dearest step fits into `limit`; returns what that weighs.
    pub(crate) fn scan_more(limit: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(limit);
        while meter.can_consume(Self::dearest_step()) && Self::has_work() {
            meter.consume(Self::scan_step());
        }
        meter.consumed()
    }

    /// Takes the next step of the first walk; returns what it weighs.
    pub(crate) fn scan_step() -> Weight {
        let mut scans = Scans::<T>::get();
        let Some(scan) = scans.iter_mut().next() else { return T::DbWeight::get().reads(1) };
        let before = scan.flagged;
        let walk = Self::walk(scan.event);
        let count = T::Market::resource_count(scan.event);
        let (weight, flagged, is_over) = match walk {
            Some(walk) if scan.next < count => {
                let walked = Self::scan_chunk(scan, &walk, count);
                (T::WeightInfo::scan_chunk(walked), scan.flagged, false)
            }
            Some(walk) => (Self::finish_scan(scan, &walk), scan.flagged, true),
            // A scored event has all of it: there is nothing to walk over.
            None => (T::DbWeight::get().reads(3), before, true),
        };
        if is_over {
            let Scan { event, flagged, spared, .. } = scans.remove(0);
            Self::deposit_event(Event::EventScanned { event, flagged, spared });
        }
        Scans::<T>::put(scans);
        let cases = u64::from(flagged.saturating_sub(before));
        weight.saturating_add(T::WeightInfo::flag().saturating_mul(cases))
    }

    fn walk(id: EventId) -> Option<Walk> {
        let event = T::Market::event(id)?;
        Some(Walk {
            programme: T::Market::programme_of(&event)?,
            clearing: T::Market::clearing(id)?,
            rules: Rules::<T>::get(),
            feeder: AreaFeeders::<T>::get(event.area),
            event,
        })
    }

    /// Walks over the next resources; returns how many.
    fn scan_chunk(scan: &mut Scan, walk: &Walk, count: u32) -> u32 {
        let (first, end) = (scan.next, scan.next.saturating_add(SCAN_CHUNK).min(count));
        scan.next = end;
        let ids: Vec<ResourceId> = (first..end).filter_map(|index| T::Market::resource_at(scan.event, index)).collect();
        let mut tallies = TalliesOf::<T>::get(scan.event);
        for id in ids {
            let Some(resource) = T::Directory::resource(id) else { continue };
            if !walk.is_contract() {
                let segments = T::Market::segments(scan.event, id);
                Self::tally(&mut tallies, scan, walk, &resource, &segments);
            }
            if let Some(record) = T::Scores::record(scan.event, id) {
                Self::look_at(scan, walk, (id, &resource), &record);
            }
        }
        if !walk.is_contract() {
            TalliesOf::<T>::insert(scan.event, tallies);
        }
        end.saturating_sub(first)
    }

    /// Adds a resource's offers to its organisation's part. Organisations beyond the bound are in the sum of awards only.
    fn tally(tallies: &mut Tallies, scan: &mut Scan, walk: &Walk, resource: &Resource, segments: &Segments) {
        for watts in [awards(&walk.clearing, segments), reserves(&walk.clearing, segments)] {
            scan.awarded = Watts(scan.awarded.0.saturating_add(watts.0));
        }
        let Some(owner) = T::Directory::participant(&resource.owner) else { return };
        let is_own = |tally: &Tally| tally.organisation == owner.organisation;
        if !tallies.iter().any(is_own) {
            // Where there is no room the search below finds nothing.
            let _ = tallies.try_push(Tally::new(owner.organisation, resource.owner.clone()));
        }
        if let Some(tally) = tallies.iter_mut().find(|tally| is_own(tally)) {
            tally.add(&walk.clearing, segments);
        }
    }

    /// What one record says of its resource, now and against what is usual of it.
    fn look_at(scan: &mut Scan, walk: &Walk, (id, resource): (ResourceId, &Resource), record: &EventRecord) {
        let (direction, rules) = (walk.event.direction, &walk.rules);
        if walk.feeder == Some(id) {
            scan.feeder = Some(feeder::plus(Watts(0), record));
        } else if walk.feeder.is_some() {
            scan.nodes = feeder::plus(scan.nodes, record);
            scan.count = scan.count.saturating_add(1);
        }
        let mut found = [improbable(resource, direction, walk.is_metered(), record, rules), None, None];
        if !walk.is_contract() {
            Tracks::<T>::mutate(id, direction, |track| {
                let moved = if walk.is_metered() { None } else { baseline(track, direction, record, rules) };
                let unproven = capacity(track, (resource.capacity(direction), direction), record, rules);
                (found[1], found[2]) = (moved, unproven);
            });
        }
        for evidence in found.into_iter().flatten() {
            Self::raise(scan, rules, Subject::Resource(id), resource.owner.clone(), evidence);
        }
    }

    /// Opens a case of a walk, as long as the rules let one event open more.
    pub(crate) fn raise(
        scan: &mut Scan,
        rules: &SupervisionRules,
        subject: Subject,
        account: AccountId,
        evidence: Evidence,
    ) {
        let find = Find { subject, account, event: Some(scan.event), evidence };
        let has_room = scan.flagged < rules.cases_max;
        match has_room.then(|| Self::open_case(find, None)) {
            Some(Ok(_)) => scan.flagged = scan.flagged.saturating_add(1),
            Some(Err(Error::AlreadyFlagged)) => {}
            Some(Err(_)) | None => scan.spared = scan.spared.saturating_add(1),
        }
    }
}

impl<T: Config> OnPhase<DispatchError> for Pallet<T> {
    /// Scored events wait for their walk. Supervision never holds up the market: where there is no room, that is told. The
    /// weight is registered here, since phases change in the work of other pallets.
    fn on_phase(event: EventId, phase: Phase, _now: Millis) -> Result<(), DispatchError> {
        if phase == Phase::Scored {
            let weight = T::DbWeight::get().reads_writes(1, 1);
            frame_system::Pallet::<T>::register_extra_weight_unchecked(weight, DispatchClass::Mandatory);
            if Scans::<T>::try_append(Scan::new(event)).is_err() {
                Self::deposit_event(Event::ScanDropped { event });
            }
        }
        Ok(())
    }
}
