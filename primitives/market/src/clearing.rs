//! Bucketed clearing: one walk over buckets of rank, then each award is a function of its own segment.
//!
//! A bid's rank is its price, raised where the programme ranks by credit too. Segments of one rank share a bucket, and each
//! remembers the bucket's running total before it (c). Below the margin a segment is awarded in full, above it not at all,
//! and at it, with residual R and bucket total B, it gets floor((c + w) R / B) - floor(c R / B), so the bucket's awards sum
//! to R exactly.
//!
//! Reserve is bought behind the need, in the same order: first what the margin's bucket has left, then further buckets, up
//! to a second margin. Of the bucket that both margins share, the reserve is shared by what each segment was not awarded:
//! with u(x) = x - floor(x R / B) and the reserve's residual S, a segment's is floor(u(c + w) S / (B - R)) -
//! floor(u(c) S / (B - R)), which sums to S and never exceeds what the award left. Nothing costs time in proportion to the
//! number of bids.

use crate::{
    math::{cumulative_share, magnitude, mul_div_ceil, mul_div_floor, watts},
    Clearing, Ranks, ReserveMargin, Segment, Segments,
};
use core::cmp::Ordering;
use loadstone_core::{BasisPoints, Price, Watts, BASIS_POINTS};

/// Rank of a price at a credit: ceil(price x 10,000 / credit), raised to the next step; the price itself at a credit of
/// 10,000. Lower ranks are bought first.
pub fn rank(price: Price, credit: BasisPoints, ranks: &Ranks) -> Price {
    if credit >= BasisPoints::ONE {
        return price;
    }
    let raised = mul_div_ceil(&[price.0.into(), BASIS_POINTS.into()], &[credit.0.max(1).into()]);
    let (from, step) = (u128::from(ranks.from.0), u128::from(ranks.step.0.max(1)));
    let steps = raised.saturating_sub(from).div_ceil(step);
    Price(u64::try_from(from.saturating_add(steps.saturating_mul(step))).unwrap_or(u64::MAX))
}

/// The share of a peak need that is bought as reserve, rounded up.
pub fn reserve(peak: Watts, share: BasisPoints) -> Watts {
    watts(mul_div_ceil(&[magnitude(peak), share.0.into()], &[BASIS_POINTS.into()]))
}

/// Clears `need` watts (the window's peak) and then `reserve` watts against `buckets`, which rise strictly in rank; buckets
/// without watts are passed over.
///
/// The margin is the first bucket that covers the need. Where too little is offered it is the last
/// bucket, bought in full. A need of zero or less buys nothing: the margin is the first bucket with a
/// residual of zero. With no offer at all every field of the margins is zero.
pub fn clear(buckets: impl IntoIterator<Item = (Price, Watts)>, need: Watts, reserve: Watts, ranks: Ranks) -> Clearing {
    let (need, mut wanted) = (magnitude(need), magnitude(reserve));
    let mut clearing = Clearing { ranks, ..Clearing::default() };
    let (mut offered, mut covered, mut kept) = (0u128, false, 0u128);
    for (rank, total) in buckets.into_iter().filter(|(_, total)| total.0 > 0) {
        let (before, mut left) = (offered, magnitude(total));
        offered = offered.saturating_add(left);
        if !covered {
            let residual = need.saturating_sub(before).min(left);
            clearing.marginal_price = rank;
            clearing.marginal_total = total;
            clearing.residual = watts(residual);
            covered = offered >= need;
            left = left.saturating_sub(residual);
        }
        if covered && wanted > 0 && left > 0 {
            let bought = wanted.min(left);
            (wanted, kept) = (wanted.saturating_sub(bought), kept.saturating_add(bought));
            clearing.reserve =
                ReserveMargin { price: rank, residual: watts(bought), total: watts(left), awarded: watts(kept) };
        }
    }
    clearing.offered = watts(offered);
    clearing.awarded = watts(offered.min(need));
    clearing
}

/// Watts awarded to one segment, between zero and the watts it offers.
pub fn award(clearing: &Clearing, segment: &Segment) -> Watts {
    let offered = magnitude(segment.watts);
    match rank(segment.price, segment.credit, &clearing.ranks).cmp(&clearing.marginal_price) {
        Ordering::Less => watts(offered),
        Ordering::Greater => Watts(0),
        Ordering::Equal => {
            let (residual, total) = (magnitude(clearing.residual), magnitude(clearing.marginal_total));
            watts(cumulative_share(residual, offered, magnitude(segment.before), total).min(offered))
        }
    }
}

/// Watts of reserve bought of one segment, at most what it offers beyond its award.
pub fn reserved(clearing: &Clearing, segment: &Segment) -> Watts {
    let margin = &clearing.reserve;
    if margin.awarded.0 <= 0 {
        return Watts(0);
    }
    let rank = rank(segment.price, segment.credit, &clearing.ranks);
    if rank < clearing.marginal_price || rank > margin.price {
        return Watts(0);
    }
    let left = magnitude(segment.watts).saturating_sub(magnitude(award(clearing, segment)));
    if rank < margin.price {
        return watts(left);
    }
    // What segments before this one offer beyond their awards, in the bucket where the reserve ends.
    let before = match rank == clearing.marginal_price {
        true => beyond_award(clearing, magnitude(segment.before)),
        false => magnitude(segment.before),
    };
    watts(cumulative_share(magnitude(margin.residual), left, before, magnitude(margin.total)).min(left))
}

/// What the first `offered` watts of the margin's bucket offer beyond their awards.
fn beyond_award(clearing: &Clearing, offered: u128) -> u128 {
    let (residual, total) = (magnitude(clearing.residual), magnitude(clearing.marginal_total));
    offered.saturating_sub(mul_div_floor(&[offered, residual], &[total]))
}

/// Watts awarded to all segments of one resource; saturates, since capacity bounds real offers.
pub fn awards(clearing: &Clearing, segments: &Segments) -> Watts {
    Watts(segments.iter().fold(0i64, |sum, segment| sum.saturating_add(award(clearing, segment).0)))
}

/// Watts of reserve bought of all segments of one resource; saturates as well.
pub fn reserves(clearing: &Clearing, segments: &Segments) -> Watts {
    Watts(segments.iter().fold(0i64, |sum, segment| sum.saturating_add(reserved(clearing, segment).0)))
}
