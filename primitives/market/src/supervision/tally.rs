//! What the walk over an event's resources adds up, and what is known from earlier ones.

use super::alike::Fingerprint;
use crate::{
    clearing::{award, rank, reserved},
    Clearing, Segments,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AccountId, OrganisationId, Watts};
use scale_info::TypeInfo;

/// Most organisations that are told apart in one event. Of a greater number those revealed last are not.
pub const MAX_ORGANISATIONS: u32 = 64;

/// One organisation's part in an event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Tally {
    /// Whose.
    pub organisation: OrganisationId,
    /// Its account that owns the first of its resources in the event.
    pub account: AccountId,
    /// Watts offered.
    pub offered: Watts,
    /// Watts awarded, with what was bought as reserve.
    pub awarded: Watts,
    /// Watts offered in the marginal bucket.
    pub marginal: Watts,
    /// All its offers, whatever their order.
    pub offers: Fingerprint,
}

impl Tally {
    /// Of an organisation that offered nothing yet.
    pub fn new(organisation: OrganisationId, account: AccountId) -> Self {
        let (offered, awarded, marginal) = (Watts(0), Watts(0), Watts(0));
        Self { organisation, account, offered, awarded, marginal, offers: Fingerprint::default() }
    }

    /// Adds one resource's offers. Sums saturate: capacity bounds real bids.
    pub fn add(&mut self, clearing: &Clearing, segments: &Segments) {
        let plus = |sum: Watts, watts: Watts| Watts(sum.0.saturating_add(watts.0));
        for segment in segments {
            self.offered = plus(self.offered, segment.watts);
            self.awarded = plus(plus(self.awarded, award(clearing, segment)), reserved(clearing, segment));
            if rank(segment.price, segment.credit, &clearing.ranks) == clearing.marginal_price {
                self.marginal = plus(self.marginal, segment.watts);
            }
            self.offers.add(segment.price, segment.watts);
        }
    }
}

/// What is known of a resource in one direction.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Track {
    /// Events in a row that asked for enough to prove the capacity, without proof.
    pub unproven: u16,
    /// Greatest mean power of an interval in these.
    pub best: Watts,
    /// Exponential mean of its baselines.
    pub baseline: Watts,
    /// Events in that mean; saturates.
    pub events: u16,
}
