//! A calm network of many members: latency in virtual time, cost in the processor's.

use super::Figure;
use crate::{
    kind::Kind,
    plan::{Links, Order, Plan, Skew},
    report::percentile,
    world::World,
};

/// Devices, and milliseconds between two units of one: 200 units a second.
const LOAD: (u32, u64) = (40, 200);

/// Virtual time in which devices measure.
const MEASURE_MS: u64 = 4_000;

/// Nobody lies and nothing breaks.
fn calm(members: u16) -> Plan {
    let order =
        Order { seed: 1, kind: Some(Kind::Honest), members: Some(members), devices: Some(LOAD.0), canary: false };
    let plan = Plan::deal(&order);
    Plan {
        unit_every_ms: LOAD.1,
        measure_ms: MEASURE_MS,
        heal_ms: MEASURE_MS,
        deadline_ms: MEASURE_MS + 60_000,
        links: Links { delay_ms: (1, 10), loss: 0, slow: 0, slow_ms: 0, twice: 0 },
        cuts: Vec::new(),
        crashes: Vec::new(),
        closings: Vec::new(),
        skews: vec![Skew::default(); plan.skews.len()],
        ..plan
    }
}

/// Figures of a committee of this size.
pub fn measure_members(members: u16) -> Vec<Figure> {
    let mut world = World::new(calm(members), false);
    world.measure();
    let outcome = world.run();
    let mut figures = outcome.figures;
    figures.confirm_ms.sort_unstable();
    let each = f64::from(members);
    let micros = outcome.spent.as_secs_f64() * 1e6 / each;
    let (units, witnesses) = (figures.units.max(1) as f64, figures.witnesses.max(1) as f64);
    let figure = |name, value, unit| Figure { name, value, unit, parameter: "members", at: members.into() };
    vec![
        figure("growth_ok", f64::from(u8::from(outcome.verdict.is_ok())), ""),
        figure("growth_confirm_p50_ms", percentile(&figures.confirm_ms, 50) as f64, "ms"),
        figure("growth_confirm_p99_ms", percentile(&figures.confirm_ms, 99) as f64, "ms"),
        figure("growth_cpu_per_unit_us", micros / units, "us"),
        figure("growth_cpu_per_witness_us", micros / witnesses, "us"),
        figure("growth_wire_bytes_per_unit", figures.bytes as f64 / units / each, "B"),
        figure("growth_messages_per_unit", figures.messages as f64 / units / each, ""),
        figure("growth_levels_per_s", figures.levels as f64 * 1_000.0 / MEASURE_MS as f64, "1/s"),
    ]
}
