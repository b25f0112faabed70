//! Sealed bids: a commitment, then the segments that it covers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{
    AccountId, Balance, BasisPoints, Domain, EventId, Hash, Price, ResourceId, SigningPayload, Watts,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// Greatest number of price segments of one resource in one event.
pub const MAX_SEGMENTS: u32 = 4;

/// Greatest number of resources under one commitment, so that taking it and revealing it both fit into a block. Whoever
/// declares for more seals them in several batches.
pub const MAX_BID_RESOURCES: u32 = 48;

/// Greatest number of batches of one bidder in one event: with full ones, 98,304 resources.
pub const MAX_BATCHES: u16 = 2_048;

/// Which of a bidder's batches in an event; the bidder numbers them as it likes.
pub type Batch = u16;

/// Part of an offer: watts at a price.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Offer {
    /// Price asked.
    pub price: Price,
    /// Watts offered at that price; positive.
    pub watts: Watts,
}

/// All that one bidder offers for one resource; prices rise strictly.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ResourceBid {
    /// What is offered.
    pub resource: ResourceId,
    /// The offers, cheapest first.
    pub offers: BoundedVec<Offer, ConstU32<MAX_SEGMENTS>>,
}

/// All that one bidder reveals of one batch in one event, in rising order of resource.
pub type BidSheet = BoundedVec<ResourceBid, ConstU32<MAX_BID_RESOURCES>>;

/// The resources under one commitment, in rising order.
pub type BidResources = BoundedVec<ResourceId, ConstU32<MAX_BID_RESOURCES>>;

/// One batch of sealed bids on chain.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Commitment {
    /// [`seal`] over the sheet and a salt.
    pub seal: Hash,
    /// Resources that it reserves for the event's window.
    pub resources: BidResources,
    /// Credit by which each of them is ranked, as it stands at the commitment; none where bids are ranked by price alone.
    pub credits: BoundedVec<BasisPoints, ConstU32<MAX_BID_RESOURCES>>,
    /// Held from the bidder: cap price x registered capacity x window.
    pub bond: Balance,
    /// Whether the sheet was revealed.
    pub revealed: bool,
}

/// A revealed offer with its place in the bucket of its rank.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Segment {
    /// Price asked.
    pub price: Price,
    /// Watts offered.
    pub watts: Watts,
    /// Watts in the bucket before it (c).
    pub before: Watts,
    /// Credit that ranks it, 1,000 to 10,000; 10,000 where bids are ranked by price alone.
    pub credit: BasisPoints,
}

/// The segments of one resource in one event.
pub type Segments = BoundedVec<Segment, ConstU32<MAX_SEGMENTS>>;

/// Binds a bidder to a sheet: hash over domain, genesis, event, bidder, sheet and a secret salt.
pub fn seal(genesis: &Hash, event: EventId, bidder: &AccountId, sheet: &BidSheet, salt: &[u8; 32]) -> Hash {
    SigningPayload::new(Domain::Bid, genesis, &(event, bidder, sheet, salt)).hash()
}
