//! What a member asks its driver to do, and what the driver lends it.

use alloc::vec::Vec;

use codec::{Decode, Encode};
use loadstone_core::{AnchorNumber, Hash, MemberIndex, PublicKey, Signature};

use crate::{
    Anchor, AnchorLeaf, AnchorProposal, Certificate, DeviceHead, HistoryRequest, MemberMessage, Slot, Unit, Witness,
    WitnessFault,
};

/// The member's key and the signature scheme.
pub trait Crypto {
    /// The member's signature; `None` when the key is out of reach, and the member tries again later.
    fn sign(&self, message: &[u8]) -> Option<Signature>;

    /// Whether the signature under `message` is `key`'s.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool;
}

/// The driver's disk, for history whose bodies the member no longer keeps in memory.
pub trait Archive {
    /// The witness of this id, if it was persisted.
    fn witness(&self, id: &Hash) -> Option<Witness>;

    /// The unit of this id in this slot, if it was persisted.
    fn unit(&self, slot: &Slot, id: &Hash) -> Option<Unit>;
}

/// No disk: only what is in memory is served.
impl Archive for () {
    fn witness(&self, _: &Hash) -> Option<Witness> {
        None
    }

    fn unit(&self, _: &Slot, _: &Hash) -> Option<Unit> {
        None
    }
}

/// Something that must survive a crash. All items of an epoch in the order in which they were handed out
/// restore its member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PersistItem {
    /// An accepted witness and those of its units that were not persisted before, in the order of their names.
    Witness(Witness, Vec<Unit>),
    /// A finalised anchor and its frontier.
    Anchor(AnchorProposal),
    /// The member lost part of its own past and must stay mute for the rest of the epoch.
    Mute,
    /// A candidate for the next anchor that the member is about to sign. Whoever signed an anchor that
    /// turns out final knows its frontier, whatever happened in between.
    Candidate(AnchorProposal),
}

impl PersistItem {
    /// Whether it must be on disk (fsync), with everything before it, before any later effect is
    /// carried out: a member that forgets its own witness would vote twice, and a committee that
    /// forgets what it signed could not follow the chain. Other items may be written lazily as long
    /// as the order of writing is kept.
    pub fn must_sync(&self, me: MemberIndex) -> bool {
        match self {
            Self::Witness(witness, _) => witness.content.member == me,
            Self::Anchor(_) => false,
            Self::Mute | Self::Candidate(_) => true,
        }
    }
}

/// Carried out by the driver in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write it; see [`PersistItem::must_sync`].
    Persist(PersistItem),
    /// Send to every other member. May be lost.
    Broadcast(MemberMessage),
    /// Ask this member; hand the answer to [`crate::Member::on_witnesses`] or `on_anchors`. May fail silently: it is asked again.
    Request(MemberIndex, HistoryRequest),
    /// Members of more than two thirds of the weight each certified the unit. Handed out once a unit,
    /// at the latest just before [`Effect::Anchored`].
    Confirmed {
        /// Whose unit.
        slot: Slot,
        /// Its id.
        unit: Hash,
    },
    /// Send to the chain. Handed out again while the anchor is not finalised.
    SubmitAnchor(Anchor, Certificate),
    /// A finalised anchor's leaves are known, in rising order. Their units' bodies are in memory now, except
    /// of units introduced more than [`crate::MemberConfig::keep_anchors`] anchors ago: all were persisted before.
    Anchored {
        /// As finalised.
        anchor: Anchor,
        /// Under its root.
        leaves: Vec<AnchorLeaf>,
    },
    /// The epoch is over: start the [`crate::Member`] of the next one from this. Follows [`Effect::Anchored`]
    /// of the closing anchor, and comes again after a restart.
    Closed {
        /// The closing anchor, as finalised.
        anchor: Anchor,
        /// All devices' heads after it; its `heads` is their root.
        heads: Vec<DeviceHead>,
    },
    /// Somebody broke the rules.
    Evidence(Fault),
}

/// A breach of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Two units of one device in one slot, for the chain. Handed out once a slot.
    DeviceFork(Unit, Unit),
    /// Two witnesses of one member at one level or after the same witness, for the chain. Once a member.
    MemberFork(Witness, Witness),
    /// A witness was refused.
    Refused(MemberIndex, WitnessFault),
    /// The chain finalised an anchor that differs from the member's own computation: a third of the
    /// committee signed something else. The member stops at the anchor before.
    AnchorDiffers(AnchorNumber),
    /// Another member holds a witness of ours that we do not remember. The member makes none until the next epoch.
    StateLost,
}
