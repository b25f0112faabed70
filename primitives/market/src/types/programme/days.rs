//! Rules of baselines that are made of other days, and of what adjusts them to the day of the event.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// Greatest number of days that a baseline may look back, in calendar days.
pub const MAX_LOOK_BACK: u8 = 90;

/// Greatest number of exceptions from the week in a calendar.
pub const MAX_CALENDAR_DAYS: u32 = 64;

/// A day in milliseconds.
const DAY_MS: u32 = 86_400_000;

/// Greatest factor that a ratio may adjust by.
const MAX_RATIO: u32 = 50_000;

/// Which days have the same kind of load. Days are counted from 1970-01-01 in local time.
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
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Local time less UTC, in minutes, -840 to 840 (China: 480); there is no summer time.
    pub utc_offset_minutes: i16,
    /// Weekdays on which nobody works, in rising order.
    pub holidays: BoundedVec<u32, ConstU32<MAX_CALENDAR_DAYS>>,
    /// Days of a weekend on which people work, in rising order.
    pub workdays: BoundedVec<u32, ConstU32<MAX_CALENDAR_DAYS>>,
}

/// Which of the days that count are kept.
#[derive(
    Clone,
    Copy,
    Debug,
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
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Which {
    /// Those of the highest load in the window.
    Highest,
    /// Those in the middle: as many are left out above as below, one more below where the number is odd.
    Middle,
    /// Those of the lowest load.
    Lowest,
    /// Those most like the event's own day (PJM match day): least mean of squared differences over the day's intervals
    /// that both know, that were over when the event was opened, and that end this long before it; of equal ones the
    /// newer. Days without such an interval do not count.
    Similar {
        /// How long before the event nothing is compared, in milliseconds, up to a day (PJM: an hour).
        margin_ms: u32,
    },
}

/// Mean of X of Y days.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct DayRule {
    /// Newest eligible days that count (Y), 1 to 45.
    pub days: u8,
    /// How many of them are kept (X), 1 to `days`.
    pub keep: u8,
    /// Which.
    pub which: Which,
    /// Fewest eligible days without which there is no baseline, 1 to `days`.
    pub days_min: u8,
    /// Days directly before the event's that do not count (Beijing: 1).
    pub skip: u8,
    /// Oldest day that counts, in calendar days before the event's, up to [`MAX_LOOK_BACK`] (PJM, CAISO: 45).
    pub look_back: u8,
    /// Whether only days of the event day's kind count, working days or others.
    pub is_like_days: bool,
    /// A day is dropped, and an older one takes its place, when its mean load in the window is below this share of the
    /// mean of all that count; at most 10,000 (PJM: 2,500); zero where none is dropped.
    pub least_share: BasisPoints,
}

/// How a baseline of other days is adjusted to the day of the event: by its own load (a) and the baseline (b) in a
/// window before.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Where a and b are compared.
    pub window: AdjustmentWindow,
    /// How far and in which way.
    pub by: AdjustBy,
}

/// In which way a baseline is adjusted.
#[derive(
    Clone,
    Copy,
    Debug,
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
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AdjustBy {
    /// By the difference of the means (PJM): B = b + mean(a) - mean(b).
    Difference {
        /// Greatest difference, as a share of mean(b), at most 50,000.
        limit: BasisPoints,
    },
    /// By the ratio of the sums (CAISO): B = b x sum(a) / sum(b).
    Ratio {
        /// Least ratio, at most 10,000 (CAISO: 8,000).
        least: BasisPoints,
        /// Greatest ratio, 10,000 to 50,000 (CAISO: 12,000).
        most: BasisPoints,
    },
}

/// Hours before an event in which its day is compared with others. Whole settlement intervals; those that were not over
/// when the event was opened do not count, so that nobody can act on what it knows of the event.
#[derive(
    Clone,
    Copy,
    Debug,
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
#[serde(deny_unknown_fields)]
pub struct AdjustmentWindow {
    /// Its length in milliseconds, up to a day (PJM: three hours).
    pub length_ms: u32,
    /// Time between its end and the event's start in milliseconds, up to a day (PJM: one hour).
    pub ends_before_ms: u32,
}

impl Calendar {
    /// Whether offset and order are as they must be.
    pub fn is_sound(&self) -> bool {
        let rises = |days: &[u32]| days.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        (-840..=840).contains(&self.utc_offset_minutes) && rises(&self.holidays) && rises(&self.workdays)
    }
}

impl DayRule {
    /// Whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        (1..=45).contains(&self.days)
            && (1..=self.days).contains(&self.keep)
            && (1..=self.days).contains(&self.days_min)
            && self.skip < self.look_back
            && self.look_back <= MAX_LOOK_BACK
            && self.least_share.0 <= BASIS_POINTS
            && !matches!(self.which, Which::Similar { margin_ms: DAY_MS.. })
    }
}

impl Adjustment {
    /// Whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        let AdjustmentWindow { length_ms, ends_before_ms } = self.window;
        let by = match self.by {
            AdjustBy::Difference { limit } => limit.0 <= MAX_RATIO,
            AdjustBy::Ratio { least, most } => least.0 <= BASIS_POINTS && (BASIS_POINTS..=MAX_RATIO).contains(&most.0),
        };
        by && length_ms <= DAY_MS && ends_before_ms <= DAY_MS
    }
}
