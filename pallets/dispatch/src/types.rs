//! What the pallet keeps beside the market's records.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AvailabilityEpoch, BoundedVec, ConstU32, Millis, Price, Watts};
use loadstone_market::{Limits, Supply};
use scale_info::TypeInfo;

pub use loadstone_market::rank::{MAX_RESPONSE_MS, RANKS};

/// Rank buckets in one page of storage: few reads for an order, small writes for a declaration.
pub const PAGE_RANKS: u16 = 64;

/// Pages of an area and direction.
pub const PAGES: u16 = RANKS / PAGE_RANKS;

/// Buckets of consecutive ranks; those past the end are empty.
pub type Page = BoundedVec<BucketTotals, ConstU32<{ PAGE_RANKS as u32 }>>;

/// Why an order was issued, for the record.
pub type Reason = BoundedVec<u8, ConstU32<64>>;

/// What a grid company wants of standing availability.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// Watts that shall be expected to be delivered.
    pub target: Watts,
    /// What may be called.
    pub limits: Limits,
    /// Valid from.
    pub start: Millis,
    /// Valid until (exclusive).
    pub end: Millis,
    /// For the record.
    pub reason: Reason,
}

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

/// What is on offer at one rank: what counts now and what counts next.
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
    pub earlier: Supply,
    /// Total from `from` on.
    pub later: Supply,
}

impl BucketTotals {
    /// The total in `epoch`, which is the current one or the next.
    pub fn at(&self, epoch: AvailabilityEpoch) -> Supply {
        if epoch >= self.from {
            self.later
        } else {
            self.earlier
        }
    }

    /// Puts `new` in the place of `old` from the epoch after `now` on. Never negative, since only what was added is
    /// taken away.
    pub fn replace(&mut self, now: AvailabilityEpoch, old: Supply, new: Supply) {
        if self.from <= now {
            self.earlier = self.later;
            self.from = now.next();
        }
        self.later = self.later.plus(new).less(old);
    }

    /// Whether nothing is on offer, now or next.
    pub fn is_empty(&self) -> bool {
        self.earlier == Supply::default() && self.later == Supply::default()
    }
}
