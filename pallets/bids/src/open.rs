//! Programmes, and the opening and cancelling of events.

use crate::{pallet::*, types::*};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use loadstone_core::{
    traits::{AnchorLog, Directory},
    AccountId, AreaId, Direction, EventId, Millis, OrganisationId, Participant, ProgrammeId, ProgrammeVersion, Role,
};
use loadstone_market::{self as market, traits::Escrow, Needs, Phase, Pricing, Programme};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// The signer and its record, if it may act in `role` now.
    pub(crate) fn ensure_role(origin: OriginFor<T>, role: Role) -> Result<(AccountId, Participant), DispatchError> {
        let who = ensure_signed(origin)?;
        let participant = T::Directory::acting(&who, role).map_err(Error::<T>::from)?;
        Ok((who, participant))
    }

    pub(crate) fn do_publish_programme(
        organisation: OrganisationId,
        id: ProgrammeId,
        programme: Programme,
    ) -> DispatchResult {
        ensure!(programme.is_sound(), Error::<T>::UnsoundProgramme);
        let publisher = Publishers::<T>::get(id).unwrap_or(organisation);
        ensure!(publisher == organisation, Error::<T>::NotPublisher);
        let latest = LatestVersion::<T>::get(id).unwrap_or(ProgrammeVersion(0));
        let version = latest.next();
        ensure!(version != latest, Error::<T>::VersionsExhausted);
        Publishers::<T>::insert(id, organisation);
        LatestVersion::<T>::insert(id, version);
        Programmes::<T>::insert(id, version, programme);
        Self::deposit_event(Event::ProgrammePublished { programme: id, version });
        Ok(())
    }

    pub(crate) fn do_open_event(opener: AccountId, id: ProgrammeId, opening: Opening) -> DispatchResult {
        let version = LatestVersion::<T>::get(id).ok_or(Error::<T>::UnknownProgramme)?;
        let programme = Programmes::<T>::get(id, version).ok_or(Error::<T>::UnknownProgramme)?;
        ensure!(programme.pricing != Pricing::Bilateral, Error::<T>::IsBilateral);
        Self::ensure_sound_opening(&opening, &programme)?;
        let event = Self::next_event()?;

        let Opening { area, direction, needs, start, gate_closure, budget } = opening;
        let gate = Gate { event, closes: gate_closure };
        Gates::<T>::try_mutate(|gates| gates.try_push(gate)).map_err(|_| Error::<T>::TooManyEvents)?;
        let record = market::Event {
            programme: id,
            version,
            opener: opener.clone(),
            area,
            direction,
            needs,
            start,
            interval_ms: programme.settlement_interval_ms,
            gate_closure,
            budget,
            opened: Self::now(),
            baseline_anchor: T::Anchors::latest_anchor(),
            reserve_from: None,
            phase: Phase::Open,
        };
        let record = market::Event { budget: Self::budget_within_pot(&record, &programme)?, ..record };
        T::Escrow::hold_budget(event, &opener, record.budget)?;
        Self::take_from_pot(&record, &programme);
        Events::<T>::insert(event, record);
        Self::deposit_event(Event::EventOpened { event, opener, area, direction, gate_closure });
        Ok(())
    }

    fn ensure_sound_opening(opening: &Opening, programme: &Programme) -> DispatchResult {
        Self::ensure_covered_window(programme, (opening.area, opening.direction), &opening.needs, opening.start)?;
        ensure!(opening.budget > 0, Error::<T>::NoBudget);
        ensure!(opening.gate_closure >= Self::earliest_gate(Self::now()), Error::<T>::GateTooSoon);
        let revealed = opening.gate_closure.after(programme.reveal_ms as u64);
        ensure!(opening.start >= revealed, Error::<T>::StartTooSoon);
        Ok(())
    }

    /// The programme takes an event of these needs there, that way, and then.
    pub(crate) fn ensure_covered_window(
        programme: &Programme,
        (area, direction): (AreaId, Direction),
        needs: &Needs,
        start: Millis,
    ) -> DispatchResult {
        ensure!(are_sound(needs), Error::<T>::UnsoundNeeds);
        ensure!(needs.len() <= usize::from(programme.intervals_max), Error::<T>::TooManyIntervals);
        ensure!(programme.covers(area), Error::<T>::AreaNotCovered);
        ensure!(programme.regulates(direction), Error::<T>::OtherDirection);
        let end = start.after(needs.len() as u64 * u64::from(programme.settlement_interval_ms));
        ensure!(programme.is_in_force(start, end), Error::<T>::NotInForce);
        Ok(())
    }

    /// End of the first availability epoch that begins after `now`: what is committed before it
    /// closes is out of emergency orders by the gate.
    pub(crate) fn earliest_gate(now: Millis) -> Millis {
        let length = T::EpochLengthMs::get();
        let epoch = now.0.checked_div(length).unwrap_or_default();
        Millis(epoch.saturating_add(2).saturating_mul(length))
    }

    pub(crate) fn next_event() -> Result<EventId, DispatchError> {
        let live = LiveEvents::<T>::get();
        ensure!(live < T::MaxEvents::get(), Error::<T>::TooManyEvents);
        let event = NextEvent::<T>::get();
        ensure!(event.next() != event, Error::<T>::EventsExhausted);
        LiveEvents::<T>::put(live.saturating_add(1));
        NextEvent::<T>::put(event.next());
        Ok(event)
    }

    pub(crate) fn do_cancel(id: EventId, opener: AccountId) -> DispatchResult {
        let event = Events::<T>::get(id).ok_or(Error::<T>::UnknownEvent)?;
        ensure!(event.opener == opener, Error::<T>::NotOpener);
        Self::enter(id, Phase::Cancelled)?;
        T::Escrow::release_budget(id)
    }
}

/// At least one need, none negative, one positive.
fn are_sound(needs: &Needs) -> bool {
    needs.iter().all(|need| need.0 >= 0) && needs.iter().any(|need| need.0 > 0)
}
