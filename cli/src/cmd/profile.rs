//! What the chain knows of one resource: as registered, its credit, and how it behaves over its events.

use crate::{
    client::Chain,
    context::Context,
    output::{pairs, percent, Table},
};
use anyhow::Result;
use loadstone_core::{Millis, Resource, ResourceId};
use loadstone_evidence::keys;
use loadstone_market::{profile::RESPONSE_CLASSES_MS, Credit, Profile};
use serde_json::json;

/// Shows resource `id` with credit and profile at the finalised head.
pub async fn show(context: &Context, chain: &Chain, id: ResourceId) -> Result<()> {
    let state = chain.finalised().await?;
    let resource: Resource = state.require(keys::resource(id), &format!("resource {id}")).await?;
    let credit: Option<Credit> = state.get(keys::credit(id)).await?;
    let profile: Option<Profile> = state.get(keys::profile(id)).await?;
    let now = Millis(state.now().await?);
    let value = json!({
        "resource": id,
        "registered": resource,
        "credit": credit,
        "profile": profile,
        "response_classes_ms": RESPONSE_CLASSES_MS,
    });
    context.output().print(&value, || people(id, &resource, credit.as_ref(), profile.as_ref(), now))
}

fn people(
    id: ResourceId,
    resource: &Resource,
    credit: Option<&Credit>,
    profile: Option<&Profile>,
    now: Millis,
) -> String {
    let capacity = format!("{} down, {} up", resource.capacity_down, resource.capacity_up);
    let place = format!("{id} of {}, area {}, {capacity}", resource.owner, resource.area);
    let (Some(credit), Some(profile)) = (credit, profile) else {
        return pairs([("resource", place), ("credit", "none: no event of it is scored yet".into())]);
    };
    let shown = pairs([
        ("resource", place),
        ("credit", standing(credit, now)),
        ("reliability", format!("{} of the quota delivered, on average", percent(profile.reliability.0))),
        ("bias", format!("{} of the quota, positive where it delivers more", signed(profile.bias))),
        ("readings", format!("{} of those due", percent(profile.readings.0))),
    ]);
    format!("{shown}\n\n{}\n\n{}", hours(profile), responses(profile))
}

fn standing(credit: &Credit, now: Millis) -> String {
    let Credit { events, defaults, in_a_row, barred_until, .. } = credit;
    let bar = match *barred_until > now {
        true => format!("; barred from events that start before {barred_until}"),
        false => String::new(),
    };
    format!(
        "{} over {events} events, {defaults} of them defaults, the last {in_a_row} in a row{bar}",
        percent(credit.credit.0)
    )
}

/// Basis points as per cent, with their sign.
fn signed(basis_points: i32) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    format!("{sign}{}", percent(basis_points.unsigned_abs()))
}

/// Hours in which something was asked.
fn hours(profile: &Profile) -> String {
    let mut table = Table::new(&["hour UTC", "delivered %"]);
    for (hour, delivered) in profile.hours.iter().enumerate() {
        if let Some(delivered) = delivered {
            table.row([format!("{hour:02}"), delivered.to_string()]);
        }
    }
    table.render()
}

/// Every class of response time, so that two resources can be laid side by side.
fn responses(profile: &Profile) -> String {
    let mut names: Vec<String> = RESPONSE_CLASSES_MS.iter().map(|limit| format!("up to {} s", limit / 1_000)).collect();
    names.extend(["slower".into(), "never".into()]);
    let mut table = Table::new(&["response", "events"]);
    for (name, count) in names.into_iter().zip(profile.responses) {
        table.row([name, count.to_string()]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests as sample;
    use loadstone_core::BasisPoints;

    #[test]
    fn credit_and_profile_are_shown_side_by_side() {
        // GIVEN a resource with five events, of which one was a default
        let resource = sample::resource(7).resource;
        let credit = Credit { credit: BasisPoints(8_700), events: 5, defaults: 1, ..Credit::default() };
        let mut profile = Profile {
            events: 5,
            reliability: BasisPoints(9_210),
            bias: -320,
            readings: BasisPoints(9_980),
            hours: Default::default(),
            responses: [0, 4, 0, 0, 0, 0, 0, 0, 1],
        };
        profile.hours[18] = Some(92);
        let text = |now| people(ResourceId(7), &resource, Some(&credit), Some(&profile), Millis(now));
        // THEN both are told, with the hours in which something was asked and every class of response
        for words in [
            "87.00 % over 5 events, 1 of them defaults, the last 0 in a row\n",
            "92.10 % of the quota",
            "-3.20 % of the quota",
            "99.80 % of those due",
            "\n      18           92\n",
            "up to 3 s         4",
            "never             1",
        ] {
            assert!(text(0).contains(words), "{words}: {}", text(0));
        }
        // AND a bar is told while it lasts
        let barred = Credit { barred_until: Millis(1_000), ..credit.clone() };
        assert!(standing(&barred, Millis(999)).contains("barred from events"));
        assert!(!standing(&barred, Millis(1_000)).contains("barred"));
        // AND a newcomer has neither
        let text = people(ResourceId(7), &resource, None, None, Millis(0));
        assert!(text.ends_with("none: no event of it is scored yet"), "{text}");
    }
}
