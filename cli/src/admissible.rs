//! Whether a sheet of offers can ever be revealed.
//!
//! The chain sees a sealed sheet only when it is revealed, and what it refuses then costs the bond. So
//! each of its rules is applied here first, under the chain's own name for it.

use crate::{fault::Fault, output::cny};
use loadstone_core::{AccountId, Direction, EventId, Millis, Price, Resource, ResourceId, Watts};
use loadstone_market::{BidSheet, Event, Offer, Phase, Programme, ResourceBid};

/// What the chain says, at its finalised head, of the event that is bid in.
pub struct Terms<'a> {
    /// The event's number.
    pub id: EventId,
    /// The event.
    pub event: &'a Event,
    /// Its rules.
    pub programme: &'a Programme,
    /// The chain's time.
    pub now: Millis,
}

impl Terms<'_> {
    /// Checks that bids are taken at all.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the rule's name.
    pub fn check_open(&self) -> Result<(), Fault> {
        let Self { id, event, now, .. } = self;
        if event.phase != Phase::Open {
            let phase = serde_json::json!(event.phase);
            let phase = phase.as_str().unwrap_or_default();
            return Err(Fault::bids("WrongPhase", format!("event {id} is {phase} and takes bids no more")));
        }
        if *now >= event.gate_closure {
            let late = now.since(event.gate_closure) / 1_000;
            return Err(Fault::bids("GateClosed", format!("the gate of event {id} closed {late} s ago")));
        }
        Ok(())
    }

    /// Checks `bidder`'s sheet against every rule of the reveal. `resources` are those of the sheet, in its
    /// order, as the chain has them.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the rule's name and its limits.
    pub fn check_sheet(
        &self,
        bidder: &AccountId,
        sheet: &BidSheet,
        resources: &[Option<Resource>],
    ) -> Result<(), Fault> {
        for pair in sheet.windows(2) {
            if let [first, second] = pair {
                if first.resource >= second.resource {
                    let text = format!(
                        "resource {} has more than one --offer; write all its prices into one",
                        second.resource
                    );
                    return Err(Fault::bids("ResourcesNotRising", text));
                }
            }
        }
        for (place, bid) in sheet.iter().enumerate() {
            self.check_bid(bidder, bid, resources.get(place).and_then(Option::as_ref))?;
        }
        Ok(())
    }

    /// Checks `bidder`'s offers of one resource, which is given as the chain has it.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the rule's name and its limits.
    pub fn check_bid(&self, bidder: &AccountId, bid: &ResourceBid, resource: Option<&Resource>) -> Result<(), Fault> {
        let id = bid.resource;
        let resource = resource.ok_or_else(|| Fault::bids("UnknownResource", format!("there is no resource {id}")))?;
        self.check_resource(bidder, id, resource)?;
        Limits { programme: self.programme, direction: self.event.direction }.check(bid, resource)
    }

    fn check_resource(&self, bidder: &AccountId, id: ResourceId, resource: &Resource) -> Result<(), Fault> {
        let event = self.event;
        if resource.owner != *bidder {
            return Err(Fault::bids("NotOwner", format!("resource {id} belongs to {}", resource.owner)));
        }
        if resource.area != event.area {
            let (area, other) = (event.area, resource.area);
            let text = format!("resource {id} lies in area {other}, event {} is for area {area}", self.id);
            return Err(Fault::bids("OtherArea", text));
        }
        Ok(())
    }
}

/// What a bid must keep to in every event of one direction under a programme.
pub struct Limits<'a> {
    /// The rules.
    pub programme: &'a Programme,
    /// Which way load is regulated.
    pub direction: Direction,
}

impl Limits<'_> {
    /// Checks capacity, prices and watts of one resource's offers.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the rule's name and its limits.
    pub fn check(&self, bid: &ResourceBid, resource: &Resource) -> Result<(), Fault> {
        let (id, way) = (bid.resource, self.way());
        let (capacity, least) = (resource.capacity(self.direction), self.programme.bid_min);
        if capacity < least {
            let text = format!("resource {id} has a capacity of {capacity} to {way}; a bid is at least {least}");
            return Err(Fault::bids("CapacityBelowMinimum", text));
        }
        self.check_prices(bid)?;
        self.check_watts(bid, resource)
    }

    fn check_prices(&self, bid: &ResourceBid) -> Result<(), Fault> {
        let (id, rules) = (bid.resource, self.programme);
        let mut below: Option<Price> = None;
        for Offer { price, .. } in &bid.offers {
            if !(rules.price_floor..=rules.price_cap).contains(price) {
                let range = format!("{} to {}", cny(rules.price_floor), cny(rules.price_cap));
                let text = format!("resource {id} asks {}; the programme takes {range}", cny(*price));
                return Err(Fault::bids("PriceOutOfRange", text));
            }
            let step = price.0.saturating_sub(rules.price_floor.0);
            if let Some(over @ 1..) = step.checked_rem(rules.price_tick.0) {
                let lower = price.0.saturating_sub(over);
                let near = format!("{} or {}", cny(Price(lower)), cny(Price(lower.saturating_add(rules.price_tick.0))));
                let steps = format!("steps of {} from {}", cny(rules.price_tick), cny(rules.price_floor));
                let text = format!("resource {id} asks {}; prices go in {steps}: take {near}", cny(*price));
                return Err(Fault::bids("PriceOffTick", text));
            }
            if let Some(before) = below.filter(|before| before >= price) {
                let text = format!("resource {id} asks {} after {}; its prices must rise", cny(*price), cny(before));
                return Err(Fault::bids("PricesNotRising", text));
            }
            below = Some(*price);
        }
        Ok(())
    }

    fn check_watts(&self, bid: &ResourceBid, resource: &Resource) -> Result<(), Fault> {
        let (id, way) = (bid.resource, self.way());
        if bid.offers.is_empty() {
            return Err(Fault::bids("NoOffers", format!("resource {id} has no offer")));
        }
        if let Some(offer) = bid.offers.iter().find(|offer| offer.watts.0 <= 0) {
            let text =
                format!("resource {id} offers {}; write positive watts, whichever way the event goes", offer.watts);
            return Err(Fault::bids("NoWatts", text));
        }
        let sum = bid.offers.iter().try_fold(0i64, |sum, offer| sum.checked_add(offer.watts.0));
        let sum =
            sum.map(Watts).ok_or_else(|| Fault::bids("Overflow", format!("resource {id} offers too many watts")))?;
        let (least, most) = (self.programme.bid_min, resource.capacity(self.direction));
        let offered = format!("resource {id} offers {sum} in all to {way}");
        if sum < least {
            let text = format!("{offered}; the programme takes at least {least}, and its capacity is {most}");
            return Err(Fault::bids("BidBelowMinimum", text));
        }
        if sum > most {
            let text = format!("{offered}; its registered capacity is {most}, and the least bid {least}");
            return Err(Fault::bids("BidAboveCapacity", text));
        }
        Ok(())
    }

    /// What is wanted of load.
    fn way(&self) -> &'static str {
        match self.direction {
            Direction::Down => "consume less",
            Direction::Up => "consume more",
        }
    }
}

#[cfg(test)]
#[path = "tests/admissible.rs"]
mod tests;
