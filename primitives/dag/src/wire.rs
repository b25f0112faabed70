//! Messages between device and gateway (WebSocket, binary frames) and between members (sc-network).
//!
//! A frame of a device and its answer, and a question between members, is one SCALE-encoded message.
//! Notifications and answers between members are framed by [`crate::encode_member_message`] and
//! [`crate::encode_history_response`], which pack witnesses. Receivers check the length before decoding
//! and bound the depth; a frame that does not decode closes the connection.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use loadstone_core::{AnchorNumber, Hash, Level, MemberIndex, MerkleProof, Sequence, Signature};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{Anchor, AnchorProposal, DeviceHead, RecordsClaim, Slot, Unit, Witness};

/// Version of both protocols; peers of another version are turned away.
pub const WIRE_VERSION: u16 = 2;

/// Greatest frame from a device in bytes.
pub const MAX_DEVICE_FRAME: usize = 65_536;

/// Greatest message between members in bytes.
pub const MAX_MEMBER_FRAME: usize = 4 * 1_024 * 1_024;

/// Device to gateway.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub enum DeviceMessage {
    /// Units of one device in rising order of sequence. Sent again until anchored.
    Submit(Vec<Unit>),
    /// Asks for the inclusion proofs of units that may have been anchored meanwhile.
    Prove(Vec<Slot>),
}

/// Gateway to device. Nothing here is a promise: the device keeps a unit until it has itself verified
/// the finalised anchor that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub enum GatewayMessage {
    /// First message on a connection.
    Hello {
        /// [`WIRE_VERSION`].
        version: u16,
        /// The chain that the gateway serves.
        genesis: Hash,
        /// The member behind the gateway.
        member: MemberIndex,
    },
    /// The unit was taken in.
    Accepted(Slot, Hash),
    /// The unit was refused.
    Refused(Slot, Refusal),
    /// Members of more than two thirds of the weight certified the unit, as far as this gateway sees.
    Confirmed(Slot, Hash),
    /// The unit is in an anchor.
    Anchored {
        /// Whose unit.
        slot: Slot,
        /// Its id.
        unit: Hash,
        /// The anchor; check its hash against the chain.
        anchor: Anchor,
        /// Path from the leaf to the anchor's root.
        proof: MerkleProof,
    },
    /// The gateway's newest witness, for devices that want to bury it.
    Frontier(crate::WitnessRef),
    /// The current order of an area with all that proves it: the bytes of `loadstone_evidence`'s
    /// `OrderCapsule`. Pushed at once when an order is final, and to whoever connects.
    Capsule(Vec<u8>),
}

/// Why a unit was refused.
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
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The frame or the unit does not decode, or exceeds a limit.
    Malformed,
    /// The unit is larger than the limit.
    Oversize,
    /// No such device is registered.
    UnknownDevice,
    /// The device is revoked.
    Revoked,
    /// The device is at another incarnation.
    WrongIncarnation,
    /// The signature does not verify.
    BadSignature,
    /// The predecessor is unknown: send the units from this sequence on.
    Gap(Sequence),
    /// Another unit holds this slot, or the predecessor is not the unit there.
    Fork,
    /// A reading lies outside the resource's physical range.
    OutOfRange,
    /// The device sends faster than its quota: try again later.
    Busy,
}

/// Between members, as notifications. Loss is allowed: what is missing is requested.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub enum MemberMessage {
    /// A witness with the bodies of the units that it introduces.
    Witness(Witness, Vec<Unit>),
    /// A candidate for the next anchor, with the proposer's signature.
    Propose(AnchorProposal, MemberIndex, Signature),
    /// A signature under a candidate.
    SignAnchor(Hash, MemberIndex, Signature),
    /// A signature under a chunk of event records.
    SignRecords(RecordsClaim, MemberIndex, Signature),
}

/// Between members, as request-response.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub enum HistoryRequest {
    /// Witnesses by id, and everything else that the asker lacks, oldest first as far as it fits.
    Witnesses {
        /// Committee epoch; asked of a member of another epoch, nothing comes back.
        epoch: u32,
        /// Ids of witnesses that the asker needs; empty when it only wants to catch up.
        wanted: Vec<Hash>,
        /// Level of the newest witness that it holds of each member; none held, no entry.
        known: Vec<(MemberIndex, Level)>,
    },
    /// Finalised anchors by [`Anchor::hash`], and some before them.
    Anchors(Vec<Hash>),
    /// A chunk of the heads after a closing anchor. Answered by the driver.
    Heads {
        /// [`Anchor::hash`] of the closing anchor.
        anchor: Hash,
        /// Which chunk, from 0.
        chunk: u32,
    },
    /// Units of a finalised anchor, in order of slot, as many as fit. Answered by the driver.
    Units {
        /// Which anchor.
        anchor: AnchorNumber,
        /// Position of the first one wanted.
        from: u32,
    },
}

/// Answer to a [`HistoryRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub enum HistoryResponse {
    /// Witnesses, each after those that it names, each with the units that it introduces.
    Witnesses(Vec<(Witness, Vec<Unit>)>),
    /// Anchors with their frontiers; the hash binds both.
    Anchors(Vec<AnchorProposal>),
    /// A chunk of heads with its proof; no heads when they are not at hand.
    Heads {
        /// At most [`crate::HEADS_CHUNK`].
        chunk: Vec<DeviceHead>,
        /// Leads to the closing anchor's `heads`.
        proof: MerkleProof,
    },
    /// Units of an anchor from the position asked for; none when they are not at hand or there are no more.
    Units(Vec<Unit>),
}

/// An anchor with all its units, as gateways serve it to auditors and to members that catch up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub struct AnchorUnits {
    /// Which anchor.
    pub number: AnchorNumber,
    /// Its units in rising order of slot.
    pub units: Vec<Unit>,
}
