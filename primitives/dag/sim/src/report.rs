//! What many runs came to, for people and for programs.

use std::fmt::Write;

use serde_json::{json, Value};

use crate::{
    kind::Kind,
    record::Figures,
    runner::{Report, Tally},
};

/// The value below which this share of the sorted values lies; zero when there are none.
pub fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

fn ratio(part: u64, whole: u64) -> f64 {
    let value = part as f64 / whole.max(1) as f64;
    (value * 1_000.0).round() / 1_000.0
}

fn sorted(figures: &Figures) -> Vec<u64> {
    let mut latencies = figures.confirm_ms.clone();
    latencies.sort_unstable();
    latencies
}

/// One strategy's runs as a JSON object.
pub fn as_json(kind: Kind, tally: &Tally) -> Value {
    let figures = &tally.figures;
    let latencies = sorted(figures);
    let (lies, orphans) = figures.lies;
    json!({
        "bench": "dag-sim",
        "strategy": kind.name(),
        "runs": tally.runs,
        "ok": tally.ok,
        "stuck": tally.stuck,
        "diverged": tally.diverged,
        "lost": tally.lost,
        "units": figures.units,
        "anchors": figures.anchors,
        "epochs": figures.epochs,
        "confirm_p50_ms": percentile(&latencies, 50),
        "confirm_p99_ms": percentile(&latencies, 99),
        "anchor_worst_ms": figures.anchor_ms,
        "messages_per_unit": ratio(figures.messages, figures.units),
        "bytes_per_unit": ratio(figures.bytes, figures.units),
        "levels_per_s": ratio(figures.levels * 1_000, figures.active_ms),
        "eclipsed_worst_ms": figures.eclipsed_ms,
        "lies": lies,
        "orphan_share": ratio(orphans, lies),
        "bound_share": ratio(figures.bound.1, figures.bound.0),
        "forked_places": figures.forks.0,
        "first_unit_anchored": figures.forks.1,
        "second_unit_anchored": figures.forks.2,
        "over_quota": figures.over_quota,
        "forks_reported": figures.forks_seen,
        "asked_in_full": figures.in_full,
        "virtual_s": figures.ended_ms / 1_000,
        "cpu_s": (tally.cpu.as_secs_f64() * 100.0).round() / 100.0,
    })
}

/// The same as a table.
pub fn as_table(report: &Report) -> String {
    let mut text = String::from(
        "strategy        runs    ok stuck diverged lost  p50 ms  p99 ms  msgs/unit  levels/s  orphans  cpu ms/run\n",
    );
    for (kind, tally) in &report.tallies {
        let figures = &tally.figures;
        let latencies = sorted(figures);
        let (lies, orphans) = figures.lies;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<14} {:>5} {:>5} {:>5} {:>8} {:>4} {:>7} {:>7} {:>10.1} {:>9.1} {:>8.3} {:>11}",
            kind.name(),
            tally.runs,
            tally.ok,
            tally.stuck,
            tally.diverged,
            tally.lost,
            percentile(&latencies, 50),
            percentile(&latencies, 99),
            ratio(figures.messages, figures.units),
            ratio(figures.levels * 1_000, figures.active_ms),
            ratio(orphans, lies),
            tally.cpu.as_millis() / u128::from(tally.runs.max(1)),
        );
    }
    let runs: u64 = report.tallies.values().map(|tally| tally.runs).sum();
    let failed = report.failures.len();
    let _ = write!(text, "{runs} runs in {:.1} s, {failed} failed", report.elapsed.as_secs_f64());
    text
}
