//! Participants, resources, devices and committee members as the registry keeps them.

use crate::{AccountId, AreaId, DeviceId, Direction, Incarnation, OrganisationId, PublicKey, ResourceId, Watts};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// A short UTF-8 name.
pub type Name = BoundedVec<u8, ConstU32<64>>;

/// What a participant may do.
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
pub enum Role {
    /// Dispatch centre: opens and clears events, dispatches, holds the escrow.
    GridCompany,
    /// Load integrator: registers resources, declares for them, is paid for them.
    Aggregator,
    /// Reads everything and may freeze a participant.
    Regulator,
    /// Reads and proves everything, changes nothing.
    Auditor,
}

/// A registered account.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Participant {
    /// What it may do.
    pub role: Role,
    /// The legal person behind it.
    pub organisation: OrganisationId,
    /// Shown to people; no rule reads it.
    pub name: Name,
    /// Set by the regulator: calls are refused while it is.
    pub frozen: bool,
}

/// Adjustable load.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Resource {
    /// The aggregator that declares for it and is paid.
    pub owner: AccountId,
    /// Where it is connected.
    pub area: AreaId,
    /// The device that meters and actuates it.
    pub device: DeviceId,
    /// Registered capacity to consume less.
    pub capacity_down: Watts,
    /// Registered capacity to consume more.
    pub capacity_up: Watts,
    /// Least possible meter reading.
    pub load_min: Watts,
    /// Greatest possible meter reading.
    pub load_max: Watts,
}

impl Resource {
    /// Registered capacity in `direction`.
    pub const fn capacity(&self, direction: Direction) -> Watts {
        match direction {
            Direction::Down => self.capacity_down,
            Direction::Up => self.capacity_up,
        }
    }
}

/// A metering device's key.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Device {
    /// The load that it meters.
    pub resource: ResourceId,
    /// Signs its units.
    pub key: PublicKey,
    /// Which life of the device the key signs for.
    pub incarnation: Incarnation,
    /// A revoked device's units are refused.
    pub revoked: bool,
}

/// A committee member: the validator's key in the DAG and its network identity.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Member {
    /// The validator's account.
    pub account: AccountId,
    /// The legal person behind it.
    pub organisation: OrganisationId,
    /// Session key that signs witnesses, anchors and records.
    pub key: PublicKey,
    /// Share in the committee's votes.
    pub weight: u32,
}

/// Members of a committee that signed one message.
#[derive(
    Clone,
    Copy,
    Debug,
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
pub struct Signers {
    /// Epoch of the committee.
    pub epoch: u32,
    /// One bit a member, the first one's least significant.
    pub members: u64,
}

impl Signers {
    /// Whether the member signed.
    pub const fn has(&self, member: u16) -> bool {
        member < 64 && self.members >> member & 1 == 1
    }
}

/// Where a validator is found on the network.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ValidatorInfo {
    /// The legal person behind it: none may hold a third of the weight.
    pub organisation: OrganisationId,
    /// libp2p peer id (multihash bytes); the DAG protocol admits only these. Empty until announced.
    pub peer: BoundedVec<u8, ConstU32<64>>,
    /// WebSocket address of its gateway for devices, as UTF-8; may be empty.
    pub gateway: BoundedVec<u8, ConstU32<128>>,
}
