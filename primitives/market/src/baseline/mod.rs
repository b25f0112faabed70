//! Baselines: the load that would have been there without regulation.

pub mod adjust;
mod basis;
pub mod calendar;
pub mod days;
pub mod profile;
mod same_day;
mod similar;

pub use basis::Basis;

use crate::{math::watts_signed, Adjustment, Calendar, DayRule};
use adjust::{adjust, AdjustmentSteps};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use days::{choose, eligible, mean_at, CountedDay};
use loadstone_core::{Millis, Watts};
use profile::Profile;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One meter reading of a resource, as its units hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When it was taken, by the device's clock.
    pub at: Millis,
    /// Power drawn.
    pub load: Watts,
    /// Whether the device marked it good; a doubtful or missing reading counts as none.
    pub valid: bool,
}

impl From<Reading> for (Millis, Watts, bool) {
    fn from(reading: Reading) -> Self {
        (reading.at, reading.load, reading.valid)
    }
}

/// Meter-before: mean of the last `n` valid readings, rounded down; of fewer when there are fewer.
/// `None` without a valid reading or when `n` is zero.
///
/// "Last" is last in the device's chain: callers pass readings in rising order of (incarnation,
/// sequence, index), so a device cannot move a reading to the end by its clock.
pub fn meter_before(readings: impl DoubleEndedIterator<Item = (Millis, Watts, bool)>, n: u16) -> Option<Watts> {
    let last = readings.rev().filter(|(_, _, valid)| *valid).take(n as usize);
    let (sum, count) = last.fold((0i128, 0i128), |(sum, count), (_, load, _)| (sum + load.0 as i128, count + 1));
    // At most 65,535 terms of 64 bits: the sum cannot overflow. Zero readings divide to `None`.
    sum.checked_div_euclid(count).map(watts_signed)
}

/// A baseline of other days, with all that it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct DayBaseline {
    /// Load in each of the event's intervals.
    pub loads: Vec<Watts>,
    /// Days that counted, newest first, with those marked that were kept.
    pub days: Vec<CountedDay>,
    /// How it was adjusted; `None` where it was not.
    pub adjustment: Option<AdjustmentSteps>,
}

/// Mean of X of Y days over the event's `intervals` intervals, adjusted to its day where there is a rule for that.
/// `events` are the days of the resource's other events; `opened` is when this one was opened, and nothing of the
/// event's day counts that was not over by then. `None` where too few days are eligible.
pub fn of_days(
    profile: &Profile,
    intervals: usize,
    (rule, adjustment, calendar): (&DayRule, Option<&Adjustment>, &Calendar),
    events: &BTreeSet<u32>,
    opened: Millis,
) -> Option<DayBaseline> {
    let days = choose(eligible(profile, intervals, rule, calendar, events), profile, (rule, calendar), opened);
    let window = 0..i64::try_from(intervals).ok()?;
    let mut loads = window.map(|interval| mean_at(profile, &days, interval)).collect::<Option<Vec<Watts>>>()?;
    let adjustment = adjustment.and_then(|rule| adjust(rule, profile, &days, opened, &mut loads));
    Some(DayBaseline { loads, days, adjustment })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(loads: &[(i64, bool)]) -> Vec<Reading> {
        let reading = |(second, (load, valid)): (usize, &(i64, bool))| Reading {
            at: Millis(second as u64 * 1_000),
            load: Watts(*load),
            valid: *valid,
        };
        loads.iter().enumerate().map(reading).collect()
    }

    #[test]
    fn meter_before_is_the_mean_of_the_last_valid_readings() {
        // GIVEN readings of which one is doubtful
        let given = readings(&[(900, true), (100, true), (5_000, false), (203, true)]);
        let last = |n| meter_before(given.iter().copied().map(Into::into), n);
        // THEN the doubtful one is passed over and the mean is rounded down
        assert_eq!(last(1), Some(Watts(203)));
        assert_eq!(last(2), Some(Watts(151)));
        assert_eq!(last(60), Some(Watts(401)));
        assert_eq!(last(0), None);
        assert_eq!(meter_before([].into_iter(), 5), None);
        // AND feeding in is rounded down as well
        let feeding = readings(&[(-3, true), (-4, true)]);
        assert_eq!(meter_before(feeding.into_iter().map(Into::into), 2), Some(Watts(-4)));
    }
}
