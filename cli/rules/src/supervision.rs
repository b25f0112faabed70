//! The rules of market supervision as a file, by the same table for reading, checking and explaining.

use super::{table::Rule, Value};
use loadstone_market::supervision::SupervisionRules;
use serde_json::json;

const MS: &str = "milliseconds";
const BP: &str = "basis points, 10000 = 100 %";
const COUNT: &str = "events";
const U16: i64 = u16::MAX as i64;
const ALL: i64 = 10_000;

/// Ten years.
const LONGEST_MS: i64 = 315_360_000_000;

const fn rule(path: &'static str, unit: &'static str, (least, most): (i64, i64), text: &'static str) -> Rule {
    Rule { path, unit, least, most, text }
}

/// Every rule, in the order of the file.
const RULES: [Rule; 19] = [
    rule("appeal_ms", MS, (0, LONGEST_MS), "Time after a flag or a freeze in which the subject may appeal."),
    rule("report_ms", MS, (0, LONGEST_MS), "Time after an event's window in which evidence about it may be reported."),
    rule("cases_max", "cases", (0, 32), "Most cases that the walk over one event opens."),
    rule("usual_weight", BP, (1, ALL), "Weight of the newest event in what is usual."),
    rule("usual_events", COUNT, (0, U16), "Events before a mean says what is usual."),
    rule(
        "capacity_events",
        COUNT,
        (0, U16),
        "Events in a row that asked for capacity_share of a registered capacity and did not get it; 0 switches it off.",
    ),
    rule("capacity_share", BP, (1, ALL), "Share of the registered capacity that proves it."),
    rule(
        "withheld_below",
        BP,
        (0, ALL),
        "Share of what an organisation usually offers and has free, below which it withholds; 0 switches it off.",
    ),
    rule(
        "marginal_events",
        COUNT,
        (0, U16),
        "Events in a row whose marginal bucket one organisation holds; 0 switches it off.",
    ),
    rule("marginal_share", BP, (5_001, ALL), "Share of the marginal bucket that holds it."),
    rule(
        "alike_segments",
        "offers",
        (0, U16),
        "Least number of offers that two organisations share or mirror; 0 switches it off.",
    ),
    rule("share_max", BP, (0, ALL), "Greatest share of the awarded watts in one hand; 0 switches it off."),
    rule("hhi_max", BP, (0, ALL), "Greatest sum of the squares of all shares (HHI); 0 switches it off."),
    rule(
        "baseline_ratio",
        BP,
        (0, 100_000),
        "Greatest ratio of a baseline to the resource's usual one, from 10000; 0 switches it off.",
    ),
    rule("feeder_loss", BP, (0, ALL), "Greatest difference between a feeder and its nodes; 0 switches it off."),
    rule(
        "range_slack",
        BP,
        (0, ALL),
        "How far a load may lie beyond its registered range, of the range's span; 0 switches it off.",
    ),
    rule(
        "constant_intervals",
        "intervals",
        (0, U16),
        "Least number of intervals with one delivery to the watt; 0 switches it off.",
    ),
    rule("readings_below", BP, (0, ALL), "Share of the due readings below which too few are there; 0 switches it off."),
    rule(
        "identical_intervals",
        "intervals",
        (0, U16),
        "Least number of intervals in which two resources of one owner are the same to the watt; 0 switches it off.",
    ),
];

/// Rules from the text of a TOML or JSON file; what `rules --json` printed is taken too.
///
/// # Errors
/// A sentence that names the rule that is missing, unknown or out of range.
pub fn parse(text: &str, is_json: bool) -> Result<SupervisionRules, String> {
    let rules: Value = if is_json {
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?
    } else {
        toml::from_str(text).map_err(|error| format!("it is no TOML: {error}"))?
    };
    let fields = rules.as_object().ok_or("it holds no rules")?;
    if let Some(stray) = fields.keys().find(|name| RULES.iter().all(|rule| rule.path != *name)) {
        return Err(format!("{stray} is no rule of supervision"));
    }
    RULES.iter().try_for_each(|rule| rule.check(&rules).map(drop))?;
    let rules: SupervisionRules = serde_json::from_value(rules).map_err(|error| error.to_string())?;
    // The one range with a hole: a ratio below one would find everything.
    match rules.is_sound() {
        true => Ok(rules),
        false => Err(format!("baseline_ratio = {}: it must be 0, or at least 10000 ({BP})", rules.baseline_ratio.0)),
    }
}

/// The rules as the file that [`parse`] reads, each with its meaning.
pub fn to_toml(rules: &SupervisionRules) -> String {
    let shown = json!(rules);
    let lines = RULES.iter().map(|rule| format!("{}{} = {}", rule.comment(), rule.path, shown[rule.path]));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_back_and_names_every_rule() {
        // GIVEN the rules to begin with, as TOML and as JSON THEN both read back
        let plain = SupervisionRules::plain();
        assert_eq!(parse(&to_toml(&plain), false), Ok(plain.clone()));
        assert_eq!(parse(&json!(plain).to_string(), true), Ok(plain.clone()));
        // AND the table knows every rule that the chain has
        assert_eq!(json!(plain).as_object().map(|fields| fields.len()), Some(RULES.len()));
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_named() {
        let text = to_toml(&SupervisionRules::plain());
        let told = |from: &str, to: &str| parse(&text.replace(from, to), false).expect_err("unsound");
        // GIVEN a share above one, a ratio below one, a slip of the pen, and a rule left out THEN each is named
        assert!(told("share_max = 7000", "share_max = 10001").contains("share_max = 10001: it must be"));
        assert!(told("baseline_ratio = 15000", "baseline_ratio = 9999").contains("0, or at least 10000"));
        assert!(told("hhi_max", "hhi_min").contains("hhi_min is no rule of supervision"));
        assert!(told("appeal_ms = 604800000", "").contains("appeal_ms is missing"));
    }
}
