//! `loadstone why`: every step from a resource's bid to its pay, and where a limit hit.

use crate::{
    context::Context,
    fault::Fault,
    output::{cny, percent, yuan, Table},
    steps::{self, FORMULAS},
};
use anyhow::Result;
use clap::Args;
use loadstone_core::{BasisPoints, EventId, ResourceId, Watts, HOUR_MS};
use loadstone_market::{
    explain::{Explanation, IntervalSteps, PaySteps, Place},
    settle::PartDue,
    split::Parts,
};
use serde_json::{json, to_value};
use std::collections::BTreeMap;

/// Explains a resource's way through an event.
#[derive(Args, Debug)]
pub struct Why {
    /// The event; it must be cleared.
    event: u32,
    /// The resource.
    resource: u32,
}

impl Why {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Differences`] when the chain says something else.
    pub async fn run(self, context: &Context) -> Result<()> {
        let chain = context.connect().await?;
        let state = chain.finalised().await?;
        let read = steps::Read::at(&state, EventId(self.event), ResourceId(self.resource)).await?;
        let told = read.explain();
        let differences = read.differences(&told);
        let value = json!({
            "event": self.event,
            "resource": self.resource,
            "block": state.hash,
            "details": to_value(&read.event)?,
            "rules": to_value(&read.programme)?,
            "clearing": to_value(&read.clearing)?,
            "registered": to_value(&read.resource)?,
            "customer": read.customer,
            "record": to_value(&read.record)?,
            "steps": to_value(&told)?,
            "formulas": BTreeMap::from(FORMULAS),
            "differences": differences,
        });
        context.output().print(&value, || people(&read, &told, &differences))?;
        match differences.len() {
            0 => Ok(()),
            count => Err(Fault::Differences(count).into()),
        }
    }
}

fn people(read: &steps::Read, told: &Explanation, differences: &[String]) -> String {
    let event = &read.event;
    let phase = json!(event.phase).as_str().unwrap_or_default().to_owned();
    let name = String::from_utf8_lossy(&read.programme.name).into_owned();
    let mut parts = vec![
        format!(
            "resource {} in event {} ({phase}) under programme {} version {}, {name:?}",
            read.id, read.of, event.programme, event.version
        ),
        award(read, told),
        intervals(told),
        score(told),
        told.pay.as_ref().map_or("pay: not yet; the resource is not scored".into(), pay_lines),
    ];
    parts.extend(differences.iter().map(|text| format!("DIFFERS: {text}")));
    parts.join("\n\n")
}

fn award(read: &steps::Read, told: &Explanation) -> String {
    let clearing = &read.clearing;
    let head = format!(
        "award: {} in all. The margin lies at {}; {} of the {} offered there are needed.",
        told.award,
        cny(clearing.marginal_price),
        clearing.residual,
        clearing.marginal_total
    );
    let reserve = &clearing.reserve;
    let kept = match told.reserve.0 {
        0 => String::new(),
        _ => format!(
            "\nreserve: {} in all. Its margin lies at {}; {} of the {} left there are bought.",
            told.reserve,
            cny(reserve.price),
            reserve.residual,
            reserve.total
        ),
    };
    let head_of =
        ["price CNY/kWh", "credit", "rank CNY/kWh", "offered W", "before it W", "place", "award W", "reserve W"];
    let mut table = Table::new(&head_of);
    for offer in &told.offers {
        let place = match offer.place {
            Place::BelowMargin => "below the margin",
            Place::AtMargin => "at the margin",
            Place::AboveMargin => "above the margin",
        };
        let watts = [offer.watts, offer.before, offer.award, offer.reserve].map(|watts| watts.0.to_string());
        let [offered, before, award, reserve] = watts;
        let [price, rank] = [offer.price, offer.rank].map(|price| yuan(price.0.into()));
        table.row([price, percent(offer.credit.0), rank, offered, before, place.into(), award, reserve]);
    }
    format!("{head}{kept}\n{}", table.render())
}

fn intervals(told: &Explanation) -> String {
    let head = [
        "interval",
        "need W",
        "quota W",
        "baseline W",
        "setpoint W",
        "delivered W",
        "paid Wh",
        "short Wh",
        "penalty x",
        "limits",
    ];
    let mut table = Table::new(&head);
    for (number, steps) in told.intervals.iter().enumerate() {
        table.row(interval(number, steps));
    }
    format!("quotas and delivery\n{}", table.render())
}

fn interval(number: usize, steps: &IntervalSteps) -> Vec<String> {
    let mut cells = vec![number.to_string(), steps.need.0.to_string(), steps.quota.0.to_string()];
    let Some(measured) = &steps.measured else {
        cells.extend((0..7).map(|_| "–".to_owned()));
        return cells;
    };
    let pay = &measured.pay;
    let hours = |energy: u128| (energy / u128::from(HOUR_MS)).to_string();
    let limits = [
        (steps.is_reserve_called, "reserve called"),
        (measured.is_clamped, "load range"),
        (pay.is_limited, "over-delivery"),
        (pay.is_void, "too far off: unpaid"),
        (pay.factor.0 > 0, "penalty"),
    ];
    let hit: Vec<&str> = limits.iter().filter(|(hit, _)| *hit).map(|(_, name)| *name).collect();
    let known = |load: Option<Watts>| load.map_or("none".into(), |load| load.0.to_string());
    cells.extend([
        known(measured.baseline),
        known(measured.setpoint),
        measured.delivered.0.to_string(),
        hours(pay.paid),
        hours(pay.shortfall),
        percent(pay.factor.0),
        hit.join(", "),
    ]);
    cells
}

fn score(told: &Explanation) -> String {
    let Some(steps) = &told.score else {
        return "score: none; nothing was asked, or not all records are there yet".into();
    };
    let part = percent;
    let score = &steps.score;
    let median = steps.median.map_or("none".into(), |median| part(median.0));
    let others = format!(
        "accuracy {}, against the median {median} of {}: {}",
        part(score.accuracy.0),
        steps.scored,
        part(score.peer.0)
    );
    let index = format!(
        "K index {} = 0.4 x rate {} + 0.3 x response {} + 0.3 x precision {}",
        part(score.k_index.0),
        part(score.rate.0),
        part(score.response.0),
        part(score.precision.0)
    );
    format!("score: {}\n{others}\n{index}", part(score.score.0))
}

fn paid_for(part: &PartDue, mean: &str, performance: BasisPoints) -> String {
    format!(
        "pay: {} Wh at {} CNY/kWh ({mean}) x {} for performance: claim {} CNY",
        part.paid_energy / u128::from(HOUR_MS),
        yuan(part.value.checked_div(part.award).unwrap_or_default()),
        percent(performance.0),
        yuan(part.claim)
    )
}

fn pay_lines(pay: &PaySteps) -> String {
    let mut lines = vec![paid_for(&pay.before_call, "mean of the award", pay.performance)];
    if pay.since_call.quota_energy > 0 {
        lines.push(paid_for(&pay.since_call, "mean of award and reserve", pay.performance));
        lines.push(format!("claim {} CNY in all", yuan(pay.claim)));
    }
    let Some(shared) = pay.shared else {
        lines.push(format!("penalty before the bond limits it: {} CNY; not settled yet", yuan(pay.penalty_due)));
        return lines.join("\n");
    };
    let paid = yuan(pay.paid.unwrap_or_default());
    let is_short = shared.claims > shared.pot;
    let pot = format!("all claims {} CNY, pot {} CNY", yuan(shared.claims), yuan(shared.pot));
    lines.push(match is_short {
        true => {
            format!("{pot}: the pot is short, so {paid} CNY are paid, behind {} CNY of claims", yuan(shared.before))
        }
        false => format!("{pot}: paid in full, {paid} CNY"),
    });
    if let Some(Parts { floor, customer, owner }) = pay.parts {
        let (floor, customer, owner) = (yuan(floor), yuan(customer), yuan(owner));
        lines.push(format!(
            "of that the customer gets {customer} CNY, {floor} CNY of it as its floor; the owner {owner} CNY"
        ));
    }
    let taken = yuan(pay.penalty.unwrap_or_default());
    let (due, left) = (yuan(pay.penalty_due), yuan(shared.bond_left));
    lines.push(format!("penalty due {due} CNY, bond left {left} CNY: {taken} CNY taken"));
    lines.join("\n")
}

#[cfg(test)]
#[path = "../tests/why.rs"]
mod tests;
