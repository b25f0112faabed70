//! Hearings of disputed records: taking in what is shown of a device's anchored units.

use crate::{Config, Cutoffs, Error, Event, Hearings, Pallet, Shown};
use codec::Encode;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Time};
use loadstone_core::{
    traits::{Directory, Testimony},
    AccountId, AnchorNumber, BoundedVec, ConstU32, EventId, Millis, ResourceId, Sequence,
};
use loadstone_dag::{
    read_section, show, Added, Body, Bounds, Hearing, LeafProof, Section, SectionFault, ShowFault, ShownUnits, Slot,
    Unit, MAX_UNIT_BYTES,
};
use loadstone_evidence::readings;
use loadstone_market::{referee::counts_since_opening, traits::Market, Event as MarketEvent, Reach};

/// Units in one page of what was shown.
pub const PAGE_UNITS: u32 = 128;

/// Greatest number of pages of a hearing: four and a half hours of a unit a second.
pub const MAX_PAGES: u32 = 128;

/// Greatest number of readings that are kept of a hearing: a day of one a second.
pub const MAX_HEARD_READINGS: u32 = 86_400;

/// Encoded readings of one unit.
type UnitReadings = BoundedVec<u8, ConstU32<{ MAX_UNIT_BYTES as u32 }>>;

/// Places with their readings, newest first.
pub type Page = BoundedVec<(Sequence, UnitReadings), ConstU32<PAGE_UNITS>>;

/// What decides which readings are worth keeping.
struct Rules {
    event: MarketEvent,
    reach: Reach,
    bounds: Bounds,
}

impl<T> From<SectionFault> for Error<T> {
    fn from(fault: SectionFault) -> Self {
        match fault {
            SectionFault::Empty => Self::NoUnits,
            SectionFault::Malformed => Self::MalformedUnit,
            SectionFault::OtherChain => Self::OtherChain,
            SectionFault::Broken => Self::BrokenChain,
        }
    }
}

impl<T> From<ShowFault> for Error<T> {
    fn from(fault: ShowFault) -> Self {
        match fault {
            ShowFault::NotLinked => Self::NotLinked,
            ShowFault::EarlierLife => Self::EarlierLife,
            ShowFault::AfterCutoff => Self::AfterCutoff,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Chain time.
    fn now() -> Millis {
        Millis(T::Time::now())
    }

    /// Whether the account may take part in a hearing.
    pub(crate) fn ensure_participant(who: &AccountId) -> Result<(), Error<T>> {
        let participant = T::Directory::participant(who).ok_or(Error::<T>::NotRegistered)?;
        ensure!(!participant.frozen, Error::<T>::ParticipantFrozen);
        Ok(())
    }

    /// Begins a hearing.
    pub(crate) fn open_hearing(event: EventId, resource: ResourceId, place: u32, until: Millis) {
        let hearing = Hearing { until, place, chain: None, pages: 0, written: 0, readings: 0 };
        Hearings::<T>::insert(event, resource, hearing);
        Self::deposit_event(Event::HearingOpened { event, resource, until });
    }

    /// Adds units to what was shown.
    pub(crate) fn take_shown(
        by: AccountId,
        event: EventId,
        resource: ResourceId,
        units: &ShownUnits,
        proof: Option<&LeafProof>,
    ) -> DispatchResult {
        let mut hearing = Hearings::<T>::get(event, resource).ok_or(Error::<T>::NotHeard)?;
        ensure!(Self::now() < hearing.until, Error::<T>::HearingOver);
        let rules = Self::rules(event).ok_or(Error::<T>::UnknownEvent)?;
        let device = T::Directory::resource(resource).ok_or(Error::<T>::UnknownResource)?.device;
        let section = read_section(&Self::genesis(), device, units).map_err(Error::<T>::from)?;
        let slot = Slot { device, incarnation: section.incarnation, sequence: section.last };
        let anchor = proof.map(|proof| Self::check_leaf(slot, &section, proof)).transpose()?;
        let added = show(&mut hearing.chain, &section, anchor, rules.bounds).map_err(Error::<T>::from)?;
        if added == Added::NewChain {
            (hearing.pages, hearing.readings) = (0, 0);
        }
        if added != Added::Place {
            Self::keep_readings(event, resource, &mut hearing, &section, &rules)?;
        }
        Hearings::<T>::insert(event, resource, hearing);
        Self::deposit_event(Event::UnitsShown { event, resource, by, first: section.first, last: section.last });
        Ok(())
    }

    fn rules(event: EventId) -> Option<Rules> {
        let details = T::Market::event(event)?;
        let reach = T::Market::programme_of(&details)?.baseline.reach();
        let bounds = Bounds { opening: details.baseline_anchor, cutoff: Cutoffs::<T>::get(event)? };
        Some(Rules { event: details, reach, bounds })
    }

    /// The accepted anchor that holds the section's newest unit.
    fn check_leaf(slot: Slot, section: &Section, proof: &LeafProof) -> Result<AnchorNumber, Error<T>> {
        let anchor = &proof.anchor;
        let is_accepted = T::AnchorLog::is_accepted(anchor.number, anchor.hash(), &proof.siblings);
        ensure!(is_accepted, Error::<T>::AnchorUnproven);
        ensure!(proof.holds(slot, section.hash), Error::<T>::UnitUnproven);
        Ok(anchor.number)
    }

    /// Keeps the readings that a record may depend on, newest unit first.
    fn keep_readings(
        event: EventId,
        resource: ResourceId,
        hearing: &mut Hearing,
        section: &Section,
        rules: &Rules,
    ) -> Result<(), Error<T>> {
        let since = hearing.chain.as_ref().and_then(|chain| chain.since);
        let mut page = match hearing.pages.checked_sub(1) {
            Some(last) => Shown::<T>::get((event, resource), last),
            None => Page::default(),
        };
        for unit in section.units.iter().rev() {
            let (place, told) = (unit.content.slot.sequence, readings(unit));
            let is_since = since.is_some_and(|since| place >= since);
            if told.is_empty() || (is_since && !counts_since_opening(&rules.event, rules.reach, &told)) {
                continue;
            }
            hearing.readings = hearing.readings.saturating_add(told.len() as u32);
            if hearing.pages == 0 || page.is_full() {
                if hearing.pages > 0 {
                    Shown::<T>::insert((event, resource), hearing.pages.saturating_sub(1), &page);
                }
                (page, hearing.pages) = (Page::default(), hearing.pages.saturating_add(1));
            }
            let fits = hearing.readings <= MAX_HEARD_READINGS && hearing.pages <= MAX_PAGES;
            ensure!(fits && page.try_push((place, encoded(unit))).is_ok(), Error::<T>::TooManyReadings);
        }
        if let Some(last) = hearing.pages.checked_sub(1) {
            Shown::<T>::insert((event, resource), last, &page);
        }
        hearing.written = hearing.written.max(hearing.pages);
        Ok(())
    }
}

/// Readings as they are kept: no longer than the unit that they come from.
fn encoded(unit: &Unit) -> UnitReadings {
    match &unit.content.body {
        Body::Readings(readings) => UnitReadings::truncate_from(readings.encode()),
        Body::Acknowledgement(_) => UnitReadings::default(),
    }
}
