//! Whether the offers of a file can ever be bid: compared with programmes and resources as they stand on chain.

use super::fit::{Offers, Resource};
use crate::{admissible::Limits, client::State};
use anyhow::Result;
use loadstone_core::{AccountId, ProgrammeId, ProgrammeVersion, Resource as Registered};
use loadstone_evidence::keys;
use loadstone_market::{Pricing, Programme, ResourceBid};

/// A programme with its number.
pub type Numbered = (ProgrammeId, Programme);

/// Everything in `offers` that can't work on the chain as it stands at `state`, in sentences; of resources that are not
/// `owner`'s, too, where it is known.
pub async fn problems(state: &State<'_>, offers: &Offers, owner: Option<&AccountId>) -> Result<Vec<String>> {
    let (mut found, mut programmes) = (Vec::new(), Vec::new());
    for id in &offers.programmes {
        match newest(state, *id).await? {
            None => found.push(format!("programme {id} is not on chain")),
            Some(rules) => {
                found.extend(misused(*id, &rules, offers));
                programmes.push((*id, rules));
            }
        }
    }
    let wanted: Vec<_> = offers.resources.iter().map(|resource| keys::resource(resource.id)).collect();
    for (resource, registered) in offers.resources.iter().zip(state.get_all::<Registered>(&wanted).await?) {
        match registered {
            None => found.push(format!("resource {} is not registered", resource.id)),
            Some(registered) => found.extend(unfit(resource, &registered, offers, (owner, &programmes))),
        }
    }
    Ok(found)
}

async fn newest(state: &State<'_>, id: ProgrammeId) -> Result<Option<Programme>> {
    let Some(version) = state.get::<ProgrammeVersion>(keys::latest_version(id)).await? else { return Ok(None) };
    state.get(keys::programme(id, version)).await
}

fn misused(id: ProgrammeId, rules: &Programme, offers: &Offers) -> Vec<String> {
    let mut found = Vec::new();
    if rules.pricing == Pricing::Bilateral {
        found.push(format!("programme {id} makes contracts, which take no bids"));
    }
    if !rules.regulates(offers.direction) {
        found.push(format!("programme {id} does not regulate in this direction"));
    }
    if !offers.areas.is_empty() && !offers.areas.iter().any(|area| rules.covers(*area)) {
        found.push(format!("programme {id} covers none of the areas"));
    }
    found
}

/// What is wrong with one resource's offers: every list of them under every programme of its area.
fn unfit(
    resource: &Resource,
    registered: &Registered,
    offers: &Offers,
    (owner, programmes): (Option<&AccountId>, &[Numbered]),
) -> Vec<String> {
    let (id, area) = (resource.id, registered.area);
    let mut found = Vec::new();
    if owner.is_some_and(|owner| registered.owner != *owner) {
        found.push(format!("resource {id} belongs to {}", registered.owner));
    }
    if !offers.areas.is_empty() && !offers.areas.contains(&area) {
        found.push(format!("resource {id} lies in area {area}, which is not among those of the offers"));
    }
    let lists = std::iter::once(&resource.offers).chain(resource.times.iter().map(|time| &time.offers));
    for list in lists.filter(|list| !list.is_empty()) {
        let bid = ResourceBid { resource: id, offers: list.clone() };
        for (programme, rules) in programmes.iter().filter(|(_, rules)| rules.covers(area)) {
            let checked = Limits { programme: rules, direction: offers.direction }.check(&bid, registered);
            found.extend(checked.err().map(|fault| format!("programme {programme}: {fault}")));
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
#[path = "tests/check.rs"]
mod tests;
