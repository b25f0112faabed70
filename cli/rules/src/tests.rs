//! Rules are read as they are shown, and a rule that makes no sense is named.

use super::*;
use loadstone_core::{AreaId, BasisPoints, Millis, Name, Price, Watts};
use loadstone_market::{Areas, BaselineMethod, DeviationRule, Pricing, Product, ScoreRule, SplitRule};

/// Rules that differ from the template everywhere.
fn programme() -> Programme {
    Programme {
        name: Name::truncate_from(b"Say \"when\" \\ \xe5\x89\x8a\xe5\xb3\xb0".to_vec()),
        product: Product::ValleyFilling,
        areas: Areas::truncate_from(vec![AreaId(2), AreaId(7)]),
        from: Millis(12),
        until: Millis(13),
        intervals_max: 14,
        credit_min: BasisPoints(20),
        credit_rank_floor: BasisPoints(9_927),
        reserve: BasisPoints(28),
        performance_max: BasisPoints(15),
        price_floor: Price(100),
        price_cap: Price(1_000_100),
        price_tick: Price(1_000),
        bid_min: Watts(7),
        pricing: Pricing::PayAsBid,
        settlement_interval_ms: 10_001,
        reveal_ms: 2_001,
        baseline: BaselineMethod::MeterBefore { readings: 11 },
        score: ScoreRule {
            own_weight: BasisPoints(1),
            response_standard_ms: u32::MAX,
            rate_standard: BasisPoints(3),
            precision_standard: BasisPoints(4),
            credit_weight: BasisPoints(5),
            default_below: BasisPoints(21),
            bar_after: 22,
            bar_days: 23,
            valid_from: BasisPoints(26),
            doubtful_from: BasisPoints(25),
            doubtful_weight: BasisPoints(24),
        },
        deviation: DeviationRule {
            full_until: BasisPoints(10_006),
            over_share: BasisPoints(7),
            over_until: BasisPoints(10_007),
            void_beyond: BasisPoints(16),
            shortfall_from: BasisPoints(18),
            penalty_below: BasisPoints(17),
            penalty_factor: BasisPoints(9),
            deep_below: BasisPoints(8),
            deep_factor: BasisPoints(19),
        },
        split: SplitRule { floor: Price(29), share: BasisPoints(30) },
        pot: 31,
        grace_ms: 3_001,
        dispute_ms: 4_001,
        hearing_ms: 4_002,
        dispute_bond: 32,
    }
}

fn refused(text: &str) -> String {
    parse(text, false).expect_err("unsound")
}

/// The template with another value for the rule at `path`.
fn bent(path: &str, value: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let bend =
        |line: &str| if line.starts_with(&format!("{key} =")) { format!("{key} = {value}") } else { line.into() };
    template().lines().map(bend).collect::<Vec<String>>().join("\n")
}

#[test]
fn what_is_shown_can_be_published() {
    // GIVEN rules with awkward letters in their name
    let rules = programme();
    // THEN the shown TOML gives them back
    assert_eq!(parse(&to_toml(&rules), false), Ok(rules.clone()));
    // AND so does the JSON, bare or as `show --json` wraps it
    let bare = json!(rules);
    assert_eq!(parse(&bare.to_string(), true), Ok(rules.clone()));
    let mut named = bare;
    named["name"] = json!(String::from_utf8_lossy(&rules.name));
    let wrapped = json!({ "programme": 1, "version": 2, "rules": named });
    assert_eq!(parse(&wrapped.to_string(), true), Ok(rules));
}

#[test]
fn the_template_is_sound_and_explains_every_rule() {
    // GIVEN the template
    let text = template();
    let rules = parse(&text, false).expect("sound");
    assert!(rules.is_sound());
    // THEN each number of the chain's type stands in the table, and each rule says unit and range
    let count = |text: &str| text.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count();
    assert_eq!(count(&text), RULES.len() + WORDS.len() + 3);
    for rule in &RULES {
        assert!(text.contains(rule.text) && text.contains(&rule.range()), "{}", rule.path);
        assert!(rule.find(&json!(rules)).is_some_and(Value::is_number), "{}", rule.path);
    }
    // AND it fits a narrow terminal's help
    assert!(text.lines().all(|line| line.len() <= 140), "{text}");
}

#[test]
fn each_rule_is_held_to_its_range_as_the_chain_holds_it() {
    for rule in &RULES {
        // GIVEN the greatest and the least value THEN both are in range
        for value in [rule.least, rule.most] {
            let text = bent(rule.path, &value.to_string());
            let parsed = parse(&text, false);
            let in_range = parsed.is_ok() || !parsed.is_err_and(|error| error.contains("whole number"));
            assert!(in_range, "{} = {value}", rule.path);
        }
        // GIVEN a value beyond, or no number THEN the rule is named with its range
        let below = rule.least.checked_sub(1).map(|value| value.to_string());
        let above = rule.most.checked_add(1).map(|value| value.to_string());
        let others = ["1.5".to_owned(), "\"many\"".to_owned()];
        for value in below.into_iter().chain(above).chain(others) {
            let text = refused(&bent(rule.path, &value));
            assert!(text.contains(rule.path) && text.contains(&rule.range()), "{value}: {text}");
        }
    }
}

#[test]
fn a_rule_that_is_missing_or_unknown_is_named() {
    // GIVEN a file without one of the rules
    for rule in &RULES {
        let key = rule.path.rsplit('.').next().unwrap_or(rule.path);
        let lines = template();
        let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with(&format!("{key} ="))).collect();
        // THEN that rule is named
        let text = refused(&lines.join("\n"));
        assert!(text.contains(rule.path) && text.contains("missing"), "{text}");
    }
    // GIVEN words that are missing, wrong or too long THEN they are named
    assert!(refused(&bent("name", "7")).contains("name = 7"));
    assert!(refused(&bent("name", &format!("\"{}\"", "n".repeat(65)))).contains("64 bytes"));
    assert!(refused(&bent("pricing", "\"free\"")).contains("pay_as_bid"));
    assert!(refused(&bent("product", "7")).contains("valley_filling"));
    assert!(refused(&bent("areas", "[2, 2]")).contains("greater"));
    assert!(refused(&bent("areas", "[65_536]")).contains("at most 64"));
    // GIVEN a slip in a rule's name, a section that is a number, no rules at all THEN each is told
    assert!(refused(&template().replace("grace_ms", "grace_s")).contains("grace_s is no rule"));
    assert!(refused("score = 7").contains("score must be a section"));
    assert!(parse("[]", true).expect_err("a list").contains("no rules"));
    assert!(refused("price = = 3").contains("no TOML"));
}

#[test]
fn prices_must_make_sense_together() {
    // GIVEN a cap below the floor THEN both are named
    let text = refused(&bent("price_floor", "3_000_001"));
    assert!(text.contains("price_cap = 3000000 is below price_floor = 3000001"), "{text}");
    // GIVEN bands that cross, or an end before the beginning THEN both are named
    let text = refused(&bent("deep_below", "9_001"));
    assert!(text.contains("penalty_below = 9000 is below deviation.deep_below = 9001"), "{text}");
    let text = refused(&bent("from", "5").replace("until = 0", "until = 5"));
    assert!(text.contains("until = 5 is not after from = 5"), "{text}");
    // GIVEN a tick that makes 1,024 prices THEN it passes, and one price more is refused
    assert!(parse(&bent("price_tick", "2_930"), false).is_ok());
    let text = refused(&bent("price_tick", "2_929"));
    assert!(text.contains("price_tick = 2929 makes 1025 prices"), "{text}");
}

#[test]
fn ranks_that_have_no_bucket_are_explained() {
    // GIVEN a floor of credit between nothing and a tenth THEN its range is named
    assert!(refused(&bent("credit_rank_floor", "500")).contains("it must be 0, or 1000 to 10000"));
    // GIVEN one that raises prices beyond the buckets THEN both remedies are named
    let text = refused(&bent("price_tick", "5_000").replace("credit_rank_floor = 0", "credit_rank_floor = 2_000"));
    assert!(text.contains("makes 3001 ranks") && text.contains("price_tick or a greater credit_rank_floor"), "{text}");
}

#[test]
fn every_preset_is_sound_and_names_its_source() {
    // GIVEN the programmes that come with the repository
    let folder = "../../chain-specs/programmes";
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let mut names = Vec::new();
    for file in files {
        // THEN each is sound, says where it is from, and survives being shown
        let text = std::fs::read_to_string(&file).expect("text");
        let rules = parse(&text, false).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(parse(&to_toml(&rules), false), Ok(rules.clone()));
        assert!(text.starts_with("# ") && (text.contains("grade S") || text.contains("ours")), "{}", file.display());
        names.push(rules.name);
    }
    // AND none is another one's copy
    names.sort();
    assert!(names.len() >= 8 && names.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_baseline_is_one_method_with_its_numbers() {
    // GIVEN the template with another baseline section
    let whole = template();
    let (before, rest) = whole.split_once("[baseline.meter_before]").expect("the template's");
    let after = &rest[rest.find("\n[score]").expect("the next section")..];
    let with = |section: &str| {
        let text = format!("{before}{section}{after}");
        text.replace("settlement_interval_ms = 900000", "settlement_interval_ms = 3600000")
    };
    let same_day =
        "[baseline.same_day]\nleast_read = 1\nbefore_ms = 10\nskip_before_ms = 0\nafter_ms = 10\nskip_after_ms = 0\n";
    // THEN a whole one is taken, and shown with what its fields mean
    let rules = parse(&with(same_day), false).expect("sound");
    assert!(to_toml(&rules)
        .contains("# Length of the time before the event. Milliseconds: 1 to 86400000.\nbefore_ms = 10\n"));
    // AND none, two, an unknown one, and one with a field missing, too many or out of range are named
    assert!(refused(&with("")).contains("baseline is missing"));
    assert!(
        refused(&with("[baseline.meter_before]\nreadings = 1\n[baseline.same_day]\n")).contains("one of the sections")
    );
    assert!(refused(&with("[baseline.best_guess]\n")).contains("unknown variant `best_guess`"));
    assert!(refused(&with(&same_day.replace("after_ms = 10\n", ""))).contains("after_ms"));
    assert!(refused(&with(&format!("{same_day}colour = 1\n"))).contains("unknown field `colour`"));
    assert!(refused(&with(&same_day.replace("least_read = 1", "least_read = 0")))
        .contains("baseline.same_day.least_read = 0"));
    // AND hours after the event that no cut-off waits for make no sense
    assert!(refused(&with(&same_day.replace("after_ms = 10\n", "after_ms = 60_001\n"))).contains("no sense together"));
}
