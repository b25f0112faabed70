//! What pallets ask of each other. Implemented in one pallet, consumed in others through `Config`.

use crate::{
    AccountId, AnchorNumber, ChangedTwice, Device, DeviceId, Direction, EventId, Hash, MemberIndex, Millis,
    Participant, Resource, ResourceId, Role, Signature, Signers,
};
use alloc::vec::Vec;

/// Why a participant may not act in a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The account is not registered.
    NotRegistered,
    /// The regulator froze the participant.
    Frozen,
    /// The participant is registered in another role.
    OtherRole,
}

/// Who takes part and with what.
pub trait Directory {
    /// The account's participant record, frozen or not.
    fn participant(who: &AccountId) -> Option<Participant>;
    /// The resource of this id.
    fn resource(id: ResourceId) -> Option<Resource>;
    /// The device of this id.
    fn device(id: DeviceId) -> Option<Device>;

    /// With whom the resource's owner shares pay for an event opened at `opened`; a directory without customers
    /// knows nobody.
    fn customer_at(_: ResourceId, _opened: Millis) -> Result<Option<AccountId>, ChangedTwice> {
        Ok(None)
    }

    /// The participant, if it may act in `role` now.
    fn acting(who: &AccountId, role: Role) -> Result<Participant, Denial> {
        let participant = Self::participant(who).ok_or(Denial::NotRegistered)?;
        if participant.frozen {
            return Err(Denial::Frozen);
        }
        if participant.role != role {
            return Err(Denial::OtherRole);
        }
        Ok(participant)
    }
}

/// Refuses a participant's calls. Implemented by Registry.
pub trait Freezing {
    /// Why nobody was frozen or released; `DispatchError` in the runtime.
    type Error;

    /// Freezes `who` in the name of the regulator `by`, or lifts its freeze.
    fn set_frozen(by: &AccountId, who: &AccountId, frozen: bool) -> Result<(), Self::Error>;
}

/// What the chain found proven of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conviction {
    /// A device signed two units for one slot, so many times in all.
    DeviceFork {
        /// Which device.
        device: DeviceId,
        /// Slots so far.
        count: u32,
    },
    /// A committee member signed witnesses that exclude each other, so many times in all.
    MemberFork {
        /// The member's account.
        member: AccountId,
        /// Levels so far.
        count: u32,
    },
    /// A committee member signed a record that is not what anchored readings say.
    WrongRecord {
        /// The member's account.
        member: AccountId,
        /// Whose event.
        event: EventId,
        /// Which resource's record.
        resource: ResourceId,
    },
}

/// Told of each conviction.
pub trait OnConviction {
    /// `conviction` stands. Its weight is its own: whoever listens registers what it uses.
    fn on_conviction(conviction: Conviction);
}

impl OnConviction for () {
    fn on_conviction(_: Conviction) {}
}

/// The committee's certified history.
pub trait AnchorLog {
    /// The newest accepted anchor; 0 before the first.
    fn latest_anchor() -> AnchorNumber;
    /// Hash of an accepted anchor; `None` for one that was never accepted or is pruned.
    fn anchor_hash(number: AnchorNumber) -> Option<Hash>;
    /// Whether members of more than two thirds of the weight signed `message`, each once.
    fn is_certified(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> bool;
}

/// What outlasts a certificate: who signed it, and anchors that are no longer kept.
pub trait Testimony: AnchorLog {
    /// Who signed a `message` that [`AnchorLog::is_certified`] at this very state; `None` for one that is not. Not all
    /// signatures are checked again.
    fn signers(message: &[u8], certificate: &[(MemberIndex, Signature)]) -> Option<Signers>;
    /// Their accounts in order of member; none once their committee is forgotten.
    fn accounts(signers: &Signers) -> Vec<AccountId>;
    /// Whether the anchor of this number and hash was accepted. Where it is pruned, `siblings` lead from it to its peak
    /// in the range of all anchors.
    fn is_accepted(number: AnchorNumber, hash: Hash, siblings: &[Hash]) -> bool;
}

/// Told of each anchor that the chain accepts.
pub trait OnAnchor {
    /// `number` was accepted in a block of chain time `now`.
    fn on_anchor(number: AnchorNumber, now: Millis);
}

impl OnAnchor for () {
    fn on_anchor(_: AnchorNumber, _: Millis) {}
}

/// Standing availability, as far as bidding must steer it: no capacity is sold twice.
pub trait StandingAvailability {
    /// Leaves the resource out of emergency orders from the next availability epoch on.
    fn suspend(resource: ResourceId, direction: Direction);
    /// Takes it back in from the next availability epoch on.
    fn resume(resource: ResourceId, direction: Direction);
}

impl StandingAvailability for () {
    fn suspend(_: ResourceId, _: Direction) {}
    fn resume(_: ResourceId, _: Direction) {}
}
