//! A programme: the versioned rules that an event is opened, measured and paid under.

mod baseline;
mod days;
mod deviation;
mod product;
mod score;
mod split;

pub use baseline::*;
pub use days::*;
pub use deviation::*;
pub use product::*;
pub use score::*;
pub use split::*;

use crate::{
    clearing::{rank, reserve},
    rank::UNSCORED_RELIABILITY,
    Ranks,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AreaId, Balance, BasisPoints, Direction, Millis, Name, Price, Watts, BASIS_POINTS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// Greatest number of price buckets in an event.
pub const MAX_PRICE_BUCKETS: u32 = 1_024;

/// Greatest admissible price: 1,000 CNY/kWh, in micro-yuan per kWh.
pub const MAX_PRICE: u64 = 1_000_000_000;

/// Greatest number of areas that a programme names.
pub const MAX_PROGRAMME_AREAS: u32 = 64;

/// Greatest reserve, twice the need.
const MAX_RESERVE: u32 = 20_000;

/// Greatest factor by which performance may scale pay.
const MAX_PERFORMANCE: u32 = 100_000;

/// The areas of a programme, in strictly rising order; none for every area.
pub type Areas = BoundedVec<AreaId, ConstU32<MAX_PROGRAMME_AREAS>>;

/// Rules of one programme version. Every threshold lives here, none in code.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Programme {
    /// Shown to people.
    pub name: Name,
    /// What is bought.
    pub product: Product,
    /// Where it is bought.
    pub areas: Areas,
    /// From this moment on the rules are in force: no event under them starts earlier.
    pub from: Millis,
    /// Until this moment: no event under them ends later. Zero for no end.
    pub until: Millis,
    /// Most settlement intervals in an event's window, 1 to 96; 1 where each interval is a market of its own.
    pub intervals_max: u8,
    /// Least admissible bid price. Equal to the cap where the programme fixes the price.
    pub price_floor: Price,
    /// Greatest admissible bid price; bonds are held at this price.
    pub price_cap: Price,
    /// Width of a price bucket; at least 1. Bids must lie on `price_floor + k * price_tick`.
    pub price_tick: Price,
    /// Least total watts that one resource may offer.
    pub bid_min: Watts,
    /// Least credit of a resource that bids, at most 10,000; one without a scored event may bid. Zero for no such gate
    /// (Hunan's entry gate is 3,000 of the K index).
    pub credit_min: BasisPoints,
    /// Where bids are ranked by price and credit, the least credit that a price is divided by, 1,000 to 10,000: a bid of
    /// price p and credit K ranks as one of p x 10,000 / max(K, floor). Zero where bids are ranked by price alone.
    pub credit_rank_floor: BasisPoints,
    /// Reserve that clearing buys beyond the peak need, as a share of it, at most 20,000 (Shandong 2018: 5,000); zero for
    /// none.
    pub reserve: BasisPoints,
    /// What a cleared watt is paid.
    pub pricing: Pricing,
    /// Greatest factor by which the K index of a resource scales its pay (Hunan: 20,000, twice); zero where pay
    /// does not depend on it.
    pub performance_max: BasisPoints,
    /// Length of a settlement interval in milliseconds, 1,000 to 3,600,000.
    pub settlement_interval_ms: u32,
    /// Least time between gate closure and the end of the reveal window, in milliseconds.
    pub reveal_ms: u32,
    /// How the load without regulation is estimated.
    pub baseline: BaselineMethod,
    /// How execution is scored.
    pub score: ScoreRule,
    /// How deviation from the quota is paid and punished.
    pub deviation: DeviationRule,
    /// How pay is split between an aggregator and the customer behind a resource.
    pub split: SplitRule,
    /// Most that all events under this version may cost together, in micro-yuan: an event opened when less is left gets
    /// what is left as its budget, and pays pro rata (Quzhou 2022: a pot a year); a contract, whose price is agreed, is
    /// not made then. Zero for no such limit.
    pub pot: Balance,
    /// Time after the window's end in which late units still count, in milliseconds.
    pub grace_ms: u32,
    /// Time after scoring in which a participant may dispute, in milliseconds.
    pub dispute_ms: u32,
    /// Time after the dispute window in which disputes are heard, in milliseconds.
    pub hearing_ms: u32,
    /// Held from whoever disputes, in micro-yuan; it falls to the opener where the record stands.
    pub dispute_bond: Balance,
}

/// What a cleared watt is paid.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Every award at the marginal price.
    Uniform,
    /// Each award at its own price.
    PayAsBid,
    /// At the price that buyer and seller agreed on: under these rules contracts are made, and no bids taken.
    Bilateral,
}

impl Programme {
    /// Rules to begin with, in force everywhere and always: an intraday peak cut at a uniform price, with
    /// Sichuan's deviation rule and a meter-before baseline of a minute.
    pub fn plain() -> Self {
        Self {
            name: Name::truncate_from(b"Evening peak cut".to_vec()),
            product: Product::Intraday,
            areas: Areas::new(),
            from: Millis(0),
            until: Millis(0),
            intervals_max: 96,
            price_floor: Price(0),
            price_cap: Price(3_000_000),
            price_tick: Price(50_000),
            bid_min: Watts(1_000),
            credit_min: BasisPoints(0),
            credit_rank_floor: BasisPoints(0),
            reserve: BasisPoints(0),
            pricing: Pricing::Uniform,
            performance_max: BasisPoints(0),
            settlement_interval_ms: 900_000,
            reveal_ms: 60_000,
            baseline: BaselineMethod::MeterBefore { readings: 60 },
            score: ScoreRule::plain(),
            deviation: DeviationRule::sichuan(),
            split: SplitRule::none(),
            pot: 0,
            grace_ms: 60_000,
            dispute_ms: 3_600_000,
            hearing_ms: 3_600_000,
            dispute_bond: 100_000_000,
        }
    }

    /// Whether the numbers make sense together: a positive tick that divides the span of ranks into at
    /// most 1,024 buckets, weights of at most one, an interval within its range.
    pub fn is_sound(&self) -> bool {
        let span = self.rank_max().0.checked_sub(self.price_floor.0);
        let buckets = span.and_then(|span| span.checked_div(self.price_tick.0));
        buckets.is_some_and(|buckets| buckets < MAX_PRICE_BUCKETS as u64)
            && self.price_floor <= self.price_cap
            && self.price_cap.0 <= MAX_PRICE
            && self.bid_min.0 >= 1
            && self.areas.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
            && (self.until == Millis(0) || self.from < self.until)
            && (1..=crate::MAX_INTERVALS).contains(&self.intervals_max.into())
            && (1_000..=3_600_000).contains(&self.settlement_interval_ms)
            && self.credit_min.0 <= BASIS_POINTS
            && (self.credit_rank_floor.0 == 0 || (1_000..=BASIS_POINTS).contains(&self.credit_rank_floor.0))
            && self.reserve.0 <= MAX_RESERVE
            && (self.pricing != Pricing::Bilateral || self.reserve.0 == 0 && self.credit_rank_floor.0 == 0)
            && self.performance_max.0 <= MAX_PERFORMANCE
            && self.baseline.is_sound()
            && self.baseline.suits(self.settlement_interval_ms)
            && self.baseline.needs_after_ms() <= self.grace_ms.into()
            && self.score.is_sound()
            && self.deviation.is_sound()
            && self.split.is_sound()
    }

    /// Where ranks lie.
    pub fn ranks(&self) -> Ranks {
        Ranks { from: self.price_floor, step: self.price_tick }
    }

    /// The credit that ranks a resource of this standing, if it has any: from the floor to 10,000, which is also what
    /// ranks everybody where bids are ranked by price alone.
    pub fn ranking_credit(&self, standing: Option<BasisPoints>) -> BasisPoints {
        match self.credit_rank_floor {
            BasisPoints(0) => BasisPoints::ONE,
            floor => standing.unwrap_or(UNSCORED_RELIABILITY).max(floor).min(BasisPoints::ONE),
        }
    }

    /// The greatest rank of an admissible bid.
    pub fn rank_max(&self) -> Price {
        rank(self.price_cap, self.ranking_credit(Some(BasisPoints(0))), &self.ranks())
    }

    /// Reserve that goes with a peak need, rounded up.
    pub fn reserve_of(&self, peak: Watts) -> Watts {
        reserve(peak, self.reserve)
    }

    /// Whether an event in `area` may be opened under these rules.
    pub fn covers(&self, area: AreaId) -> bool {
        self.areas.is_empty() || self.areas.contains(&area)
    }

    /// Whether the rules are in force from `start` to `end`.
    pub fn is_in_force(&self, start: Millis, end: Millis) -> bool {
        self.from <= start && (self.until == Millis(0) || end <= self.until)
    }

    /// What is left of the pot when the budgets of events have taken `spent` of it; `None` without such a limit.
    pub fn pot_left(&self, spent: Balance) -> Option<Balance> {
        (self.pot > 0).then(|| self.pot.saturating_sub(spent))
    }

    /// Whether the product may regulate in this direction.
    pub fn regulates(&self, direction: Direction) -> bool {
        self.product != Product::ValleyFilling || direction == Direction::Up
    }
}
