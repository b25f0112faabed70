//! Loads of British meters from the repository's data, scaled to an industrial load's size.

use loadstone_core::Millis;
use std::{collections::BTreeMap, sync::OnceLock};

/// A household's watts times this are a plant's.
const SCALE: i64 = 10_000;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// Weeks by which the meters of one year lie apart, so that weekdays stay what they are.
const WEEKS_APART: i64 = 2;

/// Whose loads a resource has.
#[derive(Clone, Copy, Debug)]
pub enum Meter {
    /// A winter's day of `scripts/data/uk-winter-days.csv`, the same every day; by column from 0.
    Day(usize),
    /// Five months of 2021 in `tests/baseline-oracle/loads.csv`, moved back by so many fortnights; with gaps.
    Months(i64),
}

fn rows(text: &str) -> impl Iterator<Item = Vec<i64>> + '_ {
    text.lines().filter_map(|line| line.split(',').map(|field| field.parse().ok()).collect())
}

fn day() -> &'static Vec<Vec<i64>> {
    static DAY: OnceLock<Vec<Vec<i64>>> = OnceLock::new();
    DAY.get_or_init(|| rows(include_str!("../../../scripts/data/uk-winter-days.csv")).collect())
}

fn months() -> &'static BTreeMap<i64, i64> {
    static MONTHS: OnceLock<BTreeMap<i64, i64>> = OnceLock::new();
    let text = include_str!("../../baseline-oracle/loads.csv");
    MONTHS.get_or_init(|| rows(text).map(|row| (row[0], row[1])).collect())
}

/// Between two loads, `part` of `whole` on the way.
fn between(from: i64, to: i64, part: i64, whole: i64) -> i64 {
    SCALE * from + (SCALE * (to - from) * part).div_euclid(whole)
}

impl Meter {
    /// The load in watts without regulation; `None` in a gap.
    pub fn load(self, at: Millis) -> Option<i64> {
        let second = (at.0 / 1_000) as i64;
        match self {
            Self::Day(column) => {
                let rows = day();
                let (place, past) = ((second % DAY_S) / 1_800, second % 1_800);
                let load = |place: i64| rows[place as usize % rows.len()][1 + column];
                Some(between(load(place), load(place + 1), past, 1_800))
            }
            Self::Months(apart) => {
                let second = second + apart * WEEKS_APART * 7 * DAY_S;
                let (hour, past) = (second / HOUR_S, second % HOUR_S);
                let load = *months().get(&hour)?;
                Some(between(load, *months().get(&(hour + 1)).unwrap_or(&load), past, HOUR_S))
            }
        }
    }

    /// One load a second over a span.
    pub fn loads(self, from: Millis, until: Millis) -> Vec<Option<i64>> {
        (from.0..until.0).step_by(1_000).map(|at| self.load(Millis(at))).collect()
    }
}
