//! The rules of a programme as a file: what each means, and which values it may take.
//!
//! One table serves reading, checking, showing and explaining, so that none of them can say what
//! another does not.

use anyhow::Result;
use loadstone_market::{Programme, MAX_PRICE, MAX_PRICE_BUCKETS};
use serde_json::{json, Value};

/// Greatest value of a rule that fills a u32.
const U32: i64 = u32::MAX as i64;

/// Greatest price in micro-yuan per kWh.
const PRICE: i64 = MAX_PRICE as i64;

/// Longest name in bytes.
const NAME_BYTES: usize = 64;

/// A rule that is a number.
struct Rule {
    /// Where it stands: sections and name with dots between.
    path: &'static str,
    /// What it counts.
    unit: &'static str,
    least: i64,
    most: i64,
    /// What it does.
    text: &'static str,
    /// Value in the template.
    example: i64,
}

const fn rule(
    path: &'static str,
    unit: &'static str,
    (least, most): (i64, i64),
    example: i64,
    text: &'static str,
) -> Rule {
    Rule { path, unit, least, most, text, example }
}

const MICRO: &str = "micro-yuan per kWh";
const MS: &str = "milliseconds";
const BP: &str = "basis points, 10000 = 100 %";

/// Every number, in the order of the file.
const RULES: [Rule; 18] = [
    rule("price_floor", MICRO, (0, PRICE), 0, "Least price of a bid."),
    rule("price_cap", MICRO, (0, PRICE), 3_000_000, "Greatest price of a bid; bonds are held at it."),
    rule(
        "price_tick",
        MICRO,
        (1, i64::MAX),
        50_000,
        "Step between prices: floor, floor + tick, ..., cap; at most 1024.",
    ),
    rule("bid_min", "watts", (1, i64::MAX), 1_000, "Least that one resource may offer in all."),
    rule("settlement_interval_ms", MS, (1_000, 3_600_000), 900_000, "Length of a settlement interval."),
    rule("reveal_ms", MS, (0, U32), 60_000, "Time to reveal bids after gate closure."),
    rule("grace_ms", MS, (0, U32), 60_000, "Time after the window in which late readings still count."),
    rule("dispute_ms", MS, (0, U32), 3_600_000, "Time after scoring in which a participant may dispute."),
    rule(
        "baseline.meter_before.readings",
        "readings",
        (1, 3_600),
        60,
        "How many readings before the event make its baseline.",
    ),
    rule(
        "score.own_weight",
        BP,
        (0, 10_000),
        7_000,
        "Weight of own accuracy; the rest goes to the rank against the median.",
    ),
    rule("score.response_standard_ms", MS, (1, U32), 10_000, "Response time that scores zero."),
    rule("score.rate_standard", "basis points of the quota per second", (1, U32), 1_000, "Standard ramp rate."),
    rule("score.precision_standard", "basis points of the quota", (1, U32), 2_500, "Error that scores zero."),
    rule(
        "score.credit_weight",
        BP,
        (0, 10_000),
        3_000,
        "Weight of the newest event in the standing; the rest stays with the past.",
    ),
    rule(
        "deviation.full_until",
        BP,
        (10_000, 20_000),
        11_000,
        "Share of the quota up to which delivery counts in full.",
    ),
    rule("deviation.over_share", BP, (0, 10_000), 5_000, "Share of the delivery above that which still counts."),
    rule("deviation.penalty_below", BP, (0, 10_000), 9_000, "Share of the quota below which a penalty is due."),
    rule("deviation.penalty_factor", BP, (0, 100_000), 11_000, "Penalty price as a multiple of the award's price."),
];

/// Behind this rule stand those that are words.
const WORDS_AFTER: &str = "bid_min";

impl Rule {
    fn range(&self) -> String {
        match self.most {
            i64::MAX => format!("at least {}", self.least),
            most => format!("{} to {most}", self.least),
        }
    }

    fn find<'a>(&self, rules: &'a Value) -> Option<&'a Value> {
        self.path.split('.').try_fold(rules, |value, part| value.get(part))
    }

    /// The rule's value.
    fn check(&self, rules: &Value) -> Result<i64, String> {
        let (path, unit, range) = (self.path, self.unit, self.range());
        let found = self.find(rules).ok_or_else(|| format!("{path} is missing ({unit}, {range})"))?;
        let value = found.as_i64().filter(|value| (self.least..=self.most).contains(value));
        value.ok_or_else(|| format!("{path} = {found}: it must be a whole number, {range} ({unit})"))
    }
}

/// Rules from the text of a TOML or JSON file. A name is text there and bytes on chain; what `show --json`
/// printed is taken too.
///
/// # Errors
/// A sentence that names the rule that is missing, unknown or out of range.
pub fn parse(text: &str, is_json: bool) -> Result<Programme, String> {
    let parsed: Result<Value, String> = if is_json {
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
    } else {
        toml::from_str(text).map_err(|error| format!("it is no TOML: {error}"))
    };
    let mut rules = match parsed? {
        Value::Object(mut shown) if shown.contains_key("rules") => shown.remove("rules").unwrap_or_default(),
        rules => rules,
    };
    check_known(&rules, "")?;
    check_words(&rules)?;
    let numbers = RULES.iter().map(|rule| rule.check(&rules)).collect::<Result<Vec<_>, _>>()?;
    check_prices(&numbers)?;
    if let Some(name) = rules["name"].as_str().map(str::to_owned) {
        rules["name"] = json!(name.as_bytes());
    }
    let rules: Programme = serde_json::from_value(rules).map_err(|error| error.to_string())?;
    // The chain has the last word; a rule that only it knows is not in the table.
    rules.is_sound().then_some(rules).ok_or_else(|| "the rules make no sense together".into())
}

/// Nothing stands there that is no rule: a slip of the pen in a name must not pass unseen.
fn check_known(rules: &Value, section: &str) -> Result<(), String> {
    let Some(fields) = rules.as_object() else { return Err("it holds no rules".into()) };
    for (name, value) in fields {
        let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        let is_section = RULES.iter().any(|rule| rule.path.starts_with(&format!("{path}.")));
        match value {
            Value::Object(_) if is_section => check_known(value, &path)?,
            _ if is_section => return Err(format!("{path} must be a section of rules")),
            _ if RULES.iter().any(|rule| rule.path == path) || path == "name" || path == "pricing" => {}
            _ => return Err(format!("{path} is no rule of a programme")),
        }
    }
    Ok(())
}

fn check_words(rules: &Value) -> Result<(), String> {
    let name = rules.get("name").ok_or("name is missing (text, at most 64 bytes)")?;
    let bytes = name.as_str().map(str::len).or(name.as_array().map(Vec::len));
    if bytes.is_none_or(|bytes| bytes > NAME_BYTES) {
        return Err(format!("name = {name}: it must be text of at most {NAME_BYTES} bytes"));
    }
    match rules.get("pricing") {
        Some(Value::String(word)) if word == "uniform" || word == "pay_as_bid" => Ok(()),
        Some(other) => Err(format!("pricing = {other}: it must be \"uniform\" or \"pay_as_bid\"")),
        None => Err("pricing is missing (\"uniform\" or \"pay_as_bid\")".into()),
    }
}

/// Floor, cap and tick make sense together.
fn check_prices(numbers: &[i64]) -> Result<(), String> {
    let &[floor, cap, tick, ..] = numbers else { return Ok(()) };
    if cap < floor {
        return Err(format!("price_cap = {cap} is below price_floor = {floor} ({MICRO})"));
    }
    let prices = cap.saturating_sub(floor).checked_div(tick).unwrap_or(i64::MAX).saturating_add(1);
    if prices > i64::from(MAX_PRICE_BUCKETS) {
        return Err(format!(
            "price_tick = {tick} makes {prices} prices between floor {floor} and cap {cap}; \
             at most {MAX_PRICE_BUCKETS} are possible ({MICRO})"
        ));
    }
    Ok(())
}

/// The rules as the file that [`parse`] reads, each with its meaning.
pub fn to_toml(rules: &Programme) -> String {
    let shown = json!(rules);
    let value = |rule: &Rule| rule.find(&shown).map(Value::to_string).unwrap_or_default();
    let pricing = shown["pricing"].as_str().unwrap_or_default().to_owned();
    file(&String::from_utf8_lossy(&rules.name), &pricing, value)
}

/// A file to begin with.
pub fn template() -> String {
    file("Evening peak cut", "uniform", |rule| rule.example.to_string())
}

fn file(name: &str, pricing: &str, value: impl Fn(&Rule) -> String) -> String {
    let name = toml::Value::String(name.to_owned());
    let mut text = format!("# Shown to people. Text, at most {NAME_BYTES} bytes.\nname = {name}\n");
    let mut section = "";
    for rule in &RULES {
        let (inside, key) = rule.path.rsplit_once('.').unwrap_or(("", rule.path));
        if inside != section {
            text.push_str(&format!("\n[{inside}]\n"));
            section = inside;
        }
        let (about, unit, range) = (rule.text, rule.unit, rule.range());
        text.push_str(&format!("# {about} {}: {range}.\n{key} = {}\n", sentence(unit), value(rule)));
        if rule.path == WORDS_AFTER {
            let meaning = "\"uniform\": every award at the marginal price; \"pay_as_bid\": each at its own.";
            text.push_str(&format!("# What a cleared watt is paid. {meaning}\npricing = \"{pricing}\"\n"));
        }
    }
    text.trim_end().to_owned()
}

/// `text` with a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "tests/rules.rs"]
mod tests;
