//! Which events standing offers fit, and what they offer then. Pure functions of file, event and what was answered before.

use crate::parse;
use loadstone_core::{AreaId, Balance, Direction, Millis, ProgrammeId, ResourceId};
use loadstone_market::{Calendar, Event, Pricing, ResourceBid};
use serde::Deserialize;

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Hours in a day.
const DAY_HOURS: u64 = 24;

/// All that a file of standing offers says.
#[derive(Clone, Debug)]
pub struct Offers {
    /// Programmes whose events are answered.
    pub programmes: Vec<ProgrammeId>,
    /// Areas; none for every area.
    pub areas: Vec<AreaId>,
    /// Which way load is regulated.
    pub direction: Direction,
    /// Local time and days on which people work.
    pub calendar: Calendar,
    /// First local day on which an event may start, counted from 1970-01-01.
    pub from: Option<u32>,
    /// Last such day.
    pub until: Option<u32>,
    /// Most events that start on one local day; 0 for no limit.
    pub events_a_day_max: u32,
    /// Least budget of an event, in micro-yuan.
    pub budget_min: Balance,
    /// What is on offer, in rising order of resource.
    pub resources: Vec<Resource>,
}

/// What one resource offers.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Which.
    pub id: ResourceId,
    /// Its offers at all times that no entry below holds; none where it offers nothing.
    pub offers: parse::Offers,
    /// Times of other offers; the first that holds an event counts.
    pub times: Vec<Time>,
}

/// Other offers at some times.
#[derive(Clone, Debug)]
pub struct Time {
    /// Days on which the event starts.
    pub days: Days,
    /// Hours that hold the event's whole window; `None` for any.
    pub hours: Option<Hours>,
    /// The offers; none where the resource offers nothing then.
    pub offers: parse::Offers,
}

/// Which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Every day.
    All,
    /// Days on which people work.
    Weekday,
    /// All others.
    Weekend,
}

/// Full hours of a day, over midnight where the end is not after the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first, 0 to 23.
    pub from: u8,
    /// The hour at whose beginning they end, 0 to 24.
    pub to: u8,
}

/// Why an event is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Its programme is not among those of the file.
    #[error("programme {0} is not among those of the offers")]
    Programme(ProgrammeId),
    /// It is a contract.
    #[error("it is a contract, which takes no bids")]
    Bilateral,
    /// It is for another area.
    #[error("area {0} is not among those of the offers")]
    Area(AreaId),
    /// It regulates the other way.
    #[error("it regulates the other way")]
    Direction,
    /// It starts before the first day.
    #[error("it starts before the day `from`")]
    TooEarly,
    /// It starts after the last day.
    #[error("it starts after the day `until`")]
    TooLate,
    /// It promises too little.
    #[error("its budget is below `budget_min`")]
    Budget,
    /// Enough events start on its day.
    #[error("{0} events that start on its day are answered, as many as `events_a_day_max` allows")]
    DayIsFull(u32),
}

impl Offers {
    /// Whether `event` is to be answered, `taken` being the starts of those that were answered before.
    ///
    /// # Errors
    /// [`Misfit`] with the first condition that it does not meet.
    pub fn fits(&self, event: &Event, pricing: Pricing, taken: &[Millis]) -> Result<(), Misfit> {
        let day = self.calendar.day(event.start);
        let on_day = || taken.iter().filter(|start| self.calendar.day(**start) == day).count();
        let misfit = match event {
            _ if !self.programmes.contains(&event.programme) => Misfit::Programme(event.programme),
            _ if pricing == Pricing::Bilateral => Misfit::Bilateral,
            _ if !self.areas.is_empty() && !self.areas.contains(&event.area) => Misfit::Area(event.area),
            _ if event.direction != self.direction => Misfit::Direction,
            _ if self.from.is_some_and(|from| day < from) => Misfit::TooEarly,
            _ if self.until.is_some_and(|until| day > until) => Misfit::TooLate,
            _ if event.budget < self.budget_min => Misfit::Budget,
            _ if self.events_a_day_max > 0 && on_day() >= self.events_a_day_max as usize => {
                Misfit::DayIsFull(self.events_a_day_max)
            }
            _ => return Ok(()),
        };
        Err(misfit)
    }

    /// What is offered in an event of this window, in rising order of resource.
    pub fn bids(&self, start: Millis, end: Millis) -> Vec<ResourceBid> {
        let offered = self.resources.iter().map(|resource| {
            let offers = resource.offers_in(&self.calendar, start, end).clone();
            ResourceBid { resource: resource.id, offers }
        });
        offered.filter(|bid| !bid.offers.is_empty()).collect()
    }
}

impl Resource {
    fn offers_in(&self, calendar: &Calendar, start: Millis, end: Millis) -> &parse::Offers {
        let time = self.times.iter().find(|time| time.holds(calendar, start, end));
        time.map_or(&self.offers, |time| &time.offers)
    }
}

impl Time {
    fn holds(&self, calendar: &Calendar, start: Millis, end: Millis) -> bool {
        let on_day = match self.days {
            Days::All => true,
            Days::Weekday => calendar.is_working(calendar.day(start)),
            Days::Weekend => !calendar.is_working(calendar.day(start)),
        };
        on_day && self.hours.is_none_or(|hours| hours.hold(calendar.time_of_day(start), end.since(start)))
    }
}

impl Hours {
    /// Whether a window of `length` ms that begins so many ms after midnight lies within them.
    fn hold(self, since_midnight: u64, length: u64) -> bool {
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        let hours = if to > from { to - from } else { DAY_HOURS + to - from };
        let (day, begin) = (DAY_HOURS * HOUR_MS, from * HOUR_MS);
        let into = if since_midnight >= begin { since_midnight - begin } else { day + since_midnight - begin };
        into.saturating_add(length) <= hours * HOUR_MS
    }
}

#[cfg(test)]
#[path = "tests/fit.rs"]
mod tests;
