//! Which events are answered, and with what.

use super::*;
use crate::{compare::tests as sample, standing::offers::parse};

/// Thursday 2026-01-01, 00:00 in China.
const NEW_YEAR: u64 = 1_767_196_800_000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn at(day: u64, hour: u64) -> Millis {
    Millis(NEW_YEAR + day * DAY_MS + hour * HOUR_MS)
}

fn offers(more: &str) -> Offers {
    let text = "programmes = [1, 4]\nareas = [1]\ndirection = \"down\"\nutc_offset_minutes = 480\n\
                events_a_day_max = 2\nbudget_min = \"1\"\n";
    parse(&format!("{text}{more}")).expect("sound")
}

fn plain() -> Offers {
    offers("from = 2026-01-02\nuntil = 2026-01-03\n[[resources]]\nresource = 0\noffers = \"1.20:8000\"\n")
}

/// An event that fits, at noon of the first day.
fn event() -> Event {
    Event { start: at(1, 12), ..sample::event() }
}

fn fits(event: &Event, taken: &[Millis]) -> Result<(), Misfit> {
    plain().fits(event, Pricing::Uniform, taken)
}

#[test]
fn an_event_fits_by_programme_area_direction_day_and_budget() {
    // GIVEN an event that meets all conditions THEN it fits
    assert_eq!(fits(&event(), &[]), Ok(()));
    // GIVEN one that misses one of them THEN that one is named
    let misfits = [
        (Event { programme: ProgrammeId(2), ..event() }, Misfit::Programme(ProgrammeId(2))),
        (Event { area: AreaId(2), ..event() }, Misfit::Area(AreaId(2))),
        (Event { direction: Direction::Up, ..event() }, Misfit::Direction),
        (Event { budget: 999_999, ..event() }, Misfit::Budget),
        (Event { start: Millis(at(1, 0).0 - 1), ..event() }, Misfit::TooEarly),
        (Event { start: at(3, 0), ..event() }, Misfit::TooLate),
    ];
    for (event, misfit) in misfits {
        assert_eq!(fits(&event, &[]), Err(misfit));
    }
    assert_eq!(plain().fits(&event(), Pricing::Bilateral, &[]), Err(Misfit::Bilateral));
    // AND both days are whole, by local time
    assert_eq!(fits(&Event { start: at(1, 0), ..event() }, &[]), Ok(()));
    assert_eq!(fits(&Event { start: Millis(at(3, 0).0 - 1), ..event() }, &[]), Ok(()));
}

#[test]
fn a_day_takes_so_many_events_and_no_more() {
    // GIVEN two events a day, and events of this and other days
    let (early, late, other) = (at(1, 0), Millis(at(2, 0).0 - 1), at(2, 0));
    // THEN those of its local day count
    assert_eq!(fits(&event(), &[early, other]), Ok(()));
    assert_eq!(fits(&event(), &[early, other, late]), Err(Misfit::DayIsFull(2)));
    // AND 0 is no limit
    let unlimited = Offers { events_a_day_max: 0, ..plain() };
    assert_eq!(unlimited.fits(&event(), Pricing::Uniform, &[early; 9]), Ok(()));
}

/// Watts that resource 0 offers in a window of so many hours.
fn watts(offers: &Offers, start: Millis, hours: u64) -> Option<i64> {
    let bids = offers.bids(start, start.after(hours * HOUR_MS));
    let bid = bids.iter().find(|bid| bid.resource == ResourceId(0))?;
    Some(bid.offers.iter().map(|offer| offer.watts.0).sum())
}

#[test]
fn offers_go_by_hours_and_days() {
    // GIVEN other offers in the evening of weekdays and on weekends, none at night, and a holiday and a make-up day
    let offers = offers(
        "holidays = [2026-01-01]\nworkdays = [2026-01-04]\n[[resources]]\nresource = 0\noffers = \"1:100\"\n\
         times = [{ days = \"weekday\", hours = [17, 21], offers = \"2:200\" }, { hours = [22, 6], offers = \"\" }, \
         { days = \"weekend\", offers = \"1:300\" }]\n[[resources]]\nresource = 1\noffers = \"\"\n",
    );
    // THEN on a weekday, Friday the 2nd, hours must hold the whole window
    assert_eq!(watts(&offers, at(1, 12), 1), Some(100));
    assert_eq!(watts(&offers, at(1, 17), 4), Some(200));
    assert_eq!(watts(&offers, at(1, 16), 2), Some(100));
    assert_eq!(watts(&offers, at(1, 20), 2), Some(100));
    // AND hours that go over midnight hold both sides of it
    assert_eq!(watts(&offers, at(1, 22), 8), None);
    assert_eq!(watts(&offers, at(1, 3), 3), None);
    assert_eq!(watts(&offers, at(1, 3), 4), Some(100));
    // AND holidays are weekend, make-up days are none
    assert_eq!(watts(&offers, at(0, 18), 1), Some(300));
    assert_eq!(watts(&offers, at(2, 18), 1), Some(300));
    assert_eq!(watts(&offers, at(3, 18), 1), Some(200));
    // AND a resource without offers is not bid
    assert_eq!(offers.bids(at(1, 12), at(1, 13)).len(), 1);
}
