//! What the pallet keeps beside the market's records.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AvailabilityEpoch, BoundedVec, ConstU32, Price, Watts};
use scale_info::TypeInfo;

pub use loadstone_market::rank::RANKS;

/// Slowest response that may be declared: an hour, in milliseconds.
pub const MAX_RESPONSE_MS: u32 = 3_600_000;

/// Why an order was issued, for the record.
pub type Reason = BoundedVec<u8, ConstU32<64>>;

/// What an owner offers of a resource.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Offer {
    /// Watts on offer; zero withdraws.
    pub watts: Watts,
    /// Price asked.
    pub price: Price,
    /// Time to full response in milliseconds.
    pub response_ms: u32,
}

/// What an owner declared last, and whether it counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Declaration {
    /// The offer.
    pub offer: Offer,
    /// Set while the resource is reserved in an event.
    pub suspended: bool,
}

/// From which epochs on entries of an area and direction counted last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct LastChange {
    /// The newest such epoch, which may be the next one.
    pub latest: AvailabilityEpoch,
    /// The newest before that.
    pub before: AvailabilityEpoch,
}

impl LastChange {
    /// The newest such epoch up to `epoch`, which is the current one.
    pub fn up_to(&self, epoch: AvailabilityEpoch) -> AvailabilityEpoch {
        if self.latest <= epoch {
            self.latest
        } else {
            self.before
        }
    }

    /// Entries change that count from `from` on, which is the next epoch.
    pub fn change(&mut self, from: AvailabilityEpoch) {
        if self.latest < from {
            *self = Self { latest: from, before: self.latest };
        }
    }
}

/// Watts on offer at one rank: what counts now and what counts next.
///
/// Changes only ever concern the next epoch, so two totals are enough: `later` counts from `from` on,
/// `earlier` before. Nothing has to be touched when an epoch passes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BucketTotals {
    /// First epoch in which `later` counts.
    pub from: AvailabilityEpoch,
    /// Total before `from`, back to the change before.
    pub earlier: Watts,
    /// Total from `from` on.
    pub later: Watts,
}

impl BucketTotals {
    /// The total in `epoch`, which is the current one or the next.
    pub fn at(&self, epoch: AvailabilityEpoch) -> Watts {
        if epoch >= self.from {
            self.later
        } else {
            self.earlier
        }
    }

    /// Changes the total from the epoch after `now` on. Saturates, which registered capacities of
    /// less than 10^18 W in all never reach; never negative, since only what was added is taken away.
    pub fn change(&mut self, now: AvailabilityEpoch, by: Watts) {
        if self.from <= now {
            self.earlier = self.later;
            self.from = now.next();
        }
        self.later = Watts(self.later.0.saturating_add(by.0).max(0));
    }

    /// Whether nothing is on offer, now or next.
    pub fn is_empty(&self) -> bool {
        self.earlier.0 == 0 && self.later.0 == 0
    }
}
