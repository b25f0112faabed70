//! Cases: how they begin, who may take which step, and what stays of them.

use crate::{
    CaseOf, Cases, Closed, Config, Error, Event, Freeze, Freezes, NextCase, OpenCases, OutcomesOf, Pallet, Rules,
};
use alloc::vec;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use loadstone_core::{
    traits::{Directory, Freezing},
    AccountId, BoundedVec, CaseId, EventId,
};
use loadstone_market::supervision::{Case, CasePhase, Evidence, Reason, Step, Subject, Suspicion};

/// What a case is to be opened about.
pub(crate) struct Find {
    pub subject: Subject,
    pub account: AccountId,
    pub event: Option<EventId>,
    pub evidence: Evidence,
}

impl<T: Config> Pallet<T> {
    /// Opens a case about a find.
    ///
    /// # Errors
    /// [`Error::AlreadyFlagged`] where there is one, [`Error::TooManyCases`] where there is no room.
    pub(crate) fn open_case(find: Find, reporter: Option<AccountId>) -> Result<CaseId, Error<T>> {
        let Find { subject, account, event, evidence } = find;
        let suspicion = evidence.suspicion();
        let place = (suspicion, subject.clone(), event);
        ensure!(!CaseOf::<T>::contains_key(&place), Error::<T>::AlreadyFlagged);
        let open = OpenCases::<T>::get();
        if open >= T::MaxOpen::get() {
            Self::deposit_event(Event::CaseDropped { suspicion, subject, event });
            return Err(Error::<T>::TooManyCases);
        }
        let id = NextCase::<T>::mutate(|next| core::mem::replace(next, next.next()));
        let flagged = Step { phase: CasePhase::Flagged, by: reporter.clone(), at: Self::now(), reason: Reason::new() };
        let steps = BoundedVec::truncate_from(vec![flagged]);
        let case = Case { id, subject: subject.clone(), account, event, evidence, steps };
        Cases::<T>::insert(id, case);
        CaseOf::<T>::insert(place, id);
        OpenCases::<T>::put(open.saturating_add(1));
        Self::deposit_event(Event::CaseOpened { case: id, suspicion, subject, event, reporter });
        Ok(id)
    }

    /// The case, if it is open.
    fn open_one(id: CaseId) -> Result<Case, Error<T>> {
        let case = Cases::<T>::get(id).ok_or(Error::<T>::UnknownCase)?;
        ensure!(case.phase().is_open(), Error::<T>::CaseClosed);
        Ok(case)
    }

    fn step(case: &mut Case, phase: CasePhase, by: AccountId, reason: Reason) -> Result<(), Error<T>> {
        ensure!(!reason.is_empty(), Error::<T>::NoReason);
        let step = Step { phase, by: Some(by), at: Self::now(), reason };
        // Phases rise, and no case has more steps than there are open phases and one decision.
        case.steps.try_push(step).map_err(|_| Error::<T>::WrongPhase)
    }

    pub(crate) fn do_freeze(id: CaseId, by: AccountId, reason: Reason) -> DispatchResult {
        let mut case = Self::open_one(id)?;
        ensure!(case.phase() == CasePhase::Flagged, Error::<T>::WrongPhase);
        let is_other = Self::freeze_of(&case.account).is_some_and(|(_, is_other)| is_other);
        ensure!(!is_other, Error::<T>::AlreadyFrozen);
        Self::step(&mut case, CasePhase::Frozen, by.clone(), reason)?;
        Self::freeze_account(&by, &case.account, |kept| kept.open = kept.open.saturating_add(1))?;
        Self::deposit_event(Event::CaseFrozen { case: id, account: case.account.clone(), by });
        Cases::<T>::insert(id, case);
        Ok(())
    }

    pub(crate) fn do_appeal(id: CaseId, by: AccountId, reason: Reason) -> DispatchResult {
        let mut case = Self::open_one(id)?;
        ensure!(Self::speaks_for(&by, &case.account), Error::<T>::NotSubject);
        ensure!(case.phase() < CasePhase::Appealed, Error::<T>::WrongPhase);
        ensure!(Self::now() <= case.appeal_until(&Rules::<T>::get()), Error::<T>::AppealOver);
        Self::step(&mut case, CasePhase::Appealed, by.clone(), reason)?;
        Cases::<T>::insert(id, case);
        Self::deposit_event(Event::CaseAppealed { case: id, by });
        Ok(())
    }

    pub(crate) fn do_uphold(id: CaseId, by: AccountId, reason: Reason) -> DispatchResult {
        let mut case = Self::open_one(id)?;
        let is_heard = case.phase() == CasePhase::Appealed || Self::now() > case.appeal_until(&Rules::<T>::get());
        ensure!(is_heard, Error::<T>::AppealOpen);
        let opened = u32::from(case.went_through(CasePhase::Frozen));
        Self::freeze_account(&by, &case.account, |kept| {
            *kept = Freeze { open: kept.open.saturating_sub(opened), upheld: true };
        })?;
        Self::step(&mut case, CasePhase::Upheld, by.clone(), reason)?;
        OutcomesOf::<T>::mutate(&case.subject, |outcomes| outcomes.upheld = outcomes.upheld.saturating_add(1));
        Self::deposit_event(Event::CaseUpheld { case: id, account: case.account.clone(), by });
        Self::close(case);
        Ok(())
    }

    pub(crate) fn do_clear(id: CaseId, by: AccountId, reason: Reason) -> DispatchResult {
        let mut case = Self::open_one(id)?;
        if case.went_through(CasePhase::Frozen) {
            Self::release_account(&by, &case.account)?;
        }
        Self::step(&mut case, CasePhase::Cleared, by.clone(), reason)?;
        OutcomesOf::<T>::mutate(&case.subject, |outcomes| outcomes.cleared = outcomes.cleared.saturating_add(1));
        Self::deposit_event(Event::CaseCleared { case: id, by });
        Self::close(case);
        Ok(())
    }

    /// Keeps a decided case among the newest, for which the oldest gives way.
    fn close(case: Case) {
        let id = case.id;
        if case.event.is_none() {
            // What comes after the decision is a new case.
            CaseOf::<T>::remove(Self::place_of(&case));
        }
        Cases::<T>::insert(id, case);
        OpenCases::<T>::mutate(|open| *open = open.saturating_sub(1));
        Closed::<T>::mutate(|closed| {
            if closed.len() >= T::KeepClosed::get() as usize {
                Self::forget(closed.remove(0));
            }
            // There is room now.
            let _ = closed.try_push(id);
        });
    }

    fn forget(id: CaseId) {
        let Some(case) = Cases::<T>::take(id) else { return };
        if case.event.is_some() {
            CaseOf::<T>::remove(Self::place_of(&case));
        }
    }

    /// Where a case is found by what it is about.
    pub(crate) fn place_of(case: &Case) -> (Suspicion, Subject, Option<EventId>) {
        (case.evidence.suspicion(), case.subject.clone(), case.event)
    }

    /// Whether `who` is of the organisation of the account that answers.
    fn speaks_for(who: &AccountId, account: &AccountId) -> bool {
        let organisation = |who| T::Directory::participant(who).map(|participant| participant.organisation);
        who == account || organisation(who).is_some_and(|own| organisation(account) == Some(own))
    }

    /// What cases keep of an account, and whether it is frozen for another reason than a case. One that left the registry can
    /// do nothing anyway, and is not frozen.
    fn freeze_of(account: &AccountId) -> Option<(Freeze, bool)> {
        let frozen = T::Directory::participant(account)?.frozen;
        let mut kept = Freezes::<T>::get(account);
        if !frozen {
            // What an upheld case kept was lifted by hand.
            kept.upheld = false;
        }
        Some((kept, frozen && kept == Freeze::default()))
    }

    /// Freezes an account, for the sake of one more open case or of one that was upheld.
    fn freeze_account(by: &AccountId, account: &AccountId, keep: impl FnOnce(&mut Freeze)) -> DispatchResult {
        let Some((mut kept, _)) = Self::freeze_of(account) else { return Ok(()) };
        if !T::Directory::participant(account).is_some_and(|participant| participant.frozen) {
            T::Freezing::set_frozen(by, account, true)?;
        }
        keep(&mut kept);
        Freezes::<T>::insert(account, kept);
        Ok(())
    }

    /// Lifts a freeze, unless another case keeps it.
    fn release_account(by: &AccountId, account: &AccountId) -> DispatchResult {
        let mut kept = Freezes::<T>::get(account);
        kept.open = kept.open.saturating_sub(1);
        if kept != Freeze::default() {
            Freezes::<T>::insert(account, kept);
            return Ok(());
        }
        Freezes::<T>::remove(account);
        if T::Directory::participant(account).is_some_and(|participant| participant.frozen) {
            T::Freezing::set_frozen(by, account, false)?;
        }
        Ok(())
    }
}
