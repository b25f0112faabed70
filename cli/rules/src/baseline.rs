//! The baseline section of a programme's file: one method, with the numbers that it takes.

use super::{
    sentence,
    table::{Rule, BASELINE},
};
use loadstone_market::BaselineMethod;
use serde_json::Value;

/// Where it stands in the file.
pub const SECTION: &str = "baseline";

/// What the section must be.
const METHODS: &str =
    "one of the sections baseline.meter_before, baseline.metered, baseline.mean_of_days and baseline.same_day";

/// What fields say that are no numbers.
const WORDS: [(&str, &str); 5] = [
    ("which", "Which of the days that count are kept: \"highest\", \"middle\", \"lowest\", or those most like the event's day, as a section similar with margin_ms."),
    ("is_like_days", "Whether only days of the event day's kind count, working days or others."),
    ("holidays", "Weekdays on which nobody works: a list of days since 1970-01-01 in rising order, at most 64."),
    ("workdays", "Days of a weekend on which people work: a list as above."),
    ("utc_offset_minutes", "Local time less UTC, in minutes: -840 to 840 (China: 480)."),
];

/// Whether the section names one method, whole and with every number in its range.
///
/// # Errors
/// A sentence that names what is missing, unknown or out of range.
pub fn check(rules: &Value) -> Result<(), String> {
    let section = rules.get(SECTION).ok_or_else(|| format!("{SECTION} is missing: it must be {METHODS}"))?;
    let methods = section.as_object().filter(|methods| methods.len() == 1);
    let method =
        methods.and_then(|methods| methods.keys().next()).ok_or_else(|| format!("{SECTION} must be {METHODS}"))?;
    let prefix = format!("{SECTION}.{method}.");
    for rule in BASELINE.iter().filter(|rule| rule.path.starts_with(&prefix)) {
        // What an optional part asks for is asked only where the part is there.
        let is_asked =
            rule.path.rsplit_once('.').is_some_and(|(part, _)| find(rules, part).is_some_and(Value::is_object));
        if is_asked {
            rule.check(rules)?;
        }
    }
    let parsed: Result<BaselineMethod, _> = serde_json::from_value(section.clone());
    parsed.map(drop).map_err(|error| format!("{SECTION}: {error}"))
}

fn find<'a>(rules: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(rules, |value, part| value.get(part))
}

/// The section as a file holds it, each field with its meaning.
pub fn shown(rules: &Value) -> String {
    let mut text = format!("\n# How the load without regulation is estimated (docs/market.md):\n# {METHODS}.\n");
    show(&mut text, SECTION, &rules[SECTION]);
    text
}

/// One section and those in it: fields first, as TOML wants it.
fn show(text: &mut String, path: &str, section: &Value) {
    let Some(fields) = section.as_object() else { return };
    let (sections, fields): (Vec<_>, Vec<_>) =
        fields.iter().filter(|(_, value)| !value.is_null()).partition(|(_, value)| value.is_object());
    if !fields.is_empty() || sections.is_empty() {
        text.push_str(&format!("\n[{path}]\n"));
    }
    for (name, value) in fields {
        text.push_str(&format!("{}{name} = {value}\n", meaning(&format!("{path}.{name}"), name)));
    }
    for (name, value) in sections {
        show(text, &format!("{path}.{name}"), value);
    }
}

fn meaning(path: &str, name: &str) -> String {
    let number = BASELINE.iter().find(|rule| rule.path == path).map(Rule::comment);
    let word = WORDS.iter().find(|(word, _)| *word == name).map(|(_, text)| format!("# {}\n", sentence(text)));
    number.or(word).unwrap_or_default()
}
