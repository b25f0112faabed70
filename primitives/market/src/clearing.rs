//! Bucketed clearing: one walk over price buckets, then each award is a function of its own segment.
//!
//! Segments of one price share a bucket, and each remembers the bucket's running total before it (c).
//! Below the margin a segment is awarded in full, above it not at all, and at it, with residual R
//! and bucket total B, it gets floor((c + w) R / B) - floor(c R / B), so the bucket's awards sum to R
//! exactly. Nothing costs time in proportion to the number of bids.

use crate::{
    math::{cumulative_share, magnitude, watts},
    Clearing, Segment, Segments,
};
use loadstone_core::{Price, Watts};

/// Clears `need` watts (the window's peak) against `buckets`, which rise strictly in price; buckets
/// without watts are passed over.
///
/// The margin is the first bucket that covers the need. Where too little is offered it is the last
/// bucket, bought in full. A need of zero or less buys nothing: the margin is the first bucket with a
/// residual of zero. With no offer at all every field is zero.
pub fn clear(buckets: impl IntoIterator<Item = (Price, Watts)>, need: Watts) -> Clearing {
    let need = magnitude(need);
    let mut clearing = Clearing {
        marginal_price: Price(0),
        residual: Watts(0),
        marginal_total: Watts(0),
        awarded: Watts(0),
        offered: Watts(0),
    };
    let (mut offered, mut covered) = (0u128, false);
    for (price, total) in buckets.into_iter().filter(|(_, total)| total.0 > 0) {
        let before = offered;
        offered = offered.saturating_add(magnitude(total));
        if !covered {
            clearing.marginal_price = price;
            clearing.marginal_total = total;
            clearing.residual = watts(need.saturating_sub(before).min(magnitude(total)));
            covered = offered >= need;
        }
    }
    clearing.offered = watts(offered);
    clearing.awarded = watts(offered.min(need));
    clearing
}

/// Watts awarded to one segment, between zero and the watts it offers.
pub fn award(clearing: &Clearing, segment: &Segment) -> Watts {
    let offered = magnitude(segment.watts);
    match segment.price.cmp(&clearing.marginal_price) {
        core::cmp::Ordering::Less => watts(offered),
        core::cmp::Ordering::Greater => Watts(0),
        core::cmp::Ordering::Equal => {
            let (residual, total) = (magnitude(clearing.residual), magnitude(clearing.marginal_total));
            watts(cumulative_share(residual, offered, magnitude(segment.before), total).min(offered))
        }
    }
}

/// Watts awarded to all segments of one resource; saturates, since capacity bounds real offers.
pub fn awards(clearing: &Clearing, segments: &Segments) -> Watts {
    Watts(segments.iter().fold(0i64, |sum, segment| sum.saturating_add(award(clearing, segment).0)))
}
