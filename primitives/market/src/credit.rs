//! Credit: what a resource's scores say of it over its events, and when it may not bid.

use crate::{
    validity::{learn, trust},
    Credit, Event, Programme, Score, ScoreRule, Validity,
};
use loadstone_core::Millis;

/// Milliseconds in a day.
const DAY_MS: u64 = 24 * 3_600_000;

/// Why a resource may not bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Too many defaults in a row; until this moment.
    Barred(Millis),
    /// Its credit is below what the programme asks for.
    CreditTooLow,
}

/// Standing after a scored event that ended at `end`.
///
/// It [follows](learn) the scores, those on doubtful data by less. An accuracy
/// below `default_below` is a default. After `bar_after` of them in a row the resource is barred for `bar_days` from the
/// event's end, and the row begins anew; a resource that serves its time keeps the credit that it has, and recovers
/// it by delivering. Counts saturate.
pub fn credit(before: Option<&Credit>, score: &Score, validity: Validity, rule: &ScoreRule, end: Millis) -> Credit {
    let past = before.cloned().unwrap_or_default();
    let is_default = score.accuracy < rule.default_below;
    let in_a_row = if is_default { past.in_a_row.saturating_add(1) } else { 0 };
    let is_barred = rule.bar_after > 0 && in_a_row >= rule.bar_after;
    let until = end.after(u64::from(rule.bar_days).saturating_mul(DAY_MS));
    Credit {
        credit: learn(before.map(|past| past.credit), score.score, trust(validity, rule), rule),
        events: past.events.saturating_add(1),
        defaults: past.defaults.saturating_add(is_default.into()),
        in_a_row: if is_barred { 0 } else { in_a_row },
        // Events may be scored in another order than they ended.
        barred_until: if is_barred { past.barred_until.max(until) } else { past.barred_until },
    }
}

/// Standing after a scored record was put right: the score that follows from the right one is learnt as the newest, so that
/// the wrong one fades by the rule's own weight. A bar that stands for this event is lifted where the right record is no
/// default.
///
/// The chain keeps no standing from before the event, and events after it may have been scored meanwhile, so the wrong
/// score can't be taken back.
pub fn amend(before: &Credit, score: &Score, validity: Validity, rule: &ScoreRule, end: Millis) -> Credit {
    let amended = credit(Some(before), score, validity, rule, end);
    let own_bar = end.after(u64::from(rule.bar_days).saturating_mul(DAY_MS));
    match score.accuracy >= rule.default_below && amended.barred_until == own_bar {
        true => Credit { barred_until: Millis(0), ..amended },
        false => amended,
    }
}

/// Whether a resource of this standing may bid in the event. One without a scored event may.
///
/// # Errors
/// [`Unfit`] where it is barred during any part of the window, or its credit is below the programme's gate.
pub fn admit(credit: Option<&Credit>, event: &Event, programme: &Programme) -> Result<(), Unfit> {
    match credit {
        Some(credit) if event.start < credit.barred_until => Err(Unfit::Barred(credit.barred_until)),
        Some(credit) if credit.credit < programme.credit_min => Err(Unfit::CreditTooLow),
        _ => Ok(()),
    }
}
