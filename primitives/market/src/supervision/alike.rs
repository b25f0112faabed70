//! Identical or mirrored bids of two organisations.
//!
//! Offers are compared as multisets: each organisation's are summed into three numbers as they are walked, so that no
//! block looks at all pairs of resources. Bids are sealed, so nobody can aim at another's sum; who copies changes
//! a watt at worst, and is found no more, which no comparison of equals can help.

use super::{Evidence, SupervisionRules, Tally};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{Price, Watts};
use scale_info::TypeInfo;

/// A multiset of offers, whatever their order: sums of mixed numbers, modulo 2^64.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Fingerprint {
    /// Offers in it.
    pub segments: u32,
    /// Over price and watts of each together.
    pub offers: u64,
    /// Over the prices.
    pub prices: u64,
    /// Over the watts.
    pub watts: u64,
}

impl Fingerprint {
    /// Adds one offer.
    pub fn add(&mut self, price: Price, watts: Watts) {
        let (price, watts) = (mix(price.0), mix(watts.0.unsigned_abs()));
        self.segments = self.segments.saturating_add(1);
        // Wrapping sums: a multiset's sum does not depend on the order.
        self.offers = self.offers.wrapping_add(mix(price ^ watts.rotate_left(32)));
        self.prices = self.prices.wrapping_add(price);
        self.watts = self.watts.wrapping_add(watts);
    }
}

/// Spreads a number over 64 bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Evidence against the organisation of `tally`, where another one made the same offers, or the same prices and watts
/// in another combination, and enough of them.
pub fn alike(tally: &Tally, other: &Tally, rules: &SupervisionRules) -> Option<Evidence> {
    let (own, theirs) = (&tally.offers, &other.offers);
    let is_enough = rules.alike_segments > 0 && own.segments >= rules.alike_segments.into();
    let is_same = (own.segments, own.prices, own.watts) == (theirs.segments, theirs.prices, theirs.watts);
    (is_enough && is_same && tally.organisation != other.organisation).then_some(Evidence::BidsAlike {
        other: other.organisation,
        segments: own.segments,
        offered: tally.offered,
        mirrored: own.offers != theirs.offers,
    })
}
