//! Execution scores: executed against quota, and against the others in the event.
//!
//! Edge cases, once: a resource whose quota is zero in every interval is not scored: it has no
//! accuracy, enters no histogram, and its [credit](crate::credit) stands. In an event with one scored resource there are
//! no others, so its peer term is its own accuracy. Resources in the median's bin are its equals. Data
//! that is missing counts as not delivered already in the record.

use crate::{math::magnitude, EventRecord, Score, ScoreRule};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BoundedVec, ConstU32, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Bins of an accuracy histogram: 0 to 100 percent.
pub const ACCURACY_BINS: u32 = 101;

/// Greatest K1.
const RATE_INDEX_MAX: u64 = 30_000;

/// Width of a bin.
const BIN: u32 = BASIS_POINTS / (ACCURACY_BINS - 1);

/// How many of an event's resources reached each whole percent of accuracy, rounded down.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Histogram {
    /// Counts by percent; bins past the end are empty.
    bins: BoundedVec<u32, ConstU32<ACCURACY_BINS>>,
}

fn bin_of(accuracy: BasisPoints) -> usize {
    (accuracy.0.min(BASIS_POINTS) / BIN) as usize
}

impl Histogram {
    /// Counts one resource; an accuracy above one counts as one. Counts saturate.
    pub fn add(&mut self, accuracy: BasisPoints) {
        let bin = bin_of(accuracy);
        while self.bins.len() <= bin && self.bins.try_push(0).is_ok() {}
        if let Some(count) = self.bins.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }

    /// Resources counted.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|count| *count as u64).sum()
    }

    /// The lower median, as the lower edge of its bin; `None` when nothing was counted.
    pub fn median(&self) -> Option<BasisPoints> {
        let half = self.count().div_ceil(2);
        let mut below = 0;
        let bin = self.bins.iter().position(|count| {
            below += *count as u64;
            *count > 0 && below >= half
        })?;
        Some(BasisPoints(bin as u32 * BIN))
    }
}

/// max(0, 1 - |executed - quota| / quota) over the window's energy, rounded down. All intervals are
/// of one length, so sums of mean power stand for energy. `None` when nothing was asked.
pub fn accuracy(record: &EventRecord) -> Option<BasisPoints> {
    let quota: u128 = record.quota.iter().map(|quota| magnitude(*quota)).sum();
    let executed: i128 = record.delivered.iter().map(|delivered| delivered.0 as i128).sum();
    // At most 96 terms of 64 bits: neither sum can overflow.
    let deviation = executed.abs_diff(quota as i128);
    (quota > 0).then(|| BasisPoints::ratio(quota.saturating_sub(deviation), quota))
}

/// Accuracy against the event's median: 1/2 + (accuracy - median), capped at 0 and 1, with accuracy
/// taken by its bin, so that equals score exactly one half. Alone in the event: the accuracy itself.
pub fn peer(accuracy: BasisPoints, histogram: &Histogram) -> BasisPoints {
    match histogram.median() {
        Some(median) if histogram.count() > 1 => {
            let raised = BASIS_POINTS / 2 + bin_of(accuracy) as u32 * BIN;
            BasisPoints(raised.saturating_sub(median.0).min(BASIS_POINTS))
        }
        _ => accuracy,
    }
}

/// `weight` of `own` and the rest of `other`, rounded down; a weight above one counts as one.
pub(crate) fn blend(weight: BasisPoints, own: BasisPoints, other: BasisPoints) -> BasisPoints {
    let (one, weight) = (BASIS_POINTS as u64, weight.0.min(BASIS_POINTS) as u64);
    // A weighted mean of two u32 fits.
    BasisPoints(((weight * own.0 as u64 + (one - weight) * other.0 as u64) / one) as u32)
}

/// max(0, 1 - value / standard), rounded down; zero when the standard is zero.
fn within(value: u32, standard: u32) -> BasisPoints {
    BasisPoints::ratio(standard.saturating_sub(value) as u128, standard as u128)
}

/// The score of one resource once all of the event's accuracies are in `histogram`; `None` when
/// nothing was asked of it.
///
/// Rate, response and precision are K1 (at most 3), K2 and K3 of the K index (Hunan 2025-10), and
/// K = 0.4 K1 + 0.3 K2 + 0.3 K3, rounded down. A resource that never responded has K1 = K2 = 0, even
/// where the window is shorter than the standard response time.
pub fn score(record: &EventRecord, rule: &ScoreRule, histogram: &Histogram) -> Option<Score> {
    let accuracy = accuracy(record)?;
    let peer = peer(accuracy, histogram);
    let rate = BasisPoints::ratio(record.rate.0 as u128, rule.rate_standard.0 as u128);
    let rate = rate.min(BasisPoints(RATE_INDEX_MAX as u32));
    let responded = record.rate.0 > 0;
    let response = if responded { within(record.response_time_ms, rule.response_standard_ms) } else { BasisPoints(0) };
    let precision = within(record.precision_error.0, rule.precision_standard.0);
    let k_index = (4 * rate.0 as u64 + 3 * response.0 as u64 + 3 * precision.0 as u64) / 10;
    Some(Score {
        accuracy,
        peer,
        score: blend(rule.own_weight, accuracy, peer),
        rate,
        response,
        precision,
        k_index: BasisPoints(k_index as u32),
    })
}
