//! A regulation event: what the grid needs, when, and how far it has come.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{
    AccountId, AnchorNumber, AreaId, Balance, Direction, Millis, Price, ProgrammeId, ProgrammeVersion, Watts,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// Greatest number of settlement intervals in an event's window.
pub const MAX_INTERVALS: u32 = 96;

/// Watts needed in each settlement interval.
pub type Needs = BoundedVec<Watts, ConstU32<MAX_INTERVALS>>;

/// A regulation event.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Event {
    /// The rules.
    pub programme: ProgrammeId,
    /// Their version, fixed at opening.
    pub version: ProgrammeVersion,
    /// The grid company's account that opened it and pays for it.
    pub opener: AccountId,
    /// Where regulation is needed.
    pub area: AreaId,
    /// Which way.
    pub direction: Direction,
    /// Watts needed in each settlement interval; at least one, none negative, one positive.
    pub needs: Needs,
    /// Start of the window.
    pub start: Millis,
    /// Length of each interval in milliseconds, copied from the programme.
    pub interval_ms: u32,
    /// After this moment no commitment is taken, and revealing begins.
    pub gate_closure: Millis,
    /// The most that the opener pays, held in escrow.
    pub budget: Balance,
    /// Chain time when it was opened, which is when the world may first know of it.
    pub opened: Millis,
    /// Newest anchor then: baselines use nothing later.
    pub baseline_anchor: AnchorNumber,
    /// The first interval for which the reserve was called; `None` where it was not.
    pub reserve_from: Option<u8>,
    /// How far it has come.
    pub phase: Phase,
}

/// How far an event has come.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Takes commitments until gate closure, then reveals.
    Open,
    /// Cleared: awards follow from its clearing.
    Cleared,
    /// An order for it was issued.
    Dispatched,
    /// All its records are on chain.
    Recorded,
    /// All its resources are scored.
    Scored,
    /// All its participants are paid.
    Settled,
    /// Withdrawn by the opener before dispatch.
    Cancelled,
}

impl Event {
    /// End of the window.
    pub fn end(&self) -> Millis {
        self.start.after(self.needs.len() as u64 * self.interval_ms as u64)
    }

    /// The interval that `now` falls into, or `None` outside the window.
    pub fn interval_at(&self, now: Millis) -> Option<usize> {
        if now < self.start || self.interval_ms == 0 {
            return None;
        }
        let interval = usize::try_from(now.since(self.start) / self.interval_ms as u64).ok()?;
        (interval < self.needs.len()).then_some(interval)
    }

    /// Whether the reserve is called in `interval`.
    pub fn is_reserve_called(&self, interval: usize) -> bool {
        self.reserve_from.is_some_and(|from| usize::from(from) <= interval)
    }

    /// Watts needed in `interval`; zero outside the window.
    pub fn need(&self, interval: usize) -> Watts {
        self.needs.get(interval).copied().unwrap_or_default()
    }

    /// The greatest need of any interval: what clearing buys.
    pub fn peak_need(&self) -> Watts {
        self.needs.iter().copied().max().unwrap_or_default()
    }
}

/// Result of clearing: with a segment it gives the segment's award and reserve.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Clearing {
    /// Rank of the bucket at the margin: its price, where bids are ranked by price alone.
    pub marginal_price: Price,
    /// Watts still needed when the walk reached the margin (R); at most `marginal_total`.
    pub residual: Watts,
    /// Watts offered in the marginal bucket (B); zero when nothing was offered at all.
    pub marginal_total: Watts,
    /// Watts awarded in all; less than the peak need when too little was offered.
    pub awarded: Watts,
    /// Watts offered in all.
    pub offered: Watts,
    /// What was bought beyond the need.
    pub reserve: ReserveMargin,
    /// Where ranks lie.
    pub ranks: Ranks,
}

/// The second margin of a clearing: where the reserve ends, which begins behind the need.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct ReserveMargin {
    /// Rank of the last bucket that reserve was bought in.
    pub price: Price,
    /// Watts of reserve bought in that bucket; at most `total`.
    pub residual: Watts,
    /// Watts of that bucket that were not awarded already.
    pub total: Watts,
    /// Watts of reserve in all; less than wanted when too little was offered.
    pub awarded: Watts,
}

/// Where the ranks of a programme's bids lie: on `from`, and in steps above it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Ranks {
    /// The programme's price floor.
    pub from: Price,
    /// Its price tick.
    pub step: Price,
}
