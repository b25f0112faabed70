//! This node's seat in the committee of the epoch in force: shared by worker, gateway and history server.

use std::sync::Arc;

use loadstone_core::{AccountId, DeviceId, Hash, Incarnation, Level, Member, MemberIndex, Sequence, ValidatorInfo};
use loadstone_dag::{Committee, DeviceChains, Known, Slot, Status};
use parking_lot::{Mutex, MutexGuard};
use sp_keystore::KeystorePtr;

use crate::{
    crypto::{MemberCrypto, Signer},
    road::{PeerKey, Roster},
};

/// The state machine with this node's key.
pub type NodeMember = loadstone_dag::Member<MemberCrypto>;

/// The epoch that this node follows, and its part in it.
#[derive(Default)]
pub struct Seat {
    /// Committee epoch.
    pub epoch: u32,
    /// Its members as they stand on chain, in order of index.
    pub members: Vec<Member>,
    /// The same, as the state machine wants them; none before the first epoch is taken up.
    pub committee: Option<Arc<Committee>>,
    /// This node's place among them.
    pub me: Option<MemberIndex>,
    /// The state machine; none while this node is no member or catches up.
    pub member: Option<NodeMember>,
}

/// The seat, behind a lock that is held for single questions and inputs only, never during I/O.
#[derive(Clone, Default)]
pub struct SharedSeat(Arc<Mutex<Seat>>);

impl SharedSeat {
    /// Locks it.
    pub fn lock(&self) -> MutexGuard<'_, Seat> {
        self.0.lock()
    }

    /// The epoch in force with its committee, for checking what members sign.
    pub fn committee(&self) -> Option<(u32, Arc<Committee>)> {
        let seat = self.lock();
        seat.committee.clone().map(|committee| (seat.epoch, committee))
    }

    /// Where the member stands, if this node is one.
    pub fn status(&self) -> Option<Status> {
        self.lock().member.as_ref().map(NodeMember::status)
    }

    /// This node's place in the committee.
    pub fn me(&self) -> Option<MemberIndex> {
        self.lock().me
    }
}

/// A node without a member knows no units: its gateway's door is shut.
impl DeviceChains for SharedSeat {
    fn units_at(&self, slot: &Slot) -> Vec<Hash> {
        self.lock().member.as_ref().map(|member| member.units_at(slot)).unwrap_or_default()
    }

    fn next_sequence(&self, device: DeviceId, incarnation: Incarnation) -> Sequence {
        self.lock().member.as_ref().map(|member| member.next_sequence(device, incarnation)).unwrap_or_default()
    }

    fn is_stranded(&self, slot: &Slot, unit: &Hash) -> bool {
        self.lock().member.as_ref().is_some_and(|member| member.is_stranded(slot, unit))
    }

    fn is_past(&self, slot: &Slot) -> bool {
        self.lock().member.as_ref().is_some_and(|member| member.is_past(slot))
    }
}

/// What goes without saying between members: the only unit in a slot.
impl Known for SharedSeat {
    fn unit(&self, slot: &Slot) -> Option<Hash> {
        match self.units_at(slot)[..] {
            [unit] => Some(unit),
            _ => None,
        }
    }

    fn witness(&self, _: MemberIndex, _: Level) -> Option<Hash> {
        None
    }
}

/// This node's place in a committee, and its key if it holds it: found by key, or else by peer, and then
/// without signing.
pub fn place(
    keystore: &KeystorePtr,
    own: &PeerKey,
    members: &[Member],
    validators: &[(AccountId, ValidatorInfo)],
) -> Option<(MemberIndex, Option<Signer>)> {
    if let Some((index, signer)) = Signer::find(keystore, members.iter().map(|member| member.key)) {
        return Some((MemberIndex(u16::try_from(index).ok()?), Some(signer)));
    }
    let nobody = PeerKey(Vec::new());
    let me = Roster::new(members, validators, &nobody).member(own)?;
    log::warn!(target: crate::LOG, "the key of member {me} is not in the keystore: this node follows without signing");
    Some((me, None))
}
