//! What data is worth: doubtful data weighs less, and never more in its resource's favour.

use crate::{score::blend, EventRecord, ScoreRule, Validity};
use loadstone_core::BasisPoints;

/// Class of a record's data by the share of its readings that were there and valid. Without a baseline it is invalid;
/// where no reading was due it is valid.
pub fn validity(record: &EventRecord, rule: &ScoreRule) -> Validity {
    let share = readings(record);
    match share {
        _ if record.baseline.is_empty() => Validity::Invalid,
        share if share >= rule.valid_from => Validity::Valid,
        share if share >= rule.doubtful_from => Validity::Doubtful,
        _ => Validity::Invalid,
    }
}

/// Share of due readings that were there and valid, rounded down; one where none was due.
pub fn readings(record: &EventRecord) -> BasisPoints {
    match record.readings_due {
        0 => BasisPoints::ONE,
        due => BasisPoints::ratio(record.readings_valid.into(), due.into()).min(BasisPoints::ONE),
    }
}

/// What data of a class counts for.
pub fn trust(validity: Validity, rule: &ScoreRule) -> BasisPoints {
    match validity {
        Validity::Valid => BasisPoints::ONE,
        Validity::Doubtful => rule.doubtful_weight,
        Validity::Invalid => BasisPoints(0),
    }
}

/// A mean of the past after one more event: `credit_weight` of the newest and the rest of the past, rounded down; the
/// newest itself at first.
///
/// Where the newest would raise it, it counts by `trust` only; where it would lower it, in full. So what is doubtful
/// weighs less, and still nobody who fails gains by withholding the readings that show it.
pub fn learn(past: Option<BasisPoints>, newest: BasisPoints, trust: BasisPoints, rule: &ScoreRule) -> BasisPoints {
    let Some(past) = past else { return blend(trust, newest, BasisPoints(0)) };
    let weight = match newest > past {
        true => blend(trust, rule.credit_weight, BasisPoints(0)),
        false => rule.credit_weight,
    };
    blend(weight, newest, past)
}
