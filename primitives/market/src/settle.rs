//! Settlement: energy that counts, claims, penalties, and shares of a pot that may be short.
//!
//! Everything rounds toward the escrow: energy paid and claims down, penalties up. Energies are in
//! watt-milliseconds (W·ms), money in micro-yuan.

use crate::{
    clearing::{award, reserved},
    math::{cumulative_share, magnitude, mul_div_ceil, mul_div_floor},
    Clearing, DeviationRule, Event, EventRecord, Pricing, Programme, Score, Segment, Segments, Statement,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{Balance, BasisPoints, BoundedVec, Price, Watts, BASIS_POINTS, HOUR_MS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// W·ms in one kWh.
pub const WATT_MS_PER_KWH: u128 = 1_000 * HOUR_MS as u128;

const ONE: u128 = BASIS_POINTS as u128;

/// Energies of one resource over an event, in W·ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Energies {
    /// What was asked.
    pub quota: u128,
    /// Delivered energy that counts for pay (Q_eff).
    pub paid: u128,
    /// Shortfall that is punished, each interval's times its penalty factor, in W·ms x basis points.
    pub punished: u128,
}

/// What one settlement interval pays and costs; energies in W·ms.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct IntervalPay {
    /// Asked.
    pub quota: u128,
    /// Delivered; nothing where load moved the wrong way.
    pub delivered: u128,
    /// What of it counts.
    pub counted: u128,
    /// Whether part of it, or all, lies above what counts in full.
    pub is_limited: bool,
    /// Whether the interval is too far off its quota to be paid.
    pub is_void: bool,
    /// What is paid.
    pub paid: u128,
    /// Shortfall that is punished; zero without a penalty.
    pub shortfall: u128,
    /// Penalty factor; zero without a penalty.
    pub factor: BasisPoints,
}

/// Price of a resource's award as the fraction value / award, exact where segments are paid at
/// prices of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwardPrice {
    /// Sum of awarded watts x price.
    value: u128,
    /// Watts awarded.
    award: u128,
}

/// What a watt of a segment is paid at a margin of this rank, in micro-yuan per kWh.
///
/// Uniform: what the marginal rank is worth at the segment's credit, floor(rank x credit / 10,000), at least the price asked
/// and at most the programme's cap; the marginal price itself where bids are ranked by price alone. Else: the price asked.
pub fn segment_price(programme: &Programme, segment: &Segment, marginal: Price) -> Price {
    match programme.pricing {
        Pricing::Uniform => {
            let worth = mul_div_floor(&[marginal.0.into(), segment.credit.0.into()], &[ONE]);
            let worth = Price(u64::try_from(worth).unwrap_or(u64::MAX));
            worth.min(programme.price_cap).max(segment.price)
        }
        Pricing::PayAsBid | Pricing::Bilateral => segment.price,
    }
}

impl AwardPrice {
    /// The mean of the segments' prices, weighted by award; so delivered energy is spread over segments in proportion to
    /// their awards. `with_reserve` counts the reserve in, at the price of its own margin.
    pub fn new(programme: &Programme, clearing: &Clearing, segments: &Segments, with_reserve: bool) -> Self {
        let mut price = Self { value: 0, award: 0 };
        for segment in segments {
            price.add(award(clearing, segment), segment_price(programme, segment, clearing.marginal_price));
            if with_reserve {
                price.add(reserved(clearing, segment), segment_price(programme, segment, clearing.reserve.price));
            }
        }
        price
    }

    fn add(&mut self, power: Watts, price: Price) {
        self.award = self.award.saturating_add(magnitude(power));
        self.value = self.value.saturating_add(magnitude(power).saturating_mul(price.0.into()));
    }

    /// Watts that it is the price of.
    pub const fn award(&self) -> u128 {
        self.award
    }

    /// Sum of awarded watts x price.
    pub const fn value(&self) -> u128 {
        self.value
    }

    /// One price for every watt.
    pub const fn flat(price: Price) -> Self {
        Self { value: price.0 as u128, award: 1 }
    }
}

/// Pay and penalty of one interval of `interval_ms` by its [`DeviationRule`]. What counts for pay rounds down, the
/// thresholds of voiding and of penalties up. Without a quota nothing counts, whatever was delivered.
pub fn interval_pay(quota: Watts, delivered: Watts, interval_ms: u32, rule: &DeviationRule) -> IntervalPay {
    let energy = |power: Watts| magnitude(power) * interval_ms as u128;
    let (quota, delivered) = (energy(quota), energy(delivered));
    if quota == 0 {
        return IntervalPay { delivered, ..IntervalPay::default() };
    }
    let share = |share: BasisPoints| mul_div_floor(&[quota, share.0 as u128], &[ONE]);
    let threshold = |share: BasisPoints| mul_div_ceil(&[quota, share.0 as u128], &[ONE]);
    let full = share(rule.full_until);
    let over = delivered.min(share(rule.over_until)).saturating_sub(full);
    let counted = delivered.min(full) + mul_div_floor(&[over, rule.over_share.0 as u128], &[ONE]);
    let is_void = rule.void_beyond.0 > 0 && delivered.abs_diff(quota) > threshold(rule.void_beyond);
    let factor = match counted {
        counted if counted < threshold(rule.deep_below) => rule.deep_factor,
        counted if counted < threshold(rule.penalty_below) => rule.penalty_factor,
        _ => BasisPoints(0),
    };
    let is_punished = factor.0 > 0;
    IntervalPay {
        quota,
        delivered,
        counted,
        is_limited: delivered > full,
        is_void,
        paid: if is_void { 0 } else { counted },
        shortfall: if is_punished { threshold(rule.shortfall_from).saturating_sub(counted) } else { 0 },
        factor,
    }
}

/// Energies of a record over the intervals of which `counts` holds.
pub fn energies(
    record: &EventRecord,
    interval_ms: u32,
    rule: &DeviationRule,
    counts: impl Fn(usize) -> bool,
) -> Energies {
    let intervals = record.quota.iter().zip(record.delivered.iter()).enumerate();
    let counted = intervals.filter(|(interval, _)| counts(*interval));
    counted.fold(Energies::default(), |sum, (_, (quota, delivered))| {
        let one = interval_pay(*quota, *delivered, interval_ms, rule);
        // 96 terms of less than 97 bits; a penalty factor adds 17 bits where a programme is sound.
        let punished = sum.punished.saturating_add(one.shortfall.saturating_mul(one.factor.0 as u128));
        Energies { quota: sum.quota + one.quota, paid: sum.paid + one.paid, punished }
    })
}

/// Factor by which performance scales pay: the K index up to the programme's greatest factor; one where pay does not
/// depend on it; zero for a resource without a score (Hunan: pay = ... x K, K <= 2).
pub fn performance(programme: &Programme, score: Option<&Score>) -> BasisPoints {
    if programme.performance_max.0 == 0 {
        return BasisPoints::ONE;
    }
    score.map_or(BasisPoints(0), |score| score.k_index.min(programme.performance_max))
}

/// Pay for `energy` W·ms at `factor` times the price, rounded down; zero without an award.
pub fn claim(energy: u128, price: &AwardPrice, factor: BasisPoints) -> Balance {
    mul_div_floor(&[energy, price.value, factor.0 as u128], &[price.award, WATT_MS_PER_KWH, ONE])
}

/// Penalty for [`Energies::punished`], rounded up; zero without an award. The bond caps it where it is taken.
pub fn penalty(punished: u128, price: &AwardPrice) -> Balance {
    mul_div_ceil(&[punished, price.value], &[price.award, WATT_MS_PER_KWH, ONE])
}

/// What `power` over `window_ms` is worth at `price`, rounded up: the bond of an offer at the programme's cap, or what a
/// contract costs at most.
pub fn bond(price: Price, power: Watts, window_ms: u64) -> Balance {
    mul_div_ceil(&[magnitude(power), window_ms as u128, price.0 as u128], &[WATT_MS_PER_KWH])
}

/// What is due for the intervals in which the reserve was called, or for those in which it was not.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct PartDue {
    /// Sum of asked watts x price; the price is this over `award`.
    pub value: u128,
    /// Watts asked at the peak: the award, or award and reserve.
    pub award: u128,
    /// What was asked, in W·ms.
    pub quota_energy: u128,
    /// Energy that is paid, in W·ms.
    pub paid_energy: u128,
    /// Claim before the pay factor, rounded down.
    pub claim: Balance,
    /// Penalty before the bond limits it, rounded up.
    pub penalty: Balance,
}

/// What is due before the reserve was called, and what since: each has its own price.
pub fn due(
    event: &Event,
    programme: &Programme,
    clearing: &Clearing,
    segments: &Segments,
    record: &EventRecord,
    performance: BasisPoints,
) -> [PartDue; 2] {
    [false, true].map(|is_called| {
        let counts = |interval| event.is_reserve_called(interval) == is_called;
        let energies = energies(record, event.interval_ms, &programme.deviation, counts);
        let price = AwardPrice::new(programme, clearing, segments, is_called);
        PartDue {
            value: price.value,
            award: price.award,
            quota_energy: energies.quota,
            paid_energy: energies.paid,
            claim: claim(energies.paid, &price, performance),
            penalty: penalty(energies.punished, &price),
        }
    })
}

/// The statement of one resource before the pay factor: nothing is paid or split yet, and the penalty is not
/// yet capped by the bond. `score` is the resource's in this event; performance scales pay, never a penalty.
pub fn statement(
    event: &Event,
    programme: &Programme,
    clearing: &Clearing,
    segments: &Segments,
    record: &EventRecord,
    score: Option<&Score>,
) -> Statement {
    let performance = performance(programme, score);
    let [before, since] = due(event, programme, clearing, segments, record, performance);
    Statement {
        quota_energy: before.quota_energy.saturating_add(since.quota_energy),
        paid_energy: before.paid_energy.saturating_add(since.paid_energy),
        performance,
        claim: before.claim.saturating_add(since.claim),
        penalty: before.penalty.saturating_add(since.penalty),
        paid: 0,
        customer: 0,
    }
}

/// The most that a resource can claim in an event, whatever was delivered: every interval at the end of what counts, at the
/// greatest factor of performance, and none too far off. What a disputed claim is set aside at until it is judged.
/// `record` gives the quotas.
pub fn claim_cap(
    event: &Event,
    programme: &Programme,
    clearing: &Clearing,
    segments: &Segments,
    record: &EventRecord,
) -> Balance {
    let mut generous = programme.clone();
    generous.deviation.void_beyond = BasisPoints(0);
    let most = |quota: &Watts| {
        let watts = mul_div_ceil(&[magnitude(*quota), programme.deviation.over_until.0 as u128], &[ONE]);
        Watts(i64::try_from(watts).unwrap_or(i64::MAX))
    };
    let delivered = BoundedVec::truncate_from(record.quota.iter().map(most).collect());
    let best = EventRecord { delivered, ..record.clone() };
    let score = Score { k_index: programme.performance_max, ..Score::default() };
    statement(event, &generous, clearing, segments, &best, Some(&score)).claim
}

/// What one claim is paid of a pot while other claims are disputed: its plain share, rounded down. With all claims
/// counted at the most that they can be, it is never more than the claim's [`share`] once they are known.
pub fn advance(pot: Balance, claims: Balance, claim: Balance) -> Balance {
    share(pot, claims, 0, claim)
}

/// What one claim is paid from `pot` when claims of `before` were served and all claims are `claims`.
///
/// The pay factor is min(1, pot / claims). A pot that suffices pays in full; a short one pays by
/// cumulative floor, which hands out the pot exactly and never more than a claim.
pub fn share(pot: Balance, claims: Balance, before: Balance, claim: Balance) -> Balance {
    if claims <= pot {
        return claim;
    }
    cumulative_share(pot, claim, before, claims)
}

/// What is left of `pot` for the payer once all `claims` are served.
pub fn residue(pot: Balance, claims: Balance) -> Balance {
    pot.saturating_sub(claims)
}

/// min(1, pot / claims), rounded down, for reports; one without claims. Pay follows [`share`].
pub fn pay_factor(pot: Balance, claims: Balance) -> BasisPoints {
    if claims <= pot {
        return BasisPoints::ONE;
    }
    BasisPoints(u32::try_from(mul_div_floor(&[pot, ONE], &[claims])).unwrap_or(BASIS_POINTS))
}
