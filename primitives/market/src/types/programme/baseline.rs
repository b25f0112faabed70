//! How the load without regulation is estimated.

use crate::{Adjustment, Calendar, DayRule};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Longest time before or after an event that a same-day baseline looks at, in milliseconds: a day.
const MAX_HOURS_MS: u32 = 86_400_000;

/// Shortest settlement interval of which days are compared, in milliseconds: it bounds what a profile holds.
const SHORTEST_OF_DAYS_MS: u32 = 60_000;

/// How the load without regulation is estimated.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BaselineMethod {
    /// Meter-before (Jiangsu real-time): mean of the last `readings` valid readings in units of
    /// anchors up to the event's baseline anchor.
    MeterBefore {
        /// Readings in the mean, 1 to 3,600.
        readings: u16,
    },
    /// None: the meter itself counts. Downward what is fed in, upward what is drawn, as a trade between neighbours or a
    /// charging session is measured.
    Metered {},
    /// The same hours of other days: mean of X of Y days, or of the days most like the event's.
    MeanOfDays(MeanOfDays),
    /// Hours of the event's own day (PJM same-day 3+2): mean over some before it and some after it.
    SameDay(SameDay),
}

/// Mean of X of Y days with what adjusts it and what makes days alike.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct MeanOfDays {
    /// Share of an interval's seconds that must be read for its load to be known, 1 to 10,000.
    pub least_read: BasisPoints,
    /// Which days count.
    pub rule: DayRule,
    /// How the event's own day moves the mean; nothing where it does not.
    pub adjustment: Option<Adjustment>,
    /// Which days are alike.
    pub calendar: Calendar,
}

/// Mean over hours before and after the event. Hours before count as far as they were over when the event was opened,
/// and one of them must; hours after count where they are anchored by the cut-off.
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
pub struct SameDay {
    /// Share of an interval's seconds that must be read for its load to be known, 1 to 10,000.
    pub least_read: BasisPoints,
    /// Length of the time before the event in milliseconds, up to a day (PJM: three hours).
    pub before_ms: u32,
    /// Time between its end and the event's start in milliseconds, up to a day (PJM: one hour).
    pub skip_before_ms: u32,
    /// Length of the time after the event in milliseconds, up to a day (PJM: two hours); zero for none.
    pub after_ms: u32,
    /// Time between the event's end and its start in milliseconds, up to a day (PJM: one hour).
    pub skip_after_ms: u32,
}

/// How much of a resource's anchored readings a baseline depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The last ones, as far back as so many are valid.
    Last(u16),
    /// All of them: a device's clock may lie, so no place in its chain says how old what stands before it is.
    Whole,
}

impl Reach {
    /// Whether so many valid readings, counted from the last one back, are enough.
    pub fn is_met(self, valid: usize) -> bool {
        matches!(self, Self::Last(wanted) if valid >= usize::from(wanted))
    }
}

impl BaselineMethod {
    /// Whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::MeterBefore { readings } => (1..=3_600).contains(readings),
            Self::Metered {} => true,
            Self::MeanOfDays(method) => {
                is_share(method.least_read)
                    && method.rule.is_sound()
                    && method.adjustment.iter().all(Adjustment::is_sound)
                    && method.calendar.is_sound()
            }
            Self::SameDay(SameDay { least_read, before_ms, skip_before_ms, after_ms, skip_after_ms }) => {
                let all = [before_ms, skip_before_ms, after_ms, skip_after_ms];
                is_share(*least_read) && *before_ms > 0 && all.into_iter().all(|time| *time <= MAX_HOURS_MS)
            }
        }
    }

    /// Whether a settlement interval of this length suits it: days are compared interval by interval, which must divide
    /// a day and last a minute or longer.
    pub fn suits(&self, interval_ms: u32) -> bool {
        match self {
            Self::MeanOfDays(_) => {
                interval_ms >= SHORTEST_OF_DAYS_MS && MAX_HOURS_MS.checked_rem(interval_ms) == Some(0)
            }
            Self::MeterBefore { .. } | Self::Metered {} | Self::SameDay(_) => true,
        }
    }

    /// Time after the event's end until nothing that it needs is missing, in milliseconds: no cut-off may come before.
    pub fn needs_after_ms(&self) -> u64 {
        match self {
            Self::SameDay(SameDay { after_ms, skip_after_ms, .. }) if *after_ms > 0 => {
                u64::from(*after_ms).saturating_add(u64::from(*skip_after_ms))
            }
            _ => 0,
        }
    }

    /// How much of the readings up to the event's baseline anchor it depends on.
    pub fn reach(&self) -> Reach {
        match self {
            Self::MeterBefore { readings } => Reach::Last(*readings),
            Self::Metered {} => Reach::Last(0),
            Self::MeanOfDays(_) | Self::SameDay(_) => Reach::Whole,
        }
    }
}

fn is_share(share: BasisPoints) -> bool {
    (1..=BASIS_POINTS).contains(&share.0)
}
