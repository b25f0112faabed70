//! What goes into and comes out of the state machine.

use crate::{Standing, TimeSource};
use codec::{Decode, Encode};
use loadstone_core::{
    AnchorNumber, AreaId, BlockNumber, ChangeNotice, Device, Direction, EventId, Hash, Incarnation, MerkleProof,
    Millis, ProgrammeId, ProgrammeVersion, PublicKey, Resource, Sequence, Signature, SigningPayload, Watts,
};
use loadstone_dag::{AcknowledgementKind, Anchor, DeviceMessage, Refusal, Slot, Unit};
use loadstone_evidence::{AuthoritySet, BrokenCapsule};
use loadstone_market::{Availability, Clearing, Event, Order, PastEvents, Programme, Reach, Segments};

/// A moment by the node's two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic milliseconds since any fixed moment of this run.
    pub mono_ms: u64,
    /// Time by [`crate::LoadNode::wall`].
    pub unix: Millis,
}

/// Signs with the device's key.
pub trait Signer {
    /// The public key.
    fn public(&self) -> PublicKey;
    /// Signature in Substrate's signing context.
    fn sign(&self, payload: &SigningPayload) -> Signature;
}

/// A finalised head that the light client verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHead {
    /// Height.
    pub number: BlockNumber,
    /// Chain time of the block.
    pub time: Millis,
    /// What changed in it.
    pub notices: Vec<ChangeNotice>,
    /// Blocks before it were not seen, so notices may have been missed.
    pub after_gap: bool,
    /// Whether another authority set votes after it.
    pub set_changed: bool,
    /// Length of a slot in milliseconds: chain time is a slot's number times this.
    pub slot_ms: u64,
}

/// A meter reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reading {
    /// When, on the grid of the reading interval.
    pub at: Millis,
    /// How much.
    pub watts: Watts,
    /// Whether the meter marks it as doubtful.
    pub doubtful: bool,
}

/// What the node needs to know from the chain, read with a proof at the newest verified head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// The own device and resource.
    Device,
    /// The current order of the own area, with the own standing availability.
    Order(Direction),
    /// An event with its clearing, the own segments and the own events so far.
    Event(EventId),
    /// A programme.
    Programme(ProgrammeId, ProgrammeVersion),
    /// An anchor.
    Anchor(AnchorNumber),
    /// The authority set that votes on the blocks after the head.
    Voters,
}

/// What stands on chain; `None` where it is proven absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Device`].
    Device(Option<Device>, Option<Resource>),
    /// To [`Query::Order`].
    Order(Direction, Option<Order>, Option<Availability>),
    /// To [`Query::Event`]: `None` unless it was cleared and something was revealed for the own resource.
    Event(EventId, Option<EventFacts>),
    /// To [`Query::Programme`].
    Programme(ProgrammeId, ProgrammeVersion, Option<Programme>),
    /// To [`Query::Anchor`].
    Anchor(AnchorNumber, Option<Anchor>),
    /// To [`Query::Voters`].
    Voters(Option<AuthoritySet>),
}

/// What the chain says of an event and of the own resource in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFacts {
    /// The event.
    pub event: Event,
    /// Its clearing.
    pub clearing: Clearing,
    /// What was revealed for the own resource.
    pub segments: Segments,
    /// Events that the own resource took part in.
    pub past: PastEvents,
}

/// The level that the actuator is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Of the order.
    pub direction: Direction,
    /// Of the order.
    pub sequence: u64,
    /// Absolute load.
    pub watts: Watts,
}

/// The operator's word on the spot, which stands above every order: the load returns to normal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Why, for those who read the log: 1 to 256 bytes.
    pub reason: String,
    /// When it ends by itself; `None`: when the operator takes it back.
    #[serde(default)]
    pub until: Option<Millis>,
}

/// Longest reason of an [`Override`] in bytes.
pub const MAX_REASON_BYTES: usize = 256;

impl Override {
    /// Whether the reason is neither empty nor too long.
    pub fn is_sound(&self) -> bool {
        !self.reason.trim().is_empty() && self.reason.len() <= MAX_REASON_BYTES
    }

    /// Whether it stands at `now`.
    pub fn stands_at(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What the driver must do, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Write these; when `durable`, only go on once they would survive a power failure.
    Persist(Vec<Change>, bool),
    /// Read from the chain, then call [`crate::LoadNode::answered`] or [`crate::LoadNode::unanswered`].
    Read(Query),
    /// Give own readings in units of anchors up to this one to [`crate::LoadNode::ledger`], oldest first, as far back
    /// as told.
    ReadLedger(AnchorNumber, Reach),
    /// Give own units that are not anchored, after this slot, at most this many in rising order, to
    /// [`crate::LoadNode::loaded`].
    LoadUnits(Option<Slot>, usize),
    /// Make the actuator hold this level. Given again and again while the order binds.
    Hold(Level),
    /// Let the load return to normal. Given again and again while no order binds.
    Release,
    /// Connect to this gateway, which from now on takes the units first.
    UseGateway(usize),
    /// Send to this gateway.
    Send(usize, DeviceMessage),
    /// Something worth telling.
    Note(Note),
}

/// A write to the node's own ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A reading that waits for its unit.
    Reading(Reading),
    /// A signed unit; the readings in it wait no longer.
    Unit(Unit, Hash),
    /// A gateway says that the committee has certified the unit.
    Confirmed(Slot),
    /// The unit is proven to be in a finalised anchor.
    Anchored(Slot, Anchored),
    /// The unit's content has a new place in a later life of the device: this place is void.
    Void(Slot),
    /// How far orders of one direction have come.
    Guard(Guard),
    /// The newest verified head.
    Head(SavedHead),
    /// What the registry says of this node.
    Identity(Identity),
    /// Who votes on finality.
    Voters(Voters),
    /// The own availability in one direction.
    Standing(Standing),
}

/// Proof that a unit is in an anchor of the finalised chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Anchored {
    /// The anchor, as it stands on chain.
    pub anchor: Anchor,
    /// Path from the unit's leaf to the anchor's root.
    pub proof: MerkleProof,
}

/// How far orders of one direction have come; never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Guard {
    /// Which way.
    pub direction: Direction,
    /// Highest order sequence seen; 0 before the first.
    pub sequence: u64,
    /// That order.
    pub order: Option<Order>,
    /// Whether an acknowledgement was signed for it.
    pub received: bool,
    /// Whether a completion was signed for it, or none is due.
    pub completed: bool,
}

/// The newest verified head: older ones are never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct SavedHead {
    /// Height.
    pub number: BlockNumber,
    /// Chain time.
    pub time: Millis,
}

/// What a capsule is verified with, as the light client has proven it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Voters {
    /// The set that votes on the next blocks.
    pub set: AuthoritySet,
    /// Length of a slot in milliseconds.
    pub slot_ms: u64,
}

/// How an order was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By a read of the own light client.
    Proof,
    /// By a capsule.
    Capsule,
}

/// What the registry says of this node, and the chain that says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// Which life of the device the key signs for.
    pub incarnation: Incarnation,
    /// Least possible reading.
    pub load_min: Watts,
    /// Greatest possible reading.
    pub load_max: Watts,
}

/// End of the node's own chain of units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Tip {
    /// Which life.
    pub incarnation: Incarnation,
    /// The next unit's sequence.
    pub next: Sequence,
    /// The last unit's hash.
    pub previous: Hash,
}

/// What a restarted node finds in its own ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// End of the own chain.
    pub tip: Tip,
    /// The last unit known to be anchored, with its id.
    pub last_anchored: Option<(Slot, Hash)>,
    /// Readings without a unit, oldest first.
    pub pending: Vec<Reading>,
    /// How far orders have come, at most one a direction.
    pub guards: Vec<Guard>,
    /// The newest verified head.
    pub head: SavedHead,
    /// What the registry said last.
    pub identity: Option<Identity>,
    /// Who votes on finality, as proven last.
    pub voters: Option<Voters>,
    /// The own availability as proven last, at most one a direction.
    pub standings: Vec<Standing>,
}

/// Things worth telling people and reports; no rule reads them.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// An order was proven at a finalised head.
    OrderVerified {
        /// Whom it addresses.
        area: AreaId,
        /// Which way.
        direction: Direction,
        /// Its sequence.
        sequence: u64,
        /// The head that it was proven at.
        block: BlockNumber,
        /// How it was proven.
        by: Source,
    },
    /// An order asks nothing of this node.
    NotCalled {
        /// Which way.
        direction: Direction,
        /// Its sequence.
        sequence: u64,
    },
    /// A unit was signed.
    Unit {
        /// Its place.
        slot: Slot,
        /// Readings in it; zero for an acknowledgement.
        readings: usize,
    },
    /// A gateway says that the committee has certified the unit.
    Confirmed {
        /// Its place.
        slot: Slot,
        /// Milliseconds since it was first sent; `None` when it was sent before a restart.
        after_ms: Option<u64>,
    },
    /// The unit is proven to be in a finalised anchor.
    Anchored {
        /// Its place.
        slot: Slot,
        /// Which anchor.
        anchor: AnchorNumber,
    },
    /// An acknowledgement or completion was signed.
    Acknowledged {
        /// Which way.
        direction: Direction,
        /// The order's sequence.
        sequence: u64,
        /// Which end of the order.
        kind: AcknowledgementKind,
        /// The level held.
        setpoint: Watts,
    },
    /// A gateway refused a unit.
    UnitRefused {
        /// Its place.
        slot: Slot,
        /// Which gateway.
        gateway: usize,
        /// Why.
        refusal: Refusal,
    },
    /// A gateway sent a capsule that proves nothing.
    CapsuleRefused {
        /// Which gateway.
        gateway: usize,
        /// The link that broke.
        fault: BrokenCapsule,
        /// Such capsules since the start, this one included.
        count: u64,
    },
    /// Gateways hold another unit in a place of this node's chain: its ledger is not the device's latest.
    Disowned {
        /// The place.
        slot: Slot,
    },
    /// The node refused something; the text names the violated condition.
    Refused(String),
    /// No verified head for this many milliseconds.
    Silence(u64),
    /// The time of readings comes from another source.
    Clock {
        /// From now on.
        source: TimeSource,
        /// System clock less trusted time, in milliseconds.
        off_ms: i64,
    },
    /// An order binds, but there was no verified head for so long that the load is let go.
    LetGo {
        /// The order's direction.
        direction: Direction,
        /// Its sequence.
        sequence: u64,
        /// Milliseconds without a head.
        silent_ms: u64,
    },
    /// The operator's word begins to stand, or stands no longer.
    Overridden(Option<Override>),
}
