//! A file of standing offers: what it says, and whether it makes sense.

use super::fit::{Days, Hours, Offers, Resource, Time};
use crate::{fault::Fault, files, parse};
use anyhow::Result;
use loadstone_core::{AreaId, Direction, ProgrammeId, ResourceId};
use loadstone_market::{Calendar, MAX_BATCHES, MAX_BID_RESOURCES, MAX_PROGRAMME_AREAS};
use serde::Deserialize;
use std::{collections::BTreeSet, path::Path};
use toml::value::Datetime;

/// Greatest size of a file in bytes, far more than the greatest number of resources takes.
const BYTES_MAX: u64 = 64 << 20;

/// Greatest number of programmes that a file names.
const PROGRAMMES_MAX: usize = 64;

/// Greatest number of resources, which is what one bidder can seal in an event.
const RESOURCES_MAX: usize = MAX_BATCHES as usize * MAX_BID_RESOURCES as usize;

/// Greatest number of times of one resource.
const TIMES_MAX: usize = 64;

/// A file to begin with.
pub const TEMPLATE: &str = include_str!("template.toml");

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    programmes: Vec<u32>,
    areas: Vec<u16>,
    direction: Direction,
    utc_offset_minutes: i16,
    from: Option<Datetime>,
    until: Option<Datetime>,
    events_a_day_max: u32,
    budget_min: String,
    #[serde(default)]
    holidays: Vec<Datetime>,
    #[serde(default)]
    workdays: Vec<Datetime>,
    resources: Vec<WrittenResource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenResource {
    resource: u32,
    offers: String,
    #[serde(default)]
    times: Vec<WrittenTime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTime {
    days: Option<Days>,
    hours: Option<[u8; 2]>,
    offers: String,
}

/// Offers of a file, with its text.
///
/// # Errors
/// [`Fault::Usage`] that names the file and what in it makes no sense.
pub fn read(path: &Path) -> Result<(String, Offers)> {
    let bad = |error: String| Fault::Usage(format!("{}: {error}", path.display()));
    let bytes = files::read_up_to(path, BYTES_MAX + 1)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(bad(format!("it has more than {} MiB", BYTES_MAX >> 20)).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| bad("it holds no text".into()))?;
    let offers = parse(&text).map_err(bad)?;
    Ok((text, offers))
}

/// Offers from the text of a file.
///
/// # Errors
/// A sentence that names what makes no sense.
pub fn parse(text: &str) -> Result<Offers, String> {
    let written: Written = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let Written { programmes, areas, direction, utc_offset_minutes, from, until, .. } = written;
    most("programmes", programmes.len(), PROGRAMMES_MAX)?;
    most("areas", areas.len(), MAX_PROGRAMME_AREAS as usize)?;
    if programmes.is_empty() {
        return Err("programmes is empty: name at least one".into());
    }
    let (from, until) = (from.map(|at| day("from", &at)), until.map(|at| day("until", &at)));
    let (from, until) = (from.transpose()?, until.transpose()?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err("until lies before from".into());
    }
    let days = |name: &str, list: &[Datetime]| list.iter().map(|at| day(name, at)).collect::<Result<BTreeSet<_>, _>>();
    let calendar = Calendar {
        utc_offset_minutes,
        holidays: bounded("holidays", days("holidays", &written.holidays)?)?,
        workdays: bounded("workdays", days("workdays", &written.workdays)?)?,
    };
    if !calendar.is_sound() {
        return Err(format!("utc_offset_minutes = {utc_offset_minutes}: it must be -840 to 840"));
    }
    Ok(Offers {
        programmes: programmes.into_iter().map(ProgrammeId).collect(),
        areas: areas.into_iter().map(AreaId).collect(),
        direction,
        calendar,
        from,
        until,
        events_a_day_max: written.events_a_day_max,
        budget_min: parse::yuan(&written.budget_min).map_err(|error| format!("budget_min = {error}"))?,
        resources: resources(written.resources)?,
    })
}

/// In rising order, each once.
fn resources(written: Vec<WrittenResource>) -> Result<Vec<Resource>, String> {
    most("resources", written.len(), RESOURCES_MAX)?;
    let mut resources = written.into_iter().map(resource).collect::<Result<Vec<_>, _>>()?;
    resources.sort_by_key(|resource| resource.id);
    let twice = resources.windows(2).find(|pair| matches!(pair, [one, other] if one.id == other.id));
    match twice.and_then(<[Resource]>::first) {
        Some(Resource { id, .. }) => {
            Err(format!("resource {id} stands there twice: write its offers into one section"))
        }
        None if resources.is_empty() => Err("resources is empty: name at least one".into()),
        None => Ok(resources),
    }
}

fn resource(written: WrittenResource) -> Result<Resource, String> {
    let WrittenResource { resource: id, offers, times } = written;
    let named = |error| format!("resource {id}: {error}");
    most("times", times.len(), TIMES_MAX).map_err(named)?;
    let times = times.into_iter().map(time).collect::<Result<Vec<_>, _>>().map_err(named)?;
    Ok(Resource { id: ResourceId(id), offers: prices(&offers).map_err(named)?, times })
}

fn time(written: WrittenTime) -> Result<Time, String> {
    let hours = match written.hours {
        None => None,
        Some([from, to]) if from < 24 && to <= 24 && from != to => Some(Hours { from, to }),
        Some([from, to]) => {
            return Err(format!("hours = [{from}, {to}]: write two different full hours, 0 to 23 and 0 to 24"));
        }
    };
    Ok(Time { days: written.days.unwrap_or(Days::All), hours, offers: prices(&written.offers)? })
}

/// Offers in rising order of price; an empty text for none.
fn prices(text: &str) -> Result<parse::Offers, String> {
    if text.trim().is_empty() {
        return Ok(parse::Offers::new());
    }
    let offers = parse::offers(text)?;
    if offers.iter().any(|offer| offer.watts.0 <= 0) {
        return Err(format!("{text}: write positive watts, whichever way load is regulated"));
    }
    match offers.windows(2).all(|pair| matches!(pair, [one, next] if one.price < next.price)) {
        true => Ok(offers),
        false => Err(format!("{text}: the prices must rise")),
    }
}

fn most(what: &str, count: usize, most: usize) -> Result<(), String> {
    (count <= most).then_some(()).ok_or_else(|| format!("{what} has {count} entries, at most {most} are possible"))
}

fn bounded<T: TryFrom<Vec<u32>>>(what: &str, days: BTreeSet<u32>) -> Result<T, String> {
    let count = days.len();
    Vec::from_iter(days).try_into().map_err(|_| format!("{what} has {count} days, which is too many"))
}

/// The day of a date, counted from 1970-01-01.
fn day(name: &str, at: &Datetime) -> Result<u32, String> {
    let date = at.date.filter(|_| at.time.is_none() && at.offset.is_none());
    let counted = date.and_then(|date| count_days(date.year.into(), date.month.into(), date.day.into()));
    counted.ok_or_else(|| format!("{name} = {at}: write a date from 1970 on, such as 2026-07-01"))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` before. The year is taken to begin in March, so that
/// the day that leap years add is its last.
fn count_days(year: u32, month: u32, day: u32) -> Option<u32> {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 153 days in any five months from March or August on; 719,468 days from 0000-03-01 to 1970-01-01.
    (year * 365 + leap_days + (153 * month + 2) / 5 + day.checked_sub(1)?).checked_sub(719_468)
}

#[cfg(test)]
#[path = "tests/offers.rs"]
mod tests;
