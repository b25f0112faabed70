//! Which of the resources on offer an event can take: what the chain would refuse is left out before it is sealed,
//! since one unfit resource would cost its whole batch.

use crate::{admissible::Terms, client::State, output::percent};
use anyhow::Result;
use codec::Decode;
use loadstone_core::{AccountId, EventId, Millis, Resource};
use loadstone_evidence::keys;
use loadstone_market::{
    credit::{admit, Unfit},
    Credit, ResourceBid,
};

/// A window for which a resource is bid or sold: an entry of `Bids::Reserved`.
#[derive(Clone, Copy, Debug, Decode)]
pub struct Reserved {
    event: EventId,
    start: Millis,
    end: Millis,
}

/// What the chain knows of a resource.
pub struct Known {
    /// As registered.
    pub resource: Option<Resource>,
    /// Its standing.
    pub credit: Option<Credit>,
    /// Windows for which it is bid in the event's direction.
    pub reserved: Vec<Reserved>,
}

/// Offers that an event can take, and why others are left out.
#[derive(Debug, Default)]
pub struct Choice {
    /// What is sealed.
    pub bids: Vec<ResourceBid>,
    /// A sentence for each resource of the event's area that is left out.
    pub left_out: Vec<String>,
}

/// Reads what the chain knows of the resources on offer.
pub async fn known(state: &State<'_>, terms: &Terms<'_>, bids: &[ResourceBid]) -> Result<Vec<Known>> {
    let direction = terms.event.direction;
    let of = |key: &dyn Fn(&ResourceBid) -> Vec<u8>| bids.iter().map(key).collect::<Vec<_>>();
    let resources = state.get_all::<Resource>(&of(&|bid| keys::resource(bid.resource))).await?;
    let credits = state.get_all::<Credit>(&of(&|bid| keys::credit(bid.resource))).await?;
    let reserved = state.get_all::<Vec<Reserved>>(&of(&|bid| keys::reserved(bid.resource, direction))).await?;
    let all = resources.into_iter().zip(credits).zip(reserved);
    Ok(all
        .map(|((resource, credit), reserved)| Known { resource, credit, reserved: reserved.unwrap_or_default() })
        .collect())
}

/// What of `bids` the event can take, `known` being what the chain knows of each. Resources of other areas are passed over
/// without a word: a file may be for many areas.
pub fn choose(terms: &Terms<'_>, bidder: &AccountId, bids: Vec<ResourceBid>, known: &[Known]) -> Choice {
    let mut choice = Choice::default();
    for (bid, known) in bids.into_iter().zip(known) {
        if known.resource.as_ref().is_some_and(|resource| resource.area != terms.event.area) {
            continue;
        }
        match check(terms, bidder, &bid, known) {
            Ok(()) => choice.bids.push(bid),
            Err(reason) => choice.left_out.push(reason),
        }
    }
    choice
}

fn check(terms: &Terms<'_>, bidder: &AccountId, bid: &ResourceBid, known: &Known) -> Result<(), String> {
    let (id, event) = (bid.resource, terms.event);
    terms.check_bid(bidder, bid, known.resource.as_ref()).map_err(|fault| fault.to_string())?;
    admit(known.credit.as_ref(), event, terms.programme).map_err(|unfit| match unfit {
        Unfit::Barred(until) => format!("resource {id} is barred from bidding in events that start before {until}"),
        Unfit::CreditTooLow => {
            let credit = known.credit.as_ref().map_or(0, |credit| credit.credit.0);
            let least = percent(terms.programme.credit_min.0);
            format!("resource {id} has a credit of {}; the programme asks for {least}", percent(credit))
        }
    })?;
    let overlaps = |other: &&Reserved| other.start < event.end() && event.start < other.end;
    match known.reserved.iter().find(overlaps) {
        Some(other) => Err(format!("resource {id} is bid in event {} for a part of this window", other.event)),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "tests/choice.rs"]
mod tests;
