//! A referee that rules as tests say.

use super::EVENTS;
use loadstone_core::{EventId, Millis, ResourceId, Watts};
use loadstone_market::{
    referee::Ruling,
    traits::{Referee, Scores},
    EventRecord,
};
use std::{cell::RefCell, collections::BTreeMap};

/// What the referee was asked to hear.
type Heard = (EventId, ResourceId, u32, Millis);

thread_local! {
    static RULINGS: RefCell<BTreeMap<(EventId, ResourceId), (Ruling, i64)>> = const { RefCell::new(BTreeMap::new()) };
    static HEARD: RefCell<Vec<Heard>> = const { RefCell::new(Vec::new()) };
}

/// Rules by [`RULINGS`].
pub struct Court;
impl Referee for Court {
    fn hear(event: EventId, resource: ResourceId, place: u32, until: Millis) {
        HEARD.with_borrow_mut(|heard| heard.push((event, resource, place, until)));
    }
    fn judge(event: EventId, resource: ResourceId) -> Ruling {
        let ruling = RULINGS.with_borrow(|rulings| rulings.get(&(event, resource)).copied());
        let (ruling, percent) = ruling.unwrap_or((Ruling::Unproven, 0));
        if ruling.is_upheld() {
            deliver(event, resource, percent);
        }
        ruling
    }
}

/// Puts `percent` of the quota into a resource's record.
fn deliver(event: EventId, resource: ResourceId, percent: i64) {
    let deliver = |record: &mut EventRecord| {
        for (delivered, quota) in record.delivered.iter_mut().zip(&record.quota) {
            *delivered = Watts(quota.0 * percent / 100);
        }
    };
    EVENTS.with_borrow_mut(|events| {
        let entry = events.get_mut(&event).expect("it was opened");
        let found = entry.resources.iter_mut().find(|(id, _, _)| *id == resource);
        found.into_iter().for_each(|(_, _, record)| deliver(record));
    });
    assert!(super::Meters::record(event, resource).is_some());
}

/// Has the referee rule so, with `percent` of the quota in the record where it is upheld.
pub fn will_rule(event: EventId, resource: ResourceId, ruling: Ruling, percent: i64) {
    RULINGS.with_borrow_mut(|rulings| rulings.insert((event, resource), (ruling, percent)));
}

/// What was heard so far.
pub fn heard() -> Vec<Heard> {
    HEARD.with_borrow(Clone::clone)
}

/// Forgets everything.
pub fn reset() {
    RULINGS.with_borrow_mut(BTreeMap::clear);
    HEARD.with_borrow_mut(Vec::clear);
}
