//! The rules of a programme as a file: what each means, and which values it may take.
//!
//! One table serves reading, checking, showing and explaining, so that none of them can say what
//! another does not.

mod baseline;
pub mod supervision;
mod table;

use loadstone_core::{BasisPoints, Price};
use loadstone_market::{clearing::rank, Programme, Ranks, MAX_PRICE_BUCKETS, MAX_PROGRAMME_AREAS};
use serde_json::{json, Value};
use table::{Rule, Word, MICRO, RULES, WORDS};

/// Longest name in bytes.
const NAME_BYTES: usize = 64;

/// Behind this rule stand those that are words or lists.
const WORDS_BEFORE: &str = "from";

/// What `areas` must be.
const AREAS: &str = "a list of at most 64 areas' numbers in rising order; an empty one for every area";

impl Word {
    fn check(&self, rules: &Value) -> Result<(), String> {
        let Word { name, meanings, .. } = self;
        let all: Vec<String> = meanings.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let all = all.join(", ");
        match rules.get(name) {
            Some(Value::String(found)) if meanings.iter().any(|(word, _)| word == found) => Ok(()),
            Some(other) => Err(format!("{name} = {other}: it must be one of {all}")),
            None => Err(format!("{name} is missing (one of {all})")),
        }
    }

    /// The word as in `rules`, with the meanings of all.
    fn shown(&self, rules: &Value) -> String {
        let mut text = format!("# {}\n", self.text);
        for (word, meaning) in self.meanings {
            text.push_str(&format!("#   \"{word}\": {meaning}\n"));
        }
        text + &format!("{} = {}\n", self.name, rules[self.name])
    }
}

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

    /// What it does, in a line for a file.
    fn comment(&self) -> String {
        format!("# {} {}: {}.\n", self.text, sentence(self.unit), self.range())
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
    RULES.iter().try_for_each(|rule| rule.check(&rules).map(drop))?;
    baseline::check(&rules)?;
    check_together(&rules)?;
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
            _ if path == baseline::SECTION => {}
            Value::Object(_) if is_section => check_known(value, &path)?,
            _ if is_section => return Err(format!("{path} must be a section of rules")),
            _ if RULES.iter().any(|rule| rule.path == path) => {}
            _ if WORDS.iter().any(|word| word.name == path) || path == "name" || path == "areas" => {}
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
    WORDS.iter().try_for_each(|word| word.check(rules))?;
    let areas = rules.get("areas").ok_or_else(|| format!("areas is missing ({AREAS})"))?;
    let are_ids = |areas: &Vec<Value>| areas.iter().all(|id| id.as_u64().is_some_and(|id| id <= u16::MAX.into()));
    match areas.as_array().filter(|areas| are_ids(areas) && areas.len() <= MAX_PROGRAMME_AREAS as usize) {
        Some(ids) if ids.windows(2).all(|pair| pair[0].as_u64() < pair[1].as_u64()) => Ok(()),
        Some(_) => Err(format!("areas = {areas}: each must be greater than the one before")),
        None => Err(format!("areas = {areas}: it must be {AREAS}")),
    }
}

/// Numbers that are in range by themselves make sense together.
fn check_together(rules: &Value) -> Result<(), String> {
    let number = |path: &str| RULES.iter().find(|rule| rule.path == path)?.find(rules)?.as_i64();
    for (lesser, greater) in table::RISING {
        if let (Some(less), Some(more)) = (number(lesser), number(greater)) {
            if less > more {
                return Err(format!("{greater} = {more} is below {lesser} = {less}"));
            }
        }
    }
    match (number("from"), number("until")) {
        (Some(from), Some(until @ 1..)) if until <= from => {
            return Err(format!("until = {until} is not after from = {from} (Unix milliseconds; 0 for no end)"));
        }
        _ => {}
    }
    let (Some(floor), Some(cap), Some(tick)) = (number("price_floor"), number("price_cap"), number("price_tick"))
    else {
        return Ok(());
    };
    let prices = cap.saturating_sub(floor).checked_div(tick).unwrap_or(i64::MAX).saturating_add(1);
    if prices > i64::from(MAX_PRICE_BUCKETS) {
        return Err(format!(
            "price_tick = {tick} makes {prices} prices between floor {floor} and cap {cap}; \
             at most {MAX_PRICE_BUCKETS} are possible ({MICRO})"
        ));
    }
    check_ranks((floor, cap, tick), number("credit_rank_floor").unwrap_or_default())
}

/// A price that credit has raised must find a bucket, too.
fn check_ranks((floor, cap, tick): (i64, i64, i64), least: i64) -> Result<(), String> {
    if (1..1_000).contains(&least) {
        return Err(format!("credit_rank_floor = {least}: it must be 0, or 1000 to 10000 (basis points)"));
    }
    let price = |value: i64| Price(u64::try_from(value).unwrap_or_default());
    let credit = if least == 0 { BasisPoints::ONE } else { BasisPoints(u32::try_from(least).unwrap_or_default()) };
    let dearest = rank(price(cap), credit, &Ranks { from: price(floor), step: price(tick) });
    let ranks =
        dearest.0.saturating_sub(price(floor).0).checked_div(price(tick).0).unwrap_or(u64::MAX).saturating_add(1);
    if ranks > u64::from(MAX_PRICE_BUCKETS) {
        return Err(format!(
            "credit_rank_floor = {least} makes {ranks} ranks of prices up to {cap} in steps of {tick}; at most \
             {MAX_PRICE_BUCKETS} are possible: take a greater price_tick or a greater credit_rank_floor"
        ));
    }
    Ok(())
}

/// A file to begin with.
pub fn template() -> String {
    to_toml(&Programme::plain())
}

/// The rules as the file that [`parse`] reads, each with its meaning.
pub fn to_toml(rules: &Programme) -> String {
    let shown = json!(rules);
    let name = toml::Value::String(String::from_utf8_lossy(&rules.name).into_owned());
    let mut text = format!("# Shown to people. Text, at most {NAME_BYTES} bytes.\nname = {name}\n");
    let mut section = "";
    for rule in &RULES {
        let (inside, key) = rule.path.rsplit_once('.').unwrap_or(("", rule.path));
        if inside != section {
            if section.is_empty() {
                text.push_str(&baseline::shown(&shown));
            }
            text.push_str(&format!("\n[{inside}]\n"));
            section = inside;
        }
        if rule.path == WORDS_BEFORE {
            WORDS.iter().for_each(|word| text.push_str(&word.shown(&shown)));
            text.push_str(&format!("# Where it is bought: {AREAS}.\nareas = {}\n", shown["areas"]));
        }
        let value = rule.find(&shown).map(Value::to_string).unwrap_or_default();
        text.push_str(&format!("{}{key} = {value}\n", rule.comment()));
    }
    text.trim_end().to_owned()
}

/// `text` with a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
