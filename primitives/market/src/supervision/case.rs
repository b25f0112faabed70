//! A case: what was found of whom, and how it was decided.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{
    AccountId, BasisPoints, BoundedVec, CaseId, ConstU32, Direction, EventId, Millis, OrganisationId, Price,
    ResourceId, Watts,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Most steps of a case: flagged, frozen, appealed, decided.
pub const MAX_STEPS: u32 = 4;

/// Why somebody takes a step, as UTF-8.
pub type Reason = BoundedVec<u8, ConstU32<256>>;

/// What a case is about.
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
pub enum Suspicion {
    /// A registered capacity that was never delivered when asked for.
    CapacityUnproven,
    /// An organisation offers far less than it usually does.
    Withholding,
    /// One organisation sets the price again and again.
    MarginalSetting,
    /// Two organisations revealed the same bids.
    BidsAlike,
    /// One organisation holds too much of what was awarded.
    Concentration,
    /// The load before the event was announced is far from what it was before others.
    BaselineInflated,
    /// A feeder's meter and its nodes' disagree.
    FeederMismatch,
    /// Readings that no such load gives.
    ImprobableReadings,
    /// A device or member signed what excludes each other.
    Equivocation,
    /// A member signed a record that is not what anchored readings say.
    WrongRecord,
}

/// Whom a case is about.
#[derive(
    Clone,
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
pub enum Subject {
    /// A legal person.
    Organisation(OrganisationId),
    /// One account of it.
    Participant(AccountId),
    /// A resource or its device.
    Resource(ResourceId),
}

/// What was found, in numbers that follow from chain and rules.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Of `capacity` at most `best` was delivered in any interval of `events` events in a row that asked for enough.
    CapacityUnproven {
        /// Which way.
        direction: Direction,
        /// Registered capacity.
        capacity: Watts,
        /// Greatest mean power of an interval.
        best: Watts,
        /// Events in a row.
        events: u16,
    },
    /// Of `usual` watts, of which `elsewhere` were offered in events at the same time, only `offered` were.
    Withholding {
        /// Mean of what it offers at a time in the area and direction.
        usual: Watts,
        /// Offered in events that overlap this one.
        elsewhere: Watts,
        /// Offered in this event.
        offered: Watts,
    },
    /// Held `held` of the marginal bucket's `bucket` watts; the last of `events` events in a row.
    MarginalSetting {
        /// Events of the area and programme in a row.
        events: u16,
        /// The bucket's rank: its price, where bids are ranked by price alone.
        price: Price,
        /// Watts of it that the organisation offered.
        held: Watts,
        /// Watts in it.
        bucket: Watts,
    },
    /// The same offers as another organisation's, over all of its resources in the event.
    BidsAlike {
        /// The other one.
        other: OrganisationId,
        /// Offers of each.
        segments: u32,
        /// Watts offered by each.
        offered: Watts,
        /// The same prices and the same watts, otherwise combined.
        mirrored: bool,
    },
    /// Holds `awarded` of `total` watts.
    Concentration {
        /// Awarded to it.
        awarded: Watts,
        /// Awarded in all.
        total: Watts,
        /// Its share.
        share: BasisPoints,
        /// Herfindahl-Hirschman index: sum of the squares of all organisations' shares, 10,000 for a single one.
        hhi: BasisPoints,
    },
    /// A mean baseline of `baseline` where `usual` is the mean of the events before.
    BaselineInflated {
        /// Which way: downward a high baseline pays, upward a low one.
        direction: Direction,
        /// Mean over the event's intervals.
        baseline: Watts,
        /// Exponential mean over earlier events.
        usual: Watts,
        /// How many of those.
        events: u16,
    },
    /// The feeder delivered `feeder`, its nodes together `nodes`; sums over the intervals of mean watts.
    FeederMismatch {
        /// By the feeder's meter.
        feeder: Watts,
        /// By the nodes' meters.
        nodes: Watts,
        /// Nodes with a record in the event.
        count: u32,
    },
    /// In interval `interval` the load was `load` by the record.
    LoadOutOfRange {
        /// From 0.
        interval: u32,
        /// Baseline, or baseline and delivery together.
        load: Watts,
        /// Least possible reading by the registry.
        load_min: Watts,
        /// Greatest possible reading by the registry.
        load_max: Watts,
    },
    /// The delivery was the same to the watt in all of so many intervals.
    DeliveryConstant {
        /// Intervals.
        intervals: u32,
        /// In each.
        delivered: Watts,
    },
    /// Most readings are missing or invalid.
    ReadingsMissing {
        /// Due.
        due: u32,
        /// There and valid.
        valid: u32,
    },
    /// Another resource of the owner has the same baseline and the same delivery in every interval.
    ReadingsIdentical {
        /// The other one.
        other: ResourceId,
        /// Intervals.
        intervals: u32,
    },
    /// Two signed statements that exclude each other, see DagAnchor's faults.
    Equivocation {
        /// How often so far.
        count: u32,
    },
    /// A record that anchored readings do not bear out.
    WrongRecord {
        /// Whose record.
        resource: ResourceId,
    },
}

impl Evidence {
    /// What it is evidence of.
    pub const fn suspicion(&self) -> Suspicion {
        match self {
            Self::CapacityUnproven { .. } => Suspicion::CapacityUnproven,
            Self::Withholding { .. } => Suspicion::Withholding,
            Self::MarginalSetting { .. } => Suspicion::MarginalSetting,
            Self::BidsAlike { .. } => Suspicion::BidsAlike,
            Self::Concentration { .. } => Suspicion::Concentration,
            Self::BaselineInflated { .. } => Suspicion::BaselineInflated,
            Self::FeederMismatch { .. } => Suspicion::FeederMismatch,
            Self::LoadOutOfRange { .. }
            | Self::DeliveryConstant { .. }
            | Self::ReadingsMissing { .. }
            | Self::ReadingsIdentical { .. } => Suspicion::ImprobableReadings,
            Self::Equivocation { .. } => Suspicion::Equivocation,
            Self::WrongRecord { .. } => Suspicion::WrongRecord,
        }
    }
}

/// How far a case has come.
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
pub enum CasePhase {
    /// Found by the chain, or reported and recomputed by it.
    Flagged,
    /// The regulator froze the account that answers for it.
    Frozen,
    /// The subject objected.
    Appealed,
    /// Nothing is held against the subject.
    Cleared,
    /// It stands, and the account is frozen.
    Upheld,
}

impl CasePhase {
    /// Whether it is yet to be decided.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Cleared | Self::Upheld)
    }
}

/// A step of a case.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Step {
    /// Where it led.
    pub phase: CasePhase,
    /// Who took it; `None` where the chain did.
    pub by: Option<AccountId>,
    /// Chain time.
    pub at: Millis,
    /// Why; empty where the evidence says it.
    pub reason: Reason,
}

/// A case from its first step to its decision.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Whom it is about.
    pub subject: Subject,
    /// The account that answers for the subject: it is frozen where somebody is.
    pub account: AccountId,
    /// In which event; `None` where it is about none.
    pub event: Option<EventId>,
    /// What was found.
    pub evidence: Evidence,
    /// The steps so far, oldest first; never empty.
    pub steps: BoundedVec<Step, ConstU32<MAX_STEPS>>,
}

impl Case {
    /// How far it has come.
    pub fn phase(&self) -> CasePhase {
        self.steps.last().map_or(CasePhase::Flagged, |step| step.phase)
    }

    /// Whether it went through `phase`.
    pub fn went_through(&self, phase: CasePhase) -> bool {
        self.steps.iter().any(|step| step.phase == phase)
    }

    /// Until when the subject may appeal: so long after it was last flagged or frozen.
    pub fn appeal_until(&self, rules: &super::SupervisionRules) -> Millis {
        let told = self.steps.iter().filter(|step| step.phase <= CasePhase::Frozen).map(|step| step.at).max();
        told.unwrap_or_default().after(rules.appeal_ms)
    }
}

/// How the cases of a subject ended.
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
pub struct Outcomes {
    /// Nothing was held against it.
    pub cleared: u32,
    /// They stood.
    pub upheld: u32,
}
