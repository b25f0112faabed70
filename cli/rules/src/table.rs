//! Every rule of a programme: where it stands in a file, what it counts, its range, and what it does.

use loadstone_market::MAX_PRICE;

/// Greatest value of a rule that fills a u32.
const U32: i64 = u32::MAX as i64;

/// Greatest price in micro-yuan per kWh.
const PRICE: i64 = MAX_PRICE as i64;

/// A rule that is a number.
pub struct Rule {
    /// Where it stands: sections and name with dots between.
    pub path: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Least value.
    pub least: i64,
    /// Greatest value.
    pub most: i64,
    /// What it does.
    pub text: &'static str,
}

/// A rule that is a word.
pub struct Word {
    /// What it is called.
    pub name: &'static str,
    /// What it does.
    pub text: &'static str,
    /// The words that it may be, and what they mean.
    pub meanings: &'static [(&'static str, &'static str)],
}

const fn rule(path: &'static str, unit: &'static str, (least, most): (i64, i64), text: &'static str) -> Rule {
    Rule { path, unit, least, most, text }
}

/// Unit of prices.
pub const MICRO: &str = "micro-yuan per kWh";
const MS: &str = "milliseconds";
const UNIX: &str = "Unix milliseconds";
const BP: &str = "basis points, 10000 = 100 %";
const QUOTA: &str = "basis points of the quota";
const TIMES: &str = "basis points of the award's price";

/// A day.
const HOURS: i64 = 86_400_000;
const READ: &str = "Share of an interval's seconds that must be read for its load to be known.";

/// Every word, in the order of the file.
pub const WORDS: [Word; 2] = [
    Word {
        name: "product",
        text: "What is bought.",
        meanings: &[
            ("contracted", "capacity for a season, called when needed"),
            ("day_ahead", "invited on the day before"),
            ("intraday", "bought within the day"),
            ("emergency", "called at once"),
            ("valley_filling", "more consumption in hours of low load"),
        ],
    },
    Word {
        name: "pricing",
        text: "What a cleared watt is paid.",
        meanings: &[
            ("uniform", "every award at the marginal price"),
            ("pay_as_bid", "each award at its own price"),
            ("bilateral", "the price that buyer and seller agree on, in contracts instead of bids"),
        ],
    },
];

/// Every number, in the order of the file.
pub const RULES: [Rule; 40] = [
    rule("from", UNIX, (0, i64::MAX), "No event under these rules starts before."),
    rule("until", UNIX, (0, i64::MAX), "No event under these rules ends after; 0 for no end."),
    rule("intervals_max", "settlement intervals", (1, 96), "Longest window of an event."),
    rule("price_floor", MICRO, (0, PRICE), "Least price of a bid; the cap, where the programme fixes the price."),
    rule("price_cap", MICRO, (0, PRICE), "Greatest price of a bid; bonds are held at it."),
    rule("price_tick", MICRO, (1, i64::MAX), "Step between prices: floor, floor + tick, ..., cap; at most 1024."),
    rule("bid_min", "watts", (1, i64::MAX), "Least that one resource may offer in all."),
    rule("credit_min", BP, (0, 10_000), "Least credit of a resource that bids; newcomers may. 0 for no such gate."),
    rule(
        "credit_rank_floor",
        BP,
        (0, 10_000),
        "Least credit that a price is divided by to rank a bid, 1000 or more; 0 to rank by price alone.",
    ),
    rule(
        "reserve",
        "basis points of the peak need",
        (0, 20_000),
        "Reserve that is bought beyond the need; 0 for none.",
    ),
    rule("performance_max", BP, (0, 100_000), "Greatest K index that scales pay; 0 where pay does not depend on it."),
    rule("settlement_interval_ms", MS, (1_000, 3_600_000), "Length of a settlement interval."),
    rule("reveal_ms", MS, (0, U32), "Time to reveal bids after gate closure."),
    rule("grace_ms", MS, (0, U32), "Time after the window in which late readings still count."),
    rule("dispute_ms", MS, (0, U32), "Time after scoring in which a participant may dispute."),
    rule("hearing_ms", MS, (0, U32), "Time after that in which disputes are heard."),
    rule("dispute_bond", "micro-yuan", (0, i64::MAX), "What a dispute costs where the record stands."),
    rule(
        "pot",
        "micro-yuan",
        (0, i64::MAX),
        "Most that all events under this version may cost together; 0 for no limit.",
    ),
    rule("score.own_weight", BP, (0, 10_000), "Weight of own accuracy; the rest goes to the rank against the median."),
    rule("score.response_standard_ms", MS, (1, U32), "Response time that scores zero."),
    rule("score.rate_standard", "basis points of the quota per second", (1, U32), "Standard ramp rate."),
    rule("score.precision_standard", QUOTA, (1, U32), "Error that scores zero."),
    rule(
        "score.credit_weight",
        BP,
        (0, 10_000),
        "Weight of the newest event in the standing; the rest stays with the past.",
    ),
    rule("score.default_below", BP, (0, 10_000), "Accuracy below which an event is a default."),
    rule("score.bar_after", "defaults in a row", (0, 255), "So many bar a resource from bidding; 0 for no such rule."),
    rule("score.bar_days", "days", (0, 65_535), "For so long from the end of the last of these events."),
    rule("score.valid_from", BP, (0, 10_000), "Share of valid readings from which data is valid."),
    rule(
        "score.doubtful_from",
        BP,
        (0, 10_000),
        "Share from which it is doubtful; below, invalid. At most valid_from.",
    ),
    rule("score.doubtful_weight", BP, (0, 10_000), "What doubtful data counts for where it would raise a standing."),
    rule("deviation.full_until", QUOTA, (10_000, 20_000), "Up to here delivery counts in full."),
    rule("deviation.over_share", BP, (0, 10_000), "Share of the delivery above that which still counts."),
    rule("deviation.over_until", QUOTA, (10_000, 100_000), "Up to here delivery counts at all."),
    rule(
        "deviation.void_beyond",
        QUOTA,
        (0, 10_000),
        "A greater deviation leaves the interval unpaid; 0 for no such limit.",
    ),
    rule("deviation.shortfall_from", QUOTA, (0, 10_000), "From here the shortfall of a punished interval counts."),
    rule("deviation.penalty_below", QUOTA, (0, 10_000), "Below this a penalty is due."),
    rule("deviation.penalty_factor", TIMES, (0, 100_000), "What missing energy costs then."),
    rule("deviation.deep_below", QUOTA, (0, 10_000), "Below this the deep penalty is due instead; 0 for none."),
    rule("deviation.deep_factor", TIMES, (0, 100_000), "What missing energy costs then."),
    rule("split.floor", MICRO, (0, PRICE), "What a resource's customer gets first for each kWh that is paid."),
    rule("split.share", BP, (0, 10_000), "The customer's share of what is paid beyond that."),
];

/// Every number of every baseline method.
pub const BASELINE: [Rule; 19] = [
    rule(
        "baseline.meter_before.readings",
        "readings",
        (1, 3_600),
        "How many readings before the event make its baseline.",
    ),
    rule("baseline.mean_of_days.least_read", BP, (1, 10_000), READ),
    rule("baseline.mean_of_days.rule.days", "days", (1, 45), "Newest eligible days that count (Y)."),
    rule("baseline.mean_of_days.rule.keep", "days", (1, 45), "How many of them are kept (X)."),
    rule("baseline.mean_of_days.rule.days_min", "days", (1, 45), "Fewest days without which there is no baseline."),
    rule("baseline.mean_of_days.rule.skip", "days", (0, 89), "Days directly before the event's that do not count."),
    rule("baseline.mean_of_days.rule.look_back", "calendar days", (1, 90), "Oldest day that counts."),
    rule(
        "baseline.mean_of_days.rule.least_share",
        BP,
        (0, 10_000),
        "A day of less load, as a share of the mean of all, gives way to an older one; 0 for no such rule.",
    ),
    rule(
        "baseline.mean_of_days.rule.which.similar.margin_ms",
        MS,
        (0, HOURS),
        "Compared until so long before the event.",
    ),
    rule("baseline.mean_of_days.adjustment.window.length_ms", MS, (0, HOURS), "Hours in which the day is compared."),
    rule("baseline.mean_of_days.adjustment.window.ends_before_ms", MS, (0, HOURS), "Time from their end to the event."),
    rule(
        "baseline.mean_of_days.adjustment.by.difference.limit",
        BP,
        (0, 50_000),
        "Greatest shift, as a share of the mean.",
    ),
    rule("baseline.mean_of_days.adjustment.by.ratio.least", BP, (0, 10_000), "Least factor."),
    rule("baseline.mean_of_days.adjustment.by.ratio.most", BP, (10_000, 50_000), "Greatest factor."),
    rule("baseline.same_day.least_read", BP, (1, 10_000), READ),
    rule("baseline.same_day.before_ms", MS, (1, HOURS), "Length of the time before the event."),
    rule("baseline.same_day.skip_before_ms", MS, (0, HOURS), "Time from its end to the event's start."),
    rule("baseline.same_day.after_ms", MS, (0, HOURS), "Length of the time after the event; 0 for none."),
    rule("baseline.same_day.skip_after_ms", MS, (0, HOURS), "Time from the event's end to its start."),
];

/// Pairs of rules of which the second may not be less than the first.
pub const RISING: [(&str, &str); 6] = [
    ("price_floor", "price_cap"),
    ("score.doubtful_from", "score.valid_from"),
    ("deviation.full_until", "deviation.over_until"),
    ("deviation.penalty_below", "deviation.shortfall_from"),
    ("deviation.deep_below", "deviation.penalty_below"),
    ("deviation.penalty_factor", "deviation.deep_factor"),
];
