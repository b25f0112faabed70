//! What each programme is to prove, and the event that fits it. A programme without a line here fails the tests.

use crate::{
    baselines::{Adjust, Baseline, Days, Keep, Window, DAY, HOUR},
    published::Pay,
};
use loadstone_core::{Direction, Millis};
use loadstone_market::{Pricing, Product, Programme};
use std::path::PathBuf;

/// Midnight UTC of Thursday 2021-02-18, around which the meters were read.
const MIDNIGHT: i64 = 1_613_606_400;

/// One programme's line.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its file.
    pub file: &'static str,
    /// What is bought, and how it is paid.
    pub sells: (Product, Pricing),
    pub direction: Direction,
    pub baseline: Baseline,
    pub pay: Pay,
    /// Local time less UTC in hours, and the local hour at which the event begins.
    pub local: (i64, i64),
    /// Settlement intervals.
    pub intervals: i64,
    /// How long before the event it is opened, in minutes.
    pub lead: i64,
    /// Days of readings before it.
    pub history: i64,
    /// Whether the margin is worth less to less credit.
    pub is_graded: bool,
}

/// A day's peak hour in China, opened half an hour before.
const SOON: Case = Case {
    file: "",
    sells: (Product::Intraday, Pricing::Uniform),
    direction: Direction::Down,
    baseline: Baseline::Before(60),
    pay: Pay::Sichuan,
    local: (8, 17),
    intervals: 2,
    lead: 30,
    history: 0,
    is_graded: false,
};

/// An American afternoon.
const PJM: Case = Case { sells: (Product::DayAhead, Pricing::Uniform), pay: Pay::Pjm, local: (-5, 13), ..SOON };

/// The newest working days, all kept.
const WORKING_DAYS: Days = Days {
    newest: 5,
    keep: Keep::Highest(5),
    from: 1,
    is_weekdays: true,
    is_low_dropped: true,
    adjust: Adjust::Nothing,
};

/// Every programme.
pub const CASES: [Case; 19] = [
    // The five highest of ten working days from the second before; opened on the day before.
    Case {
        file: "beijing.toml",
        sells: (Product::DayAhead, Pricing::Uniform),
        baseline: Baseline::Days(Days { newest: 10, from: 2, ..WORKING_DAYS }),
        lead: 19 * 60,
        history: 24,
        ..SOON
    },
    // Ten of ten, times the morning's ratio.
    Case {
        file: "caiso-10-of-10.toml",
        baseline: Baseline::Days(Days {
            newest: 10,
            keep: Keep::Highest(10),
            is_low_dropped: false,
            adjust: Adjust::Ratio,
            ..WORKING_DAYS
        }),
        local: (-8, 13),
        history: 16,
        ..PJM
    },
    // What the charger drew, up to what was agreed; upward.
    Case {
        file: "charging-session.toml",
        sells: (Product::Intraday, Pricing::Bilateral),
        direction: Direction::Up,
        baseline: Baseline::Meter,
        pay: Pay::Meter,
        ..SOON
    },
    // Each offer at its own price.
    Case { file: "cost-compensation.toml", sells: (Product::DayAhead, Pricing::PayAsBid), intervals: 4, ..SOON },
    // Called at once, paid at the margin.
    Case { file: "hainan-emergency.toml", sells: (Product::Emergency, Pricing::Uniform), ..SOON },
    // Load is taken up, at prices of a tenth.
    Case {
        file: "hainan-valley.toml",
        sells: (Product::ValleyFilling, Pricing::Uniform),
        direction: Direction::Up,
        local: (8, 2),
        ..SOON
    },
    // Pay is scaled by K.
    Case { file: "hunan-value-accounting.toml", pay: Pay::Hunan, ..SOON },
    // The last five working days in quarters of an hour; each offer at its own price.
    Case {
        file: "jiangsu-contracted.toml",
        sells: (Product::Contracted, Pricing::PayAsBid),
        baseline: Baseline::Days(WORKING_DAYS),
        intervals: 4,
        lead: 19 * 60,
        history: 16,
        ..SOON
    },
    // A quarter of an hour before; penalties in bands and a cap.
    Case { file: "jiangsu-real-time.toml", baseline: Baseline::Before(900), pay: Pay::TypicalProvince, ..SOON },
    // What a roof feeds in, and a small penalty for much less.
    Case {
        file: "neighbour-trade.toml",
        sells: (Product::Intraday, Pricing::Bilateral),
        baseline: Baseline::Meter,
        pay: Pay::MeterOrTenth,
        ..SOON
    },
    // Load is taken up, and an interval that is far off is void.
    Case {
        file: "north-china-valley.toml",
        sells: (Product::ValleyFilling, Pricing::Uniform),
        direction: Direction::Up,
        pay: Pay::NorthChina,
        local: (8, 2),
        ..SOON
    },
    // The four highest of five, plus what the morning was above them.
    Case {
        file: "pjm-high-4-of-5.toml",
        baseline: Baseline::Days(Days { keep: Keep::Highest(4), adjust: Adjust::Additive, ..WORKING_DAYS }),
        history: 12,
        ..PJM
    },
    // The three days with the most similar morning.
    Case {
        file: "pjm-match-day.toml",
        baseline: Baseline::Days(Days {
            newest: 45,
            keep: Keep::Alike(3),
            is_weekdays: false,
            is_low_dropped: false,
            ..WORKING_DAYS
        }),
        history: 12,
        ..PJM
    },
    // HE13 to HE17: HE9 to HE11, and HE19 and HE20.
    Case {
        file: "pjm-same-day.toml",
        sells: (Product::Intraday, Pricing::Uniform),
        baseline: Baseline::SameDay,
        local: (-5, 12),
        intervals: 5,
        ..PJM
    },
    // Hours, and a pot that suffices.
    Case { file: "quzhou.toml", sells: (Product::DayAhead, Pricing::Uniform), ..SOON },
    // One interval, opened, bid and cleared within minutes.
    Case { file: "real-time-bidding.toml", intervals: 1, lead: 3, ..SOON },
    // A reserve is bought and not called, which changes nobody's award.
    Case { file: "shandong-2018.toml", sells: (Product::DayAhead, Pricing::Uniform), ..SOON },
    // Hours; paid at the margin.
    Case { file: "sichuan.toml", sells: (Product::DayAhead, Pricing::Uniform), ..SOON },
    // Newcomers of the middle grade: the margin is worth four fifths of its rank.
    Case { file: "zhejiang-contracted.toml", sells: (Product::Contracted, Pricing::Uniform), is_graded: true, ..SOON },
];

/// Where programmes stand.
pub fn folder() -> PathBuf {
    // Tests run in their package's folder, in whichever clone they were compiled.
    PathBuf::from("../../chain-specs/programmes")
}

/// The case of a file.
pub fn case(file: &str) -> Case {
    *CASES.iter().find(|case| case.file == file).unwrap_or_else(|| panic!("cases.rs has no line for {file}"))
}

impl Case {
    /// Its rules, read as `loadstone programme publish` reads them.
    pub fn programme(&self) -> Programme {
        let text = std::fs::read_to_string(folder().join(self.file)).expect("the programme's file");
        let rules = loadstone_rules::parse(&text, false).unwrap_or_else(|error| panic!("{}: {error}", self.file));
        assert_eq!((rules.product, rules.pricing), self.sells, "{}", self.file);
        rules
    }

    /// When its event is.
    pub fn window(&self, programme: &Programme) -> Window {
        let (offset, hour) = (self.local.0 * HOUR, self.local.1 * HOUR);
        let start = MIDNIGHT + hour - offset;
        Window {
            start,
            interval: i64::from(programme.settlement_interval_ms) / 1_000,
            intervals: self.intervals,
            opened: start - 60 * self.lead,
            offset,
            history: self.history,
        }
    }

    /// The part of the event's day, in seconds, of which each day before is read.
    pub fn daily(&self, window: &Window) -> (i64, i64) {
        let is_alike = matches!(self.baseline, Baseline::Days(Days { keep: Keep::Alike(_), .. }));
        let from = if is_alike { window.midnight() } else { window.start - 5 * HOUR };
        (from, window.end())
    }

    /// Spans to be read before the event is opened, in order.
    pub fn spans(&self, window: &Window) -> Vec<(i64, i64)> {
        let (from, until) = self.daily(window);
        let days = (1..=self.history).rev().map(|back| (from - back * DAY, until - back * DAY));
        let today = match self.baseline {
            Baseline::Before(seconds) => window.opened - 2 * seconds,
            Baseline::Meter => window.opened - 60,
            Baseline::Days(_) | Baseline::SameDay => from.min(window.opened - 60),
        };
        days.chain([(today, window.opened)]).collect()
    }
}

/// Milliseconds of a second.
pub fn millis(second: i64) -> Millis {
    Millis(second as u64 * 1_000)
}
