//! A programme: the versioned rules that an event is opened, measured and paid under.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{BasisPoints, Name, Price, Watts};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Rules of one programme version. Every threshold lives here, none in code.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Programme {
    /// Shown to people.
    pub name: Name,
    /// Least admissible bid price.
    pub price_floor: Price,
    /// Greatest admissible bid price; bonds are held at this price.
    pub price_cap: Price,
    /// Width of a price bucket; at least 1. Bids must lie on `price_floor + k * price_tick`.
    pub price_tick: Price,
    /// Least total watts that one resource may offer.
    pub bid_min: Watts,
    /// What a cleared watt is paid.
    pub pricing: Pricing,
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
    /// Time after the window's end in which late units still count, in milliseconds.
    pub grace_ms: u32,
    /// Time after scoring in which a participant may dispute, in milliseconds.
    pub dispute_ms: u32,
}

/// What a cleared watt is paid.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Every award at the marginal price.
    Uniform,
    /// Each award at its own price.
    PayAsBid,
}

/// How the load without regulation is estimated.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BaselineMethod {
    /// Meter-before (Jiangsu real-time): mean of the last `readings` valid readings in units of
    /// anchors up to the event's baseline anchor.
    MeterBefore {
        /// Readings in the mean, 1 to 3,600.
        readings: u16,
    },
}

/// Weights and standards of the execution score (China K index, see the field notes in docs).
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ScoreRule {
    /// Weight of a resource's own accuracy; the rest goes to its rank against the event's median.
    pub own_weight: BasisPoints,
    /// Response time that scores zero (T0), in milliseconds.
    pub response_standard_ms: u32,
    /// Standard ramp rate (V_std) in basis points of the quota per second.
    pub rate_standard: BasisPoints,
    /// Precision error that scores zero (E0), in basis points of the quota.
    pub precision_standard: BasisPoints,
    /// Weight of the newest event in credit; the rest stays with the past.
    pub credit_weight: BasisPoints,
}

/// Pay and penalty by deviation (Sichuan's form): delivery counts in full up to `full_until` of the
/// quota, `over_share` of what lies above, and shortfall below `penalty_below` costs `penalty_factor`
/// times the price.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct DeviationRule {
    /// Share of the quota up to which delivery counts in full (11,000 = 110 %).
    pub full_until: BasisPoints,
    /// Share of the delivery above that limit which still counts (5,000 = half).
    pub over_share: BasisPoints,
    /// Share of the quota below which a penalty is due (9,000 = 90 %).
    pub penalty_below: BasisPoints,
    /// Penalty price as a multiple of the award's price (11,000 = 1.1).
    pub penalty_factor: BasisPoints,
}

impl Programme {
    /// Whether the numbers make sense together: a positive tick that divides cap minus floor into at
    /// most 1,024 buckets, weights of at most one, an interval within its range.
    pub fn is_sound(&self) -> bool {
        let span = self.price_cap.0.checked_sub(self.price_floor.0);
        let buckets = span.and_then(|span| span.checked_div(self.price_tick.0));
        let BaselineMethod::MeterBefore { readings } = self.baseline;
        buckets.is_some_and(|buckets| buckets < MAX_PRICE_BUCKETS as u64)
            && self.price_cap.0 <= MAX_PRICE
            && self.bid_min.0 >= 1
            && (1_000..=3_600_000).contains(&self.settlement_interval_ms)
            && (1..=3_600).contains(&readings)
            && self.score.own_weight.0 <= 10_000
            && self.score.credit_weight.0 <= 10_000
            && self.score.response_standard_ms > 0
            && self.score.rate_standard.0 > 0
            && self.score.precision_standard.0 > 0
            && (10_000..=20_000).contains(&self.deviation.full_until.0)
            && self.deviation.over_share.0 <= 10_000
            && self.deviation.penalty_below.0 <= 10_000
            && self.deviation.penalty_factor.0 <= 100_000
    }
}

/// Greatest number of price buckets in an event.
pub const MAX_PRICE_BUCKETS: u32 = 1_024;

/// Greatest admissible price: 1,000 CNY/kWh, in micro-yuan per kWh.
pub const MAX_PRICE: u64 = 1_000_000_000;
