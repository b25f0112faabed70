//! Settlement: energy that counts, claims, penalties, and shares of a pot that may be short.
//!
//! Everything rounds toward the escrow: energy paid and claims down, penalties up. Energies are in
//! watt-milliseconds (W·ms), money in micro-yuan.

use crate::{
    clearing::{award, awards},
    math::{cumulative_share, magnitude, mul_div_ceil, mul_div_floor},
    Clearing, DeviationRule, Event, EventRecord, Pricing, Programme, Segments, Statement,
};
use loadstone_core::{Balance, BasisPoints, Price, Watts, BASIS_POINTS, HOUR_MS};

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
    /// What a penalty is due for: max(`penalty_below` x quota - paid, 0), summed over intervals.
    pub shortfall: u128,
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

impl AwardPrice {
    /// Uniform: the marginal price. Pay-as-bid: the mean of the segments' prices, weighted by award; so
    /// delivered energy is spread over segments in proportion to their awards.
    pub fn new(pricing: &Pricing, clearing: &Clearing, segments: &Segments) -> Self {
        let total = magnitude(awards(clearing, segments));
        let value = match pricing {
            Pricing::Uniform => total.saturating_mul(clearing.marginal_price.0 as u128),
            Pricing::PayAsBid => segments.iter().fold(0u128, |value, segment| {
                value.saturating_add(magnitude(award(clearing, segment)).saturating_mul(segment.price.0 as u128))
            }),
        };
        Self { value, award: total }
    }

    /// One price for every watt.
    pub const fn flat(price: Price) -> Self {
        Self { value: price.0 as u128, award: 1 }
    }
}

/// Energies of one interval of `interval_ms` (Sichuan's form): delivery counts in full up to
/// `full_until` of the quota, then by `over_share`; the threshold of the penalty rounds up. Without a
/// quota nothing counts, whatever was delivered.
pub fn interval_energies(quota: Watts, delivered: Watts, interval_ms: u32, rule: &DeviationRule) -> Energies {
    let energy = |power: Watts| magnitude(power) * interval_ms as u128;
    let (quota, delivered) = (energy(quota), energy(delivered));
    if quota == 0 {
        return Energies::default();
    }
    let limit = mul_div_floor(&[quota, rule.full_until.0 as u128], &[ONE]);
    let over = mul_div_floor(&[delivered.saturating_sub(limit), rule.over_share.0 as u128], &[ONE]);
    let paid = delivered.min(limit) + over;
    let threshold = mul_div_ceil(&[quota, rule.penalty_below.0 as u128], &[ONE]);
    Energies { quota, paid, shortfall: threshold.saturating_sub(paid) }
}

/// Energies of a record over all its intervals.
pub fn energies(record: &EventRecord, interval_ms: u32, rule: &DeviationRule) -> Energies {
    let intervals = record.quota.iter().zip(record.delivered.iter());
    intervals.fold(Energies::default(), |sum, (quota, delivered)| {
        let one = interval_energies(*quota, *delivered, interval_ms, rule);
        // 96 terms of less than 97 bits.
        Energies { quota: sum.quota + one.quota, paid: sum.paid + one.paid, shortfall: sum.shortfall + one.shortfall }
    })
}

/// Pay for `energy` W·ms, rounded down; zero without an award.
pub fn claim(energy: u128, price: &AwardPrice) -> Balance {
    mul_div_floor(&[energy, price.value], &[price.award, WATT_MS_PER_KWH])
}

/// Penalty for a shortfall of `energy` W·ms at `factor` times the price, rounded up; zero without an
/// award. The bond caps it where it is taken.
pub fn penalty(energy: u128, price: &AwardPrice, factor: BasisPoints) -> Balance {
    mul_div_ceil(&[energy, price.value, factor.0 as u128], &[price.award, WATT_MS_PER_KWH, ONE])
}

/// Bond for an offer of `power` over `window_ms` at `price` (the programme's cap), rounded up.
pub fn bond(price: Price, power: Watts, window_ms: u64) -> Balance {
    mul_div_ceil(&[magnitude(power), window_ms as u128, price.0 as u128], &[WATT_MS_PER_KWH])
}

/// The statement of one resource before the pay factor: `paid` is still zero, and the penalty is not
/// yet capped by the bond.
pub fn statement(
    event: &Event,
    programme: &Programme,
    clearing: &Clearing,
    segments: &Segments,
    record: &EventRecord,
) -> Statement {
    let energies = energies(record, event.interval_ms, &programme.deviation);
    let price = AwardPrice::new(&programme.pricing, clearing, segments);
    Statement {
        quota_energy: energies.quota,
        paid_energy: energies.paid,
        claim: claim(energies.paid, &price),
        penalty: penalty(energies.shortfall, &price, programme.deviation.penalty_factor),
        paid: 0,
    }
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
