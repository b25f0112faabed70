//! Participants, resources, devices and committee members as the registry keeps them.

use crate::{
    AccountId, AreaId, DeviceId, Direction, Incarnation, Millis, OrganisationId, PublicKey, ResourceId, Watts,
};
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
    /// The account behind a meter: shares the pay of the resources that name it, and changes nothing.
    Customer,
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

/// With whom a resource's owner shares its pay: the account behind the meter, now and before the last change.
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
pub struct Customer {
    /// The account; `None` where pay is not shared.
    pub account: Option<AccountId>,
    /// When it was named: it counts for events opened later.
    pub since: Millis,
    /// The account before it.
    pub former: Option<AccountId>,
    /// When that one was named; zero where there was none before it.
    pub former_since: Millis,
}

/// A resource's customer changed twice since a moment, so that it is not known who it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedTwice;

impl Customer {
    /// The next entry, with `account` named at `now`.
    pub fn change(self, account: Option<AccountId>, now: Millis) -> Self {
        Self { account, since: now, former: self.account, former_since: self.since }
    }

    /// The account that counts for an event opened at `opened`: the one named last before it.
    ///
    /// # Errors
    /// [`ChangedTwice`] since then.
    pub fn at(self, opened: Millis) -> Result<Option<AccountId>, ChangedTwice> {
        match self {
            Self { account, since, .. } if since < opened => Ok(account),
            Self { former, former_since, .. } if former_since < opened => Ok(former),
            _ => Err(ChangedTwice),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_counts_for_events_opened_after_it_was_named() {
        let (first, second) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
        // GIVEN a customer that was named at 100
        let entry = Customer::default().change(Some(first.clone()), Millis(100));
        // THEN events opened until then, the same moment included, know none, and later ones know it
        assert_eq!(entry.clone().at(Millis(100)), Ok(None));
        assert_eq!(entry.clone().at(Millis(101)), Ok(Some(first.clone())));
        // WHEN another one takes its place at 200 THEN an event of the time between keeps the former
        let entry = entry.change(Some(second.clone()), Millis(200));
        assert_eq!(entry.clone().at(Millis(200)), Ok(Some(first)));
        assert_eq!(entry.clone().at(Millis(201)), Ok(Some(second)));
        // AND of an event from before both nobody knows
        assert_eq!(entry.clone().at(Millis(100)), Err(ChangedTwice));
        // WHEN pay is no longer shared THEN that, too, holds for later events alone
        assert_eq!(entry.change(None, Millis(300)).at(Millis(301)), Ok(None));
    }
}
