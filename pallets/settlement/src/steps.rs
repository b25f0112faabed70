//! Settlement by itself, a bounded step a block: statements, payments, bonds.

use crate::{Bonds, Config, Disputes, Escrows, Event, HoldReason, Pallet, Settling, Statements, Totals, WeightInfo};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    storage::with_storage_layer,
    traits::{Defensive, Get},
    weights::{Weight, WeightMeter},
};
use loadstone_core::{traits::Directory, AccountId, Balance, EventId, Millis, ResourceId};
use loadstone_market::{
    self as market,
    settle::{advance, claim_cap, share, statement},
    traits::{Market, Scores},
    Bond, Clearing, EscrowState, Phase, Programme, Statement,
};
use scale_info::TypeInfo;

/// Greatest number of resources or bonds in one step.
pub const STEP: u32 = 32;

/// Which of an event's distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Pass {
    /// The only one: nothing is disputed.
    Sole,
    /// The first: disputed records are heard until this moment. Until then their claims are set aside at the most that
    /// they can be, and no penalty is drawn up.
    First(Millis),
    /// The last, once every dispute is judged: it tops up what the first one paid.
    Final,
}

/// What is being done for an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
    /// Claims and penalties of the resource at this index and those after it are to be drawn up.
    Statements {
        /// The index.
        next: u32,
        /// For which distribution.
        pass: Pass,
    },
    /// The resource at this index and those after it are to be paid.
    Payments {
        /// The index.
        next: u32,
        /// What all claims share.
        pot: Balance,
        /// Claims before this one.
        served: Balance,
        /// In which distribution.
        pass: Pass,
    },
    /// Disputes after this resource's, in the map's order, are to be judged.
    Judging { after: Option<ResourceId> },
    /// Bonds after this bidder's, in the map's order, are to be given back.
    Bonds { after: Option<AccountId> },
}

/// The event that is being settled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Progress {
    /// Which.
    pub event: EventId,
    /// How far.
    pub stage: Stage,
}

/// The rules that an event's statements follow.
struct Rules {
    event: market::Event,
    programme: Programme,
    clearing: Clearing,
}

impl<T: Config> Pallet<T> {
    /// Takes the next step; returns what it weighs.
    pub(crate) fn settle_step() -> Weight {
        let Some(Progress { event, stage }) = Settling::<T>::get() else {
            let Some(progress) = Self::dequeue(Self::now()) else { return T::DbWeight::get().reads(3) };
            let event = progress.event;
            Self::deposit_event(match progress.stage {
                Stage::Judging { .. } => Event::HearingsEnded { event },
                _ => Event::SettlementStarted { event },
            });
            Settling::<T>::put(progress);
            return T::WeightInfo::begin();
        };
        let (stage, weight) = match stage {
            Stage::Statements { next, pass } => Self::draw_statements(event, next, pass),
            Stage::Payments { next, pot, served, pass } => Self::pay(event, next, pot, served, pass),
            Stage::Judging { after } => Self::judge_next(event, after),
            Stage::Bonds { after } => Self::return_bonds(event, after),
        };
        match stage {
            Some(stage) => Settling::<T>::put(Progress { event, stage }),
            None => Settling::<T>::kill(),
        }
        weight
    }

    /// Takes steps of the event under way while the dearest of them fits into `limit`; returns what they weigh. What
    /// registers its weight by itself waits for the next block.
    pub(crate) fn settle_more(limit: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(limit);
        let dearest =
            T::WeightInfo::statements(STEP).max(T::WeightInfo::payments(STEP)).max(T::WeightInfo::bonds(STEP));
        let goes_on = |progress: Progress| !matches!(progress.stage, Stage::Judging { .. });
        while Settling::<T>::get().is_some_and(goes_on) && meter.can_consume(dearest) {
            meter.consume(Self::settle_step());
        }
        meter.consumed()
    }

    /// Indices of the next step, and the one to go on with.
    fn step_from(event: EventId, next: u32) -> (core::ops::Range<u32>, u32) {
        let end = next.saturating_add(STEP).min(T::Market::resource_count(event));
        (next..end, end)
    }

    fn rules(event: EventId) -> Option<Rules> {
        let details = T::Market::event(event)?;
        let programme = T::Market::programme_of(&details)?;
        Some(Rules { event: details, programme, clearing: T::Market::clearing(event)? })
    }

    fn draw_statements(event: EventId, next: u32, pass: Pass) -> (Option<Stage>, Weight) {
        let (range, end) = Self::step_from(event, next);
        let weight = T::WeightInfo::statements(range.len() as u32);
        let mut totals = Totals::<T>::get(event);
        // A dispatched event was cleared under a programme: without one nothing is due, and what is
        // held goes back.
        if let Some(rules) = Self::rules(event) {
            for resource in range.filter_map(|index| T::Market::resource_at(event, index)) {
                let Some(mut statement) = Self::draw_statement(event, resource, &rules, pass) else { continue };
                let first = (pass == Pass::Final).then(|| Statements::<T>::get(event, resource)).flatten();
                if let Some(first) = first {
                    (statement.paid, statement.customer) = (first.paid, first.customer);
                    totals.claims = totals.claims.saturating_sub(first.claim);
                }
                // Sums of what budgets and bonds bound: no sum of them leaves 128 bits.
                totals.claims = totals.claims.saturating_add(statement.claim);
                totals.penalties = totals.penalties.saturating_add(statement.penalty);
                Statements::<T>::insert(event, resource, statement);
            }
        }
        Totals::<T>::insert(event, totals);
        if end < T::Market::resource_count(event) {
            return (Some(Stage::Statements { next: end, pass }), weight);
        }
        let left = Escrows::<T>::get(event).map(|escrow| escrow.budget).unwrap_or_default();
        let pot = left.saturating_add(totals.paid);
        Self::deposit_event(Event::StatementsDrawn { event, claims: totals.claims, pot });
        (Some(Stage::Payments { next: 0, pot, served: 0, pass }), weight)
    }

    /// The statement of one resource, its penalty capped by what is left of its owner's bond.
    fn draw_statement(event: EventId, resource: ResourceId, rules: &Rules, pass: Pass) -> Option<Statement> {
        let owner = T::Directory::resource(resource)?.owner;
        let record = T::Scores::record(event, resource)?;
        let segments = T::Market::segments(event, resource);
        let Rules { event: details, programme, clearing } = rules;
        let score = (programme.performance_max.0 > 0).then(|| T::Scores::score(event, resource)).flatten();
        let mut statement = statement(details, programme, clearing, &segments, &record, score.as_ref());
        if let Pass::First(_) = pass {
            statement.penalty = 0;
            if Disputes::<T>::contains_key(event, resource) {
                statement.claim = claim_cap(details, programme, clearing, &segments, &record);
            }
            return Some(statement);
        }
        let mut bond = Bonds::<T>::get(event, &owner).unwrap_or_default();
        statement.penalty = statement.penalty.min(bond.held.saturating_sub(bond.penalty));
        if statement.penalty > 0 {
            bond.penalty = bond.penalty.saturating_add(statement.penalty);
            Bonds::<T>::insert(event, &owner, bond);
        }
        Some(statement)
    }

    fn pay(event: EventId, next: u32, pot: Balance, mut served: Balance, pass: Pass) -> (Option<Stage>, Weight) {
        let (range, end) = Self::step_from(event, next);
        let weight = T::WeightInfo::payments(range.len() as u32);
        if let Some(mut escrow) = Escrows::<T>::get(event) {
            let mut totals = Totals::<T>::get(event);
            let rule = Self::split_rule(event);
            for resource in range.filter_map(|index| T::Market::resource_at(event, index)) {
                let Some(mut statement) = Statements::<T>::get(event, resource) else { continue };
                let due = match pass {
                    Pass::First(_) if Disputes::<T>::contains_key(event, resource) => 0,
                    Pass::First(_) => advance(pot, totals.claims, statement.claim),
                    Pass::Sole | Pass::Final => share(pot, totals.claims, served, statement.claim),
                };
                served = served.saturating_add(statement.claim);
                let due = due.saturating_sub(statement.paid);
                let paid = Self::pay_out(event, resource, due, &rule, &mut escrow, &mut statement);
                totals.paid = totals.paid.saturating_add(paid);
                Statements::<T>::insert(event, resource, statement);
            }
            Escrows::<T>::insert(event, escrow);
            Totals::<T>::insert(event, totals);
        }
        if end < T::Market::resource_count(event) {
            return (Some(Stage::Payments { next: end, pot, served, pass }), weight);
        }
        if let Pass::First(until) = pass {
            Self::adjourn(event, until);
            return (None, weight);
        }
        (Some(Stage::Bonds { after: None }), weight)
    }

    fn return_bonds(event: EventId, after: Option<AccountId>) -> (Option<Stage>, Weight) {
        let Some(mut escrow) = Escrows::<T>::get(event) else {
            // Nothing was ever held: the market opened the event without an escrow.
            Self::close(event, 0);
            return (None, T::WeightInfo::bonds(0));
        };
        let bonds: Vec<(AccountId, Bond)> = match &after {
            None => Bonds::<T>::iter_prefix(event).take(STEP as usize).collect(),
            Some(last) => {
                let from = Bonds::<T>::hashed_key_for(event, last);
                Bonds::<T>::iter_prefix_from(event, from).take(STEP as usize).collect()
            }
        };
        let weight = T::WeightInfo::bonds(bonds.len() as u32);
        for (bidder, bond) in &bonds {
            Self::return_bond(event, bidder, *bond, &mut escrow);
        }
        if bonds.len() == STEP as usize {
            Escrows::<T>::insert(event, escrow);
            let after = bonds.last().map(|(bidder, _)| bidder.clone());
            return (Some(Stage::Bonds { after }), weight);
        }
        let refunded = Self::refund(event, &mut escrow);
        Self::keep_escrow(event, escrow);
        Self::close(event, refunded);
        (None, weight)
    }

    /// Takes the penalty from one bond and gives the rest back. What could not be moved stays on hold
    /// and on the books.
    fn return_bond(event: EventId, bidder: &AccountId, bond: Bond, escrow: &mut EscrowState) {
        let mut left = bond;
        if Self::try_give(HoldReason::Bond, bidder, &escrow.opener, bond.penalty) {
            left.held = left.held.saturating_sub(bond.penalty);
            left.penalty = 0;
            if bond.penalty > 0 {
                let amount = bond.penalty;
                Self::deposit_event(Event::PenaltyTaken { event, bidder: bidder.clone(), amount });
            }
        }
        let rest = left.held.saturating_sub(left.penalty);
        if Self::try_give(HoldReason::Bond, bidder, bidder, rest) {
            left.held = left.held.saturating_sub(rest);
            Self::deposit_event(Event::BondReleased { event, bidder: bidder.clone(), amount: rest });
        }
        escrow.bonds = escrow.bonds.saturating_sub(bond.held.saturating_sub(left.held));
        if left.held == 0 {
            escrow.bidders = escrow.bidders.saturating_sub(1);
            Bonds::<T>::remove(event, bidder);
        } else {
            Bonds::<T>::insert(event, bidder, left);
        }
    }

    /// Gives what is left of the budget back to the opener; returns how much.
    fn refund(event: EventId, escrow: &mut EscrowState) -> Balance {
        let amount = escrow.budget;
        if !Self::try_give(HoldReason::Budget, &escrow.opener, &escrow.opener, amount) {
            return 0;
        }
        escrow.budget = 0;
        Self::deposit_event(Event::BudgetReleased { event, opener: escrow.opener.clone(), amount });
        amount
    }

    fn close(event: EventId, refunded: Balance) {
        // The event was scored, and nobody but this pallet moves it on from there.
        let _ = with_storage_layer(|| T::Market::set_phase(event, Phase::Settled)).defensive();
        let totals = Totals::<T>::get(event);
        Self::deposit_event(Event::EventSettled { event, paid: totals.paid, penalties: totals.penalties, refunded });
    }
}
