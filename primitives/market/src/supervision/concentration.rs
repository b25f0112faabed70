//! Concentration: how much of what was awarded is in one hand.

use super::{Evidence, SupervisionRules, Tally, ONE};
use crate::math::{magnitude, mul_div_floor};
use loadstone_core::{BasisPoints, Watts};

/// Herfindahl-Hirschman index of the organisations' shares of `total`, each term rounded down: 10,000 for a single one.
pub fn hhi(tallies: &[Tally], total: Watts) -> BasisPoints {
    let total = magnitude(total);
    let square = |tally: &Tally| {
        let awarded = magnitude(tally.awarded);
        mul_div_floor(&[awarded, awarded, ONE], &[total, total])
    };
    let sum = tallies.iter().map(square).fold(0, u128::saturating_add);
    BasisPoints(u32::try_from(sum.min(ONE)).unwrap_or(u32::MAX))
}

/// Evidence against the organisation with the greatest award, where its share or the index is beyond its limit. `total` are
/// the watts awarded in all.
pub fn concentration<'a>(
    tallies: &'a [Tally],
    total: Watts,
    rules: &SupervisionRules,
) -> Option<(&'a Tally, Evidence)> {
    let greatest = tallies.iter().max_by_key(|tally| tally.awarded)?;
    let awarded = greatest.awarded;
    let (share, hhi) = (BasisPoints::ratio(magnitude(awarded), magnitude(total)), hhi(tallies, total));
    let is_beyond = |value: BasisPoints, limit: BasisPoints| limit.0 > 0 && value > limit;
    (is_beyond(share, rules.share_max) || is_beyond(hhi, rules.hhi_max))
        .then_some((greatest, Evidence::Concentration { awarded, total, share, hhi }))
}
